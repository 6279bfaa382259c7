// VenueParser: assets, accounts, instruments.

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "base/status.h"
#include "gateway/config/hex.h"
#include "gateway/config/venue_parser.h"

namespace tally::gateway {
namespace {

constexpr int kDecimalsMax = 18;
constexpr int64_t kOwnerGroupMax = 0x7fff'ffff;

}  // namespace

void VenueParser::ParseAsset(const toml::table& table, std::size_t index) {
  TableReader reader(table, absl::StrCat("assets[", index, "]"), faults_);
  AssetConfig asset;
  asset.asset = static_cast<AssetId>(reader.Integer("id", 0, kMaxAssets - 1));
  asset.symbol = ParseSymbol(reader);
  asset.quantum_decimals = static_cast<uint8_t>(reader.Integer("decimals", 0, kDecimalsMax));
  const int64_t chain_decimals = reader.IntegerOr("chain_decimals", 0, 36, asset.quantum_decimals);
  if (chain_decimals < asset.quantum_decimals ||
      chain_decimals - asset.quantum_decimals > kDecimalsMax) {
    reader.Fault("chain_decimals", absl::StrCat("must be from decimals (", asset.quantum_decimals,
                                                ") to ", asset.quantum_decimals + kDecimalsMax,
                                                ": a quantum is a whole number of chain units"));
  } else {
    for (int64_t power = asset.quantum_decimals; power < chain_decimals; ++power) {
      asset.chain_units_per_quantum *= 10;
    }
  }
  for (const AssetConfig& other : config_.assets) {
    if (other.asset == asset.asset) {
      reader.Fault("id", "is taken by another asset; number assets 0, 1, 2...");
    }
  }
  if (!asset_by_symbol_.emplace(asset.symbol.view(), config_.assets.size()).second) {
    reader.Fault("symbol", "is taken by another asset");
  }
  config_.assets.push_back(asset);
  reader.Finish();
}

void VenueParser::ParseAccount(const toml::table& table, std::size_t index) {
  TableReader reader(table, absl::StrCat("accounts[", index, "]"), faults_);
  AccountConfig account;
  account.account = static_cast<AccountId>(reader.Integer("id", 1, kMaxAccounts));
  if (const auto owner = reader.OptionalString("owner")) {
    const auto address = ParseHex<20>(*owner);
    if (!address.has_value()) {
      reader.Fault("owner", "must be an address: 0x and 40 hexadecimal digits");
    }
    account.owner = address.value_or(account.owner);
  }
  account.enabled = reader.BoolOr("enabled", true);
  account.fee_class = static_cast<uint8_t>(reader.IntegerOr("fee_class", 0, kMaxFeeClasses - 1, 0));
  account.owner_group = Narrow(reader.IntegerOr("owner_group", 0, kOwnerGroupMax, 0));
  account.must_sign = reader.BoolOr("must_sign", false);
  if (account.must_sign && account.owner == std::array<uint8_t, 20>{}) {
    reader.Fault("must_sign", "needs an owner, whose signature it is");
  }
  config_.accounts.push_back(account);
  reader.Finish();
}

void VenueParser::ParseInstrument(const toml::table& table, std::size_t index) {
  TableReader reader(table, absl::StrCat("instruments[", index, "]"), faults_);
  InstrumentConfig instrument;
  instrument.instrument = static_cast<InstrumentId>(reader.Integer("id", 1, kMaxInstruments));
  DefineInstrumentCommand& definition = instrument.definition;
  definition.symbol = ParseSymbol(reader);
  definition.fee_account = static_cast<AccountId>(reader.Integer("fee_account", 1, kMaxAccounts));
  const auto asset_named = [&](std::string_view key) -> const AssetConfig* {
    const auto found = asset_by_symbol_.find(reader.String(key));
    if (found == asset_by_symbol_.end()) {
      reader.Fault(key, "is not the symbol of an asset; define it under [[assets]]");
      return nullptr;
    }
    return &config_.assets[found->second];
  };
  const AssetConfig* base = asset_named("base");
  const AssetConfig* quote = asset_named("quote");
  if (base != nullptr && base == quote) {
    reader.Fault("quote", "must be another asset than base");
  }
  static const AssetConfig kUnknown;
  ParseUnits(reader, base != nullptr ? *base : kUnknown, quote != nullptr ? *quote : kUnknown,
             &definition);
  ParseFees(reader, &definition);
  reader.Known("rules");
  ParseRules(table, absl::StrCat("instruments[", index, "].rules"), &instrument);
  config_.instruments.push_back(instrument);
  reader.Finish();
}

// Converts tick, lot and limits. A conversion error of an unknown asset is not worth a message.
void VenueParser::ParseUnits(TableReader& reader, const AssetConfig& base, const AssetConfig& quote,
                             DefineInstrumentCommand* definition) {
  const bool known = base.symbol != Symbol{} && quote.symbol != Symbol{};
  const auto convert = [&](std::string_view key, const Decimal& value, int decimals,
                           std::string_view unit) -> int64_t {
    const absl::StatusOr<int64_t> units = ToUnits(value, decimals);
    if (!known) {
      return 1;
    }
    if (!units.ok() || *units < 1) {
      reader.Fault(key, absl::StrCat(units.ok() ? "must be positive" : units.status().message(),
                                     " (", ToAbsl(unit), ")"));
      return 1;
    }
    return *units;
  };
  const Decimal tick = reader.DecimalOf("tick");
  const Decimal lot = reader.DecimalOf("lot");
  definition->base_asset = base.asset;
  definition->quote_asset = quote.asset;
  definition->lot_quanta.value = convert("lot", lot, base.quantum_decimals,
                                         "a lot is a whole number of quanta of the base asset");
  definition->tick_quanta.value =
      convert("tick", Multiply(tick, lot), quote.quantum_decimals,
              "tick x lot is a whole number of quanta of the quote asset; raise one of them or the "
              "asset's decimals");
  const auto multiple_of = [&](std::string_view key, const Decimal& step, std::string_view name) {
    const Decimal value = reader.DecimalOf(key);
    const int scale = std::max(value.scale, step.scale);
    const int64_t units = ToUnits(value, scale).value_or(0);
    const int64_t step_units = ToUnits(step, scale).value_or(0);
    if (step_units < 1 || units < step_units || units % step_units != 0) {
      reader.Fault(key, absl::StrCat("must be a positive multiple of the ", ToAbsl(name)));
      return int64_t{1};
    }
    return units / step_units;
  };
  definition->price_max.value = multiple_of("price_max", tick, "tick");
  definition->quantity_min.value = multiple_of("quantity_min", lot, "lot");
  definition->quantity_max.value = multiple_of("quantity_max", lot, "lot");
  definition->notional_min.value = convert("notional_min", reader.DecimalOf("notional_min"),
                                           quote.quantum_decimals, "of the quote");
  definition->notional_max.value = convert("notional_max", reader.DecimalOf("notional_max"),
                                           quote.quantum_decimals, "of the quote");
  if (definition->price_max.value > kMaxPriceTicks) {
    reader.Fault("price_max", absl::StrCat("is more than ", kMaxPriceTicks, " ticks"));
  }
  if (definition->quantity_max.value > kMaxQuantityLots) {
    reader.Fault("quantity_max", absl::StrCat("is more than ", kMaxQuantityLots, " lots"));
  }
  if (definition->notional_max.value > kMaxNotionalQuanta) {
    reader.Fault("notional_max", absl::StrCat("is more than ", kMaxNotionalQuanta, " quanta"));
  }
  if (definition->quantity_min > definition->quantity_max) {
    reader.Fault("quantity_min", "is above quantity_max");
  }
  if (definition->notional_min > definition->notional_max) {
    reader.Fault("notional_min", "is above notional_max");
  }
}

void VenueParser::ParseFees(TableReader& reader, DefineInstrumentCommand* definition) {
  definition->maker_fee_hundredths_bp = static_cast<int32_t>(
      reader.Integer("maker_fee_hundredths_bp", -kMaxFeeHundredthsBp, kMaxFeeHundredthsBp));
  // Only makers get rebates.
  definition->taker_fee_hundredths_bp =
      static_cast<int32_t>(reader.Integer("taker_fee_hundredths_bp", 0, kMaxFeeHundredthsBp));
  if (definition->maker_fee_hundredths_bp + definition->taker_fee_hundredths_bp < 0) {
    reader.Fault("maker_fee_hundredths_bp",
                 "rebate is more than the other side pays; the sum of both fees must be 0 or more");
  }
}

Symbol VenueParser::ParseSymbol(TableReader& reader) {
  const std::string symbol = reader.String("symbol");
  const bool printable = std::all_of(symbol.begin(), symbol.end(),
                                     [](unsigned char c) { return c > ' ' && c < 0x7f; });
  if (symbol.empty() || symbol.size() > Symbol{}.bytes.size() || !printable) {
    reader.Fault("symbol", "must be 1 to 16 printable ASCII characters without spaces");
  }
  return Symbol::From(symbol);
}

}  // namespace tally::gateway
