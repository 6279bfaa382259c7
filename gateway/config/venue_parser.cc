#include "gateway/config/venue_parser.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "base/status.h"

namespace tally::gateway {
namespace {

constexpr int64_t kUint32Max = 0xffff'ffff;
constexpr int kDecimalsMax = 18;
constexpr int64_t kOwnerGroupMax = 0x7fff'ffff;

bool IsHex(std::string_view text, std::size_t digits) {
  return text.size() == digits && std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::isxdigit(c) != 0;
         });
}

template <std::size_t N>
std::optional<std::array<uint8_t, N>> ParseHex(std::string_view text) {
  if (text.starts_with("0x")) {
    text.remove_prefix(2);
  }
  if (!IsHex(text, 2 * N)) {
    return std::nullopt;
  }
  const std::string bytes = absl::HexStringToBytes(ToAbsl(text));
  std::array<uint8_t, N> result{};
  std::copy(bytes.begin(), bytes.end(), result.begin());
  return result;
}

uint32_t Narrow(int64_t value) { return static_cast<uint32_t>(value); }

bool IsPowerOfTwo(uint32_t value) { return value != 0 && (value & (value - 1)) == 0; }

// "127.0.0.1:7000" to host and port; false if it is not of that form.
bool ParseEndpoint(std::string_view text, std::string* host, uint16_t* port) {
  const std::size_t colon = text.rfind(':');
  uint32_t number = 0;
  if (colon == std::string_view::npos || colon == 0 ||
      !absl::SimpleAtoi(ToAbsl(text.substr(colon + 1)), &number) || number > 65'535) {
    return false;
  }
  *host = std::string(text.substr(0, colon));
  *port = static_cast<uint16_t>(number);
  return true;
}

}  // namespace

VenueParser::VenueParser(const toml::table& root, std::string folder, FaultList* faults)
    : root_(root), folder_(std::move(folder)), faults_(faults) {}

template <typename Visit>
void VenueParser::ForEachTable(std::string_view name, Visit&& visit) {
  const toml::node* node = root_.get(name);
  if (node == nullptr) {
    return;
  }
  const toml::array* array = node->as_array();
  if (array == nullptr || !array->is_homogeneous<toml::table>()) {
    faults_->Add(node->source(), name,
                 absl::StrCat("must be tables; write [[", ToAbsl(name), "]] above each"));
    return;
  }
  for (std::size_t index = 0; index < array->size(); ++index) {
    visit(*array->get_as<toml::table>(index), index);
  }
}

VenueConfig VenueParser::Parse() {
  ParseVenue();
  ParseEngine();
  ParseGateway();
  ForEachTable("assets", [this](const auto& table, auto index) { ParseAsset(table, index); });
  ForEachTable("accounts", [this](const auto& table, auto index) { ParseAccount(table, index); });
  ForEachTable("instruments",
               [this](const auto& table, auto index) { ParseInstrument(table, index); });
  ForEachTable("fees", [this](const auto& table, auto index) { ParseFeeRow(table, index); });
  ForEachTable("protections",
               [this](const auto& table, auto index) { ParseProtection(table, index); });
  ForEachTable("schedule", [this](const auto& table, auto index) { ParseSchedule(table, index); });
  ForEachTable("keys", [this](const auto& table, auto index) { ParseKey(table, index); });
  ParseSettlement();
  CheckReferences();
  TableReader root(root_, "", faults_);
  for (const std::string_view known :
       {"venue", "engine", "gateway", "assets", "accounts", "instruments", "fees", "protections",
        "schedule", "keys", "settlement"}) {
    root.Known(known);
  }
  root.Finish();
  return std::move(config_);
}

void VenueParser::ParseVenue() {
  TableReader reader(Section("venue"), "venue", faults_);
  config_.name = reader.String("name");
  reader.Finish();
}

void VenueParser::ParseEngine() {
  TableReader reader(Section("engine"), "engine", faults_);
  EngineOptions& engine = config_.engine;
  engine.data_directory = AbsolutePath(reader.String("data_directory"));
  const std::string durability = reader.OptionalString("durability").value_or("sync");
  if (durability != "sync" && durability != "async") {
    reader.Fault("durability", "must be \"sync\" or \"async\"");
  }
  engine.durability = durability == "async" ? Durability::kAsync : Durability::kSync;
  const auto wait = ParseWaitKind(reader.OptionalString("wait").value_or("block"));
  if (!wait.has_value()) {
    reader.Fault("wait", "must be \"block\", \"yield\" or \"spin\"");
  }
  engine.wait = wait.value_or(WaitKind::kBlock);
  engine.input_ring_size =
      Narrow(reader.IntegerOr("input_ring_size", 64, 1 << 24, engine.input_ring_size));
  engine.output_ring_size =
      Narrow(reader.IntegerOr("output_ring_size", 64, 1 << 24, engine.output_ring_size));
  if (!IsPowerOfTwo(engine.input_ring_size)) {
    reader.Fault("input_ring_size", "must be a power of two, e.g. 16384");
  }
  if (!IsPowerOfTwo(engine.output_ring_size)) {
    reader.Fault("output_ring_size", "must be a power of two, e.g. 65536");
  }
  ParseLimits(reader);
  reader.Finish();
}

void VenueParser::ParseLimits(TableReader& engine) {
  CoreLimits& limits = config_.engine.limits;
  limits.assets = Narrow(engine.IntegerOr("assets_max", 1, kMaxAssets, limits.assets));
  limits.instruments =
      Narrow(engine.IntegerOr("instruments_max", 1, kMaxInstruments, limits.instruments));
  limits.accounts = Narrow(engine.IntegerOr("accounts_max", 1, kMaxAccounts, limits.accounts));
  limits.sessions = Narrow(engine.IntegerOr("sessions_max", 1, kMaxSessions, limits.sessions));
  limits.open_orders =
      Narrow(engine.IntegerOr("open_orders_max", 1, kMaxOpenOrdersPerCore, limits.open_orders));
  limits.open_orders_per_account =
      Narrow(engine.IntegerOr("open_orders_per_account_max", 1, kMaxOpenOrdersPerCore,
                              std::min(limits.open_orders_per_account, limits.open_orders)));
  limits.order_groups =
      Narrow(engine.IntegerOr("order_groups_max", 1, kMaxOpenOrdersPerCore, limits.order_groups));
  limits.maker_groups =
      Narrow(engine.IntegerOr("maker_groups_max", 1, kMaxAccounts, limits.maker_groups));
  limits.pegged_orders_per_instrument =
      Narrow(engine.IntegerOr("pegged_orders_per_instrument_max", 1, kMaxOpenOrdersPerCore,
                              limits.pegged_orders_per_instrument));
  limits.cascade_steps_max =
      Narrow(engine.IntegerOr("cascade_steps_max", 1, 1'000'000, limits.cascade_steps_max));
  limits.state_hash_interval =
      static_cast<uint64_t>(engine.IntegerOr("state_hash_interval", 256, int64_t{1} << 40,
                                             static_cast<int64_t>(limits.state_hash_interval)));
}

void VenueParser::ParseGateway() {
  TableReader reader(Section("gateway"), "gateway", faults_);
  GatewayOptions& gateway = config_.gateway;
  if (const auto listen = reader.OptionalString("listen");
      listen.has_value() && !ParseEndpoint(*listen, &gateway.host, &gateway.port)) {
    reader.Fault("listen", "must be ADDRESS:PORT, e.g. \"127.0.0.1:7001\"; port 0 is any free one");
  }
  const auto limit = [&reader](std::string_view key, int64_t low, uint32_t* value) {
    *value = Narrow(reader.IntegerOr(key, low, kUint32Max, *value));
  };
  limit("connections_max", 1, &gateway.connections_max);
  limit("connections_per_key_max", 1, &gateway.connections_per_key_max);
  limit("sessions_per_account_max", 1, &gateway.sessions_per_account_max);
  limit("logons_per_second_max", 1, &gateway.logons_per_second_max);
  limit("logon_deadline_ms", 100, &gateway.logon_deadline_ms);
  limit("partial_frame_deadline_ms", 100, &gateway.partial_frame_deadline_ms);
  limit("clock_skew_ms_max", 100, &gateway.clock_skew_ms_max);
  limit("heartbeat_ms_default", 50, &gateway.heartbeat_ms_default);
  limit("heartbeat_ms_min", 50, &gateway.heartbeat_ms_min);
  limit("heartbeat_ms_max", 50, &gateway.heartbeat_ms_max);
  limit("cancel_grace_ms_max", 0, &gateway.cancel_grace_ms_max);
  limit("messages_per_second", 1, &gateway.messages_per_second);
  limit("burst", 1, &gateway.burst);
  limit("refused_in_row_max", 1, &gateway.refused_in_row_max);
  limit("send_queue_bytes_max", 65'536, &gateway.send_queue_bytes_max);
  limit("send_queue_age_ms_max", 10, &gateway.send_queue_age_ms_max);
  limit("send_queue_bytes_soft", 4'096, &gateway.send_queue_bytes_soft);
  reader.Finish();
}

void VenueParser::ParseSettlement() {
  if (!root_.contains("settlement")) {
    return;
  }
  TableReader reader(Section("settlement"), "settlement", faults_);
  SettlementConfig& settlement = config_.settlement;
  settlement.configured = true;
  settlement.rpc_url = reader.String("rpc_url");
  settlement.chain_id = static_cast<uint64_t>(reader.Integer("chain_id", 1, INT64_MAX));
  settlement.vault = reader.String("vault");
  if (!ParseHex<20>(settlement.vault).has_value()) {
    reader.Fault("vault", "must be an address: 0x and 40 hexadecimal digits");
  }
  settlement.operator_key_file = AbsolutePath(reader.String("operator_key_file"));
  settlement.data_directory = AbsolutePath(reader.String("data_directory"));
  settlement.key_id = static_cast<uint64_t>(reader.Integer("key_id", 1, INT64_MAX));
  settlement.key_file = AbsolutePath(reader.String("key_file"));
  settlement.confirmations =
      Narrow(reader.IntegerOr("confirmations", 0, 1'000, settlement.confirmations));
  settlement.from_block = static_cast<uint64_t>(reader.IntegerOr("from_block", 0, INT64_MAX, 0));
  settlement.batch_fills_max =
      Narrow(reader.IntegerOr("batch_fills_max", 1, 1'000'000, settlement.batch_fills_max));
  settlement.batch_interval_ms =
      Narrow(reader.IntegerOr("batch_interval_ms", 10, 86'400'000, settlement.batch_interval_ms));
  reader.Finish();
}

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

void VenueParser::ParseKey(const toml::table& table, std::size_t index) {
  TableReader reader(table, absl::StrCat("keys[", index, "]"), faults_);
  ApiKey key;
  key.id = static_cast<uint64_t>(reader.Integer("id", 1, INT64_MAX));
  const auto public_key = ParseHex<32>(reader.String("public_key"));
  if (!public_key.has_value()) {
    reader.Fault("public_key", "must be 64 hexadecimal digits; tally keygen prints them");
  }
  key.public_key = public_key.value_or(key.public_key);
  key.account = static_cast<AccountId>(reader.IntegerOr("account", 0, kMaxAccounts, 0));
  key.permissions = ParsePermissions(reader);
  if ((key.permissions & kPermissionTrade) != 0 && Raw(key.account) == 0) {
    reader.Fault("account", "is needed by a key that may trade");
  }
  key.enabled = reader.BoolOr("enabled", true);
  config_.keys.push_back(key);
  reader.Finish();
}

uint8_t VenueParser::ParsePermissions(TableReader& reader) {
  static constexpr std::pair<std::string_view, uint8_t> kPermissions[] = {
      {"read", kPermissionRead},
      {"trade", kPermissionRead | kPermissionTrade},
      {"settlement", kPermissionSettlement},
      {"admin", kPermissionAdmin},
  };
  uint8_t permissions = 0;
  for (const std::string& name : reader.Strings("permissions")) {
    const auto* found = std::find_if(std::begin(kPermissions), std::end(kPermissions),
                                     [&](const auto& entry) { return entry.first == name; });
    if (found == std::end(kPermissions)) {
      reader.Fault("permissions", absl::StrCat("no permission \"", name,
                                               "\"; there are read, trade, settlement, admin"));
    } else {
      permissions |= found->second;
    }
  }
  return permissions;
}

// What needs all tables: duplicates, references between them, capacities.
void VenueParser::CheckReferences() {
  const auto fault = [this](std::string_view array, std::size_t index, std::string_view key,
                            std::string_view what) {
    const toml::node* node = root_.at_path(absl::StrCat(ToAbsl(array), "[", index, "]")).node();
    faults_->Add(node->source(), absl::StrCat(ToAbsl(array), "[", index, "].", ToAbsl(key)), what);
  };
  std::set<AccountId> accounts;
  for (std::size_t i = 0; i < config_.accounts.size(); ++i) {
    if (!accounts.insert(config_.accounts[i].account).second) {
      fault("accounts", i, "id", "is taken by another account");
    }
  }
  std::set<InstrumentId> instruments;
  for (std::size_t i = 0; i < config_.instruments.size(); ++i) {
    if (!instruments.insert(config_.instruments[i].instrument).second) {
      fault("instruments", i, "id", "is taken by another instrument");
    }
    if (!accounts.contains(config_.instruments[i].definition.fee_account)) {
      fault("instruments", i, "fee_account", "is no account; define it under [[accounts]]");
    }
  }
  std::set<uint64_t> keys;
  for (std::size_t i = 0; i < config_.keys.size(); ++i) {
    const ApiKey& key = config_.keys[i];
    if (!keys.insert(key.id).second) {
      fault("keys", i, "id", "is taken by another key");
    }
    if (Raw(key.account) != 0 && !accounts.contains(key.account)) {
      fault("keys", i, "account", "is no account; define it under [[accounts]]");
    }
  }
  CheckCapacities();
}

// The core's tables are indexed by id, so it is the largest id that has to fit.
void VenueParser::CheckCapacities() {
  const CoreLimits& limits = config_.engine.limits;
  const auto capacity = [this](std::string_view key, uint64_t needed, uint32_t limit) {
    if (needed > limit) {
      faults_->Add(
          root_.source(), absl::StrCat("engine.", ToAbsl(key)),
          absl::StrCat("is ", limit, " but the ids of the file need ", needed, "; raise it"));
    }
  };
  uint64_t assets = 0;
  for (const AssetConfig& asset : config_.assets) {
    assets = std::max<uint64_t>(assets, Raw(asset.asset) + uint64_t{1});
  }
  uint64_t accounts = 0;
  for (const AccountConfig& account : config_.accounts) {
    accounts = std::max<uint64_t>(accounts, Raw(account.account));
  }
  uint64_t instruments = 0;
  for (const InstrumentConfig& instrument : config_.instruments) {
    instruments = std::max<uint64_t>(instruments, Raw(instrument.instrument));
  }
  capacity("assets_max", assets, limits.assets);
  capacity("accounts_max", accounts, limits.accounts);
  capacity("instruments_max", instruments, limits.instruments);
}

const toml::table& VenueParser::Section(std::string_view name) {
  const toml::node* node = root_.get(name);
  if (node == nullptr) {
    return empty_;
  }
  if (const toml::table* table = node->as_table()) {
    return *table;
  }
  faults_->Add(node->source(), name, absl::StrCat("must be a table; write [", ToAbsl(name), "]"));
  return empty_;
}

std::string VenueParser::AbsolutePath(const std::string& path) const {
  return path.empty() ? path : (std::filesystem::path(folder_) / path).lexically_normal().string();
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
