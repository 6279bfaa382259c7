#pragma once

#include <cstdint>

#include "engine/core/internal/order_table.h"

namespace tally::core::internal {

// Orders with a detail in the order in which they were added, linked through two fields of
// OrderDetail. All zero bytes are an empty list.
template <OrderLink OrderDetail::*kLink>
struct OrderList {
  uint32_t head = 0;  // Handle + 1; 0: empty.
  uint32_t tail = 0;

  OrderHandle front() const { return head == 0 ? kNoOrder : OrderHandle{head - 1}; }

  void Add(OrderTable& orders, OrderHandle handle) {
    orders.detail(handle).*kLink = {.next = 0, .previous = tail};
    (tail == 0 ? head : (orders.detail(OrderHandle{tail - 1}).*kLink).next) = Raw(handle) + 1;
    tail = Raw(handle) + 1;
  }

  // The order must be in this list.
  void Remove(OrderTable& orders, OrderHandle handle) {
    const OrderLink link = orders.detail(handle).*kLink;
    (link.previous == 0 ? head : (orders.detail(OrderHandle{link.previous - 1}).*kLink).next) =
        link.next;
    (link.next == 0 ? tail : (orders.detail(OrderHandle{link.next - 1}).*kLink).previous) =
        link.previous;
  }

  // The order after this one, or kNoOrder.
  static OrderHandle Next(const OrderTable& orders, OrderHandle handle) {
    const uint32_t next = (orders.detail(handle).*kLink).next;
    return next == 0 ? kNoOrder : OrderHandle{next - 1};
  }
};

using LifetimeList = OrderList<&OrderDetail::of_lifetime>;
using DormantList = OrderList<&OrderDetail::of_dormant>;
using PegList = OrderList<&OrderDetail::of_pegs>;

}  // namespace tally::core::internal
