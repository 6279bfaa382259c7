#pragma once

// A fixed number of slots of one type, handed out and taken back by 32-bit index.

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "base/assert.h"
#include "engine/book/internal/pages.h"

namespace tally::internal {

inline constexpr uint32_t kNilSlot = 0xffff'ffff;

// Thread safety: none; one thread at a time.
// Invariants: an index in [0, fresh) is either in use, next() or on the free list, exactly once;
// indexes from `fresh` on were never touched, so a large pool costs address space, not memory,
// until used. The free list is a stack: what was freed last, still in cache, is reused almost
// first. The slot that is next is taken off it in advance, so that it can be known, and is loaded,
// early. `kLink` names the member that links free slots; its value is lost when a slot is freed.
template <typename Slot, uint32_t Slot::*kLink>
class SlotPool {
  static_assert(std::is_trivial_v<Slot>);

 public:
  explicit SlotPool(uint32_t capacity, bool prefault = false)
      : pages_(std::size_t{capacity} * sizeof(Slot), prefault),
        slots_(reinterpret_cast<Slot*>(pages_.data())),
        capacity_(capacity) {
    CHECK(capacity > 0 && capacity < kNilSlot);
  }

  uint32_t capacity() const { return capacity_; }
  // Of the slots that were ever used.
  std::size_t touched_bytes() const { return std::size_t{fresh_} * sizeof(Slot); }
  uint32_t used_count() const { return used_count_; }
  bool full() const { return next_ == kNilSlot; }
  // One past the highest index ever used or next().
  uint32_t fresh() const { return fresh_; }

  Slot* data() { return slots_; }
  Slot& operator[](uint32_t index) { return slots_[index]; }
  const Slot& operator[](uint32_t index) const { return slots_[index]; }

  // What Acquire() will return, whatever is released before; kNilSlot if full.
  uint32_t next() const { return next_; }

  // The slot's content is whatever was left there. Requires !full().
  uint32_t Acquire() {
    const uint32_t index = next_;
    CHECK(index != kNilSlot);
    ++used_count_;
    if (free_ != kNilSlot) [[likely]] {
      next_ = free_;
      free_ = slots_[free_].*kLink;
    } else {
      next_ = fresh_ < capacity_ ? fresh_++ : kNilSlot;
    }
    return index;
  }

  void Release(uint32_t index) {
    --used_count_;
    if (next_ == kNilSlot) [[unlikely]] {
      next_ = index;
      return;
    }
    slots_[index].*kLink = free_;
    free_ = index;
  }

 private:
  Pages pages_;
  Slot* slots_;
  uint32_t capacity_;
  uint32_t used_count_ = 0;
  uint32_t fresh_ = 1;
  uint32_t next_ = 0;
  uint32_t free_ = kNilSlot;
};

}  // namespace tally::internal
