#pragma once

#include <memory>
#include <string>

#include "evm/bytes.h"

namespace tally::evm {

// r, s and the parity of R of an ECDSA signature over secp256k1; s is in the lower half (EIP-2).
struct EcdsaSignature {
  Hash32 r;
  Hash32 s;
  uint8_t y_parity = 0;
};

struct KeystoreCost;

// A secp256k1 private key. The bytes are cleansed on destruction and never printed.
// Thread safety: const methods from any thread. Cost: about 40 us to sign.
class PrivateKey {
 public:
  // kInvalidArgument unless 0 < key < curve order.
  static absl::StatusOr<PrivateKey> FromBytes(ByteView bytes);
  static absl::StatusOr<PrivateKey> FromHex(std::string_view text);
  // The value of an environment variable: a key never travels on a command line. From a file:
  // key_file.h.
  static absl::StatusOr<PrivateKey> FromEnvironment(const std::string& variable);
  // From the operating system's randomness.
  static PrivateKey Generate();
  // Keccak-256 of the seed and index: for tests and demonstrations only.
  static PrivateKey ForTest(std::string_view seed, uint64_t index);

  PrivateKey(PrivateKey&& other) noexcept;
  PrivateKey& operator=(PrivateKey&& other) noexcept;
  PrivateKey(const PrivateKey&) = delete;
  PrivateKey& operator=(const PrivateKey&) = delete;
  ~PrivateKey();

  const Address& address() const { return address_; }
  // Both coordinates, 64 bytes.
  Bytes PublicKey() const;
  EcdsaSignature Sign(const Hash32& digest) const;

 private:
  friend std::string SealKeystore(const PrivateKey& key, std::string_view passphrase,
                                  KeystoreCost cost);

  PrivateKey() = default;
  std::array<uint8_t, 32> secret_{};
  Address address_;
};

// The same signature with s in the lower half of the curve's order, as transactions need it.
EcdsaSignature WithLowS(const EcdsaSignature& signature);

// The address whose key made the signature; kInvalidArgument if there is none.
absl::StatusOr<Address> RecoverAddress(const Hash32& digest, const EcdsaSignature& signature);

}  // namespace tally::evm
