#pragma once

// From order id to pool slot: open addressing, linear probing, removal by shifting back.

#include <cstdint>

#include "base/assert.h"
#include "base/prefetch.h"
#include "base/types.h"
#include "engine/book/internal/pages.h"
#include "engine/book/internal/slot_pool.h"

namespace tally::internal {

// Thread safety: none.
// Invariants: at most half full; every entry is reachable from its home without crossing an empty
// one (so there are no tombstones, and the table does not age).
//
// Ids are assigned in sequence, so eight neighbours share a home cache line: a burst of new orders
// fills one line after the other. An entry has half of the hash instead of the id; where that is
// not enough, `has_id(slot)` must tell whether the order in a slot has the id in question. The
// caller looks at that order next anyway.
class OrderIndex {
 public:
  // Room for `capacity` ids, 1 .. 2^27.
  explicit OrderIndex(uint32_t capacity, bool prefault = false);

  std::size_t size_bytes() const { return pages_.size_bytes(); }

  // The slot of `id`, or kNilSlot.
  template <typename HasId>
  uint32_t Find(OrderId id, HasId has_id) const {
    const uint32_t tag = TagOf(id);
    for (uint32_t at = HomeOf(tag);; at = (at + 1) & mask_) {
      const Entry& entry = entries_[at];
      if (entry.slot_plus_1 == 0) {
        return kNilSlot;
      }
      if (entry.tag == tag && has_id(entry.slot_plus_1 - 1)) {
        return entry.slot_plus_1 - 1;
      }
    }
  }

  // Requires that `id` is not in the table; that is checked along the probe.
  template <typename HasId>
  void Insert(OrderId id, uint32_t slot, HasId has_id) {
    const uint32_t tag = TagOf(id);
    uint32_t at = HomeOf(tag);
    while (entries_[at].slot_plus_1 != 0) {
      CHECK(entries_[at].tag != tag || !has_id(entries_[at].slot_plus_1 - 1));
      at = (at + 1) & mask_;
    }
    entries_[at] = {.tag = tag, .slot_plus_1 = slot + 1};
  }

  // Requires that `id` was inserted with `slot`.
  void Erase(OrderId id, uint32_t slot) {
    uint32_t hole = HomeOf(TagOf(id));
    while (entries_[hole].slot_plus_1 != slot + 1) {
      CHECK(entries_[hole].slot_plus_1 != 0);
      hole = (hole + 1) & mask_;
    }
    for (uint32_t at = (hole + 1) & mask_; entries_[at].slot_plus_1 != 0; at = (at + 1) & mask_) {
      // An entry may move back to the hole unless its home lies after the hole.
      if (((at - HomeOf(entries_[at].tag)) & mask_) >= ((at - hole) & mask_)) {
        entries_[hole] = entries_[at];
        hole = at;
      }
    }
    entries_[hole].slot_plus_1 = 0;
  }

  // Starts to load what an operation on `id` will need.
  void Prefetch(OrderId id) const { tally::Prefetch(&entries_[HomeOf(TagOf(id))]); }

 private:
  struct Entry {
    uint32_t tag;
    uint32_t slot_plus_1;  // 0: empty, which is what fresh memory holds.
  };

  static constexpr uint32_t kLineBits = 3;
  static constexpr uint32_t kInLine = (1U << kLineBits) - 1;

  // Above the hash of the line, by Fibonacci hashing (Knuth, TAOCP 3, section 6.4); below the
  // place in the line.
  static uint32_t TagOf(OrderId id) {
    const uint64_t hash = (Raw(id) >> kLineBits) * 0x9e37'79b9'7f4a'7c15U;
    return (static_cast<uint32_t>(hash >> 32) & ~kInLine) |
           (static_cast<uint32_t>(Raw(id)) & kInLine);
  }
  uint32_t HomeOf(uint32_t tag) const { return tag >> shift_ << kLineBits | (tag & kInLine); }

  Pages pages_;
  Entry* entries_;
  uint32_t mask_;
  uint32_t shift_;  // 32 - log2 of the number of lines.
};

}  // namespace tally::internal
