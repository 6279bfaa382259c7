#pragma once

// A fixed number of slots of one type, handed out and taken back by 32-bit index.

#include <cstddef>
#include <cstdint>
#include <sys/mman.h>
#include <type_traits>

#include "base/assert.h"

namespace tally::internal {

inline constexpr uint32_t kNilSlot = 0xffff'ffff;

// Thread safety: none; one thread at a time.
// Invariants: an index in [0, fresh) is either in use or on the free list, exactly once; indexes
// from `fresh` on were never touched, so a large pool costs address space, not memory, until used.
// The free list is a stack: the slot freed last, still in cache, is reused first.
// `kLink` names the member that links free slots; its value is lost when a slot is freed.
template <typename Slot, uint32_t Slot::*kLink>
class SlotPool {
  static_assert(std::is_trivial_v<Slot>);

 public:
  explicit SlotPool(uint32_t capacity) : capacity_(capacity) {
    CHECK(capacity > 0 && capacity < kNilSlot);
    void* memory =
        mmap(nullptr, size_bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    // Orders are touched at random: with 4 KiB pages every second touch is also a TLB miss. A
    // refusal only costs speed.
    static_cast<void>(madvise(memory, size_bytes(), MADV_HUGEPAGE));
    slots_ = static_cast<Slot*>(memory);
  }
  ~SlotPool() { static_cast<void>(munmap(slots_, size_bytes())); }
  SlotPool(const SlotPool&) = delete;
  SlotPool& operator=(const SlotPool&) = delete;

  uint32_t capacity() const { return capacity_; }
  uint32_t used_count() const { return used_count_; }
  bool full() const { return used_count_ == capacity_; }
  // One past the highest index ever used.
  uint32_t fresh() const { return fresh_; }

  Slot& operator[](uint32_t index) { return slots_[index]; }
  const Slot& operator[](uint32_t index) const { return slots_[index]; }

  // The slot's content is whatever was left there. Requires !full().
  uint32_t Acquire() {
    ++used_count_;
    if (free_ == kNilSlot) [[unlikely]] {
      CHECK(fresh_ < capacity_);
      return fresh_++;
    }
    const uint32_t index = free_;
    free_ = slots_[index].*kLink;
    return index;
  }

  void Release(uint32_t index) {
    slots_[index].*kLink = free_;
    free_ = index;
    --used_count_;
  }

 private:
  std::size_t size_bytes() const { return std::size_t{capacity_} * sizeof(Slot); }

  Slot* slots_;
  uint32_t capacity_;
  uint32_t used_count_ = 0;
  uint32_t fresh_ = 0;
  uint32_t free_ = kNilSlot;
};

}  // namespace tally::internal
