// What JobSender asks the chain before it acts and after it has: may a job be sent, is it done
// already, is it still done.

#include <optional>

#include "absl/strings/str_cat.h"

#include "base/status.h"
#include "settlement/relayer/job_sender.h"

namespace tally::settlement {
namespace {

// A surprising refusal is asked about again this often: nodes lag behind themselves.
constexpr int kRefusalsMax = 3;

}  // namespace

absl::Status JobSender::Assign(Job* job, const View& view) {
  bool may_assign = false;
  RETURN_IF_ERROR(job->kind == JobKind::kSettle ? CheckBatch(job, view, &may_assign)
                                                : CheckWithdrawals(job, view, &may_assign));
  if (may_assign && view.predecessors_mined) {
    RETURN_IF_ERROR(Simulate(*job, &may_assign));
  }
  if (!may_assign) {
    return absl::OkStatus();
  }
  job->nonce = NextNonce(view.nonce);
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
    return absl::FailedPreconditionError(
        absl::StrCat(DescribeJob(*job), " was built on ", Hex(job->batch.parent),
                     " but the vault is at ", Hex(head.chain),
                     ": another relayer settles this vault, or this store belongs to another one"));
  }
  return absl::OkStatus();
}

// Drops what has its outcome already: the owner may have forced a withdrawal meanwhile.
absl::Status JobSender::CheckWithdrawals(Job* job, const View& view, bool* may_assign) {
  const std::size_t count = job->withdrawals.size();
  bool is_open = false;
  for (std::size_t at = job->withdrawals.size(); at-- > 0;) {
    const uint64_t index = job->withdrawals[at];
    ASSIGN_OR_RETURN(WithdrawalStatus status, vault_.StatusOfWithdrawal(index));
    is_open = is_open || status == WithdrawalStatus::kRequested;
    if (status != WithdrawalStatus::kRequested &&
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
    job->mined_block = view.latest_number;
    return SetState(job, JobState::kMined);
  }
  // A finalisation needs the balances of the batches before it.
  *may_assign = view.predecessors_mined || job->abandoned.empty();
  return absl::OkStatus();
}

absl::Status JobSender::Simulate(const Job& job, bool* may_assign) {
  const auto result = dependencies_.chain->Call({.from = dependencies_.key->address(),
                                                 .to = config_.vault,
                                                 .data = Calldata(job),
                                                 .value_wei = 0});
  if (result.ok()) {
    return absl::OkStatus();
  }
  if (ChainErrorOf(result.status()) != ChainError::kRevert) {
    return result.status();
  }
  *may_assign = false;
  const Bytes data = RevertData(result.status());
  const std::string text =
      absl::StrCat("the vault refuses ", DescribeJob(job), ": ", DescribeVaultRevert(data));
  if (IsSettlePaused(data)) {
    return absl::UnavailableError(text);
  }
  // A block mined between the checks and the call explains some refusals: ask again before giving
  // up.
  Progress& progress = progress_[job.id];
  if (++progress.failures < kRefusalsMax) {
    return absl::UnavailableError(text);
  }
  return absl::FailedPreconditionError(text);
}

absl::Status JobSender::Adopt(Job* job, const View& view) {
  ASSIGN_OR_RETURN(std::optional<Hash32> commitment, vault_.CommitmentOf(job->batch.id));
  if (commitment != CommitmentFor(ChainAfter(job->batch))) {
    return absl::FailedPreconditionError(absl::StrCat(
        DescribeJob(*job), " is settled with other content: another relayer settles this vault"));
  }
  config_.log(LogLevel::kInfo, absl::StrCat(DescribeJob(*job), " is already settled"));
  job->mined_transaction = {};
  job->mined_block = view.latest_number;
  return SetState(job, JobState::kMined);
}

absl::Status JobSender::CheckMined(Job* job, const View& view) {
  ASSIGN_OR_RETURN(std::optional<Receipt> receipt,
                   dependencies_.chain->TransactionReceipt(job->mined_transaction));
  if (!receipt.has_value() && job->attempts.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("a reorganisation took back ", DescribeJob(*job),
                     ", of which this store has no copy: start with an empty store again"));
  }
  if (!receipt.has_value()) {
    config_.log(LogLevel::kWarning,
                absl::StrCat(DescribeJob(*job), ": a reorganisation took it back"));
    return SetState(job, JobState::kSent);
  }
  if (!receipt->success) {
    return Unassign(job, "it failed after a reorganisation");
  }
  if (receipt->block_hash != job->mined_block_hash) {
    job->mined_block = receipt->block_number;
    job->mined_block_hash = receipt->block_hash;
    RETURN_IF_ERROR(SetState(job, JobState::kMined));
  }
  return job->mined_block <= view.final_number ? SetState(job, JobState::kConfirmed)
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
      ASSIGN_OR_RETURN(WithdrawalStatus status, vault_.StatusOfWithdrawal(index));
      if (status == WithdrawalStatus::kRequested) {
        return Unassign(job, "a reorganisation took it back");
      }
    }
  }
  return job->mined_block <= view.final_number ? SetState(job, JobState::kConfirmed)
                                               : absl::OkStatus();
}

}  // namespace tally::settlement
