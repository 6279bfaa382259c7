// kReplaceOrder: what keeps the place in the queue, what a refused one leaves, orders of each kind.

#include <functional>

#include <gtest/gtest.h>

#include "tests/engine/core/phase_venue.h"

namespace tally {
namespace {

class ReplaceTest : public ::testing::Test, protected PhaseVenue {
 protected:
  ReplaceTest() { DefineRules({.flags = kRulesFlagHidden | kRulesFlagBookDelta}); }

  OrderId Send(int64_t price, int64_t quantity,
               const std::function<void(NewOrderCommand&)>& change) {
    Command command = venue.OrderCommand(venue.alice, Side::kBuy, price, quantity);
    change(command.new_order);
    venue.Send(command);
    const Event* const accepted = venue.FindEvent(EventType::kOrderAccepted);
    return accepted == nullptr ? OrderId{} : accepted->order_id;
  }

  Command Replacement(OrderId order, int64_t price, int64_t quantity) {
    Command command = venue.FromSession(venue.alice, CommandType::kReplaceOrder);
    command.replace_order.target.order_id = order;
    command.replace_order.new_client_order_id =
        ClientOrderId{Raw(venue.core.session(venue.alice)->last_client_order_id) + 1};
    command.replace_order.price = {price};
    command.replace_order.quantity = {quantity};
    return command;
  }
};

TEST_F(ReplaceTest, OnlyLessAtTheSamePriceKeepsThePlace) {
  struct Case {
    const char* what;
    int64_t price;
    int64_t quantity;
    bool kept;
    const char* actions;  // Of the deltas.
  };
  constexpr Case kCases[] = {{"less", 1'000, 9, true, "2"},
                             {"the same", 1'000, 10, true, ""},
                             {"more", 1'000, 11, false, "31"},
                             {"another price", 999, 10, false, "31"},
                             {"a better price", 1'001, 5, false, "31"}};
  for (const Case& row : kCases) {
    SCOPED_TRACE(row.what);
    const OrderId order = Buy(1'000, 10);
    venue.Replace(venue.alice, order, row.price, row.quantity);
    EXPECT_EQ(venue.FindEvent(EventType::kOrderReplaced)->replaced.kept_priority, row.kept ? 1 : 0);
    std::string actions;
    for (const Event& event : venue.events) {
      if (event.type == EventType::kBookDelta) {
        actions += static_cast<char>('0' + Raw(event.book_delta.action));
      }
    }
    EXPECT_EQ(actions, row.actions);
    venue.Cancel(venue.alice, order);
  }
}

TEST_F(ReplaceTest, PartlyFilledOrderCountsWhatIsExecuted) {
  const OrderId order = Buy(1'000, 10);
  const OrderId behind = Buy(1'000, 10);
  Sell(1'000, 4);
  venue.Replace(venue.alice, order, 1'000, 4);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kBelowFilled);
  venue.Replace(venue.alice, order, 1'000, 7);
  EXPECT_EQ(venue.FindEvent(EventType::kOrderReplaced)->replaced.leaves.value, 3);
  Sell(1'000, 4);
  EXPECT_EQ(venue.events[1].order_id, order);  // 3 of it, in its place.
  EXPECT_EQ(venue.FindEvent(EventType::kOrderFilled)->filled.quantity.value, 3);
  venue.Cancel(venue.alice, behind);
}

TEST_F(ReplaceTest, RefusedReplaceLeavesTheOrderAsItWas) {
  const OrderId order = Buy(1'000, 10, {.flags = kOrderFlagPostOnly});
  Sell(1'010, 10);
  const int64_t held = venue.held(kAlice, kUsd);
  struct Case {
    int64_t price;
    int64_t quantity;
    int64_t display;
    int64_t stop;
    RejectReason reason;
  };
  constexpr Case kCases[] = {{1'000, 10, 5, 0, RejectReason::kBadDisplayQuantity},
                             {1'000, 10, 0, 900, RejectReason::kBadStopPrice},
                             {0, 10, 0, 0, RejectReason::kBadTick},
                             {1'000, 0, 0, 0, RejectReason::kBadLot},
                             {1'000'000, 10'000, 0, 0, RejectReason::kMaxNotional},
                             {INT64_MAX, INT64_MAX, 0, 0, RejectReason::kBadTick},
                             {1'005, 10'000, 0, 0, RejectReason::kNone},  // Enough money for that.
                             {1'010, 10, 0, 0, RejectReason::kPostOnlyWouldCross}};
  for (const Case& row : kCases) {
    Command command = Replacement(order, row.price, row.quantity);
    command.replace_order.display_quantity = {row.display};
    command.replace_order.stop_price = {row.stop};
    venue.Send(command);
    EXPECT_EQ(RejectReasonName(venue.reject_reason()), RejectReasonName(row.reason));
    if (row.reason == RejectReason::kNone) {
      venue.Replace(venue.alice, order, 1'000, 10);
    }
    EXPECT_EQ(venue.held(kAlice, kUsd), held);
    EXPECT_EQ(venue.core.book_top(kBtcUsd).bid_price.value, 1'000);
    EXPECT_EQ(venue.core.book_top(kBtcUsd).bid_quantity.value, 10);
  }
}

TEST_F(ReplaceTest, IcebergMayShowMoreOrLess) {
  const OrderId order = Send(1'000, 20, [](NewOrderCommand& o) { o.display_quantity = {5}; });
  Command less = Replacement(order, 1'000, 20);
  less.replace_order.display_quantity = {2};
  venue.Send(less);
  EXPECT_EQ(venue.FindEvent(EventType::kOrderReplaced)->replaced.kept_priority, 1);
  EXPECT_EQ(venue.core.book_top(kBtcUsd).bid_quantity.value, 2);
  Command more = Replacement(order, 1'000, 20);
  more.replace_order.display_quantity = {7};
  venue.Send(more);
  EXPECT_EQ(venue.FindEvent(EventType::kOrderReplaced)->replaced.kept_priority, 0);
  EXPECT_EQ(venue.core.book_top(kBtcUsd).bid_quantity.value, 7);
  Command beyond = Replacement(order, 1'000, 20);
  beyond.replace_order.display_quantity = {21};
  venue.Send(beyond);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kBadDisplayQuantity);
}

TEST_F(ReplaceTest, HiddenOrderStaysHidden) {
  const OrderId order = Send(1'000, 20, [](NewOrderCommand& o) { o.flags = kOrderFlagHidden; });
  EXPECT_EQ(venue.EventTypes(), "Accepted");
  venue.Replace(venue.alice, order, 1'001, 30);
  EXPECT_EQ(venue.EventTypes(), "Replaced");
  Sell(1'001, 30);
  EXPECT_EQ(Trades(), "30@1001");
  EXPECT_EQ(venue.FindEvent(EventType::kBookDelta), nullptr);
}

TEST_F(ReplaceTest, DormantOrderGetsItsTermsWhereItWaits) {
  Sell(1'000, 5);
  const OrderId order =
      Send(900, 20, [](NewOrderCommand& o) { o.time_in_force = TimeInForce::kAtTheClose; });
  venue.Replace(venue.alice, order, 1'000, 10);  // Would trade if it were in the book.
  EXPECT_EQ(venue.EventTypes(), "Replaced");
  EXPECT_EQ(venue.held(kAlice, kUsd), 1'000 * 10 * 10 + 20);
  SetPhase(TradingPhase::kClosingAuction);
  SetPhase(TradingPhase::kClosed);
  EXPECT_EQ(Trades(), "5@1000");
  EXPECT_EQ(venue.FindEvent(EventType::kOrderCanceled)->canceled.reason,
            CancelReason::kAuctionOnly);
  EXPECT_EQ(venue.held(kAlice, kUsd), 0);
}

TEST_F(ReplaceTest, SameClientOrderIdOfTwoSessionsNamesTwoOrders) {
  const OrderId of_alice = Buy(1'000, 10, {.client_order_id = 50});
  const OrderId of_bob = Sell(1'100, 10, {.client_order_id = 50});
  Command command = Replacement(OrderId{}, 1'000, 5);
  command.replace_order.target.client_order_id = ClientOrderId{50};
  venue.Send(command);
  EXPECT_EQ(venue.FindEvent(EventType::kOrderReplaced)->order_id, of_alice);
  venue.Replace(venue.alice, of_bob, 1'100, 5);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kUnknownOrder);
}

TEST_F(ReplaceTest, SlidOrderSlidesAgain) {
  Sell(1'000, 5);
  const OrderId order =
      Send(1'005, 10, [](NewOrderCommand& o) { o.flags = kOrderFlagPostOnly | kOrderFlagSlide; });
  venue.Replace(venue.alice, order, 1'002, 12);
  EXPECT_EQ(venue.EventTypes(), "Replaced BookDelta OrderRestated BookDelta BookTop");
  EXPECT_EQ(venue.core.book_top(kBtcUsd).bid_price.value, 999);
  EXPECT_EQ(venue.held(kAlice, kUsd), 999 * 12 * 10 + 23);
}

TEST_F(ReplaceTest, DarkOrdersTradeAfterDisplayedOnesOfTheirPrice) {
  const OrderId hidden = Send(1'000, 5, [](NewOrderCommand& o) { o.flags = kOrderFlagHidden; });
  const OrderId displayed = Buy(1'000, 5);
  Sell(1'000, 5);
  EXPECT_EQ(venue.FindEvent(EventType::kOrderFilled)->order_id, displayed);
  const OrderId all = Send(1'000, 10, [](NewOrderCommand& o) { o.flags = kOrderFlagAllOrNone; });
  Sell(1'000, 6);  // Passes over the all-or-none order after the hidden one.
  EXPECT_EQ(Trades(), "5@1000");
  EXPECT_EQ(venue.FindEvent(EventType::kOrderFilled)->order_id, hidden);
  EXPECT_EQ(venue.core.open_order_count(), 2u);
  venue.Cancel(venue.alice, all);
}

}  // namespace
}  // namespace tally
