#include "evm/signed_order.h"

#include <algorithm>

#include "base/assert.h"
#include "evm/keccak.h"
#include "evm/keccak_lanes.h"

namespace tally::evm {
namespace {

const Hash32& OrderTypeHash() {
  static const Hash32 hash = Keccak256(
      View("Order(uint32 account,uint32 venue,uint16 base,uint16 quote,uint8 side,uint96 quantity,"
           "uint96 notional,uint64 nonce,uint64 expiry,uint32 maxFee)"));
  return hash;
}

}  // namespace

EcdsaSignature FromCompactSignature(const std::array<uint8_t, 64>& compact) {
  EcdsaSignature signature;
  std::copy_n(compact.begin(), kWordBytes, signature.r.bytes.begin());
  std::copy_n(compact.begin() + kWordBytes, kWordBytes, signature.s.bytes.begin());
  signature.y_parity = signature.s.bytes[0] >> 7;
  signature.s.bytes[0] &= 0x7f;
  return signature;
}

std::array<uint8_t, 64> CompactSignature(const EcdsaSignature& signature) {
  std::array<uint8_t, 64> compact;
  std::copy_n(signature.r.bytes.begin(), kWordBytes, compact.begin());
  std::copy_n(signature.s.bytes.begin(), kWordBytes, compact.begin() + kWordBytes);
  compact[kWordBytes] = static_cast<uint8_t>(compact[kWordBytes] | signature.y_parity << 7);
  return compact;
}

Bytes FullSignature(const std::array<uint8_t, 64>& compact) {
  const EcdsaSignature signature = FromCompactSignature(compact);
  Bytes full(2 * kWordBytes + 1);
  const auto second = std::copy(signature.r.bytes.begin(), signature.r.bytes.end(), full.begin());
  std::copy(signature.s.bytes.begin(), signature.s.bytes.end(), second);
  full.back() = static_cast<uint8_t>(27 + signature.y_parity);
  return full;
}

void AppendUint96Word(Bytes* out, unsigned __int128 value) {
  CHECK(value >> 96 == 0);
  AppendBigEndian(out, static_cast<uint64_t>(value >> 64), kWordBytes - 8);
  AppendBigEndian(out, static_cast<uint64_t>(value), 8);
}

void AppendInt96Word(Bytes* out, __int128 value) {
  constexpr __int128 kMax = (static_cast<__int128>(1) << 95) - 1;
  CHECK(value <= kMax && value >= -kMax - 1);
  out->insert(out->end(), 16, value < 0 ? uint8_t{0xff} : uint8_t{0});
  AppendBigEndian(out, static_cast<uint64_t>(static_cast<unsigned __int128>(value) >> 64), 8);
  AppendBigEndian(out, static_cast<uint64_t>(value), 8);
}

void AppendOrderWords(Bytes* out, const SignedOrder& order) {
  AppendBigEndian(out, Raw(order.account), kWordBytes);
  AppendBigEndian(out, order.venue, kWordBytes);
  AppendBigEndian(out, Raw(order.base), kWordBytes);
  AppendBigEndian(out, Raw(order.quote), kWordBytes);
  AppendBigEndian(out, static_cast<uint8_t>(order.side), kWordBytes);
  AppendUint96Word(out, order.quantity);
  AppendUint96Word(out, order.notional);
  AppendBigEndian(out, order.nonce, kWordBytes);
  AppendBigEndian(out, order.expiry_s, kWordBytes);
  AppendBigEndian(out, order.max_fee_hundredths_bp, kWordBytes);
}

OrderDomain::OrderDomain(uint64_t chain_id, const Address& vault) {
  Bytes words;
  AppendBytes(&words, View(Keccak256(View("EIP712Domain(string name,string version,"
                                          "uint256 chainId,address verifyingContract)"))));
  AppendBytes(&words, View(Keccak256(View("Tallystick"))));
  AppendBytes(&words, View(Keccak256(View("1"))));
  AppendBigEndian(&words, chain_id, kWordBytes);
  words.insert(words.end(), kWordBytes - vault.bytes.size(), uint8_t{0});
  AppendBytes(&words, View(vault));
  separator_ = Keccak256(words);
}

Hash32 OrderDomain::HashOf(const SignedOrder& order) const { return HashesOf({&order, 1}).front(); }

std::vector<Hash32> OrderDomain::HashesOf(std::span<const SignedOrder> orders) const {
  Bytes structs;
  structs.reserve(orders.size() * (kOrderWords + 1) * kWordBytes);
  for (const SignedOrder& order : orders) {
    AppendBytes(&structs, View(OrderTypeHash()));
    AppendOrderWords(&structs, order);
  }
  Bytes digests;
  digests.reserve(orders.size() * (2 + 2 * kWordBytes));
  for (const Hash32& hash : KeccakMany(structs, (kOrderWords + 1) * kWordBytes)) {
    AppendBytes(&digests, View("\x19\x01"));
    AppendBytes(&digests, View(separator_));
    AppendBytes(&digests, View(hash));
  }
  return KeccakMany(digests, 2 + 2 * kWordBytes);
}

}  // namespace tally::evm
