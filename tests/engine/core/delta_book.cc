#include "tests/engine/core/delta_book.h"

#include <algorithm>

namespace tally {

std::string DeltaBook::Apply(const Event& event) {
  const BookDeltaEvent& delta = event.book_delta;
  if (delta.book_sequence != ++sequence_) {
    return "gap in the book sequence";
  }
  const Side side{event.side};
  Levels3& side_levels = levels(side);
  Level& level = side_levels[RankOf(side, delta.price)];
  const auto order = std::find_if(level.orders.begin(), level.orders.end(),
                                  [&](const auto& row) { return row.id == event.order_id; });
  const bool known = order != level.orders.end();
  switch (delta.action) {
    case BookAction::kAdd:
      if (known || delta.quantity.value <= 0) {
        return "added twice, or nothing";
      }
      level.orders.push_back(
          {.id = event.order_id, .price = delta.price, .quantity = delta.quantity});
      break;
    case BookAction::kChange:
      if (!known || delta.quantity.value <= 0 || delta.quantity == order->quantity) {
        return "changed without being there, or to what it was";
      }
      order->quantity = delta.quantity;
      break;
    case BookAction::kRemove:
      if (!known || delta.quantity.value != 0) {
        return "removed without being there";
      }
      level.orders.erase(order);
      break;
  }
  level.quantity = delta.level_quantity;
  level.order_count = delta.level_order_count;
  if (level.order_count != level.orders.size()) {
    return "order count of the level";
  }
  if (level.orders.empty()) {
    const bool empty = level.quantity.value == 0;
    side_levels.erase(RankOf(side, delta.price));
    return empty ? "" : "quantity of an empty level";
  }
  return "";
}

std::vector<core::DepthOrder> DeltaBook::Orders(Side side) const {
  std::vector<core::DepthOrder> orders;
  for (const auto& [rank, level] : levels(side)) {
    orders.insert(orders.end(), level.orders.begin(), level.orders.end());
  }
  return orders;
}

std::vector<core::DepthLevel> DeltaBook::Levels(Side side) const {
  std::vector<core::DepthLevel> result;
  for (const auto& [rank, level] : levels(side)) {
    result.push_back({.price = {side == Side::kBuy ? -rank : rank},
                      .quantity = level.quantity,
                      .order_count = level.order_count});
  }
  return result;
}

}  // namespace tally
