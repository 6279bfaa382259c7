#include "settlement/relayer/batcher.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/status.h"
#include "settlement/relayer/batch_proof.h"

namespace tally::settlement {
namespace {

constexpr int kReadsPerCall = 16;
// With nothing to settle, the position is still saved now and then: it bounds the re-reading.
constexpr uint64_t kEventsPerCheckpoint = 50'000;

}  // namespace

Batcher::Batcher(const RelayerConfig* config, RelayerStore* store, EventSource* source,
                 const Clock* clock, const FeeWindow* fees)
    : config_(*config),
      store_(store),
      source_(source),
      clock_(clock),
      fees_(fees),
      domain_(config->chain_id, config->vault),
      builder_(domain_),
      buffer_(kEventsPerRead, MakeEvent(EventType::kTrade)) {}

absl::Status Batcher::Restore(const Checkpoint& checkpoint) {
  position_ = checkpoint;
  saved_ = checkpoint;
  builder_ = BatchBuilder(domain_, checkpoint.terms);
  approved_.clear();
  refused_.clear();
  trade_count_ = 0;
  opened_at_ns_ = 0;
  return builder_.archive().Load(store_->raw());
}

bool Batcher::has_open_work() const {
  return !builder_.netting().empty() || !approved_.empty() || !refused_.empty();
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
  if (IsTimeToSeal()) {
    return Flush(jobs);
  }
  if (!has_open_work() && position_.last_event - saved_.last_event >= kEventsPerCheckpoint) {
    return SaveCheckpoint({}, {});
  }
  return absl::OkStatus();
}

absl::Status Batcher::Flush(std::vector<Job>* jobs) {
  // Half a trade is never sealed: its other half is the next thing in the log.
  if (!has_open_work() || !builder_.netting().balanced() || CatchingUp()) {
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
  RETURN_IF_ERROR(builder_.Add(event, is_settled));
  RETURN_IF_ERROR(ConsumeAnswer(event));
  if (event.type == EventType::kOrderFilled && !is_settled &&
      event.filled.trade_id != last_trade_) {
    last_trade_ = event.filled.trade_id;
    ++trade_count_;
  }
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
  NoteDispute(event, &disputes_);
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
  if (CatchingUp() || !builder_.netting().balanced()) {
    return false;
  }
  return builder_.netting().fill_count() >= config_.batch_fills_max ||
         builder_.executions().signed_orders_max() >= config_.batch_orders_per_account_max ||
         builder_.netting().entry_count() + NettingWindow::kTradeEntriesMax >
             config_.batch_entries_max ||
         approved_.size() + refused_.size() >= config_.withdrawals_per_call_max;
}

bool Batcher::IsTimeToSeal() const {
  const int64_t age_ns = clock_->NowNs() - opened_at_ns_;
  if (opened_at_ns_ == 0 || age_ns < config_.batch_age_ns_max) {
    return false;
  }
  if (config_.timing.deadline_blocks == 0) {
    return true;
  }
  const std::size_t withdrawals = approved_.size() + refused_.size();
  return IsTimeToSettle(config_.timing, fees_->Fees(),
                        {.age_blocks = static_cast<uint64_t>(age_ns / config_.block_ns),
                         .entries = builder_.netting().entry_count() + withdrawals,
                         .has_withdrawals = withdrawals > 0,
                         .fullness_permille = FullnessPermille()});
}

// Of the limit that is nearest.
uint32_t Batcher::FullnessPermille() const {
  const NettingWindow& netting = builder_.netting();
  const auto share = [](__int128 part, __int128 whole) {
    return static_cast<uint32_t>(std::min<__int128>(part * kPermille / whole, kPermille));
  };
  uint32_t fullness = std::max(
      {share(netting.fill_count(), config_.batch_fills_max),
       share(netting.entry_count(), config_.batch_entries_max),
       share(builder_.executions().signed_orders_max(), config_.batch_orders_per_account_max),
       share(approved_.size() + refused_.size(), config_.withdrawals_per_call_max)});
  if (config_.open_value_quanta_max > 0) {
    fullness = std::max(fullness, share(netting.OpenValue(config_.open_value_asset),
                                        config_.open_value_quanta_max));
  }
  return fullness;
}

// The batch, and next to it everything that may one day have to explain it. Trades that came to
// nothing make a batch too: what a batch commits to is all that was executed in its events.
void Batcher::SealWindow(std::vector<Job>* sealed, StoreWrite* write) {
  const BatchContent content = builder_.Take();
  std::vector<Hash32> leaves = content.executions.Leaves();
  Job job;
  job.kind = JobKind::kSettle;
  job.deadline_ns = clock_->NowNs() + config_.include_within_ns;
  job.batch =
      SealBatch(position_.head, content.entries, static_cast<EventSequence>(position_.last_event),
                last_event_time_ns_, RootOf(leaves));
  job.gas_limit = config_.gas_base + config_.gas_per_entry * content.entries.size();
  job.id = position_.next_job++;
  job.last_trade = last_trade_;
  job.trade_count = std::exchange(trade_count_, 0);
  position_.head = HeadAfter(job.batch);
  AppendProof(MakeProof(job.batch, content.executions, std::move(leaves)), write);
  sealed->push_back(std::move(job));
}

absl::Status Batcher::Seal(std::vector<Job>* jobs) {
  std::vector<Job> sealed;
  StoreWrite write;
  if (!builder_.netting().empty()) {
    SealWindow(&sealed, &write);
  }
  AddWithdrawalJobs(JobKind::kFinalizeWithdrawals, &approved_, &sealed);
  AddWithdrawalJobs(JobKind::kRejectWithdrawals, &refused_, &sealed);
  opened_at_ns_ = 0;
  RETURN_IF_ERROR(SaveCheckpoint(sealed, std::move(write)));
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
    job.deadline_ns = clock_->NowNs() + config_.include_within_ns;
    job.withdrawals.assign(indices->begin() + static_cast<std::ptrdiff_t>(at),
                           indices->begin() + static_cast<std::ptrdiff_t>(end));
    job.gas_limit = config_.gas_base + config_.gas_per_withdrawal * job.withdrawals.size();
    job.id = position_.next_job++;
    jobs->push_back(std::move(job));
  }
  indices->clear();
}

// The position stays where it was saved: what was read since is not in these jobs.
absl::Status Batcher::Reseal(const VaultHead& head, const std::vector<Job>& jobs, StoreWrite with) {
  Checkpoint checkpoint = saved_;
  checkpoint.head = head;
  RETURN_IF_ERROR(store_->SaveCheckpoint(checkpoint, jobs, {}, std::move(with)));
  saved_.head = head;
  position_.head = head;
  return absl::OkStatus();
}

absl::StatusOr<Job> Batcher::AddWithdrawalJob(const std::vector<uint64_t>& indices,
                                              StoreWrite with) {
  Job job;
  job.kind = JobKind::kFinalizeWithdrawals;
  job.deadline_ns = clock_->NowNs() + config_.include_within_ns;
  job.withdrawals = indices;
  job.gas_limit = config_.gas_base + config_.gas_per_withdrawal * indices.size();
  job.id = position_.next_job;
  Checkpoint checkpoint = saved_;
  checkpoint.next_job = job.id + 1;
  RETURN_IF_ERROR(store_->SaveCheckpoint(checkpoint, {job}, {}, std::move(with)));
  saved_.next_job = position_.next_job = job.id + 1;
  return job;
}

absl::Status Batcher::SaveCheckpoint(const std::vector<Job>& jobs, StoreWrite write) {
  position_.terms = builder_.netting().terms();
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
  builder_.archive().AppendChanges(&write);
  RETURN_IF_ERROR(store_->SaveCheckpoint(position_, jobs, obsolete, std::move(write)));
  saved_ = position_;
  return absl::OkStatus();
}

}  // namespace tally::settlement
