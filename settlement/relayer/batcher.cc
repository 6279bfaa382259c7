#include "settlement/relayer/batcher.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/status.h"

namespace tally::settlement {
namespace {

constexpr std::size_t kEventsPerRead = 4096;
constexpr int kReadsPerCall = 16;
// With nothing to settle, the position is still saved now and then: it bounds the re-reading.
constexpr uint64_t kEventsPerCheckpoint = 50'000;

}  // namespace

Batcher::Batcher(const RelayerConfig* config, RelayerStore* store, EventSource* source,
                 const Clock* clock)
    : config_(*config),
      store_(store),
      source_(source),
      clock_(clock),
      buffer_(kEventsPerRead, MakeEvent(EventType::kTrade)) {}

void Batcher::Restore(const Checkpoint& checkpoint) {
  position_ = checkpoint;
  saved_ = checkpoint;
  window_ = NettingWindow(checkpoint.terms);
  approved_.clear();
  refused_.clear();
  opened_at_ns_ = 0;
}

bool Batcher::has_open_work() const {
  return !window_.empty() || !approved_.empty() || !refused_.empty();
}

absl::Status Batcher::Read(std::vector<Job>* jobs) {
  for (int i = 0; i < kReadsPerCall; ++i) {
    ASSIGN_OR_RETURN(
        std::size_t count,
        source_->ReadFrom(static_cast<EventSequence>(position_.last_event + 1), buffer_));
    for (std::size_t at = 0; at < count; ++at) {
      RETURN_IF_ERROR(Consume(buffer_[at], jobs));
    }
    if (count < buffer_.size()) {
      break;
    }
  }
  const bool is_old =
      opened_at_ns_ != 0 && clock_->NowNs() - opened_at_ns_ >= config_.batch_age_ns_max;
  if (is_old) {
    return Flush(jobs);
  }
  if (!has_open_work() && position_.last_event - saved_.last_event >= kEventsPerCheckpoint) {
    return SaveCheckpoint({});
  }
  return absl::OkStatus();
}

absl::Status Batcher::Flush(std::vector<Job>* jobs) {
  // Half a trade is never sealed: its other half is the next thing in the log.
  if (!has_open_work() || !window_.balanced() || CatchingUp()) {
    return absl::OkStatus();
  }
  return Seal(jobs);
}

absl::Status Batcher::Consume(const Event& event, std::vector<Job>* jobs) {
  if (Raw(event.sequence) != position_.last_event + 1) {
    return absl::DataLossError(absl::StrCat("event log gave event ", Raw(event.sequence),
                                            " instead of ", position_.last_event + 1));
  }
  // Fills up to the head are settled already: they are only read again when the store was lost.
  const bool is_settled = Raw(event.sequence) <= position_.head.last_event;
  if (!is_settled || event.type == EventType::kInstrumentDefined) {
    RETURN_IF_ERROR(window_.Add(event));
  }
  RETURN_IF_ERROR(ConsumeAnswer(event));
  position_.last_event = Raw(event.sequence);
  last_event_time_ns_ = event.timestamp_ns;
  if (opened_at_ns_ == 0 && has_open_work()) {
    opened_at_ns_ = std::max<int64_t>(clock_->NowNs(), 1);
  }
  return MustSeal() ? Seal(jobs) : absl::OkStatus();
}

absl::Status Batcher::ConsumeAnswer(const Event& event) {
  const bool is_transfer = event.type == EventType::kDeposited ||
                           event.type == EventType::kWithdrawn ||
                           event.type == EventType::kWithdrawRefused;
  if (event.type == EventType::kBatchSettled) {
    position_.batches_reported = std::max(position_.batches_reported, event.batch_settled.batch_id);
  }
  if (!is_transfer || event.transfer.chain_id != config_.chain_id) {
    return absl::OkStatus();
  }
  const uint64_t index = event.transfer.index;
  if (event.type == EventType::kDeposited) {
    return Advance(index, &position_.deposits_done, "deposit");
  }
  if (index == position_.withdraws_done + 1) {
    (event.type == EventType::kWithdrawn ? approved_ : refused_).push_back(index);
  }
  return Advance(index, &position_.withdraws_done, "withdrawal");
}

absl::Status Batcher::Advance(uint64_t index, uint64_t* done, std::string_view what) {
  if (index > *done + 1) {
    return absl::DataLossError(absl::StrCat("event log skips ", ToAbsl(what), " ", *done + 1,
                                            ": the next one it has is ", index));
  }
  *done = std::max(*done, index);  // A lower index is the answer to a repeated command.
  return absl::OkStatus();
}

bool Batcher::MustSeal() const {
  if (CatchingUp() || !window_.balanced()) {
    return false;
  }
  return window_.fill_count() >= config_.batch_fills_max ||
         window_.entry_count() + NettingWindow::kTradeEntriesMax > config_.batch_entries_max ||
         approved_.size() + refused_.size() >= config_.withdrawals_per_call_max;
}

absl::Status Batcher::Seal(std::vector<Job>* jobs) {
  std::vector<Job> sealed;
  if (!window_.empty()) {
    const std::vector<NettedEntry> entries = window_.Take();
    if (!entries.empty()) {
      Job job;
      job.kind = JobKind::kSettle;
      job.batch = SealBatch(position_.head, entries,
                            static_cast<EventSequence>(position_.last_event), last_event_time_ns_);
      job.gas_limit = config_.gas_base + config_.gas_per_entry * entries.size();
      job.id = position_.next_job++;
      position_.head = HeadAfter(job.batch);
      sealed.push_back(std::move(job));
    }
  }
  AddWithdrawalJobs(JobKind::kFinalizeWithdrawals, &approved_, &sealed);
  AddWithdrawalJobs(JobKind::kRejectWithdrawals, &refused_, &sealed);
  opened_at_ns_ = 0;
  RETURN_IF_ERROR(SaveCheckpoint(sealed));
  for (Job& job : sealed) {
    config_.log(LogLevel::kInfo, absl::StrCat("sealed ", DescribeJob(job)));
    jobs->push_back(std::move(job));
  }
  return absl::OkStatus();
}

void Batcher::AddWithdrawalJobs(JobKind kind, std::vector<uint64_t>* indices,
                                std::vector<Job>* jobs) {
  for (std::size_t at = 0; at < indices->size(); at += config_.withdrawals_per_call_max) {
    const std::size_t end = std::min(indices->size(), at + config_.withdrawals_per_call_max);
    Job job;
    job.kind = kind;
    job.withdrawals.assign(indices->begin() + static_cast<std::ptrdiff_t>(at),
                           indices->begin() + static_cast<std::ptrdiff_t>(end));
    job.gas_limit = config_.gas_base + config_.gas_per_withdrawal * job.withdrawals.size();
    job.id = position_.next_job++;
    jobs->push_back(std::move(job));
  }
  indices->clear();
}

absl::Status Batcher::SaveCheckpoint(const std::vector<Job>& jobs) {
  position_.terms = window_.terms();
  std::vector<VaultTransfer> obsolete;
  const auto forget = [&](VaultTransfer::Kind kind, uint64_t index) {
    obsolete.emplace_back();
    obsolete.back().kind = kind;
    obsolete.back().index = index;
  };
  for (uint64_t i = saved_.deposits_done + 1; i <= position_.deposits_done; ++i) {
    forget(VaultTransfer::Kind::kDeposit, i);
  }
  for (uint64_t i = saved_.withdraws_done + 1; i <= position_.withdraws_done; ++i) {
    forget(VaultTransfer::Kind::kWithdraw, i);
  }
  RETURN_IF_ERROR(store_->SaveCheckpoint(position_, jobs, obsolete));
  saved_ = position_;
  return absl::OkStatus();
}

}  // namespace tally::settlement
