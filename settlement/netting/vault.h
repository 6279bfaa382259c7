#pragma once

#include <optional>
#include <span>
#include <string>
#include <variant>

#include "base/types.h"
#include "settlement/chain/chain_client.h"
#include "settlement/netting/settlement_batch.h"

namespace tally::settlement {

// Calldata of the operator's calls.
Bytes EncodeSettle(const SettlementBatch& batch);
Bytes EncodeFinalizeWithdrawals(std::span<const uint64_t> indices);
Bytes EncodeRejectWithdrawals(std::span<const uint64_t> indices);

// A Deposited or WithdrawRequested log.
struct VaultTransfer {
  enum class Kind : uint8_t { kDeposit = 1, kWithdraw = 2 };
  Kind kind = Kind::kDeposit;
  uint64_t index = 0;
  AccountId account{};
  AssetId asset{};
  Quanta amount{};
  uint64_t block_number = 0;
  Hash32 transaction_hash{};
  uint32_t log_index = 0;
};

// Topics to ask for, and the logs they find. kDataLoss for a log that is not in the vault's format.
std::vector<Hash32> VaultTransferTopics();
absl::StatusOr<VaultTransfer> ParseVaultTransfer(const ChainLog& log);

enum class WithdrawalStatus : uint8_t {
  kNone = 0,
  kRequested = 1,
  kFinalized = 2,
  kRejected = 3,
  kClaimable = 4,
  kPending = 5,    // Debited; paid by payWithdrawals() when nothing can undo the balance any more.
  kCancelled = 6,  // Was pending when the vault halted.
  kAppealed = 7,   // Asked again after a refusal: to be finalised, cannot be refused.
};

// Why the vault refused a call, in words: "Overdraft: account 9, pair 2".
std::string DescribeVaultRevert(ByteView data);
// The pause of settle() ends by itself: wait rather than stop.
bool IsSettlePaused(ByteView revert_data);
// The sender of the call is neither the vault's operator nor one of its senders.
bool IsNotOperator(ByteView revert_data);

// Whose affair a refusal is, if it is one account's or one withdrawal's.
struct VaultCulprit {
  std::optional<AccountId> account;
  std::optional<uint64_t> withdrawal;
};
VaultCulprit CulpritOf(ByteView revert_data);

// The vault's views, at the latest block or at the one that is set. Thread safety: one thread.
// Cost: a round trip each.
class VaultReader {
 public:
  VaultReader(ChainClient* chain, const Address& vault) : chain_(chain), vault_(vault) {}

  const Address& address() const { return vault_; }
  // From now on every view is of the state after this block: answers of several nodes fit together,
  // and one that is on another branch does not answer.
  void set_block(const Hash32& hash) { block_ = hash; }
  absl::StatusOr<VaultHead> Head();
  // First 28 bytes of the chain hash after batch `id`; nothing if it is not settled (or its ring
  // entry is overwritten).
  absl::StatusOr<std::optional<Hash32>> CommitmentOf(uint64_t id);
  absl::StatusOr<WithdrawalStatus> StatusOfWithdrawal(uint64_t index);
  absl::StatusOr<Address> Operator();
  absl::StatusOr<Uint256> BalanceOf(AccountId account, AssetId asset);
  absl::StatusOr<AccountId> AccountOf(const Address& owner);

 private:
  absl::StatusOr<Bytes> View(Bytes calldata);

  ChainClient* const chain_;
  const Address vault_;
  std::optional<Hash32> block_;
};

// What CommitmentOf() gives for a batch whose chain hash is `chain`.
Hash32 CommitmentFor(const Hash32& chain);

}  // namespace tally::settlement
