#include "engine/core/internal/group_table.h"

#include "base/assert.h"

namespace tally::core::internal {

static_assert(Raw(kNoOrder) == GroupTable::kNoRow, "what the index answers");

uint32_t GroupTable::Add(SessionIndex session, uint32_t group_id) {
  CHECK(!full());
  ++used_;
  uint32_t row = fresh_;
  if (free_ != 0) {
    row = free_ - 1;
    free_ = rows_[row].next_due;
  } else {
    ++fresh_;
  }
  OrderGroup& group = rows_[row];
  group = {};
  group.session = session;
  group.group_id = group_id;
  group.previous = tail_;
  (tail_ == 0 ? head_ : rows_[tail_ - 1].next) = row + 1;
  tail_ = row + 1;
  index_.Insert(KeyOf(session, group_id), OrderHandle{row}, HasKey{this, session, group_id});
  return row;
}

void GroupTable::Remove(uint32_t row) {
  OrderGroup& group = rows_[row];
  CHECK(group.is_due == 0);
  index_.Erase(KeyOf(group.session, group.group_id), OrderHandle{row});
  (group.previous == 0 ? head_ : rows_[group.previous - 1].next) = group.next;
  (group.next == 0 ? tail_ : rows_[group.next - 1].previous) = group.previous;
  group.stage = GroupStage::kFree;
  group.next_due = free_;
  free_ = row + 1;
  --used_;
}

void GroupTable::MarkDue(uint32_t row) {
  OrderGroup& group = rows_[row];
  if (group.is_due != 0) {
    return;
  }
  group.is_due = 1;
  group.next_due = 0;
  Rows& queue =
      due_[Raw(group.stage == GroupStage::kOneCancels ? DueQueue::kCancels : DueQueue::kStarts)];
  (queue.tail == 0 ? queue.head : rows_[queue.tail - 1].next_due) = row + 1;
  queue.tail = row + 1;
}

uint32_t GroupTable::PopDue(DueQueue from) {
  Rows& queue = due_[Raw(from)];
  const uint32_t row = queue.head - 1;
  OrderGroup& group = rows_[row];
  group.is_due = 0;
  queue.head = group.next_due;
  if (queue.head == 0) {
    queue.tail = 0;
  }
  return row;
}

}  // namespace tally::core::internal
