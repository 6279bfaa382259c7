#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tally::sdk {

using PublicKey = std::array<uint8_t, 32>;
using Signature = std::array<uint8_t, 64>;

// An Ed25519 key pair (RFC 8032), made from a 32-byte seed. The key file holds the seed as 64
// hexadecimal digits and a newline, readable by its owner only.
//
// Thread safety: const methods from any thread. The secret is wiped on destruction.
class SigningKey {
 public:
  static constexpr std::size_t kSeedBytes = 32;

  // From the system's randomness.
  static SigningKey Generate();
  static SigningKey FromSeed(std::span<const uint8_t, kSeedBytes> seed);
  // 64 hexadecimal digits, either case.
  static absl::StatusOr<SigningKey> FromHex(std::string_view seed_hex);

  // kNotFound, kPermissionDenied, or kInvalidArgument where the content is not a seed.
  static absl::StatusOr<SigningKey> Load(const std::string& path);
  // Creates the file with mode 0600; kAlreadyExists if there is one: a key is never overwritten.
  absl::Status Save(const std::string& path) const;

  ~SigningKey();
  SigningKey(const SigningKey&) = default;
  SigningKey& operator=(const SigningKey&) = default;

  const PublicKey& public_key() const { return public_key_; }
  std::string public_key_hex() const;

  // Detached signature; about 25 us.
  Signature Sign(std::span<const uint8_t> message) const;

 private:
  SigningKey() = default;

  PublicKey public_key_{};
  std::array<uint8_t, 64> secret_{};  // Seed and public key, as libsodium keeps them.
};

// Whether `signature` is by the key; what the server does, here for tests and tools.
bool VerifySignature(const PublicKey& key, std::span<const uint8_t> message,
                     const Signature& signature);

}  // namespace tally::sdk
