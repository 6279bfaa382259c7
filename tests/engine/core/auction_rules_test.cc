// Calls and batches whose price is out of its band, and stops in batch auctions.
// docs/semantics/protections.md, triggers.md.

#include <gtest/gtest.h>

#include "tests/engine/core/phase_venue.h"

namespace tally {
namespace {

using P = TradingPhase;
using R = RejectReason;

class AuctionBandTest : public ::testing::Test, protected PhaseVenue {
 protected:
  // An auction that would trade 5 lots at `price`, with 100 as its reference price, until 10'000.
  void Call(int64_t price, const RuleOptions& rules) {
    DefineRules(rules);
    SetPhase(P::kOpeningAuction, {.until_ns = 10'000, .next = P::kContinuous, .reference = 100});
    Sell(price, 5);
    Buy(price, 5);
  }

  static constexpr RuleOptions kTwice = {
      .volatility_call_ns = 1'000, .auction_extensions_max = 2, .auction_band_bp = 500};
  static constexpr RuleOptions kHold = {.volatility_call_ns = 1'000,
                                        .flags = kRulesFlagHoldAuction,
                                        .auction_extensions_max = 1,
                                        .auction_band_bp = 500};
};

TEST_F(AuctionBandTest, ACallWithinItsBandEndsInTime) {
  Call(105, kTwice);
  Timer(10'000);
  EXPECT_EQ(Trades(), "5@105");
  EXPECT_EQ(Changed().phase, P::kContinuous);
}

TEST_F(AuctionBandTest, ACallOutOfItsBandIsExtendedThenTrades) {
  Call(106, kTwice);
  for (const int64_t time_ns : {10'000, 11'000}) {
    Timer(time_ns);
    EXPECT_EQ(venue.EventTypes(), "PhaseChanged");
    EXPECT_EQ(Changed().phase, P::kOpeningAuction);
    EXPECT_EQ(Changed().previous, P::kOpeningAuction);
    EXPECT_EQ(Changed().reason, PhaseReason::kExtension);
    EXPECT_EQ(Changed().until_ns, time_ns + 1'000);
    EXPECT_EQ(venue.core.next_deadline_ns(), time_ns + 1'000);
  }
  Timer(12'000);
  EXPECT_EQ(Trades(), "5@106");
  EXPECT_EQ(Changed().phase, P::kContinuous);
  EXPECT_EQ(Changed().reference_price.value, 106);
}

TEST_F(AuctionBandTest, AnExtensionEndsAsSoonAsThePriceIsBack) {
  Call(106, kTwice);
  Timer(10'000);
  Sell(104, 5);
  EXPECT_EQ(Indicative(), "5@104");
  Timer(11'000);
  EXPECT_EQ(Trades(), "5@104");
}

TEST_F(AuctionBandTest, AHeldCallWaitsForAnOperator) {
  Call(94, kHold);
  Timer(10'000);
  EXPECT_EQ(Changed().until_ns, 11'000);
  Timer(11'000);
  EXPECT_EQ(Changed().reason, PhaseReason::kExtension);
  EXPECT_EQ(Changed().until_ns, 0);
  EXPECT_EQ(venue.core.next_deadline_ns(), 0);
  Timer(100'000);
  EXPECT_EQ(venue.EventTypes(), "");
  SetPhase(P::kContinuous);
  EXPECT_EQ(Trades(), "5@94");
}

TEST_F(AuctionBandTest, AScheduledPhaseExtendsTheCallAnOperatorEndsIt) {
  Call(106, kTwice);
  SetPhase(P::kContinuous, {.flags = kSetPhaseFlagScheduled});
  EXPECT_EQ(venue.EventTypes(), "PhaseChanged");
  EXPECT_EQ(Changed().reason, PhaseReason::kExtension);
  SetPhase(P::kContinuous);
  EXPECT_EQ(Trades(), "5@106");
}

TEST_F(AuctionBandTest, WhatWasScheduledComesAfterTheExtension) {
  Call(106, kTwice);
  SetPhase(P::kClosed, {.flags = kSetPhaseFlagScheduled});
  const int64_t until_ns = Changed().until_ns;
  Timer(until_ns - 1);
  EXPECT_EQ(venue.EventTypes(), "");
  Sell(100, 5);
  Timer(until_ns);
  EXPECT_EQ(Trades(), "5@100");
  EXPECT_EQ(Changed().phase, P::kClosed);
}

TEST_F(AuctionBandTest, NextTimeExtensionsAreCountedAnew) {
  Call(106, kTwice);
  Timer(10'000);
  Timer(11'000);
  Timer(12'000);
  ASSERT_EQ(Trades(), "5@106");
  SetPhase(P::kClosingAuction, {.until_ns = 20'000, .next = P::kClosed});
  Sell(90, 5);
  Buy(90, 5);
  Timer(20'000);
  EXPECT_EQ(Changed().reason, PhaseReason::kExtension);
}

TEST_F(AuctionBandTest, NothingToMeasureFromOrToTradeExtendsNothing) {
  DefineRules(kTwice);
  SetPhase(P::kOpeningAuction, {.until_ns = 10'000, .next = P::kContinuous});
  Sell(500, 5);
  Buy(500, 5);
  Timer(10'000);
  EXPECT_EQ(Trades(), "5@500");
  SetPhase(P::kVolatilityAuction, {.until_ns = 20'000, .next = P::kContinuous});
  Timer(20'000);
  EXPECT_EQ(Changed().phase, P::kContinuous);
}

TEST_F(AuctionBandTest, ABatchOutOfItsBandIsPutOff) {
  DefineRules({.volatility_call_ns = 1,
               .batch_interval_ns = 1'000,
               .auction_extensions_max = 1,
               .auction_band_bp = 500});
  venue.time_ns = 9'999;
  SetPhase(P::kBatchAuction, {.reference = 100});
  Sell(110, 5);
  Buy(110, 5);
  Timer(11'000);
  EXPECT_EQ(venue.EventTypes(), "PhaseChanged");
  EXPECT_EQ(Changed().reason, PhaseReason::kExtension);
  EXPECT_EQ(venue.core.next_deadline_ns(), 12'000);
  Timer(12'000);
  EXPECT_EQ(Trades(), "5@110");
  // Its price is the reference of the next one.
  Sell(111, 5);
  Buy(111, 5);
  Timer(13'000);
  EXPECT_EQ(Trades(), "5@111");
}

TEST_F(AuctionBandTest, RulesThatContradictEachOtherAreRefused) {
  const struct {
    const char* name;
    RuleOptions rules;
  } rows[] = {
      {"extensions without a length", {.auction_extensions_max = 1, .auction_band_bp = 500}},
      {"extensions without a band", {.volatility_call_ns = 1, .auction_extensions_max = 1}},
      {"holding without a band", {.flags = kRulesFlagHoldAuction}},
      {"a band of more than everything", {.auction_band_bp = 10'001}},
  };
  for (const auto& row : rows) {
    DefineRules(row.rules);
    EXPECT_EQ(venue.reject_reason(), R::kBadDefinition) << row.name;
  }
}

// What takes part in the auction and what market data tell are two things.
TEST_F(AuctionBandTest, ReservesAndHiddenOrdersOfACallAreInThePriceAndNotInTheFeed) {
  DefineRules({.flags = kRulesFlagBookDelta | kRulesFlagHidden});
  SetPhase(P::kOpeningAuction);
  Command iceberg = venue.OrderCommand(venue.alice, Side::kBuy, 101, 20);
  iceberg.new_order.display_quantity = {5};
  venue.Send(iceberg);
  ASSERT_NE(venue.FindEvent(EventType::kBookDelta), nullptr);
  EXPECT_EQ(venue.FindEvent(EventType::kBookDelta)->book_delta.level_quantity.value, 5);
  Command hidden = venue.OrderCommand(venue.bob, Side::kSell, 101, 30);
  hidden.new_order.flags = kOrderFlagHidden;
  venue.Send(hidden);
  EXPECT_EQ(venue.EventTypes(), "Accepted Indicative");
  EXPECT_EQ(Indicative(), "20@101-10");
  SetPhase(P::kContinuous);
  EXPECT_EQ(Trades(), "20@101");
  EXPECT_EQ(venue.core.book_top(kBtcUsd).ask_quantity.value, 0);
}

class BatchStopsTest : public ::testing::Test, protected PhaseVenue {
 protected:
  void Begin(uint8_t flags) {
    DefineRules({.batch_interval_ns = 1'000, .flags = flags});
    venue.time_ns = 9'999;
    SetPhase(P::kBatchAuction);
  }

  OrderId Stop(OrderType type, int64_t stop, int64_t price, int64_t quantity) {
    Command command = venue.OrderCommand(venue.alice, Side::kBuy, price, quantity, {.type = type});
    command.new_order.trigger = TriggerSource::kLastTrade;
    command.new_order.stop_price = {stop};
    venue.Send(command);
    EXPECT_EQ(venue.reject_reason(), R::kNone);
    return venue.last_order_id;
  }
};

TEST_F(BatchStopsTest, ABatchTriggersWhatEntersTheNextOne) {
  Begin(kRulesFlagBatchStops);
  Stop(OrderType::kStopLimit, 102, 105, 5);
  Sell(102, 4);
  Buy(102, 4);
  Timer(11'000);
  EXPECT_EQ(venue.EventTypes(), "Filled Filled Trade OrderTriggered Indicative BookTop");
  Sell(105, 5);
  Timer(12'000);
  EXPECT_EQ(Trades(), "5@105");
}

TEST_F(BatchStopsTest, AMarketStopHasOneBatchAndEndsWithIt) {
  Begin(kRulesFlagBatchStops);
  const OrderId stop = Stop(OrderType::kStop, 102, 110, 9);
  Sell(102, 4);
  Buy(102, 4);
  Timer(11'000);
  ASSERT_NE(venue.FindEvent(EventType::kOrderTriggered), nullptr);
  Sell(108, 5);
  Timer(12'000);
  EXPECT_EQ(Trades(), "5@110");  // As a limit order at its worst price.
  const Event* const canceled = venue.FindEvent(EventType::kOrderCanceled);
  ASSERT_NE(canceled, nullptr);
  EXPECT_EQ(canceled->order_id, stop);
  EXPECT_EQ(canceled->canceled.canceled.value, 4);
  EXPECT_EQ(canceled->canceled.reason, CancelReason::kAuctionOnly);
  EXPECT_EQ(venue.held(kAlice, kUsd), 0);
}

TEST_F(BatchStopsTest, ATriggeredMarketDayStopEndsOnce) {
  Begin(kRulesFlagBatchStops);
  Command command =
      venue.OrderCommand(venue.alice, Side::kBuy, 110, 9,
                         {.type = OrderType::kStop, .time_in_force = TimeInForce::kDay});
  command.new_order.stop_price = {102};
  venue.Send(command);
  Sell(102, 4);
  Buy(102, 4);
  Timer(11'000);
  ASSERT_NE(venue.FindEvent(EventType::kOrderTriggered), nullptr);
  SetPhase(P::kClosed);
  EXPECT_EQ(venue.EventTypes(), "Canceled PhaseChanged BookTop");
  EXPECT_EQ(venue.core.open_order_count(), 0u);
}

TEST_F(BatchStopsTest, WithoutTheRuleTheyWaitForContinuousTrading) {
  Begin(0);
  Stop(OrderType::kStopLimit, 102, 105, 5);
  Sell(102, 4);
  Buy(102, 4);
  Timer(11'000);
  EXPECT_EQ(venue.FindEvent(EventType::kOrderTriggered), nullptr);
  SetPhase(P::kContinuous);
  EXPECT_NE(venue.FindEvent(EventType::kOrderTriggered), nullptr);
}

TEST_F(BatchStopsTest, BestPricesOfACallAreNoEvidence) {
  Begin(kRulesFlagBatchStops);
  Command command = venue.OrderCommand(venue.alice, Side::kBuy, 110, 5, {.type = OrderType::kStop});
  command.new_order.trigger = TriggerSource::kBestPrice;
  command.new_order.stop_price = {102};
  venue.Send(command);
  ASSERT_EQ(venue.reject_reason(), R::kNone);
  Buy(104, 4);
  Timer(11'000);
  EXPECT_EQ(venue.FindEvent(EventType::kOrderTriggered), nullptr);
  SetPhase(P::kContinuous);
  EXPECT_NE(venue.FindEvent(EventType::kOrderTriggered), nullptr);
}

TEST_F(BatchStopsTest, ATrailingStopFollowsTheBatches) {
  Begin(kRulesFlagBatchStops);
  Sell(100, 1);
  Buy(100, 1);
  Timer(11'000);
  Command command =
      venue.OrderCommand(venue.bob, Side::kSell, 50, 5, {.type = OrderType::kTrailingStop});
  command.new_order.trail_unit = TrailUnit::kTicks;
  command.new_order.offset = 3;
  venue.Send(command);
  ASSERT_EQ(venue.reject_reason(), R::kNone);
  Sell(110, 1);
  Buy(110, 1);
  Timer(12'000);
  ASSERT_NE(venue.FindEvent(EventType::kOrderRestated), nullptr);
  EXPECT_EQ(venue.FindEvent(EventType::kOrderRestated)->restated.stop_price.value, 107);
  Sell(107, 1);
  Buy(107, 1);
  Timer(13'000);
  EXPECT_NE(venue.FindEvent(EventType::kOrderTriggered), nullptr);
}

}  // namespace
}  // namespace tally
