#pragma once

// The matching of OrderBook where icebergs or dark orders take part; included by order_book.h
// alone. It does all that the plain path does, so either order may be a plain one.

#include <algorithm>

#include "base/assert.h"
#include "engine/book/order_book.h"

namespace tally {

template <BookListener Listener>
inline BookResult OrderBook::Enter(OrderHandle handle, const IncomingOrder& order,
                                   Listener& listener) {
  CHECK(order.price.value >= 0 && order.price.value <= kMaxPriceTicks);
  CHECK(order.quantity.value > 0 && order.quantity.value <= kMaxQuantityLots);
  CHECK(pool_->Contains(handle) && pool_->place(handle) == OrderPlace::kDormant);
  CHECK(pool_->id(handle) == order.id && pool_->side(handle) == order.side);
  return EnterSpecial(handle, order, listener);
}

template <BookListener Listener>
BookResult OrderBook::Execute(OrderHandle handle, Listener& listener) {
  CHECK(pool_->Contains(handle) && pool_->place(handle) == OrderPlace::kDark);
  const IncomingOrder order = AsIncoming(Raw(handle));
  Park(handle);
  const BookResult result = EnterSpecial(handle, order, listener);
  CHECK(result.outcome == BookOutcome::kFilled);
  return result;
}

// Of an order without a handle, which is a new one, or of one that is in no ladder.
template <typename Listener>
BookResult OrderBook::EnterSpecial(OrderHandle handle, const IncomingOrder& order,
                                   Listener& listener) {
  const RejectReason reason = CheckSpecial(order, handle);
  if (reason != RejectReason::kNone) {
    return {BookOutcome::kRejected, reason, kNoOrder, {}};
  }
  if (handle == kNoOrder) {
    listener.OnAccepted(order);
  } else if constexpr (requires { listener.OnEntered(handle, order); }) {
    listener.OnEntered(handle, order);
  }
  return MatchAndRest(handle, order, *EntryPrice(order), listener);
}

// The common end of Submit, Enter and Replace: the order was accepted, at `price`.
template <typename Listener>
BookResult OrderBook::MatchAndRest(OrderHandle handle, const IncomingOrder& order, PriceTicks price,
                                   Listener& listener) {
  if constexpr (requires { listener.OnSlid(price); }) {
    if (price != order.price) {
      listener.OnSlid(price);
    }
  }
  Taker taker = TakerOf(handle, order, price);
  // A post-only order may stand across dark orders now. It takes nothing all the same.
  if (!order.post_only && (!order.all_or_none || WouldTrade(taker, taker.leaves))) {
    MatchSpecial(taker, listener);
  }
  const bool stopped = StopAtCollar(taker, order, price);
  if (taker.leaves > 0 && MayRest(order)) {
    const uint32_t slot = handle == kNoOrder ? NewOrder(order, taker.leaves) : Raw(handle);
    Rest(slot, order, price, taker.leaves);
    return {BookOutcome::kResting, RejectReason::kNone, OrderHandle{slot}, {taker.leaves}};
  }
  if (taker.leaves > 0) {
    listener.OnTakerCanceled(Cancellation{
        .order = handle,
        .canceled = {taker.leaves},
        .leaves = {0},
        .reason = stopped ? CancelReason::kPriceBand : CancelReason::kImmediateOrCancel});
    taker.canceled = true;
  }
  if (handle != kNoOrder) {
    Free(Raw(handle));
  }
  return {taker.canceled ? BookOutcome::kCanceled : BookOutcome::kFilled,
          RejectReason::kNone,
          kNoOrder,
          {}};
}

template <typename Listener>
void OrderBook::MatchSpecial(Taker& taker, Listener& listener) {
  uint32_t dark = FirstDark(1 - taker.side);
  while (taker.leaves > 0) {
    const uint32_t maker_slot = NextMaker(taker, &dark);
    if (maker_slot == internal::kNilSlot) {
      return;
    }
    // If the taker goes on after a dark order, that order is gone.
    if (maker_slot == dark) {
      dark = NextDark(maker_slot);
    }
    if (pool_->orders_[maker_slot].owner == taker.owner &&
        taker.self_trade_prevention != SelfTradePrevention::kNone) {
      PreventSelfTrade(maker_slot, taker, listener);
    } else {
      TradeSpecial(maker_slot, taker, listener);
    }
  }
}

template <typename Listener>
void OrderBook::TradeSpecial(uint32_t maker_slot, Taker& taker, Listener& listener) {
  Order& maker = pool_->orders_[maker_slot];
  Level& level = pool_->ladders_.levels[maker.level];
  const int64_t quantity = std::min(taker.leaves, maker.leaves);
  taker.leaves -= quantity;
  maker.leaves -= quantity;
  level.quantity -= static_cast<uint64_t>(quantity);
  const int64_t maker_leaves = TotalLeaves(maker_slot);
  listener.OnFill(Fill{.maker = OrderHandle{maker_slot},
                       .price = {PriceOf(1 - taker.side, level.key)},
                       .quantity = {quantity},
                       .maker_leaves = {maker_leaves},
                       .taker_leaves = {taker.leaves}});
  if (maker_leaves == 0) {
    TakeOut(maker_slot);
    Free(maker_slot);
  } else if (maker.leaves == 0) {
    ShowNextPart(maker_slot);
    if constexpr (requires(const Refresh& refresh) { listener.OnRefreshed(refresh); }) {
      listener.OnRefreshed(Refresh{
          .order = OrderHandle{maker_slot}, .displayed = {maker.leaves}, .leaves = {maker_leaves}});
    }
  }
}

template <typename Listener>
BookResult OrderBook::ReplaceSpecial(uint32_t slot, const ReplaceTerms& terms, Listener& listener) {
  const OrderHandle handle{slot};
  const OrderView before = pool_->View(handle);
  IncomingOrder order = AsIncoming(slot);
  order.price = terms.price;
  order.quantity = terms.leaves;
  if (terms.display_quantity.value != 0) {
    order.display_quantity = terms.display_quantity;
  }
  if (const RejectReason reason = CheckReplace(before, order); reason != RejectReason::kNone) {
    return {BookOutcome::kRejected, reason, kNoOrder, {}};
  }
  if (KeepsPlace(before, order)) {
    AmendInPlace(slot, order);
    listener.OnReplaced(Replacement{handle, terms.price, terms.leaves, true});
    return {BookOutcome::kResting, RejectReason::kNone, handle, terms.leaves};
  }
  const PriceTicks price = *EntryPrice(order);
  Park(handle);
  listener.OnReplaced(Replacement{handle, terms.price, terms.leaves, false});
  return MatchAndRest(handle, order, price, listener);
}

}  // namespace tally
