#pragma once

// The price levels of one side of a book, in price order.

#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "base/types.h"
#include "engine/book/internal/level_window.h"
#include "engine/book/internal/slot_pool.h"
#include "engine/limits.h"

namespace tally::internal {

// Prices become keys so that the better price is the lower key on both sides, and no code below
// has to ask which side it is on: a 50:50 branch that no processor can predict.
inline constexpr uint64_t kBidKeyMask = 2 * uint64_t{kMaxPriceTicks} - 1;

// Keys of bids are the prices with every bit flipped.
constexpr uint64_t KeyMask(uint32_t is_sell) { return kBidKeyMask & (uint64_t{is_sell} - 1); }

// Higher than any key.
inline constexpr uint64_t kNoKey = ~uint64_t{0};

struct PriceLevel {
  uint64_t key;
  uint64_t quantity;  // Modulo 2^64, so that a caller's excess is a wrong sum and not undefined.
  uint32_t head;      // The order with the highest priority.
  uint32_t tail;
  uint32_t order_count;
  uint32_t parent;  // Ladder node; kNilSlot: the only level of the tree; kInWindow.
};
static_assert(sizeof(PriceLevel) == 32);

// A node covers the 16 * 2^shift keys that begin with `prefix`, in 16 slots of 2^shift each.
// Sixteen, so that a level alone in a wide range costs little: memory is what the tree is for.
struct LadderNode {
  uint64_t prefix : 56;  // key >> shift >> 4 of every key below this node.
  uint64_t shift : 8;    // A multiple of 4.
  uint32_t occupied;     // Bit i: child[i] is valid. Always two or more bits.
  uint32_t parent;       // kNilSlot for the root.
  uint32_t child[16];
};
static_assert(sizeof(LadderNode) == 80);

// Shared by the ladders of a pool of orders. There is at most one level per order, and since a
// node has two children or more, always fewer nodes than levels.
struct LadderPool {
  explicit LadderPool(uint32_t capacity, uint32_t window_count = 0, uint32_t window_ticks = 0,
                      bool prefault = false)
      : levels(capacity, prefault),
        nodes(capacity, prefault),
        windows(window_count, window_ticks, prefault) {}

  std::size_t touched_bytes() const {
    return levels.touched_bytes() + nodes.touched_bytes() + windows.touched_bytes();
  }

  SlotPool<PriceLevel, &PriceLevel::parent> levels;
  SlotPool<LadderNode, &LadderNode::parent> nodes;
  WindowPool windows;
};

// Two structures for two ranges of keys. Around the best price a window: an array with a place per
// key and the bitmaps of LevelWindow, so that finding, adding and removing a level there are a few
// instructions. Elsewhere, and in a ladder that got no window from its pool, a path-compressed
// radix tree over the bits of the key, 4 bits a step, a child being a level or a node: prices that
// lie together take one or two steps, prices anywhere at most 13, and memory depends on the number
// of levels alone.
//
// The window follows the market: a level that is added beyond an end moves that end by 64 keys, so
// a step moves at most 128 levels between window and tree, whatever the prices are.
//
// Thread safety: none. Does not own its pool, which must be the same in every call.
// Invariants: a level is in the window iff its key is in [window_first_, window_first_ +
// window_keys_), else in the tree; see LadderNode; best() has the lowest key of all.
class PriceLadder {
 public:
  PriceLadder() = default;
  // A ladder that never takes a window: orders that do not follow the market.
  static PriceLadder TreeOnly() {
    PriceLadder ladder;
    ladder.may_have_window_ = false;
    return ladder;
  }

  bool empty() const { return best_ == kNilSlot; }
  uint32_t level_count() const { return level_count_; }
  // The level with the lowest key, i.e. the best price; kNilSlot if empty.
  uint32_t best() const { return best_; }
  // Its key; kNoKey if empty.
  uint64_t best_key() const { return best_key_; }

  // The level at `key`, or kNilSlot.
  uint32_t Find(const LadderPool& pool, uint64_t key) const;

  // What follows is for looking ahead: it has no branch, and a wrong guess does no harm.
  // Starts loading what Find() will touch, if that is in the window.
  void PrefetchPlace(uint64_t key) const { window_.Prefetch(key); }
  // A level, mostly the one at `key` if that is in the window.
  uint32_t GuessLevel(uint64_t key) const { return window_.GuessAt(key); }
  // The best level; any if the ladder is empty.
  uint32_t GuessBest() const { return best_ & (uint32_t{best_ == kNilSlot} - 1); }

  // The level at `key`; a new one has no orders. Requires a free level and node if it is new.
  uint32_t FindOrInsert(LadderPool& pool, uint64_t key);

  // The same for the order in `slot`, which a new level already has.
  struct Joined {
    uint32_t level;
    bool is_new;
  };
  Joined FindOrInsert(LadderPool& pool, uint64_t key, uint32_t slot, uint64_t quantity);

  // Removes a level.
  void Erase(LadderPool& pool, uint32_t level);

  // The next level away from the best price; kNilSlot at the end.
  uint32_t NextWorse(const LadderPool& pool, uint32_t level) const;

  // CHECKs tree and window. O(levels).
  void CheckInvariants(const LadderPool& pool) const;

 private:
  static constexpr uint32_t kStepBits = 4;
  static constexpr uint32_t kSlotMask = 15;
  static constexpr uint32_t kLevelTag = 1U << 31;  // Marks a reference to a level, not a node.
  static constexpr uint32_t kInWindow = kNilSlot - 1;
  static constexpr uint32_t kWordKeys = LevelWindow::kWordKeys;
  // How far beyond an end a level may be added and still move it; as far as the window is long if
  // that is more. A small one must not stay behind when the market jumps over it.
  static constexpr uint64_t kReachKeysMin = 4'096;

  static bool IsLevel(uint32_t reference) { return (reference & kLevelTag) != 0; }
  static uint32_t SlotOf(const LadderNode& node, uint64_t key) {
    return static_cast<uint32_t>(key >> node.shift) & kSlotMask;
  }
  static uint64_t FirstKey(const LadderNode& node) {
    return uint64_t{node.prefix} << kStepBits << node.shift;
  }
  static uint32_t FirstSlot(uint64_t occupied) {
    return static_cast<uint32_t>(std::countr_zero(occupied));
  }
  static uint32_t SlotsAfter(uint32_t occupied, uint32_t slot) {
    return occupied & ~((2U << slot) - 1);
  }

  bool Covers(uint64_t key) const { return key - window_first_ < window_keys_; }
  uint64_t window_end() const { return window_first_ + window_keys_; }
  bool WindowEmpty() const { return level_count_ == tree_count_; }

  uint32_t NewLevel(LadderPool& pool, const PriceLevel& level);
  void FindBest(const LadderPool& pool);
  void FindBestOfBoth(const LadderPool& pool);
  uint32_t FirstInWindow() const { return window_.At(window_.KeyAtOrAfter(window_first_)); }

  // Moves an end of the window, or all of it, so that it is likely to cover `key`.
  void Follow(LadderPool& pool, uint64_t key);
  void Anchor(LadderPool& pool, uint64_t key);
  void Admit(LadderPool& pool, uint64_t first_key);
  void Evict(LadderPool& pool, uint64_t first_key);

  uint32_t TreeFind(const LadderPool& pool, uint64_t key) const;
  // The level at `key`; if there is none, `level` is put there, or a new one if that is kNilSlot.
  uint32_t TreeFindOrInsert(LadderPool& pool, uint64_t key, uint32_t level);
  uint32_t TreePlace(LadderPool& pool, uint64_t key, uint32_t level, uint32_t parent);
  // Puts a node over `reference`, whose keys begin differently from `key`, and `key` in it.
  uint32_t Split(LadderPool& pool, uint32_t reference, uint64_t key, uint32_t level);
  void TreeErase(LadderPool& pool, uint32_t level);
  // Lets the parent of a child that covers `key` point to `reference` instead.
  void Repoint(LadderPool& pool, uint32_t parent, uint64_t key, uint32_t reference);
  static uint32_t BestUnder(const LadderPool& pool, uint32_t reference);
  uint32_t TreeNextWorse(const LadderPool& pool, uint32_t level) const;
  // The tree's first level whose key is not below `key`, or kNilSlot.
  uint32_t TreeAtOrAfter(const LadderPool& pool, uint64_t key) const;
  uint32_t CheckSubtree(const LadderPool& pool, uint32_t reference, uint32_t parent) const;

  uint64_t best_key_ = kNoKey;
  uint64_t window_first_ = 0;
  uint64_t window_keys_ = 0;  // A multiple of 64.
  LevelWindow window_;
  uint32_t best_ = kNilSlot;
  uint32_t level_count_ = 0;
  uint32_t tree_count_ = 0;
  uint32_t root_ = kNilSlot;  // A tagged reference, as in LadderNode::child.
  bool may_have_window_ = true;
};

}  // namespace tally::internal

#include "engine/book/internal/price_ladder_inl.h"  // IWYU pragma: keep
