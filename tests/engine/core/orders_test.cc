// Order attributes and times in force, end to end: events, holds, books.

#include <functional>

#include <gtest/gtest.h>

#include "tests/engine/core/test_venue.h"

namespace tally {
namespace {

class OrdersTest : public ::testing::Test {
 protected:
  OrdersTest() { venue.SetUp(); }

  using Change = std::function<void(NewOrderCommand&)>;

  // The id of the order, 0 if it was rejected.
  OrderId Send(SessionIndex session, Side side, int64_t price, int64_t quantity,
               const Change& change) {
    Command command = venue.OrderCommand(session, side, price, quantity);
    change(command.new_order);
    venue.Send(command);
    const Event* const accepted = venue.FindEvent(EventType::kOrderAccepted);
    return accepted == nullptr ? OrderId{} : accepted->order_id;
  }

  void Timer(int64_t time_ns) {
    Command command = MakeCommand(CommandType::kTimer);
    command.timestamp_ns = time_ns;
    venue.time_ns = time_ns;
    venue.Send(command);
  }

  OrderId Gtd(int64_t price, int64_t expire_time_ns) {
    return Send(venue.alice, Side::kBuy, price, 10, [&](NewOrderCommand& order) {
      order.time_in_force = TimeInForce::kGtd;
      order.expire_time_ns = expire_time_ns;
    });
  }

  TestVenue venue;
};

TEST_F(OrdersTest, AcceptanceSaysEveryAttribute) {
  Send(venue.alice, Side::kBuy, 1'000, 10, [](NewOrderCommand& order) {
    order.time_in_force = TimeInForce::kDay;
    order.display_quantity = {4};
    order.algorithm_id = 99;
    order.self_trade_prevention = SelfTradePrevention::kCancelBoth;
  });
  const OrderAcceptedEvent& accepted = venue.FindEvent(EventType::kOrderAccepted)->accepted;
  EXPECT_EQ(accepted.time_in_force, TimeInForce::kDay);
  EXPECT_EQ(accepted.display_quantity.value, 4);
  EXPECT_EQ(accepted.algorithm_id, 99u);
  EXPECT_EQ(accepted.self_trade_prevention, SelfTradePrevention::kCancelBoth);
  EXPECT_EQ(venue.core.book_top(kBtcUsd).bid_quantity.value, 4);
}

TEST_F(OrdersTest, IcebergShowsItsNextPartAtTheEndOfTheQueue) {
  const OrderId iceberg = Send(venue.alice, Side::kSell, 1'000, 10,
                               [](NewOrderCommand& order) { order.display_quantity = {4}; });
  const OrderId plain = venue.Order(venue.alice, Side::kSell, 1'000, 5);
  venue.Order(venue.bob, Side::kBuy, 1'000, 4);
  EXPECT_EQ(venue.EventTypes(), "Accepted Filled Filled Trade OrderRestated");
  const Event& restated = *venue.FindEvent(EventType::kOrderRestated);
  EXPECT_EQ(restated.order_id, iceberg);
  EXPECT_EQ(restated.restated.reason, RestateReason::kRefresh);
  EXPECT_EQ(restated.restated.leaves.value, 6);
  EXPECT_EQ(restated.restated.displayed.value, 4);
  EXPECT_EQ(restated.client_sequence, 0u);
  venue.Order(venue.bob, Side::kBuy, 1'000, 1);
  EXPECT_EQ(venue.FindEvent(EventType::kOrderFilled)->order_id, plain);
  // Executed and resting add up to what was submitted.
  venue.Order(venue.bob, Side::kBuy, 1'000, 10);
  EXPECT_EQ(venue.core.open_order_count(), 0u);
  EXPECT_EQ(venue.held(kAlice, kBtc), 0);
}

TEST_F(OrdersTest, AggressiveIcebergRestsWithWhatItDidNotExecute) {
  venue.Order(venue.bob, Side::kSell, 1'000, 3);
  Send(venue.alice, Side::kBuy, 1'000, 10,
       [](NewOrderCommand& order) { order.display_quantity = {4}; });
  EXPECT_EQ(venue.core.book_top(kBtcUsd).bid_quantity.value, 4);
  EXPECT_EQ(venue.held(kAlice, kUsd), 7 * 1'000 * 10 + 14);
}

TEST_F(OrdersTest, MinimumQuantityIsFilledOnEntryOrNothingIs) {
  venue.Order(venue.bob, Side::kSell, 1'000, 3);
  const Change at_least_4 = [](NewOrderCommand& order) { order.min_quantity = {4}; };
  EXPECT_EQ(Send(venue.alice, Side::kBuy, 1'000, 10, at_least_4), OrderId{});
  EXPECT_EQ(venue.reject_reason(), RejectReason::kMinQuantityUnfillable);
  venue.Order(venue.bob, Side::kSell, 1'000, 1);
  EXPECT_NE(Send(venue.alice, Side::kBuy, 1'000, 10, at_least_4), OrderId{});
  EXPECT_EQ(venue.core.book_top(kBtcUsd).bid_quantity.value, 6);
}

TEST_F(OrdersTest, SlidingPostOnlyOrderHoldsWhatItsPriceInTheBookNeeds) {
  venue.Order(venue.bob, Side::kSell, 1'000, 3);
  Send(venue.alice, Side::kBuy, 1'005, 10,
       [](NewOrderCommand& order) { order.flags = kOrderFlagPostOnly | kOrderFlagSlide; });
  EXPECT_EQ(venue.EventTypes(), "Accepted OrderRestated BookTop");
  const OrderRestatedEvent& restated = venue.FindEvent(EventType::kOrderRestated)->restated;
  EXPECT_EQ(restated.reason, RestateReason::kSlide);
  EXPECT_EQ(restated.price.value, 999);
  EXPECT_EQ(restated.displayed.value, 10);
  EXPECT_EQ(venue.core.book_top(kBtcUsd).bid_price.value, 999);
  EXPECT_EQ(venue.held(kAlice, kUsd), 999 * 10 * 10 + 19);
}

TEST_F(OrdersTest, NoOrderSlidesBeyondThePricesOfTheInstrument) {
  DefineInstrumentCommand terms = BtcUsdTerms();
  terms.price_max = {1'000};
  venue.DefineInstrument(kBtcUsd, terms);
  const Change slides = [](NewOrderCommand& order) {
    order.flags = kOrderFlagPostOnly | kOrderFlagSlide;
  };
  venue.Order(venue.bob, Side::kBuy, 1'000, 3);
  EXPECT_EQ(Send(venue.alice, Side::kSell, 990, 3, slides), OrderId{});
  EXPECT_EQ(venue.reject_reason(), RejectReason::kPostOnlyWouldCross);
}

TEST_F(OrdersTest, SlippageIsMeasuredFromTheBestPriceOfTheOtherSide) {
  const Change slips = [](NewOrderCommand& order) {
    order.type = OrderType::kMarket;
    order.time_in_force = TimeInForce::kIoc;
    order.slippage_ticks = 5;
  };
  EXPECT_EQ(Send(venue.alice, Side::kBuy, 0, 10, slips), OrderId{});
  EXPECT_EQ(venue.reject_reason(), RejectReason::kNoReferencePrice);
  EXPECT_EQ(Send(venue.alice, Side::kBuy, 0, 0, slips), OrderId{});
  EXPECT_EQ(venue.reject_reason(), RejectReason::kBadLot);
  venue.Order(venue.bob, Side::kSell, 1'000, 3);
  venue.Order(venue.bob, Side::kSell, 1'005, 3);
  venue.Order(venue.bob, Side::kSell, 1'006, 3);
  Send(venue.alice, Side::kBuy, 0, 10, slips);
  EXPECT_EQ(venue.FindEvent(EventType::kOrderAccepted)->accepted.price.value, 1'005);
  EXPECT_EQ(venue.FindEvent(EventType::kOrderCanceled)->canceled.canceled.value, 4);
  EXPECT_EQ(venue.core.book_top(kBtcUsd).ask_price.value, 1'006);
  // Never beyond the prices of the instrument.
  venue.Order(venue.bob, Side::kBuy, 3, 10);
  Send(venue.alice, Side::kSell, 0, 10, slips);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kNone);
  EXPECT_EQ(venue.FindEvent(EventType::kOrderAccepted)->accepted.price.value, 1);
}

TEST_F(OrdersTest, GtdOrdersExpireByTheTimerTheEarliestFirst) {
  EXPECT_EQ(venue.core.next_deadline_ns(), 0);
  const OrderId late = Gtd(1'000, 10'000);
  const OrderId early = Gtd(999, 5'000);
  const OrderId tie = Gtd(1'001, 5'000);
  EXPECT_EQ(venue.core.next_deadline_ns(), 5'000);
  Timer(4'999);
  EXPECT_EQ(venue.EventTypes(), "");
  Timer(5'000);
  EXPECT_EQ(venue.EventTypes(), "Canceled Canceled BookTop");
  EXPECT_EQ(venue.events[0].order_id, early);
  EXPECT_EQ(venue.events[1].order_id, tie);
  EXPECT_EQ(venue.events[0].canceled.reason, CancelReason::kExpired);
  EXPECT_EQ(venue.events[0].client_sequence, 0u);
  venue.Cancel(venue.alice, late);
  EXPECT_EQ(venue.core.next_deadline_ns(), 0);
  Timer(20'000);
  EXPECT_EQ(venue.EventTypes(), "");  // A canceled GTD order leaves nothing behind.
  EXPECT_EQ(venue.held(kAlice, kUsd), 0);
}

TEST_F(OrdersTest, GtdOrderThatWasExpiredAtSubmissionIsRejected) {
  venue.time_ns = 5'000;
  EXPECT_EQ(Gtd(1'000, 5'001), OrderId{});  // The time of this very command.
  EXPECT_EQ(venue.reject_reason(), RejectReason::kBadExpireTime);
  EXPECT_NE(Gtd(1'000, 5'003), OrderId{});
}

TEST_F(OrdersTest, ReplaceKeepsTheScheduleOfAGtdOrder) {
  const OrderId order = Gtd(1'000, 5'000);
  venue.Replace(venue.alice, order, 1'001, 20);
  Timer(5'000);
  EXPECT_EQ(venue.FindEvent(EventType::kOrderCanceled)->order_id, order);
  EXPECT_EQ(venue.FindEvent(EventType::kOrderCanceled)->canceled.canceled.value, 20);
}

TEST_F(OrdersTest, FilledGtdOrderDoesNotExpire) {
  Gtd(1'000, 5'000);
  venue.Order(venue.bob, Side::kSell, 1'000, 10);
  EXPECT_EQ(venue.core.next_deadline_ns(), 0);
  Timer(5'000);
  EXPECT_EQ(venue.EventTypes(), "");
}

TEST_F(OrdersTest, CanceledGtdOrderDoesNotExpireAgain) {
  const OrderId order = Gtd(1'000, 50'000);
  venue.Cancel(venue.alice, order);
  EXPECT_EQ(venue.core.next_deadline_ns(), 0);
  Timer(50'000);
  EXPECT_EQ(venue.EventTypes(), "");
}

TEST_F(OrdersTest, DayStopsEndWithTheDay) {
  const OrderId stop = Send(venue.alice, Side::kBuy, 1'200, 10, [](NewOrderCommand& order) {
    order.type = OrderType::kStop;
    order.stop_price = {1'100};
    order.time_in_force = TimeInForce::kDay;
  });
  ASSERT_NE(stop, OrderId{});
  Command close = MakeCommand(CommandType::kSetPhase);
  close.instrument = kBtcUsd;
  close.set_phase.phase = TradingPhase::kClosed;
  venue.Send(close);
  ASSERT_NE(venue.FindEvent(EventType::kOrderCanceled), nullptr);
  EXPECT_EQ(venue.FindEvent(EventType::kOrderCanceled)->order_id, stop);
  EXPECT_EQ(venue.FindEvent(EventType::kOrderCanceled)->canceled.reason, CancelReason::kEndOfDay);
  EXPECT_EQ(venue.held(kAlice, kUsd), 0);
}

TEST_F(OrdersTest, AtTheCloseOrderWaitsOutsideTheBook) {
  const Change at_the_close = [](NewOrderCommand& order) {
    order.time_in_force = TimeInForce::kAtTheClose;
  };
  venue.Order(venue.bob, Side::kSell, 1'000, 10);
  const OrderId order = Send(venue.alice, Side::kBuy, 1'000, 10, at_the_close);
  EXPECT_EQ(venue.EventTypes(), "Accepted");
  EXPECT_EQ(venue.core.open_order_count(), 2u);
  EXPECT_EQ(venue.held(kAlice, kUsd), 1'000 * 10 * 10 + 20);
  venue.Cancel(venue.alice, order);
  EXPECT_EQ(venue.EventTypes(), "Canceled");
  EXPECT_EQ(venue.held(kAlice, kUsd), 0);
  Send(venue.alice, Side::kBuy, 1'000, 10, at_the_close);
  venue.MassCancel(venue.alice, MassCancelScope::kSession, MassCancelTrigger::kRequest);
  EXPECT_EQ(venue.EventTypes(), "Canceled MassCancelDone");
}

TEST_F(OrdersTest, AtTheOpenOrderHasNoPlaceInContinuousTrading) {
  Send(venue.alice, Side::kBuy, 1'000, 10,
       [](NewOrderCommand& order) { order.time_in_force = TimeInForce::kAtTheOpen; });
  EXPECT_EQ(venue.reject_reason(), RejectReason::kPhaseForbids);
}

TEST_F(OrdersTest, AccountsOfOneOwnerGroupDoNotTradeWithEachOther) {
  for (const AccountId account : {kAlice, kBob}) {
    Command command = MakeCommand(CommandType::kDefineAccount);
    command.account = account;
    command.define_account.owner[0] = static_cast<uint8_t>(Raw(account));
    command.define_account.enabled = 1;
    command.define_account.owner_group = 3;
    venue.Send(command);
  }
  venue.Order(venue.alice, Side::kSell, 1'000, 10);
  venue.Order(venue.bob, Side::kBuy, 1'000, 4,
              {.self_trade_prevention = SelfTradePrevention::kCancelNewest});
  EXPECT_EQ(venue.EventTypes(), "Accepted Canceled");
  venue.Order(venue.bob, Side::kBuy, 1'000, 4);
  EXPECT_EQ(venue.EventTypes(), "Accepted Filled Filled Trade BookTop");
}

}  // namespace
}  // namespace tally
