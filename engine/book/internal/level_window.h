#pragma once

// An array with a place per key around the best price, and bitmaps of the places in use.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/assert.h"
#include "base/prefetch.h"
#include "engine/book/internal/pages.h"
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
  // A cache line of the lowest tier, so that every window begins and ends with whole lines.
  static constexpr uint32_t kSizeMin = kWordKeys * 8;
  // As many groups of words as the highest tier has bits.
  static constexpr uint32_t kSizeMax = kWordKeys * 64 * 64;

  // Of the memory of a window with `size` places.
  static constexpr std::size_t SizeBytes(std::size_t size) {
    return HeaderBytes(size) + size / kWordKeys * sizeof(uint64_t) + size * sizeof(uint32_t);
  }

  LevelWindow() = default;
  // `memory` is zero; `size` a power of two, kSizeMin .. kSizeMax.
  LevelWindow(std::byte* memory, uint32_t size)
      : words_(reinterpret_cast<uint64_t*>(memory + HeaderBytes(size))),
        levels_(reinterpret_cast<uint32_t*>(words_ + size / kWordKeys)),
        mask_(size - 1) {}

  bool exists() const { return mask_ != 0; }
  uint32_t size() const { return mask_ + 1; }

  // The level at `key`, or kNilSlot. Requires exists().
  uint32_t At(uint64_t key) const { return levels_[Place(key)] - 1; }

  // The level at `key` or at another key of this place; 0 if there is none. No branch, for guesses.
  uint32_t GuessAt(uint64_t key) const {
    const uint32_t level_plus_1 = levels_[Place(key)];
    return level_plus_1 - uint32_t{level_plus_1 != 0};
  }

  // Starts loading what At(), Put() and Remove() will touch.
  void Prefetch(uint64_t key) const {
    const uint32_t place = Place(key);
    tally::Prefetch(&levels_[place]);
    tally::Prefetch(&words_[place / kWordKeys]);
  }

  // Requires that the place is free.
  void Put(uint64_t key, uint32_t level) {
    const uint32_t place = Place(key);
    const uint32_t word = place / kWordKeys;
    levels_[place] = level + 1;
    words_[word] |= Bit(place);
    group(word / kGroupWords) |= Bit(word);
    top() |= Bit(word / kGroupWords);
  }

  // Requires that the place is in use.
  void Remove(uint64_t key) {
    const uint32_t place = Place(key);
    const uint32_t word = place / kWordKeys;
    levels_[place] = 0;
    const uint64_t left = words_[word] & ~Bit(place);
    words_[word] = left;
    if (left == 0) {
      uint64_t& words = group(word / kGroupWords);
      words &= ~Bit(word);
      // No branch: with few levels it is as often one as the other.
      top() &= ~(uint64_t{words == 0} << (word / kGroupWords));
    }
  }

  // As Remove() for the lowest key in use, of at least two; returns the next one.
  uint64_t RemoveFirst(uint64_t key) {
    const uint32_t place = Place(key);
    const uint32_t word = place / kWordKeys;
    levels_[place] = 0;
    // No lower bit is set: the 64 keys of a word follow one another.
    const uint64_t left = words_[word] & ~Bit(place);
    words_[word] = left;
    if (left != 0) {
      return key - place % kWordKeys + First(left);
    }
    uint64_t& words = group(word / kGroupWords);
    words &= ~Bit(word);
    top() &= ~(uint64_t{words == 0} << (word / kGroupWords));
    return key + ((FarPlaceAfter(word) - place) & mask_);
  }

  // The first key from `key` on that is in use, round the end: of the window that starts at `key`.
  // Requires that there is one.
  uint64_t KeyAtOrAfter(uint64_t key) const {
    const uint32_t place = Place(key);
    const uint64_t here = words_[place / kWordKeys] >> (place % kWordKeys);
    if (here != 0) {
      return key + First(here);
    }
    return key + ((FarPlaceAfter(place / kWordKeys) - place) & mask_);
  }

  // Which of the 64 keys from `first_key`, a multiple of 64, on are in use.
  uint64_t WordAt(uint64_t first_key) const { return words_[Place(first_key) / kWordKeys]; }

  // O(size).
  void CheckInvariants() const {
    for (uint32_t place = 0; place < size(); ++place) {
      CHECK((levels_[place] != 0) == ((words_[place / kWordKeys] & Bit(place)) != 0));
    }
    for (uint32_t word = 0; word < size() / kWordKeys; ++word) {
      CHECK((words_[word] != 0) == ((group(word / kGroupWords) & Bit(word)) != 0));
    }
    for (uint32_t index = 0; index < GroupCount(size()); ++index) {
      CHECK((group(index) != 0) == ((top() & Bit(index)) != 0));
    }
  }

 private:
  static constexpr uint32_t kGroupWords = 64;

  // Of the middle tier; a window of less than 4,096 places has one group, of which it uses a part.
  static constexpr std::size_t GroupCount(std::size_t size) {
    constexpr std::size_t kGroupKeys = std::size_t{kGroupWords} * kWordKeys;
    return (size + kGroupKeys - 1) / kGroupKeys;
  }

  // Memory: up to 7 words unused | middle tier, a word per group, backwards | highest tier, 1 word
  // | lowest tier, size / 64 words | places. So what is used most is next to each other.
  static constexpr std::size_t HeaderBytes(std::size_t size) {
    return (GroupCount(size) + 8) / 8 * 8 * sizeof(uint64_t);
  }

  static uint64_t Bit(uint32_t index) { return uint64_t{1} << (index % 64); }
  static uint32_t First(uint64_t word) { return static_cast<uint32_t>(std::countr_zero(word)); }

  uint32_t Place(uint64_t key) const { return static_cast<uint32_t>(key) & mask_; }
  uint64_t& group(uint32_t index) const { return *(words_ - 2 - index); }
  uint64_t& top() const { return *(words_ - 1); }

  // The first place in use in the words after `word`, round the end and up to it. Requires that
  // there is one. No branch: in a sparse book the next level is as often in another group as not.
  uint32_t FarPlaceAfter(uint32_t word) const {
    const uint32_t index = word / kGroupWords;
    const uint64_t near = group(index) & ~((uint64_t{2} << (word % kGroupWords)) - 1);
    const uint64_t far = top() & ~((uint64_t{2} << index) - 1);
    const uint32_t other = First(far ^ ((far ^ top()) & (0 - uint64_t{far == 0})));
    const uint64_t take_other = 0 - uint64_t{near == 0};
    const uint32_t next = index ^ ((index ^ other) & static_cast<uint32_t>(take_other));
    const uint32_t found = next * kGroupWords + First(near | (group(other) & take_other));
    return found * kWordKeys + First(words_[found]);
  }

  // Of a window that does not exist: a place without a level, never written.
  alignas(64) static inline std::array<uint64_t, 2> nothing_{};

  uint64_t* words_ = nothing_.data();  // The lowest tier.
  // A level + 1; 0: none, which is what fresh memory holds.
  uint32_t* levels_ = reinterpret_cast<uint32_t*>(nothing_.data() + 1);
  uint32_t mask_ = 0;
};

// The memory of windows of one size, given out one after the other and never taken back.
//
// Thread safety: none.
class WindowPool {
 public:
  // `size` of each as in LevelWindow; a count of 0 is a pool without any.
  WindowPool(uint32_t count, uint32_t size, bool prefault = false);

  std::size_t touched_bytes() const { return stride_bytes() * acquired_; }

  // A window that does not exist when all are given out.
  LevelWindow Acquire() {
    if (acquired_ == count_) {
      return {};
    }
    return {pages_->data() + stride_bytes() * acquired_++, size_};
  }

 private:
  std::size_t stride_bytes() const { return LevelWindow::SizeBytes(size_); }

  std::optional<Pages> pages_;  // None if there are no windows.
  uint32_t count_;
  uint32_t size_;
  uint32_t acquired_ = 0;
};

}  // namespace tally::internal
