#include "settlement/watch/batch_follower.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include <nlohmann/json.hpp>

#include "base/status.h"
#include "settlement/chain/abi.h"

namespace tally::settlement {
namespace {

constexpr std::size_t kHeaderWords = 7;

bool HasSelector(ByteView call, std::string_view signature) {
  const Bytes selector = Selector(signature);
  return call.size() >= selector.size() &&
         std::equal(selector.begin(), selector.end(), call.begin());
}

// The `data` argument of settle() and settleCosigned().
absl::StatusOr<Bytes> EntriesOfCall(ByteView call) {
  if (!HasSelector(call, "settle((bytes32,uint64,uint64,uint64,uint64,uint64,bytes32),bytes)") &&
      !HasSelector(
          call,
          "settleCosigned((bytes32,uint64,uint64,uint64,uint64,uint64,bytes32),bytes,bytes)")) {
    return absl::NotFoundError("its transaction is no plain call of settle()");
  }
  const ByteView arguments = call.subspan(4);
  ASSIGN_OR_RETURN(uint64_t offset, AbiReader(arguments).Word64(kHeaderWords));
  if (offset % 32 != 0 || offset >= arguments.size()) {
    return absl::DataLossError("calldata of settle() is not in the ABI's form");
  }
  ASSIGN_OR_RETURN(uint64_t size_bytes, AbiReader(arguments.subspan(offset)).Word64(0));
  if (size_bytes > arguments.size() - offset - 32) {
    return absl::DataLossError("calldata of settle() is cut short");
  }
  const ByteView data = arguments.subspan(offset + 32, size_bytes);
  return Bytes(data.begin(), data.end());
}

}  // namespace

BatchFollower::BatchFollower(const Options& options, RpcChainClient* chain, EventSource* events,
                             EventHook on_event)
    : options_(options),
      chain_(chain),
      events_(events),
      on_event_(std::move(on_event)),
      builder_(OrderDomain(options.chain_id, options.vault)),
      next_block_(options.start_block),
      buffer_(kEventsPerRead, MakeEvent(EventType::kTrade)) {
  last_.chain = VaultGenesis(options.chain_id, options.vault);
}

absl::StatusOr<std::optional<FollowedBatch>> BatchFollower::Next(uint64_t to_block,
                                                                 bool must_wait) {
  if (ahead_.empty()) {
    RETURN_IF_ERROR(ReadLogs(to_block));
  }
  if (ahead_.empty()) {
    return std::nullopt;
  }
  const BatchLog log = ahead_.front();
  ASSIGN_OR_RETURN(bool has_events, LogHas(log.last_event));
  if (!has_events && must_wait) {
    return std::nullopt;
  }
  FollowedBatch batch;
  batch.block_number = log.block_number;
  batch.on_chain = HeaderOf(log, last_);
  ASSIGN_OR_RETURN(batch.on_chain.data, EntriesOfTransaction(log.transaction_hash, log));
  if (ChainAfter(batch.on_chain) != log.chain) {
    return absl::FailedPreconditionError(
        absl::StrCat("batch ", log.id, " does not continue batch ", last_.id,
                     " as it was read: the chain was reorganised, or its node lies"));
  }
  if (has_events) {
    const absl::Status derived = Derive(&batch);
    if (!derived.ok() && !absl::IsDataLoss(derived) && !absl::IsFailedPrecondition(derived)) {
      return derived;
    }
    batch.problem = std::string(derived.message());
  } else {
    batch.problem = absl::StrCat("the event log does not have event ", log.last_event);
  }
  last_ = log;
  ahead_.pop_front();
  return batch;
}

absl::Status BatchFollower::ReadLogs(uint64_t to_block) {
  while (next_block_ <= to_block && ahead_.empty()) {
    const uint64_t until = std::min(to_block, next_block_ + options_.scan_blocks_max - 1);
    ASSIGN_OR_RETURN(std::vector<ChainLog> logs, chain_->Logs({.address = options_.vault,
                                                               .topics = {BatchTopic()},
                                                               .from_block = next_block_,
                                                               .to_block = until}));
    for (const ChainLog& log : logs) {
      ASSIGN_OR_RETURN(BatchLog batch, ParseBatchLog(log));
      const uint64_t expected = (ahead_.empty() ? last_.id : ahead_.back().id) + 1;
      if (batch.id != expected) {
        ahead_.clear();
        return absl::FailedPreconditionError(
            absl::StrCat("the node's logs have batch ", batch.id, " where ", expected,
                         " is expected: the chain was reorganised, or 'from_block' is too late"));
      }
      ahead_.push_back(batch);
    }
    next_block_ = until + 1;
  }
  return absl::OkStatus();
}

absl::StatusOr<Bytes> BatchFollower::EntriesOfTransaction(const Hash32& transaction,
                                                          const BatchLog& log) {
  ASSIGN_OR_RETURN(
      nlohmann::json found,
      chain_->Request("eth_getTransactionByHash", nlohmann::json::array({Hex(transaction)})));
  if (!found.is_object() || !found.contains("input") || !found["input"].is_string()) {
    return MakeChainStatus(
        ChainError::kTransport,
        absl::StrCat("the node does not have the transaction of batch ", log.id));
  }
  ASSIGN_OR_RETURN(Bytes call, ParseHex(found["input"].get<std::string>()));
  absl::StatusOr<Bytes> entries = EntriesOfCall(call);
  return entries.ok() ? entries : Annotate(entries.status(), absl::StrCat("batch ", log.id));
}

absl::StatusOr<bool> BatchFollower::LogHas(uint64_t sequence) {
  Event event = MakeEvent(EventType::kTrade);
  ASSIGN_OR_RETURN(std::size_t count, events_->ReadFrom(EventSequence{sequence}, {&event, 1}));
  return count == 1;
}

absl::Status BatchFollower::Derive(FollowedBatch* batch) {
  const SettlementBatch& header = batch->on_chain;
  absl::Status trouble;
  while (next_event_ <= header.last_event) {
    ASSIGN_OR_RETURN(std::size_t count, events_->ReadFrom(EventSequence{next_event_}, buffer_));
    if (count == 0) {
      return absl::UnavailableError(absl::StrCat("event ", next_event_, " has left the log"));
    }
    for (std::size_t i = 0; i < count && next_event_ <= header.last_event; ++i, ++next_event_) {
      trouble.Update(builder_.Add(buffer_[i], next_event_ < header.first_event));
      if (on_event_) {
        on_event_(buffer_[i]);
      }
    }
  }
  if (trouble.ok() && !builder_.is_whole()) {
    trouble = absl::DataLossError(absl::StrCat("its last event ", header.last_event,
                                               " is inside a trade, or fills do not add up"));
  }
  if (!trouble.ok()) {
    builder_.Discard();
    return trouble;
  }
  const BatchContent content = builder_.Take();
  std::vector<Hash32> leaves = content.executions.Leaves();
  SettlementBatch derived = header;
  derived.exec_root = RootOf(leaves);
  derived.data = EncodeEntries(content.entries);
  batch->derived = MakeProof(derived, content.executions, std::move(leaves));
  return absl::OkStatus();
}

}  // namespace tally::settlement
