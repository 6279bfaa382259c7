#include "gateway/session/signature.h"

#include <sodium.h>

#include "base/assert.h"

namespace tally::gateway {

void InitSignatures() { CHECK(sodium_init() >= 0); }

bool VerifyEd25519(std::span<const uint8_t, 32> public_key, std::span<const uint8_t> message,
                   std::span<const uint8_t, 64> signature) {
  return crypto_sign_verify_detached(signature.data(), message.data(), message.size(),
                                     public_key.data()) == 0;
}

void RandomBytes(std::span<uint8_t> bytes) { randombytes_buf(bytes.data(), bytes.size()); }

}  // namespace tally::gateway
