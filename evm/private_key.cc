#include "evm/private_key.h"

#include <algorithm>
#include <cstdlib>
#include <secp256k1.h>
#include <secp256k1_recovery.h>

#include "absl/strings/str_cat.h"
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "base/assert.h"
#include "base/status.h"
#include "evm/keccak.h"

namespace tally::evm {
namespace {

// Created once and randomised once, so that signing resists side channels; read-only afterwards,
// hence usable from every thread.
const secp256k1_context* Context() {
  static const secp256k1_context* const context = [] {
    secp256k1_context* fresh = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    std::array<uint8_t, 32> seed;
    CHECK(RAND_bytes(seed.data(), static_cast<int>(seed.size())) == 1);
    CHECK(secp256k1_context_randomize(fresh, seed.data()) == 1);
    OPENSSL_cleanse(seed.data(), seed.size());
    return fresh;
  }();
  return context;
}

std::array<uint8_t, 65> Serialized(const secp256k1_pubkey& key) {
  std::array<uint8_t, 65> serialized;
  std::size_t size_bytes = serialized.size();
  CHECK(secp256k1_ec_pubkey_serialize(Context(), serialized.data(), &size_bytes, &key,
                                      SECP256K1_EC_UNCOMPRESSED) == 1);
  return serialized;
}

Address AddressOf(const secp256k1_pubkey& key) {
  const auto serialized = Serialized(key);
  const Hash32 hash = Keccak256(ByteView(serialized).subspan(1));
  Address address;
  std::copy(hash.bytes.begin() + 12, hash.bytes.end(), address.bytes.begin());
  return address;
}

}  // namespace

absl::StatusOr<PrivateKey> PrivateKey::FromBytes(ByteView bytes) {
  PrivateKey key;
  if (bytes.size() != key.secret_.size() ||
      secp256k1_ec_seckey_verify(Context(), bytes.data()) != 1) {
    return absl::InvalidArgumentError("not a secp256k1 private key");
  }
  std::copy(bytes.begin(), bytes.end(), key.secret_.begin());
  secp256k1_pubkey public_key;
  CHECK(secp256k1_ec_pubkey_create(Context(), &public_key, key.secret_.data()) == 1);
  key.address_ = AddressOf(public_key);
  return key;
}

absl::StatusOr<PrivateKey> PrivateKey::FromHex(std::string_view text) {
  auto bytes = ParseHex(text);
  if (!bytes.ok()) {
    return absl::InvalidArgumentError("a private key must be 64 hexadecimal digits");
  }
  auto key = FromBytes(*bytes);
  OPENSSL_cleanse(bytes->data(), bytes->size());
  return key;
}

absl::StatusOr<PrivateKey> PrivateKey::FromEnvironment(const std::string& variable) {
  const char* text = std::getenv(variable.c_str());
  if (text == nullptr) {
    return absl::NotFoundError(absl::StrCat("environment variable ", variable, " is not set"));
  }
  auto key = FromHex(text);
  return key.ok() ? std::move(key) : Annotate(key.status(), variable);
}

PrivateKey PrivateKey::Generate() {
  std::array<uint8_t, 32> bytes;
  for (;;) {
    CHECK(RAND_priv_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
    auto key = FromBytes(bytes);  // Fails once in 2^128.
    OPENSSL_cleanse(bytes.data(), bytes.size());
    if (key.ok()) {
      return *std::move(key);
    }
  }
}

PrivateKey PrivateKey::ForTest(std::string_view seed, uint64_t index) {
  Bytes suffix;
  AppendBigEndian(&suffix, index, 8);
  auto key = FromBytes(View(Keccak256({View(seed), suffix})));
  CHECK(key.ok());
  return *std::move(key);
}

PrivateKey::PrivateKey(PrivateKey&& other) noexcept
    : secret_(other.secret_), address_(other.address_) {
  OPENSSL_cleanse(other.secret_.data(), other.secret_.size());
}

PrivateKey& PrivateKey::operator=(PrivateKey&& other) noexcept {
  if (this != &other) {
    secret_ = other.secret_;
    address_ = other.address_;
    OPENSSL_cleanse(other.secret_.data(), other.secret_.size());
  }
  return *this;
}

PrivateKey::~PrivateKey() { OPENSSL_cleanse(secret_.data(), secret_.size()); }

EcdsaSignature PrivateKey::Sign(const Hash32& digest) const {
  secp256k1_ecdsa_recoverable_signature raw;
  // RFC 6979 nonces; libsecp256k1 always returns the low s.
  CHECK(secp256k1_ecdsa_sign_recoverable(Context(), &raw, digest.bytes.data(), secret_.data(),
                                         nullptr, nullptr) == 1);
  std::array<uint8_t, 64> compact;
  int recovery_id = 0;
  CHECK(secp256k1_ecdsa_recoverable_signature_serialize_compact(Context(), compact.data(),
                                                                &recovery_id, &raw) == 1);
  EcdsaSignature signature;
  std::copy_n(compact.begin(), 32, signature.r.bytes.begin());
  std::copy_n(compact.begin() + 32, 32, signature.s.bytes.begin());
  signature.y_parity = static_cast<uint8_t>(recovery_id & 1);
  return signature;
}

Bytes PrivateKey::PublicKey() const {
  secp256k1_pubkey key;
  CHECK(secp256k1_ec_pubkey_create(Context(), &key, secret_.data()) == 1);
  const auto serialized = Serialized(key);
  return Bytes(serialized.begin() + 1, serialized.end());
}

EcdsaSignature WithLowS(const EcdsaSignature& signature) {
  std::array<uint8_t, 64> compact;
  std::copy_n(signature.r.bytes.begin(), 32, compact.begin());
  std::copy_n(signature.s.bytes.begin(), 32, compact.begin() + 32);
  secp256k1_ecdsa_signature raw;
  if (secp256k1_ecdsa_signature_parse_compact(Context(), &raw, compact.data()) != 1 ||
      secp256k1_ecdsa_signature_normalize(Context(), &raw, &raw) == 0) {
    return signature;  // Low already; or none, which recovery finds out.
  }
  EcdsaSignature low = signature;
  CHECK(secp256k1_ecdsa_signature_serialize_compact(Context(), compact.data(), &raw) == 1);
  std::copy_n(compact.begin() + 32, 32, low.s.bytes.begin());
  low.y_parity = signature.y_parity ^ 1;
  return low;
}

absl::StatusOr<Address> RecoverAddress(const Hash32& digest, const EcdsaSignature& signature) {
  std::array<uint8_t, 64> compact;
  std::copy_n(signature.r.bytes.begin(), 32, compact.begin());
  std::copy_n(signature.s.bytes.begin(), 32, compact.begin() + 32);
  secp256k1_ecdsa_recoverable_signature raw;
  secp256k1_pubkey public_key;
  if (signature.y_parity > 1 ||
      secp256k1_ecdsa_recoverable_signature_parse_compact(Context(), &raw, compact.data(),
                                                          signature.y_parity) != 1 ||
      secp256k1_ecdsa_recover(Context(), &public_key, &raw, digest.bytes.data()) != 1) {
    return absl::InvalidArgumentError("signature recovers no address");
  }
  return AddressOf(public_key);
}

}  // namespace tally::evm
