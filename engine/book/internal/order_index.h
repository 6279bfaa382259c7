#pragma once

// From order id to pool slot: open addressing, linear probing, removal by shifting back.

#include <bit>
#include <cstdint>

#include "base/assert.h"
#include "base/types.h"
#include "engine/book/internal/slot_pool.h"

namespace tally::internal {

// Thread safety: none.
// Invariants: at most half full; every entry is reachable from its home without crossing an empty
// one (so there are no tombstones, and the table does not age).
// The table keeps ids, not just slots, so that a probe stays within it. Ids are assigned in
// sequence, so four neighbours share a home line: a burst of new orders fills one cache line
// after the other, in memory order within the line.
class OrderIndex {
 public:
  // Room for `capacity` ids, below 2^30.
  explicit OrderIndex(uint32_t capacity);
  ~OrderIndex();
  OrderIndex(const OrderIndex&) = delete;
  OrderIndex& operator=(const OrderIndex&) = delete;

  // The slot of `id`, or kNilSlot.
  uint32_t Find(OrderId id) const {
    for (uint32_t at = Home(id);; at = (at + 1) & mask_) {
      const Entry& entry = entries_[at];
      if (entry.slot_plus_1 == 0) {
        return kNilSlot;
      }
      if (entry.id == id) {
        return entry.slot_plus_1 - 1;
      }
    }
  }

  // Requires that `id` is not in the table; that is checked along the probe.
  void Insert(OrderId id, uint32_t slot) {
    uint32_t at = Home(id);
    while (entries_[at].slot_plus_1 != 0) {
      CHECK(entries_[at].id != id);
      at = (at + 1) & mask_;
    }
    entries_[at] = {.id = id, .slot_plus_1 = slot + 1};
  }

  // Requires that `id` is in the table.
  void Erase(OrderId id) {
    uint32_t hole = Home(id);
    while (entries_[hole].id != id || entries_[hole].slot_plus_1 == 0) {
      CHECK(entries_[hole].slot_plus_1 != 0);
      hole = (hole + 1) & mask_;
    }
    for (uint32_t at = (hole + 1) & mask_; entries_[at].slot_plus_1 != 0; at = (at + 1) & mask_) {
      // An entry may move back to the hole unless its home lies after the hole.
      if (((at - Home(entries_[at].id)) & mask_) >= ((at - hole) & mask_)) {
        entries_[hole] = entries_[at];
        hole = at;
      }
    }
    entries_[hole].slot_plus_1 = 0;
  }

 private:
  struct Entry {
    OrderId id;
    uint32_t slot_plus_1;  // 0: empty, which is what fresh memory holds.
  };

  uint32_t Home(OrderId id) const {
    // Fibonacci hashing (Knuth, TAOCP 3, section 6.4) of the line; the low bits pick the entry.
    const uint64_t line = (Raw(id) >> kLineBits) * 0x9e37'79b9'7f4a'7c15U;
    const auto in_line = static_cast<uint32_t>(Raw(id)) & ((1U << kLineBits) - 1);
    return (static_cast<uint32_t>(line >> shift_) << kLineBits) | in_line;
  }

  static constexpr uint32_t kLineBits = 2;

  Entry* entries_;
  uint32_t mask_;
  uint32_t shift_;
};

}  // namespace tally::internal
