#pragma once

#include <cstdint>
#include <span>
#include <tuple>

#include "base/assert.h"
#include "base/types.h"
#include "base/zeroed_array.h"
#include "engine/book/order_pool.h"

namespace tally::core::internal {

// An open order about to be canceled, with what sorts it.
struct Victim {
  InstrumentId instrument;
  Side side;
  OrderHandle handle;
  OrderId id;          // Tells whether the handle still names this order.
  int64_t price_rank;  // Smaller is better.
  uint64_t priority;

  friend bool operator<(const Victim& a, const Victim& b) {
    return std::tie(a.instrument, a.side, a.price_rank, a.priority) <
           std::tie(b.instrument, b.side, b.price_rank, b.priority);
  }
};

// Scratch of the commands that cancel many orders at once: room for every open order, reserved at
// construction. Thread safety: none. Cost: Add() O(1), never an allocation.
class CancelList {
 public:
  explicit CancelList(uint32_t open_orders) : rows_(open_orders, RowUse::kSparse) {}

  void Clear() { count_ = 0; }
  void Add(const Victim& victim) {
    CHECK(count_ < rows_.size());
    rows_[count_++] = victim;
  }
  std::span<Victim> victims() { return {count_ == 0 ? nullptr : &rows_[0], count_}; }

 private:
  ZeroedArray<Victim> rows_;
  std::size_t count_ = 0;
};

}  // namespace tally::core::internal
