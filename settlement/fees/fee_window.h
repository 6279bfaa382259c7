#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "settlement/fees/fee_quote.h"

namespace tally::settlement {

// The base fees of the last while, as nodes tell them. What a reorganisation replaced is
// overwritten by the next answer that covers it.
//
// Thread safety: one thread.
// Invariants: the blocks are consecutive, at most `blocks_max` of them.
class FeeWindow {
 public:
  explicit FeeWindow(std::size_t blocks_max) : blocks_max_(blocks_max) {}

  // An answer that does not reach what is known replaces it.
  void Add(const FeeHistory& history);

  // How many blocks to ask for when `latest` is the newest, some known ones among them.
  std::size_t MissingAt(uint64_t latest) const;
  // The last one is the next block's; empty before the first answer.
  std::vector<uint64_t> Fees() const { return {fees_.begin(), fees_.end()}; }
  std::size_t size() const { return fees_.size(); }

 private:
  const std::size_t blocks_max_;
  uint64_t first_block_ = 0;
  std::deque<uint64_t> fees_;
};

}  // namespace tally::settlement
