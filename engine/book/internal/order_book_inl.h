#pragma once

// The matching of OrderBook; included by order_book.h alone.

#include <algorithm>

#include "base/assert.h"
#include "engine/book/order_book.h"

namespace tally {

// Of the usual commands only what they cannot do without is inlined where they are given: whatever
// has a precondition that is rare (attributes, other kinds of orders, a match) is a call.
template <BookListener Listener>
[[gnu::always_inline]] inline BookResult OrderBook::Submit(const IncomingOrder& order,
                                                           Listener& listener) {
  CHECK(static_cast<uint64_t>(order.price.value) <= uint64_t{kMaxPriceTicks});
  CHECK(static_cast<uint64_t>(order.quantity.value) - 1 < uint64_t{kMaxQuantityLots});
  // What is called with the order gets a copy: the order itself can stay in registers.
  if (NeedsSpecialPath(order)) [[unlikely]] {
    const IncomingOrder copy = order;
    return EnterSpecial(kNoOrder, copy, listener);
  }
  const bool may_rest = MayRest(order);
  // One branch for both.
  if ((static_cast<int>(NeedsCheck(order)) |
       (static_cast<int>(may_rest) & static_cast<int>(pool_->full()))) != 0) [[unlikely]] {
    const IncomingOrder copy = order;
    const RejectReason reason = CheckSubmit(copy);
    if (reason != RejectReason::kNone) {
      return {BookOutcome::kRejected, reason, kNoOrder, {}};
    }
  }
  listener.OnAccepted(order);
  const uint32_t side = IndexOf(order.side);
  const uint64_t limit_key = KeyOf(1 - side, order.price.value);
  int64_t leaves = order.quantity.value;
  if (Crosses(ladders_[1 - side], limit_key)) [[unlikely]] {
    Taker taker{.handle = kNoOrder,
                .owner = order.owner,
                .self_trade_prevention = order.self_trade_prevention,
                .side = side,
                .limit_key = limit_key,
                .leaves = leaves,
                .canceled = false};
    Match(taker, listener);
    if (taker.leaves == 0) {
      return {taker.canceled ? BookOutcome::kCanceled : BookOutcome::kFilled,
              RejectReason::kNone,
              kNoOrder,
              {}};
    }
    leaves = taker.leaves;
  }
  if (!may_rest) {
    listener.OnTakerCanceled(Cancellation{.order = kNoOrder,
                                          .canceled = {leaves},
                                          .leaves = {0},
                                          .reason = CancelReason::kImmediateOrCancel});
    return {BookOutcome::kCanceled, RejectReason::kNone, kNoOrder, {}};
  }
  const uint32_t slot = NewSlot(order.id);
  const Place place = Join(slot, side, KeyOf(side, order.price.value), leaves);
  pool_->orders_[slot] = RecordOf(order, leaves, place);
  return {BookOutcome::kResting, RejectReason::kNone, OrderHandle{slot}, {leaves}};
}

// Of the pool, for an order that is about to be there.
[[gnu::always_inline]] inline uint32_t OrderBook::NewSlot(OrderId id) {
  const uint32_t slot = pool_->orders_.Acquire();
  // The id is from MakeId(), if it has to be.
  CHECK((static_cast<uint32_t>(Raw(id) ^ slot) & pool_->slot_mask_) == 0);
  if (pool_->index_ != nullptr) {
    pool_->index_->Insert(id, slot, OrderPool::HasId{pool_, id});
  }
  return slot;
}

// Of a plain order, the last one at its price.
[[gnu::always_inline]] inline OrderBook::Order OrderBook::RecordOf(const IncomingOrder& order,
                                                                   int64_t leaves,
                                                                   const Place& place) const {
  return {.id = order.id,
          .leaves = leaves,
          .next = internal::kNilSlot,
          .previous = place.previous,
          .owner = order.owner,
          .level = place.level & 0x3ff'ffffU,
          .self_trade_prevention = static_cast<uint32_t>(order.self_trade_prevention) & 7U,
          .is_sell = IndexOf(order.side) & 1U,
          .is_post_only = order.post_only,
          .is_special = 0};
}

// A record of the pool, in no ladder yet.
inline uint32_t OrderBook::NewOrder(const IncomingOrder& order, int64_t leaves) {
  const uint32_t slot = NewSlot(order.id);
  pool_->orders_[slot] = RecordOf(order, leaves, {.level = 0, .previous = internal::kNilSlot});
  return slot;
}

template <typename Listener>
[[gnu::noinline]] void OrderBook::Match(Taker& taker, Listener& listener) {
  const uint32_t makers_side = 1 - taker.side;
  const Ladder& makers = ladders_[makers_side];
  while (taker.leaves > 0 && Crosses(makers, taker.limit_key)) {
    Level& level = pool_->ladders_.levels[makers.best()];
    const uint32_t maker_slot = level.head;
    Order& maker = pool_->orders_[maker_slot];
    if (maker.owner == taker.owner && taker.self_trade_prevention != SelfTradePrevention::kNone)
        [[unlikely]] {
      PreventSelfTrade(maker_slot, taker, listener);
      continue;
    }
    const int64_t quantity = std::min(taker.leaves, maker.leaves);
    taker.leaves -= quantity;
    maker.leaves -= quantity;
    level.quantity -= static_cast<uint64_t>(quantity);
    listener.OnFill(Fill{.maker = OrderHandle{maker_slot},
                         .price = {PriceOf(makers_side, level.key)},
                         .quantity = {quantity},
                         .maker_leaves = {maker.leaves},
                         .taker_leaves = {taker.leaves}});
    if (maker.leaves == 0) {
      Unlink(maker_slot, 0);
      Free(maker_slot);
    }
  }
}

// Of an order of any kind.
template <typename Listener>
void OrderBook::PreventSelfTrade(uint32_t maker_slot, Taker& taker, Listener& listener) {
  const int64_t maker_leaves = TotalLeaves(maker_slot);
  const SelfTradeCut cut = CutOf(taker.self_trade_prevention, maker_leaves, taker.leaves);
  if (cut.from_maker > 0) {
    Reduce(maker_slot, cut.from_maker);
    listener.OnMakerCanceled(Cancellation{.order = OrderHandle{maker_slot},
                                          .canceled = {cut.from_maker},
                                          .leaves = {maker_leaves - cut.from_maker},
                                          .reason = cut.reason});
    if (cut.from_maker == maker_leaves) {
      TakeOut(maker_slot);
      Free(maker_slot);
    }
  }
  if (cut.from_taker > 0) {
    taker.leaves -= cut.from_taker;
    taker.canceled = taker.leaves == 0;
    listener.OnTakerCanceled(Cancellation{.order = taker.handle,
                                          .canceled = {cut.from_taker},
                                          .leaves = {taker.leaves},
                                          .reason = cut.reason});
  }
}

[[gnu::always_inline]] inline QuantityLots OrderBook::Cancel(OrderHandle handle) {
  CHECK(pool_->Contains(handle));
  const uint32_t slot = Raw(handle);
  Order& order = pool_->orders_[slot];
  if (order.is_special != 0) [[unlikely]] {
    return CancelSpecial(slot);
  }
  const QuantityLots leaves{order.leaves};
  Unlink(slot, order.leaves);
  Free(slot);
  return leaves;
}

template <BookListener Listener>
inline BookResult OrderBook::Replace(OrderHandle handle, const ReplaceTerms& terms,
                                     Listener& listener) {
  const PriceTicks price = terms.price;
  const QuantityLots leaves = terms.leaves;
  CHECK(pool_->Contains(handle));
  CHECK(price.value >= 0 && price.value <= kMaxPriceTicks);
  CHECK(leaves.value > 0 && leaves.value <= kMaxQuantityLots);
  const uint32_t slot = Raw(handle);
  Order& order = pool_->orders_[slot];
  const uint32_t side = order.is_sell;
  if ((order.is_special != 0) | (specials_[1 - side] != 0) | (terms.display_quantity.value != 0))
      [[unlikely]] {
    return ReplaceSpecial(slot, terms, listener);
  }
  Level& level = pool_->ladders_.levels[order.level];
  const uint64_t limit_key = KeyOf(1 - side, price.value);
  if (level.key == KeyOf(side, price.value) && leaves.value <= order.leaves) {
    level.quantity -= static_cast<uint64_t>(order.leaves - leaves.value);
    order.leaves = leaves.value;
    listener.OnReplaced(Replacement{handle, price, leaves, true});
    return {BookOutcome::kResting, RejectReason::kNone, handle, leaves};
  }
  if (order.is_post_only && Crosses(ladders_[1 - side], limit_key)) {
    return {BookOutcome::kRejected, RejectReason::kPostOnlyWouldCross, kNoOrder, {}};
  }
  Unlink(slot, order.leaves);
  order.leaves = leaves.value;
  listener.OnReplaced(Replacement{handle, price, leaves, false});
  if (Crosses(ladders_[1 - side], limit_key)) [[unlikely]] {
    Taker taker{
        .handle = handle,
        .owner = order.owner,
        .self_trade_prevention = static_cast<SelfTradePrevention>(order.self_trade_prevention),
        .side = side,
        .limit_key = limit_key,
        .leaves = leaves.value,
        .canceled = false};
    Match(taker, listener);
    order.leaves = taker.leaves;
    if (taker.leaves == 0) {
      Free(slot);
      return {taker.canceled ? BookOutcome::kCanceled : BookOutcome::kFilled,
              RejectReason::kNone,
              kNoOrder,
              {}};
    }
  }
  Link(slot, side, KeyOf(side, price.value), order.leaves);
  return {BookOutcome::kResting, RejectReason::kNone, handle, {order.leaves}};
}

// Makes room for the order at the tail of its price; the caller writes down where that is.
[[gnu::always_inline]] inline OrderBook::Place OrderBook::Join(uint32_t slot, uint32_t side,
                                                               uint64_t key, int64_t leaves) {
  ++order_counts_[side];
  const auto [at, is_new] =
      ladders_[side].FindOrInsert(pool_->ladders_, key, slot, static_cast<uint64_t>(leaves));
  if (is_new) {
    return {.level = at, .previous = internal::kNilSlot};
  }
  Level& level = pool_->ladders_.levels[at];
  const uint32_t previous = level.tail;
  pool_->orders_[previous].next = slot;
  level.tail = slot;
  level.quantity += static_cast<uint64_t>(leaves);
  ++level.order_count;
  return {.level = at, .previous = previous};
}

// Adds the order at the tail of its price.
inline void OrderBook::Link(uint32_t slot, uint32_t side, uint64_t key, int64_t leaves) {
  const Place place = Join(slot, side, key, leaves);
  Order& order = pool_->orders_[slot];
  order.next = internal::kNilSlot;
  order.previous = place.previous;
  order.level = place.level & 0x3ff'ffffU;
}

inline void OrderBook::Append(uint32_t at, uint32_t slot) {
  Order& order = pool_->orders_[slot];
  Level& level = pool_->ladders_.levels[at];
  order.level = at & 0x3ff'ffffU;
  order.next = internal::kNilSlot;
  order.previous = level.tail;
  (level.tail == internal::kNilSlot ? level.head : pool_->orders_[level.tail].next) = slot;
  level.tail = slot;
  ++level.order_count;
}

// The link of the order in `slot`, or `end` if there is none. In a book of some orders per price
// both happen as often, and what decides is a cache miss away: no branch.
inline uint32_t* OrderBook::LinkAt(uint32_t slot, uint32_t Order::*link, uint32_t* end) {
  const auto in_order = reinterpret_cast<uintptr_t>(&(pool_->orders_.data()->*link)) +
                        uintptr_t{slot} * sizeof(Order);
  const uintptr_t is_end = 0 - uintptr_t{slot == internal::kNilSlot};
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the choice between two pointers is the point.
  return reinterpret_cast<uint32_t*>(in_order ^
                                     ((in_order ^ reinterpret_cast<uintptr_t>(end)) & is_end));
}

// Takes the order out of its level, whose quantity contains `leaves` of it, and the level out of
// the ladder with its last order.
[[gnu::always_inline]] inline void OrderBook::Unlink(uint32_t slot, int64_t leaves) {
  const Order& order = pool_->orders_[slot];
  Level& level = pool_->ladders_.levels[order.level];
  const uint64_t quantity = level.quantity - static_cast<uint64_t>(leaves);
  --order_counts_[order.is_sell];
  if (level.order_count == 1) {
    CHECK(quantity == 0);
    ladders_[order.is_sell].Erase(pool_->ladders_, order.level);
    return;
  }
  level.quantity = quantity;
  Detach(slot);
}

inline void OrderBook::Detach(uint32_t slot) {
  const Order& order = pool_->orders_[slot];
  Level& level = pool_->ladders_.levels[order.level];
  *LinkAt(order.previous, &Order::next, &level.head) = order.next;
  *LinkAt(order.next, &Order::previous, &level.tail) = order.previous;
  --level.order_count;
}

inline void OrderBook::Free(uint32_t slot) {
  Order& order = pool_->orders_[slot];
  if (pool_->index_ != nullptr) {
    pool_->index_->Erase(order.id, slot);
  }
  order.leaves = 0;
  pool_->orders_.Release(slot);
}

inline BookLevel OrderBook::LevelAt(Side book_side, PriceTicks price) const {
  const uint32_t side = IndexOf(book_side);
  const uint32_t level = ladders_[side].Find(pool_->ladders_, KeyOf(side, price.value));
  return level == internal::kNilSlot ? BookLevel{.price = price, .quantity = {}, .order_count = 0}
                                     : LevelView(side, level);
}

template <typename Visitor>
void OrderBook::ForEachLevel(Side side, uint32_t depth, Visitor visit) const {
  const Ladder& ladder = ladders_[IndexOf(side)];
  for (uint32_t at = ladder.best(); at != internal::kNilSlot && depth > 0; --depth) {
    visit(LevelView(IndexOf(side), at));
    at = ladder.NextWorse(pool_->ladders_, at);
  }
}

// Steps on before it visits: the visitor may take the order out, and its level with it.
template <typename Visitor>
void OrderBook::ForEachOrder(Side side, Visitor visit) const {
  const Ladder& shown = ladders_[IndexOf(side)];
  const Ladder& dark = dark_[IndexOf(side)];
  const auto& levels = pool_->ladders_.levels;
  uint32_t shown_at = shown.best();
  uint32_t dark_at = dark.best();
  while (shown_at != internal::kNilSlot || dark_at != internal::kNilSlot) {
    const bool takes_dark =
        shown_at == internal::kNilSlot ||
        (dark_at != internal::kNilSlot && levels[dark_at].key < levels[shown_at].key);
    uint32_t& at = takes_dark ? dark_at : shown_at;
    uint32_t slot = levels[at].head;
    at = (takes_dark ? dark : shown).NextWorse(pool_->ladders_, at);
    while (slot != internal::kNilSlot) {
      const OrderHandle handle{slot};
      slot = pool_->orders_[slot].next;
      visit(handle);
    }
  }
}

}  // namespace tally
