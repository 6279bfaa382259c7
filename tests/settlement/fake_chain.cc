#include "tests/settlement/fake_chain.h"

#include <algorithm>

#include "base/assert.h"
#include "base/status.h"
#include "settlement/chain/abi.h"
#include "settlement/chain/keccak.h"

namespace tally::settlement {
namespace {

absl::Status PoolError(std::string_view message) {
  return MakeChainStatus(ClassifyRpcError(-32000, message), message);
}

}  // namespace

FakeChain::FakeChain(const Address& vault, const Address& operator_address, FaultPlan* faults)
    : vault_address_(vault), operator_(operator_address), faults_(faults) {
  Block genesis;
  genesis.info.hash = Keccak256(View("genesis"));
  genesis.vault.operator_address = operator_address;
  genesis.vault.head.chain = VaultGenesis(kChainId, vault);
  blocks_.push_back(std::move(genesis));
}

void FakeChain::Deposit(uint32_t account, uint16_t asset, int64_t quanta) {
  waiting_.push_back({.is_deposit = true, .account = account, .asset = asset, .quanta = quanta});
}

void FakeChain::RequestWithdraw(uint32_t account, uint16_t asset, int64_t quanta) {
  waiting_.push_back({.is_deposit = false, .account = account, .asset = asset, .quanta = quanta});
}

void FakeChain::AddLog(Block* block, ChainLog log) {
  log.block_number = block->info.number;
  log.log_index = static_cast<uint32_t>(block->logs.size());
  block->logs.push_back(std::move(log));
}

void FakeChain::Mine() {
  const Block& parent = blocks_.back();
  Block block;
  block.info.number = parent.info.number + 1;
  block.info.parent_hash = parent.info.hash;
  block.info.hash = Keccak256({View(parent.info.hash), View(ToWord(fork_))});
  block.vault = parent.vault;
  block.nonce = parent.nonce;
  block.actions = std::exchange(waiting_, {});
  for (const UserAction& action : block.actions) {
    AddLog(&block, action.is_deposit
                       ? block.vault.Deposit(action.account, action.asset, action.quanta)
                       : block.vault.RequestWithdraw(action.account, action.asset, action.quanta));
  }
  for (auto it = pool_.find(block.nonce); it != pool_.end() && it->first == block.nonce &&
                                          it->second.transaction.fee_cap_wei >= base_fee_wei_;
       it = pool_.erase(it)) {
    const DecodedTransaction& sent = it->second;
    const bool is_foreign = sent.transaction.to != vault_address_;
    FakeVault::Outcome outcome;
    if (!is_foreign) {
      outcome = block.vault.Execute(sent.sender, sent.transaction.data);
    }
    failed_count_ += outcome.success ? 0 : 1;
    block.receipts[sent.hash] = {.block_number = block.info.number,
                                 .block_hash = block.info.hash,
                                 .success = outcome.success,
                                 .gas_used = 50'000,
                                 .contract = std::nullopt};
    for (ChainLog& log : outcome.logs) {
      log.transaction_hash = sent.hash;
      AddLog(&block, std::move(log));
    }
    block.transactions.push_back(sent);
    ++block.nonce;
  }
  blocks_.push_back(std::move(block));
}

void FakeChain::Reorganise(uint64_t depth, const std::function<bool(uint64_t nonce)>& lose) {
  depth = std::min<uint64_t>(depth, height());
  std::vector<UserAction> actions;
  for (std::size_t i = blocks_.size() - depth; i < blocks_.size(); ++i) {
    actions.insert(actions.end(), blocks_[i].actions.begin(), blocks_[i].actions.end());
    for (const DecodedTransaction& sent : blocks_[i].transactions) {
      if (!lose(sent.transaction.nonce)) {
        pool_.emplace(sent.transaction.nonce, sent);
      }
    }
  }
  blocks_.resize(blocks_.size() - depth);
  waiting_.insert(waiting_.begin(), actions.begin(), actions.end());
  ++fork_;
  for (uint64_t i = 0; i <= depth; ++i) {
    Mine();
  }
}

void FakeChain::TakeNonce() {
  DecodedTransaction foreign;
  foreign.transaction.nonce = operator_nonce();
  foreign.transaction.fee_cap_wei = ~uint64_t{0};
  foreign.sender = operator_;
  foreign.hash = Keccak256({View("foreign"), View(ToWord(operator_nonce() * 1000 + fork_))});
  pool_[foreign.transaction.nonce] = foreign;
}

absl::Status FakeChain::Ask() {
  RETURN_IF_ERROR(faults_->Check());
  return is_down_ || faults_->LoseMessage()
             ? MakeChainStatus(ChainError::kTransport, "request lost")
             : absl::OkStatus();
}

absl::StatusOr<uint64_t> FakeChain::ChainId() {
  RETURN_IF_ERROR(Ask());
  return kChainId;
}

absl::StatusOr<BlockInfo> FakeChain::BlockByTag(BlockTag tag) {
  RETURN_IF_ERROR(Ask());
  const uint64_t behind = tag == BlockTag::kLatest ? 0 : 4;
  return blocks_[height() - std::min(height(), behind)].info;
}

absl::StatusOr<std::optional<BlockInfo>> FakeChain::BlockByNumber(uint64_t number) {
  RETURN_IF_ERROR(Ask());
  return number <= height() ? std::optional(blocks_[number].info) : std::nullopt;
}

absl::StatusOr<uint64_t> FakeChain::Nonce(const Address& account) {
  RETURN_IF_ERROR(Ask());
  return account == operator_ ? operator_nonce() : 0;
}

absl::StatusOr<Uint256> FakeChain::BalanceWei(const Address&) {
  RETURN_IF_ERROR(Ask());
  return balance_wei_;
}

absl::StatusOr<Bytes> FakeChain::Code(const Address& account) {
  RETURN_IF_ERROR(Ask());
  return account == vault_address_ ? Bytes{1} : Bytes();
}

absl::StatusOr<std::vector<ChainLog>> FakeChain::Logs(const LogFilter& filter) {
  RETURN_IF_ERROR(Ask());
  std::vector<ChainLog> logs;
  for (uint64_t i = filter.from_block; i <= std::min(filter.to_block, height()); ++i) {
    for (const ChainLog& log : blocks_[i].logs) {
      if (std::count(filter.topics.begin(), filter.topics.end(), log.topics[0]) > 0) {
        logs.push_back(log);
      }
    }
  }
  return logs;
}

absl::StatusOr<Hash32> FakeChain::SendRawTransaction(ByteView raw) {
  RETURN_IF_ERROR(Ask());
  ++broadcast_count_;
  const auto decoded = DecodeTransaction(raw);
  CHECK(decoded.ok() && decoded->sender == operator_);
  const Transaction& transaction = decoded->transaction;
  CHECK(transaction.chain_id == kChainId);
  if (transaction.nonce < operator_nonce()) {
    return PoolError("nonce too low: next nonce is higher");
  }
  const auto held = pool_.find(transaction.nonce);
  if (held != pool_.end()) {
    const Transaction& old = held->second.transaction;
    if (held->second.hash == decoded->hash) {
      return PoolError("already known");
    }
    if (transaction.fee_cap_wei < old.fee_cap_wei + old.fee_cap_wei / 10 ||
        transaction.tip_wei < old.tip_wei + old.tip_wei / 10) {
      return PoolError("replacement transaction underpriced");
    }
  }
  pool_[transaction.nonce] = *decoded;
  // The node took it; the answer may still be lost.
  RETURN_IF_ERROR(Ask());
  return decoded->hash;
}

absl::StatusOr<std::optional<Receipt>> FakeChain::TransactionReceipt(const Hash32& hash) {
  RETURN_IF_ERROR(Ask());
  for (const Block& block : blocks_) {
    const auto found = block.receipts.find(hash);
    if (found != block.receipts.end()) {
      return std::optional(found->second);
    }
  }
  return std::optional<Receipt>();
}

absl::StatusOr<TransactionPlace> FakeChain::FindTransaction(const Hash32& hash) {
  ASSIGN_OR_RETURN(std::optional<Receipt> receipt, TransactionReceipt(hash));
  const bool is_pooled = std::any_of(pool_.begin(), pool_.end(),
                                     [&](const auto& item) { return item.second.hash == hash; });
  return receipt.has_value() ? TransactionPlace::kMined
         : is_pooled         ? TransactionPlace::kPooled
                             : TransactionPlace::kUnknown;
}

absl::StatusOr<Bytes> FakeChain::Call(const CallRequest& request) {
  RETURN_IF_ERROR(Ask());
  FakeVault copy = vault();
  const FakeVault::Outcome outcome = copy.Execute(request.from, request.data);
  if (!outcome.success) {
    return MakeChainStatus(ChainError::kRevert, "execution reverted", outcome.data);
  }
  return outcome.data;
}

absl::StatusOr<uint64_t> FakeChain::EstimateGas(const CallRequest&) {
  RETURN_IF_ERROR(Ask());
  return 50'000;
}

absl::StatusOr<FeeQuote> FakeChain::Fees() {
  RETURN_IF_ERROR(Ask());
  return FeeQuote{.base_fee_wei = base_fee_wei_, .tip_wei = 1'000'000};
}

absl::StatusOr<FeeHistory> FakeChain::BaseFees(uint64_t block_count) {
  RETURN_IF_ERROR(Ask());
  const uint64_t count = std::min<uint64_t>(block_count, blocks_.size());
  return FeeHistory{.first_block = blocks_.size() - count,
                    .base_fees_wei = std::vector<uint64_t>(count + 1, base_fee_wei_)};
}

}  // namespace tally::settlement
