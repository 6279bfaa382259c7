#include "settlement/netting/vault.h"

#include <algorithm>
#include <array>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "base/status.h"
#include "engine/limits.h"
#include "settlement/chain/abi.h"

namespace tally::settlement {
namespace {

constexpr std::string_view kDepositedEvent = "Deposited(uint64,uint32,uint16,uint96,address)";
constexpr std::string_view kWithdrawRequestedEvent =
    "WithdrawRequested(uint64,uint32,uint16,uint96,address)";
constexpr std::string_view kNotOperator = "NotOperator()";
constexpr std::string_view kSettlePaused = "SettlePaused(uint64)";

struct VaultError {
  std::string_view signature;
  std::string_view arguments;  // Names, in order.
};

constexpr std::array kVaultErrors = {
    VaultError{kNotOperator, ""},
    VaultError{"VaultHalted()", ""},
    VaultError{kSettlePaused, "until"},
    VaultError{"WrongBatch(uint64,uint64)", "expected,got"},
    VaultError{"WrongParent(bytes32,bytes32)", "expected,got"},
    VaultError{"WrongEventRange(uint64,uint64,uint64)", "expected first,first,last"},
    VaultError{"EngineTimeBackwards(uint64,uint64)", "last,got"},
    VaultError{"RingFull(uint64,uint64)", "batch,free at"},
    VaultError{"BadDataLength(uint256)", "length"},
    VaultError{"TooManyEntries(uint256)", "count"},
    VaultError{"EntryOrder(uint256)", "position"},
    VaultError{"UnknownAccount(uint32)", "account"},
    VaultError{"UnknownPair(uint32,uint16)", "account,pair"},
    VaultError{"NotArmed(uint32,uint16)", "account,pair"},
    VaultError{"BadCosignature(uint32)", "account"},
    VaultError{"Overdraft(uint32,uint16)", "account,pair"},
    VaultError{"CreditOverflow(uint32,uint16)", "account,pair"},
    VaultError{"NotConserved(uint16,int256)", "asset,sum"},
    VaultError{"InsufficientBalance(uint64,uint32,uint16,uint96)",
               "withdrawal,account,asset,balance"},
    VaultError{"WrongWithdrawalStatus(uint64,uint8)", "withdrawal,status"},
};

bool HasSelector(ByteView data, std::string_view signature) {
  const Bytes selector = Selector(signature);
  return data.size() >= 4 && std::equal(selector.begin(), selector.end(), data.begin());
}

}  // namespace

Bytes EncodeSettle(const SettlementBatch& batch) {
  // The header is a static tuple, so its fields are words of their own.
  return AbiEncoder()
      .Add(batch.parent)
      .Add(batch.id)
      .Add(batch.first_event)
      .Add(batch.last_event)
      .Add(batch.previous_engine_time_ns)
      .Add(batch.engine_time_ns)
      .Add(batch.exec_root)
      .AddBytes(batch.data)
      .Call("settle((bytes32,uint64,uint64,uint64,uint64,uint64,bytes32),bytes)");
}

Bytes EncodeFinalizeWithdrawals(std::span<const uint64_t> indices) {
  return AbiEncoder().AddArray(indices).Call("finalizeWithdrawals(uint64[])");
}

Bytes EncodeRejectWithdrawals(std::span<const uint64_t> indices) {
  return AbiEncoder().AddArray(indices).Call("rejectWithdrawals(uint64[])");
}

std::vector<Hash32> VaultTransferTopics() {
  return {EventTopic(kDepositedEvent), EventTopic(kWithdrawRequestedEvent)};
}

absl::StatusOr<VaultTransfer> ParseVaultTransfer(const ChainLog& log) {
  VaultTransfer transfer;
  if (log.topics.size() != 3) {
    return absl::DataLossError("vault log without its three topics");
  }
  if (log.topics[0] == EventTopic(kWithdrawRequestedEvent)) {
    transfer.kind = VaultTransfer::Kind::kWithdraw;
  } else if (log.topics[0] != EventTopic(kDepositedEvent)) {
    return absl::DataLossError("not a transfer log of the vault");
  }
  ASSIGN_OR_RETURN(transfer.index, AbiReader(View(log.topics[1])).Word64(0));
  ASSIGN_OR_RETURN(uint64_t account, AbiReader(View(log.topics[2])).Word64(0));
  ASSIGN_OR_RETURN(uint64_t asset, AbiReader(log.data).Word64(0));
  ASSIGN_OR_RETURN(Uint256 amount, AbiReader(log.data).Word(1));
  if (account >= kMaxAccounts || asset >= kMaxAssets) {
    return absl::DataLossError(
        absl::StrCat("vault log names account ", account, ", asset ", asset));
  }
  transfer.account = static_cast<AccountId>(account);
  transfer.asset = static_cast<AssetId>(asset);
  // A deposit is at most 2^62 quanta by contract. A request for more than the engine can count is
  // more than any balance: the engine refuses the largest amount just as well.
  transfer.amount.value = amount > static_cast<uint64_t>(kMaxBalanceQuanta)
                              ? std::numeric_limits<int64_t>::max()
                              : static_cast<int64_t>(static_cast<uint64_t>(amount));
  transfer.block_number = log.block_number;
  transfer.transaction_hash = log.transaction_hash;
  transfer.log_index = log.log_index;
  return transfer;
}

std::string DescribeVaultRevert(ByteView data) {
  for (const VaultError& error : kVaultErrors) {
    if (!HasSelector(data, error.signature)) {
      continue;
    }
    std::string text(error.signature.substr(0, error.signature.find('(')));
    const AbiReader reader(data.subspan(4));
    std::size_t position = 0;
    for (const absl::string_view name :
         absl::StrSplit(ToAbsl(error.arguments), ',', absl::SkipEmpty())) {
      const auto small = reader.Word64(position);
      const auto word = reader.WordHash(position);
      const std::string value = small.ok()  ? std::to_string(*small)
                                : word.ok() ? Hex(*word)
                                            : std::string("?");
      absl::StrAppend(&text, position == 0 ? ": " : ", ", name, " ", value);
      ++position;
    }
    return text;
  }
  return DescribeRevert(data);
}

VaultCulprit CulpritOf(ByteView revert_data) {
  VaultCulprit culprit;
  for (const VaultError& error : kVaultErrors) {
    if (!HasSelector(revert_data, error.signature)) {
      continue;
    }
    const auto first = AbiReader(revert_data.subspan(4)).Word64(0);
    if (first.ok() && error.arguments.starts_with("account")) {
      culprit.account = static_cast<AccountId>(*first);
    } else if (first.ok() && error.arguments.starts_with("withdrawal")) {
      culprit.withdrawal = *first;
    }
  }
  return culprit;
}

bool IsNotOperator(ByteView revert_data) { return HasSelector(revert_data, kNotOperator); }

bool IsSettlePaused(ByteView revert_data) { return HasSelector(revert_data, kSettlePaused); }

absl::StatusOr<Bytes> VaultReader::View(Bytes calldata) {
  return chain_->Call(
      {.from = {}, .to = vault_, .data = std::move(calldata), .value_wei = 0, .block = block_});
}

absl::StatusOr<VaultHead> VaultReader::Head() {
  // Two calls, perhaps answered by two nodes: both on the same block.
  std::optional<Hash32> block = block_;
  if (!block.has_value()) {
    ASSIGN_OR_RETURN(BlockInfo latest, chain_->BlockByTag(BlockTag::kLatest));
    block = latest.hash;
  }
  const auto at_block = [&](std::string_view view) {
    return chain_->Call(
        {.from = {}, .to = vault_, .data = Selector(view), .value_wei = 0, .block = block});
  };
  ASSIGN_OR_RETURN(Bytes numbers, at_block("head()"));
  ASSIGN_OR_RETURN(Bytes chain, at_block("chain()"));
  VaultHead head;
  ASSIGN_OR_RETURN(head.next_batch, AbiReader(numbers).Word64(0));
  ASSIGN_OR_RETURN(head.last_event, AbiReader(numbers).Word64(1));
  ASSIGN_OR_RETURN(head.engine_time_ns, AbiReader(numbers).Word64(2));
  ASSIGN_OR_RETURN(head.chain, AbiReader(chain).WordHash(0));
  return head;
}

absl::StatusOr<std::optional<Hash32>> VaultReader::CommitmentOf(uint64_t id) {
  ASSIGN_OR_RETURN(Bytes result, View(AbiEncoder().Add(id).Call("commitmentOf(uint64)")));
  ASSIGN_OR_RETURN(Hash32 commitment, AbiReader(result).WordHash(0));
  return commitment == Hash32() ? std::nullopt : std::optional<Hash32>(commitment);
}

absl::StatusOr<WithdrawalStatus> VaultReader::StatusOfWithdrawal(uint64_t index) {
  ASSIGN_OR_RETURN(Bytes result, View(AbiEncoder().Add(index).Call("withdrawalAt(uint64)")));
  ASSIGN_OR_RETURN(uint64_t status, AbiReader(result).Word64(4));
  if (status > static_cast<uint64_t>(WithdrawalStatus::kAppealed)) {
    return absl::DataLossError("unknown withdrawal status");
  }
  return static_cast<WithdrawalStatus>(status);
}

absl::StatusOr<Address> VaultReader::Operator() {
  ASSIGN_OR_RETURN(Bytes result, View(Selector("operator()")));
  return AbiReader(result).WordAddress(0);
}

absl::StatusOr<Uint256> VaultReader::BalanceOf(AccountId account, AssetId asset) {
  ASSIGN_OR_RETURN(
      Bytes result,
      View(AbiEncoder().Add(Raw(account)).Add(Raw(asset)).Call("balanceOf(uint32,uint16)")));
  return AbiReader(result).Word(0);
}

absl::StatusOr<AccountId> VaultReader::AccountOf(const Address& owner) {
  ASSIGN_OR_RETURN(Bytes result, View(AbiEncoder().Add(owner).Call("indexOf(address)")));
  ASSIGN_OR_RETURN(uint64_t account, AbiReader(result).Word64(0));
  return static_cast<AccountId>(account);
}

Hash32 CommitmentFor(const Hash32& chain) {
  Hash32 commitment = chain;
  std::fill(commitment.bytes.begin() + 28, commitment.bytes.end(), uint8_t{0});
  return commitment;
}

}  // namespace tally::settlement
