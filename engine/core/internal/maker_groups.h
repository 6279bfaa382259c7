#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "base/types.h"
#include "engine/command.h"

namespace tally::core::internal {

// A market-maker group of an account: its limits, and what was filled in the current window.
struct MakerGroup {
  AccountId account;
  uint16_t maker_group;
  bool tripped;               // Until it is reset.
  SessionIndex trip_session;  // Of the order whose fill reached the limit.
  DefineProtectionCommand limits;
  int64_t window_start_ns;  // Of the first fill in it; meaningless while count is 0.
  int64_t quantity;         // Lots filled, saturating.
  int64_t net;              // Lots bought - lots sold, saturating.
  uint32_t count;
};

// The groups of a core in the order of their definition; none is ever removed, so a row names one
// for good.
//
// Thread safety: none. Cost: O(1), nothing is allocated after construction. The map is only looked
// up, never iterated.
class MakerGroupTable {
 public:
  explicit MakerGroupTable(uint32_t capacity);

  static constexpr uint32_t kNoRow = UINT32_MAX;

  bool full() const { return groups_.size() == capacity_; }
  std::span<const MakerGroup> groups() const { return groups_; }
  MakerGroup& operator[](uint32_t row) { return groups_[row]; }
  const MakerGroup& operator[](uint32_t row) const { return groups_[row]; }

  uint32_t Find(AccountId account, uint16_t maker_group) const;  // kNoRow if there is none.
  // Requires !full() and that there is none yet. The group has no limits.
  uint32_t Add(AccountId account, uint16_t maker_group);

  // Rows tripped since the last TakeDue(), in the order in which they tripped.
  void MarkDue(uint32_t row);
  bool has_due() const { return next_due_ < due_.size(); }
  uint32_t TakeDue();

 private:
  const std::size_t capacity_;
  std::vector<MakerGroup> groups_;
  std::vector<uint32_t> due_;
  std::size_t next_due_ = 0;
  absl::flat_hash_map<uint64_t, uint32_t> rows_;
};

}  // namespace tally::core::internal
