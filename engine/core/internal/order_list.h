#pragma once

#include <cstdint>

#include "engine/book/order_pool.h"
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

  // Behind those with a smaller order id. O(those with a greater one).
  void AddByAge(OrderTable& orders, const OrderPool& pool, OrderHandle handle) {
    uint32_t before = tail;
    while (before != 0 && pool.id(OrderHandle{before - 1}) > pool.id(handle)) {
      before = (orders.detail(OrderHandle{before - 1}).*kLink).previous;
    }
    uint32_t& next = before == 0 ? head : (orders.detail(OrderHandle{before - 1}).*kLink).next;
    orders.detail(handle).*kLink = {.next = next, .previous = before};
    (next == 0 ? tail : (orders.detail(OrderHandle{next - 1}).*kLink).previous) = Raw(handle) + 1;
    next = Raw(handle) + 1;
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
