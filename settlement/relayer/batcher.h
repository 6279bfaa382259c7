#pragma once

#include <vector>

#include "base/clock.h"
#include "settlement/engine_link.h"
#include "settlement/fees/fee_window.h"
#include "settlement/relayer/batch_builder.h"
#include "settlement/relayer/dispute_teller.h"
#include "settlement/relayer/records.h"
#include "settlement/relayer/relayer_config.h"

namespace tally::settlement {

// Reads the event log and turns it into jobs: fills into batches, the engine's answers to
// withdrawals into the calls that carry them out. A job and the position it stands for become
// durable in one write, so no event is ever in two jobs or in none.
//
// Thread safety: one thread.
// Invariants: batches cover contiguous ranges of events and end between trades; a withdrawal is
// finalised by a job after every batch with earlier fills.
class Batcher {
 public:
  Batcher(const RelayerConfig* config, RelayerStore* store, EventSource* source, const Clock* clock,
          const FeeWindow* fees);

  // Continues at the checkpoint; the open signed orders come from the store. kDataLoss if a record
  // cannot be understood.
  absl::Status Restore(const Checkpoint& checkpoint);

  // Reads what is there (bounded) and appends the jobs it sealed. kDataLoss if the log contradicts
  // what it said before, kFailedPrecondition if it lacks a definition.
  absl::Status Read(std::vector<Job>* jobs);
  // Seals what is open, whatever its age.
  absl::Status Flush(std::vector<Job>* jobs);

  // Replaces sealed jobs that have not happened, or adds to them; `head`: the vault's after the
  // last of all. One durable write together with `with`.
  absl::Status Reseal(const VaultHead& head, const std::vector<Job>& jobs, StoreWrite with);
  // A job outside of the order of the log, for a withdrawal that was held back. Likewise.
  absl::StatusOr<Job> AddWithdrawalJob(const std::vector<uint64_t>& indices, StoreWrite with);

  // As of the last event read, durable or not.
  const Checkpoint& position() const { return position_; }
  // Of the disputes that the log spoke of since this process began to read it.
  const DisputeProgresses& disputes() const { return disputes_; }
  // Anything read that no job carries yet.
  bool has_open_work() const;

 private:
  absl::Status Consume(const Event& event, std::vector<Job>* jobs);
  absl::Status ConsumeAnswer(const Event& event);
  absl::Status Advance(uint64_t index, uint64_t* done, std::string_view what);
  bool CatchingUp() const { return position_.last_event < position_.head.last_event; }
  bool MustSeal() const;
  bool IsTimeToSeal() const;
  uint32_t FullnessPermille() const;
  absl::Status Seal(std::vector<Job>* jobs);
  void AddWithdrawalJobs(JobKind kind, std::vector<uint64_t>* indices, std::vector<Job>* jobs);
  void SealWindow(std::vector<Job>* sealed, StoreWrite* write);
  absl::Status SaveCheckpoint(const std::vector<Job>& jobs, StoreWrite write);

  const RelayerConfig& config_;
  RelayerStore* const store_;
  EventSource* const source_;
  const Clock* const clock_;
  const FeeWindow* const fees_;

  Checkpoint position_;
  Checkpoint saved_;
  const OrderDomain domain_;
  BatchBuilder builder_;
  std::vector<uint64_t> approved_;
  std::vector<uint64_t> refused_;
  DisputeProgresses disputes_;
  TradeId last_trade_{};  // Of the open batch, with trade_count_.
  uint32_t trade_count_ = 0;
  int64_t last_event_time_ns_ = 0;
  int64_t opened_at_ns_ = 0;  // When the oldest open work was read; 0 if there is none.
  std::vector<Event> buffer_;
};

}  // namespace tally::settlement
