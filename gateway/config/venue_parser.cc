#include "gateway/config/venue_parser.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/status.h"
#include "gateway/config/endpoint.h"
#include "gateway/config/hex.h"

namespace tally::gateway {
namespace {

bool IsPowerOfTwo(uint32_t value) { return value != 0 && (value & (value - 1)) == 0; }

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
  ForEachTable("exposure_limits",
               [this](const auto& table, auto index) { ParseExposure(table, index); });
  ForEachTable("schedule", [this](const auto& table, auto index) { ParseSchedule(table, index); });
  ForEachTable("keys", [this](const auto& table, auto index) { ParseKey(table, index); });
  ParseFix();
  ForEachTable("fix_sessions",
               [this](const auto& table, auto index) { ParseFixSession(table, index); });
  ParseSettlement();
  ParseChain();
  ForEachTable("session_keys",
               [this](const auto& table, auto index) { ParseSessionKey(table, index); });
  CheckReferences();
  TableReader root(root_, "", faults_);
  for (const std::string_view known :
       {"venue", "engine", "gateway", "assets", "accounts", "instruments", "fees", "protections",
        "exposure_limits", "schedule", "keys", "chain", "session_keys", "settlement", "fix",
        "fix_sessions"}) {
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
  for (const auto& [key, file] :
       {std::pair("operator_key_file", &settlement.operator_key_file),
        std::pair("justifier_key_file", &settlement.justifier_key_file)}) {
    if (const auto path = reader.OptionalString(key); path.has_value()) {
      *file = AbsolutePath(*path);
    }
  }
  const toml::node* signing = Section("settlement").get("signing");
  reader.Known("signing");
  if (signing != nullptr && !signing->is_table()) {
    reader.Fault("signing", "must be a table; write [settlement.signing]");
  } else if (signing != nullptr) {
    ParseSigning(*signing->as_table());
  }
  if (settlement.operator_key_file.empty() && settlement.signing.vault_operator.url.empty()) {
    reader.Fault("operator_key_file", "is missing; or name a signer in [settlement.signing]");
  }
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
  for (const std::string& file : reader.StringsOr("sender_key_files")) {
    settlement.sender_key_files.push_back(AbsolutePath(file));
  }
  ParseSettlementTiming(&reader);
  reader.Finish();
}

void VenueParser::ParseSettlementTiming(TableReader* reader) {
  SettlementConfig& settlement = config_.settlement;
  settlement.settle_deadline_ms =
      Narrow(reader->IntegerOr("settle_deadline_ms", 0, 86'400'000, settlement.settle_deadline_ms));
  settlement.block_ms = Narrow(reader->IntegerOr("block_ms", 10, 600'000, settlement.block_ms));
  const auto symbol = reader->OptionalString("open_value_asset");
  if (!symbol.has_value()) {
    return;
  }
  const auto asset = asset_by_symbol_.find(*symbol);
  if (asset == asset_by_symbol_.end()) {
    reader->Fault("open_value_asset", "is not the symbol of an asset; define it under [[assets]]");
    return;
  }
  settlement.open_value_asset = config_.assets[asset->second].asset;
  settlement.open_value_quanta_max = reader->Integer("open_value_quanta_max", 1, INT64_MAX);
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
  CheckSigners();
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

}  // namespace tally::gateway
