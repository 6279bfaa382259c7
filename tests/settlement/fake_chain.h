#pragma once

#include <functional>
#include <map>
#include <set>
#include <vector>

#include "settlement/chain/chain_client.h"
#include "settlement/chain/transaction.h"
#include "tests/settlement/fake_vault.h"
#include "tests/settlement/fault_plan.h"

namespace tally::settlement {

// A chain with one contract, a pool with geth's rules (10 % replacement, gaps wait), mining on
// demand and reorganisations. One node, one thread.
class FakeChain final : public ChainClient {
 public:
  static constexpr uint64_t kChainId = 31337;

  FakeChain(const Address& vault, const Address& operator_address, FaultPlan* faults);

  // Users' transactions, for the next block.
  void Deposit(uint32_t account, uint16_t asset, int64_t quanta);
  void RequestWithdraw(uint32_t account, uint16_t asset, int64_t quanta);

  void Mine();
  // Replaces the last `depth` blocks by depth + 1 others; their transactions go back to the pool,
  // except the operator's with a nonce that `lose` picks.
  void Reorganise(uint64_t depth, const std::function<bool(uint64_t nonce)>& lose);
  void DropPool() { pool_.clear(); }
  // A foreign transaction of the operator's account takes its next nonce.
  void TakeNonce();
  void set_base_fee(uint64_t wei) { base_fee_wei_ = wei; }
  // Whether no request is answered. The chain goes on all the same.
  void SetDown(bool down) { is_down_ = down; }
  void set_balance(const Uint256& wei) { balance_wei_ = wei; }  // Of every account.
  void SetPaused(bool paused) { blocks_.back().vault.paused = paused; }

  const FakeVault& vault() const { return blocks_.back().vault; }
  uint64_t height() const { return blocks_.size() - 1; }
  uint64_t operator_nonce() const { return blocks_.back().nonce; }
  std::size_t pool_size() const { return pool_.size(); }
  uint64_t broadcast_count() const { return broadcast_count_; }
  uint64_t failed_count() const { return failed_count_; }

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

 private:
  struct UserAction {
    bool is_deposit;
    uint32_t account;
    uint16_t asset;
    int64_t quanta;
  };
  struct Block {
    BlockInfo info;
    FakeVault vault;     // After it.
    uint64_t nonce = 0;  // Of the operator, after it.
    std::vector<UserAction> actions;
    std::vector<DecodedTransaction> transactions;
    std::map<Hash32, Receipt> receipts;
    std::vector<ChainLog> logs;
  };

  absl::Status Ask();  // A request arrives, or does not.
  void AddLog(Block* block, ChainLog log);

  const Address vault_address_;
  const Address operator_;
  FaultPlan* const faults_;
  std::vector<Block> blocks_;
  std::vector<UserAction> waiting_;
  std::map<uint64_t, DecodedTransaction> pool_;  // Of the operator, by nonce.
  uint64_t base_fee_wei_ = 1'000'000'000;
  Uint256 balance_wei_ = Uint256(1) << 80;
  uint64_t fork_ = 0;  // Makes the hashes of replaced blocks differ.
  uint64_t broadcast_count_ = 0;
  uint64_t failed_count_ = 0;
  bool is_down_ = false;
};

}  // namespace tally::settlement
