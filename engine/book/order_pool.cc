#include "engine/book/order_pool.h"

#include <algorithm>
#include <bit>

#include "base/assert.h"

namespace tally {

OrderPool::OrderPool(const OrderPoolOptions& options)
    : orders_(options.capacity, options.prefault),
      specials_(options.capacity, RowUse::kSparse),
      ladders_(options.capacity, options.windows, options.window_ticks, options.prefault),
      index_(options.index_order_ids
                 ? std::make_unique<internal::OrderIndex>(options.capacity, options.prefault)
                 : nullptr),
      slot_mask_(options.ids_carry_slots ? std::bit_ceil(std::max(options.capacity, 2U)) - 1 : 0),
      slot_bits_(static_cast<uint32_t>(std::popcount(slot_mask_))) {
  CHECK(options.capacity <= kMaxOpenOrdersPerCore);
  CHECK(!options.ids_carry_slots || !options.index_order_ids);
}

OrderView OrderPool::View(OrderHandle handle) const {
  const Order& order = orders_[Raw(handle)];
  OrderView view = {
      .id = order.id,
      .owner = order.owner,
      .price = {},
      .leaves = {order.leaves},
      .side = order.is_sell ? Side::kSell : Side::kBuy,
      .self_trade_prevention = static_cast<SelfTradePrevention>(order.self_trade_prevention),
      .post_only = order.is_post_only != 0,
      .displayed = {order.leaves}};
  if (order.is_special != 0) {
    const SpecialOrder& special = specials_[Raw(handle)];
    view.leaves += {special.reserve};
    view.slide = special.slide;
    view.hidden = special.hidden;
    view.all_or_none = special.all_or_none;
    view.pegged = special.pegged;
    view.place = special.place;
    view.displayed = special.place == OrderPlace::kDisplayed ? view.displayed : QuantityLots{};
    view.display_quantity = {special.display};
  }
  view.price = view.place == OrderPlace::kDormant
                   ? PriceTicks{specials_[Raw(handle)].price}
                   : PriceTicks{static_cast<int64_t>(ladders_.levels[order.level].key ^
                                                     internal::KeyMask(order.is_sell))};
  return view;
}

}  // namespace tally
