#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "base/types.h"
#include "gateway/venue_config.h"

namespace tally::gateway::fix {

// An instrument in the units of FIX: decimals of the quote and the base asset.
struct FixInstrument {
  InstrumentId id{};
  std::string symbol;
  std::string base;
  std::string quote;  // Asset of prices and fees.
  PriceTicks price_max;
  QuantityLots quantity_min;
  QuantityLots quantity_max;
  Quanta notional_min;
  Quanta notional_max;
  int32_t maker_fee_hundredths_bp = 0;  // Of accounts without a fee class.
  int32_t taker_fee_hundredths_bp = 0;
  bool book_deltas = false;  // As configured.
  // One tick is tick_mantissa * 10^-tick_scale, one lot likewise, one quantum of the quote asset
  // 10^-quote_decimals.
  int64_t tick_mantissa = 1;
  int tick_scale = 0;
  int64_t lot_mantissa = 1;
  int lot_scale = 0;
  int quote_decimals = 0;

  // Nothing if the text is no such number or not a whole number of ticks (lots).
  std::optional<int64_t> Ticks(std::string_view text) const;
  std::optional<int64_t> Lots(std::string_view text) const;
  std::string PriceText(int64_t ticks) const;
  std::string QuantityText(int64_t lots) const;
  // notional / lots, in ticks * lots and lots; eight digits more than a price, the rest cut off.
  std::string AveragePriceText(__int128 notional, int64_t lots) const;
  std::string QuoteText(int64_t quanta) const;
};

// The instruments of a venue. Thread safety: const methods from any thread.
class FixInstruments {
 public:
  explicit FixInstruments(const VenueConfig& venue);
  // Null if there is none.
  const FixInstrument* Find(std::string_view symbol) const;
  const FixInstrument* Find(InstrumentId id) const;
  const std::vector<FixInstrument>& all() const { return all_; }

 private:
  std::vector<FixInstrument> all_;
  absl::flat_hash_map<std::string, std::size_t> by_symbol_;
  absl::flat_hash_map<uint32_t, std::size_t> by_id_;
};

}  // namespace tally::gateway::fix
