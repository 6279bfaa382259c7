#pragma once

#include <cstdint>
#include <vector>

#include "base/assert.h"
#include "base/types.h"

namespace tally::core::internal {

// The instruments whose turn is not over, first in, first out, and what the command may still
// spend on turns. Whoever adds sees to it that an instrument is in it once at most.
//
// Thread safety: none. Cost: O(1), no allocation after construction.
class TurnQueue {
 public:
  explicit TurnQueue(uint32_t instruments) : rows_(instruments) {}

  bool empty() const { return count_ == 0; }
  uint32_t size() const { return count_; }

  void Push(InstrumentId instrument) {
    CHECK(count_ < rows_.size());
    rows_[(head_ + count_++) % rows_.size()] = instrument;
  }
  InstrumentId Pop() {
    CHECK(count_ > 0);
    const InstrumentId instrument = rows_[head_];
    head_ = static_cast<uint32_t>((head_ + 1) % rows_.size());
    --count_;
    return instrument;
  }

  template <typename Visitor>
  void ForEach(Visitor visit) const {
    for (uint32_t i = 0; i < count_; ++i) {
      visit(rows_[(head_ + i) % rows_.size()]);
    }
  }

  // Not in the canonical state: they mean something during one command only.
  InstrumentId current{};  // Whose turn is being ended; 0: none.
  CommandSequence steps_of{};
  uint32_t steps_left = 0;

 private:
  std::vector<InstrumentId> rows_;
  uint32_t head_ = 0;
  uint32_t count_ = 0;
};

}  // namespace tally::core::internal
