// Phases: what each takes, how one becomes another, and what its auction does with money.

#include <string>

#include <gtest/gtest.h>

#include "tests/engine/core/phase_venue.h"

namespace tally {
namespace {

using P = TradingPhase;
using R = RejectReason;
constexpr TradingPhase kPhases[] = {
    P::kPreOpen, P::kOpeningAuction, P::kContinuous, P::kVolatilityAuction,
    P::kHalt,    P::kClosingAuction, P::kClosed,     P::kBatchAuction};

class PhaseTest : public ::testing::Test, protected PhaseVenue {};

// What each phase says to an order, in the order of kPhases: a accepted, f PHASE_FORBIDS,
// h MARKET_HALTED.
struct TakesRow {
  const char* what;
  OrderType type;
  TimeInForce time_in_force;
  int64_t min_quantity;
  uint8_t flags;
  const char* answers;
};

constexpr TakesRow kTakesRows[] = {
    {"limit GTC", OrderType::kLimit, TimeInForce::kGtc, 0, 0, "aaaahaha"},
    {"limit DAY", OrderType::kLimit, TimeInForce::kDay, 0, 0, "aaaahaha"},
    {"limit GTD", OrderType::kLimit, TimeInForce::kGtd, 0, 0, "aaaahaha"},
    {"limit IOC", OrderType::kLimit, TimeInForce::kIoc, 0, 0, "ffafhfhf"},
    {"limit FOK", OrderType::kLimit, TimeInForce::kFok, 0, 0, "ffafhfhf"},
    {"market IOC", OrderType::kMarket, TimeInForce::kIoc, 0, 0, "ffafhfhf"},
    {"limit at the open", OrderType::kLimit, TimeInForce::kAtTheOpen, 0, 0, "aaffhfhf"},
    {"market at the open", OrderType::kMarket, TimeInForce::kAtTheOpen, 0, 0, "aaffhfhf"},
    {"limit at the close", OrderType::kLimit, TimeInForce::kAtTheClose, 0, 0, "aaaahaha"},
    {"market at the close", OrderType::kMarket, TimeInForce::kAtTheClose, 0, 0, "aaaahaha"},
    {"minimum quantity", OrderType::kLimit, TimeInForce::kGtc, 1, 0, "ffafhfhf"},
    {"post-only", OrderType::kLimit, TimeInForce::kGtc, 0, kOrderFlagPostOnly, "aaaahaha"},
    {"all-or-none", OrderType::kLimit, TimeInForce::kGtc, 0, kOrderFlagAllOrNone, "aaaahaha"},
    {"hidden", OrderType::kLimit, TimeInForce::kGtc, 0, kOrderFlagHidden, "aaaahaha"},
    {"stop", OrderType::kStop, TimeInForce::kGtc, 0, 0, "aaaahaha"},
    {"stop limit DAY", OrderType::kStopLimit, TimeInForce::kDay, 0, 0, "aaaahaha"},
    {"trailing stop", OrderType::kTrailingStop, TimeInForce::kGtc, 0, 0, "aaaahaha"},
    {"pegged", OrderType::kPegged, TimeInForce::kGtc, 0, 0, "ffafhfhf"},
};

// What an order of the type needs besides a price.
void Describe(OrderType type, NewOrderCommand* order) {
  const bool trailing = type == OrderType::kTrailingStop;
  if (type == OrderType::kStop || type == OrderType::kStopLimit || trailing) {
    order->trigger = TriggerSource::kLastTrade;
    order->stop_price = {150};
    order->price = {160};
  }
  if (trailing) {
    order->trail_unit = TrailUnit::kTicks;
    order->offset = 10;
  }
  if (type == OrderType::kPegged) {
    order->peg = PegReference::kPrimary;
  }
}

TEST_F(PhaseTest, EachPhaseTakesWhatTheTableSays) {
  for (const TakesRow& row : kTakesRows) {
    std::string answers;
    for (const TradingPhase phase : kPhases) {
      PhaseVenue one;
      TestVenue& fresh = one.venue;
      one.DefineRules({.batch_interval_ns = 1'000, .flags = kRulesFlagHidden});
      one.Sell(100, 10);
      one.SetPhase(phase);
      ASSERT_EQ(fresh.reject_reason(), R::kNone);
      Command command = fresh.OrderCommand(
          fresh.alice, Side::kBuy, 100, 10,
          {.type = row.type, .time_in_force = row.time_in_force, .flags = row.flags});
      if (row.flags == kOrderFlagPostOnly) {
        command.new_order.price = {99};
      }
      command.new_order.min_quantity = {row.min_quantity};
      Describe(row.type, &command.new_order);
      if (row.time_in_force == TimeInForce::kGtd) {
        command.new_order.expire_time_ns = 1'000'000'000;
      }
      fresh.Send(command);
      const R reason = fresh.reject_reason();
      answers += reason == R::kNone           ? 'a'
                 : reason == R::kPhaseForbids ? 'f'
                 : reason == R::kMarketHalted ? 'h'
                                              : '?';
      const Event* const accepted = fresh.FindEvent(EventType::kOrderAccepted);
      if (accepted != nullptr) {
        EXPECT_EQ(accepted->accepted.phase, phase);
      }
    }
    EXPECT_EQ(answers, row.answers) << row.what;
  }
}

TEST_F(PhaseTest, ReplacesFollowThePhaseAndCancelsAlwaysWork) {
  for (const TradingPhase phase : kPhases) {
    SCOPED_TRACE(Raw(phase));
    PhaseVenue one;
    TestVenue& fresh = one.venue;
    one.DefineRules({.batch_interval_ns = 1'000});
    const OrderId order = one.Buy(100, 10);
    one.SetPhase(phase);
    fresh.Replace(fresh.alice, order, 101, 10);
    const bool halted = phase == P::kHalt || phase == P::kClosed;
    EXPECT_EQ(fresh.reject_reason(), halted ? R::kMarketHalted : R::kNone);
    fresh.Cancel(fresh.alice, order);
    EXPECT_EQ(fresh.reject_reason(), R::kNone);
    EXPECT_EQ(fresh.core.open_order_count(), 0u);
  }
}

TEST_F(PhaseTest, MassCancelsWorkInAHalt) {
  Buy(100, 10);
  Buy(99, 10);
  SetPhase(P::kHalt);
  venue.MassCancel(venue.alice, MassCancelScope::kAccount, MassCancelTrigger::kRequest);
  EXPECT_EQ(venue.core.open_order_count(), 0u);
}

TEST_F(PhaseTest, AHaltIsOneOfOneInstrument) {
  DefineInstrumentCommand terms = BtcUsdTerms();
  terms.symbol = Symbol::From("BTC2/USD");
  venue.DefineInstrument(InstrumentId{2}, terms);
  SetPhase(P::kHalt);
  Command command = venue.OrderCommand(venue.alice, Side::kBuy, 100, 10);
  command.instrument = InstrumentId{2};
  venue.Send(command);
  EXPECT_EQ(venue.reject_reason(), R::kNone);
  Buy(100, 10);
  EXPECT_EQ(venue.reject_reason(), R::kMarketHalted);
}

TEST_F(PhaseTest, InstrumentZeroIsEveryInstrument) {
  DefineInstrumentCommand terms = BtcUsdTerms();
  terms.symbol = Symbol::From("BTC2/USD");
  venue.DefineInstrument(InstrumentId{3}, terms);
  SetPhase(P::kPreOpen, {.instrument = InstrumentId{}});
  EXPECT_EQ(venue.EventTypes(), "PhaseChanged PhaseChanged");
  EXPECT_EQ(venue.events[1].instrument, InstrumentId{3});
}

TEST_F(PhaseTest, BadPhasesAreRefused) {
  SetPhase(TradingPhase{0});
  EXPECT_EQ(venue.reject_reason(), R::kUnsupported);
  SetPhase(TradingPhase{9});
  EXPECT_EQ(venue.reject_reason(), R::kUnsupported);
  SetPhase(P::kHalt, {.instrument = InstrumentId{4}});
  EXPECT_EQ(venue.reject_reason(), R::kUnknownInstrument);
  SetPhase(P::kHalt, {.until_ns = venue.time_ns, .next = P::kContinuous});
  EXPECT_EQ(venue.reject_reason(), R::kBadDefinition);
  SetPhase(P::kHalt, {.until_ns = venue.time_ns + 1'000, .next = TradingPhase{}});
  EXPECT_EQ(venue.reject_reason(), R::kBadDefinition);
  SetPhase(P::kHalt, {.reference = -1});
  EXPECT_EQ(venue.reject_reason(), R::kBadDefinition);
  SetPhase(P::kBatchAuction);
  EXPECT_EQ(venue.reject_reason(), R::kBadDefinition);  // No interval.
}

TEST_F(PhaseTest, AnAuctionPublishesItsPriceAndTradesAtIt) {
  SetPhase(P::kOpeningAuction, {.reference = 100});
  Sell(98, 10);
  EXPECT_EQ(Indicative(), "");
  Buy(103, 6);
  EXPECT_EQ(Indicative(), "6@98-4");
  Buy(102, 4);
  EXPECT_EQ(Indicative(), "10@100");
  Buy(90, 4);
  EXPECT_EQ(Indicative(), "");  // Not changed.
  const int64_t fees = venue.available(kFees, kUsd);
  const int64_t alice = venue.available(kAlice, kUsd) + venue.held(kAlice, kUsd);
  SetPhase(P::kContinuous);
  EXPECT_EQ(venue.EventTypes(), "Filled Filled Trade Filled Filled Trade PhaseChanged BookTop");
  EXPECT_EQ(Trades(), "6@100 4@100");
  for (const Event& event : venue.events) {
    if (event.type == EventType::kOrderFilled) {
      EXPECT_EQ(event.filled.liquidity, Liquidity::kAuction);
      EXPECT_EQ(event.filled.phase, P::kOpeningAuction);
      EXPECT_EQ(event.client_sequence, 0u);
    }
  }
  EXPECT_EQ(Changed().phase, P::kContinuous);
  EXPECT_EQ(Changed().previous, P::kOpeningAuction);
  EXPECT_EQ(Changed().reference_price.value, 100);
  EXPECT_EQ(Changed().last_price.value, 100);
  // 10,000 quote quanta of notional; 0.02 % from each side, rounded down per fill (6,000: 1).
  EXPECT_EQ(venue.available(kFees, kUsd) - fees, 2);
  EXPECT_EQ(alice - venue.available(kAlice, kUsd) - venue.held(kAlice, kUsd), 10'001);
}

TEST_F(PhaseTest, OrdersRestBeforeTheOpeningWithoutAPrice) {
  SetPhase(P::kPreOpen);
  Sell(98, 10);
  Buy(103, 6);
  EXPECT_EQ(venue.EventTypes(), "Accepted BookTop");
  SetPhase(P::kOpeningAuction);
  EXPECT_EQ(venue.EventTypes(), "PhaseChanged Indicative");
  EXPECT_EQ(Indicative(), "6@98-4");
}

TEST_F(PhaseTest, ContinuousTradingNeverBeginsCrossed) {
  SetPhase(P::kPreOpen);
  Sell(98, 10);
  Buy(103, 6);
  SetPhase(P::kContinuous);
  EXPECT_EQ(Trades(), "6@98");
  EXPECT_EQ(Changed().previous, P::kPreOpen);
}

TEST_F(PhaseTest, AHaltInterruptsACall) {
  SetPhase(P::kOpeningAuction);
  Sell(98, 10);
  Buy(103, 6);
  SetPhase(P::kHalt);
  EXPECT_EQ(venue.EventTypes(), "PhaseChanged");
  SetPhase(P::kVolatilityAuction);
  EXPECT_EQ(venue.EventTypes(), "PhaseChanged Indicative");
  SetPhase(P::kContinuous);
  EXPECT_EQ(Trades(), "6@98");
}

TEST_F(PhaseTest, TheSamePhaseAgainOnlyGetsANewEnd) {
  SetPhase(P::kOpeningAuction);
  Sell(98, 10);
  Buy(103, 6);
  SetPhase(P::kOpeningAuction, {.until_ns = 50'000, .next = P::kContinuous});
  EXPECT_EQ(venue.EventTypes(), "PhaseChanged");
  EXPECT_EQ(venue.core.next_deadline_ns(), 50'000);
}

TEST_F(PhaseTest, AScheduledPhaseBeginsWithTheTimer) {
  SetPhase(P::kOpeningAuction, {.until_ns = 50'000, .next = P::kContinuous});
  Sell(98, 10);
  Buy(103, 6);
  EXPECT_EQ(venue.core.next_deadline_ns(), 50'000);
  Timer(49'999);
  EXPECT_EQ(venue.EventTypes(), "");
  Timer(50'000);
  EXPECT_EQ(Trades(), "6@98");
  EXPECT_EQ(Changed().reason, PhaseReason::kSchedule);
  EXPECT_EQ(Changed().until_ns, 0);
  EXPECT_EQ(venue.core.next_deadline_ns(), 0);
}

TEST_F(PhaseTest, RestingOrdersSurviveEveryPhaseButDayOrdersTheClose) {
  const OrderId order = Buy(100, 10);
  const OrderId day = Buy(99, 10, {.time_in_force = TimeInForce::kDay});
  for (const TradingPhase phase :
       {P::kHalt, P::kVolatilityAuction, P::kContinuous, P::kClosingAuction}) {
    SetPhase(phase);
    EXPECT_EQ(venue.core.open_order_count(), 2u);
  }
  SetPhase(P::kClosed);
  ASSERT_EQ(venue.EventTypes(), "Canceled PhaseChanged");
  EXPECT_EQ(venue.events[0].order_id, day);
  EXPECT_EQ(venue.events[0].canceled.reason, CancelReason::kEndOfDay);
  SetPhase(P::kPreOpen);
  SetPhase(P::kContinuous);
  Sell(100, 10);
  EXPECT_EQ(Trades(), "10@100");
  EXPECT_EQ(venue.events[1].order_id, order);
}

TEST_F(PhaseTest, AtTheOpenOrdersEndWithTheAuction) {
  SetPhase(P::kPreOpen);
  Sell(98, 10);
  Buy(103, 6, {.time_in_force = TimeInForce::kAtTheOpen});
  Buy(97, 6, {.type = OrderType::kMarket, .time_in_force = TimeInForce::kAtTheOpen});
  SetPhase(P::kOpeningAuction);
  EXPECT_EQ(Indicative(), "6@98-4");
  SetPhase(P::kContinuous);
  EXPECT_EQ(venue.EventTypes(), "Filled Filled Trade Canceled PhaseChanged BookTop");
  EXPECT_EQ(venue.FindEvent(EventType::kOrderCanceled)->canceled.reason,
            CancelReason::kAuctionOnly);
  EXPECT_EQ(venue.held(kAlice, kUsd), 0);
}

TEST_F(PhaseTest, AtTheCloseOrdersWaitForTheClosingAuction) {
  Buy(103, 6, {.time_in_force = TimeInForce::kAtTheClose});
  Buy(101, 6, {.time_in_force = TimeInForce::kAtTheClose});
  Sell(98, 10);
  EXPECT_EQ(Trades(), "");
  SetPhase(P::kClosingAuction);
  EXPECT_EQ(Indicative(), "10@101+2");
  SetPhase(P::kClosed);
  EXPECT_EQ(venue.EventTypes(),
            "Filled Filled Trade Filled Filled Trade Canceled PhaseChanged BookTop");
  EXPECT_EQ(Trades(), "6@101 4@101");
  EXPECT_EQ(venue.core.open_order_count(), 0u);
}

TEST_F(PhaseTest, AGoodTillDateOrderOfAnAuctionStillExpires) {
  SetPhase(P::kOpeningAuction);
  Command command =
      venue.OrderCommand(venue.alice, Side::kBuy, 100, 10, {.time_in_force = TimeInForce::kGtd});
  command.new_order.expire_time_ns = 60'000;
  venue.Send(command);
  Sell(100, 5);
  EXPECT_EQ(Indicative(), "5@100+5");
  Timer(60'000);
  EXPECT_EQ(venue.EventTypes(), "Canceled Indicative BookTop");
  EXPECT_EQ(venue.events[0].canceled.reason, CancelReason::kExpired);
}

TEST_F(PhaseTest, BatchesUncrossAtEveryInterval) {
  DefineRules({.batch_interval_ns = 1'000});
  const int64_t begin = 10'000;
  venue.time_ns = begin - 1;
  SetPhase(P::kBatchAuction);
  EXPECT_EQ(venue.core.next_deadline_ns(), begin + 1'000);
  Sell(100, 10);
  Buy(101, 4);
  EXPECT_EQ(Trades(), "");
  EXPECT_EQ(Indicative(), "4@100-6");
  Timer(begin + 1'000);
  EXPECT_EQ(Trades(), "4@100");
  EXPECT_EQ(Indicative(), "0@0");
  Buy(101, 4);
  Timer(begin + 3'500);  // Late: the next one is on the grid again.
  EXPECT_EQ(Trades(), "4@100");
  EXPECT_EQ(venue.core.next_deadline_ns(), begin + 4'000);
  Buy(101, 1);
  SetPhase(P::kContinuous);
  EXPECT_EQ(Trades(), "1@100");
  EXPECT_EQ(venue.core.next_deadline_ns(), 0);
}

TEST_F(PhaseTest, ABatchAuctionNeedsItsInterval) {
  DefineRules({.batch_interval_ns = 1'000});
  SetPhase(P::kBatchAuction);
  DefineRules({});
  EXPECT_EQ(venue.reject_reason(), R::kBadDefinition);
}

TEST_F(PhaseTest, SelfTradesArePreventedInAuctions) {
  SetPhase(P::kOpeningAuction);
  const auto newest = SelfTradePrevention::kCancelNewest;
  Buy(103, 6);
  venue.Order(venue.alice, Side::kSell, 98, 4, {.self_trade_prevention = newest});
  Sell(99, 5);
  SetPhase(P::kContinuous);
  EXPECT_EQ(venue.EventTypes(), "Canceled Filled Filled Trade PhaseChanged BookTop");
  EXPECT_EQ(venue.events[0].canceled.reason, CancelReason::kSelfTradeNewest);
  EXPECT_EQ(Trades(), "5@103");
}

// Until triggered a stop is in no book; the first trade after its trigger price was reached in an
// auction is its chance.
TEST_F(PhaseTest, StopsWaitForTheEndOfTheCall) {
  SetPhase(P::kOpeningAuction);
  Sell(150, 5);
  Sell(155, 5);
  Buy(150, 5);
  Command command = venue.OrderCommand(venue.alice, Side::kBuy, 160, 5, {.type = OrderType::kStop});
  command.new_order.trigger = TriggerSource::kLastTrade;
  command.new_order.stop_price = {150};
  venue.Send(command);
  ASSERT_EQ(venue.reject_reason(), R::kNone);
  EXPECT_EQ(venue.FindEvent(EventType::kOrderTriggered), nullptr);
  SetPhase(P::kContinuous);
  EXPECT_EQ(Trades(), "5@150 5@155");
  EXPECT_EQ(venue.EventTypes(),
            "Filled Filled Trade PhaseChanged OrderTriggered Filled Filled Trade BookTop");
}

TEST_F(PhaseTest, AStopThatIsTriggeredIntoABandStopsThere) {
  DefineRules({.dynamic_band_bp = 500, .volatility_call_ns = 1'000});
  Sell(100, 1);
  Buy(100, 1);
  Sell(102, 1);
  Sell(110, 5);
  Command command = venue.OrderCommand(venue.alice, Side::kBuy, 120, 5, {.type = OrderType::kStop});
  command.new_order.trigger = TriggerSource::kLastTrade;
  command.new_order.stop_price = {102};
  venue.Send(command);
  Buy(102, 1);
  EXPECT_EQ(Trades(), "1@102");
  ASSERT_NE(venue.FindEvent(EventType::kOrderCanceled), nullptr);
  EXPECT_NE(venue.FindEvent(EventType::kOrderTriggered), nullptr);
  EXPECT_EQ(venue.FindEvent(EventType::kOrderCanceled)->canceled.reason, CancelReason::kPriceBand);
  EXPECT_EQ(Changed().phase, P::kVolatilityAuction);
}

}  // namespace
}  // namespace tally
