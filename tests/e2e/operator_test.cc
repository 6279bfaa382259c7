// What an operator can ask of a served venue: auctions, halts, accounts, kill switches, records.

#include <algorithm>
#include <string>

#include "tests/e2e/market_venue.h"

namespace tally {
namespace {

using ::testing::HasSubstr;

TEST_F(MarketTest, OperatorRunsAnAuction) {
  Member buyer(venue_.port(), 2);
  Member seller(venue_.port(), 3);
  ASSERT_TRUE(buyer.client->Subscribe(kBtc, {.phase = true, .indicative = true}).ok());
  CommandResult result =
      Operate({"phase", "--instrument", "BTC/USD", "--phase", "opening_auction"});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  ASSERT_TRUE(buyer.Until([&] { return !buyer.phases.empty(); }));
  const Report bid = buyer.Limit(Side::kBuy, 1'010, 10);
  const Report offer = seller.Limit(Side::kSell, 990, 10);
  EXPECT_EQ(offer.phase, TradingPhase::kOpeningAuction);
  ASSERT_TRUE(buyer.Until(
      [&] { return !buyer.indicatives.empty() && buyer.indicatives.back().quantity.value == 10; }));
  EXPECT_EQ(buyer.Last([](const Report& r) { return r.type == ReportType::kFill; }), nullptr);
  result = Operate({"phase", "--instrument", "all", "--phase", "continuous"});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  const Report fill = buyer.Await(ReportType::kFill, bid.order_id);
  EXPECT_EQ(fill.liquidity, Liquidity::kAuction);
  EXPECT_EQ(fill.quantity.value, 10);
  EXPECT_EQ(seller.Await(ReportType::kFill, offer.order_id).price, fill.price);
}

TEST_F(MarketTest, PhaseWithAnEndIsEndedByTheServersClock) {
  Member member(venue_.port(), 2);
  ASSERT_TRUE(member.client->Subscribe(kBtc, {.phase = true}).ok());
  const CommandResult result = Operate(
      {"phase", "--instrument", "1", "--phase", "halt", "--for-ms", "300", "--next", "continuous"});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  ASSERT_TRUE(member.Until([&] {
    return !member.phases.empty() && member.phases.back().phase == TradingPhase::kContinuous &&
           member.phases.back().reason == sdk::PhaseReason::kSchedule;
  }));
  EXPECT_EQ(member.Limit(Side::kBuy, 900, 1).type, ReportType::kAccepted);
}

TEST_F(MarketTest, KillSwitchCancelsAndRefusesUntilReleased) {
  Member member(venue_.port(), 2);
  const Report order = member.Limit(Side::kBuy, 900, 1);
  ASSERT_EQ(order.type, ReportType::kAccepted);
  CommandResult result = Operate({"kill", "--scope", "account", "--account", "2"});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_EQ(member.Await(ReportType::kCanceled, order.order_id).cancel_reason,
            sdk::CancelReason::kKillSwitch);
  EXPECT_EQ(member.Limit(Side::kBuy, 900, 1).code, sdk::ErrorCode::kKillSwitch);
  result = Operate({"kill", "--scope", "account", "--account", "2", "--release"});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_EQ(member.Limit(Side::kBuy, 900, 1).type, ReportType::kAccepted);
  // One session alone, named by the number it logged on with.
  result = Operate({"kill", "--scope", "session", "--account", "2", "--target-session", "7"});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_EQ(member.Limit(Side::kBuy, 900, 1).code, sdk::ErrorCode::kKillSwitch);
}

TEST_F(MarketTest, OperatorCommandsHaveStableExitStatuses) {
  EXPECT_EQ(Operate({"fees", "--class", "1", "--maker", "-100", "--taker", "300"}).exit_code, 0);
  EXPECT_EQ(Operate({"protection", "--account", "2", "--maker-group", "5", "--window-ms", "1000",
                     "--count-max", "10"})
                .exit_code,
            0);
  EXPECT_EQ(Operate({"rules", "--instrument", "BTC/USD", "--fat-finger-bp", "500"}).exit_code, 0);
  const CommandResult refused = Operate({"kill", "--scope", "account", "--account", "60"});
  EXPECT_EQ(refused.exit_code, 1) << refused.output;
  EXPECT_THAT(refused.output, HasSubstr("UNKNOWN_ACCOUNT"));
  const CommandResult unknown = Operate({"phase", "--instrument", "DOGE", "--phase", "halt"});
  EXPECT_EQ(unknown.exit_code, 2) << unknown.output;
  EXPECT_THAT(unknown.output, HasSubstr("DOGE"));
  EXPECT_EQ(Operate({"phase", "--instrument", "1", "--phase", "open"}).exit_code, 2);
  EXPECT_EQ(Operate({"explode"}).exit_code, 2);
}

TEST_F(MarketTest, TradersHaveNoOperatorCommands) {
  Member member(venue_.port(), 2);
  ASSERT_TRUE(member.client->KillSwitch({.scope = sdk::KillScope::kVenue}).ok());
  EXPECT_FALSE(member.Until([] { return false; }));
  EXPECT_EQ(member.client->state(), sdk::ClientState::kFailed);
  EXPECT_THAT(std::string(member.client->status().message()), HasSubstr("PERMISSION"));
}

// Fee class and owner group change while the venue runs; the rest of the account is as configured.
TEST_F(MarketTest, OperatorChangesTheFeeClassAndOwnerGroupOfAnAccount) {
  Member maker(venue_.port(), 2);
  Member taker(venue_.port(), 3);
  const auto fee_of_one = [&] {
    maker.Limit(Side::kSell, 1'000, 1);
    const OrderId order = taker.Limit(Side::kBuy, 1'000, 1).order_id;
    return taker.Await(ReportType::kFill, order).fee.value;
  };
  const int64_t before = fee_of_one();
  ASSERT_EQ(Operate({"fees", "--class", "1", "--taker", "100000"}).exit_code, 0);
  CommandResult result = Operate({"account", "--account", "3", "--fee-class", "1"});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_GT(fee_of_one(), before);
  for (const char* account : {"2", "3"}) {
    result = Operate({"account", "--account", account, "--owner-group", "9"});
    ASSERT_EQ(result.exit_code, 0) << result.output;
  }
  maker.Limit(Side::kSell, 1'000, 1);
  sdk::NewOrderRequest order = sdk::LimitOrder({kBtc, Side::kBuy, {1}}, PriceTicks{1'000});
  order.self_trade_prevention = SelfTradePrevention::kCancelNewest;
  const OrderId id = taker.Answer(taker.client->NewOrder(order)).order_id;
  EXPECT_EQ(taker.Await(ReportType::kCanceled, id).cancel_reason,
            sdk::CancelReason::kSelfTradeNewest);
  result = Operate({"account", "--account", "61", "--fee-class", "1"});
  EXPECT_EQ(result.exit_code, 2) << result.output;
}

TEST_F(MarketTest, ACallOutOfItsBandGoesOnByTheServersClock) {
  Member buyer(venue_.port(), 2);
  Member seller(venue_.port(), 3);
  ASSERT_TRUE(buyer.client->Subscribe(kBtc, {.phase = true}).ok());
  CommandResult result = Operate({"rules", "--instrument", "BTC/USD", "--auction-band-bp", "500",
                                  "--auction-extensions-max", "1", "--volatility-call-ms", "200"});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  result = Operate({"phase", "--instrument", "BTC/USD", "--phase", "opening_auction",
                    "--reference-ticks", "1000"});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  const OrderId bid = buyer.Limit(Side::kBuy, 1'100, 5).order_id;
  seller.Limit(Side::kSell, 1'100, 5);
  result = Operate({"phase", "--instrument", "BTC/USD", "--phase", "opening_auction", "--for-ms",
                    "100", "--next", "continuous"});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  const Report fill = buyer.Await(ReportType::kFill, bid);
  EXPECT_EQ(fill.price.value, 1'100);
  const auto extended = std::find_if(
      buyer.phases.begin(), buyer.phases.end(),
      [](const sdk::PhaseChange& p) { return p.reason == sdk::PhaseReason::kExtension; });
  ASSERT_NE(extended, buyer.phases.end());
  EXPECT_GE(fill.engine_ns, extended->until_ns);
}

// What records of orders have to say, `tally replay --events` says.
TEST_F(MarketTest, EventsOfAReplayHaveWhatRegulatoryRecordsNeed) {
  Member maker(venue_.port(), 2);
  Member taker(venue_.port(), 3);
  sdk::NewOrderRequest iceberg =
      sdk::IcebergOrder({kBtc, Side::kSell, {50}}, PriceTicks{1'000}, QuantityLots{10});
  iceberg.algorithm_id = 77;
  iceberg.self_trade_prevention = SelfTradePrevention::kCancelBoth;
  maker.Answer(maker.client->NewOrder(iceberg));
  sdk::NewOrderRequest at_least = sdk::LimitOrder({kBtc, Side::kBuy, {12}}, PriceTicks{1'000});
  at_least.min_quantity = {11};
  taker.Answer(taker.client->NewOrder(at_least));
  ASSERT_EQ(Operate({"phase", "--instrument", "1", "--phase", "closing_auction"}).exit_code, 0);
  taker.Limit(Side::kBuy, 1'000, 5);
  ASSERT_EQ(venue_.Terminate().value_or(-1), 0) << venue_.LogTail();
  const CommandResult replay = venue_.Replay({"--events"});
  ASSERT_EQ(replay.exit_code, 0) << replay.output;
  for (const char* field :
       {R"("display_quantity":10)", R"("algorithm_id":77)",
        R"("self_trade_prevention":"cancel_both")", R"("phase":"continuous")",
        R"("min_quantity":11)", R"("liquidity":"maker")", R"("liquidity":"taker")",
        R"("phase":"closing_auction")", R"("type":"indicative")", R"("surplus")",
        R"("reason":"refresh")", R"("kept_priority":false)", R"("time_ns")"}) {
    EXPECT_THAT(replay.output, HasSubstr(field));
  }
  ASSERT_TRUE(venue_.Start().ok()) << venue_.LogTail();
}

}  // namespace
}  // namespace tally
