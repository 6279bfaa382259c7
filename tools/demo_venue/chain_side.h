#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "settlement/deploy.h"
#include "settlement/netting/vault.h"
#include "settlement/wallet.h"
#include "tools/demo_venue/settings.h"
#include "tools/flow/flow.h"

namespace tally::demo {

// A batch as the chain has it.
struct SettledOnChain {
  uint64_t id = 0;
  uint64_t first_event = 0;
  uint64_t last_event = 0;
  uint64_t gas_used = 0;
  std::size_t entries = 0;
};

// Everything that happens on the chain in the name of the operator of the node and the account
// holders. Thread safety: one thread.
class ChainSide {
 public:
  static absl::StatusOr<std::unique_ptr<ChainSide>> Connect(const std::string& url);

  // Creates two tokens and the vault. Writes the operator's key, with gas money, to a file.
  absl::Status Deploy(const std::string& artifacts_directory, const std::string& operator_key_file);
  // Registers `count` account holders; each has gas money.
  absl::Status OpenAccounts(uint32_t count);
  // Mints, approves and deposits, in the name of each account. Returns the number of deposits.
  absl::StatusOr<std::size_t> Deposit(const std::vector<flow::FlowDeposit>& deposits);
  // From now on a block each second, transactions or not, as on a real chain. Also: a node that
  // mines at once leaves some of a thousand transactions behind when their nonces arrive out of
  // order.
  absl::Status MineOnTime();

  // Accounts 1 .. count ask for `amount` of USD, to an address of their own that holds nothing.
  absl::Status RequestWithdrawals(uint32_t count, Quanta amount);
  // How many of those addresses hold exactly that.
  absl::StatusOr<uint32_t> CountPaidWithdrawals(uint32_t count, Quanta amount);

  absl::StatusOr<Quanta> BalanceOf(AccountId account, AssetId asset);
  // What the vault holds of the asset's token, in token units.
  absl::StatusOr<settlement::Uint256> VaultHoldings(AssetId asset);
  // Ascending id, as the chain's logs have them.
  absl::StatusOr<std::vector<SettledOnChain>> Batches();
  absl::StatusOr<uint64_t> BlockNumber();

  const settlement::Deployment& deployment() const { return deployment_; }
  // Of account i + 1.
  std::vector<settlement::Address> Owners() const;

 private:
  explicit ChainSide(std::unique_ptr<settlement::RpcChainClient> chain);
  absl::Status GiveGasMoney(const std::vector<settlement::Address>& addresses);
  absl::StatusOr<settlement::Uint256> TokenBalance(AssetId asset,
                                                   const settlement::Address& holder);
  std::size_t WalletOf(AccountId account) const { return wallet_of_[Raw(account) - 1]; }

  std::unique_ptr<settlement::RpcChainClient> chain_;
  settlement::Deployment deployment_;
  std::optional<settlement::VaultReader> vault_;
  std::optional<settlement::Wallets> wallets_;
  // The vault numbers the accounts in the order in which it is asked, which is not ours.
  std::vector<std::size_t> wallet_of_;  // [account - 1]
};

}  // namespace tally::demo
