#include "tests/fix/data_fixture.h"

namespace tally::gateway::fix {
namespace {

class FixMarketDataTest : public FixDataFixture {};

TEST_F(FixMarketDataTest, ASubscriberGetsTheLevelsAndThenWhatChanges) {
  LogOnAll();
  Trade("KEEP", '1', "100.00", "1.50");
  Trade("KEEP", '1', "100.00", "1.00");
  Trade("KEEP", '2', "101.00", "2.00");
  auto received = Subscribe("R", "01");
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(Get(received[0], "35"), "W");
  EXPECT_EQ(From(received[0], "262"),
            "262=R|55=BTC/USD|25044=3|268=2|269=0|270=100.00|271=2.50|346=2|"
            "269=1|270=101.00|271=2.00|346=1|");
  Trade("KEEP", '1', "100.50", "1.00");
  received = Receive(data_);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(Get(received[0], "35"), "X");
  EXPECT_EQ(From(received[0], "262"),
            "262=R|25043=4|25044=4|268=1|279=0|269=0|55=BTC/USD|270=100.50|271=1.00|346=1|");
  Trade("BOB", '2', "100.00", "3.50");
  received = Receive(data_);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(From(received[0], "262"),
            "262=R|25043=5|25044=7|268=3|279=2|269=0|55=BTC/USD|270=100.50|"
            "279=1|269=0|55=BTC/USD|270=100.00|271=1.00|346=1|"
            "279=2|269=0|55=BTC/USD|270=100.00|");
}

TEST_F(FixMarketDataTest, OrdersHaveTheirIds) {
  LogOnAll();
  Trade("KEEP", '1', "100.00", "1.50");
  Trade("KEEP", '1', "100.00", "1.00");
  auto received = Subscribe("R", "01", "264=0|266=N|");
  EXPECT_EQ(From(received.at(0), "262"),
            "262=R|55=BTC/USD|25044=2|268=2|269=0|278=1|270=100.00|271=1.50|"
            "269=0|278=2|270=100.00|271=1.00|");
  Trade("BOB", '2', "100.00", "2.00");
  received = Receive(data_);
  EXPECT_EQ(From(received.at(0), "262"),
            "262=R|25043=3|25044=4|268=2|279=2|269=0|278=1|55=BTC/USD|270=100.00|"
            "279=1|269=0|278=2|55=BTC/USD|270=100.00|271=0.50|");
}

TEST_F(FixMarketDataTest, TheTopIsThereWithoutTheRest) {
  SetDeltas(false);
  Restart();
  LogOnAll();
  Trade("KEEP", '1', "100.00", "1.50");
  Trade("KEEP", '1', "99.00", "1.00");
  auto received = Subscribe("DEEP", "01");
  EXPECT_EQ(Get(received.at(0), "281"), "5");
  received = Subscribe("TOP", "01", "264=1|");
  EXPECT_EQ(From(received.at(0), "55"), "55=BTC/USD|25044=1|268=1|269=0|270=100.00|271=1.50|");
  Trade("BOB", '2', "100.00", "1.50");
  received = Receive(data_);
  EXPECT_EQ(From(received.at(0), "262"),
            "262=TOP|25043=2|25044=2|268=2|279=2|269=0|55=BTC/USD|270=100.00|"
            "279=0|269=0|55=BTC/USD|270=99.00|271=1.00|");
  Trade("KEEP", '1', "99.00", "0.50");
  EXPECT_EQ(From(Receive(data_).at(0), "268"), "268=1|279=1|269=0|55=BTC/USD|270=99.00|271=1.50|");
}

TEST_F(FixMarketDataTest, LevelsEnterAndLeaveALimitedDepth) {
  LogOnAll();
  for (const char* price : {"100.00", "99.00", "98.00"}) {
    Trade("KEEP", '1', price, "1.00");
  }
  auto received = Subscribe("R", "0", "264=2|");
  EXPECT_EQ(From(received.at(0), "25044"),
            "25044=3|268=2|269=0|270=100.00|271=1.00|346=1|269=0|270=99.00|271=1.00|346=1|");
  Trade("KEEP", '1', "99.50", "1.00");
  EXPECT_EQ(From(Receive(data_).at(0), "268"),
            "268=2|279=2|269=0|55=BTC/USD|270=99.00|"
            "279=0|269=0|55=BTC/USD|270=99.50|271=1.00|346=1|");
  Trade("KEEP", '1', "98.00", "1.00");
  EXPECT_TRUE(Receive(data_).empty()) << "out of sight";
  Trade("BOB", '2', "100.00", "1.00");
  EXPECT_EQ(From(Receive(data_).at(0), "25043"),
            "25043=5|25044=6|268=2|279=2|269=0|55=BTC/USD|270=100.00|"
            "279=0|269=0|55=BTC/USD|270=99.00|271=1.00|346=1|")
      << "what was out of sight is counted";
}

TEST_F(FixMarketDataTest, TradesAreTold) {
  LogOnAll();
  Trade("KEEP", '1', "100.00", "1.50");
  auto received = Subscribe("R", "2");
  EXPECT_EQ(From(received.at(0), "262"), "262=R|55=BTC/USD|268=0|");
  Trade("BOB", '2', "100.00", "1.00");
  const std::string update = Receive(data_).at(0);
  EXPECT_EQ(From(update, "262").substr(0, 72),
            "262=R|268=1|279=0|269=2|278=1|55=BTC/USD|270=100.00|271=1.00|5797=2|272=");
  received = Ask('V', "262=S|263=0|264=0|" + Groups("2"));
  EXPECT_EQ(From(received.at(0), "268").substr(0, 49),
            "268=1|269=2|278=1|270=100.00|271=1.00|5797=2|272=");
}

TEST_F(FixMarketDataTest, AnAuctionTellsItsPriceAndItsImbalance) {
  LogOnAll();
  SetPhase(TradingPhase::kOpeningAuction);
  Trade("KEEP", '1', "100.00", "1.50");
  Subscribe("R", "QA");
  Trade("BOB", '2', "100.00", "1.00");
  EXPECT_EQ(From(Receive(data_).at(0), "262"),
            "262=R|268=2|279=0|269=Q|55=BTC/USD|270=100.00|271=1.00|"
            "279=0|269=A|55=BTC/USD|271=0.50|5797=1|");
  auto received = Ask('V', "262=S|263=0|264=0|" + Groups("QA"));
  EXPECT_EQ(From(received.at(0), "268"), "268=2|269=Q|270=100.00|271=1.00|269=A|271=0.50|5797=1|");
  SetPhase(TradingPhase::kContinuous);
  EXPECT_EQ(From(Receive(data_).at(0), "262"),
            "262=R|268=2|279=2|269=Q|55=BTC/USD|279=2|269=A|55=BTC/USD|");
}

TEST_F(FixMarketDataTest, ASnapshotAloneIsFollowedByNothing) {
  LogOnAll();
  EXPECT_EQ(Ask('V', "262=R|263=0|264=0|" + Groups("012")).size(), 1U);
  Trade("KEEP", '1', "100.00", "1.50");
  EXPECT_TRUE(Receive(data_).empty());
  EXPECT_EQ(Get(Subscribe("R", "0").at(0), "35"), "W") << "the id is free again";
}

TEST_F(FixMarketDataTest, ASubscriptionEndsWhenItIsTakenBackOrItsSessionEnds) {
  LogOnAll();
  Subscribe("R", "0");
  Subscribe("S", "0");
  EXPECT_TRUE(Ask('V', "262=R|263=2|264=0|").empty());
  Trade("KEEP", '1', "100.00", "1.50");
  const auto received = Receive(data_);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(Get(received[0], "262"), "S");
  hub_->OnDisconnected(data_, now_);
  Trade("KEEP", '1', "100.00", "1.50");
  data_ = LogOn("DATA");
  data_sequence_ = 2;
  Trade("KEEP", '1', "100.00", "1.50");
  EXPECT_TRUE(Receive(data_).empty());
}

TEST_F(FixMarketDataTest, ARefusalNamesItsReason) {
  LogOnAll();
  Subscribe("KNOWN", "0");
  struct Case {
    std::string fields;
    const char* reason;
    const char* text;
  };
  const std::vector<Case> cases = {
      {"262=A|263=1|264=0|" + Groups("0", "DOGE"), "0", "UNKNOWN_SYMBOL"},
      {"262=KNOWN|263=1|264=0|" + Groups("0"), "1", "DUPLICATE_MD_REQ_ID"},
      {"262=A|263=1|264=1001|" + Groups("0"), "5", "UNSUPPORTED_DEPTH"},
      {"262=A|263=1|264=-1|" + Groups("0"), "5", "UNSUPPORTED_DEPTH"},
      {"262=A|263=1|264=0|265=0|" + Groups("0"), "6", "ONLY_INCREMENTAL_UPDATES"},
      {"262=A|263=1|264=5|266=N|" + Groups("0"), "7", "ORDERS_NEED_DEPTH_0"},
      {"262=A|263=1|264=0|" + Groups("04"), "8", "UNSUPPORTED_ENTRY_TYPE"},
      {"262=A|263=2|264=0|", "", "UNKNOWN_MD_REQ_ID"},
  };
  for (const Case& row : cases) {
    const auto received = Ask('V', row.fields);
    ASSERT_EQ(received.size(), 1U) << row.text;
    EXPECT_EQ(Get(received[0], "35"), "Y") << row.text;
    EXPECT_EQ(Get(received[0], "281"), row.reason) << row.text;
    EXPECT_EQ(Get(received[0], "58"), row.text);
  }
  EXPECT_EQ(Get(Ask('V', "262=A|263=1|264=0|").at(0), "371"), "267");
  EXPECT_EQ(Get(Ask('V', "262=A|263=3|264=0|" + Groups("0")).at(0), "373"), "5");
}

TEST_F(FixMarketDataTest, SubscriptionsAndSnapshotsHaveALimit) {
  options_.burst = 3;
  options_.messages_per_second = 1;
  Restart();
  LogOnAll();
  for (const char* id : {"A", "B", "C"}) {
    EXPECT_EQ(Get(Subscribe(id, "0").at(0), "35"), "W");
  }
  const auto received = Subscribe("D", "0");
  EXPECT_EQ(Get(received.at(0), "281"), "2");
  EXPECT_EQ(Get(received.at(0), "58"), "THROTTLED");
}

TEST_F(FixMarketDataTest, WhoDoesNotReadGetsASnapshotInsteadOfWhatItMissed) {
  options_.send_queue_bytes_soft = 4096;
  Restart();
  LogOnAll();
  Subscribe("R", "01");
  constexpr int kOrders = 300;
  for (int i = 0; i < kOrders; ++i) {
    Trade("KEEP", '1', "99." + std::to_string(10 + i % 90), "1.00");
  }
  EXPECT_GT(hub_->counters().market_data_conflated.value(), 0U);
  const auto received = Receive(data_);
  std::size_t bytes = 0;
  uint64_t last = 0;
  int snapshots = 0;
  for (const std::string& message : received) {
    bytes += message.size();
    if (Get(message, "35") == "W") {
      EXPECT_EQ(Get(message, "20040"), "Y");
      ++snapshots;
    } else {
      EXPECT_EQ(Get(message, "25043"), std::to_string(last + 1));
    }
    last = std::stoull(Get(message, "25044"));
  }
  EXPECT_EQ(snapshots, 1);
  EXPECT_EQ(last, uint64_t{kOrders});
  EXPECT_LT(bytes, 16'384U) << "what waits for a reader is bounded";
  Trade("KEEP", '1', "99.10", "1.00");
  EXPECT_EQ(Get(Receive(data_).at(0), "25043"), std::to_string(kOrders + 1));
}

TEST_F(FixMarketDataTest, ABookOutlivesTheGateway) {
  LogOnAll();
  Trade("KEEP", '1', "100.00", "1.50");
  Restart();
  data_ = LogOn("DATA");
  data_sequence_ = 2;
  EXPECT_EQ(From(Subscribe("R", "01").at(0), "55"),
            "55=BTC/USD|25044=1|268=1|269=0|270=100.00|271=1.50|346=1|");
}

}  // namespace
}  // namespace tally::gateway::fix
