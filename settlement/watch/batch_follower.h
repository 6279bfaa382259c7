#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

#include "settlement/chain/rpc_chain_client.h"
#include "settlement/engine_link.h"
#include "settlement/relayer/batch_builder.h"
#include "settlement/relayer/batch_logs.h"
#include "settlement/relayer/batch_proof.h"

namespace tally::settlement {

// A settled batch twice: as it is on the chain, and as the public event log says it must be.
struct FollowedBatch {
  SettlementBatch on_chain;  // With the entries of its transaction.
  uint64_t block_number = 0;
  // Nothing if the event log does not explain the batch at all; `problem` says why.
  std::optional<BatchProof> derived;
  std::string problem;
};

// Walks the vault's batches in order and derives each again. Trusts neither the operator's
// transactions nor its event log: what does not fit is a problem of the batch, not a crash.
//
// Thread safety: one thread. Cost: two round trips a batch; the event log is read once.
class BatchFollower {
 public:
  struct Options {
    uint64_t chain_id = 0;
    Address vault;
    uint64_t start_block = 0;
    uint64_t scan_blocks_max = 2'000;
  };
  using EventHook = std::function<void(const Event&)>;

  BatchFollower(const Options& options, RpcChainClient* chain, EventSource* events,
                EventHook on_event = {});

  // The next batch in blocks up to `to_block`; nothing if there is none. With `must_wait`, a batch
  // whose events the log does not have yet is nothing too; otherwise it has that problem.
  //   kFailedPrecondition  the chain was reorganised below what was read: begin anew
  absl::StatusOr<std::optional<FollowedBatch>> Next(uint64_t to_block, bool must_wait);

  // Batches given so far.
  uint64_t last_batch() const { return last_.id; }
  // A batch is on the chain, but its events are not in the log yet.
  bool is_waiting() const { return !ahead_.empty(); }

 private:
  absl::Status ReadLogs(uint64_t to_block);
  absl::StatusOr<Bytes> EntriesOfTransaction(const Hash32& transaction, const BatchLog& log);
  absl::StatusOr<bool> LogHas(uint64_t sequence);
  absl::Status Derive(FollowedBatch* batch);

  const Options options_;
  RpcChainClient* const chain_;
  EventSource* const events_;
  const EventHook on_event_;
  BatchBuilder builder_;
  BatchLog last_;
  std::deque<BatchLog> ahead_;  // Read from the chain, not given yet.
  uint64_t next_block_ = 0;
  uint64_t next_event_ = 1;
  std::vector<Event> buffer_;
};

}  // namespace tally::settlement
