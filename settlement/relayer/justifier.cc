#include "settlement/relayer/justifier.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "base/status.h"
#include "settlement/chain/abi.h"
#include "settlement/relayer/batch_builder.h"
#include "settlement/relayer/batch_logs.h"

namespace tally::settlement {
namespace {

constexpr char kCourtKey[] = "court";
constexpr int64_t kRetryNs = 15'000'000'000;
constexpr int64_t kPruneNs = 10'000'000'000;
constexpr int kProofsPerPrune = 64;

std::string NameOf(const ChallengeKey& key) {
  return absl::StrCat("justification of ", DescribeChallenge(key));
}

}  // namespace

absl::StatusOr<BatchProof> DeriveProof(EventSource* events, const OrderDomain& domain,
                                       const SettlementBatch& header) {
  BatchBuilder builder(domain);
  std::vector<Event> buffer(kEventsPerRead, MakeEvent(EventType::kTrade));
  for (uint64_t next = 1; next <= header.last_event;) {
    ASSIGN_OR_RETURN(std::size_t count, events->ReadFrom(EventSequence{next}, buffer));
    if (count == 0) {
      return absl::NotFoundError(absl::StrCat("the event log ends at event ", next - 1,
                                              ", before the end of batch ", header.id));
    }
    for (std::size_t i = 0; i < count && next <= header.last_event; ++i, ++next) {
      RETURN_IF_ERROR(builder.Add(buffer[i], next < header.first_event));
    }
  }
  if (!builder.netting().balanced()) {
    return absl::DataLossError(absl::StrCat("batch ", header.id, " ends inside a trade"));
  }
  const BatchContent content = builder.Take();
  std::vector<Hash32> leaves = content.executions.Leaves();
  SettlementBatch batch = header;
  batch.exec_root = RootOf(leaves);
  batch.data = EncodeEntries(content.entries);
  return MakeProof(batch, content.executions, std::move(leaves));
}

Justifier::Justifier(const RelayerConfig* config, const Dependencies& dependencies)
    : config_(*config),
      dependencies_(dependencies),
      reader_(dependencies.chain, config->vault),
      next_block_(config->start_block) {
  if (dependencies.signer != nullptr) {
    sender_.emplace(CallSender::Options{.chain_id = config->chain_id,
                                        .fee_cap_wei_max = config->fee_cap_wei_max},
                    dependencies.chain, dependencies.signer, dependencies.clock);
  }
}

absl::Status Justifier::Restore(uint64_t next_batch) {
  RETURN_IF_ERROR(
      dependencies_.store->Visit(kCourtKey, [&](std::string_view, std::string_view value) {
        RecordReader in(value);
        next_block_ = in.U64();
        while (in.ok() && !in.at_end()) {
          Open open;
          open.challenge.key.batch = in.U64();
          open.challenge.key.account = AccountId{static_cast<uint32_t>(in.U64(4))};
          open.challenge.deadline_s = in.U64();
          open.seen_block = in.U64();
          open_[open.challenge.key] = open;
        }
        return in.ok() ? absl::OkStatus()
                       : absl::DataLossError("store record of challenges is damaged");
      }));
  oldest_proof_ = next_batch;
  return dependencies_.store->Visit(kProofPrefix, [&](std::string_view key, std::string_view) {
    const uint64_t batch = RecordReader(key.substr(sizeof(kProofPrefix) - 1)).U64();
    oldest_proof_ = std::min(oldest_proof_, batch);
    return absl::OkStatus();
  });
}

absl::Status Justifier::Step(uint64_t latest_number, uint64_t final_number) {
  if (has_no_court_) {
    return absl::OkStatus();
  }
  if (!court_.has_value()) {
    ASSIGN_OR_RETURN(court_, reader_.Court());
    has_no_court_ = !court_.has_value();
    if (has_no_court_) {
      return absl::OkStatus();
    }
  }
  RETURN_IF_ERROR(Scan(latest_number, final_number));
  if (sender_.has_value() && (!open_.empty() || !sender_->idle())) {
    RETURN_IF_ERROR(sender_->Step());
  }
  absl::Status trouble;
  for (auto it = open_.begin(); it != open_.end();) {
    bool is_done = false;
    trouble.Update(Advance(&it->second, latest_number, final_number, &is_done));
    it = is_done ? open_.erase(it) : std::next(it);
  }
  trouble.Update(Prune());
  return trouble;
}

// Blocks that are not final are read again: a challenge may come back in another block.
absl::Status Justifier::Scan(uint64_t latest_number, uint64_t final_number) {
  const uint64_t from = std::min(next_block_, final_number + 1);
  const std::size_t known = open_.size();
  for (uint64_t at = std::max(from, config_.start_block); at <= latest_number;
       at += config_.scan_blocks_max) {
    ASSIGN_OR_RETURN(std::vector<ChainLog> logs,
                     dependencies_.chain->Logs(
                         {.address = *court_,
                          .topics = {ChallengedTopic()},
                          .from_block = at,
                          .to_block = std::min(latest_number, at + config_.scan_blocks_max - 1)}));
    for (const ChainLog& log : logs) {
      ASSIGN_OR_RETURN(Challenge challenge, ParseChallenged(log));
      const auto [found, is_new] = open_.try_emplace(challenge.key);
      found->second.challenge = challenge;
      found->second.seen_block = log.block_number;
      if (is_new && log.block_number >= next_block_) {
        config_.log(LogLevel::kWarning,
                    absl::StrCat(DescribeChallenge(challenge.key),
                                 " is challenged, answer by block time ", challenge.deadline_s));
      }
    }
  }
  const bool has_news = open_.size() != known || latest_number >= next_block_ + 1'000;
  next_block_ = latest_number + 1;
  if (!has_news) {
    return absl::OkStatus();
  }
  std::string record;
  AppendRecord(&record, next_block_);
  for (const auto& [key, open] : open_) {
    AppendRecord(&record, key.batch);
    AppendRecord(&record, Raw(key.account), 4);
    AppendRecord(&record, open.challenge.deadline_s);
    AppendRecord(&record, open.seen_block);
  }
  return dependencies_.store->Write({.puts = {{kCourtKey, record}}, .deletes = {}});
}

absl::Status Justifier::Advance(Open* open, uint64_t latest_number, uint64_t final_number,
                                bool* is_done) {
  const ChallengeKey& key = open->challenge.key;
  ASSIGN_OR_RETURN(ChallengeStatus status, reader_.StatusOf(*court_, key));
  if (status != ChallengeStatus::kOpen) {
    if (!open->done_block.has_value()) {
      open->done_block = latest_number;
    }
    // Final, and no call of ours about it is still under way.
    *is_done = final_number >= *open->done_block &&
               (!sender_.has_value() || !sender_->in_flight(NameOf(key)));
    if (*is_done && status == ChallengeStatus::kJustified) {
      ++justified_count_;
      config_.log(LogLevel::kInfo, absl::StrCat(DescribeChallenge(key), " is justified"));
    } else if (*is_done && status == ChallengeStatus::kExpired) {
      config_.log(LogLevel::kError,
                  absl::StrCat(DescribeChallenge(key), " was not justified: the vault halted"));
    }
    return absl::OkStatus();
  }
  open->done_block.reset();
  const int64_t now_ns = dependencies_.clock->NowNs();
  if (open->failed_at_ns != 0 && now_ns - open->failed_at_ns < kRetryNs) {
    return absl::OkStatus();
  }
  absl::Status answered = Answer(key);
  if (ChainErrorOf(answered) == ChainError::kTransport) {
    return answered;
  }
  open->failed_at_ns = answered.ok() ? 0 : std::max<int64_t>(now_ns, 1);
  Report(open, answered);
  return absl::OkStatus();
}

void Justifier::Report(Open* open, const absl::Status& status) {
  if (status.ok()) {
    return;
  }
  const Bytes revert = RevertData(status);
  config_.log(LogLevel::kError,
              absl::StrCat(DescribeChallenge(open->challenge.key), " cannot be justified: ",
                           ChainErrorOf(status) == ChainError::kRevert
                               ? absl::StrCat("the court refuses: ", DescribeCourtRevert(revert))
                               : std::string(status.message())));
}

absl::Status Justifier::Answer(const ChallengeKey& key) {
  if (!sender_.has_value()) {
    return absl::FailedPreconditionError("no key for justifications is configured");
  }
  if (sender_->in_flight(NameOf(key))) {
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(BatchProof proof, ProofOf(key.batch));
  if (!ExecutionsExplain(proof, key.account)) {
    return absl::FailedPreconditionError(
        "the signed orders do not add up to the account's entries; did it trade unsigned?");
  }
  RETURN_IF_ERROR(sender_->Send(
      NameOf(key), {.to = *court_, .data = EncodeJustify(proof, key.account), .value_wei = 0}));
  config_.log(LogLevel::kInfo, absl::StrCat("sent the ", NameOf(key)));
  return absl::OkStatus();
}

absl::StatusOr<BatchProof> Justifier::ProofOf(uint64_t batch) {
  absl::StatusOr<BatchProof> proof = LoadProof(dependencies_.store, batch);
  if (!absl::IsNotFound(proof.status())) {
    return proof;
  }
  ASSIGN_OR_RETURN(SettlementBatch header, FindBatchHeader(dependencies_.chain, config_, batch));
  const OrderDomain domain(config_.chain_id, config_.vault);
  return DeriveProof(dependencies_.events, domain, header);
}

// Forgets the proofs of final batches, the oldest first.
absl::Status Justifier::Prune() {
  const int64_t now_ns = dependencies_.clock->NowNs();
  if (pruned_at_ns_ != 0 && now_ns - pruned_at_ns_ < kPruneNs) {
    return absl::OkStatus();
  }
  pruned_at_ns_ = std::max<int64_t>(now_ns, 1);
  StoreWrite write;
  for (int i = 0; i < kProofsPerPrune; ++i) {
    ASSIGN_OR_RETURN(bool is_final, reader_.IsFinal(oldest_proof_));
    if (!is_final) {
      break;
    }
    write.deletes.push_back(ProofKey(oldest_proof_));
    ++oldest_proof_;
  }
  return write.deletes.empty() ? absl::OkStatus() : dependencies_.store->Write(write);
}

}  // namespace tally::settlement
