// What OrderBook does with icebergs and with dark and dormant orders, apart from the matching.

#include <algorithm>

#include "base/assert.h"
#include "engine/book/order_book.h"

namespace tally {
namespace {

bool IsIceberg(const IncomingOrder& order) { return order.display_quantity.value != 0; }

bool RestsDark(const IncomingOrder& order) {
  return order.hidden || order.all_or_none || order.pegged;
}

// Whether the attributes can go together; the table is in docs/order-book.md.
bool IsConsistent(const IncomingOrder& order, bool may_rest) {
  const bool concerns_rest = RestsDark(order) || IsIceberg(order) || order.post_only;
  if ((concerns_rest && !may_rest) || (order.slide && !order.post_only)) {
    return false;
  }
  if (RestsDark(order) && IsIceberg(order)) {
    return false;
  }
  if ((order.all_or_none && order.pegged) ||
      ((order.all_or_none || order.pegged) && order.post_only)) {
    return false;
  }
  return order.min_quantity.value == 0 ||
         (order.type == OrderType::kLimit && order.time_in_force != TimeInForce::kFok &&
          !order.post_only && !order.all_or_none && !order.pegged);
}

bool IsDisplayQuantity(QuantityLots display, QuantityLots leaves) {
  return display.value > 0 && display <= leaves &&
         (leaves.value - 1) / display.value < kMaxIcebergParts;
}

}  // namespace

RejectReason OrderBook::CheckSpecial(const IncomingOrder& order, OrderHandle handle) const {
  const bool may_rest = MayRest(order);
  if (!IsConsistent(order, may_rest)) {
    return RejectReason::kUnsupported;
  }
  // What is left of an order that enters again may be less than it displays at a time.
  const QuantityLots display = handle == kNoOrder
                                   ? order.display_quantity
                                   : std::min(order.display_quantity, order.quantity);
  if (IsIceberg(order) && !IsDisplayQuantity(display, order.quantity)) {
    return RejectReason::kBadDisplayQuantity;
  }
  if (order.min_quantity.value < 0 || order.min_quantity > order.quantity) {
    return RejectReason::kBadMinQuantity;
  }
  if (!EntryPrice(order).has_value()) {
    return RejectReason::kPostOnlyWouldCross;
  }
  Taker taker = TakerOf(handle, order, order.price);
  if (order.time_in_force == TimeInForce::kFok && !WouldTrade(taker, taker.leaves)) {
    return RejectReason::kFokUnfillable;
  }
  if (!WouldTrade(taker, order.min_quantity.value)) {
    return RejectReason::kMinQuantityUnfillable;
  }
  uint32_t dark = FirstDark(1 - taker.side);
  if (order.type == OrderType::kMarket && NextMaker(taker, &dark) == internal::kNilSlot &&
      BeyondCollar(taker, order.price) == internal::kNilSlot) {
    return RejectReason::kMarketNoLiquidity;
  }
  const bool has_room =
      (handle != kNoOrder || !pool_->full()) &&
      (!order.all_or_none || all_or_none_counts_[taker.side] < kMaxAllOrNoneOrders);
  return may_rest && !has_room ? RejectReason::kCapacity : RejectReason::kNone;
}

RejectReason OrderBook::CheckReplace(const OrderView& before, const IncomingOrder& order) const {
  if (order.display_quantity.value != 0) {
    if (before.display_quantity.value == 0) {
      return RejectReason::kBadDisplayQuantity;
    }
    // An order that has shrunk below its display quantity shows all of itself.
    const QuantityLots display = std::min(order.display_quantity, order.quantity);
    if (!IsDisplayQuantity(display, order.quantity)) {
      return RejectReason::kBadDisplayQuantity;
    }
  }
  return KeepsPlace(before, order) || EntryPrice(order).has_value()
             ? RejectReason::kNone
             : RejectReason::kPostOnlyWouldCross;
}

bool OrderBook::KeepsPlace(const OrderView& before, const IncomingOrder& order) {
  return before.place == OrderPlace::kDormant ||
         (order.price == before.price && order.quantity <= before.leaves &&
          order.display_quantity <= before.display_quantity);
}

// Where the order would come to stand, or nothing if it is post-only and must not enter.
std::optional<PriceTicks> OrderBook::EntryPrice(const IncomingOrder& order) const {
  const uint32_t side = IndexOf(order.side);
  const Ladder& makers = ladders_[1 - side];
  if (!order.post_only || in_call() || !Crosses(makers, KeyOf(1 - side, order.price.value))) {
    return order.price;
  }
  const int64_t best = PriceOf(1 - side, pool_->ladders_.levels[makers.best()].key);
  const int64_t price = side == kBids ? best - 1 : best + 1;
  if (!order.slide || price < 1 || price > price_max_.value) {
    return std::nullopt;
  }
  return PriceTicks{price};
}

OrderBook::Taker OrderBook::TakerOf(OrderHandle handle, const IncomingOrder& order,
                                    PriceTicks price) const {
  const uint32_t side = IndexOf(order.side);
  return {.handle = handle,
          .owner = order.owner,
          .self_trade_prevention = order.self_trade_prevention,
          .side = side,
          .limit_key = gate_.kind == GateKind::kOpen ? KeyOf(1 - side, price.value)
                                                     : GatedKey(side, KeyOf(1 - side, price.value)),
          .leaves = order.quantity.value,
          .canceled = false};
}

// The order as it would come in now, with what is left of it.
IncomingOrder OrderBook::AsIncoming(uint32_t slot) const {
  const OrderView view = pool_->View(OrderHandle{slot});
  return {.id = view.id,
          .owner = view.owner,
          .price = view.price,
          .quantity = view.leaves,
          .side = view.side,
          .self_trade_prevention = view.self_trade_prevention,
          .post_only = view.post_only,
          .slide = view.slide,
          .hidden = view.hidden,
          .all_or_none = view.all_or_none,
          .pegged = view.pegged,
          .display_quantity = view.display_quantity};
}

OrderBook::SelfTradeCut OrderBook::CutOf(SelfTradePrevention mode, int64_t maker_leaves,
                                         int64_t taker_leaves) {
  switch (mode) {
    case SelfTradePrevention::kNone:
      break;
    case SelfTradePrevention::kCancelNewest:
      return {0, taker_leaves, CancelReason::kSelfTradeNewest};
    case SelfTradePrevention::kCancelOldest:
      return {maker_leaves, 0, CancelReason::kSelfTradeOldest};
    case SelfTradePrevention::kCancelBoth:
      return {maker_leaves, taker_leaves, CancelReason::kSelfTradeBoth};
    case SelfTradePrevention::kDecrementAndCancel: {
      const int64_t both = std::min(maker_leaves, taker_leaves);
      return {both, both, CancelReason::kSelfTradeDecrement};
    }
  }
  CHECK(false);
  return {};
}

OrderHandle OrderBook::Park(const IncomingOrder& order) {
  const uint32_t slot = NewOrder(order, order.quantity.value);
  MakeDormant(slot, order);
  return OrderHandle{slot};
}

void OrderBook::Park(OrderHandle handle) {
  const IncomingOrder order = AsIncoming(Raw(handle));
  TakeOut(Raw(handle));
  MakeDormant(Raw(handle), order);
}

void OrderBook::MakeDormant(uint32_t slot, const IncomingOrder& order) {
  WriteTerms(slot, order, {order.price, order.quantity.value, OrderPlace::kDormant});
}

void OrderBook::Rest(uint32_t slot, const IncomingOrder& order, PriceTicks price, int64_t leaves) {
  const OrderPlace place = RestsDark(order) ? OrderPlace::kDark : OrderPlace::kDisplayed;
  WriteTerms(slot, order, {price, leaves, place});
  const uint32_t side = IndexOf(order.side);
  const uint64_t key = KeyOf(side, price.value);
  if (place == OrderPlace::kDisplayed) {
    Link(slot, side, key, pool_->orders_[slot].leaves);
  } else {
    const uint32_t at = dark_[side].FindOrInsert(pool_->ladders_, key);
    Append(at, slot);
    pool_->ladders_.levels[at].quantity += static_cast<uint64_t>(leaves);
    ++dark_counts_[side];
  }
  CountSpecial(slot, 1);
}

void OrderBook::WriteTerms(uint32_t slot, const IncomingOrder& order, const Standing& standing) {
  const bool shows_part = IsIceberg(order) && standing.place == OrderPlace::kDisplayed;
  Order& record = pool_->orders_[slot];
  record.owner = order.owner;
  record.self_trade_prevention = static_cast<uint32_t>(order.self_trade_prevention) & 7U;
  record.is_post_only = order.post_only;
  record.is_special = standing.place != OrderPlace::kDisplayed || IsIceberg(order) || order.slide;
  record.leaves =
      shows_part ? std::min(order.display_quantity.value, standing.leaves) : standing.leaves;
  if (record.is_special != 0) {
    pool_->specials_[slot] = {.reserve = standing.leaves - record.leaves,
                              .display = order.display_quantity.value,
                              .price = standing.price.value,
                              .place = standing.place,
                              .slide = order.slide,
                              .hidden = order.hidden,
                              .all_or_none = order.all_or_none,
                              .pegged = order.pegged};
  }
}

// Adds an order that rests to the counts of its side (difference 1) or takes it off them.
void OrderBook::CountSpecial(uint32_t slot, uint32_t difference) {
  const Order& order = pool_->orders_[slot];
  if (order.is_special == 0) {
    return;
  }
  const SpecialOrder& special = pool_->specials_[slot];
  if (special.place == OrderPlace::kDark || special.display != 0) {
    specials_[order.is_sell] += difference;
  }
  if (special.all_or_none) {
    all_or_none_counts_[order.is_sell] += difference;
  }
}

void OrderBook::TakeOut(uint32_t slot) {
  const Order& order = pool_->orders_[slot];
  const OrderPlace place = pool_->place(OrderHandle{slot});
  CHECK(place != OrderPlace::kDormant);
  CountSpecial(slot, 0U - 1);
  Level& level = pool_->ladders_.levels[order.level];
  level.quantity -= static_cast<uint64_t>(order.leaves);
  if (place == OrderPlace::kDisplayed) {
    Unlink(slot, 0);
    return;
  }
  Detach(slot);
  --dark_counts_[order.is_sell];
  if (level.order_count == 0) {
    CHECK(level.quantity == 0);
    dark_[order.is_sell].Erase(pool_->ladders_, order.level);
  }
}

QuantityLots OrderBook::CancelSpecial(uint32_t slot) {
  const QuantityLots leaves{TotalLeaves(slot)};
  if (pool_->place(OrderHandle{slot}) != OrderPlace::kDormant) {
    TakeOut(slot);
  }
  Free(slot);
  return leaves;
}

void OrderBook::Reduce(uint32_t slot, int64_t quantity) {
  Order& order = pool_->orders_[slot];
  if (order.is_special != 0) {
    const int64_t from_reserve = std::min(pool_->specials_[slot].reserve, quantity);
    pool_->specials_[slot].reserve -= from_reserve;
    quantity -= from_reserve;
  }
  order.leaves -= quantity;
  pool_->ladders_.levels[order.level].quantity -= static_cast<uint64_t>(quantity);
}

// Terms with which KeepsPlace() agrees.
void OrderBook::AmendInPlace(uint32_t slot, const IncomingOrder& order) {
  Order& record = pool_->orders_[slot];
  const int64_t leaves = order.quantity.value;
  if (pool_->place(OrderHandle{slot}) == OrderPlace::kDormant) {
    record.leaves = leaves;
    pool_->specials_[slot].price = order.price.value;
    pool_->specials_[slot].display = order.display_quantity.value;
    return;
  }
  int64_t shown = leaves;
  if (IsIceberg(order)) {
    shown = std::min({record.leaves, order.display_quantity.value, leaves});
    pool_->specials_[slot].reserve = leaves - shown;
    pool_->specials_[slot].display = order.display_quantity.value;
  }
  pool_->ladders_.levels[record.level].quantity -= static_cast<uint64_t>(record.leaves - shown);
  record.leaves = shown;
}

// Of an iceberg whose displayed part is gone. The level stays even if it is the only order there.
void OrderBook::ShowNextPart(uint32_t slot) {
  Order& order = pool_->orders_[slot];
  SpecialOrder& special = pool_->specials_[slot];
  const uint32_t at = order.level;
  Detach(slot);
  Append(at, slot);
  order.leaves = std::min(special.display, special.reserve);
  special.reserve -= order.leaves;
  pool_->ladders_.levels[at].quantity += static_cast<uint64_t>(order.leaves);
}

}  // namespace tally
