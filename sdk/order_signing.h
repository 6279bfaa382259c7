#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/types.h"
#include "evm/private_key.h"
#include "evm/session_grant.h"

namespace tally::sdk {

// The key of an account's owner, or a session key that the owner registered on the vault.
using EvmKey = evm::PrivateKey;

// What an instrument's orders are in quanta of the vault's assets.
struct SignedMarket {
  InstrumentId instrument{};
  AssetId base{};
  AssetId quote{};
  Quanta tick_quanta{};  // Quote quanta per lot for each tick of price.
  Quanta lot_quanta{};   // Base quanta per lot.
};

// How a client signs its orders (docs/semantics/signed-orders.md). With it every NewOrder, Replace
// and leg of a group goes out behind its signature, as two commands; the nonce is the
// time in nanoseconds, so that the sessions of an account do not meet. Quotes are not signed.
struct OrderSigning {
  uint64_t chain_id = 0;
  std::array<uint8_t, 20> vault{};
  std::shared_ptr<const EvmKey> key{};  // Required.
  // The most the venue may charge, in 1e-6 of what is executed.
  uint32_t max_fee_hundredths_bp = 10'000;
  uint32_t lifetime_s = 86'400;  // How long a signature is good for.
  // Instruments that the venue describes (after a subscription) need not be here.
  std::vector<SignedMarket> markets{};
};

}  // namespace tally::sdk
