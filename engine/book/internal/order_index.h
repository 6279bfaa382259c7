#pragma once

// From order id to pool slot: a hash table of four-byte entries, with chains by slot.

#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "base/prefetch.h"
#include "base/types.h"
#include "engine/book/internal/pages.h"
#include "engine/book/internal/slot_pool.h"

namespace tally::internal {

// Thread safety: none.
// Invariants: every id is in the chain that begins at its home, the latest first. Nothing ever
// moves, so an operation costs its chain and no more; with ids in sequence, however many there
// were, finding one takes 1.5 steps on average when the table is full, 1.25 when half full.
// Memory: 8 to 12 bytes per order of the capacity.
//
// Ids are assigned in sequence, so the home of an id is its remainder: a burst of new orders fills
// one cache line after the other, and as many ids in a row as there are homes do not collide. What
// is above the remainder (the round) shifts the homes of a whole round, so that ids which differ in
// high bits alone do not meet. An entry has some bits of the round and no id: if they are
// not enough, `has_id(slot)` must tell whether the order in a slot has the id in question. The
// caller looks at that order next anyway.
class OrderIndex {
 public:
  // Room for `capacity` ids in slots below it, 1 .. 2^26.
  explicit OrderIndex(uint32_t capacity, bool prefault = false);

  std::size_t size_bytes() const { return pages_.size_bytes(); }

  // The slot of `id`, or kNilSlot.
  template <typename HasId>
  uint32_t Find(OrderId id, HasId has_id) const {
    const uint32_t tag = TagOf(id);
    uint32_t entry = homes_[HomeOf(id)];
    while (entry != 0) {
      const uint32_t slot = SlotOf(entry);
      if (((entry ^ tag) & tag_mask_) == 0 && has_id(slot)) {
        return slot;
      }
      entry = (entry & kFollowed) != 0 ? next_[slot] : 0;
    }
    return kNilSlot;
  }

  // The slot of `id`, or of another id, or 0. No branch.
  uint32_t GuessAt(OrderId id) const {
    const uint32_t slot_plus_1 = homes_[HomeOf(id)] & ~kFollowed & ~tag_mask_;
    return slot_plus_1 - uint32_t{slot_plus_1 != 0};
  }

  // Requires that neither `id` nor `slot` is in the table; the first is checked.
  template <typename HasId>
  void Insert(OrderId id, uint32_t slot, HasId has_id) {
    uint32_t& home = homes_[HomeOf(id)];
    uint32_t entry = TagOf(id) | (slot + 1);
    if (home != 0) {
      CHECK(Find(id, has_id) == kNilSlot);
      next_[slot] = home;
      entry |= kFollowed;
    }
    home = entry;
  }

  // Requires that `id` was inserted with `slot`.
  void Erase(OrderId id, uint32_t slot) {
    uint32_t* at = &homes_[HomeOf(id)];
    while (SlotOf(*at) != slot) {
      CHECK((*at & kFollowed) != 0);
      at = &next_[SlotOf(*at)];
    }
    *at = (*at & kFollowed) != 0 ? next_[slot] : 0;
  }

  // Starts to load what an operation on `id` will need.
  void Prefetch(OrderId id) const { tally::Prefetch(&homes_[HomeOf(id)]); }

 private:
  // An entry; 0 is none, which is what fresh memory holds.
  //
  //  31         30     slot_bits             0
  //  +----------+-------+--------------------+
  //  | followed | round | slot + 1           |
  //  +----------+-------+--------------------+
  //
  // Followed: next_[slot] is the rest of the chain (perhaps none any more). Else it means nothing
  // and is not read, so that an order that met no other costs one cache line.
  static constexpr uint32_t kFollowed = 1U << 31;
  // The home of a round begins at a multiple of so many: neighbours stay neighbours.
  static constexpr uint64_t kNeighbours = 64;

  uint64_t RoundOf(OrderId id) const { return Raw(id) >> home_bits_; }
  // The round by Fibonacci hashing (Knuth, TAOCP 3, section 6.4).
  uint32_t HomeOf(OrderId id) const {
    const uint64_t shift = (RoundOf(id) * 0x9e37'79b9'7f4a'7c15U) >> 32 & ~(kNeighbours - 1);
    return static_cast<uint32_t>(Raw(id) ^ shift) & home_mask_;
  }
  uint32_t TagOf(OrderId id) const {
    return static_cast<uint32_t>(RoundOf(id) << slot_bits_) & tag_mask_;
  }
  // Of no entry: a slot that there is not.
  uint32_t SlotOf(uint32_t entry) const { return (entry & ~kFollowed & ~tag_mask_) - 1; }

  uint32_t home_bits_;
  uint32_t slot_bits_;
  uint32_t home_mask_;
  uint32_t tag_mask_;
  Pages pages_;
  uint32_t* homes_;
  uint32_t* next_;  // By slot, behind the homes.
};

}  // namespace tally::internal
