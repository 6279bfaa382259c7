#include "gateway/fix/instruments.h"

#include <algorithm>
#include <limits>

#include "base/assert.h"
#include "base/status.h"
#include "gateway/fix/values.h"

namespace tally::gateway::fix {
namespace {

constexpr int kScaleMax = 30;
constexpr int kAverageDigits = 8;

__int128 PowerOfTen(int exponent) {
  __int128 power = 1;
  for (int i = 0; i < exponent; ++i) {
    power *= 10;
  }
  return power;
}

const AssetConfig& FindAsset(const VenueConfig& venue, AssetId asset) {
  const auto found = std::find_if(venue.assets.begin(), venue.assets.end(),
                                  [asset](const AssetConfig& row) { return row.asset == asset; });
  CHECK(found != venue.assets.end());
  return *found;
}

// How many units of unit_mantissa * 10^-unit_scale the text is.
std::optional<int64_t> Units(std::string_view text, int64_t unit_mantissa, int unit_scale) {
  const auto decimal = ParseFixDecimal(text);
  if (!decimal.has_value() || decimal->scale > unit_scale || unit_scale > 18) {
    return decimal.has_value() && decimal->mantissa == 0 ? std::optional<int64_t>(0) : std::nullopt;
  }
  const __int128 scaled = __int128{decimal->mantissa} * PowerOfTen(unit_scale - decimal->scale);
  const __int128 units = scaled / unit_mantissa;
  if (scaled % unit_mantissa != 0 || units > std::numeric_limits<int64_t>::max() ||
      units < std::numeric_limits<int64_t>::min()) {
    return std::nullopt;
  }
  return static_cast<int64_t>(units);
}

// Sets the tick: tick_quanta of the quote asset for each lot.
void SetTick(const DefineInstrumentCommand& definition, int base_decimals, FixInstrument* row) {
  // tick = tick_quanta * 10^-quote_decimals / (lot_quanta * 10^-base_decimals): digits are added
  // until the division is exact, which it is, because the configuration wrote it as a decimal.
  for (int scale = 0; scale <= 18; ++scale) {
    const int exponent = base_decimals - row->quote_decimals + scale;
    __int128 numerator = definition.tick_quanta.value;
    __int128 denominator = definition.lot_quanta.value;
    (exponent >= 0 ? numerator : denominator) *= PowerOfTen(exponent >= 0 ? exponent : -exponent);
    if (numerator % denominator == 0) {
      row->tick_mantissa = static_cast<int64_t>(numerator / denominator);
      row->tick_scale = scale;
      return;
    }
  }
  CHECK(false);
}

}  // namespace

std::optional<int64_t> FixInstrument::Ticks(std::string_view text) const {
  return Units(text, tick_mantissa, tick_scale);
}

std::optional<int64_t> FixInstrument::Lots(std::string_view text) const {
  return Units(text, lot_mantissa, lot_scale);
}

std::string FixInstrument::PriceText(int64_t ticks) const {
  return DecimalText(__int128{ticks} * tick_mantissa, tick_scale);
}

std::string FixInstrument::QuantityText(int64_t lots) const {
  return DecimalText(__int128{lots} * lot_mantissa, lot_scale);
}

std::string FixInstrument::AveragePriceText(__int128 notional, int64_t lots) const {
  if (lots == 0) {
    return "0";
  }
  // The whole and the rest apart, so that nothing overflows.
  const __int128 whole = notional / lots * tick_mantissa;
  const __int128 rest = notional % lots * tick_mantissa;
  const __int128 fraction = rest * PowerOfTen(kAverageDigits) / lots;
  return DecimalText(whole * PowerOfTen(kAverageDigits) + fraction, tick_scale + kAverageDigits);
}

std::string FixInstrument::QuoteText(int64_t quanta) const {
  return DecimalText(quanta, quote_decimals);
}

FixInstruments::FixInstruments(const VenueConfig& venue) {
  for (const InstrumentConfig& config : venue.instruments) {
    const DefineInstrumentCommand& definition = config.definition;
    FixInstrument& row = all_.emplace_back();
    row.id = config.instrument;
    row.symbol = definition.symbol.view();
    row.base = FindAsset(venue, definition.base_asset).symbol.view();
    row.quote = FindAsset(venue, definition.quote_asset).symbol.view();
    row.price_max = definition.price_max;
    row.quantity_min = definition.quantity_min;
    row.quantity_max = definition.quantity_max;
    row.notional_min = definition.notional_min;
    row.notional_max = definition.notional_max;
    row.maker_fee_hundredths_bp = definition.maker_fee_hundredths_bp;
    row.taker_fee_hundredths_bp = definition.taker_fee_hundredths_bp;
    row.book_deltas = config.has_rules && (config.rules.flags & kRulesFlagBookDelta) != 0;
    row.quote_decimals = FindAsset(venue, definition.quote_asset).quantum_decimals;
    row.lot_mantissa = definition.lot_quanta.value;
    row.lot_scale = FindAsset(venue, definition.base_asset).quantum_decimals;
    // The fewest digits that tell every lot: 0.001, not 0.00100000.
    while (row.lot_scale > 0 && row.lot_mantissa % 10 == 0) {
      row.lot_mantissa /= 10;
      --row.lot_scale;
    }
    CHECK(row.lot_scale <= kScaleMax);
    SetTick(definition, FindAsset(venue, definition.base_asset).quantum_decimals, &row);
    by_symbol_[row.symbol] = all_.size() - 1;
    by_id_[Raw(row.id)] = all_.size() - 1;
  }
}

const FixInstrument* FixInstruments::Find(std::string_view symbol) const {
  const auto found = by_symbol_.find(ToAbsl(symbol));
  return found == by_symbol_.end() ? nullptr : &all_[found->second];
}

const FixInstrument* FixInstruments::Find(InstrumentId id) const {
  const auto found = by_id_.find(Raw(id));
  return found == by_id_.end() ? nullptr : &all_[found->second];
}

}  // namespace tally::gateway::fix
