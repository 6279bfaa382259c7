#pragma once

#include <span>
#include <utility>
#include <vector>

#include "base/types.h"
#include "engine/event.h"

namespace tally::gateway {

// Where the trades of the venue are on their way to the chain: the last final batches, and those
// behind them of which something was told.
//
// Thread safety: none. Invariants: by batch id; those that are final come first; at most
// `finals_max` + kMaxOpenBatches. Cost: linear in the batches that are not final.
class BatchStatuses {
 public:
  explicit BatchStatuses(std::vector<BatchStatusEvent> statuses, std::size_t finals_max = 1)
      : finals_max_(finals_max), statuses_(std::move(statuses)) {}

  void Update(const BatchStatusEvent& status);

  std::span<const BatchStatusEvent> all() const { return statuses_; }
  // What is known of a trade: its batch's status; kFinal without a batch if that is forgotten,
  // kPending if none has it yet.
  BatchStatusEvent Find(TradeId trade) const;

 private:
  const std::size_t finals_max_;
  std::vector<BatchStatusEvent> statuses_;
};

}  // namespace tally::gateway
