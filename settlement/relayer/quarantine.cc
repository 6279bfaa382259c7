#include "settlement/relayer/quarantine.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"

#include "base/status.h"
#include "settlement/relayer/batch_proof.h"

namespace tally::settlement {
namespace {

// What `before` has and `after` lacks.
std::vector<NettedEntry> Difference(const std::vector<NettedEntry>& before,
                                    const std::vector<NettedEntry>& after) {
  std::map<std::pair<AccountId, PairId>, NettedEntry> sums;
  const auto add = [&](const NettedEntry& entry, int sign) {
    NettedEntry& sum = sums[{entry.account, entry.pair}];
    sum.account = entry.account;
    sum.pair = entry.pair;
    sum.even += sign * entry.even;
    sum.odd += sign * entry.odd;
  };
  std::for_each(before.begin(), before.end(), [&](const NettedEntry& entry) { add(entry, 1); });
  std::for_each(after.begin(), after.end(), [&](const NettedEntry& entry) { add(entry, -1); });
  std::vector<NettedEntry> difference;
  for (const auto& [key, sum] : sums) {
    if (sum.even != 0 || sum.odd != 0) {
      difference.push_back(sum);
    }
  }
  return difference;
}

}  // namespace

absl::Status ForEachEvent(EventSource* events, const BatchRange& range,
                          const std::function<absl::Status(const Event& event)>& take) {
  std::vector<Event> buffer(kEventsPerRead, MakeEvent(EventType::kTrade));
  for (uint64_t next = range.first_event; next <= range.last_event;) {
    ASSIGN_OR_RETURN(std::size_t count, events->ReadFrom(EventSequence{next}, buffer));
    if (count == 0) {
      return absl::DataLossError(absl::StrCat("the event log ends at event ", next - 1,
                                              " though it was read up to ", range.last_event));
    }
    for (std::size_t i = 0; i < count && next <= range.last_event; ++i, ++next) {
      RETURN_IF_ERROR(take(buffer[i]));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::set<TradeId>> TradesOf(EventSource* events, const BatchRange& range,
                                           const std::set<AccountId>& accounts,
                                           const InstrumentTerms& fee_terms) {
  std::set<TradeId> trades;
  if (accounts.empty()) {
    return trades;
  }
  RETURN_IF_ERROR(ForEachEvent(events, range, [&](const Event& event) {
    if (event.type != EventType::kOrderFilled) {
      return absl::OkStatus();
    }
    const auto terms = fee_terms.find(event.instrument);
    const bool is_fee = terms != fee_terms.end() && event.filled.fee.value != 0 &&
                        accounts.count(terms->second.fee_account) > 0;
    if (is_fee || accounts.count(event.account) > 0) {
      trades.insert(event.filled.trade_id);
    }
    return absl::OkStatus();
  }));
  return trades;
}

absl::StatusOr<BatchContents> DeriveContents(EventSource* events, const OrderDomain& domain,
                                             const BatchRange& range,
                                             const std::set<TradeId>& out_before,
                                             const std::set<TradeId>& out_after) {
  BatchBuilder before(domain);
  BatchBuilder after(domain);
  // From the beginning: the terms of instruments and the signed orders come from there.
  const auto take = [&](const Event& event) -> absl::Status {
    const bool is_settled = Raw(event.sequence) < range.first_event;
    const auto is_out = [&](const std::set<TradeId>& trades) {
      return is_settled ||
             (event.type == EventType::kOrderFilled && trades.count(event.filled.trade_id) > 0);
    };
    RETURN_IF_ERROR(before.Add(event, is_out(out_before)));
    return after.Add(event, is_out(out_after));
  };
  RETURN_IF_ERROR(ForEachEvent(events, {.first_event = 1, .last_event = range.last_event}, take));
  if (!before.netting().balanced() || !after.netting().balanced()) {
    return absl::DataLossError(absl::StrCat("event ", range.last_event, " is inside a trade"));
  }
  BatchContents contents;
  contents.before = before.Take();
  contents.after = after.Take();
  return contents;
}

Quarantine::Quarantine(const RelayerConfig* config, const Dependencies& dependencies)
    : config_(*config), dependencies_(dependencies), domain_(config->chain_id, config->vault) {}

void Quarantine::Restore(const RelayerStore::Contents& contents) {
  owed_ = contents.owed;
  held_ = contents.held;
}

absl::Status Quarantine::Step() {
  const std::optional<JobSender::Refusal> refusal = dependencies_.sender->TakeRefusal();
  if (!refusal.has_value()) {
    return RetryHeld();
  }
  const Job& job = dependencies_.sender->jobs().at(refusal->job);
  return refusal->culprit.withdrawal.has_value()
             ? HoldBack(job, *refusal->culprit.withdrawal, refusal->text)
             : TakeOut(job, *refusal->culprit.account, refusal->text);
}

absl::Status Quarantine::Forget(const DisputeProgresses& disputes) {
  for (auto at = owed_.begin(); at != owed_.end();) {
    const auto dispute = disputes.find(at->first);
    if (dispute == disputes.end() || !dispute->second.resolved) {
      ++at;
      continue;
    }
    StoreWrite write;
    AppendSettled(at->second, &write);
    RETURN_IF_ERROR(dependencies_.store->raw()->Write(write));
    config_.log(LogLevel::kInfo, absl::StrCat("the dispute about account ", Raw(at->second.account),
                                              " in batch ", at->second.batch, " is resolved"));
    at = owed_.erase(at);
  }
  return absl::OkStatus();
}

absl::Status Quarantine::TakeOut(const Job& job, AccountId account, std::string_view why) {
  const BatchRange range{.first_event = job.batch.first_event, .last_event = job.batch.last_event};
  const InstrumentTerms& terms = dependencies_.batcher->position().terms;
  std::set<AccountId> accounts(job.excluded.begin(), job.excluded.end());
  ASSIGN_OR_RETURN(std::set<TradeId> out_before,
                   TradesOf(dependencies_.events, range, accounts, terms));
  accounts.insert(account);
  ASSIGN_OR_RETURN(std::set<TradeId> out_after,
                   TradesOf(dependencies_.events, range, accounts, terms));
  ASSIGN_OR_RETURN(BatchContents contents,
                   DeriveContents(dependencies_.events, domain_, range, out_before, out_after));
  std::vector<Hash32> leaves = contents.before.executions.Leaves();
  if (EncodeEntries(contents.before.entries) != job.batch.data ||
      RootOf(std::move(leaves)) != job.batch.exec_root || out_before == out_after) {
    return absl::FailedPreconditionError(
        absl::StrCat(ToAbsl(why), "; the event log gives no content of ", DescribeJob(job),
                     " without account ", Raw(account)));
  }
  Job changed = job;
  changed.excluded.push_back(account);
  changed.batch.data = EncodeEntries(contents.after.entries);
  leaves = contents.after.executions.Leaves();
  changed.batch.exec_root = RootOf(leaves);
  Owed owed{.batch = job.batch.id,
            .account = account,
            .data = {},
            .first_event = range.first_event,
            .last_event = range.last_event,
            .trades = {}};
  std::set_difference(out_after.begin(), out_after.end(), out_before.begin(), out_before.end(),
                      std::back_inserter(owed.trades));
  owed.data = EncodeEntries(Difference(contents.before.entries, contents.after.entries));
  StoreWrite write;
  AppendOwed(owed, &write);
  AppendProof(MakeProof(changed.batch, contents.after.executions, std::move(leaves)), &write);

  // The batches behind it, on the new chain: their content stays.
  VaultHead head = HeadAfter(changed.batch);
  std::vector<Job> jobs = {std::move(changed)};
  const auto& all = dependencies_.sender->jobs();
  for (auto at = all.upper_bound(job.id); at != all.end(); ++at) {
    if (at->second.kind != JobKind::kSettle) {
      continue;
    }
    jobs.push_back(at->second);
    jobs.back().batch.parent = head.chain;
    head = HeadAfter(jobs.back().batch);
    absl::StatusOr<BatchProof> proof = LoadProof(dependencies_.store->raw(), jobs.back().batch.id);
    if (proof.ok()) {
      proof->batch = jobs.back().batch;
      AppendProof(*proof, &write);
    }
  }
  RETURN_IF_ERROR(dependencies_.batcher->Reseal(head, jobs, std::move(write)));
  const std::string what = DescribeJob(job);
  dependencies_.sender->Replace(std::move(jobs));
  config_.log(LogLevel::kError,
              absl::StrCat("ALARM: ", ToAbsl(why), "; ", what, " is settled without ",
                           out_after.size() - out_before.size(), " trades of account ",
                           Raw(account), ", which stay owed, needs an operator"));
  owed_[{owed.batch, account}] = std::move(owed);
  return absl::OkStatus();
}

absl::Status Quarantine::HoldBack(Job job, uint64_t withdrawal, std::string_view why) {
  if (std::erase(job.withdrawals, withdrawal) == 0) {
    return absl::FailedPreconditionError(ToAbsl(why));
  }
  StoreWrite write;
  AppendHeld(withdrawal, &write);
  RETURN_IF_ERROR(dependencies_.batcher->Reseal(dependencies_.batcher->position().head, {job},
                                                std::move(write)));
  dependencies_.sender->Replace({std::move(job)});
  held_.insert(withdrawal);
  retried_at_ns_ = dependencies_.clock->NowNs();
  config_.log(LogLevel::kError, absl::StrCat("ALARM: ", ToAbsl(why), "; withdrawal ", withdrawal,
                                             " is held back, needs an operator"));
  return absl::OkStatus();
}

absl::Status Quarantine::RetryHeld() {
  const int64_t now_ns = dependencies_.clock->NowNs();
  if (held_.empty() || now_ns - retried_at_ns_ < config_.held_retry_ns) {
    return absl::OkStatus();
  }
  retried_at_ns_ = now_ns;
  for (auto at = held_.begin(); at != held_.end();) {
    const std::vector<uint64_t> one = {*at};
    const absl::Status refused = dependencies_.chain
                                     ->Call({.from = dependencies_.signer->address(),
                                             .to = config_.vault,
                                             .data = EncodeFinalizeWithdrawals(one),
                                             .value_wei = 0})
                                     .status();
    if (ChainErrorOf(refused) == ChainError::kRevert) {
      ++at;
      continue;
    }
    RETURN_IF_ERROR(refused);
    StoreWrite write;
    AppendRelease(*at, &write);
    ASSIGN_OR_RETURN(Job job, dependencies_.batcher->AddWithdrawalJob(one, std::move(write)));
    config_.log(LogLevel::kInfo, absl::StrCat("withdrawal ", *at, " is no longer held back"));
    dependencies_.sender->Add(std::move(job));
    at = held_.erase(at);
  }
  return absl::OkStatus();
}

}  // namespace tally::settlement
