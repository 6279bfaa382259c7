#include "settlement/watch/watcher.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/status.h"
#include "settlement/relayer/justifier.h"

namespace tally::settlement {
namespace {

std::set<AccountId> AccountsOf(const SettlementBatch& batch) {
  std::set<AccountId> accounts;
  for (std::size_t at = 0; at + kBatchEntryBytes <= batch.data.size(); at += kBatchEntryBytes) {
    const uint8_t* const entry = batch.data.data() + at;
    accounts.insert(AccountId{uint32_t{entry[0]} << 24 | uint32_t{entry[1]} << 16 |
                              uint32_t{entry[2]} << 8 | uint32_t{entry[3]}});
  }
  return accounts;
}

}  // namespace

Watcher::Watcher(const WatcherConfig& config, const Dependencies& dependencies)
    : config_(config),
      dependencies_(dependencies),
      reader_(dependencies.chain, config.vault),
      follower_(
          {.chain_id = config.chain_id, .vault = config.vault, .start_block = config.start_block},
          dependencies.chain, dependencies.events) {
  if (dependencies.signer != nullptr) {
    sender_.emplace(
        CallSender::Options{.chain_id = config.chain_id, .fee_cap_wei_max = config.fee_cap_wei_max},
        dependencies.chain, dependencies.signer, dependencies.clock);
  }
}

absl::Status Watcher::Start() {
  ASSIGN_OR_RETURN(uint64_t chain_id, dependencies_.chain->ChainId());
  if (chain_id != config_.chain_id) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the node is on chain ", chain_id, ", the configuration says ", config_.chain_id));
  }
  ASSIGN_OR_RETURN(std::optional<Address> court, reader_.Court());
  if (!court.has_value()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the contract at ", Hex(config_.vault), " has no court"));
  }
  court_ = *court;
  return absl::OkStatus();
}

absl::Status Watcher::Step() {
  caught_up_ = false;
  absl::Status read = ReadBatches();
  absl::Status driven = DriveContests();
  RETURN_IF_ERROR(read);
  RETURN_IF_ERROR(driven);
  caught_up_ =
      !current_.has_value() && !follower_.is_waiting() && (!sender_.has_value() || sender_->idle());
  return absl::OkStatus();
}

absl::StatusOr<bool> Watcher::MustWait() {
  ASSIGN_OR_RETURN(BlockInfo latest, dependencies_.chain->BlockByTag(BlockTag::kLatest));
  ASSIGN_OR_RETURN(uint64_t settled_at, reader_.SettledAt(last_batch_ + 1));
  return settled_at == 0 || latest.timestamp_s < settled_at + config_.patience_s;
}

absl::Status Watcher::ReadBatches() {
  ASSIGN_OR_RETURN(BlockInfo latest, dependencies_.chain->BlockByTag(BlockTag::kLatest));
  const uint64_t to_block = latest.number - std::min(latest.number, config_.confirmations);
  for (;;) {
    if (!current_.has_value()) {
      ASSIGN_OR_RETURN(current_, follower_.Next(to_block, /*must_wait=*/true));
    }
    if (!current_.has_value() && follower_.is_waiting()) {
      ASSIGN_OR_RETURN(bool must_wait, MustWait());
      ASSIGN_OR_RETURN(current_, follower_.Next(to_block, must_wait));
    }
    if (!current_.has_value()) {
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(Inspect(*current_));
    last_batch_ = current_->on_chain.id;
    RETURN_IF_ERROR(ForgetFinal());
    current_.reset();
  }
}

absl::Status Watcher::ForgetFinal() {
  while (!recent_.empty()) {
    ASSIGN_OR_RETURN(bool is_final, reader_.IsFinal(recent_.begin()->first));
    if (!is_final) {
      break;
    }
    recent_.erase(recent_.begin());
  }
  return absl::OkStatus();
}

absl::Status Watcher::Inspect(const FollowedBatch& batch) {
  RETURN_IF_ERROR(InspectExecutions(batch));
  ASSIGN_OR_RETURN(bool is_final, reader_.IsFinal(batch.on_chain.id));
  if (is_final) {
    return absl::OkStatus();  // Nothing can undo it any more.
  }
  std::set<AccountId> accounts = AccountsOf(batch.on_chain);
  if (batch.derived.has_value()) {
    accounts.merge(AccountsOf(batch.derived->batch));
  }
  for (AccountId account : accounts) {
    if (config_.accounts.empty() || config_.accounts.contains(account)) {
      RETURN_IF_ERROR(InspectAccount(batch, account));
    }
  }
  return absl::OkStatus();
}

// One order executed twice over: each batch alone would be justified, both together cannot be true.
absl::Status Watcher::InspectExecutions(const FollowedBatch& batch) {
  if (!batch.derived.has_value() || batch.derived->batch.exec_root != batch.on_chain.exec_root) {
    return absl::OkStatus();  // These leaves are not committed.
  }
  const uint64_t id = batch.on_chain.id;
  recent_[id] = *batch.derived;
  recent_[id].batch = batch.on_chain;
  for (const BatchProof::Row& row : recent_[id].rows) {
    const Execution& execution = row.execution;
    Executed& executed = executed_[execution.order_hash];
    if (executed.batch != 0 && executed.batch != id && execution.base != 0 &&
        execution.cum_before < executed.end) {
      ASSIGN_OR_RETURN(BatchProof earlier, ProofOf(executed.batch));
      const auto other = std::find_if(
          earlier.rows.begin(), earlier.rows.end(),
          [&](const BatchProof::Row& r) { return r.execution.order_hash == execution.order_hash; });
      const ChallengeKey key{.batch = id, .account = execution.account};
      if (other != earlier.rows.end() &&
          Find(key,
               absl::StrCat("executes an order again that batch ", executed.batch, " executed"),
               /*is_debit=*/true) &&
          sender_.has_value()) {
        contests_[key] = {.call = EncodeProveOverfill({.proof = &earlier, .row = &*other},
                                                      {.proof = &recent_[id], .row = &row}),
                          .is_overfill = true};
      }
    }
    executed.end = std::max(executed.end, execution.cum_before + execution.base);
    executed.batch = id;
  }
  return absl::OkStatus();
}

absl::StatusOr<BatchProof> Watcher::ProofOf(uint64_t batch) {
  if (const auto found = recent_.find(batch); found != recent_.end()) {
    return found->second;
  }
  RelayerConfig config;
  config.chain_id = config_.chain_id;
  config.vault = config_.vault;
  config.start_block = config_.start_block;
  ASSIGN_OR_RETURN(SettlementBatch header, FindBatchHeader(dependencies_.chain, config, batch));
  return DeriveProof(dependencies_.events, OrderDomain(config_.chain_id, config_.vault), header);
}

absl::Status Watcher::InspectAccount(const FollowedBatch& batch, AccountId account) {
  const AccountEntries settled = EntriesOf(batch.on_chain, account);
  if (settled.is_cosigned) {
    return absl::OkStatus();  // The account signed these very entries.
  }
  const bool is_same = batch.derived.has_value() &&
                       EntriesOf(batch.derived->batch, account).packed == settled.packed;
  if (!settled.is_debited) {
    if (!is_same) {
      Find(
          {.batch = batch.on_chain.id, .account = account},
          batch.derived.has_value() ? "is not credited what the event log gives it" : batch.problem,
          /*is_debit=*/false);
    }
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(AccountGuard guard, reader_.GuardOf(account));
  ASSIGN_OR_RETURN(uint64_t settled_at, reader_.SettledAt(batch.on_chain.id));
  const bool is_waived = guard.IsWaivedAt(settled_at);
  if (!is_same) {
    FindDebit(
        batch, account,
        batch.derived.has_value() ? "is debited other than the event log says" : batch.problem,
        !is_waived);
    return absl::OkStatus();
  }
  if (is_waived) {
    return absl::OkStatus();
  }
  if (batch.derived->batch.exec_root != batch.on_chain.exec_root) {
    FindDebit(batch, account, "is debited in a batch that commits to other executions",
              /*is_challengeable=*/true);
    return absl::OkStatus();
  }
  ++judged_count_;
  absl::Status judged = reader_.Judge(court_, *batch.derived, account);
  if (ChainErrorOf(judged) == ChainError::kRevert) {
    FindDebit(batch, account,
              absl::StrCat("is debited without its owner's orders: ",
                           DescribeCourtRevert(RevertData(judged))),
              /*is_challengeable=*/true);
    return absl::OkStatus();
  }
  return judged;
}

// False if it is known: a batch is inspected again after a failed round.
bool Watcher::Find(const ChallengeKey& key, std::string reason, bool is_debit) {
  const bool is_known = std::any_of(findings_.begin(), findings_.end(),
                                    [&](const Finding& finding) { return finding.key == key; });
  if (!is_known) {
    config_.log(LogLevel::kError, absl::StrCat(DescribeChallenge(key), ": ", reason));
    findings_.push_back({.key = key, .reason = std::move(reason), .is_debit = is_debit});
  }
  return !is_known;
}

void Watcher::FindDebit(const FollowedBatch& batch, AccountId account, std::string reason,
                        bool is_challengeable) {
  const ChallengeKey key{.batch = batch.on_chain.id, .account = account};
  if (Find(key, std::move(reason), /*is_debit=*/true) && is_challengeable && sender_.has_value()) {
    contests_[key].call = EncodeChallenge(batch.on_chain, account);
  }
}

absl::Status Watcher::DriveContests() {
  if (!sender_.has_value() || (contests_.empty() && sender_->idle())) {
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(sender_->Step());
  ASSIGN_OR_RETURN(Uint256 bond, reader_.Bond(court_));
  for (auto it = contests_.begin(); it != contests_.end();) {
    ASSIGN_OR_RETURN(bool is_over, DriveContest(it->first, &it->second, bond));
    it = is_over ? contests_.erase(it) : std::next(it);
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> Watcher::DriveContest(const ChallengeKey& key, Contest* contest,
                                           const Uint256& bond) {
  const std::string name =
      (contest->is_overfill ? "proof of overfill, " : "challenge of ") + DescribeChallenge(key);
  if (!contest->is_overfill) {
    ASSIGN_OR_RETURN(ChallengeStatus status, reader_.StatusOf(court_, key));
    if (status != ChallengeStatus::kNone) {
      config_.log(LogLevel::kWarning, absl::StrCat(DescribeChallenge(key), " is challenged"));
      return true;
    }
  }
  const absl::Status sent = sender_->Send(
      name,
      {.to = court_, .data = contest->call, .value_wei = contest->is_overfill ? Uint256(0) : bond});
  if (ChainErrorOf(sent) != ChainError::kRevert) {
    RETURN_IF_ERROR(sent);
    return false;
  }
  // After a proof of overfill that is mined, the court says that the vault is halted.
  config_.log(LogLevel::kError,
              absl::StrCat("the court on the ", name, ": ", DescribeCourtRevert(RevertData(sent))));
  return true;
}

}  // namespace tally::settlement
