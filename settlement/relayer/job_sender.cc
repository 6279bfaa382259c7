#include "settlement/relayer/job_sender.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/assert.h"
#include "base/status.h"
#include "settlement/chain/transaction.h"

namespace tally::settlement {
namespace {

// Polls before a surprising answer is believed: nodes lag behind themselves.
constexpr int kPatiencePolls = 3;
constexpr int kFailuresMax = 5;

bool IsLive(const Job& job) {
  return job.state == JobState::kAssigned || job.state == JobState::kSent;
}

bool HoldsNonce(const Job& job) {
  return IsLive(job) || ((job.state == JobState::kMined || job.state == JobState::kConfirmed) &&
                         job.mined_transaction != Hash32());
}

// 12.5 %: what every client accepts as a replacement (geth asks for 10 %).
uint64_t Bumped(uint64_t wei) { return wei + wei / 8 + 1; }

}  // namespace

JobSender::JobSender(const RelayerConfig* config, const Dependencies& dependencies)
    : config_(*config), dependencies_(dependencies), vault_(dependencies.chain, config->vault) {}

void JobSender::Restore(std::map<uint64_t, Job> jobs) {
  jobs_ = std::move(jobs);
  progress_.clear();
}

void JobSender::Add(Job job) {
  CHECK(jobs_.empty() || job.id > jobs_.rbegin()->first);
  const uint64_t id = job.id;
  jobs_.emplace(id, std::move(job));
}

absl::Status JobSender::Step(uint64_t latest_number, uint64_t final_number) {
  if (jobs_.empty()) {
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(uint64_t nonce, dependencies_.chain->Nonce(dependencies_.key->address()));
  RETURN_IF_ERROR(CloseNonceGap(nonce));
  View view{.nonce = nonce,
            .latest_number = latest_number,
            .final_number = final_number,
            .predecessors_mined = true};
  uint64_t in_flight = 0;
  for (const auto& [id, job] : jobs_) {
    in_flight += IsLive(job) ? 1 : 0;
  }
  // New nonces are given out in order. What holds one is always followed up, even behind a job that
  // waits: others may wait for its nonce.
  bool may_assign = true;
  for (auto& [id, job] : jobs_) {
    const bool is_sealed = job.state == JobState::kSealed;
    if (job.state >= JobState::kConfirmed ||
        (is_sealed && (!may_assign || in_flight >= config_.jobs_in_flight_max))) {
      continue;
    }
    RETURN_IF_ERROR(Advance(&job, view));
    may_assign = may_assign && job.state != JobState::kSealed;
    in_flight += is_sealed && IsLive(job) ? 1 : 0;
    view.predecessors_mined = view.predecessors_mined && job.state >= JobState::kMined;
  }
  return absl::OkStatus();
}

// Live jobs above the account's next nonce, with none at it, would wait for ever: a lost assignment
// of an adopted job can leave that. They get new nonces; the vault refuses what executes twice.
absl::Status JobSender::CloseNonceGap(uint64_t nonce) {
  bool is_held = false;
  bool is_waiting = false;
  for (const auto& [id, job] : jobs_) {
    is_held = is_held || (HoldsNonce(job) && job.nonce == nonce);
    is_waiting = is_waiting || (IsLive(job) && job.nonce > nonce);
  }
  if (is_held || !is_waiting) {
    gap_polls_ = 0;
    return absl::OkStatus();
  }
  if (++gap_polls_ < kPatiencePolls) {
    return absl::OkStatus();
  }
  gap_polls_ = 0;
  for (auto& [id, job] : jobs_) {
    if (IsLive(job) && job.nonce > nonce) {
      RETURN_IF_ERROR(Unassign(&job, "its nonce is above a gap"));
    }
  }
  return absl::OkStatus();
}

absl::Status JobSender::Advance(Job* job, const View& view) {
  if (job->state == JobState::kSealed) {
    RETURN_IF_ERROR(Assign(job, view));
  }
  switch (job->state) {
    case JobState::kSealed:
    case JobState::kConfirmed:
    case JobState::kDone:
      return absl::OkStatus();
    case JobState::kAssigned:
      RETURN_IF_ERROR(AddAttempt(job));
      return Broadcast(job);
    case JobState::kSent:
      return Track(job, view);
    case JobState::kMined:
      return job->mined_transaction == Hash32() ? CheckAdopted(job, view) : CheckMined(job, view);
  }
  return absl::OkStatus();
}

absl::Status JobSender::AddAttempt(Job* job) {
  ASSIGN_OR_RETURN(FeeQuote quote, dependencies_.chain->Fees());
  Attempt attempt{.tip_wei = quote.tip_wei,
                  .fee_cap_wei = 2 * quote.base_fee_wei + quote.tip_wei,
                  .raw = {},
                  .hash = {}};
  if (!job->attempts.empty()) {
    attempt.tip_wei = std::max(attempt.tip_wei, Bumped(job->attempts.back().tip_wei));
    attempt.fee_cap_wei = std::max(attempt.fee_cap_wei, Bumped(job->attempts.back().fee_cap_wei));
  }
  attempt.fee_cap_wei = std::max(attempt.fee_cap_wei, attempt.tip_wei);
  if (attempt.fee_cap_wei > config_.fee_cap_wei_max) {
    return absl::UnavailableError(
        absl::StrCat(DescribeJob(*job), " needs a fee of ", attempt.fee_cap_wei,
                     " wei per gas, above the configured maximum of ", config_.fee_cap_wei_max));
  }
  const SignedTransaction transaction = SignTransaction({.chain_id = config_.chain_id,
                                                         .nonce = job->nonce,
                                                         .tip_wei = attempt.tip_wei,
                                                         .fee_cap_wei = attempt.fee_cap_wei,
                                                         .gas_limit = job->gas_limit,
                                                         .to = config_.vault,
                                                         .value_wei = 0,
                                                         .data = Calldata(*job)},
                                                        *dependencies_.key);
  attempt.raw = transaction.raw;
  attempt.hash = transaction.hash;
  job->attempts.push_back(std::move(attempt));
  Progress& progress = progress_[job->id];
  progress.attempt_at_ns = 0;
  progress.must_bump = false;
  return SetState(job, JobState::kSent);
}

absl::Status JobSender::Broadcast(Job* job) {
  Progress& progress = progress_[job->id];
  progress.sent_at_ns = dependencies_.clock->NowNs();
  if (progress.attempt_at_ns == 0) {
    progress.attempt_at_ns = progress.sent_at_ns;
  }
  absl::Status status = dependencies_.chain->SendRawTransaction(job->attempts.back().raw).status();
  switch (ChainErrorOf(status)) {
    case ChainError::kNone:
    case ChainError::kAlreadyKnown:
    case ChainError::kNonceLow:   // Mined, or the nonce is taken: Track() finds out.
    case ChainError::kNonceHigh:  // A predecessor is missing: it is sent again by its own job.
      return absl::OkStatus();
    case ChainError::kUnderpriced:
    case ChainError::kReplaceUnderpriced:
      progress.must_bump = true;
      return absl::OkStatus();
    case ChainError::kTooLarge:
      return absl::FailedPreconditionError(
          absl::StrCat(DescribeJob(*job), ": ", status.message(), "; lower 'batch_entries_max'"));
    case ChainError::kFunds:
      return absl::ResourceExhaustedError(absl::StrCat("operator ",
                                                       Hex(dependencies_.key->address()),
                                                       " cannot pay for gas: ", status.message()));
    case ChainError::kRevert:
    case ChainError::kTransport:
    case ChainError::kChainMismatch:
    case ChainError::kOther:
      return status;
  }
  return status;
}

absl::Status JobSender::Track(Job* job, const View& view) {
  for (const Attempt& attempt : job->attempts) {
    ASSIGN_OR_RETURN(std::optional<Receipt> receipt,
                     dependencies_.chain->TransactionReceipt(attempt.hash));
    if (!receipt.has_value()) {
      continue;
    }
    if (!receipt->success) {
      if (++progress_[job->id].failures >= kFailuresMax) {
        return absl::FailedPreconditionError(absl::StrCat(
            DescribeJob(*job), " failed on chain again and again, last in ", Hex(attempt.hash)));
      }
      if (receipt->gas_used >= job->gas_limit) {
        job->gas_limit += job->gas_limit / 2;  // Out of gas, most likely.
      }
      return Unassign(job, absl::StrCat("transaction ", Hex(attempt.hash), " failed"));
    }
    job->mined_block = receipt->block_number;
    job->mined_block_hash = receipt->block_hash;
    job->mined_transaction = attempt.hash;
    config_.log(LogLevel::kInfo,
                absl::StrCat(DescribeJob(*job), " mined in block ", receipt->block_number, ", ",
                             receipt->gas_used, " gas"));
    return SetState(job, JobState::kMined);
  }
  Progress& progress = progress_[job->id];
  if (view.nonce > job->nonce) {
    if (++progress.nonce_taken_polls >= kPatiencePolls) {
      return Unassign(job, "another transaction of this account took its nonce");
    }
    return absl::OkStatus();
  }
  progress.nonce_taken_polls = 0;
  return Resend(job);
}

// The same bytes first: a node may have dropped them, and they cost nothing to repeat.
absl::Status JobSender::Resend(Job* job) {
  Progress& progress = progress_[job->id];
  const int64_t now_ns = dependencies_.clock->NowNs();
  const bool is_late =
      progress.attempt_at_ns != 0 && now_ns - progress.attempt_at_ns >= config_.bump_ns;
  if (progress.must_bump || is_late) {
    absl::Status bumped = AddAttempt(job);
    if (bumped.ok()) {
      return Broadcast(job);
    }
    if (bumped.code() != absl::StatusCode::kUnavailable) {
      return bumped;
    }
    config_.log(LogLevel::kWarning, ToStd(bumped.message()));
  }
  if (progress.sent_at_ns == 0 || now_ns - progress.sent_at_ns >= config_.rebroadcast_ns) {
    return Broadcast(job);
  }
  return absl::OkStatus();
}

absl::Status JobSender::Unassign(Job* job, std::string_view why) {
  config_.log(LogLevel::kWarning,
              absl::StrCat(DescribeJob(*job), " goes back to the queue: ", ToAbsl(why)));
  for (const Attempt& attempt : job->attempts) {
    job->abandoned.push_back(attempt.hash);
  }
  job->attempts.clear();
  job->mined_transaction = {};
  const int failures = progress_[job->id].failures;
  progress_[job->id] = Progress{.failures = failures};
  return SetState(job, JobState::kSealed);
}

absl::Status JobSender::SetState(Job* job, JobState state) {
  job->state = state;
  return dependencies_.store->SaveJob(*job);
}

uint64_t JobSender::NextNonce(uint64_t chain_nonce) const {
  uint64_t next = chain_nonce;
  for (const auto& [id, job] : jobs_) {
    if (HoldsNonce(job)) {
      next = std::max(next, job.nonce + 1);
    }
  }
  return next;
}

Bytes JobSender::Calldata(const Job& job) const {
  switch (job.kind) {
    case JobKind::kSettle:
      return EncodeSettle(job.batch);
    case JobKind::kFinalizeWithdrawals:
      return EncodeFinalizeWithdrawals(job.withdrawals);
    case JobKind::kRejectWithdrawals:
      return EncodeRejectWithdrawals(job.withdrawals);
  }
  return {};
}

absl::Status JobSender::Report(uint64_t batches_reported) {
  const int64_t now_ns = dependencies_.clock->NowNs();
  if (batches_reported >= reported_ || now_ns - reported_at_ns_ >= config_.resubmit_ns) {
    reported_ = batches_reported;
  }
  while (!jobs_.empty()) {
    Job& job = jobs_.begin()->second;
    const bool is_known = job.kind != JobKind::kSettle || job.batch.id <= batches_reported;
    if (job.state != JobState::kConfirmed || !is_known) {
      break;
    }
    RETURN_IF_ERROR(SetState(&job, JobState::kDone));
    progress_.erase(job.id);
    jobs_.erase(jobs_.begin());
  }
  for (const auto& [id, job] : jobs_) {
    if (job.state != JobState::kConfirmed) {
      break;
    }
    if (job.kind != JobKind::kSettle || job.batch.id <= reported_) {
      continue;
    }
    Command command = MakeCommand(CommandType::kBatchSettled);
    command.batch_settled = {.batch_id = job.batch.id,
                             .last_event = static_cast<EventSequence>(job.batch.last_event),
                             .block_number = job.mined_block,
                             .transaction_hash = job.mined_transaction.bytes};
    RETURN_IF_ERROR(dependencies_.engine->Submit(command));
    reported_ = job.batch.id;
    reported_at_ns_ = now_ns;
  }
  return absl::OkStatus();
}

}  // namespace tally::settlement
