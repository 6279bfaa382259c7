#include "engine/book/order_pool.h"

#include "base/assert.h"

namespace tally {

OrderPool::OrderPool(const OrderPoolOptions& options)
    : orders_(options.capacity),
      ladders_(options.capacity),
      index_(options.index_order_ids ? std::make_unique<internal::OrderIndex>(options.capacity)
                                     : nullptr) {
  CHECK(options.capacity <= kMaxOpenOrdersPerCore);
}

OrderView OrderPool::View(OrderHandle handle) const {
  const Order& order = orders_[Raw(handle)];
  return {.id = order.id,
          .owner = order.owner,
          .price = {static_cast<int64_t>(ladders_.levels[order.level].key ^
                                         internal::KeyMask(order.is_sell))},
          .leaves = {order.leaves},
          .side = order.is_sell ? Side::kSell : Side::kBuy,
          .self_trade_prevention = static_cast<SelfTradePrevention>(order.self_trade_prevention),
          .post_only = order.is_post_only != 0};
}

}  // namespace tally
