#pragma once

#include <vector>

#include "base/clock.h"
#include "settlement/engine_link.h"
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
  Batcher(const RelayerConfig* config, RelayerStore* store, EventSource* source,
          const Clock* clock);

  void Restore(const Checkpoint& checkpoint);

  // Reads what is there (bounded) and appends the jobs it sealed. kDataLoss if the log contradicts
  // what it said before, kFailedPrecondition if it lacks a definition.
  absl::Status Read(std::vector<Job>* jobs);
  // Seals what is open, whatever its age.
  absl::Status Flush(std::vector<Job>* jobs);

  // As of the last event read, durable or not.
  const Checkpoint& position() const { return position_; }
  // Anything read that no job carries yet.
  bool has_open_work() const;

 private:
  absl::Status Consume(const Event& event, std::vector<Job>* jobs);
  absl::Status ConsumeAnswer(const Event& event);
  absl::Status Advance(uint64_t index, uint64_t* done, std::string_view what);
  bool CatchingUp() const { return position_.last_event < position_.head.last_event; }
  bool MustSeal() const;
  absl::Status Seal(std::vector<Job>* jobs);
  void AddWithdrawalJobs(JobKind kind, std::vector<uint64_t>* indices, std::vector<Job>* jobs);
  absl::Status SaveCheckpoint(const std::vector<Job>& jobs);

  const RelayerConfig& config_;
  RelayerStore* const store_;
  EventSource* const source_;
  const Clock* const clock_;

  Checkpoint position_;
  Checkpoint saved_;
  NettingWindow window_;
  std::vector<uint64_t> approved_;
  std::vector<uint64_t> refused_;
  int64_t last_event_time_ns_ = 0;
  int64_t opened_at_ns_ = 0;  // When the oldest open work was read; 0 if there is none.
  std::vector<Event> buffer_;
};

}  // namespace tally::settlement
