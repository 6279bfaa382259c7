#include "settlement/watch/reconciler.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include <nlohmann/json.hpp>

#include "base/status.h"
#include "settlement/chain/abi.h"

namespace tally::settlement {
namespace {

using nlohmann::json;

// Logs of the vault that move a balance outside of batches; the last two data words that matter are
// asset and quanta in each.
struct TransferLog {
  std::string_view signature;
  int sign;
};
constexpr TransferLog kDeposited = {"Deposited(uint64,uint32,uint16,uint96,address)", 1};
constexpr TransferLog kPending = {
    "WithdrawPending(uint64,uint32,uint16,uint96,address,bool,uint64)", -1};
constexpr TransferLog kFinalized = {"WithdrawFinalized(uint64,uint32,uint16,uint96,address,bool)",
                                    -1};
constexpr TransferLog kFailed = {"WithdrawFailed(uint64,uint32,uint16,uint96,address,bool)", -1};
constexpr TransferLog kFeePaid = {"WithdrawFeePaid(uint64,uint32,uint16,uint96)", 1};
constexpr TransferLog kCancelled = {"WithdrawCancelled(uint64,uint32,uint16,uint96)", 1};

std::string DecimalOf(__int128 value) {
  if (value < 0) {
    return absl::StrCat("-", DecimalOf(-value));
  }
  const std::string last(1, static_cast<char>('0' + static_cast<int>(value % 10)));
  return value < 10 ? last : DecimalOf(value / 10) + last;
}

absl::StatusOr<__int128> Amount96(const AbiReader& data, std::size_t word) {
  ASSIGN_OR_RETURN(Hash32 bytes, data.WordHash(word));
  unsigned __int128 value = 0;
  for (std::size_t i = 20; i < bytes.bytes.size(); ++i) {
    value = value << 8 | bytes.bytes[i];
  }
  return static_cast<__int128>(value);
}

std::map<std::pair<AccountId, AssetId>, __int128> DeltasOf(ByteView data) {
  constexpr uint16_t kCosigned = 0x8000;
  std::map<std::pair<AccountId, AssetId>, __int128> deltas;
  const auto entries = DecodeEntries(data);
  for (const NettedEntry& entry : entries.ok() ? *entries : std::vector<NettedEntry>()) {
    const auto even = static_cast<uint16_t>(2 * (Raw(entry.pair) & ~kCosigned));
    deltas[{entry.account, AssetId{even}}] += entry.even;
    deltas[{entry.account, AssetId{static_cast<uint16_t>(even + 1)}}] += entry.odd;
  }
  return deltas;
}

}  // namespace

std::string DescribeDifference(const Difference& difference) {
  return absl::StrCat("account ", Raw(difference.account), ", asset ", Raw(difference.asset),
                      ": the vault has ", DecimalOf(difference.on_chain), " quanta instead of ",
                      DecimalOf(difference.expected),
                      difference.first_batch == 0
                          ? std::string(", in no batch")
                          : absl::StrCat(", first suspicious batch ", difference.first_batch));
}

Reconciler::Reconciler(const Options& options, RpcChainClient* chain, EventSource* events)
    : options_(options),
      chain_(chain),
      follower_({.chain_id = options.chain_id,
                 .vault = options.vault,
                 .start_block = options.start_block,
                 .scan_blocks_max = options.scan_blocks_max},
                chain, events, [this](const Event& event) { AddEvent(event); }),
      next_block_(options.start_block) {}

absl::StatusOr<Reconciliation> Reconciler::Check() {
  ASSIGN_OR_RETURN(BlockInfo latest, chain_->BlockByTag(BlockTag::kLatest));
  Reconciliation result;
  result.block_number = latest.number - std::min(latest.number, options_.confirmations);
  if (result.block_number < options_.start_block) {
    return absl::UnavailableError("the vault's first block has no confirmations yet");
  }
  RETURN_IF_ERROR(ReadBatches(result.block_number));
  RETURN_IF_ERROR(ReadTransfers(result.block_number));
  result.last_batch = follower_.last_batch();
  result.last_event = last_event_;
  result.problems = problems_;
  ASSIGN_OR_RETURN(bool is_halted, IsHalted(result.block_number));
  if (is_halted) {
    result.problems.emplace_back(
        "the vault is halted: its balances are what the rollback leaves, they are not compared");
    return result;
  }
  RETURN_IF_ERROR(CompareBalances(result.block_number, &result));
  return result;
}

absl::Status Reconciler::ReadBatches(uint64_t block_number) {
  for (;;) {
    ASSIGN_OR_RETURN(std::optional<FollowedBatch> batch,
                     follower_.Next(block_number, /*must_wait=*/true));
    if (!batch.has_value()) {
      break;
    }
    AddBatch(*batch);
  }
  if (follower_.is_waiting()) {
    return absl::UnavailableError(absl::StrCat("the event log does not reach the end of batch ",
                                               follower_.last_batch() + 1, " yet"));
  }
  return absl::OkStatus();
}

void Reconciler::AddBatch(const FollowedBatch& batch) {
  last_event_ = batch.on_chain.last_event;
  if (!batch.derived.has_value()) {
    problems_.push_back(absl::StrCat("batch ", batch.on_chain.id, ": ", batch.problem));
    return;
  }
  auto settled = DeltasOf(batch.on_chain.data);
  for (const auto& [place, quanta] : DeltasOf(batch.derived->batch.data)) {
    expected_[place] += quanta;
    settled[place] -= quanta;
  }
  for (const auto& [place, quanta] : settled) {
    if (quanta != 0) {
      suspicious_.try_emplace(place, batch.on_chain.id);
      expected_.try_emplace(place, 0);
    }
  }
  if (batch.derived->batch.exec_root != batch.on_chain.exec_root) {
    problems_.push_back(absl::StrCat("batch ", batch.on_chain.id,
                                     " commits to executions that are not the event log's"));
  }
}

void Reconciler::AddEvent(const Event& event) {
  if (event.type == EventType::kDeposited && event.transfer.chain_id == options_.chain_id) {
    MatchDeposit(
        event.transfer.index,
        {.place = {event.account, event.transfer.asset}, .quanta = event.transfer.amount.value},
        &engine_deposits_, &chain_deposits_);
  }
}

void Reconciler::MatchDeposit(uint64_t index, const Transfer& transfer,
                              std::map<uint64_t, Transfer>* mine,
                              std::map<uint64_t, Transfer>* other) {
  const auto found = other->find(index);
  if (found == other->end()) {
    mine->emplace(index, transfer);
    return;
  }
  if (found->second != transfer) {
    problems_.push_back(absl::StrCat("deposit ", index, " of account ", Raw(transfer.place.first),
                                     ", asset ", Raw(transfer.place.second),
                                     " is not the same in the engine and on the chain"));
  }
  other->erase(found);
}

absl::Status Reconciler::ReadTransfers(uint64_t block_number) {
  std::vector<Hash32> topics;
  for (const TransferLog& log : {kDeposited, kPending, kFinalized, kFailed, kFeePaid, kCancelled}) {
    topics.push_back(EventTopic(log.signature));
  }
  while (next_block_ <= block_number) {
    const uint64_t until = std::min(block_number, next_block_ + options_.scan_blocks_max - 1);
    ASSIGN_OR_RETURN(std::vector<ChainLog> logs, chain_->Logs({.address = options_.vault,
                                                               .topics = topics,
                                                               .from_block = next_block_,
                                                               .to_block = until}));
    for (const ChainLog& log : logs) {
      RETURN_IF_ERROR(AddTransfer(log));
    }
    next_block_ = until + 1;
  }
  return absl::OkStatus();
}

absl::Status Reconciler::AddTransfer(const ChainLog& log) {
  if (log.topics.size() != 3) {
    return absl::DataLossError("vault log without its three topics");
  }
  const auto is = [&](const TransferLog& kind) {
    return log.topics[0] == EventTopic(kind.signature);
  };
  ASSIGN_OR_RETURN(uint64_t index, AbiReader(View(log.topics[1])).Word64(0));
  ASSIGN_OR_RETURN(uint64_t account, AbiReader(View(log.topics[2])).Word64(0));
  ASSIGN_OR_RETURN(uint64_t asset, AbiReader(log.data).Word64(0));
  ASSIGN_OR_RETURN(__int128 quanta, Amount96(AbiReader(log.data), 1));
  const Place place{AccountId{static_cast<uint32_t>(account)},
                    AssetId{static_cast<uint16_t>(asset)}};
  if (is(kDeposited)) {
    MatchDeposit(index, {.place = place, .quanta = quanta}, &chain_deposits_, &engine_deposits_);
  }
  if (is(kDeposited) || is(kFeePaid) || is(kCancelled)) {
    expected_[place] += quanta;
    if (is(kFeePaid)) {
      fees_paid_[index] = quanta;  // Its WithdrawFinalized follows.
    }
    return absl::OkStatus();
  }
  if (is(kPending)) {
    pending_withdrawals_.insert(index);
    expected_[place] -= quanta;
    return absl::OkStatus();
  }
  // Paid or refused by the token; debited here unless it was pending.
  const auto fee = fees_paid_.find(index);
  if (pending_withdrawals_.erase(index) == 0) {
    expected_[place] -= quanta + (fee == fees_paid_.end() ? 0 : fee->second);
  }
  if (fee != fees_paid_.end()) {
    fees_paid_.erase(fee);
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> Reconciler::IsHalted(uint64_t block_number) {
  const json call = {{"to", Hex(options_.vault)}, {"data", Hex(Selector("haltedAt()"))}};
  const absl::StatusOr<json> answer =
      chain_->Request("eth_call", json::array({call, ToQuantity(Uint256(block_number))}));
  if (ChainErrorOf(answer.status()) == ChainError::kRevert) {
    return false;  // A vault of before the challenge game.
  }
  RETURN_IF_ERROR(answer.status());
  ASSIGN_OR_RETURN(Bytes word, ParseHex(answer->is_string() ? answer->get<std::string>() : "?"));
  ASSIGN_OR_RETURN(uint64_t halted_at, AbiReader(word).Word64(0));
  return halted_at != 0;
}

absl::Status Reconciler::CompareBalances(uint64_t block_number, Reconciliation* result) {
  const std::string block = ToQuantity(Uint256(block_number));
  auto at = expected_.begin();
  while (at != expected_.end()) {
    std::vector<json> calls;
    std::vector<std::map<Place, __int128>::iterator> places;
    for (; at != expected_.end() && calls.size() < options_.calls_per_request; ++at) {
      const Bytes data = AbiEncoder()
                             .Add(Raw(at->first.first))
                             .Add(Raw(at->first.second))
                             .Call("balanceOf(uint32,uint16)");
      calls.push_back(json::array({json{{"to", Hex(options_.vault)}, {"data", Hex(data)}}, block}));
      places.push_back(at);
    }
    ASSIGN_OR_RETURN(std::vector<absl::StatusOr<json>> answers,
                     chain_->RequestBatch("eth_call", calls));
    for (std::size_t i = 0; i < answers.size(); ++i) {
      RETURN_IF_ERROR(answers[i].status());
      ASSIGN_OR_RETURN(Bytes word, ParseHex(answers[i]->is_string() ? answers[i]->get<std::string>()
                                                                    : "not hexadecimal"));
      ASSIGN_OR_RETURN(__int128 on_chain, Amount96(AbiReader(word), 0));
      const auto& [place, expected] = *places[i];
      ++result->balances_compared;
      if (on_chain != expected) {
        const auto suspicious = suspicious_.find(place);
        result->differences.push_back(
            {.account = place.first,
             .asset = place.second,
             .expected = expected,
             .on_chain = on_chain,
             .first_batch = suspicious == suspicious_.end() ? 0 : suspicious->second});
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace tally::settlement
