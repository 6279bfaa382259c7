#include "engine/book/order_book.h"

#include "base/assert.h"

namespace tally {

void OrderBook::CheckInvariants() const {
  CheckSide(Side::kBuy);
  CheckSide(Side::kSell);
  if (!ladders_[kBids].empty() && !ladders_[kAsks].empty()) {
    CHECK(best_bid().price < best_ask().price);
  }
}

void OrderBook::CheckSide(Side book_side) const {
  const Ladder& side = ladders_[IndexOf(book_side)];
  side.CheckInvariants(pool_->ladders_);
  uint32_t level_count = 0;
  uint32_t order_count = 0;
  uint64_t better_key = 0;
  for (uint32_t at = side.best(); at != internal::kNilSlot;
       at = side.NextWorse(pool_->ladders_, at)) {
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
      CHECK(pool_->side(OrderHandle{slot}) == book_side);
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
  CHECK(level_count == side.level_count());
  CHECK(order_count == this->order_count(book_side));
}

}  // namespace tally
