#pragma once

#include <array>
#include <cstdint>

#include "absl/container/flat_hash_map.h"

#include "base/types.h"

namespace tally::gateway {

// Bits of ApiKey::permissions.
inline constexpr uint8_t kPermissionRead = 1;        // Queries and market data.
inline constexpr uint8_t kPermissionTrade = 2;       // Orders; includes read.
inline constexpr uint8_t kPermissionSettlement = 4;  // Deposits, withdrawals, settled batches.
inline constexpr uint8_t kPermissionAdmin = 8;  // Phases, rules, fees, protections, kill switches.

// A public key that may log on. The private key is the client's alone.
struct ApiKey {
  uint64_t id = 0;
  std::array<uint8_t, 32> public_key{};  // Ed25519.
  AccountId account{};                   // 0: an operator or the relayer.
  uint8_t permissions = 0;
  bool enabled = true;
};

// The keys of a venue by id. Thread safety: const methods from any thread.
class KeyDirectory {
 public:
  // False if the id is taken.
  bool Add(const ApiKey& key) { return keys_.emplace(key.id, key).second; }
  // Null if there is none; valid until the next Add.
  const ApiKey* Find(uint64_t id) const {
    const auto found = keys_.find(id);
    return found == keys_.end() ? nullptr : &found->second;
  }
  std::size_t size() const { return keys_.size(); }

 private:
  absl::flat_hash_map<uint64_t, ApiKey> keys_;
};

}  // namespace tally::gateway
