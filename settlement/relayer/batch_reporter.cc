#include "settlement/relayer/batch_reporter.h"

#include <cstring>

#include "base/status.h"
#include "engine/limits.h"

namespace tally::settlement {
namespace {

bool IsMined(const Job& job) { return job.state >= JobState::kMined; }

}  // namespace

BatchStatusCommand BatchStatusOf(const Job& job) {
  const bool has_failed = !IsMined(job) && job.failed_transaction != Hash32();
  return {.batch_id = job.batch.id,
          .last_event = static_cast<EventSequence>(job.batch.last_event),
          .last_trade = job.last_trade,
          .block_number = IsMined(job) ? job.mined_block : 0,
          .transaction_hash = IsMined(job) ? job.mined_transaction.bytes
                              : has_failed ? job.failed_transaction.bytes
                                           : Hash32().bytes,
          .trade_count = job.trade_count,
          .status = job.state >= JobState::kFinal ? SettlementStatus::kFinal
                    : IsMined(job)                ? SettlementStatus::kMined
                    : has_failed                  ? SettlementStatus::kFailed
                                                  : SettlementStatus::kPending,
          .reserved = {}};
}

absl::Status BatchReporter::Step(const std::map<uint64_t, Job>& jobs, uint64_t batches_reported) {
  told_.erase(told_.begin(), told_.upper_bound(batches_reported));
  for (const auto& [id, job] : jobs) {
    if (job.kind != JobKind::kSettle || job.state >= JobState::kFinal) {
      continue;
    }
    if (job.batch.id > batches_reported + kMaxOpenBatches) {
      break;
    }
    const BatchStatusCommand status = BatchStatusOf(job);
    const auto known = told_.find(job.batch.id);
    if (known != told_.end() && std::memcmp(&known->second, &status, sizeof(status)) == 0) {
      continue;
    }
    Command command = MakeCommand(CommandType::kBatchStatus);
    command.batch_status = status;
    RETURN_IF_ERROR(engine_->Submit(command));
    told_[job.batch.id] = status;
  }
  return absl::OkStatus();
}

}  // namespace tally::settlement
