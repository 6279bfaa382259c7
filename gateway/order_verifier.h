#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "base/types.h"
#include "engine/command.h"
#include "evm/signed_order.h"

namespace tally::gateway {

struct VenueConfig;

// Who may sign the orders of an account: its owner, or a session key that the owner registered on
// the vault.
struct OrderSigner {
  AccountId account{};
  std::array<uint8_t, 20> address{};
  uint64_t valid_from_s = 0;            // Unix time, inclusive.
  uint64_t valid_until_s = UINT64_MAX;  // Exclusive, as on the vault.
};

// A kSignOrder as the client sent it. A replacement does not say what it replaces, so the signer
// does; the core compares that with the order it finds.
struct SignedIntent {
  Command sign{};  // kSignOrder with its account; instrument as signed.
  Side side{};     // As signed.
};

// Compares the signatures of orders with the orders (docs/semantics/signed-orders.md).
//
// Thread safety: const methods from any thread. Cost: one public-key recovery and some hashing,
// about 40 us, for each order (bench/gateway).
class OrderVerifier {
 public:
  OrderVerifier(uint64_t chain_id, const std::array<uint8_t, 20>& vault);

  void AddSigner(const OrderSigner& signer) { signers_[Raw(signer.account)].push_back(signer); }
  void AddInstrument(InstrumentId instrument, const DefineInstrumentCommand& definition);

  // Whether `order`, a kNewOrder or kReplaceOrder of intent.sign's account, is what somebody who
  // may sign for the account signed.
  bool Verify(const SignedIntent& intent, const Command& order, int64_t now_ns) const;

 private:
  struct Market {
    AssetId base{};
    AssetId quote{};
    int64_t tick_quanta = 0;
    int64_t lot_quanta = 0;
  };

  evm::OrderDomain domain_;
  absl::flat_hash_map<uint32_t, std::vector<OrderSigner>> signers_;  // By account.
  absl::flat_hash_map<uint32_t, Market> markets_;
};

// Sets the flags of both commands, and what the core compares, by what Verify() says. Null
// `verifier`: the venue has no chain, and no signature is good.
void MarkSigned(const OrderVerifier* verifier, int64_t now_ns, SignedIntent* intent,
                Command* order);

// Null if the configuration names no chain.
std::unique_ptr<OrderVerifier> MakeOrderVerifier(const VenueConfig& venue);

}  // namespace tally::gateway
