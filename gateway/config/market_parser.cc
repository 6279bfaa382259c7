// VenueParser: trading rules, fee schedule, protections, phases by the clock.

#include <algorithm>
#include <set>

#include "absl/strings/str_cat.h"

#include "base/clock.h"
#include "base/status.h"
#include "gateway/config/time_of_day.h"
#include "gateway/config/venue_parser.h"
#include "gateway/phase_name.h"

namespace tally::gateway {
namespace {

constexpr int64_t kDurationMsMax = int64_t{7} * 86'400'000;
constexpr int64_t kBasisPointsMax = 10'000;

int64_t DurationNs(TableReader& reader, std::string_view key) {
  return reader.IntegerOr(key, 0, kDurationMsMax, 0) * kNsPerMs;
}

uint32_t BasisPoints(TableReader& reader, std::string_view key) {
  return static_cast<uint32_t>(reader.IntegerOr(key, 0, kBasisPointsMax, 0));
}

}  // namespace

void VenueParser::ParseRules(const toml::table& table, const std::string& path,
                             InstrumentConfig* instrument) {
  const toml::node* node = table.get("rules");
  if (node == nullptr) {
    return;
  }
  if (node->as_table() == nullptr) {
    faults_->Add(node->source(), path,
                 "must be a table; write [instruments.rules] below its [[instruments]]");
    return;
  }
  TableReader reader(*node->as_table(), path, faults_);
  instrument->has_rules = true;
  DefineRulesCommand& rules = instrument->rules;
  rules.static_band_bp = BasisPoints(reader, "static_band_bp");
  rules.dynamic_band_bp = BasisPoints(reader, "dynamic_band_bp");
  rules.fat_finger_bp = BasisPoints(reader, "fat_finger_bp");
  rules.breaker_bp = BasisPoints(reader, "breaker_bp");
  rules.breaker_window_ns = DurationNs(reader, "breaker_window_ms");
  rules.breaker_halt_ns = DurationNs(reader, "breaker_halt_ms");
  rules.volatility_call_ns = DurationNs(reader, "volatility_call_ms");
  rules.batch_interval_ns = DurationNs(reader, "batch_interval_ms");
  rules.auction_band_bp = static_cast<uint16_t>(BasisPoints(reader, "auction_band_bp"));
  rules.auction_extensions_max =
      static_cast<uint8_t>(reader.IntegerOr("auction_extensions_max", 0, 255, 0));
  rules.order_quantity_max.value =
      reader.IntegerOr("order_quantity_max_lots", 0, kMaxQuantityLots, 0);
  rules.order_notional_max.value =
      reader.IntegerOr("order_notional_max_quanta", 0, kMaxNotionalQuanta, 0);
  const unsigned flags = (reader.BoolOr("hidden", false) ? kRulesFlagHidden : 0u) |
                         (reader.BoolOr("book_deltas", false) ? kRulesFlagBookDelta : 0u) |
                         (reader.BoolOr("batch_stops", false) ? kRulesFlagBatchStops : 0u) |
                         (reader.BoolOr("hold_auction", false) ? kRulesFlagHoldAuction : 0u);
  rules.flags = static_cast<uint8_t>(flags);
  if (rules.breaker_bp != 0 && rules.breaker_window_ns == 0) {
    reader.Fault("breaker_bp", "needs breaker_window_ms, the time in which the move is measured");
  }
  if (rules.auction_extensions_max != 0 && rules.volatility_call_ns == 0) {
    reader.Fault("auction_extensions_max", "needs volatility_call_ms, the length of an extension");
  }
  if ((rules.auction_extensions_max != 0 || (rules.flags & kRulesFlagHoldAuction) != 0) &&
      rules.auction_band_bp == 0) {
    reader.Fault("auction_band_bp", "is needed by auction_extensions_max and hold_auction");
  }
  reader.Finish();
}

const InstrumentConfig* VenueParser::InstrumentNamed(std::string_view symbol) const {
  const auto found = std::find_if(config_.instruments.begin(), config_.instruments.end(),
                                  [&](const InstrumentConfig& instrument) {
                                    return instrument.definition.symbol.view() == symbol;
                                  });
  return found == config_.instruments.end() ? nullptr : &*found;
}

void VenueParser::ParseFeeRow(const toml::table& table, std::size_t index) {
  TableReader reader(table, absl::StrCat("fees[", index, "]"), faults_);
  FeesConfig row;
  row.fees.fee_class = static_cast<uint8_t>(reader.Integer("class", 0, kMaxFeeClasses - 1));
  if (const auto symbol = reader.OptionalString("instrument")) {
    const InstrumentConfig* instrument = InstrumentNamed(*symbol);
    if (instrument == nullptr) {
      reader.Fault("instrument", "is not the symbol of an instrument; leave it out for every one");
    } else {
      row.instrument = instrument->instrument;
    }
  }
  DefineInstrumentCommand rates{};
  ParseFees(reader, &rates);
  row.fees.maker_fee_hundredths_bp = rates.maker_fee_hundredths_bp;
  row.fees.taker_fee_hundredths_bp = rates.taker_fee_hundredths_bp;
  row.fees.minimum_fee.value = reader.IntegerOr("minimum_fee_quanta", 0, kMaxNotionalQuanta, 0);
  const bool taken =
      std::any_of(config_.fees.begin(), config_.fees.end(), [&](const FeesConfig& other) {
        return other.instrument == row.instrument && other.fees.fee_class == row.fees.fee_class;
      });
  if (taken) {
    reader.Fault("class", "has a row for the same instrument already");
  }
  config_.fees.push_back(row);
  reader.Finish();
}

void VenueParser::ParseProtection(const toml::table& table, std::size_t index) {
  TableReader reader(table, absl::StrCat("protections[", index, "]"), faults_);
  ProtectionConfig row;
  row.account = static_cast<AccountId>(reader.Integer("account", 1, kMaxAccounts));
  row.protection.maker_group = static_cast<uint16_t>(reader.Integer("maker_group", 1, 65'535));
  row.protection.window_ns = reader.Integer("window_ms", 1, kDurationMsMax) * kNsPerMs;
  row.protection.quantity_max.value = reader.IntegerOr("quantity_max_lots", 0, kMaxQuantityLots, 0);
  row.protection.delta_max.value = reader.IntegerOr("delta_max_lots", 0, kMaxQuantityLots, 0);
  row.protection.count_max = static_cast<uint32_t>(reader.IntegerOr("count_max", 0, INT32_MAX, 0));
  const auto same = [&](const ProtectionConfig& other) {
    return other.account == row.account &&
           other.protection.maker_group == row.protection.maker_group;
  };
  if (std::any_of(config_.protections.begin(), config_.protections.end(), same)) {
    reader.Fault("maker_group", "of this account is protected above already");
  }
  const auto is_account = [&](const AccountConfig& account) {
    return account.account == row.account;
  };
  if (std::none_of(config_.accounts.begin(), config_.accounts.end(), is_account)) {
    reader.Fault("account", "is no account; define it under [[accounts]]");
  }
  config_.protections.push_back(row);
  reader.Finish();
}

// One entry of the file becomes one for each instrument that it is about.
void VenueParser::ParseSchedule(const toml::table& table, std::size_t index) {
  TableReader reader(table, absl::StrCat("schedule[", index, "]"), faults_);
  ScheduledPhase entry;
  const auto at = ParseTimeOfDay(reader.String("at"));
  if (!at.has_value()) {
    reader.Fault("at", "must be a time of day in UTC, e.g. \"08:00\" or \"16:35:30\"");
  }
  entry.time_of_day_ns = at.value_or(0);
  const auto phase = ParsePhaseName(reader.String("phase"));
  if (!phase.has_value()) {
    reader.Fault("phase", absl::StrCat("is no trading phase; there are ", kPhaseNames));
  }
  entry.phase = phase.value_or(TradingPhase::kContinuous);
  entry.weekdays = ReadWeekdays(reader, "weekdays");
  std::set<std::string> named;
  if (table.contains("instruments")) {
    for (const std::string& symbol : reader.Strings("instruments")) {
      named.insert(symbol);
      if (InstrumentNamed(symbol) == nullptr) {
        reader.Fault("instruments", absl::StrCat("\"", symbol, "\" is no instrument"));
      }
    }
  }
  for (const InstrumentConfig& instrument : config_.instruments) {
    const std::string symbol(instrument.definition.symbol.view());
    if (!named.empty() && !named.contains(symbol)) {
      continue;
    }
    if (entry.phase == TradingPhase::kBatchAuction && instrument.rules.batch_interval_ns == 0) {
      reader.Fault("phase",
                   absl::StrCat("batch_auction needs batch_interval_ms in the rules of ", symbol));
    }
    entry.instrument = instrument.instrument;
    config_.schedule.push_back(entry);
  }
  reader.Known("instruments");
  reader.Finish();
}

}  // namespace tally::gateway
