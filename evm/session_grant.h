#pragma once

#include <cstdint>

#include "base/types.h"
#include "evm/bytes.h"
#include "evm/signed_order.h"

namespace tally::evm {

// Bits of SessionGrant::scope.
inline constexpr uint8_t kScopeTrade = 1;   // Signs orders.
inline constexpr uint8_t kScopeCosign = 2;  // Signs the net effect of a batch.

// What an owner signs so that anyone can register a session key with the vault (the EIP-712 type
// Session of setSessionSigned). Such a key can never withdraw.
struct SessionGrant {
  AccountId account{};
  Address key{};
  uint64_t valid_from_s = 0;   // Unix time, inclusive; 40 bits.
  uint64_t valid_until_s = 0;  // Exclusive; 40 bits.
  uint32_t venue = 0;          // 0: every venue.
  uint8_t scope = kScopeTrade;
  uint64_t nonce = 0;  // Of the owner's, unused.
};

// What the owner signs: PrivateKey::Sign() and CompactSignature() make the rest.
Hash32 HashOf(const OrderDomain& domain, const SessionGrant& grant);

}  // namespace tally::evm
