#pragma once

#include <cstdint>

#include "base/types.h"
#include "base/zeroed_array.h"
#include "engine/book/order_pool.h"

namespace tally::core::internal {

// Good-till-date orders, the one that expires first in front; of one time the oldest. A heap with
// four children to a node and a table from handle to place in it.
//
// Thread safety: none. Invariants: an order is in it at most once. The order in which they leave
// follows from (time, order id) alone, never from how the heap came about.
// Cost: O(log4 of the orders in it), nothing is allocated after construction; pages are committed
// when first touched.
class ExpiryQueue {
 public:
  struct Entry {
    int64_t expire_time_ns;
    OrderId id;
    OrderHandle handle;

    friend bool operator<(const Entry& a, const Entry& b) {
      return a.expire_time_ns != b.expire_time_ns ? a.expire_time_ns < b.expire_time_ns
                                                  : a.id < b.id;
    }
  };

  explicit ExpiryQueue(uint32_t capacity) : entries_(capacity), places_(capacity) {}

  bool empty() const { return count_ == 0; }
  uint32_t count() const { return count_; }
  const Entry& front() const { return entries_[0]; }  // Requires !empty().

  void Insert(const Entry& entry);  // The order must not be in it.
  void Remove(OrderHandle handle);  // The order must be in it.

 private:
  static constexpr uint32_t kChildren = 4;

  void Put(uint32_t place, const Entry& entry);
  void SiftUp(uint32_t place, const Entry& entry);
  void SiftDown(uint32_t place, const Entry& entry);

  ZeroedArray<Entry> entries_;
  ZeroedArray<uint32_t> places_;  // By handle: place + 1; 0: not in it.
  uint32_t count_ = 0;
};

}  // namespace tally::core::internal
