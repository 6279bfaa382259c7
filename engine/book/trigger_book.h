#pragma once

// Stop orders of one instrument that wait for a price. docs/semantics/triggers.md has the rules.

#include <cstdint>

#include "base/types.h"
#include "engine/book/internal/keyed_queue.h"
#include "engine/book/order_pool.h"

namespace tally {

// The memory of the trigger books of a core, beside that of its order pool: same capacity, same
// handles. Thread safety: none.
class TriggerPool {
 public:
  explicit TriggerPool(uint32_t capacity) : stops_(capacity), trails_(capacity) {}
  TriggerPool(const TriggerPool&) = delete;
  TriggerPool& operator=(const TriggerPool&) = delete;

 private:
  friend class TriggerBook;

  internal::KeyedQueuePool stops_;
  internal::KeyedQueuePool trails_;
};

struct Stop {
  Side side;  // A buy stop is reached by a price at or above it, a sell stop at or below.
  TriggerSource source;  // kLastTrade or kBestPrice.
  PriceTicks price;      // 1 .. kMaxPriceTicks.
};

// Trailing stops have queues of their own: they are compared with other prices.
enum class StopKind : uint8_t { kFixed, kTrailing };

// The waiting orders by stop price, one queue for each side, source and kind; in a queue the price
// that a moving market reaches first comes first, at one price the order that got the price first.
// A trailing stop has a mark besides: the best price that it has seen. A price beyond the mark
// moves mark and stop.
//
// Thread safety: none; see TriggerPool, which must outlive it.
// Invariants: an order is in at most one queue.
// Cost: no allocation; each call is O(1) up to 9 steps down a radix tree.
class TriggerBook {
 public:
  explicit TriggerBook(TriggerPool* pool) : pool_(pool) {}
  TriggerBook(const TriggerBook&) = delete;
  TriggerBook& operator=(const TriggerBook&) = delete;
  TriggerBook(TriggerBook&&) = default;
  ~TriggerBook() = default;

  bool empty() const { return count_ == 0; }
  uint32_t count() const { return count_; }
  uint32_t trailing_count() const { return trailing_count_; }

  // The order must not be in the book.
  void Add(OrderHandle order, const Stop& stop);
  void AddTrailing(OrderHandle order, const Stop& stop, PriceTicks mark);

  // The order must be in the book.
  void Remove(OrderHandle order);
  Stop StopOf(OrderHandle order) const;
  bool IsTrailing(OrderHandle order) const;
  PriceTicks MarkOf(OrderHandle order) const;  // Of a trailing order.

  // Gives an order another stop price: it goes behind the others there. The same price: it stays.
  void Restop(OrderHandle order, PriceTicks price);
  // Gives a trailing order another mark.
  void Remark(OrderHandle order, PriceTicks mark);

  // The first order of a queue that `price` reaches; kNoOrder if it reaches none.
  OrderHandle FindDue(Side side, TriggerSource source, StopKind kind, PriceTicks price) const;
  // The first trailing order whose mark `price` is beyond (above for a sell stop, below for a buy
  // stop), least favourable mark first.
  OrderHandle FindTrailing(Side side, TriggerSource source, PriceTicks price) const;

  // Calls visit(OrderHandle) in the order in which the stops would trigger, or move.
  template <typename Visitor>
  void ForEachStop(Side side, TriggerSource source, StopKind kind, Visitor visit) const {
    stops_[QueueOf(side, source) | BitOf(kind)].ForEach(
        pool_->stops_, [&](uint32_t slot) { visit(OrderHandle{slot}); });
  }
  template <typename Visitor>
  void ForEachTrailing(Side side, TriggerSource source, Visitor visit) const {
    trails_[QueueOf(side, source)].ForEach(pool_->trails_,
                                           [&](uint32_t slot) { visit(OrderHandle{slot}); });
  }

 private:
  static constexpr uint32_t kSellBit = 1;
  static constexpr uint32_t kBestPriceBit = 2;
  static constexpr uint32_t kTrailingBit = 4;
  static constexpr uint32_t kMarkQueues = 4;
  static constexpr uint32_t kStopQueues = 8;

  static uint32_t QueueOf(Side side, TriggerSource source) {
    return (side == Side::kSell ? kSellBit : 0U) |
           (source == TriggerSource::kBestPrice ? kBestPriceBit : 0U);
  }
  static uint32_t BitOf(StopKind kind) { return kind == StopKind::kTrailing ? kTrailingBit : 0U; }
  void AddStop(OrderHandle order, const Stop& stop, StopKind kind);
  // A rising price reaches the lowest buy stop first and passes the lowest mark of a sell stop
  // first: their keys are the prices. The others' are the prices with every bit flipped.
  static uint64_t StopKey(uint32_t queue, PriceTicks price);
  static uint64_t MarkKey(uint32_t queue, PriceTicks mark);

  TriggerPool* pool_;
  internal::KeyedQueue stops_[kStopQueues];
  internal::KeyedQueue trails_[kMarkQueues];
  uint32_t count_ = 0;
  uint32_t trailing_count_ = 0;
};

}  // namespace tally
