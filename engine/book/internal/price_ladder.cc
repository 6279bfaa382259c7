#include "engine/book/internal/price_ladder.h"

namespace tally::internal {

void PriceLadder::Follow(LadderPool& pool, uint64_t key) {
  if (!window_.exists()) {
    window_ = pool.windows.Acquire();
    may_have_window_ = window_.exists();
    if (!may_have_window_) {
      return;
    }
  }
  if (WindowEmpty()) {
    Anchor(pool, key);
    return;
  }
  // Orders far off the market, at whatever price, do not move the window.
  const uint64_t size = window_.size();
  const uint64_t reach = std::max(size, kReachKeysMin);
  if (key < window_first_ && window_first_ - key <= reach) {
    if (window_keys_ == size) {
      Evict(pool, window_end() - kWordKeys);
      window_keys_ -= kWordKeys;
    }
    window_first_ -= kWordKeys;
    window_keys_ += kWordKeys;
    Admit(pool, window_first_);
  } else if (key >= window_end() && key - window_end() < reach) {
    if (window_keys_ == size) {
      // Only if what is given up lies far on the better side of the best price.
      if (best_key_ < window_first_ + size / 2) {
        return;
      }
      window_first_ += kWordKeys;
      window_keys_ -= kWordKeys;
    }
    window_keys_ += kWordKeys;
    Admit(pool, window_end() - kWordKeys);
  }
}

// Lets the empty window begin anew, whole if there is nothing in the tree that it would have to
// take in, else with the 64 keys around `key`.
void PriceLadder::Anchor(LadderPool& pool, uint64_t key) {
  if (tree_count_ == 0) {
    // Worse prices are more likely to be next than better ones.
    const uint64_t above = std::min<uint64_t>(key, window_.size() / 4);
    window_first_ = (key - above) / kWordKeys * kWordKeys;
    window_keys_ = window_.size();
  } else {
    window_first_ = key / kWordKeys * kWordKeys;
    window_keys_ = kWordKeys;
    Admit(pool, window_first_);
  }
}

// Takes the levels of 64 keys, which the window covers now, out of the tree.
void PriceLadder::Admit(LadderPool& pool, uint64_t first_key) {
  while (tree_count_ > 0) {
    const uint32_t level = TreeAtOrAfter(pool, first_key);
    if (level == kNilSlot || pool.levels[level].key >= first_key + kWordKeys) {
      return;
    }
    TreeErase(pool, level);
    pool.levels[level].parent = kInWindow;
    window_.Put(pool.levels[level].key, level);
  }
}

// Puts the levels of 64 keys of the window into the tree.
void PriceLadder::Evict(LadderPool& pool, uint64_t first_key) {
  for (uint64_t word = window_.WordAt(first_key); word != 0; word &= word - 1) {
    const uint64_t key = first_key + FirstSlot(word);
    const uint32_t level = window_.At(key);
    window_.Remove(key);
    TreeFindOrInsert(pool, key, level);
  }
}

void PriceLadder::FindBestOfBoth(const LadderPool& pool) {
  best_ = BestUnder(pool, root_);
  if (!WindowEmpty() && pool.levels[best_].key >= window_first_) {
    best_ = FirstInWindow();
  }
  best_key_ = pool.levels[best_].key;
}

uint32_t PriceLadder::TreeFind(const LadderPool& pool, uint64_t key) const {
  uint32_t reference = root_;
  while (!IsLevel(reference)) {
    const LadderNode& node = pool.nodes[reference];
    const uint32_t slot = SlotOf(node, key);
    if ((key >> node.shift >> kStepBits) != node.prefix || (node.occupied >> slot & 1) == 0) {
      return kNilSlot;
    }
    reference = node.child[slot];
  }
  // kNilSlot, the root of no tree, counts as a level.
  return reference != kNilSlot && pool.levels[reference & ~kLevelTag].key == key
             ? reference & ~kLevelTag
             : kNilSlot;
}

uint32_t PriceLadder::TreeFindOrInsert(LadderPool& pool, uint64_t key, uint32_t level) {
  if (root_ == kNilSlot) {
    const uint32_t placed = TreePlace(pool, key, level, kNilSlot);
    root_ = placed | kLevelTag;
    return placed;
  }
  uint32_t reference = root_;
  while (!IsLevel(reference)) {
    LadderNode& node = pool.nodes[reference];
    if ((key >> node.shift >> kStepBits) != node.prefix) {
      return Split(pool, reference, key, level);
    }
    const uint32_t slot = SlotOf(node, key);
    if ((node.occupied >> slot & 1) == 0) {
      const uint32_t placed = TreePlace(pool, key, level, reference);
      node.occupied |= 1U << slot;
      node.child[slot] = placed | kLevelTag;
      return placed;
    }
    reference = node.child[slot];
  }
  const uint32_t found = reference & ~kLevelTag;
  return pool.levels[found].key == key ? found : Split(pool, reference, key, level);
}

uint32_t PriceLadder::TreePlace(LadderPool& pool, uint64_t key, uint32_t level, uint32_t parent) {
  ++tree_count_;
  if (level == kNilSlot) {
    return NewLevel(pool, EmptyLevel(key, parent));
  }
  pool.levels[level].parent = parent;
  return level;
}

uint32_t PriceLadder::Split(LadderPool& pool, uint32_t reference, uint64_t key, uint32_t level) {
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
  node.shift = (top_bit / kStepBits * kStepBits) & 0xff;
  node.prefix = (key >> node.shift >> kStepBits) & (~uint64_t{0} >> 8);
  node.parent = parent;
  Repoint(pool, parent, key, index);
  const uint32_t placed = TreePlace(pool, key, level, index);
  node.occupied = 1U << SlotOf(node, key) | 1U << SlotOf(node, other_key);
  node.child[SlotOf(node, key)] = placed | kLevelTag;
  node.child[SlotOf(node, other_key)] = reference;
  return placed;
}

void PriceLadder::Repoint(LadderPool& pool, uint32_t parent, uint64_t key, uint32_t reference) {
  if (parent == kNilSlot) {
    root_ = reference;
  } else {
    LadderNode& node = pool.nodes[parent];
    node.child[SlotOf(node, key)] = reference;
  }
}

// Takes a level out of the tree; its record stays.
void PriceLadder::TreeErase(LadderPool& pool, uint32_t level) {
  const uint32_t parent = pool.levels[level].parent;
  const uint64_t key = pool.levels[level].key;
  --tree_count_;
  if (parent == kNilSlot) {
    root_ = kNilSlot;
    return;
  }
  LadderNode& node = pool.nodes[parent];
  node.occupied &= ~(1U << SlotOf(node, key));
  if (std::has_single_bit(node.occupied)) {
    const uint32_t child = node.child[FirstSlot(node.occupied)];
    (IsLevel(child) ? pool.levels[child & ~kLevelTag].parent : pool.nodes[child].parent) =
        node.parent;
    Repoint(pool, node.parent, key, child);
    pool.nodes.Release(parent);
  }
}

uint32_t PriceLadder::BestUnder(const LadderPool& pool, uint32_t reference) {
  while (!IsLevel(reference)) {
    const LadderNode& node = pool.nodes[reference];
    reference = node.child[FirstSlot(node.occupied)];
  }
  return reference & ~kLevelTag;
}

uint32_t PriceLadder::TreeNextWorse(const LadderPool& pool, uint32_t level) const {
  const uint64_t key = pool.levels[level].key;
  uint32_t parent = pool.levels[level].parent;
  while (parent != kNilSlot) {
    const LadderNode& node = pool.nodes[parent];
    const uint32_t worse = SlotsAfter(node.occupied, SlotOf(node, key));
    if (worse != 0) {
      return BestUnder(pool, node.child[FirstSlot(worse)]);
    }
    parent = node.parent;
  }
  return kNilSlot;
}

uint32_t PriceLadder::TreeAtOrAfter(const LadderPool& pool, uint64_t key) const {
  uint32_t later = kNilSlot;  // What follows the subtree in which the search goes on.
  uint32_t reference = root_;
  while (reference != kNilSlot && !IsLevel(reference)) {
    const LadderNode& node = pool.nodes[reference];
    const uint64_t prefix = key >> node.shift >> kStepBits;
    if (prefix != node.prefix) {
      reference = prefix < node.prefix ? BestUnder(pool, reference) | kLevelTag : later;
      continue;
    }
    const uint32_t slot = SlotOf(node, key);
    const uint32_t after = SlotsAfter(node.occupied, slot);
    later = after != 0 ? node.child[FirstSlot(after)] : later;
    reference = (node.occupied >> slot & 1) != 0 ? node.child[slot] : kNilSlot;
  }
  if (reference != kNilSlot && pool.levels[reference & ~kLevelTag].key >= key) {
    return reference & ~kLevelTag;
  }
  return later == kNilSlot ? kNilSlot : BestUnder(pool, later);
}

void PriceLadder::CheckInvariants(const LadderPool& pool) const {
  CHECK((level_count_ == 0) == (best_ == kNilSlot));
  CHECK(tree_count_ == (root_ == kNilSlot ? 0 : CheckSubtree(pool, root_, kNilSlot)));
  if (window_.exists()) {
    window_.CheckInvariants();
    CHECK(window_first_ % kWordKeys == 0 && window_keys_ % kWordKeys == 0);
    CHECK(window_keys_ <= window_.size());
    uint32_t count = 0;
    for (uint64_t first = window_first_; first < window_end(); first += kWordKeys) {
      for (uint64_t word = window_.WordAt(first); word != 0; word &= word - 1) {
        const PriceLevel& level = pool.levels[window_.At(first + FirstSlot(word))];
        CHECK(level.key == first + FirstSlot(word) && level.parent == kInWindow);
        ++count;
      }
    }
    CHECK(count == level_count_ - tree_count_);
  }
  if (level_count_ > 0) {
    uint64_t best_key = root_ == kNilSlot ? kNoKey : pool.levels[BestUnder(pool, root_)].key;
    if (!WindowEmpty()) {
      best_key = std::min(best_key, pool.levels[FirstInWindow()].key);
    }
    CHECK(best_key_ == best_key && pool.levels[best_].key == best_key);
  } else {
    CHECK(best_key_ == kNoKey);
  }
}

// Recursion is at most 10 deep: every node has a smaller shift than its parent.
uint32_t PriceLadder::CheckSubtree(const LadderPool& pool, uint32_t reference,
                                   uint32_t parent) const {
  if (IsLevel(reference)) {
    const PriceLevel& level = pool.levels[reference & ~kLevelTag];
    CHECK(level.parent == parent && !Covers(level.key));
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
