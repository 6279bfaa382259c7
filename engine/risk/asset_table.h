#pragma once

#include <cstdint>
#include <vector>

#include "engine/command.h"
#include "engine/reject_reason.h"

namespace tally::risk {

struct Asset {
  bool defined = false;
  Symbol symbol;
  uint64_t chain_units_per_quantum = 0;
  uint8_t quantum_decimals = 0;
};

// The assets of a core, by id: dense, fixed capacity, never removed.
//
// Thread safety: none, one writer. Invariants: the scale of a defined asset never changes. Cost:
// every call O(1), no allocation after construction.
class AssetTable {
 public:
  explicit AssetTable(uint32_t capacity) : assets_(capacity) {}

  // Defines the asset or, with the scale it already has, renames it. kBadDefinition for another
  // scale, a zero scale or an empty symbol; kCapacity for an id outside the table.
  RejectReason Define(const DefineAssetCommand& definition);

  // Null for an asset that is not defined.
  const Asset* Find(AssetId id) const {
    return Raw(id) < assets_.size() && assets_[Raw(id)].defined ? &assets_[Raw(id)] : nullptr;
  }

  uint32_t capacity() const { return static_cast<uint32_t>(assets_.size()); }

 private:
  std::vector<Asset> assets_;
};

}  // namespace tally::risk
