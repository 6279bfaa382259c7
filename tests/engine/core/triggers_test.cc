// Stop, stop-limit and trailing stop orders; docs/semantics/triggers.md.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/engine/core/follow_venue.h"

namespace tally {
namespace {

using Ids = std::vector<uint64_t>;

class TriggersTest : public FollowVenue {
 protected:
  explicit TriggersTest(const CoreLimits& limits = SmallLimits()) : FollowVenue(limits) {
    venue.Order(carol, Side::kBuy, 900, 100);
    venue.Order(carol, Side::kSell, 1'100, 100);
  }
};

TEST_F(TriggersTest, AStopIsAcceptedDormantAndHoldsItsFunds) {
  const OrderId stop = StopOrder(venue.alice, Side::kBuy, 1'050, 1'200, 10);
  EXPECT_EQ(venue.EventTypes(), "Accepted");
  EXPECT_EQ(venue.FindEvent(EventType::kOrderAccepted)->accepted.stop_price.value, 1'050);
  EXPECT_EQ(venue.held(kAlice, kUsd), 1'200 * 10 * 10 + 24);
  venue.Cancel(venue.alice, stop);
  EXPECT_EQ(venue.held(kAlice, kUsd), 0);
  Print(1'060);
  EXPECT_TRUE(Triggered().empty());
}

TEST_F(TriggersTest, BuyStopTriggersAtItsPriceOrAbove) {
  const OrderId stop = StopOrder(venue.alice, Side::kBuy, 1'050, 1'200, 10);
  Print(1'049);
  EXPECT_TRUE(Triggered().empty());
  Print(1'050);
  EXPECT_EQ(venue.EventTypes(),
            "Accepted Filled Filled Trade OrderTriggered Filled Filled Trade BookTop");
  const Event& triggered = *venue.FindEvent(EventType::kOrderTriggered);
  EXPECT_EQ(triggered.order_id, stop);
  EXPECT_EQ(triggered.client_sequence, 0u);
  EXPECT_EQ(triggered.triggered.trigger_price.value, 1'050);
  EXPECT_EQ(triggered.triggered.order_type, OrderType::kMarket);
  EXPECT_FALSE(IsOpen(stop));
  EXPECT_EQ(venue.held(kAlice, kUsd), 0);
}

TEST_F(TriggersTest, SellStopTriggersAtItsPriceOrBelow) {
  StopOrder(venue.alice, Side::kSell, 950, 800, 10);
  Print(951);
  EXPECT_TRUE(Triggered().empty());
  Print(940);
  EXPECT_EQ(Triggered().size(), 1u);
  EXPECT_EQ(venue.held(kAlice, kBtc), 0);
}

TEST_F(TriggersTest, StopLimitRestsWithWhatItCannotTrade) {
  const OrderId stop = StopLimit(venue.alice, Side::kBuy, 1'050, 1'060, 10);
  Print(1'055);
  EXPECT_EQ(venue.EventTypes(), "Accepted Filled Filled Trade OrderTriggered BookTop");
  EXPECT_EQ(venue.core.book_top(kBtcUsd).bid_price.value, 1'060);
  venue.Replace(venue.alice, stop, 1'061, 10);
  EXPECT_EQ(venue.core.book_top(kBtcUsd).bid_price.value, 1'061);
}

struct BadStop {
  const char* name;
  OrderType type;
  Side side;
  int64_t stop;
  int64_t price;
  int32_t offset;
  TrailUnit unit;
  RejectReason reason;
};

TEST_F(TriggersTest, Rejects) {
  Print(1'000);
  constexpr TrailUnit kNoUnit = TrailUnit::kNone;
  const std::vector<BadStop> rows = {
      {"no stop price", OrderType::kStop, Side::kBuy, 0, 1'200, 0, kNoUnit,
       RejectReason::kBadStopPrice},
      {"negative", OrderType::kStopLimit, Side::kBuy, -1, 1'200, 0, kNoUnit,
       RejectReason::kBadStopPrice},
      {"above the maximum", OrderType::kStop, Side::kBuy, 1'000'001, 1'200, 0, kNoUnit,
       RejectReason::kBadStopPrice},
      {"buy reached", OrderType::kStop, Side::kBuy, 1'000, 1'200, 0, kNoUnit,
       RejectReason::kBadStopPrice},
      {"sell reached", OrderType::kStopLimit, Side::kSell, 1'000, 900, 0, kNoUnit,
       RejectReason::kBadStopPrice},
      {"worst price better than the stop", OrderType::kStop, Side::kBuy, 1'050, 1'049, 0, kNoUnit,
       RejectReason::kBadStopPrice},
      {"no worst price", OrderType::kStop, Side::kBuy, 1'050, 0, 0, kNoUnit,
       RejectReason::kBadTick},
      {"no offset", OrderType::kTrailingStop, Side::kSell, 0, 900, 0, TrailUnit::kTicks,
       RejectReason::kBadStopPrice},
      {"no unit", OrderType::kTrailingStop, Side::kSell, 0, 900, 5, kNoUnit,
       RejectReason::kBadStopPrice},
      {"all of the price", OrderType::kTrailingStop, Side::kSell, 0, 900, 10'000,
       TrailUnit::kBasisPoints, RejectReason::kBadStopPrice},
      {"good", OrderType::kTrailingStop, Side::kSell, 0, 900, 9'999, TrailUnit::kBasisPoints,
       RejectReason::kNone},
  };
  for (const BadStop& row : rows) {
    Send(venue.alice, row.side, row.price, 10, [&](NewOrderCommand& order) {
      order.type = row.type;
      order.stop_price = {row.stop};
      order.offset = row.offset;
      order.trail_unit = row.unit;
    });
    EXPECT_EQ(venue.reject_reason(), row.reason) << row.name;
  }
}

TEST_F(TriggersTest, ATrailingStopNeedsAPriceToMeasureFrom) {
  EXPECT_EQ(Trailing(venue.alice, Side::kSell, 5, 900, 10), OrderId{});
  EXPECT_EQ(venue.reject_reason(), RejectReason::kNoReferencePrice);
  Print(1'000);
  EXPECT_NE(Trailing(venue.alice, Side::kSell, 5, 900, 10), OrderId{});
  EXPECT_EQ(venue.FindEvent(EventType::kOrderAccepted)->accepted.stop_price.value, 995);
}

TEST_F(TriggersTest, SlippageIsMeasuredFromTheStopPrice) {
  Send(venue.alice, Side::kBuy, 0, 10, [](NewOrderCommand& order) {
    order.type = OrderType::kStop;
    order.stop_price = {1'050};
    order.slippage_ticks = 30;
  });
  EXPECT_EQ(venue.FindEvent(EventType::kOrderAccepted)->accepted.price.value, 1'080);
  EXPECT_EQ(venue.held(kAlice, kUsd), 1'080 * 10 * 10 + 21);
  Print(1'050);  // The best offer is 1,100.
  EXPECT_EQ(venue.EventTypes(), "Accepted Filled Filled Trade OrderTriggered Canceled BookTop");
  EXPECT_EQ(venue.held(kAlice, kUsd), 0);
}

TEST_F(TriggersTest, StopsFireInTheOrderInWhichTheirPricesAreReachedAndThenByAge) {
  const OrderId first = StopOrder(venue.alice, Side::kBuy, 1'040, 1'200, 1);
  const OrderId second = StopOrder(venue.alice, Side::kBuy, 1'050, 1'200, 1);
  const OrderId third = StopOrder(venue.alice, Side::kBuy, 1'040, 1'200, 1);
  Print(1'060);
  EXPECT_EQ(Triggered(), (Ids{Raw(first), Raw(third), Raw(second)}));
}

TEST_F(TriggersTest, BuyAndSellStopsFireFromTheSamePrint) {
  const OrderId sell = StopOrder(venue.alice, Side::kSell, 1'010, 800, 1);
  Print(1'020);
  const OrderId buy = StopOrder(venue.alice, Side::kBuy, 1'005 + 20, 1'200, 1);
  venue.Order(carol, Side::kSell, 1'000, 1);
  venue.Order(carol, Side::kSell, 1'030, 1);
  venue.Order(venue.bob, Side::kBuy, 1'030, 2);  // Prints at 1,000 and 1,030.
  EXPECT_EQ(Triggered(), (Ids{Raw(buy), Raw(sell)}));
}

TEST_F(TriggersTest, ATriggeredOrderTriggersOthersWithinTheSameCommand) {
  venue.Order(carol, Side::kSell, 1'060, 1);
  venue.Order(carol, Side::kSell, 1'070, 1);
  const OrderId first = StopOrder(venue.alice, Side::kBuy, 1'050, 1'200, 1);
  const OrderId second = StopOrder(venue.alice, Side::kBuy, 1'060, 1'200, 1);
  const OrderId third = StopOrder(venue.alice, Side::kBuy, 1'070, 1'200, 1);
  Print(1'050);
  EXPECT_EQ(Triggered(), (Ids{Raw(first), Raw(second), Raw(third)}));
  EXPECT_EQ(Orders(EventType::kTrade).size(), 4u);
}

TEST_F(TriggersTest, TheCascadeEndsWhenATriggeredOrderRests) {
  StopLimit(venue.alice, Side::kBuy, 1'050, 1'055, 1);
  const OrderId second = StopOrder(venue.alice, Side::kBuy, 1'056, 1'200, 1);
  Print(1'050);
  EXPECT_EQ(Triggered().size(), 1u);
  EXPECT_TRUE(IsOpen(second));
}

TEST_F(TriggersTest, AStopIntoAnEmptyMarketIsCanceledAndReleased) {
  venue.MassCancel(carol, MassCancelScope::kSession, MassCancelTrigger::kRequest);
  StopOrder(venue.alice, Side::kBuy, 1'050, 1'200, 10);
  Print(1'050);
  EXPECT_EQ(venue.EventTypes(), "Accepted Filled Filled Trade OrderTriggered Canceled BookTop");
  EXPECT_EQ(venue.FindEvent(EventType::kOrderCanceled)->canceled.reason,
            CancelReason::kImmediateOrCancel);
  EXPECT_EQ(venue.held(kAlice, kUsd), 0);
}

TEST_F(TriggersTest, ATrailingSellStopFollowsUpAndNeverDown) {
  Print(1'000);
  const OrderId trailing = Trailing(venue.alice, Side::kSell, 20, 800, 1);
  Print(1'030);
  const Event& restated = *venue.FindEvent(EventType::kOrderRestated);
  EXPECT_EQ(restated.restated.reason, RestateReason::kTrail);
  EXPECT_EQ(restated.restated.stop_price.value, 1'010);
  Print(1'015);
  EXPECT_EQ(venue.FindEvent(EventType::kOrderRestated), nullptr);
  Print(1'010);
  EXPECT_EQ(Triggered(), Ids{Raw(trailing)});
  EXPECT_EQ(venue.FindEvent(EventType::kOrderTriggered)->triggered.stop_price.value, 1'010);
}

TEST_F(TriggersTest, ATrailingBuyStopTightensItsWorstPriceAndGivesBackTheRest) {
  Print(1'000);
  Send(venue.alice, Side::kBuy, 0, 10, [](NewOrderCommand& order) {
    order.type = OrderType::kTrailingStop;
    order.offset = 100;  // 1 %.
    order.trail_unit = TrailUnit::kBasisPoints;
    order.slippage_ticks = 5;
  });
  EXPECT_EQ(venue.FindEvent(EventType::kOrderAccepted)->accepted.stop_price.value, 1'010);
  Print(950);
  EXPECT_EQ(venue.FindEvent(EventType::kOrderRestated)->restated.stop_price.value, 959);
  Print(959);
  EXPECT_EQ(venue.FindEvent(EventType::kOrderTriggered)->triggered.price.value, 964);
  EXPECT_EQ(venue.held(kAlice, kUsd), 0);
}

TEST_F(TriggersTest, ATrailingStopIsArmedAgainAfterEachMove) {
  Print(1'000);
  const OrderId trailing = Trailing(venue.alice, Side::kSell, 10, 800, 1);
  for (const int64_t price : {1'010, 1'020, 1'030}) {
    Print(price);
    ASSERT_EQ(Orders(EventType::kOrderRestated), Ids{Raw(trailing)}) << price;
  }
  Print(1'020);
  EXPECT_EQ(Triggered(), Ids{Raw(trailing)});
}

TEST_F(TriggersTest, BestPriceStopsLookAtWhatOthersBidAndOffer) {
  const OrderId buy = Send(venue.alice, Side::kBuy, 1'200, 1, [](NewOrderCommand& order) {
    order.type = OrderType::kStop;
    order.stop_price = {950};
    order.trigger = TriggerSource::kBestPrice;
  });
  ASSERT_NE(buy, OrderId{});
  Print(1'000);  // A trade is no best price.
  EXPECT_TRUE(Triggered().empty());
  venue.Order(carol, Side::kBuy, 949, 1);
  EXPECT_TRUE(Triggered().empty());
  venue.Order(carol, Side::kBuy, 950, 1);
  EXPECT_EQ(Triggered(), Ids{Raw(buy)});
}

TEST_F(TriggersTest, AStopOfADisabledAccountIsCanceledInsteadOfTriggered) {
  StopOrder(venue.alice, Side::kBuy, 1'050, 1'200, 1);
  venue.DefineAccount(kAlice, false);
  Print(1'060);
  EXPECT_TRUE(Triggered().empty());
  EXPECT_EQ(venue.FindEvent(EventType::kOrderCanceled)->canceled.reason, CancelReason::kVenue);
}

TEST_F(TriggersTest, ATriggeredStopIsHeldToItsSelfTradePrevention) {
  const struct {
    const char* name;
    SelfTradePrevention mode;
    CancelReason reason;
    std::size_t canceled;
  } rows[] = {
      {"newest", SelfTradePrevention::kCancelNewest, CancelReason::kSelfTradeNewest, 1},
      {"oldest", SelfTradePrevention::kCancelOldest, CancelReason::kSelfTradeOldest, 1},
      {"both", SelfTradePrevention::kCancelBoth, CancelReason::kSelfTradeBoth, 2},
      {"decrement", SelfTradePrevention::kDecrementAndCancel, CancelReason::kSelfTradeDecrement, 2},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    venue.Order(venue.alice, Side::kSell, 1'060, 10);
    Send(venue.alice, Side::kBuy, 1'200, 10, [&](NewOrderCommand& order) {
      order.type = OrderType::kStop;
      order.stop_price = {1'050};
      order.self_trade_prevention = row.mode;
    });
    Print(1'050);
    ASSERT_EQ(Triggered().size(), 1u);
    const std::vector<uint64_t> canceled = Orders(EventType::kOrderCanceled);
    ASSERT_EQ(canceled.size(), row.canceled);
    EXPECT_EQ(venue.FindEvent(EventType::kOrderCanceled)->canceled.reason, row.reason);
    venue.MassCancel(venue.alice, MassCancelScope::kAccount, MassCancelTrigger::kRequest);
    venue.Order(carol, Side::kSell, 1'010, 1);  // So that the next stop is not reached already.
    venue.Order(venue.bob, Side::kBuy, 1'010, 1);
    EXPECT_EQ(venue.held(kAlice, kUsd), 0);
    EXPECT_EQ(venue.held(kAlice, kBtc), 0);
  }
}

TEST_F(TriggersTest, MassCancelTakesStops) {
  StopOrder(venue.alice, Side::kBuy, 1'050, 1'200, 1);
  venue.MassCancel(venue.alice, MassCancelScope::kAccount, MassCancelTrigger::kRequest);
  EXPECT_EQ(venue.FindEvent(EventType::kMassCancelDone)->mass_cancel_done.canceled_count, 1u);
  EXPECT_EQ(venue.held(kAlice, kUsd), 0);
}

TEST_F(TriggersTest, AStopAndWhatBecameOfItExpire) {
  const auto gtd = [](int64_t time_ns) {
    return [time_ns](NewOrderCommand& order) {
      order.type = OrderType::kStopLimit;
      order.stop_price = {1'050};
      order.time_in_force = TimeInForce::kGtd;
      order.expire_time_ns = time_ns;
    };
  };
  const int64_t now = venue.time_ns;
  Send(venue.alice, Side::kBuy, 1'040, 1, gtd(now + 100));
  Send(venue.alice, Side::kBuy, 1'040, 1, gtd(now + 200));
  Command timer = MakeCommand(CommandType::kTimer);
  timer.timestamp_ns = now + 100;
  venue.time_ns = now + 100;
  venue.Send(timer);
  EXPECT_EQ(Orders(EventType::kOrderCanceled).size(), 1u);
  Print(1'050);
  EXPECT_EQ(Triggered().size(), 1u);
  timer.timestamp_ns = now + 200;
  venue.Send(timer);
  EXPECT_EQ(venue.FindEvent(EventType::kOrderCanceled)->canceled.reason, CancelReason::kExpired);
}

TEST_F(TriggersTest, AReplacedStopHasANewStopPriceAndItsPlaceBehindTheOthers) {
  const OrderId first = StopOrder(venue.alice, Side::kBuy, 1'040, 1'200, 1);
  const OrderId second = StopOrder(venue.alice, Side::kBuy, 1'050, 1'200, 1);
  Command command = venue.FromSession(venue.alice, CommandType::kReplaceOrder);
  command.replace_order = {.target = {.order_id = first, .client_order_id = {}},
                           .new_client_order_id = ClientOrderId{100},
                           .price = {1'200},
                           .quantity = {1},
                           .display_quantity = {},
                           .stop_price = {1'050}};
  venue.Send(command);
  EXPECT_EQ(venue.EventTypes(), "Replaced");
  Print(1'050);
  EXPECT_EQ(Triggered(), (Ids{Raw(second), Raw(first)}));
}

TEST_F(TriggersTest, NothingTriggersWhileTheInstrumentIsHalted) {
  const OrderId stop = StopLimit(venue.alice, Side::kBuy, 1'050, 1'040, 1);
  Command phase = MakeCommand(CommandType::kSetPhase);
  phase.instrument = kBtcUsd;
  phase.set_phase.phase = TradingPhase::kOpeningAuction;
  venue.Send(phase);
  venue.Order(carol, Side::kSell, 1'060, 1);
  venue.Order(venue.bob, Side::kBuy, 1'060, 1);
  EXPECT_TRUE(Triggered().empty());
  phase.set_phase.phase = TradingPhase::kContinuous;
  venue.Send(phase);  // The auction trades, then the stop is due.
  EXPECT_EQ(Triggered(), Ids{Raw(stop)});
}

class BoundedTriggersTest : public TriggersTest {
 protected:
  BoundedTriggersTest() : TriggersTest(Limits()) {}
  static CoreLimits Limits() {
    CoreLimits limits = SmallLimits();
    limits.cascade_steps_max = 2;
    limits.pegged_orders_per_instrument = 3;
    return limits;
  }
};

TEST_F(BoundedTriggersTest, WhatIsLeftOfACascadeGoesFirstInTheNextCommand) {
  std::vector<OrderId> stops;
  for (int i = 0; i < 5; ++i) {
    stops.push_back(StopOrder(venue.alice, Side::kBuy, 1'050, 1'200, 1));
  }
  Print(1'050);
  EXPECT_EQ(Triggered(), (Ids{Raw(stops[0]), Raw(stops[1])}));
  // Reached, though not triggered yet.
  EXPECT_EQ(StopOrder(venue.alice, Side::kBuy, 1'049, 1'200, 1), OrderId{});
  EXPECT_EQ(Triggered(), (Ids{Raw(stops[2]), Raw(stops[3])}));
  EXPECT_EQ(venue.events.front().type, EventType::kOrderTriggered);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kBadStopPrice);
  venue.Cancel(venue.alice, stops[4]);
  EXPECT_EQ(Triggered(), Ids{Raw(stops[4])});
  EXPECT_EQ(venue.reject_reason(), RejectReason::kUnknownOrder);
}

TEST_F(BoundedTriggersTest, OnlySoManyOrdersTrail) {
  Print(1'000);
  for (int i = 0; i < 3; ++i) {
    EXPECT_NE(Trailing(venue.alice, Side::kSell, 20, 800, 1), OrderId{});
  }
  EXPECT_EQ(Trailing(venue.alice, Side::kSell, 20, 800, 1), OrderId{});
  EXPECT_EQ(venue.reject_reason(), RejectReason::kCapacity);
  Print(980);
  EXPECT_EQ(Triggered().size(), 2u);
  EXPECT_NE(Trailing(venue.alice, Side::kSell, 20, 800, 1), OrderId{});
}

}  // namespace
}  // namespace tally
