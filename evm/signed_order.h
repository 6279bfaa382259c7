#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/types.h"
#include "evm/bytes.h"
#include "evm/private_key.h"

namespace tally::evm {

// An order as its owner signed it: the members of the EIP-712 type Order, and the signature that
// came with it. Amounts are quanta. docs/formats/settlement.md.
struct SignedOrder {
  AccountId account{};
  uint32_t venue = 0;
  AssetId base{};
  AssetId quote{};
  Side side = Side::kBuy;
  unsigned __int128 quantity = 0;  // Base quanta, all of the order.
  unsigned __int128 notional = 0;  // Quote quanta of all of it at its worst price.
  uint64_t nonce = 0;
  uint64_t expiry_s = 0;
  uint32_t max_fee_hundredths_bp = 0;   // 1e-6 of what is executed.
  std::array<uint8_t, 64> signature{};  // EIP-2098: r, then s with the parity in its top bit.

  friend bool operator==(const SignedOrder&, const SignedOrder&) = default;
};

// What every signature for one vault on one chain is bound to.
class OrderDomain {
 public:
  OrderDomain(uint64_t chain_id, const Address& vault);

  const Hash32& separator() const { return separator_; }
  // What is signed, and what executions name the order by. Cost: four Keccak permutations each.
  Hash32 HashOf(const SignedOrder& order) const;
  std::vector<Hash32> HashesOf(std::span<const SignedOrder> orders) const;

 private:
  Hash32 separator_;
};

// The two other forms of a compact signature: as keys are recovered from it, and the 65 bytes r, s,
// v (27 or 28) that older verifiers take.
EcdsaSignature FromCompactSignature(const std::array<uint8_t, 64>& compact);
Bytes FullSignature(const std::array<uint8_t, 64>& compact);
std::array<uint8_t, 64> CompactSignature(const EcdsaSignature& signature);

// The members of Order in their order, each a word: struct hash and calldata are made of them.
inline constexpr std::size_t kOrderWords = 10;
void AppendOrderWords(Bytes* out, const SignedOrder& order);

// Appends the low 96 bits as a word; `value` must fit.
void AppendUint96Word(Bytes* out, unsigned __int128 value);
void AppendInt96Word(Bytes* out, __int128 value);

}  // namespace tally::evm
