#pragma once

// The price levels of one side of a book, in price order.

#include <bit>
#include <cstdint>

#include "base/assert.h"
#include "base/types.h"
#include "engine/book/internal/slot_pool.h"
#include "engine/limits.h"

namespace tally::internal {

// Prices become keys so that the better price is the lower key on both sides, and no code below
// has to ask which side it is on: a 50:50 branch that no processor can predict.
inline constexpr uint64_t kBidKeyMask = 2 * uint64_t{kMaxPriceTicks} - 1;

// Keys of bids are the prices with every bit flipped.
constexpr uint64_t KeyMask(uint32_t is_sell) { return kBidKeyMask & (uint64_t{is_sell} - 1); }

struct PriceLevel {
  uint64_t key;
  uint64_t quantity;  // Modulo 2^64, so that a caller's excess is a wrong sum and not undefined.
  uint32_t head;      // The order with the highest priority.
  uint32_t tail;
  uint32_t order_count;
  uint32_t parent;  // Ladder node, or kNilSlot for the only level.
};
static_assert(sizeof(PriceLevel) == 32);

// A node covers the 64 * 2^shift keys that begin with `prefix`, in 64 slots of 2^shift each.
struct LadderNode {
  uint64_t prefix;    // key >> shift >> 6 of every key below this node.
  uint64_t occupied;  // Bit i: child[i] is valid. Always two or more bits.
  uint32_t parent;    // kNilSlot for the root.
  uint32_t shift;     // A multiple of 6.
  uint32_t child[64];
};

// Shared by the ladders of a pool of orders. There is at most one level per order, and since a
// node has two children or more, always fewer nodes than levels.
struct LadderPool {
  explicit LadderPool(uint32_t capacity) : levels(capacity), nodes(capacity) {}

  SlotPool<PriceLevel, &PriceLevel::parent> levels;
  SlotPool<LadderNode, &LadderNode::parent> nodes;
};

// A path-compressed radix tree over the bits of the key, 6 bits a step; a child is a level or
// a node. Prices that lie together (the usual book: everything within a few thousand ticks) take
// one or two steps; prices anywhere take at most 9, and memory depends on the number of
// levels alone. The occupied bits make "next best price" two instructions per step.
//
// Thread safety: none. Does not own its pool, which must be the same in every call.
// Invariants: see LadderNode; best() is the level that a walk towards the best price finds.
class PriceLadder {
 public:
  bool empty() const { return best_ == kNilSlot; }
  uint32_t level_count() const { return level_count_; }
  // The level with the lowest key, i.e. the best price; kNilSlot if empty.
  uint32_t best() const { return best_; }

  // The level at `key`; a new one has no orders. Requires a free level and node if it is new.
  uint32_t FindOrInsert(LadderPool& pool, uint64_t key);

  // Removes a level.
  void Erase(LadderPool& pool, uint32_t level);

  // The next level away from the best price; kNilSlot at the end.
  uint32_t NextWorse(const LadderPool& pool, uint32_t level) const;

  // CHECKs the tree below the root. O(levels).
  void CheckInvariants(const LadderPool& pool) const;

 private:
  static constexpr uint32_t kStepBits = 6;
  static constexpr uint32_t kSlotMask = 63;
  static constexpr uint32_t kLevelTag = 1U << 31;  // Marks a reference to a level, not a node.

  static bool IsLevel(uint32_t reference) { return (reference & kLevelTag) != 0; }
  static uint32_t SlotOf(const LadderNode& node, uint64_t key) {
    return static_cast<uint32_t>(key >> node.shift) & kSlotMask;
  }
  static uint64_t FirstKey(const LadderNode& node) {
    return node.prefix << kStepBits << node.shift;
  }
  static uint32_t FirstSlot(uint64_t occupied) {
    return static_cast<uint32_t>(std::countr_zero(occupied));
  }
  static uint64_t SlotsAfter(uint64_t occupied, uint32_t slot) {
    return occupied & ~((uint64_t{2} << slot) - 1);
  }

  uint32_t NewLevel(LadderPool& pool, uint64_t key, uint32_t parent);
  // Puts a node over `reference`, whose keys begin differently from `key`, and `key` in it.
  uint32_t Split(LadderPool& pool, uint32_t reference, uint64_t key);
  // Lets the parent of a child that covers `key` point to `reference` instead.
  void Repoint(LadderPool& pool, uint32_t parent, uint64_t key, uint32_t reference);
  static uint32_t BestUnder(const LadderPool& pool, uint32_t reference);
  uint32_t CheckSubtree(const LadderPool& pool, uint32_t reference, uint32_t parent) const;

  uint32_t root_ = kNilSlot;  // A tagged reference, as in LadderNode::child.
  uint32_t best_ = kNilSlot;
  uint32_t level_count_ = 0;
};

inline uint32_t PriceLadder::FindOrInsert(LadderPool& pool, uint64_t key) {
  if (empty()) {
    const uint32_t level = NewLevel(pool, key, kNilSlot);
    root_ = level | kLevelTag;
    return level;
  }
  uint32_t reference = root_;
  while (!IsLevel(reference)) {
    LadderNode& node = pool.nodes[reference];
    if ((key >> node.shift >> kStepBits) != node.prefix) {
      return Split(pool, reference, key);
    }
    const uint32_t slot = SlotOf(node, key);
    if ((node.occupied >> slot & 1) == 0) {
      const uint32_t level = NewLevel(pool, key, reference);
      node.occupied |= uint64_t{1} << slot;
      node.child[slot] = level | kLevelTag;
      return level;
    }
    reference = node.child[slot];
  }
  const uint32_t level = reference & ~kLevelTag;
  return pool.levels[level].key == key ? level : Split(pool, reference, key);
}

inline uint32_t PriceLadder::NewLevel(LadderPool& pool, uint64_t key, uint32_t parent) {
  const uint32_t level = pool.levels.Acquire();
  pool.levels[level] = {.key = key,
                        .quantity = 0,
                        .head = kNilSlot,
                        .tail = kNilSlot,
                        .order_count = 0,
                        .parent = parent};
  if (empty() || key < pool.levels[best_].key) {
    best_ = level;
  }
  ++level_count_;
  return level;
}

inline uint32_t PriceLadder::Split(LadderPool& pool, uint32_t reference, uint64_t key) {
  uint64_t other_key;
  uint32_t parent;
  const uint32_t index = pool.nodes.Acquire();
  if (IsLevel(reference)) {
    PriceLevel& other = pool.levels[reference & ~kLevelTag];
    other_key = other.key;
    parent = other.parent;
    other.parent = index;
  } else {
    LadderNode& other = pool.nodes[reference];
    other_key = FirstKey(other);
    parent = other.parent;
    other.parent = index;
  }
  LadderNode& node = pool.nodes[index];
  const auto top_bit = static_cast<uint32_t>(63 - std::countl_zero(key ^ other_key));
  node.shift = top_bit / kStepBits * kStepBits;
  node.prefix = key >> node.shift >> kStepBits;
  node.parent = parent;
  Repoint(pool, parent, key, index);
  const uint32_t level = NewLevel(pool, key, index);
  node.occupied = uint64_t{1} << SlotOf(node, key) | uint64_t{1} << SlotOf(node, other_key);
  node.child[SlotOf(node, key)] = level | kLevelTag;
  node.child[SlotOf(node, other_key)] = reference;
  return level;
}

inline void PriceLadder::Repoint(LadderPool& pool, uint32_t parent, uint64_t key,
                                 uint32_t reference) {
  if (parent == kNilSlot) {
    root_ = reference;
  } else {
    LadderNode& node = pool.nodes[parent];
    node.child[SlotOf(node, key)] = reference;
  }
}

inline void PriceLadder::Erase(LadderPool& pool, uint32_t level) {
  const uint32_t parent = pool.levels[level].parent;
  const auto key = pool.levels[level].key;
  pool.levels.Release(level);
  --level_count_;
  if (parent == kNilSlot) {
    root_ = kNilSlot;
    best_ = kNilSlot;
    return;
  }
  LadderNode& node = pool.nodes[parent];
  node.occupied &= ~(uint64_t{1} << SlotOf(node, key));
  if (best_ == level) {
    best_ = BestUnder(pool, parent);  // Everything outside this node is worse than what is in it.
  }
  if (std::has_single_bit(node.occupied)) {
    const uint32_t child = node.child[std::countr_zero(node.occupied)];
    (IsLevel(child) ? pool.levels[child & ~kLevelTag].parent : pool.nodes[child].parent) =
        node.parent;
    Repoint(pool, node.parent, key, child);
    pool.nodes.Release(parent);
  }
}

inline uint32_t PriceLadder::BestUnder(const LadderPool& pool, uint32_t reference) {
  while (!IsLevel(reference)) {
    const LadderNode& node = pool.nodes[reference];
    reference = node.child[FirstSlot(node.occupied)];
  }
  return reference & ~kLevelTag;
}

inline uint32_t PriceLadder::NextWorse(const LadderPool& pool, uint32_t level) const {
  const auto key = pool.levels[level].key;
  uint32_t parent = pool.levels[level].parent;
  while (parent != kNilSlot) {
    const LadderNode& node = pool.nodes[parent];
    const uint64_t worse = SlotsAfter(node.occupied, SlotOf(node, key));
    if (worse != 0) {
      return BestUnder(pool, node.child[FirstSlot(worse)]);
    }
    parent = node.parent;
  }
  return kNilSlot;
}

inline void PriceLadder::CheckInvariants(const LadderPool& pool) const {
  CHECK((root_ == kNilSlot) == (best_ == kNilSlot));
  if (root_ == kNilSlot) {
    CHECK(level_count_ == 0);
    return;
  }
  CHECK(best_ == BestUnder(pool, root_));
  CHECK(level_count_ == CheckSubtree(pool, root_, kNilSlot));
}

// Recursion is at most 10 deep: every node has a smaller shift than its parent.
inline uint32_t PriceLadder::CheckSubtree(const LadderPool& pool, uint32_t reference,
                                          uint32_t parent) const {
  if (IsLevel(reference)) {
    CHECK(pool.levels[reference & ~kLevelTag].parent == parent);
    return 1;
  }
  const LadderNode& node = pool.nodes[reference];
  CHECK(node.parent == parent);
  CHECK(std::popcount(node.occupied) >= 2);
  CHECK(node.shift % kStepBits == 0);
  uint32_t levels = 0;
  for (uint32_t slot = 0; slot <= kSlotMask; ++slot) {
    if ((node.occupied >> slot & 1) == 0) {
      continue;
    }
    const uint32_t child = node.child[slot];
    const uint64_t key =
        IsLevel(child) ? pool.levels[child & ~kLevelTag].key : FirstKey(pool.nodes[child]);
    CHECK(SlotOf(node, key) == slot && (key >> node.shift >> kStepBits) == node.prefix);
    CHECK(IsLevel(child) || pool.nodes[child].shift < node.shift);
    levels += CheckSubtree(pool, child, reference);
  }
  return levels;
}

}  // namespace tally::internal
