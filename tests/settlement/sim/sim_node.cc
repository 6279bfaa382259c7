#include <algorithm>

#include "base/assert.h"
#include "base/status.h"
#include "tests/settlement/sim/sim_chain.h"

namespace tally::settlement {

absl::Status SimNode::Ask() {
  RETURN_IF_ERROR(chain_->faults_->Check());
  ++request_count_;
  if (is_down_) {
    return MakeChainStatus(ChainError::kTransport, "connection refused");
  }
  if (chain_->Chance(chain_->chances_.refused)) {
    return chain_->random_() % 2 == 0 ? MakeChainStatus(ChainError::kTransport, "HTTP status 429")
                                      : MakeChainStatus(ChainError::kTransport, "HTTP status 503");
  }
  return chain_->Chance(chain_->chances_.request_lost)
             ? MakeChainStatus(ChainError::kTransport, "request timed out")
             : absl::OkStatus();
}

SenderState SimNode::StateOf(const Address& account) const {
  const auto found = head_->senders.find(account);
  return found == head_->senders.end() ? SenderState() : found->second;
}

// What the old branch had and the new one lacks returns to the pool, as in geth.
void SimNode::MoveTo(const SimBlockPtr& head) {
  const SimBlockPtr old = std::exchange(head_, head);
  SimBlockPtr fork = old;
  while (SimChain::Ancestor(head, fork->info.number) != fork) {
    fork = fork->parent;
  }
  const int64_t now_ns = chain_->clock_->NowNs();
  for (SimBlockPtr block = old; block != fork; block = block->parent) {
    for (const DecodedTransaction& sent : block->transactions) {
      if (chain_->lost_.count(sent.hash) == 0) {
        pool_.Add(sent, 0, StateOf(sent.sender), now_ns).IgnoreError();
      }
    }
  }
  pool_.Reset([this](const Address& account) { return StateOf(account); }, now_ns);
}

void SimNode::Tick() {
  const int64_t now_ns = chain_->clock_->NowNs();
  pool_.Expire(now_ns);
  for (Delayed& delayed : delayed_) {
    if (--delayed.ticks == 0) {
      pool_.Add(delayed.sent, delayed.size_bytes, StateOf(delayed.sent.sender), now_ns)
          .IgnoreError();
    }
  }
  std::erase_if(delayed_, [](const Delayed& delayed) { return delayed.ticks <= 0; });
}

absl::StatusOr<uint64_t> SimNode::ChainId() {
  RETURN_IF_ERROR(Ask());
  return chain_id_;
}

absl::StatusOr<BlockInfo> SimNode::BlockByTag(BlockTag tag) {
  RETURN_IF_ERROR(Ask());
  const uint64_t behind = tag == BlockTag::kLatest ? 0 : 4;
  return SimChain::Ancestor(head_, head_->info.number - std::min(head_->info.number, behind))->info;
}

absl::StatusOr<std::optional<BlockInfo>> SimNode::BlockByNumber(uint64_t number) {
  RETURN_IF_ERROR(Ask());
  return number <= head_->info.number ? std::optional(SimChain::Ancestor(head_, number)->info)
                                      : std::nullopt;
}

absl::StatusOr<uint64_t> SimNode::Nonce(const Address& account) {
  RETURN_IF_ERROR(Ask());
  return StateOf(account).nonce;
}

absl::StatusOr<Uint256> SimNode::BalanceWei(const Address& account) {
  RETURN_IF_ERROR(Ask());
  return StateOf(account).balance_wei;
}

absl::StatusOr<Bytes> SimNode::Code(const Address& account) {
  RETURN_IF_ERROR(Ask());
  return account == chain_->options_.vault ? Bytes{1} : Bytes();
}

absl::StatusOr<std::vector<ChainLog>> SimNode::Logs(const LogFilter& filter) {
  RETURN_IF_ERROR(Ask());
  std::vector<SimBlockPtr> blocks;
  for (SimBlockPtr block = head_; block != nullptr && block->info.number >= filter.from_block;
       block = block->parent) {
    if (block->info.number <= filter.to_block) {
      blocks.push_back(block);
    }
  }
  std::vector<ChainLog> logs;
  for (auto block = blocks.rbegin(); block != blocks.rend(); ++block) {
    for (const ChainLog& log : (*block)->logs) {
      if (std::count(filter.topics.begin(), filter.topics.end(), log.topics[0]) > 0) {
        logs.push_back(log);
      }
    }
  }
  return logs;
}

absl::StatusOr<Hash32> SimNode::SendRawTransaction(ByteView raw) {
  RETURN_IF_ERROR(Ask());
  const auto decoded = DecodeTransaction(raw);
  CHECK(decoded.ok() && decoded->transaction.chain_id == SimChain::kChainId);
  chain_->fee_cap_wei_max_ = std::max(chain_->fee_cap_wei_max_, decoded->transaction.fee_cap_wei);
  const absl::Status added =
      pool_.Add(*decoded, raw.size(), StateOf(decoded->sender), chain_->clock_->NowNs());
  if (chain_->Chance(chain_->chances_.delivered_again)) {
    delayed_.push_back({.ticks = static_cast<int>(1 + chain_->random_() % 6),
                        .sent = *decoded,
                        .size_bytes = raw.size()});
  }
  RETURN_IF_ERROR(chain_->faults_->Check());
  if (chain_->Chance(chain_->chances_.answer_lost)) {
    return MakeChainStatus(ChainError::kTransport, "answer timed out");
  }
  return added.ok() ? absl::StatusOr<Hash32>(decoded->hash) : added;
}

absl::StatusOr<std::optional<Receipt>> SimNode::TransactionReceipt(const Hash32& hash) {
  RETURN_IF_ERROR(Ask());
  const auto found = chain_->included_in_.find(hash);
  if (found != chain_->included_in_.end()) {
    for (const SimBlockPtr& block : found->second) {
      if (block->info.number <= head_->info.number &&
          SimChain::Ancestor(head_, block->info.number) == block) {
        return std::optional(block->receipts.at(hash));
      }
    }
  }
  return std::optional<Receipt>();
}

absl::StatusOr<TransactionPlace> SimNode::FindTransaction(const Hash32& hash) {
  ASSIGN_OR_RETURN(std::optional<Receipt> receipt, TransactionReceipt(hash));
  return receipt.has_value() ? TransactionPlace::kMined
         : pool_.Has(hash)   ? TransactionPlace::kPooled
                             : TransactionPlace::kUnknown;
}

absl::StatusOr<Bytes> SimNode::Call(const CallRequest& request) {
  RETURN_IF_ERROR(Ask());
  SimBlockPtr block = head_;
  while (request.block.has_value() && block != nullptr && block->info.hash != *request.block) {
    block = block->parent;
  }
  if (block == nullptr) {
    return MakeChainStatus(ChainError::kMissingBlock, "header for hash not found");
  }
  FakeVault copy = block->vault;
  const FakeVault::Outcome outcome = copy.Execute(request.from, request.data);
  if (!outcome.success) {
    return MakeChainStatus(ChainError::kRevert, "execution reverted", outcome.data);
  }
  return outcome.data;
}

absl::StatusOr<uint64_t> SimNode::EstimateGas(const CallRequest&) {
  RETURN_IF_ERROR(Ask());
  return 50'000;
}

absl::StatusOr<FeeQuote> SimNode::Fees() {
  RETURN_IF_ERROR(Ask());
  return FeeQuote{.base_fee_wei = head_->next_base_fee_wei,
                  .tip_wei = chain_->market_tip_wei_,
                  .tip_high_wei = 2 * chain_->market_tip_wei_};
}

absl::StatusOr<FeeHistory> SimNode::BaseFees(uint64_t block_count) {
  RETURN_IF_ERROR(Ask());
  FeeHistory history{.first_block = head_->info.number + 1,
                     .base_fees_wei = {head_->next_base_fee_wei}};
  for (SimBlockPtr block = head_; block != nullptr && history.base_fees_wei.size() <= block_count;
       block = block->parent) {
    history.base_fees_wei.push_back(block->base_fee_wei);
    --history.first_block;
  }
  std::reverse(history.base_fees_wei.begin(), history.base_fees_wei.end());
  return history;
}

}  // namespace tally::settlement
