#include "tests/fix/hub_fixture.h"

namespace tally::gateway::fix {
namespace {

class FixSessionKindTest : public FixHubFixture {
 protected:
  FixSessionKindTest() {
    AddSession("DATA", {}).kind = FixSessionKind::kMarketData;
    FixSessionConfig& copy = AddSession("COPY", {});
    copy.kind = FixSessionKind::kDropCopy;
    copy.accounts = {kAlice};
    Restart();
  }
};

TEST_F(FixSessionKindTest, SessionsWithoutAnAccountOpenNoneOfTheCore) {
  EXPECT_EQ(engine_.Recover().sessions.size(), options_.sessions.size() - 2);
  LogOn("DATA");
  EXPECT_EQ(Get(logon_.at(0), "35"), "A");
  LogOn("COPY");
  EXPECT_EQ(Get(logon_.at(0), "35"), "A");
}

TEST_F(FixSessionKindTest, TheyTakeNoOrders) {
  for (const char* sender : {"DATA", "COPY"}) {
    const ConnectionId id = LogOn(sender);
    const std::size_t commands = engine_.commands().size();
    const auto received = Send(id, sender, 'D', 2, Order("A", '1', "100.00"));
    ASSERT_EQ(received.size(), 1U);
    EXPECT_EQ(Get(received[0], "35"), "j");
    EXPECT_EQ(Get(received[0], "372"), "D");
    EXPECT_EQ(Get(received[0], "380"), "6");
    EXPECT_EQ(Get(received[0], "58"), "NOT_FOR_THIS_KIND_OF_SESSION");
    EXPECT_EQ(engine_.commands().size(), commands);
  }
}

TEST_F(FixSessionKindTest, TheEndOfOneCancelsNothing) {
  for (const char* sender : {"DATA", "COPY"}) {
    const ConnectionId id = LogOn(sender, 1, "8013=Y|");
    const std::size_t commands = engine_.commands().size();
    hub_->OnDisconnected(id, now_);
    Pump();
    EXPECT_EQ(engine_.commands().size(), commands);
  }
}

TEST_F(FixSessionKindTest, MarketDataBeginsWithOneAtEveryLogon) {
  ConnectionId id = LogOn("DATA");
  Send(id, "DATA", '1', 2, "112=X|");
  hub_->OnDisconnected(id, now_);
  id = LogOn("DATA");
  EXPECT_EQ(Get(logon_.at(0), "34"), "1");
  EXPECT_EQ(Get(Send(id, "DATA", '1', 2, "112=X|").at(0), "34"), "2");
}

TEST_F(FixSessionKindTest, AResendRequestForMarketDataIsAnsweredWithAGapFill) {
  const ConnectionId id = LogOn("DATA");
  Send(id, "DATA", 'D', 2, Order("A", '1', "100.00"));
  Send(id, "DATA", 'D', 3, Order("A", '1', "100.00"));
  const auto received = Send(id, "DATA", '2', 4, "7=1|16=0|");
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(Get(received[0], "35"), "4");
  EXPECT_EQ(Get(received[0], "123"), "Y");
  EXPECT_EQ(Get(received[0], "34"), "1");
  EXPECT_EQ(Get(received[0], "36"), "4");
}

TEST_F(FixSessionKindTest, NumbersOfADropCopyGoOnOverARestart) {
  const ConnectionId id = LogOn("COPY");
  Send(id, "COPY", 'D', 2, Order("A", '1', "100.00"));
  Restart();
  LogOn("COPY", 3);
  EXPECT_EQ(Get(logon_.at(0), "34"), "3");
}

}  // namespace
}  // namespace tally::gateway::fix
