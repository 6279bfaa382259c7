// Price bands, fat-finger limits and circuit breakers.

#include <gtest/gtest.h>

#include "tests/engine/core/phase_venue.h"

namespace tally {
namespace {

using P = TradingPhase;
using R = RejectReason;

class BandsTest : public ::testing::Test, protected PhaseVenue {
 protected:
  // A trade between the two at the price, leaving nothing behind.
  void Trade(int64_t price) {
    Sell(price, 1);
    Buy(price, 1);
  }
  void SetReference(int64_t price) { SetPhase(P::kContinuous, {.reference = price}); }
};

TEST_F(BandsTest, LimitPricesOutsideTheStaticBandAreRefused) {
  DefineRules({.static_band_bp = 500});
  EXPECT_EQ(venue.EventTypes(), "RulesDefined");
  Buy(5'000, 1);
  EXPECT_EQ(venue.reject_reason(), R::kNone);  // No reference price yet.
  SetReference(1'010);
  struct Case {
    Side side;
    int64_t price;
    R reason;
  };
  const Case cases[] = {
      // 5 % of 1010 is 50.5: the band is 960 .. 1060, its width rounded down.
      {Side::kBuy, 1'060, R::kNone},     {Side::kBuy, 1'061, R::kPriceBand},
      {Side::kBuy, 960, R::kNone},       {Side::kBuy, 959, R::kPriceBand},
      {Side::kSell, 1'060, R::kNone},    {Side::kSell, 1'061, R::kPriceBand},
      {Side::kSell, 959, R::kPriceBand},
  };
  for (const Case& row : cases) {
    venue.Order(row.side == Side::kBuy ? venue.alice : venue.bob, row.side, row.price, 1);
    EXPECT_EQ(venue.reject_reason(), row.reason) << row.price;
    if (row.reason == R::kNone) {
      venue.Cancel(row.side == Side::kBuy ? venue.alice : venue.bob, venue.last_order_id);
    }
  }
}

TEST_F(BandsTest, ReplacesAreHeldToTheBandAndTheLimits) {
  const OrderId order = Buy(1'000, 5);
  DefineRules({.static_band_bp = 500, .order_quantity_max = 10});
  SetReference(1'000);
  venue.Replace(venue.alice, order, 1'051, 5);
  EXPECT_EQ(venue.reject_reason(), R::kPriceBand);
  venue.Replace(venue.alice, order, 1'050, 11);
  EXPECT_EQ(venue.reject_reason(), R::kFatFinger);
  venue.Replace(venue.alice, order, 1'050, 10);
  EXPECT_EQ(venue.reject_reason(), R::kNone);
}

TEST_F(BandsTest, RestingOrdersSurviveAChangeOfTheBand) {
  const OrderId order = Buy(1'000, 5);
  DefineRules({.static_band_bp = 100});
  SetReference(2'000);
  EXPECT_EQ(venue.core.open_order_count(), 1u);
  venue.Cancel(venue.alice, order);
  EXPECT_EQ(venue.reject_reason(), R::kNone);
}

TEST_F(BandsTest, AnOrderThatWouldTradeOutsideTheDynamicBandStartsAnAuction) {
  DefineRules({.dynamic_band_bp = 500, .volatility_call_ns = 10'000});
  Trade(1'000);
  Sell(1'040, 5);
  Sell(1'060, 5);
  venue.time_ns = 20'000;
  Buy(1'100, 8);
  EXPECT_EQ(venue.EventTypes(), "Accepted Filled Filled Trade PhaseChanged Indicative BookTop");
  EXPECT_EQ(venue.FindEvent(EventType::kTrade)->trade.price.value, 1'040);
  EXPECT_EQ(Changed().phase, P::kVolatilityAuction);
  EXPECT_EQ(Changed().reason, PhaseReason::kDynamicBand);
  EXPECT_EQ(Changed().until_ns, 20'001 + 10'000);
  const IndicativeEvent& indicative = venue.FindEvent(EventType::kIndicative)->indicative;
  EXPECT_EQ(indicative.price.value, 1'060);
  EXPECT_EQ(indicative.quantity.value, 3);
  EXPECT_EQ(venue.core.next_deadline_ns(), 30'001);
  Timer(30'001);
  EXPECT_EQ(venue.EventTypes(), "Filled Filled Trade PhaseChanged BookTop");
  EXPECT_EQ(Changed().phase, P::kContinuous);
  EXPECT_EQ(Changed().last_price.value, 1'060);
  Buy(1'070, 3);  // The band follows the auction.
  EXPECT_EQ(venue.EventTypes(), "Accepted Filled Filled Trade BookTop");
}

TEST_F(BandsTest, TheStaticBandStopsTradesWithOrdersThatWereThereBefore) {
  Sell(1'100, 5);
  DefineRules({.static_band_bp = 500, .volatility_call_ns = 10'000});
  SetReference(1'000);
  Buy(1'100, 5);
  EXPECT_EQ(venue.reject_reason(), R::kPriceBand);  // A limit price.
  Buy(1'100, 5, {.type = OrderType::kMarket, .time_in_force = TimeInForce::kIoc});
  EXPECT_EQ(venue.EventTypes(), "Accepted Canceled PhaseChanged");
  EXPECT_EQ(venue.events[1].canceled.reason, CancelReason::kPriceBand);
  EXPECT_EQ(Changed().reason, PhaseReason::kStaticBand);
  EXPECT_EQ(venue.held(kAlice, kUsd), 0);
}

TEST_F(BandsTest, AMarketOrderTradesUpToTheBand) {
  DefineRules({.dynamic_band_bp = 500});
  Trade(1'000);
  Buy(990, 5);
  Buy(940, 5);
  Sell(900, 8, {.type = OrderType::kMarket, .time_in_force = TimeInForce::kIoc});
  EXPECT_EQ(venue.EventTypes(), "Accepted Filled Filled Trade Canceled PhaseChanged BookTop");
  EXPECT_EQ(venue.FindEvent(EventType::kOrderCanceled)->canceled.canceled.value, 3);
  EXPECT_EQ(Changed().until_ns, 0);  // No duration: until an operator ends it.
}

TEST_F(BandsTest, AFillOrKillOrderBeyondTheBandIsUnfillable) {
  DefineRules({.dynamic_band_bp = 500});
  Trade(1'000);
  Sell(1'060, 5);
  Buy(1'100, 5, {.time_in_force = TimeInForce::kFok});
  EXPECT_EQ(venue.reject_reason(), R::kFokUnfillable);
  EXPECT_EQ(venue.EventTypes(), "Rejected");
}

TEST_F(BandsTest, ASweepIsMeasuredFromTheTradeBeforeIt) {
  DefineRules({.dynamic_band_bp = 500});
  Trade(1'000);
  Sell(1'050, 5);
  Sell(1'090, 5);  // Within 5 % of 1050, not of 1000.
  Buy(1'100, 10);
  EXPECT_EQ(Changed().reason, PhaseReason::kDynamicBand);
}

TEST_F(BandsTest, FatFingersAreRefused) {
  DefineRules({.fat_finger_bp = 1'000, .order_quantity_max = 50, .order_notional_max = 500'000});
  Buy(1'500, 1);
  EXPECT_EQ(venue.reject_reason(), R::kNone);  // Nothing to measure from.
  venue.Cancel(venue.alice, venue.last_order_id);
  Sell(1'000, 1);
  Buy(1'101, 1);
  EXPECT_EQ(venue.reject_reason(), R::kFatFinger);
  Buy(500, 1);
  EXPECT_EQ(venue.reject_reason(), R::kNone);  // Away from the market.
  Sell(449, 1);
  EXPECT_EQ(venue.reject_reason(), R::kFatFinger);
  Buy(900, 51);
  EXPECT_EQ(venue.reject_reason(), R::kFatFinger);
  Buy(1'001, 50);
  EXPECT_EQ(venue.reject_reason(), R::kFatFinger);  // 500,500 quanta.
  Buy(1'100, 1);
  EXPECT_EQ(venue.reject_reason(), R::kNone);  // 10 % through the market.
}

TEST_F(BandsTest, TheBreakerHaltsAndReopensWithAnAuction) {
  DefineRules({.breaker_bp = 1'000,
               .breaker_window_ns = 1'600,
               .breaker_halt_ns = 5'000,
               .volatility_call_ns = 3'000});
  venue.time_ns = 10'000;
  Trade(1'000);
  Trade(1'099);
  EXPECT_EQ(venue.FindEvent(EventType::kPhaseChanged), nullptr);
  venue.time_ns = 10'100;
  Sell(1'100, 1);
  Buy(1'100, 1);
  EXPECT_EQ(venue.EventTypes(), "Accepted Filled Filled Trade PhaseChanged BookTop");
  EXPECT_EQ(Changed().phase, P::kHalt);
  EXPECT_EQ(Changed().reason, PhaseReason::kBreaker);
  EXPECT_EQ(Changed().until_ns, 10'102 + 5'000);
  Buy(1'100, 1);
  EXPECT_EQ(venue.reject_reason(), R::kMarketHalted);
  Timer(15'102);
  EXPECT_EQ(Changed().phase, P::kVolatilityAuction);
  EXPECT_EQ(Changed().until_ns, 18'102);
  Timer(18'102);
  EXPECT_EQ(Changed().phase, P::kContinuous);
  Trade(1'300);  // The window began anew.
  EXPECT_EQ(venue.FindEvent(EventType::kPhaseChanged), nullptr);
}

TEST_F(BandsTest, TheBreakerForgetsWhatIsOlderThanItsWindow) {
  DefineRules({.breaker_bp = 1'000, .breaker_window_ns = 1'600});
  venue.time_ns = 10'000;
  Trade(1'000);
  venue.time_ns = 11'700;
  Trade(1'200);
  EXPECT_EQ(venue.FindEvent(EventType::kPhaseChanged), nullptr);
  venue.time_ns = 13'000;
  Trade(1'080);  // 10 % below 1200, 1,300 ns later.
  EXPECT_EQ(Changed().phase, P::kHalt);
  EXPECT_EQ(Changed().until_ns, 0);  // Until an operator resumes.
  SetPhase(P::kContinuous);
  EXPECT_EQ(venue.reject_reason(), R::kNone);
  Trade(1'080);
  EXPECT_EQ(venue.EventTypes(), "Accepted Filled Filled Trade BookTop");
}

TEST_F(BandsTest, TheAuctionIsTheFirstTradeOfTheBreakersWindow) {
  DefineRules({.breaker_bp = 1'000, .breaker_window_ns = 1'600});
  SetPhase(P::kOpeningAuction);
  Sell(1'000, 1);
  Buy(1'000, 1);
  SetPhase(P::kContinuous);
  Trade(1'100);
  EXPECT_EQ(Changed().reason, PhaseReason::kBreaker);
}

TEST_F(BandsTest, TimesAtTheEndOfTimeDoNotWrap) {
  DefineRules({.dynamic_band_bp = 500,
               .breaker_bp = 9'000,
               .breaker_window_ns = 1,
               .volatility_call_ns = INT64_MAX});
  Trade(1'000);
  Sell(1'060, 5);
  Buy(1'100, 5);
  EXPECT_EQ(Changed().until_ns, INT64_MAX);
  venue.time_ns = INT64_MAX - 10;
  Buy(900, 1);
  Timer(INT64_MAX);
  EXPECT_EQ(Changed().phase, P::kContinuous);
}

TEST_F(BandsTest, BadRulesAreRefused) {
  const RuleOptions bad[] = {
      {.static_band_bp = 10'001}, {.dynamic_band_bp = 10'001},
      {.breaker_bp = 100},        {.fat_finger_bp = UINT32_MAX},
      {.breaker_halt_ns = -1},    {.volatility_call_ns = -1},
      {.batch_interval_ns = -1},  {.order_quantity_max = -1},
      {.order_notional_max = -1}, {.flags = 16},
  };
  for (const RuleOptions& rules : bad) {
    DefineRules(rules);
    EXPECT_EQ(venue.reject_reason(), R::kBadDefinition);
  }
  Command command = MakeCommand(CommandType::kDefineRules);
  command.instrument = InstrumentId{2};
  venue.Send(command);
  EXPECT_EQ(venue.reject_reason(), R::kUnknownInstrument);
}

}  // namespace
}  // namespace tally
