#pragma once

// Many accounts that act on a chain at once: deployment, tests and demonstrations. The relayer has
// its own, crash-safe way to send.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/types.h"
#include "evm/session_grant.h"
#include "settlement/chain/private_key.h"
#include "settlement/chain/rpc_chain_client.h"

namespace tally::settlement {

struct WalletCall {
  std::size_t wallet = 0;     // Index of the sender.
  std::optional<Address> to;  // Empty: creates a contract.
  Bytes data;
  Uint256 value_wei = 0;
  uint64_t gas_limit = 300'000;
};

// Sends calls of a set of keys, pipelined: JSON-RPC batches, several calls of one account in
// flight, nonces counted here. Nobody else may use the keys meanwhile.
//
// Thread safety: one thread. Cost: about 1,000 calls a second on a local node that mines at once.
class Wallets {
 public:
  struct Options {
    int64_t timeout_ms = 60'000;           // For the receipts of what is in flight.
    std::size_t calls_in_flight_max = 16;  // Per account: what a geth pool keeps for it.
    std::size_t batch_max = 100;           // Calls per JSON-RPC request.
  };

  Wallets(RpcChainClient* chain, std::vector<PrivateKey> keys, Options options);
  Wallets(RpcChainClient* chain, std::vector<PrivateKey> keys)
      : Wallets(chain, std::move(keys), Options()) {}

  std::size_t size() const { return keys_.size(); }
  const Address& address(std::size_t wallet) const { return keys_[wallet].address(); }

  // Sends every call, calls of one wallet in their order, and waits until all are mined.
  // kFailedPrecondition names the first that failed or was refused; the others may have happened.
  absl::StatusOr<std::vector<Receipt>> SendAll(const std::vector<WalletCall>& calls);

 private:
  struct Sent {
    std::size_t call;
    Hash32 hash;
  };

  absl::Status LoadNonces(const std::vector<WalletCall>& calls);
  absl::Status SendRound(const std::vector<WalletCall>& calls,
                         const std::vector<std::size_t>& round, std::vector<Sent>* sent);
  absl::Status AwaitRound(const std::vector<WalletCall>& calls, std::vector<Sent> sent,
                          std::vector<Receipt>* receipts);
  std::string Describe(const WalletCall& call) const;

  RpcChainClient* const chain_;
  const std::vector<PrivateKey> keys_;
  const Options options_;
  std::vector<std::optional<uint64_t>> nonces_;
  uint64_t chain_id_ = 0;
};

// Calls that account holders make.
namespace calls {
WalletCall SendEther(std::size_t wallet, const Address& to, const Uint256& wei);
WalletCall MintTestToken(std::size_t wallet, const Address& token, const Address& to,
                         const Uint256& units);
WalletCall Approve(std::size_t wallet, const Address& token, const Address& spender,
                   const Uint256& units);
WalletCall Register(std::size_t wallet, const Address& vault);
// Lets batches debit the account until a block time; the owner can challenge each debit.
WalletCall Arm(std::size_t wallet, const Address& vault, uint32_t until_s);
// The same for ever, and without challenges: for the account that takes the fees.
WalletCall Waive(std::size_t wallet, const Address& vault);
WalletCall Deposit(std::size_t wallet, const Address& vault, AssetId asset, const Uint256& units);
WalletCall RequestWithdraw(std::size_t wallet, const Address& vault, AssetId asset, Quanta amount,
                           const Address& to);
// As the account's owner, at the vault's register of keys (KeysOf): lets a key sign for the
// account, or extends what it may; a session can be shortened by revoking it only.
WalletCall SetSession(std::size_t wallet, const Address& keys, const evm::SessionGrant& grant);
// As the owner or the key itself; it acts after the vault's propagation delay.
WalletCall RevokeSession(std::size_t wallet, const Address& keys, AccountId account,
                         const Address& key);
}  // namespace calls

// The register of session keys of a vault: the second contract that it creates.
Address KeysOf(const Address& vault);

// What the register has about a key; scope 0: it was never registered.
absl::StatusOr<evm::SessionGrant> SessionOf(ChainClient* chain, const Address& vault,
                                            AccountId account, const Address& key);

}  // namespace tally::settlement
