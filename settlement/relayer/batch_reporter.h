#pragma once

#include <map>

#include "settlement/engine_link.h"
#include "settlement/relayer/records.h"

namespace tally::settlement {

// Tells the engine how far batches are that are not final: pending, mined, failed, each once and
// again when it changes. Nothing is stored: a new process tells everything again, and the engine
// takes a status that it knows without effect. That a batch is final is JobSender's to tell.
//
// Thread safety: one thread. Cost: linear in the jobs that are not final.
class BatchReporter {
 public:
  explicit BatchReporter(EngineLink* engine) : engine_(engine) {}

  // kUnavailable: the engine cannot be reached now; the rest is told by the next call.
  absl::Status Step(const std::map<uint64_t, Job>& jobs, uint64_t batches_reported);

 private:
  EngineLink* const engine_;
  std::map<uint64_t, BatchStatusCommand> told_;  // By batch.
};

// The status of a job of kind kSettle; kFinal from JobState::kFinal on.
BatchStatusCommand BatchStatusOf(const Job& job);

}  // namespace tally::settlement
