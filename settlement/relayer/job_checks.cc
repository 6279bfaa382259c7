// What JobSender asks the chain before it acts and after it has: may a job be sent, is it done
// already, is it still done.

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"

#include "base/status.h"
#include "settlement/relayer/job_sender.h"

namespace tally::settlement {
namespace {

constexpr int kRefusalsMax = 3;
constexpr int kGonePolls = 3;  // Likewise about a receipt that is no longer there.

}  // namespace

absl::Status JobSender::Assign(Job* job, const View& view) {
  if (progress_[job->id].paused_until_ns > dependencies_.clock->NowNs()) {
    return absl::OkStatus();
  }
  bool may_assign = false;
  RETURN_IF_ERROR(job->kind == JobKind::kSettle ? CheckBatch(job, view, &may_assign)
                                                : CheckWithdrawals(job, view, &may_assign));
  Lane* const lane = may_assign ? ChooseLane(*job, view) : nullptr;
  if (lane != nullptr && view.predecessors_mined) {
    RETURN_IF_ERROR(Simulate(*job, view, lane, &may_assign));
  }
  if (lane == nullptr || !may_assign) {
    return absl::OkStatus();
  }
  job->lane = lane->address();
  job->nonce = NextNonce(*lane);
  return SetState(job, JobState::kAssigned);
}

absl::Status JobSender::CheckBatch(Job* job, const View& view, bool* may_assign) {
  ASSIGN_OR_RETURN(VaultHead head, vault_.Head());
  if (head.next_batch > job->batch.id) {
    return Adopt(job, view);
  }
  // Behind unmined predecessors the parent cannot be checked yet; one that already failed or lost
  // its nonce once waits until it can.
  *may_assign =
      head.next_batch == job->batch.id || (!view.predecessors_mined && job->abandoned.empty());
  if (head.next_batch == job->batch.id && head.chain != job->batch.parent) {
    return Believe(
        *job,
        absl::StrCat(DescribeJob(*job), " was built on ", Hex(job->batch.parent),
                     " but the vault is at ", Hex(head.chain),
                     ": another relayer settles this vault, or this store belongs to another one"));
  }
  return absl::OkStatus();
}

// The request was final before the engine heard of it: a node that does not know it is behind.
absl::StatusOr<WithdrawalStatus> JobSender::StatusOf(uint64_t index) {
  ASSIGN_OR_RETURN(WithdrawalStatus status, vault_.StatusOfWithdrawal(index));
  if (status == WithdrawalStatus::kNone) {
    return MakeChainStatus(ChainError::kMissingBlock,
                           absl::StrCat("the node does not know withdrawal ", index, " yet"));
  }
  return status;
}

// Drops what has its outcome already: the owner may have forced a withdrawal meanwhile.
absl::Status JobSender::CheckWithdrawals(Job* job, const View& view, bool* may_assign) {
  const std::size_t count = job->withdrawals.size();
  bool is_open = false;
  for (std::size_t at = job->withdrawals.size(); at-- > 0;) {
    const uint64_t index = job->withdrawals[at];
    ASSIGN_OR_RETURN(WithdrawalStatus status, StatusOf(index));
    const bool appealed =
        status == WithdrawalStatus::kAppealed && job->kind == JobKind::kFinalizeWithdrawals;
    is_open = is_open || appealed || status == WithdrawalStatus::kRequested;
    if (!appealed && status != WithdrawalStatus::kRequested &&
        (status == WithdrawalStatus::kRejected) != (job->kind == JobKind::kRejectWithdrawals)) {
      job->withdrawals.erase(job->withdrawals.begin() + static_cast<std::ptrdiff_t>(at));
      config_.log(LogLevel::kError,
                  absl::StrCat("withdrawal ", index, ": the engine and the vault disagree (",
                               ToAbsl(JobKindName(job->kind)), ", vault status ",
                               static_cast<int>(status), "); skipped, needs an operator"));
    }
  }
  if (job->withdrawals.size() != count) {
    RETURN_IF_ERROR(SetState(job, JobState::kSealed));
  }
  if (!is_open) {
    job->mined_transaction = {};
    job->mined_block = view.heads.latest;
    return SetState(job, JobState::kMined);
  }
  // A finalisation needs the balances of the batches before it.
  *may_assign = view.predecessors_mined || job->abandoned.empty();
  return absl::OkStatus();
}

absl::Status JobSender::Simulate(const Job& job, const View& view, Lane* lane, bool* may_assign) {
  const auto result = dependencies_.chain->Call({.from = lane->address(),
                                                 .to = config_.vault,
                                                 .data = Calldata(job),
                                                 .value_wei = 0,
                                                 .block = view.heads.latest_hash});
  if (result.ok()) {
    lane->is_refused = false;
    progress_[job.id].refusals = 0;
    progress_[job.id].refused_at_ns = 0;
    return absl::OkStatus();
  }
  if (ChainErrorOf(result.status()) != ChainError::kRevert) {
    return result.status();
  }
  *may_assign = false;
  const Bytes data = RevertData(result.status());
  const std::string text =
      absl::StrCat("the vault refuses ", DescribeJob(job), ": ", DescribeVaultRevert(data));
  if (IsNotOperator(data)) {
    return NoteRefused(job, lane, text);
  }
  if (IsSettlePaused(data)) {
    return absl::UnavailableError(text);
  }
  const VaultCulprit culprit = CulpritOf(data);
  const bool is_one_account = job.kind == JobKind::kSettle && culprit.account.has_value();
  const bool is_one_withdrawal =
      job.kind == JobKind::kFinalizeWithdrawals && culprit.withdrawal.has_value();
  return is_one_account || is_one_withdrawal ? Refuse(job, view, culprit, text)
                                             : Believe(job, text);
}

// It may pass: a deposit, a permission, an earlier withdrawal may be on its way. And as long as a
// reorganisation could still bring back an attempt with the old content, the content stays.
absl::Status JobSender::Refuse(const Job& job, const View& view, const VaultCulprit& culprit,
                               std::string_view text) {
  Progress& progress = progress_[job.id];
  const int64_t now_ns = std::max<int64_t>(dependencies_.clock->NowNs(), 1);
  if (progress.refused_at_ns == 0) {
    progress.refused_at_ns = now_ns;
    progress.refused_at_block = view.heads.latest;
  }
  const bool is_settled = job.abandoned.empty() || view.heads.final >= progress.refused_at_block;
  if (++progress.refusals >= kRefusalsMax && is_settled &&
      now_ns - progress.refused_at_ns >= config_.quarantine_after_ns) {
    refusal_ = Refusal{.job = job.id, .culprit = culprit, .text = std::string(text)};
  }
  return absl::UnavailableError(ToAbsl(text));
}

// A surprise that ends the relayer has to be seen some times in a row: a block mined between two
// questions, or a node that lags, explains most of them.
absl::Status JobSender::Believe(const Job& job, std::string_view text) {
  return ++progress_[job.id].refusals < kRefusalsMax ? absl::UnavailableError(ToAbsl(text))
                                                     : absl::FailedPreconditionError(ToAbsl(text));
}

absl::Status JobSender::Adopt(Job* job, const View& view) {
  ASSIGN_OR_RETURN(std::optional<Hash32> commitment, vault_.CommitmentOf(job->batch.id));
  if (commitment != CommitmentFor(ChainAfter(job->batch))) {
    return Believe(*job, absl::StrCat(DescribeJob(*job), " is settled with other content: another ",
                                      "relayer settles this vault"));
  }
  config_.log(LogLevel::kInfo, absl::StrCat(DescribeJob(*job), " is already settled"));
  job->mined_transaction = {};
  job->mined_block = view.heads.latest;
  return SetState(job, JobState::kMined);
}

absl::Status JobSender::CheckMined(Job* job, const View& view) {
  ASSIGN_OR_RETURN(std::optional<Receipt> receipt,
                   dependencies_.chain->TransactionReceipt(job->mined_transaction));
  if (!receipt.has_value()) {
    return CheckReceiptGone(job);
  }
  progress_[job->id].gone_polls = 0;
  if (!receipt->success) {
    return Unassign(job, "it failed after a reorganisation");
  }
  if (receipt->block_hash != job->mined_block_hash) {
    job->mined_block = receipt->block_number;
    job->mined_block_hash = receipt->block_hash;
    RETURN_IF_ERROR(SetState(job, JobState::kMined));
  }
  return Ripen(job, view);
}

// A block that is no longer there settles it at once; else the nodes may just not have it yet.
absl::Status JobSender::CheckReceiptGone(Job* job) {
  ASSIGN_OR_RETURN(std::optional<BlockInfo> block,
                   dependencies_.chain->BlockByNumber(job->mined_block));
  const bool is_replaced = block.has_value() && job->mined_block_hash != Hash32() &&
                           block->hash != job->mined_block_hash;
  if (!is_replaced && ++progress_[job->id].gone_polls < kGonePolls) {
    return absl::OkStatus();
  }
  if (job->attempts.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("a reorganisation took back ", DescribeJob(*job),
                     ", of which this store has no copy: start with an empty store again"));
  }
  progress_[job->id].gone_polls = 0;
  config_.log(LogLevel::kWarning,
              absl::StrCat(DescribeJob(*job), ": a reorganisation took it back"));
  return SetState(job, JobState::kAttempted);
}

absl::Status JobSender::Ripen(Job* job, const View& view) {
  if (job->mined_block <= view.heads.final) {
    RETURN_IF_ERROR(SetState(job, JobState::kFinal));
    // It may wait long for the engine, behind a backlog: what is not needed for that is let go.
    job->batch.data = Bytes();
    job->attempts.clear();
    return absl::OkStatus();
  }
  return job->state == JobState::kMined && job->mined_block <= view.heads.safe
             ? SetState(job, JobState::kSafe)
             : absl::OkStatus();
}

absl::Status JobSender::CheckAdopted(Job* job, const View& view) {
  if (job->kind == JobKind::kSettle) {
    ASSIGN_OR_RETURN(std::optional<Hash32> commitment, vault_.CommitmentOf(job->batch.id));
    if (commitment != CommitmentFor(ChainAfter(job->batch))) {
      return Unassign(job, "a reorganisation took it back");
    }
  } else {
    for (uint64_t index : job->withdrawals) {
      ASSIGN_OR_RETURN(WithdrawalStatus status, StatusOf(index));
      if (status == WithdrawalStatus::kRequested) {
        return Unassign(job, "a reorganisation took it back");
      }
    }
  }
  return Ripen(job, view);
}

}  // namespace tally::settlement
