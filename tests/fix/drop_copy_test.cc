#include <set>

#include "tests/fix/hub_fixture.h"

namespace tally::gateway::fix {
namespace {

// COPY has the reports of alice, whose sessions are KEEP and RESET; BOB is bob's.
class FixDropCopyTest : public FixHubFixture {
 protected:
  FixDropCopyTest() {
    FixSessionConfig& copy = AddSession("COPY", {});
    copy.kind = FixSessionKind::kDropCopy;
    copy.accounts = {kAlice};
    Restart();
  }
};

TEST_F(FixDropCopyTest, EveryReportOfTheAccountIsCopied) {
  const ConnectionId copy = LogOn("COPY");
  const ConnectionId keep = LogOn("KEEP");
  const ConnectionId bob = LogOn("BOB");
  Send(keep, "KEEP", 'D', 2, Order("A", '1', "100.00"));
  Send(bob, "BOB", 'D', 2, Order("B", '2', "100.00"));
  Send(keep, "KEEP", 'D', 3, Order("C", '1', "99.00"));
  Send(keep, "KEEP", 'G', 4,
       "11=D|41=C|55=BTC/USD|54=1|60=20240101-00:00:00|40=2|38=2.00|44=98.00|");
  Send(keep, "KEEP", 'F', 5, "11=E|41=D|");
  const auto received = Receive(copy);
  std::vector<std::string> seen;
  for (const std::string& message : received) {
    EXPECT_EQ(Get(message, "35"), "8");
    EXPECT_EQ(Get(message, "1"), "1");
    EXPECT_EQ(Get(message, "20041"), "KEEP");
    seen.push_back(Get(message, "150") + " " + Get(message, "11") + " " + Get(message, "41") + " " +
                   Get(message, "39") + " " + Get(message, "38") + " " + Get(message, "14"));
  }
  EXPECT_EQ(seen,
            (std::vector<std::string>{"0 A  0 1.50 0.00", "F A  2 1.50 1.50", "0 C  0 1.50 0.00",
                                      "5 D C 0 2.00 0.00", "4 D  4 2.00 0.00"}));
  EXPECT_EQ(Get(received.at(1), "31"), "100.00");
  EXPECT_EQ(Get(received.at(1), "6"), "100.0000000000");
}

TEST_F(FixDropCopyTest, ARefusalOfTheCoreIsCopied) {
  const ConnectionId copy = LogOn("COPY");
  const ConnectionId keep = LogOn("KEEP");
  SetPhase(TradingPhase::kClosed);
  Send(keep, "KEEP", 'D', 2, Order("A", '1', "100.00"));
  const auto received = Receive(copy);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(Get(received[0], "150"), "8");
  EXPECT_EQ(Get(received[0], "11"), "A");
  EXPECT_EQ(Get(received[0], "103"), "2");
}

TEST_F(FixDropCopyTest, AnOrderOfABinarySessionHasItsNumber) {
  const ConnectionId copy = LogOn("COPY");
  Command open = MakeCommand(CommandType::kOpenSession);
  open.account = kAlice;
  open.open_session.session_id = 77;
  ASSERT_TRUE(engine_.TryPublish(open));
  const SessionIndex session = engine_.events().back().session;
  Command order = MakeCommand(CommandType::kNewOrder);
  order.session = session;
  order.account = kAlice;
  order.client_sequence = 1;
  order.instrument = kInstrument;
  order.new_order.client_order_id = ClientOrderId{42};
  order.new_order.price = {10'000};
  order.new_order.quantity = {150};
  order.new_order.side = Side::kSell;
  order.new_order.type = OrderType::kLimit;
  order.new_order.time_in_force = TimeInForce::kGtc;
  order.new_order.self_trade_prevention = SelfTradePrevention::kCancelNewest;
  ASSERT_TRUE(engine_.TryPublish(order));
  Pump();
  const auto received = Receive(copy);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(Get(received[0], "150"), "0");
  EXPECT_EQ(Get(received[0], "11"), "42");
  EXPECT_EQ(Get(received[0], "20041"), std::to_string(Raw(session)));
  EXPECT_EQ(Get(received[0], "54"), "2");
  EXPECT_EQ(Get(received[0], "40"), "2");
  EXPECT_EQ(Get(received[0], "59"), "1");
}

TEST_F(FixDropCopyTest, WhatHappenedWhileItWasAwayComesAtTheLogon) {
  const ConnectionId keep = LogOn("KEEP");
  for (int i = 0; i < 5; ++i) {
    Send(keep, "KEEP", 'D', 2 + i, Order("A" + std::to_string(i), '1', "100.00"));
  }
  LogOn("COPY");
  ASSERT_EQ(logon_.size(), 6U);
  EXPECT_EQ(Get(logon_[5], "11"), "A4");
}

TEST_F(FixDropCopyTest, TheLogMayFollowByAMoment) {
  const ConnectionId keep = LogOn("KEEP");
  Send(keep, "KEEP", 'D', 2, Order("A", '1', "100.00"));
  engine_.log_lag = 1'000;
  const ConnectionId copy = LogOn("COPY");
  EXPECT_EQ(logon_.size(), 1U);
  Send(keep, "KEEP", 'D', 3, Order("B", '1', "100.00"));
  EXPECT_TRUE(Receive(copy).empty());
  engine_.log_lag = 0;
  Pump();
  const auto received = Receive(copy);
  ASSERT_EQ(received.size(), 2U);
  EXPECT_EQ(Get(received[0], "11"), "A");
  EXPECT_EQ(Get(received[1], "11"), "B");
}

TEST_F(FixDropCopyTest, ACopyIsSentAgainByteForByteAlsoAfterARestart) {
  const ConnectionId keep = LogOn("KEEP");
  ConnectionId copy = LogOn("COPY");
  Send(keep, "KEEP", 'D', 2, Order("A", '1', "100.00"));
  const auto first = Receive(copy);
  ASSERT_EQ(first.size(), 1U);
  Restart();
  copy = LogOn("COPY", 2);
  const auto again = Send(copy, "COPY", '2', 3, "7=2|16=2|");
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(Get(again[0], "43"), "Y");
  EXPECT_EQ(again[0].substr(again[0].find("|37="), 60), first[0].substr(first[0].find("|37="), 60));
}

// Trading goes on while the drop copy and the gateway come and go: each report exactly once, and
// the sums of an order go on.
TEST_F(FixDropCopyTest, RestartsLoseAndRepeatNothing) {
  int copy_sequence = 1;
  int bob_sequence = 1;
  int keep_sequence = 1;
  std::vector<std::string> copied;
  const auto take = [&](const std::vector<std::string>& messages) {
    for (const std::string& message : messages) {
      if (Get(message, "35") == "8") {
        copied.push_back(Get(message, "17"));
      }
    }
  };
  for (int round = 0; round < 6; ++round) {
    const ConnectionId keep = LogOn("KEEP", keep_sequence++);
    const ConnectionId bob = LogOn("BOB", bob_sequence++);
    const std::string name = "A" + std::to_string(round);
    Send(keep, "KEEP", 'D', keep_sequence++, Order(name, '1', "100.00"));
    const ConnectionId copy = LogOn("COPY", copy_sequence++);
    take(logon_);
    Send(bob, "BOB", 'D', bob_sequence++,
         "11=B" + name + "|55=BTC/USD|54=2|60=20240101-00:00:00|40=2|38=1.00|44=100.00|59=1|");
    take(Receive(copy));
    Restart();  // Sessions reconnect, and their unread messages are on the record.
  }
  LogOn("COPY", copy_sequence);
  take(logon_);
  std::vector<std::string> expected;
  for (const Event& event : engine_.events()) {
    if (event.account == kAlice &&
        (event.type == EventType::kOrderAccepted || event.type == EventType::kOrderFilled)) {
      expected.push_back(std::to_string(Raw(event.sequence)));
    }
  }
  EXPECT_GE(expected.size(), 12U);
  EXPECT_EQ(copied, expected);
}

TEST_F(FixDropCopyTest, ASlowReaderGetsTheRestWhenItHasRead) {
  options_.send_queue_bytes_soft = 4096;
  Restart();
  const ConnectionId keep = LogOn("KEEP");
  const ConnectionId copy = LogOn("COPY");
  constexpr int kOrders = 200;
  for (int i = 0; i < kOrders; ++i) {
    Send(keep, "KEEP", 'D', 2 + i, Order("A" + std::to_string(i), '1', "100.00"));
  }
  const auto received = Receive(copy);
  ASSERT_EQ(received.size(), std::size_t{kOrders});
  EXPECT_EQ(Get(received.back(), "11"), "A" + std::to_string(kOrders - 1));
}

}  // namespace
}  // namespace tally::gateway::fix
