#pragma once

// Slots of an order pool in queues by key: lowest key first, at one key first in, first out.

#include <cstdint>

#include "base/zeroed_array.h"
#include "engine/book/internal/price_ladder.h"
#include "engine/book/internal/slot_pool.h"

namespace tally::internal {

// The memory of all queues of one kind: a link for each slot of the order pool, and key levels.
// A slot is in at most one queue of a pool. Address space only until it is used.
struct KeyedQueuePool {
  struct Link {
    uint32_t next;
    uint32_t previous;
    uint32_t level;
    uint32_t queue;  // The owner's number of the queue, of which it has several.
  };

  explicit KeyedQueuePool(uint32_t capacity)
      : ladders(capacity), links(capacity, RowUse::kSparse) {}

  uint64_t key(uint32_t slot) const { return ladders.levels[links[slot].level].key; }

  LadderPool ladders;
  ZeroedArray<Link> links;  // By slot; of a slot in no queue it means nothing.
};

// Thread safety: none. Does not own its pool, which must be the same in every call.
// Invariants: a level exists iff a slot has its key.
// Cost: O(1) for a known key, at most 9 steps down a radix tree for a new one; no allocation.
class KeyedQueue {
 public:
  bool empty() const { return ladder_.empty(); }

  // The first slot of the lowest key; kNilSlot if empty.
  uint32_t first(const KeyedQueuePool& pool) const {
    return empty() ? kNilSlot : pool.ladders.levels[ladder_.best()].head;
  }

  // Behind every slot of that key.
  void Add(KeyedQueuePool& pool, uint32_t slot, uint64_t key, uint32_t queue) {
    const uint32_t at = ladder_.FindOrInsert(pool.ladders, key);
    PriceLevel& level = pool.ladders.levels[at];
    pool.links[slot] = {.next = kNilSlot, .previous = level.tail, .level = at, .queue = queue};
    (level.tail == kNilSlot ? level.head : pool.links[level.tail].next) = slot;
    level.tail = slot;
    ++level.order_count;
  }

  void Remove(KeyedQueuePool& pool, uint32_t slot) {
    const KeyedQueuePool::Link link = pool.links[slot];
    PriceLevel& level = pool.ladders.levels[link.level];
    (link.previous == kNilSlot ? level.head : pool.links[link.previous].next) = link.next;
    (link.next == kNilSlot ? level.tail : pool.links[link.next].previous) = link.previous;
    if (--level.order_count == 0) {
      ladder_.Erase(pool.ladders, link.level);
    }
  }

  // Calls visit(slot) in order. `visit` must not change the queue.
  template <typename Visitor>
  void ForEach(const KeyedQueuePool& pool, Visitor visit) const {
    uint32_t at = ladder_.best();
    while (at != kNilSlot) {
      for (uint32_t slot = pool.ladders.levels[at].head; slot != kNilSlot;
           slot = pool.links[slot].next) {
        visit(slot);
      }
      at = ladder_.NextWorse(pool.ladders, at);
    }
  }

 private:
  PriceLadder ladder_ = PriceLadder::TreeOnly();
};

}  // namespace tally::internal
