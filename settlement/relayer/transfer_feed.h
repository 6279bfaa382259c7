#pragma once

#include <array>
#include <map>
#include <utility>

#include "base/clock.h"
#include "settlement/engine_link.h"
#include "settlement/relayer/records.h"
#include "settlement/relayer/relayer_config.h"

namespace tally::settlement {

// Carries deposits and withdrawal requests from final blocks of the chain to the engine, in chain
// order: a withdrawal is never ahead of the deposit that covers it.
//
// Thread safety: one thread.
// Invariants: indices are contiguous; a transfer is in the store before the engine hears of it.
class TransferFeed {
 public:
  TransferFeed(const RelayerConfig* config, RelayerStore* store, ChainClient* chain,
               EngineLink* engine, const Clock* clock);

  void Restore(const RelayerStore::Contents& contents);

  // Reads the vault's logs up to block `final_number`. kDataLoss after a reorganisation deeper than
  // the configured confirmations, or if the node's logs have a gap.
  absl::Status Scan(uint64_t final_number, const Checkpoint& position);
  // Sends what the engine has not answered, a window at a time, again after a time-out.
  absl::Status Submit(const Checkpoint& position);

  std::size_t pending_count() const { return pending_.size(); }

 private:
  absl::Status CheckContinuity();
  absl::Status AddLogs(const std::vector<ChainLog>& logs, const Checkpoint& position,
                       ScanPosition* scan, std::vector<VaultTransfer>* fresh);
  void DropDone(const Checkpoint& position);

  const RelayerConfig& config_;
  RelayerStore* const store_;
  ChainClient* const chain_;
  EngineLink* const engine_;
  const Clock* const clock_;

  ScanPosition scan_;
  // By (block, log index): the order of the chain.
  std::map<std::pair<uint64_t, uint32_t>, VaultTransfer> pending_;
  uint64_t deposits_sent_ = 0;
  uint64_t withdraws_sent_ = 0;
  int64_t progress_at_ns_ = 0;  // Of the last submission or answer.
  std::pair<uint64_t, uint64_t> done_{};
};

}  // namespace tally::settlement
