#include "gateway/binary/instrument_defs.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/assert.h"

namespace tally::gateway {
namespace {

const AssetConfig& FindAsset(const VenueConfig& venue, AssetId asset) {
  const auto found = std::find_if(venue.assets.begin(), venue.assets.end(),
                                  [asset](const AssetConfig& row) { return row.asset == asset; });
  CHECK(found != venue.assets.end());
  return *found;
}

std::array<uint8_t, 16> SymbolBytes(const Symbol& symbol) {
  std::array<uint8_t, 16> bytes;
  std::memcpy(bytes.data(), symbol.bytes.data(), bytes.size());
  return bytes;
}

}  // namespace

std::vector<wire::InstrumentDef> MakeInstrumentDefs(const VenueConfig& venue) {
  std::vector<wire::InstrumentDef> definitions;
  for (const InstrumentConfig& row : venue.instruments) {
    const DefineInstrumentCommand& d = row.definition;
    const AssetConfig& base = FindAsset(venue, d.base_asset);
    const AssetConfig& quote = FindAsset(venue, d.quote_asset);
    using Span = flatbuffers::span<const uint8_t, 16>;
    const auto symbol = SymbolBytes(d.symbol);
    const auto base_symbol = SymbolBytes(base.symbol);
    const auto quote_symbol = SymbolBytes(quote.symbol);
    const std::array<uint8_t, 6> reserved{};
    definitions.emplace_back(Span(symbol), Span(base_symbol), Span(quote_symbol),
                             d.tick_quanta.value, d.lot_quanta.value, d.price_max.value,
                             d.quantity_min.value, d.quantity_max.value, d.notional_min.value,
                             d.notional_max.value, d.maker_fee_hundredths_bp,
                             d.taker_fee_hundredths_bp, Raw(row.instrument), Raw(d.base_asset),
                             Raw(d.quote_asset), base.quantum_decimals, quote.quantum_decimals,
                             flatbuffers::span<const uint8_t, 6>(reserved));
  }
  return definitions;
}

}  // namespace tally::gateway
