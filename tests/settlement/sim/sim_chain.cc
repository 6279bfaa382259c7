#include "tests/settlement/sim/sim_chain.h"

#include <algorithm>

#include "base/assert.h"
#include "settlement/chain/keccak.h"

namespace tally::settlement {
namespace {

constexpr uint64_t kBaseFeeStartWei = 1'000'000'000;
constexpr std::size_t kOwnPerBlockMax = 3;  // Transactions of one account; the rest wait.

// EIP-1559 with half of the limit as target; `percent` of the limit is used.
uint64_t NextBaseFee(uint64_t base_fee_wei, uint64_t percent) {
  if (percent > 50) {
    return base_fee_wei + std::max<uint64_t>(1, base_fee_wei * (percent - 50) / 50 / 8);
  }
  return base_fee_wei - base_fee_wei * (50 - percent) / 50 / 8;
}

uint64_t GasNeeded(const Transaction& transaction) {
  return transaction.data.empty() ? SimChain::kCancelGas : 40'000 + 20 * transaction.data.size();
}

}  // namespace

SimChain::SimChain(const Options& options, const Clock* clock, FaultPlan* faults)
    : options_(options),
      lanes_({options.operator_address}),
      clock_(clock),
      faults_(faults),
      random_(options.seed) {
  lanes_.insert(lanes_.end(), options.senders.begin(), options.senders.end());
  auto genesis = std::make_shared<SimBlock>();
  genesis->info.hash = Keccak256(View("genesis"));
  genesis->vault.operator_address = options.operator_address;
  genesis->vault.head.chain = VaultGenesis(kChainId, options.vault);
  genesis->vault.senders = {options.senders.begin(), options.senders.end()};
  for (const Address& lane : lanes_) {
    genesis->senders[lane].balance_wei = options.operator_balance_wei;
  }
  genesis->next_base_fee_wei = kBaseFeeStartWei;
  tip_ = std::move(genesis);
  for (std::size_t i = 0; i < options.node_count; ++i) {
    nodes_.push_back(std::make_unique<SimNode>(this, i));
    nodes_.back()->head_ = tip_;
  }
}

// Long chains of shared pointers must not be released recursively.
SimChain::~SimChain() {
  for (auto& node : nodes_) {
    node->head_ = nullptr;
  }
  std::vector<SimBlockPtr> blocks;
  for (SimBlockPtr block = tip_; block != nullptr; block = block->parent) {
    blocks.push_back(block);
  }
  tip_ = nullptr;
  included_in_.clear();
  for (SimBlockPtr& block : blocks) {
    block.reset();
  }
}

void SimChain::Deposit(uint32_t account, uint16_t asset, int64_t quanta) {
  waiting_.push_back({.account = account, .asset = asset, .quanta = quanta});
}

void SimChain::RequestWithdraw(uint32_t account, uint16_t asset, int64_t quanta) {
  waiting_.push_back({.kind = SimBlock::UserAction::Kind::kWithdraw,
                      .account = account,
                      .asset = asset,
                      .quanta = quanta});
}

void SimChain::SetFrozen(uint32_t account, bool frozen) {
  ++disturbance_count_;
  waiting_.push_back(
      {.kind = frozen ? SimBlock::UserAction::Kind::kFreeze : SimBlock::UserAction::Kind::kThaw,
       .account = account});
}

void SimChain::SetTrusted(const Address& lane, bool trusted) {
  ++disturbance_count_;
  using Kind = SimBlock::UserAction::Kind;
  waiting_.push_back({.kind = trusted ? Kind::kTrust : Kind::kDistrust, .lane = lane});
}

void SimChain::SetFunded(const Address& lane, bool funded) {
  ++disturbance_count_;
  using Kind = SimBlock::UserAction::Kind;
  waiting_.push_back({.kind = funded ? Kind::kPay : Kind::kEmpty, .lane = lane});
}

void SimChain::ApplyAction(const SimBlock::UserAction& action, SimBlock* block) {
  ChainLog log;
  switch (action.kind) {
    case SimBlock::UserAction::Kind::kDeposit:
      log = block->vault.Deposit(action.account, action.asset, action.quanta);
      break;
    case SimBlock::UserAction::Kind::kWithdraw:
      log = block->vault.RequestWithdraw(action.account, action.asset, action.quanta);
      break;
    case SimBlock::UserAction::Kind::kFreeze:
      block->vault.frozen.insert(action.account);
      return;
    case SimBlock::UserAction::Kind::kThaw:
      block->vault.frozen.erase(action.account);
      return;
    case SimBlock::UserAction::Kind::kTrust:
      block->vault.senders.insert(action.lane);
      return;
    case SimBlock::UserAction::Kind::kDistrust:
      block->vault.senders.erase(action.lane);
      return;
    case SimBlock::UserAction::Kind::kPay:
      block->senders[action.lane].balance_wei = options_.operator_balance_wei;
      return;
    case SimBlock::UserAction::Kind::kEmpty:
      block->senders[action.lane].balance_wei = 0;
      return;
  }
  log.block_number = block->info.number;
  log.log_index = static_cast<uint32_t>(block->logs.size());
  block->logs.push_back(std::move(log));
}

void SimChain::Execute(const DecodedTransaction& sent, SimBlock* block) {
  const Transaction& transaction = sent.transaction;
  const uint64_t needed = GasNeeded(transaction);
  FakeVault::Outcome outcome;
  if (needed > transaction.gas_limit) {
    outcome.success = false;
  } else if (transaction.to == options_.vault) {
    outcome = block->vault.Execute(sent.sender, transaction.data);
  } else {
    ++cancel_count_;
  }
  const uint64_t gas_used = std::min(needed, transaction.gas_limit);
  const uint64_t price =
      std::min(transaction.fee_cap_wei, block->base_fee_wei + transaction.tip_wei);
  SenderState& sender = block->senders[sent.sender];
  CHECK(sender.nonce == transaction.nonce);
  ++sender.nonce;
  sender.balance_wei -= Uint256(gas_used) * price;
  block->spent_wei += Uint256(gas_used) * price;
  failed_count_ += outcome.success ? 0 : 1;
  ++included_count_;
  block->receipts[sent.hash] = {.block_number = block->info.number,
                                .block_hash = block->info.hash,
                                .success = outcome.success,
                                .gas_used = gas_used,
                                .contract = std::nullopt};
  for (ChainLog& log : outcome.logs) {
    log.transaction_hash = sent.hash;
    log.block_number = block->info.number;
    log.log_index = static_cast<uint32_t>(block->logs.size());
    block->logs.push_back(std::move(log));
  }
  block->transactions.push_back(sent);
}

void SimChain::AddBlock() {
  auto block = std::make_shared<SimBlock>();
  block->parent = tip_;
  block->info = {.number = tip_->info.number + 1,
                 .hash = Keccak256({View(tip_->info.hash), View(ToWord(fork_))}),
                 .parent_hash = tip_->info.hash,
                 .timestamp_s = static_cast<uint64_t>(clock_->NowNs() / 1'000'000'000)};
  block->vault = tip_->vault;
  block->senders = tip_->senders;
  block->spent_wei = tip_->spent_wei;
  block->base_fee_wei =
      forced_base_fee_wei_ != 0 ? std::exchange(forced_base_fee_wei_, 0) : tip_->next_base_fee_wei;
  block->next_base_fee_wei =
      std::clamp<uint64_t>(NextBaseFee(block->base_fee_wei, load_percent_), 1'000, 400'000'000'000);
  block->actions = std::exchange(waiting_, {});
  for (const SimBlock::UserAction& action : block->actions) {
    ApplyAction(action, block.get());
  }
  if (const auto taken = std::exchange(take_nonce_, std::nullopt); taken.has_value()) {
    ++block->senders[*taken].nonce;
  }
  const SimNode& miner = *nodes_[random_() % nodes_.size()];
  for (const Address& lane : lanes_) {
    IncludePooled(miner, lane, block.get());
  }
  tip_ = block;
  for (const DecodedTransaction& sent : tip_->transactions) {
    included_in_[sent.hash].push_back(tip_);
  }
}

void SimChain::IncludePooled(const SimNode& miner, const Address& lane, SimBlock* block) {
  const SenderState& own = block->senders[lane];
  std::size_t count = 0;
  for (const DecodedTransaction& sent : miner.pool_.Executable(lane, own.nonce)) {
    const bool pays = sent.transaction.fee_cap_wei >= block->base_fee_wei &&
                      (load_percent_ < 100 || sent.transaction.tip_wei >= market_tip_wei_);
    if (!pays || count++ >= kOwnPerBlockMax ||
        Uint256(sent.transaction.gas_limit) * sent.transaction.fee_cap_wei > own.balance_wei) {
      break;
    }
    Execute(sent, block);
  }
}

void SimChain::Mine() {
  AddBlock();
  MoveNodes(/*all=*/false);
}

SimBlockPtr SimChain::Ancestor(SimBlockPtr block, uint64_t number) {
  while (block->info.number > number) {
    block = block->parent;
  }
  return block;
}

void SimChain::Reorganise(uint64_t depth, const std::function<bool(uint64_t nonce)>& lose) {
  ++disturbance_count_;
  depth = std::min(depth, height());
  std::vector<SimBlock::UserAction> actions;
  const SimBlockPtr old_tip = tip_;
  const SimBlockPtr fork = Ancestor(tip_, height() - depth);
  for (SimBlockPtr block = tip_; block != fork; block = block->parent) {
    actions.insert(actions.begin(), block->actions.begin(), block->actions.end());
    for (const DecodedTransaction& sent : block->transactions) {
      if (lose(sent.transaction.nonce)) {
        lost_.insert(sent.hash);
        for (auto& node : nodes_) {
          node->pool_.Drop(sent.hash);
        }
      }
    }
  }
  waiting_.insert(waiting_.begin(), actions.begin(), actions.end());
  tip_ = fork;
  ++fork_;
  for (uint64_t i = 0; i <= depth; ++i) {
    AddBlock();
    if (i == 0) {
      MoveNodes(/*all=*/true);
    }
  }
  MoveNodes(/*all=*/false);
  lost_.clear();
}

void SimChain::MoveNodes(bool all) {
  for (auto& node : nodes_) {
    if (node->is_stuck_ || (!all && Chance(chances_.lags))) {
      continue;
    }
    node->MoveTo(tip_);
  }
  for (auto& node : nodes_) {
    node->Tick();
    for (const DecodedTransaction& sent : node->pool_.All()) {
      for (auto& other : nodes_) {
        if (other != node && random_() % 2 == 0) {
          other->pool_.Add(sent, 0, other->StateOf(sent.sender), clock_->NowNs()).IgnoreError();
        }
      }
    }
    if (Chance(chances_.forgets)) {
      node->pool_.Clear();
    }
  }
}

void SimChain::DropPools() {
  ++disturbance_count_;
  for (auto& node : nodes_) {
    node->pool_.Clear();
  }
}

void SimChain::CrowdPools() {
  for (auto& node : nodes_) {
    node->pool_.Truncate([&](const Address& account) { return node->StateOf(account); });
  }
}

void SimChain::SetNodeDown(std::size_t node, bool down) { nodes_[node]->is_down_ = down; }
void SimChain::SetNodeChainId(std::size_t node, uint64_t chain_id) {
  nodes_[node]->chain_id_ = chain_id;
}
void SimChain::SetNodeStuck(std::size_t node, bool stuck) { nodes_[node]->is_stuck_ = stuck; }

std::size_t SimChain::pooled_count() const {
  std::size_t count = 0;
  for (const auto& node : nodes_) {
    count = std::max(count, node->pool_.size());
  }
  return count;
}

}  // namespace tally::settlement
