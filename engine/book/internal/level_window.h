#pragma once

// An array with a place per key around the best price, and bitmaps of the places in use.

#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "engine/book/internal/slot_pool.h"

namespace tally::internal {

// The places of up to size() successive keys: the place of a key is its remainder, so that the
// range can move without moving what stays in it. Three tiers of bitmaps find the next place in
// use, round the end of the array if need be, in at most three steps.
//
// Thread safety: none. Copies refer to the same memory, which belongs to a WindowPool.
// Invariants: bit i of a tier is set iff word i of the tier below is not 0; bit i of the lowest
// tier iff place i holds a level.
class LevelWindow {
 public:
  static constexpr uint32_t kWordKeys = 64;
  static constexpr uint32_t kSizeMin = kWordKeys * 64;
  static constexpr uint32_t kSizeMax = kSizeMin * 64;

  // Of the memory of a window with `size` places.
  static std::size_t SizeBytes(uint32_t size) {
    return kHeaderBytes + size / kSizeMin * 8 + size / kWordKeys * 8 + std::size_t{size} * 4;
  }

  LevelWindow() = default;
  // `memory` is zero; `size` a power of two, kSizeMin .. kSizeMax.
  LevelWindow(std::byte* memory, uint32_t size)
      : tiers_(reinterpret_cast<uint64_t*>(memory)),
        levels_(reinterpret_cast<uint32_t*>(memory + SizeBytes(size) - std::size_t{size} * 4)),
        mask_(size - 1) {}

  bool exists() const { return tiers_ != nullptr; }
  uint32_t size() const { return mask_ + 1; }

  // The level at `key`, or kNilSlot. Requires exists().
  uint32_t At(uint64_t key) const { return levels_[Place(key)] - 1; }

  // Requires that the place is free.
  void Put(uint64_t key, uint32_t level) {
    const uint32_t place = Place(key);
    const uint32_t word = place / kWordKeys;
    const uint32_t group = place / kSizeMin;
    levels_[place] = level + 1;
    words()[word] |= Bit(place);
    groups()[group] |= Bit(word);
    *tiers_ |= Bit(group);
  }

  // Requires that the place is in use.
  void Remove(uint64_t key) {
    const uint32_t place = Place(key);
    const uint32_t word = place / kWordKeys;
    const uint32_t group = place / kSizeMin;
    levels_[place] = 0;
    words()[word] &= ~Bit(place);
    if (words()[word] == 0) {
      groups()[group] &= ~Bit(word);
      if (groups()[group] == 0) {
        *tiers_ &= ~Bit(group);
      }
    }
  }

  // The level at the first place in use from that of `key` on, round the end. Requires that there
  // is one.
  uint32_t AtOrAfter(uint64_t key) const {
    const uint32_t place = Place(key);
    uint32_t word = place / kWordKeys;
    const uint64_t here = words()[word] >> (place % kWordKeys);
    if (here != 0) {
      return levels_[place + First(here)] - 1;
    }
    const uint64_t near = groups()[word / 64] & ~((uint64_t{2} << (word % 64)) - 1);
    if (near != 0) {
      word = word / 64 * 64 + First(near);
    } else {
      const uint32_t group = ((word / 64) + 1) % (size() / kSizeMin);
      const uint64_t far = *tiers_ >> group;
      const uint32_t next = far != 0 ? group + First(far) : First(*tiers_);
      word = next * 64 + First(groups()[next]);
    }
    return levels_[word * kWordKeys + First(words()[word])] - 1;
  }

  // Which of the 64 keys from `first_key`, a multiple of 64, on are in use.
  uint64_t WordAt(uint64_t first_key) const { return words()[Place(first_key) / kWordKeys]; }

  // O(size).
  void CheckInvariants() const {
    for (uint32_t place = 0; place < size(); ++place) {
      CHECK((levels_[place] != 0) == ((words()[place / 64] & Bit(place)) != 0));
    }
    for (uint32_t word = 0; word < size() / kWordKeys; ++word) {
      CHECK((words()[word] != 0) == ((groups()[word / 64] & Bit(word)) != 0));
    }
    for (uint32_t group = 0; group < size() / kSizeMin; ++group) {
      CHECK((groups()[group] != 0) == ((*tiers_ & Bit(group)) != 0));
    }
  }

 private:
  static constexpr std::size_t kHeaderBytes = 8;  // The highest tier: one word.

  static uint64_t Bit(uint32_t index) { return uint64_t{1} << (index % 64); }
  static uint32_t First(uint64_t word) { return static_cast<uint32_t>(std::countr_zero(word)); }

  uint32_t Place(uint64_t key) const { return static_cast<uint32_t>(key) & mask_; }
  // In memory: the highest tier, the middle one, the lowest one, the places.
  uint64_t* groups() const { return tiers_ + 1; }
  uint64_t* words() const { return reinterpret_cast<uint64_t*>(levels_) - size() / kWordKeys; }

  uint64_t* tiers_ = nullptr;
  uint32_t* levels_ = nullptr;  // A level + 1; 0: none, which is what fresh memory holds.
  uint32_t mask_ = 0;
};

// The memory of windows of one size, given out one after the other and never taken back.
//
// Thread safety: none.
class WindowPool {
 public:
  // `size` of each as in LevelWindow; a count of 0 is a pool without any.
  WindowPool(uint32_t count, uint32_t size);
  ~WindowPool();
  WindowPool(const WindowPool&) = delete;
  WindowPool& operator=(const WindowPool&) = delete;

  // A window that does not exist when all are given out.
  LevelWindow Acquire() {
    if (acquired_ == count_) {
      return {};
    }
    return {memory_ + stride_bytes() * acquired_++, size_};
  }

 private:
  std::size_t stride_bytes() const { return (LevelWindow::SizeBytes(size_) + 63) / 64 * 64; }

  std::byte* memory_ = nullptr;
  uint32_t count_;
  uint32_t size_;
  uint32_t acquired_ = 0;
};

}  // namespace tally::internal
