#pragma once

#include <array>
#include <cstdint>

#include "base/types.h"
#include "base/zeroed_array.h"
#include "engine/book/order_pool.h"
#include "engine/core/internal/client_order_index.h"
#include "engine/limits.h"

namespace tally::core::internal {

// How far a group is.
enum class GroupStage : uint8_t {
  kFree = 0,
  kCollecting = 1,  // Not every leg has arrived; all wait.
  kFirst = 2,       // OTO, OTOCO: the first leg is in the market, the others wait.
  kOneCancels = 3,  // OCO: both legs are in the market or wait for a trigger.
};

struct OrderGroup {
  struct Leg {
    OrderHandle order;
    uint8_t is_open;
    uint8_t touched;        // Traded, or lost quantity otherwise.
    QuantityLots quantity;  // As entered: executed completely if that much was.
  };
  std::array<Leg, kMaxGroupLegs> legs;
  SessionIndex session;
  InstrumentId instrument;
  uint32_t group_id;
  Contingency kind;
  GroupStage stage;
  uint8_t arrived;  // Legs.
  uint8_t broken;   // A leg was rejected, or ended without having been executed completely.
  uint8_t is_due;
  uint32_t next_due;  // Row + 1; 0 ends the list. Of a free row: the next free one.
  uint32_t next;      // Of the groups in the order of their creation: row + 1.
  uint32_t previous;
};

constexpr uint32_t LegCount(Contingency kind) { return kind == Contingency::kOtoco ? 3 : 2; }

// What is due first: an order of an OCO traded, so the other one must go before anything else; and
// what can wait if the command has spent its steps: a group starts, or goes on.
enum class DueQueue : uint8_t { kCancels = 0, kStarts = 1 };

// The groups of a core: rows of a fixed array, found by the session's own number, and two queues of
// those to which something happened.
//
// Thread safety: none. Cost: every call O(1), no allocation after construction.
class GroupTable {
 public:
  static constexpr uint32_t kNoRow = UINT32_MAX;

  explicit GroupTable(uint32_t capacity)
      : capacity_(capacity), rows_(capacity + 1, RowUse::kSparse), index_(capacity + 1) {}

  OrderGroup& operator[](uint32_t row) { return rows_[row]; }
  const OrderGroup& operator[](uint32_t row) const { return rows_[row]; }
  bool full() const { return used_ == capacity_; }

  uint32_t Find(SessionIndex session, uint32_t group_id) const {
    return Raw(index_.Find(KeyOf(session, group_id), HasKey{this, session, group_id}));
  }
  // Requires !full() and a new number. The row is zero but for these two.
  uint32_t Add(SessionIndex session, uint32_t group_id);
  void Remove(uint32_t row);

  bool has_due() const {
    return (Queue(DueQueue::kCancels).head | Queue(DueQueue::kStarts).head) != 0;
  }
  bool has_due(DueQueue queue) const { return Queue(queue).head != 0; }
  // Once, in the queue of its stage.
  void MarkDue(uint32_t row);
  uint32_t PopDue(DueQueue queue);

  // Calls visit(row) in the order of creation, or of a queue.
  template <typename Visitor>
  void ForEach(Visitor visit) const {
    for (uint32_t link = head_; link != 0; link = rows_[link - 1].next) {
      visit(link - 1);
    }
  }
  template <typename Visitor>
  void ForEachDue(DueQueue queue, Visitor visit) const {
    for (uint32_t link = Queue(queue).head; link != 0; link = rows_[link - 1].next_due) {
      visit(link - 1);
    }
  }

 private:
  struct Rows {
    uint32_t head = 0;  // Row + 1; 0: empty.
    uint32_t tail = 0;
  };
  const Rows& Queue(DueQueue queue) const { return due_[Raw(queue)]; }

  struct HasKey {
    const GroupTable* table;
    SessionIndex session;
    uint32_t group_id;
    bool operator()(OrderHandle row) const {
      const OrderGroup& group = table->rows_[Raw(row)];
      return group.session == session && group.group_id == group_id;
    }
  };

  static ClientOrderKey KeyOf(SessionIndex session, uint32_t group_id) {
    return {.session = session, .client_order_id = ClientOrderId{group_id}};
  }

  uint32_t capacity_;
  uint32_t used_ = 0;
  uint32_t fresh_ = 0;
  uint32_t free_ = 0;  // Row + 1.
  uint32_t head_ = 0;
  uint32_t tail_ = 0;
  Rows due_[2];
  ZeroedArray<OrderGroup> rows_;
  ClientOrderIndex index_;  // A row in the place of a handle.
};

}  // namespace tally::core::internal
