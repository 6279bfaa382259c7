#pragma once

// The definitions of PriceLadder; included by price_ladder.h alone. What a command in the usual
// range of prices needs comes first and is inlined, the rest is not.

#include <algorithm>
#include <bit>
#include <cstdint>

#include "base/assert.h"
#include "engine/book/internal/price_ladder.h"

namespace tally::internal {

inline uint32_t PriceLadder::Find(const LadderPool& pool, uint64_t key) const {
  return Covers(key) ? window_.At(key) : TreeFind(pool, key);
}

inline PriceLevel EmptyLevel(uint64_t key, uint32_t parent) {
  return {.key = key,
          .quantity = 0,
          .head = kNilSlot,
          .tail = kNilSlot,
          .order_count = 0,
          .parent = parent};
}

inline uint32_t PriceLadder::FindOrInsert(LadderPool& pool, uint64_t key) {
  if (!Covers(key)) [[unlikely]] {
    if (may_have_window_) {
      Follow(pool, key);
    }
    if (!Covers(key)) {
      return TreeFindOrInsert(pool, key, kNilSlot);
    }
  }
  const uint32_t found = window_.At(key);
  if (found != kNilSlot) {
    return found;
  }
  const uint32_t level = NewLevel(pool, EmptyLevel(key, kInWindow));
  window_.Put(key, level);
  return level;
}

// A new level is written once, complete.
[[gnu::always_inline]] inline PriceLadder::Joined PriceLadder::FindOrInsert(LadderPool& pool,
                                                                            uint64_t key,
                                                                            uint32_t slot,
                                                                            uint64_t quantity) {
  if (!Covers(key)) [[unlikely]] {
    const uint32_t at = FindOrInsert(pool, key);
    PriceLevel& level = pool.levels[at];
    const bool is_new = level.order_count == 0;
    if (is_new) {
      level.quantity = quantity;
      level.head = slot;
      level.tail = slot;
      level.order_count = 1;
    }
    return {at, is_new};
  }
  const uint32_t found = window_.At(key);
  if (found != kNilSlot) {
    return {found, false};
  }
  const uint32_t level = NewLevel(pool, {.key = key,
                                         .quantity = quantity,
                                         .head = slot,
                                         .tail = slot,
                                         .order_count = 1,
                                         .parent = kInWindow});
  window_.Put(key, level);
  return {level, true};
}

inline uint32_t PriceLadder::NewLevel(LadderPool& pool, const PriceLevel& level) {
  const uint32_t at = pool.levels.Acquire();
  pool.levels[at] = level;
  // In a book of few levels half of the new ones are the best: no branch.
  const auto is_best = static_cast<uint32_t>(level.key < best_key_);
  best_ ^= (best_ ^ at) & (0 - is_best);
  best_key_ = std::min(best_key_, level.key);
  ++level_count_;
  return at;
}

[[gnu::always_inline]] inline void PriceLadder::Erase(LadderPool& pool, uint32_t level) {
  const uint64_t key = pool.levels[level].key;
  const bool in_window = pool.levels[level].parent == kInWindow;
  --level_count_;
  if (in_window && best_ == level && tree_count_ == 0 && level_count_ != 0) {
    pool.levels.Release(level);
    best_key_ = window_.RemoveFirst(key);
    best_ = window_.At(best_key_);
    return;
  }
  if (in_window) [[likely]] {
    window_.Remove(key);
  } else {
    TreeErase(pool, level);
  }
  pool.levels.Release(level);
  if (best_ == level) {
    FindBest(pool);
  }
}

// The best level was erased, and there is a tree or nothing left.
inline void PriceLadder::FindBest(const LadderPool& pool) {
  if (level_count_ == 0) {
    best_ = kNilSlot;
    best_key_ = kNoKey;
  } else if (tree_count_ == 0) {
    best_key_ = window_.KeyAtOrAfter(window_first_);
    best_ = window_.At(best_key_);
  } else {
    FindBestOfBoth(pool);
  }
}

inline uint32_t PriceLadder::NextWorse(const LadderPool& pool, uint32_t level) const {
  const PriceLevel& at = pool.levels[level];
  if (at.parent != kInWindow) {
    const uint32_t next = TreeNextWorse(pool, level);
    const bool over_window = at.key < window_first_ && !WindowEmpty() &&
                             (next == kNilSlot || pool.levels[next].key >= window_first_);
    return over_window ? FirstInWindow() : next;
  }
  if (at.key + 1 < window_end()) {
    const uint64_t next = window_.KeyAtOrAfter(at.key + 1);
    if (Covers(next)) {  // Else it is the first one: the search went round the end.
      return window_.At(next);
    }
  }
  return tree_count_ == 0 ? kNilSlot : TreeAtOrAfter(pool, window_end());
}

}  // namespace tally::internal
