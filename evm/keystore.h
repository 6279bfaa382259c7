#pragma once

// Private keys encrypted under a passphrase: the Web3 Secret Storage Definition, version 3, which
// every Ethereum client and wallet reads and writes.

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

#include "evm/private_key.h"

namespace tally::evm {

// What finding out a passphrase costs: memory is 128 * n * r bytes. The default is what geth calls
// standard: 256 MB and one to three seconds.
struct KeystoreCost {
  uint64_t n = 1 << 18;  // A power of two.
  uint64_t r = 8;
  uint64_t p = 1;
};

// Written with scrypt and AES-128-CTR under a fresh salt.
std::string SealKeystore(const PrivateKey& key, std::string_view passphrase, KeystoreCost cost);

// Opens what scrypt or PBKDF2 (HMAC-SHA-256) protects.
//   kInvalidArgument   not a keystore of version 3, a cipher or function it does not know, costs so
//                      low or so high that nobody can have meant them (at most 512 MB), or a key
//                      that is not the one of the address it names
//   kUnauthenticated   the passphrase is wrong, or the file damaged
absl::StatusOr<PrivateKey> OpenKeystore(std::string_view json, std::string_view passphrase);

}  // namespace tally::evm
