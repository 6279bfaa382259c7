#include "engine/core/internal/maker_groups.h"

#include "base/assert.h"

namespace tally::core::internal {
namespace {

uint64_t KeyOf(AccountId account, uint16_t maker_group) {
  return uint64_t{Raw(account)} << 16 | maker_group;
}

}  // namespace

MakerGroupTable::MakerGroupTable(uint32_t capacity) : capacity_(capacity) {
  groups_.reserve(capacity);
  due_.reserve(capacity);
  rows_.reserve(capacity);
}

uint32_t MakerGroupTable::Find(AccountId account, uint16_t maker_group) const {
  const auto found = rows_.find(KeyOf(account, maker_group));
  return found == rows_.end() ? kNoRow : found->second;
}

uint32_t MakerGroupTable::Add(AccountId account, uint16_t maker_group) {
  CHECK(!full());
  const uint32_t row = static_cast<uint32_t>(groups_.size());
  MakerGroup& group = groups_.emplace_back();
  group.account = account;
  group.maker_group = maker_group;
  rows_.emplace(KeyOf(account, maker_group), row);
  return row;
}

// A group trips once before it is taken, so there is room for all of them.
void MakerGroupTable::MarkDue(uint32_t row) {
  CHECK(due_.size() < capacity_);
  due_.push_back(row);
}

uint32_t MakerGroupTable::TakeDue() {
  const uint32_t row = due_[next_due_++];
  if (next_due_ == due_.size()) {
    due_.clear();
    next_due_ = 0;
  }
  return row;
}

}  // namespace tally::core::internal
