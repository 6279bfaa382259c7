#include "engine/book/order_book.h"

#include <algorithm>

#include "base/assert.h"

namespace tally {

RejectReason OrderBook::CheckSubmit(const IncomingOrder& order) const {
  const uint32_t makers_side = 1 - IndexOf(order.side);
  const Ladder& makers = ladders_[makers_side];
  const uint64_t limit_key = KeyOf(makers_side, order.price.value);
  if (order.post_only) {
    if (!MayRest(order)) {
      return RejectReason::kUnsupported;
    }
    if (Crosses(makers, limit_key)) {
      return RejectReason::kPostOnlyWouldCross;
    }
  }
  if (order.time_in_force == TimeInForce::kFok && !Fillable(order)) {
    return RejectReason::kFokUnfillable;
  }
  if (order.type == OrderType::kMarket && !Crosses(makers, limit_key)) {
    return RejectReason::kMarketNoLiquidity;
  }
  if (MayRest(order) && pool_->full()) {
    return RejectReason::kCapacity;
  }
  return RejectReason::kNone;
}

// Whether the whole order would trade at once. Exact: it follows what Match() would do.
bool OrderBook::Fillable(const IncomingOrder& order) const {
  const uint32_t makers_side = 1 - IndexOf(order.side);
  const Ladder& makers = ladders_[makers_side];
  const uint64_t limit_key = KeyOf(makers_side, order.price.value);
  int64_t missing = order.quantity.value;
  for (uint32_t at = makers.best(); at != internal::kNilSlot;
       at = makers.NextWorse(pool_->ladders_, at)) {
    const Level& level = pool_->ladders_.levels[at];
    if (level.key > limit_key) {
      return false;
    }
    if (level.quantity >= static_cast<uint64_t>(missing)) {
      return order.self_trade_prevention == SelfTradePrevention::kNone || FillableByOthers(order);
    }
    missing -= static_cast<int64_t>(level.quantity);
  }
  return false;
}

// As Fillable(), for an order that must not count its owner's orders: kCancelOldest steps over
// them; in every other mode the first one it meets takes quantity away from it.
bool OrderBook::FillableByOthers(const IncomingOrder& order) const {
  const uint32_t makers_side = 1 - IndexOf(order.side);
  const Ladder& makers = ladders_[makers_side];
  const uint64_t limit_key = KeyOf(makers_side, order.price.value);
  int64_t missing = order.quantity.value;
  for (uint32_t at = makers.best(); at != internal::kNilSlot;
       at = makers.NextWorse(pool_->ladders_, at)) {
    const Level& level = pool_->ladders_.levels[at];
    if (level.key > limit_key) {
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

void OrderBook::CheckInvariants() const {
  CheckSide(Side::kBuy);
  CheckSide(Side::kSell);
  if (!in_call() && !gate_.reached && !ladders_[kBids].empty() && !ladders_[kAsks].empty()) {
    CHECK(best_bid().price < best_ask().price);
  }
}

void OrderBook::CheckSide(Side book_side) const {
  const uint32_t side = IndexOf(book_side);
  CheckLadder(ladders_[side], side, OrderPlace::kDisplayed);
  CheckLadder(dark_[side], side, OrderPlace::kDark);
  uint32_t specials = 0;
  uint32_t all_or_none = 0;
  ForEachOrder(book_side, [&](OrderHandle handle) {
    const OrderView view = pool_->View(handle);
    specials += view.place == OrderPlace::kDark || view.display_quantity.value != 0;
    all_or_none += view.all_or_none;
    if (view.display_quantity.value != 0) {
      CHECK(view.displayed <= view.display_quantity);
    } else {
      CHECK(view.displayed == (view.place == OrderPlace::kDark ? QuantityLots{} : view.leaves));
    }
  });
  CHECK(specials == (specials_[side] & ~kGated) && all_or_none == all_or_none_counts_[side]);
}

void OrderBook::CheckLadder(const Ladder& ladder, uint32_t side, OrderPlace place) const {
  ladder.CheckInvariants(pool_->ladders_);
  uint32_t level_count = 0;
  uint32_t order_count = 0;
  uint64_t better_key = 0;
  for (uint32_t at = ladder.best(); at != internal::kNilSlot;
       at = ladder.NextWorse(pool_->ladders_, at)) {
    const Level& level = pool_->ladders_.levels[at];
    CHECK(level_count == 0 || better_key < level.key);
    better_key = level.key;
    ++level_count;
    uint64_t quantity = 0;
    uint32_t level_order_count = 0;
    uint32_t previous = internal::kNilSlot;
    for (uint32_t slot = level.head; slot != internal::kNilSlot;) {
      const Order& order = pool_->orders_[slot];
      CHECK(order.leaves > 0 && order.level == at && order.previous == previous);
      CHECK(order.is_sell == side && pool_->place(OrderHandle{slot}) == place);
      CHECK(pool_->index_ == nullptr || pool_->Find(order.id) == OrderHandle{slot});
      quantity += static_cast<uint64_t>(order.leaves);
      ++level_order_count;
      previous = slot;
      slot = order.next;
    }
    CHECK(level.tail == previous && level_order_count > 0);
    CHECK(level.quantity == quantity && level.order_count == level_order_count);
    order_count += level_order_count;
  }
  CHECK(level_count == ladder.level_count());
  CHECK(order_count == (place == OrderPlace::kDark ? dark_counts_[side] : order_counts_[side]));
}

}  // namespace tally
