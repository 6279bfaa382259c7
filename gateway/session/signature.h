#pragma once

#include <cstdint>
#include <span>

namespace tally::gateway {

// Prepares libsodium; call once before the others. Idempotent, any thread.
void InitSignatures();

// True if `signature` is the Ed25519 signature (RFC 8032) of `message` by the key. About 0.1 ms.
bool VerifyEd25519(std::span<const uint8_t, 32> public_key, std::span<const uint8_t> message,
                   std::span<const uint8_t, 64> signature);

// Fills with unpredictable bytes.
void RandomBytes(std::span<uint8_t> bytes);

}  // namespace tally::gateway
