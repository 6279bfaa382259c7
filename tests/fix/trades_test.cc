// AD, AQ and AE: trades and how far they are settled.

#include "gateway/fix/trade_book.h"
#include "tests/fix/hub_fixture.h"

namespace tally::gateway::fix {
namespace {

class FixTradesTest : public FixHubFixture {
 protected:
  FixTradesTest() {
    alice_ = LogOn("KEEP");
    bob_ = LogOn("BOB");
  }

  // Bob sells to Alice; the reports of both are read.
  void Trade(const std::string& name) {
    SendRaw(bob_, Text("BOB", 'D', ++bob_sequence_, Order("b" + name, '2', "10.00")));
    SendRaw(alice_, Text("KEEP", 'D', ++alice_sequence_, Order("a" + name, '1', "10.00")));
    Receive(bob_);
    Receive(alice_);
  }
  std::vector<std::string> Ask(const std::string& fields) {
    SendRaw(alice_, Framed("35=AD|34=" + std::to_string(++alice_sequence_) + "|49=KEEP|52=" +
                           std::string(UtcText(now_.wall_ns).view()) + "|56=ISLD|" + fields));
    return Receive(alice_);
  }
  void Batch(uint64_t id, SettlementStatus status, uint8_t hash, uint64_t last_trade,
             uint32_t count) {
    Command command = MakeCommand(CommandType::kBatchStatus);
    command.batch_status = {.batch_id = id,
                            .last_event = EventSequence{engine_.events().size()},
                            .last_trade = TradeId{last_trade},
                            .block_number = 1,
                            .transaction_hash = {hash},
                            .trade_count = count,
                            .status = status,
                            .reserved = {}};
    ASSERT_TRUE(engine_.TryPublish(command));
    Pump();
  }

  ConnectionId alice_{};
  ConnectionId bob_{};
  int alice_sequence_ = 1;
  int bob_sequence_ = 1;
};

TEST_F(FixTradesTest, ASnapshotHasEveryTradeWithItsStatus) {
  Trade("1");
  Trade("2");
  Trade("3");
  Batch(1, SettlementStatus::kFinal, 0xab, 1, 1);
  Batch(2, SettlementStatus::kMined, 0xcd, 2, 1);
  const std::vector<std::string> answer = Ask("568=r|569=0|263=0|");
  ASSERT_EQ(answer.size(), 4u);
  EXPECT_EQ(Get(answer[0], "35"), "AQ");
  EXPECT_EQ(Get(answer[0], "748"), "3");
  EXPECT_EQ(Get(answer[0], "749"), "0");
  EXPECT_EQ(Get(answer[0], "750"), "0");
  const char* const statuses[] = {"2", "1", "0"};
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string& report = answer[i + 1];
    EXPECT_EQ(Get(report, "35"), "AE");
    EXPECT_EQ(Get(report, "568"), "r");
    EXPECT_EQ(Get(report, "487"), "0");
    EXPECT_EQ(Get(report, "1003"), std::to_string(i + 1));
    EXPECT_EQ(Get(report, "11"), "a" + std::to_string(i + 1));
    EXPECT_EQ(Get(report, "54"), "1");
    EXPECT_EQ(Get(report, "32"), "1.50");
    EXPECT_EQ(Get(report, "31"), "10.00");
    EXPECT_EQ(Get(report, "20060"), statuses[i]);
    EXPECT_EQ(Get(report, "912"), i == 2 ? "Y" : "");
  }
  EXPECT_EQ(Get(answer[1], "20061"), "0xab" + std::string(62, '0'));
  EXPECT_EQ(Get(answer[2], "20062"), "2");
  EXPECT_EQ(Get(answer[3], "20061"), "");
  Batch(2, SettlementStatus::kFinal, 0xcd, 2, 1);
  EXPECT_TRUE(Receive(alice_).empty());  // Nobody subscribed.
}

TEST_F(FixTradesTest, CriteriaPickTrades) {
  Trade("1");
  now_.wall_ns += 1'000'000'000;
  Trade("2");
  struct Row {
    const char* criteria;
    std::size_t count;
  };
  for (const Row& row : std::vector<Row>{{"1003=2|", 1},
                                         {"11=a1|", 1},
                                         {"11=none|", 0},
                                         {"37=2|", 1},
                                         {"55=BTC/USD|54=1|", 2},
                                         {"54=2|", 0},
                                         {"60=20990101-00:00:00|", 0},
                                         {"60=19700101-00:00:00|", 2}}) {
    const auto answer = Ask(std::string("568=r|569=1|") + row.criteria);
    EXPECT_EQ(answer.size(), row.count + 1) << row.criteria;
    EXPECT_EQ(Get(answer[0], "748"), std::to_string(row.count)) << row.criteria;
    EXPECT_EQ(Get(answer[0], "750"), row.count == 0 ? "1" : "0");
  }
}

TEST_F(FixTradesTest, ASubscriberIsToldWhatChanges) {
  Trade("1");
  EXPECT_EQ(Ask("568=s|569=0|263=1|").size(), 2u);
  SendRaw(bob_, Text("BOB", 'D', ++bob_sequence_, Order("b2", '2', "10.00")));
  SendRaw(alice_, Text("KEEP", 'D', ++alice_sequence_, Order("a2", '1', "10.00")));
  std::vector<std::string> now = Receive(alice_);
  ASSERT_FALSE(now.empty());
  EXPECT_EQ(Get(now.back(), "35"), "AE");
  EXPECT_EQ(Get(now.back(), "20060"), "0");
  struct Row {
    SettlementStatus status;
    const char* code;
  };
  for (const Row& row : std::vector<Row>{{SettlementStatus::kMined, "1"},
                                         {SettlementStatus::kPending, "0"},
                                         {SettlementStatus::kFailed, "3"},
                                         {SettlementStatus::kMined, "1"},
                                         {SettlementStatus::kFinal, "2"}}) {
    Batch(1, row.status, 0x11, 2, 2);
    now = Receive(alice_);
    ASSERT_EQ(now.size(), 2u);
    for (const std::string& report : now) {
      EXPECT_EQ(Get(report, "487"), "2");
      EXPECT_EQ(Get(report, "20060"), row.code);
      EXPECT_EQ(Get(report, "20061"), "0x11" + std::string(62, '0'));
    }
  }
  EXPECT_EQ(Ask("568=s|569=0|263=2|").size(), 1u);
  Trade("3");
  Batch(2, SettlementStatus::kMined, 0x22, 3, 1);
  EXPECT_TRUE(Receive(alice_).empty());
}

TEST_F(FixTradesTest, ABrokenTradeHasFailed) {
  Trade("1");
  EXPECT_EQ(Ask("568=s|569=0|263=1|").size(), 2u);
  Batch(1, SettlementStatus::kFinal, 0x11, 1, 1);
  EXPECT_EQ(Receive(alice_).size(), 1u);
  const auto& events = engine_.events();
  const auto fill = std::find_if(events.begin(), events.end(), [](const Event& event) {
    return event.type == EventType::kOrderFilled && event.account == kAlice;
  });
  Command command = MakeCommand(CommandType::kDispute);
  command.account = kAlice;
  command.instrument = kInstrument;
  command.dispute.batch_id = 1;
  command.dispute.culprit = kBob;
  command.dispute.action = DisputeAction::kBreakTrade;
  command.dispute.step = 1;
  command.dispute.session = fill->session;
  command.dispute.trade_id = fill->filled.trade_id;
  ASSERT_TRUE(engine_.TryPublish(command));
  Pump();
  const auto now = Receive(alice_);
  ASSERT_EQ(now.size(), 1u);
  EXPECT_EQ(Get(now[0], "35"), "AE");
  EXPECT_EQ(Get(now[0], "20060"), "3");
}

TEST_F(FixTradesTest, TradesSurviveARestartOfTheGateway) {
  Trade("1");
  Batch(1, SettlementStatus::kMined, 0x11, 1, 1);
  Restart();
  alice_ = LogOn("KEEP", ++alice_sequence_);
  const auto answer = Ask("568=r|569=0|");
  ASSERT_EQ(answer.size(), 2u);
  EXPECT_EQ(Get(answer[1], "20060"), "1");
  EXPECT_EQ(Get(answer[1], "11"), "a1");
}

TEST_F(FixTradesTest, RequestsThatMakeNoSenseAreRejected) {
  const auto type = Ask("568=r|569=3|");
  EXPECT_EQ(Get(type.at(0), "749"), "8");
  EXPECT_EQ(Get(type.at(0), "750"), "2");
  EXPECT_EQ(Get(Ask("568=r|569=0|55=NONE|").at(0), "749"), "1");
  for (int i = 0; i < 16; ++i) {
    EXPECT_EQ(Get(Ask("568=q" + std::to_string(i) + "|569=0|263=1|").at(0), "749"), "0");
  }
  EXPECT_EQ(Get(Ask("568=more|569=0|263=1|").at(0), "749"), "99");
  EXPECT_EQ(Get(Ask("568=q3|569=0|263=1|").at(0), "749"), "0");  // The same again takes its place.
}

TEST(TradeBookTest, TheOldestAreForgotten) {
  TradeBook book({AccountId{1}}, {}, 2);
  for (uint64_t trade = 1; trade <= 3; ++trade) {
    Event fill = MakeEvent(EventType::kOrderFilled);
    fill.account = AccountId{1};
    fill.filled.trade_id = TradeId{trade};
    book.Apply(fill);
    fill.account = AccountId{2};  // Not one of them.
    book.Apply(fill);
  }
  ASSERT_EQ(book.trades().size(), 2u);
  EXPECT_EQ(book.trades()[0].trade_id, TradeId{2});
}

}  // namespace
}  // namespace tally::gateway::fix
