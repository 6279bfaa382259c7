#include "settlement/fees/fee_window.h"

#include <algorithm>

namespace tally::settlement {
namespace {

constexpr uint64_t kOverlapBlocks = 8;  // What a reorganisation may have replaced.
constexpr std::size_t kAskMax = 1024;   // What a node answers at once.

}  // namespace

void FeeWindow::Add(const FeeHistory& history) {
  const uint64_t end = first_block_ + fees_.size();
  if (history.base_fees_wei.empty()) {
    return;
  }
  if (fees_.empty() || history.first_block < first_block_ || history.first_block > end) {
    fees_.clear();
    first_block_ = history.first_block;
  }
  fees_.resize(history.first_block - first_block_);
  fees_.insert(fees_.end(), history.base_fees_wei.begin(), history.base_fees_wei.end());
  while (fees_.size() > blocks_max_) {
    fees_.pop_front();
    ++first_block_;
  }
}

std::size_t FeeWindow::MissingAt(uint64_t latest) const {
  const uint64_t end = first_block_ + fees_.size();  // Of what is known, the next block's included.
  const std::size_t all = std::min(blocks_max_, kAskMax);
  if (fees_.empty() || latest + 2 < end || latest + 2 - end + kOverlapBlocks > all) {
    return all;
  }
  return latest + 2 - end + kOverlapBlocks;
}

}  // namespace tally::settlement
