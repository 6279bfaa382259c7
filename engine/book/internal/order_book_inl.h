#pragma once

// The matching of OrderBook; included by order_book.h alone.

#include <algorithm>

#include "base/assert.h"
#include "engine/book/order_book.h"

namespace tally {

template <Side kSide>
inline auto& OrderBook::ladder() {
  if constexpr (kSide == Side::kBuy) {
    return bids_;
  } else {
    return asks_;
  }
}

template <Side kSide>
inline const auto& OrderBook::ladder() const {
  if constexpr (kSide == Side::kBuy) {
    return bids_;
  } else {
    return asks_;
  }
}

template <BookListener Listener>
inline BookResult OrderBook::Submit(const IncomingOrder& order, Listener& listener) {
  CHECK(order.price.value >= 0 && order.price.value <= kMaxPriceTicks);
  CHECK(order.quantity.value > 0 && order.quantity.value <= kMaxQuantityLots);
  return order.side == Side::kBuy ? SubmitOn<Side::kBuy>(order, listener)
                                  : SubmitOn<Side::kSell>(order, listener);
}

template <Side kSide, typename Listener>
inline BookResult OrderBook::SubmitOn(const IncomingOrder& order, Listener& listener) {
  const RejectReason reason = CheckSubmit<kSide>(order);
  if (reason != RejectReason::kNone) [[unlikely]] {
    return {BookOutcome::kRejected, reason, kNoOrder, {}};
  }
  listener.OnAccepted(order);
  Taker taker{.handle = kNoOrder,
              .owner = order.owner,
              .self_trade_prevention = order.self_trade_prevention,
              .limit = order.price.value,
              .leaves = order.quantity.value,
              .canceled = false};
  Match<kSide>(taker, listener);
  if (taker.canceled) {
    return {BookOutcome::kCanceled, RejectReason::kNone, kNoOrder, {}};
  }
  if (taker.leaves == 0) {
    return {BookOutcome::kFilled, RejectReason::kNone, kNoOrder, {}};
  }
  if (!MayRest(order)) {
    listener.OnTakerCanceled(Cancellation{.order = kNoOrder,
                                          .canceled = {taker.leaves},
                                          .leaves = {0},
                                          .reason = CancelReason::kImmediateOrCancel});
    return {BookOutcome::kCanceled, RejectReason::kNone, kNoOrder, {}};
  }
  const uint32_t slot = pool_->orders_.Acquire();
  pool_->orders_[slot] = {
      .id = order.id,
      .leaves = taker.leaves,
      .next = internal::kNilSlot,
      .previous = internal::kNilSlot,
      .owner = order.owner,
      .level = 0,
      .self_trade_prevention = static_cast<uint32_t>(order.self_trade_prevention) & 7U,
      .is_sell = kSide == Side::kSell,
      .is_post_only = order.post_only};
  if (pool_->index_ != nullptr) {
    pool_->index_->Insert(order.id, slot);
  }
  Link<kSide>(slot, order.price.value);
  return {BookOutcome::kResting, RejectReason::kNone, OrderHandle{slot}, {taker.leaves}};
}

template <Side kSide>
inline RejectReason OrderBook::CheckSubmit(const IncomingOrder& order) const {
  if (order.post_only) {
    if (!MayRest(order)) {
      return RejectReason::kUnsupported;
    }
    if (Crosses<kSide>(order.price.value)) {
      return RejectReason::kPostOnlyWouldCross;
    }
  }
  if (order.time_in_force == TimeInForce::kFok && !Fillable<Opposite(kSide)>(order)) {
    return RejectReason::kFokUnfillable;
  }
  if (order.type == OrderType::kMarket && !Crosses<kSide>(order.price.value)) {
    return RejectReason::kMarketNoLiquidity;
  }
  if (MayRest(order) && pool_->full()) {
    return RejectReason::kCapacity;
  }
  return RejectReason::kNone;
}

template <Side kSide>
inline bool OrderBook::Crosses(int64_t limit) const {
  const auto& makers = ladder<Opposite(kSide)>();
  return !makers.empty() &&
         !Ladder<kSide>::IsBetter(pool_->ladders_.levels[makers.best()].price, limit);
}

template <Side kSide, typename Listener>
inline void OrderBook::Match(Taker& taker, Listener& listener) {
  auto& makers = ladder<Opposite(kSide)>();
  while (taker.leaves > 0 && !taker.canceled && Crosses<kSide>(taker.limit)) {
    Level& level = pool_->ladders_.levels[makers.best()];
    const uint32_t maker_slot = level.head;
    Order& maker = pool_->orders_[maker_slot];
    if (maker.owner == taker.owner && taker.self_trade_prevention != SelfTradePrevention::kNone)
        [[unlikely]] {
      PreventSelfTrade<Opposite(kSide)>(maker_slot, taker, listener);
      continue;
    }
    const int64_t quantity = std::min(taker.leaves, maker.leaves);
    taker.leaves -= quantity;
    maker.leaves -= quantity;
    level.quantity -= static_cast<uint64_t>(quantity);
    listener.OnFill(Fill{.maker = OrderHandle{maker_slot},
                         .price = {level.price},
                         .quantity = {quantity},
                         .maker_leaves = {maker.leaves},
                         .taker_leaves = {taker.leaves}});
    if (maker.leaves == 0) {
      Unlink<Opposite(kSide)>(maker_slot);
      Free(maker_slot);
    }
  }
}

template <Side kMakerSide, typename Listener>
void OrderBook::PreventSelfTrade(uint32_t maker_slot, Taker& taker, Listener& listener) {
  Order& maker = pool_->orders_[maker_slot];
  int64_t from_maker = 0;
  int64_t from_taker = 0;
  CancelReason reason = CancelReason::kSelfTradeNewest;
  switch (taker.self_trade_prevention) {
    case SelfTradePrevention::kNone:
      CHECK(false);
    case SelfTradePrevention::kCancelNewest:
      from_taker = taker.leaves;
      break;
    case SelfTradePrevention::kCancelOldest:
      from_maker = maker.leaves;
      reason = CancelReason::kSelfTradeOldest;
      break;
    case SelfTradePrevention::kCancelBoth:
      from_maker = maker.leaves;
      from_taker = taker.leaves;
      reason = CancelReason::kSelfTradeBoth;
      break;
    case SelfTradePrevention::kDecrementAndCancel:
      from_maker = from_taker = std::min(maker.leaves, taker.leaves);
      reason = CancelReason::kSelfTradeDecrement;
      break;
  }
  if (from_maker > 0) {
    maker.leaves -= from_maker;
    pool_->ladders_.levels[maker.level].quantity -= static_cast<uint64_t>(from_maker);
    listener.OnMakerCanceled(Cancellation{.order = OrderHandle{maker_slot},
                                          .canceled = {from_maker},
                                          .leaves = {maker.leaves},
                                          .reason = reason});
    if (maker.leaves == 0) {
      Unlink<kMakerSide>(maker_slot);
      Free(maker_slot);
    }
  }
  if (from_taker > 0) {
    taker.leaves -= from_taker;
    taker.canceled = taker.leaves == 0;
    listener.OnTakerCanceled(Cancellation{.order = taker.handle,
                                          .canceled = {from_taker},
                                          .leaves = {taker.leaves},
                                          .reason = reason});
  }
}

// Whether the whole order would trade at once. Exact: it follows what Match() would do.
template <Side kMakerSide>
bool OrderBook::Fillable(const IncomingOrder& order) const {
  const auto& makers = ladder<kMakerSide>();
  int64_t missing = order.quantity.value;
  for (uint32_t at = makers.best(); at != internal::kNilSlot;
       at = makers.NextWorse(pool_->ladders_, at)) {
    const Level& level = pool_->ladders_.levels[at];
    if (Ladder<Opposite(kMakerSide)>::IsBetter(level.price, order.price.value)) {
      return false;
    }
    if (level.quantity >= static_cast<uint64_t>(missing)) {
      return order.self_trade_prevention == SelfTradePrevention::kNone ||
             FillableByOthers<kMakerSide>(order);
    }
    missing -= static_cast<int64_t>(level.quantity);
  }
  return false;
}

// As Fillable(), for an order that must not count its owner's orders: kCancelOldest steps over
// them; in every other mode the first one it meets takes quantity away from it.
template <Side kMakerSide>
bool OrderBook::FillableByOthers(const IncomingOrder& order) const {
  const auto& makers = ladder<kMakerSide>();
  int64_t missing = order.quantity.value;
  for (uint32_t at = makers.best(); at != internal::kNilSlot;
       at = makers.NextWorse(pool_->ladders_, at)) {
    const Level& level = pool_->ladders_.levels[at];
    if (Ladder<Opposite(kMakerSide)>::IsBetter(level.price, order.price.value)) {
      return false;
    }
    for (uint32_t slot = level.head; slot != internal::kNilSlot; slot = pool_->orders_[slot].next) {
      const Order& maker = pool_->orders_[slot];
      if (maker.owner != order.owner) {
        missing -= std::min(missing, maker.leaves);
      } else if (order.self_trade_prevention != SelfTradePrevention::kCancelOldest) {
        return false;
      }
      if (missing == 0) {
        return true;
      }
    }
  }
  return false;
}

inline QuantityLots OrderBook::Cancel(OrderHandle handle) {
  CHECK(pool_->Contains(handle));
  const uint32_t slot = Raw(handle);
  Order& order = pool_->orders_[slot];
  const QuantityLots leaves{order.leaves};
  pool_->ladders_.levels[order.level].quantity -= static_cast<uint64_t>(order.leaves);
  if (order.is_sell) {
    Unlink<Side::kSell>(slot);
  } else {
    Unlink<Side::kBuy>(slot);
  }
  Free(slot);
  return leaves;
}

template <BookListener Listener>
inline BookResult OrderBook::Replace(OrderHandle handle, PriceTicks price, QuantityLots leaves,
                                     Listener& listener) {
  CHECK(pool_->Contains(handle));
  CHECK(price.value >= 0 && price.value <= kMaxPriceTicks);
  CHECK(leaves.value > 0 && leaves.value <= kMaxQuantityLots);
  return pool_->side(handle) == Side::kBuy
             ? ReplaceOn<Side::kBuy>(handle, price, leaves, listener)
             : ReplaceOn<Side::kSell>(handle, price, leaves, listener);
}

template <Side kSide, typename Listener>
inline BookResult OrderBook::ReplaceOn(OrderHandle handle, PriceTicks price, QuantityLots leaves,
                                       Listener& listener) {
  const uint32_t slot = Raw(handle);
  Order& order = pool_->orders_[slot];
  Level& level = pool_->ladders_.levels[order.level];
  if (level.price == price.value && leaves.value <= order.leaves) {
    level.quantity -= static_cast<uint64_t>(order.leaves - leaves.value);
    order.leaves = leaves.value;
    listener.OnReplaced(Replacement{handle, price, leaves, true});
    return {BookOutcome::kResting, RejectReason::kNone, handle, leaves};
  }
  if (order.is_post_only && Crosses<kSide>(price.value)) {
    return {BookOutcome::kRejected, RejectReason::kPostOnlyWouldCross, kNoOrder, {}};
  }
  level.quantity -= static_cast<uint64_t>(order.leaves);
  Unlink<kSide>(slot);
  order.leaves = leaves.value;
  listener.OnReplaced(Replacement{handle, price, leaves, false});
  Taker taker{
      .handle = handle,
      .owner = order.owner,
      .self_trade_prevention = static_cast<SelfTradePrevention>(order.self_trade_prevention),
      .limit = price.value,
      .leaves = leaves.value,
      .canceled = false};
  Match<kSide>(taker, listener);
  order.leaves = taker.leaves;
  if (taker.leaves == 0) {
    Free(slot);
    return {taker.canceled ? BookOutcome::kCanceled : BookOutcome::kFilled,
            RejectReason::kNone,
            kNoOrder,
            {}};
  }
  Link<kSide>(slot, price.value);
  return {BookOutcome::kResting, RejectReason::kNone, handle, {taker.leaves}};
}

// Adds the order at the tail of its price.
template <Side kSide>
inline void OrderBook::Link(uint32_t slot, int64_t price) {
  const uint32_t at = ladder<kSide>().FindOrInsert(pool_->ladders_, price);
  Level& level = pool_->ladders_.levels[at];
  Order& order = pool_->orders_[slot];
  order.level = at & 0x7ff'ffffU;
  order.next = internal::kNilSlot;
  order.previous = level.tail;
  if (level.tail == internal::kNilSlot) {
    level.head = slot;
  } else {
    pool_->orders_[level.tail].next = slot;
  }
  level.tail = slot;
  level.quantity += static_cast<uint64_t>(order.leaves);
  ++level.order_count;
  ++order_counts_[kSide == Side::kSell];
}

// Takes the order out of its level, whose quantity no longer contains it, and the level out of the
// ladder with its last order.
template <Side kSide>
inline void OrderBook::Unlink(uint32_t slot) {
  const Order& order = pool_->orders_[slot];
  Level& level = pool_->ladders_.levels[order.level];
  (order.previous == internal::kNilSlot ? level.head : pool_->orders_[order.previous].next) =
      order.next;
  (order.next == internal::kNilSlot ? level.tail : pool_->orders_[order.next].previous) =
      order.previous;
  --order_counts_[kSide == Side::kSell];
  if (--level.order_count == 0) {
    CHECK(level.quantity == 0);
    ladder<kSide>().Erase(pool_->ladders_, order.level);
  }
}

inline void OrderBook::Free(uint32_t slot) {
  Order& order = pool_->orders_[slot];
  if (pool_->index_ != nullptr) {
    pool_->index_->Erase(order.id);
  }
  order.leaves = 0;
  pool_->orders_.Release(slot);
}

template <Side kSide>
inline BookLevel OrderBook::Best() const {
  const auto& side = ladder<kSide>();
  return side.empty() ? BookLevel{} : LevelView(side.best());
}

template <typename Visitor>
void OrderBook::ForEachLevel(Side side, uint32_t depth, Visitor visit) const {
  if (side == Side::kBuy) {
    VisitLevels<Side::kBuy>(depth, visit);
  } else {
    VisitLevels<Side::kSell>(depth, visit);
  }
}

template <Side kSide, typename Visitor>
void OrderBook::VisitLevels(uint32_t depth, Visitor& visit) const {
  const auto& side = ladder<kSide>();
  for (uint32_t at = side.best(); at != internal::kNilSlot && depth > 0; --depth) {
    visit(LevelView(at));
    at = side.NextWorse(pool_->ladders_, at);
  }
}

template <typename Visitor>
void OrderBook::ForEachOrder(Side side, Visitor visit) const {
  if (side == Side::kBuy) {
    VisitOrders<Side::kBuy>(visit);
  } else {
    VisitOrders<Side::kSell>(visit);
  }
}

// Steps on before it visits: the visitor may cancel the order, and its level with it.
template <Side kSide, typename Visitor>
void OrderBook::VisitOrders(Visitor& visit) const {
  const auto& side = ladder<kSide>();
  uint32_t at = side.best();
  while (at != internal::kNilSlot) {
    uint32_t slot = pool_->ladders_.levels[at].head;
    at = side.NextWorse(pool_->ladders_, at);
    while (slot != internal::kNilSlot) {
      const OrderHandle handle{slot};
      slot = pool_->orders_[slot].next;
      visit(handle);
    }
  }
}

}  // namespace tally
