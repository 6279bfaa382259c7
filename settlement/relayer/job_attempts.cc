// What JobSender does with nonces and signed transactions: give them out, fill gaps, sign,
// broadcast, follow, reprice.

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/status.h"
#include "settlement/chain/transaction.h"
#include "settlement/fees/fee_offer.h"
#include "settlement/relayer/job_sender.h"

namespace tally::settlement {
namespace {

// Polls before a surprising answer is believed: nodes lag behind themselves.
constexpr int kPatiencePolls = 3;
constexpr uint64_t kTransferGas = 21'000;
// Ids of fillers, apart from those of jobs: 31 bits of the lane's address, and the nonce.
constexpr uint64_t kFillerIds = uint64_t{1} << 63;
constexpr int kFillerNonceBits = 32;

bool HoldsNonce(const Job& job) {
  return IsLive(job) || (job.state >= JobState::kMined && job.mined_transaction != Hash32());
}

}  // namespace

Job MakeFiller(const Address& lane, uint64_t nonce) {
  uint64_t tag = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    tag = tag << 8 | lane.bytes[i];
  }
  Job filler;
  filler.id = kFillerIds | (tag >> 1) << kFillerNonceBits | nonce;
  filler.kind = JobKind::kCancel;
  filler.state = JobState::kAssigned;
  filler.lane = lane;
  filler.nonce = nonce;
  filler.gas_limit = kTransferGas;
  return filler;
}

bool JobSender::HasNonce(const Lane& lane, uint64_t nonce) const {
  return fillers_.contains({lane.address(), nonce}) ||
         std::any_of(jobs_.begin(), jobs_.end(), [&](const auto& item) {
           const Job& job = item.second;
           return HoldsNonce(job) && job.lane == lane.address() && job.nonce == nonce;
         });
}

uint64_t JobSender::NextNonce(const Lane& lane) const {
  uint64_t next = lane.nonce;
  for (const auto& [id, job] : jobs_) {
    if (HoldsNonce(job) && job.lane == lane.address()) {
      next = std::max(next, job.nonce + 1);
    }
  }
  for (const auto& [place, filler] : fillers_) {
    if (place.first == lane.address()) {
      next = std::max(next, place.second + 1);
    }
  }
  return next;
}

// Live jobs above the lane's next nonce, with nothing at it, would wait for ever.
absl::Status JobSender::FillNonceGap(Lane* lane) {
  const bool is_waiting = NextNonce(*lane) > lane->nonce;
  if (!is_waiting || HasNonce(*lane, lane->nonce)) {
    lane->gap_polls = 0;
    return absl::OkStatus();
  }
  if (++lane->gap_polls < kPatiencePolls) {
    return absl::OkStatus();
  }
  lane->gap_polls = 0;
  Job filler = MakeFiller(lane->address(), lane->nonce);
  RETURN_IF_ERROR(SetState(&filler, JobState::kAssigned));
  config_.log(LogLevel::kWarning, absl::StrCat("nothing stored has nonce ", lane->nonce,
                                               " but later ones wait: it is used up"));
  fillers_.emplace(std::pair(lane->address(), lane->nonce), std::move(filler));
  return absl::OkStatus();
}

absl::Status JobSender::StepFillers(const View& view) {
  absl::Status trouble;
  for (auto at = fillers_.begin(); at != fillers_.end();) {
    Job& filler = at->second;
    absl::Status status = Advance(&filler, view);
    if (!status.ok() && !IsTransient(status)) {
      return status;
    }
    trouble.Update(status);
    if (filler.state == JobState::kFinal) {
      RETURN_IF_ERROR(SetState(&filler, JobState::kDone));
    }
    if (filler.state == JobState::kDone) {
      progress_.erase(filler.id);
      at = fillers_.erase(at);
    } else {
      ++at;
    }
  }
  return trouble;
}

// Until the job's deadline, but at least until the next chance to raise the price.
uint64_t JobSender::BlocksLeft(const Job& job) const {
  const int64_t all_ns = config_.include_within_ns;
  const int64_t left_ns =
      job.deadline_ns == 0 ? all_ns : job.deadline_ns - dependencies_.clock->NowNs();
  return static_cast<uint64_t>(std::max(left_ns, config_.bump_ns) / config_.block_ns + 1);
}

// None, with the old one to be sent again, if a higher price would not help.
absl::Status JobSender::AddAttempt(Job* job) {
  ASSIGN_OR_RETURN(FeeQuote quote, dependencies_.chain->Fees());
  Progress& progress = progress_[job->id];
  OfferRequest request{.market = quote, .blocks_left = BlocksLeft(*job)};
  if (!job->attempts.empty()) {
    const Attempt& last = job->attempts.back();
    request.last = FeeOffer{.tip_wei = last.tip_wei, .fee_cap_wei = last.fee_cap_wei};
    request.must_raise = progress.must_bump;
  }
  const OfferDecision decision = NextOffer(
      {.fee_cap_wei_max = config_.fee_cap_wei_max, .caps_by_deadline = config_.caps_by_deadline},
      request);
  progress.attempt_at_ns = 0;
  switch (decision.verdict) {
    case OfferDecision::Verdict::kAboveBudget:
      return absl::UnavailableError(
          absl::StrCat(DescribeJob(*job), " needs a fee of ", decision.offer.fee_cap_wei,
                       " wei per gas, above the configured maximum of ", config_.fee_cap_wei_max));
    case OfferDecision::Verdict::kEnough:
      config_.log(LogLevel::kWarning,
                  absl::StrCat(DescribeJob(*job), " tips ", decision.offer.tip_wei,
                               " wei per gas, more than most, and is not mined: it is not the ",
                               "price, look at the nodes"));
      NoteStuck(*job);
      return absl::OkStatus();
    case OfferDecision::Verdict::kOffer:
      progress.must_bump = false;
      return Sign(job, decision.offer);
  }
  return absl::OkStatus();
}

absl::Status JobSender::Sign(Job* job, const FeeOffer& offer) {
  Attempt attempt{
      .tip_wei = offer.tip_wei, .fee_cap_wei = offer.fee_cap_wei, .raw = {}, .hash = {}};
  const bool is_filler = job->kind == JobKind::kCancel;
  Signer* const signer = LaneOf(*job)->signer;
  ASSIGN_OR_RETURN(const SignedTransaction transaction,
                   signer->Sign({.chain_id = config_.chain_id,
                                 .nonce = job->nonce,
                                 .tip_wei = attempt.tip_wei,
                                 .fee_cap_wei = attempt.fee_cap_wei,
                                 .gas_limit = job->gas_limit,
                                 .to = is_filler ? signer->address() : config_.vault,
                                 .value_wei = 0,
                                 .data = Calldata(*job)}));
  attempt.raw = transaction.raw;
  attempt.hash = transaction.hash;
  job->attempts.push_back(std::move(attempt));
  return SetState(job, JobState::kAttempted);
}

absl::Status JobSender::Broadcast(Job* job) {
  Progress& progress = progress_[job->id];
  progress.sent_at_ns = dependencies_.clock->NowNs();
  if (progress.attempt_at_ns == 0) {
    progress.attempt_at_ns = progress.sent_at_ns;
  }
  if (progress.live_since_ns == 0) {
    progress.live_since_ns = progress.sent_at_ns;
  }
  absl::Status status = dependencies_.chain->SendRawTransaction(job->attempts.back().raw).status();
  switch (ChainErrorOf(status)) {
    case ChainError::kNone:
    case ChainError::kAlreadyKnown:
    case ChainError::kNonceLow:   // Mined, or the nonce is taken: Track() finds out.
    case ChainError::kNonceHigh:  // A predecessor is missing: it is sent again by its own job.
      return job->state == JobState::kAttempted ? SetState(job, JobState::kBroadcast)
                                                : absl::OkStatus();
    case ChainError::kUnderpriced:
    case ChainError::kReplaceUnderpriced:
      progress.must_bump = true;
      return absl::OkStatus();
    case ChainError::kTooLarge:
      return absl::FailedPreconditionError(
          absl::StrCat(DescribeJob(*job), ": ", status.message(), "; lower 'batch_entries_max'"));
    case ChainError::kFunds:
      return NoteNoFunds(*job, status);
    case ChainError::kRevert:
    case ChainError::kMissingBlock:
    case ChainError::kTransport:
    case ChainError::kPoolFull:
    case ChainError::kFeeCapExceeded:
    case ChainError::kChainMismatch:
    case ChainError::kOther:
      return status;
  }
  return status;
}

absl::Status JobSender::Track(Job* job) {
  for (const Attempt& attempt : job->attempts) {
    ASSIGN_OR_RETURN(std::optional<Receipt> receipt,
                     dependencies_.chain->TransactionReceipt(attempt.hash));
    if (receipt.has_value()) {
      return TrackReceipt(job, attempt, *receipt);
    }
  }
  Progress& progress = progress_[job->id];
  if (LaneOf(*job)->nonce > job->nonce) {
    if (++progress.nonce_taken_polls >= kPatiencePolls) {
      return Unassign(job, "another transaction of this account took its nonce");
    }
    return absl::OkStatus();
  }
  progress.nonce_taken_polls = 0;
  RETURN_IF_ERROR(TrackPools(job));
  return Resend(job);
}

absl::Status JobSender::TrackReceipt(Job* job, const Attempt& attempt, const Receipt& receipt) {
  if (!receipt.success) {
    return CountFailure(job, attempt, receipt);
  }
  job->mined_block = receipt.block_number;
  job->mined_block_hash = receipt.block_hash;
  job->mined_transaction = attempt.hash;
  config_.log(LogLevel::kInfo, absl::StrCat(DescribeJob(*job), " mined in block ",
                                            receipt.block_number, ", ", receipt.gas_used, " gas"));
  return SetState(job, JobState::kMined);
}

// The work remains: what it failed on is found out before it is sent again (Assign). If nothing is
// found, the pauses grow, so that an unexplained failure cannot burn the account's money.
absl::Status JobSender::CountFailure(Job* job, const Attempt& attempt, const Receipt& receipt) {
  Progress& progress = progress_[job->id];
  job->failed_transaction = attempt.hash;
  ++progress.failures;
  if (receipt.gas_used >= job->gas_limit) {
    job->gas_limit += job->gas_limit / 2;  // Out of gas, most likely.
  }
  if (progress.failures >= config_.failures_max) {
    const int doublings = std::min(progress.failures - config_.failures_max, 20);
    const int64_t pause_ns =
        std::min(config_.failure_pause_ns_max, config_.failure_pause_ns_min << doublings);
    progress.paused_until_ns = dependencies_.clock->NowNs() + pause_ns;
    config_.log(LogLevel::kError,
                absl::StrCat(DescribeJob(*job), " failed on chain ", progress.failures,
                             " times, last in ", Hex(attempt.hash), ": paused for ",
                             pause_ns / 1'000'000'000, " s, needs an operator"));
  }
  return Unassign(job, absl::StrCat("transaction ", Hex(attempt.hash), " failed"));
}

// Whether the nodes still have it: one that they all forgot is sent again at once.
absl::Status JobSender::TrackPools(Job* job) {
  Progress& progress = progress_[job->id];
  bool is_known = false;
  for (auto attempt = job->attempts.rbegin(); attempt != job->attempts.rend() && !is_known;
       ++attempt) {
    const auto place = dependencies_.chain->FindTransaction(attempt->hash);
    if (!place.ok()) {
      // Too few witnesses: no verdict.
      return ChainErrorOf(place.status()) == ChainError::kTransport ? absl::OkStatus()
                                                                    : place.status();
    }
    is_known = *place != TransactionPlace::kUnknown;
  }
  if (is_known) {
    progress.unknown_polls = 0;
    return job->state == JobState::kPooled ? absl::OkStatus() : SetState(job, JobState::kPooled);
  }
  if (progress.sent_at_ns != 0 && ++progress.unknown_polls >= kPatiencePolls) {
    progress.unknown_polls = 0;
    progress.sent_at_ns = 0;
    config_.log(LogLevel::kWarning,
                absl::StrCat(DescribeJob(*job), ": no node has its transaction any more"));
    return SetState(job, JobState::kAttempted);
  }
  return absl::OkStatus();
}

// The same bytes first: a node may have dropped them, and they cost nothing to repeat.
absl::Status JobSender::Resend(Job* job) {
  Progress& progress = progress_[job->id];
  const Lane& lane = *LaneOf(*job);
  if (lane.has_no_funds && !lanes_.IsUsable(lane)) {
    return absl::OkStatus();
  }
  const int64_t now_ns = dependencies_.clock->NowNs();
  const bool is_late =
      progress.attempt_at_ns != 0 && now_ns - progress.attempt_at_ns >= config_.bump_ns;
  if (progress.must_bump || is_late) {
    absl::Status bumped = AddAttempt(job);
    if (bumped.ok()) {
      return Broadcast(job);
    }
    if (!Signer::MayPass(bumped)) {
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
  for (const Attempt& attempt : job->attempts) {
    job->abandoned.push_back(attempt.hash);
  }
  job->attempts.clear();
  job->mined_transaction = {};
  Progress& progress = progress_[job->id];
  progress = Progress{.failures = progress.failures, .paused_until_ns = progress.paused_until_ns};
  if (job->kind == JobKind::kCancel) {
    return SetState(job, JobState::kDone);  // Whoever used the nonce up, it is used up.
  }
  config_.log(LogLevel::kWarning,
              absl::StrCat(DescribeJob(*job), " goes back to the queue: ", ToAbsl(why)));
  return SetState(job, JobState::kSealed);
}

}  // namespace tally::settlement
