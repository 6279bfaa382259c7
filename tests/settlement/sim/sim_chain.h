#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "settlement/chain/chain_client.h"
#include "settlement/chain/transaction.h"
#include "tests/settlement/fake_vault.h"
#include "tests/settlement/fault_plan.h"
#include "tests/settlement/sim/geth_pool.h"

namespace tally::settlement {

// A block of the simulated chain, with the state after it. Blocks share their past: a fork is
// another block on the same parent.
struct SimBlock {
  struct UserAction {
    enum class Kind : uint8_t {
      kDeposit,
      kWithdraw,
      kFreeze,
      kThaw,
      kTrust,
      kDistrust,
      kPay,
      kEmpty
    };
    Kind kind = Kind::kDeposit;
    uint32_t account = 0;
    Address lane{};  // Of the last four kinds.
    uint16_t asset = 0;
    int64_t quanta = 0;
  };

  BlockInfo info;
  std::shared_ptr<const SimBlock> parent;
  FakeVault vault;
  std::map<Address, SenderState> senders;
  Uint256 spent_wei = 0;           // By all lanes, up to here.
  uint64_t base_fee_wei = 0;       // Of this block.
  uint64_t next_base_fee_wei = 0;  // Of the next one, by EIP-1559.
  std::vector<UserAction> actions;
  std::vector<DecodedTransaction> transactions;
  std::map<Hash32, Receipt> receipts;
  std::vector<ChainLog> logs;
};
using SimBlockPtr = std::shared_ptr<const SimBlock>;

// Chances in 1/10000 per request or per tick.
struct SimFaults {
  uint32_t request_lost = 0;     // Nothing happens, no answer.
  uint32_t answer_lost = 0;      // It happens, no answer.
  uint32_t refused = 0;          // 429 or 503.
  uint32_t delivered_again = 0;  // A sent transaction arrives once more, some ticks later.
  uint32_t lags = 0;             // A node does not see the newest blocks for a tick.
  uint32_t forgets = 0;          // A node loses its pool.
};

class SimNode;

// A chain with one vault and several nodes, each with its own view of the head and its own pool of
// transactions (GethPool); blocks are mined from the pool of a random node, with EIP-1559 base
// fees, real costs and the limits of a full block. Everything random comes from one seed.
//
// Thread safety: one thread.
class SimChain {
 public:
  static constexpr uint64_t kChainId = 31337;
  static constexpr uint64_t kCancelGas = 21'000;

  struct Options {
    Address vault;
    Address operator_address;
    std::vector<Address> senders{};  // Further lanes.
    Uint256 operator_balance_wei = Uint256(1'000'000'000'000'000'000) * 1'000;
    std::size_t node_count = 3;
    uint64_t seed = 1;
  };
  SimChain(const Options& options, const Clock* clock, FaultPlan* faults);
  ~SimChain();

  // Users' transactions, for the next block.
  void Deposit(uint32_t account, uint16_t asset, int64_t quanta);
  void RequestWithdraw(uint32_t account, uint16_t asset, int64_t quanta);
  // From then on the vault refuses every debit of the account, or no longer.
  void SetFrozen(uint32_t account, bool frozen);

  // From then on the vault takes no transactions of a lane, or does again.
  void SetTrusted(const Address& lane, bool trusted);
  // From then on a lane has no ether, or again what it had at first.
  void SetFunded(const Address& lane, bool funded);

  // One block, then every node sees what it sees.
  void Mine();
  // Replaces the last `depth` blocks by depth + 1 others. Their transactions return to the pools,
  // except those that `lose` picks.
  void Reorganise(uint64_t depth, const std::function<bool(uint64_t nonce)>& lose);
  // A foreign transaction of a lane's account takes its next nonce, with the next block.
  void TakeNonce() { TakeNonce(options_.operator_address); }
  void TakeNonce(const Address& lane) {
    take_nonce_ = lane;
    ++disturbance_count_;
  }
  void DropPools();
  void CrowdPools();
  void SetBaseFee(uint64_t wei) { forced_base_fee_wei_ = wei; }
  void set_load_percent(uint64_t percent) { load_percent_ = percent; }
  void set_market_tip_wei(uint64_t wei) { market_tip_wei_ = wei; }
  void set_faults(const SimFaults& faults) { chances_ = faults; }
  void SetNodeDown(std::size_t node, bool down);
  void SetNodeChainId(std::size_t node, uint64_t chain_id);
  // The node stays where it is until it is told otherwise.
  void SetNodeStuck(std::size_t node, bool stuck);

  SimNode* node(std::size_t index) { return nodes_[index].get(); }
  std::size_t node_count() const { return nodes_.size(); }
  const SimBlock& tip() const { return *tip_; }
  uint64_t height() const { return tip_->info.number; }
  const std::vector<Address>& lanes() const { return lanes_; }
  uint64_t nonce(const Address& lane) const { return tip_->senders.at(lane).nonce; }
  uint64_t operator_nonce() const { return nonce(options_.operator_address); }
  Uint256 SpentWei() const { return tip_->spent_wei; }
  uint64_t failed_count() const { return failed_count_; }      // In blocks, replaced ones included.
  uint64_t included_count() const { return included_count_; }  // Likewise.
  uint64_t cancel_count() const { return cancel_count_; }
  // Of what can take the sense out of transactions on their way: each may cost some of them.
  uint64_t disturbance_count() const { return disturbance_count_; }
  uint64_t fee_cap_wei_max() const { return fee_cap_wei_max_; }  // Of anything ever sent.
  std::size_t pooled_count() const;

 private:
  friend class SimNode;

  void Execute(const DecodedTransaction& sent, SimBlock* block);
  void ApplyAction(const SimBlock::UserAction& action, SimBlock* block);
  void AddBlock();
  void IncludePooled(const SimNode& miner, const Address& lane, SimBlock* block);
  void MoveNodes(bool all);
  bool Chance(uint32_t chance) { return chance != 0 && random_() % 10'000 < chance; }
  static SimBlockPtr Ancestor(SimBlockPtr block, uint64_t number);

  const Options options_;
  std::vector<Address> lanes_;  // The operator's account first.
  const Clock* const clock_;
  FaultPlan* const faults_;
  std::mt19937_64 random_;
  SimBlockPtr tip_;
  std::vector<SimBlock::UserAction> waiting_;
  std::vector<std::unique_ptr<SimNode>> nodes_;
  std::map<Hash32, std::vector<SimBlockPtr>> included_in_;
  std::set<Hash32> lost_;
  SimFaults chances_;
  uint64_t forced_base_fee_wei_ = 0;
  uint64_t load_percent_ = 50;
  uint64_t market_tip_wei_ = 1'000'000;
  uint64_t fork_ = 0;
  std::optional<Address> take_nonce_;
  uint64_t failed_count_ = 0;
  uint64_t included_count_ = 0;
  uint64_t cancel_count_ = 0;
  uint64_t disturbance_count_ = 0;
  uint64_t fee_cap_wei_max_ = 0;
};

// One node of the chain as its clients see it.
class SimNode final : public ChainClient {
 public:
  SimNode(SimChain* chain, std::size_t index) : chain_(chain), index_(index) {}

  absl::StatusOr<uint64_t> ChainId() override;
  absl::StatusOr<BlockInfo> BlockByTag(BlockTag tag) override;
  absl::StatusOr<std::optional<BlockInfo>> BlockByNumber(uint64_t number) override;
  absl::StatusOr<uint64_t> Nonce(const Address& account) override;
  absl::StatusOr<Uint256> BalanceWei(const Address& account) override;
  absl::StatusOr<Bytes> Code(const Address& account) override;
  absl::StatusOr<std::vector<ChainLog>> Logs(const LogFilter& filter) override;
  absl::StatusOr<Hash32> SendRawTransaction(ByteView raw) override;
  absl::StatusOr<std::optional<Receipt>> TransactionReceipt(const Hash32& hash) override;
  absl::StatusOr<TransactionPlace> FindTransaction(const Hash32& hash) override;
  absl::StatusOr<Bytes> Call(const CallRequest& request) override;
  absl::StatusOr<uint64_t> EstimateGas(const CallRequest& request) override;
  absl::StatusOr<FeeQuote> Fees() override;
  absl::StatusOr<FeeHistory> BaseFees(uint64_t block_count) override;

  uint64_t request_count() const { return request_count_; }
  const GethPool& pool() const { return pool_; }

 private:
  friend class SimChain;
  struct Delayed {
    int ticks = 0;
    DecodedTransaction sent;
    std::size_t size_bytes = 0;
  };

  absl::Status Ask();
  SenderState StateOf(const Address& account) const;
  void MoveTo(const SimBlockPtr& head);
  void Tick();

  SimChain* const chain_;
  const std::size_t index_;
  SimBlockPtr head_;
  GethPool pool_;
  std::vector<Delayed> delayed_;
  bool is_down_ = false;
  bool is_stuck_ = false;
  uint64_t chain_id_ = SimChain::kChainId;
  uint64_t request_count_ = 0;
};

}  // namespace tally::settlement
