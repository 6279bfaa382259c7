#include "engine/risk/asset_table.h"

namespace tally::risk {

RejectReason AssetTable::Define(const DefineAssetCommand& definition) {
  if (Raw(definition.asset) >= assets_.size()) {
    return RejectReason::kCapacity;
  }
  Asset& asset = assets_[Raw(definition.asset)];
  if (definition.symbol.view().empty() || definition.chain_units_per_quantum == 0) {
    return RejectReason::kBadDefinition;
  }
  if (asset.defined && (asset.chain_units_per_quantum != definition.chain_units_per_quantum ||
                        asset.quantum_decimals != definition.quantum_decimals)) {
    return RejectReason::kBadDefinition;
  }
  asset = {.defined = true,
           .symbol = definition.symbol,
           .chain_units_per_quantum = definition.chain_units_per_quantum,
           .quantum_decimals = definition.quantum_decimals};
  return RejectReason::kNone;
}

}  // namespace tally::risk
