#include "gateway/venue_config.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include <toml++/toml.h>

#include "base/status.h"
#include "gateway/config/venue_parser.h"

namespace tally::gateway {

absl::StatusOr<VenueConfig> LoadVenueConfig(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": cannot be read; docs/venue.example.toml is a file to start from"));
  }
  return ParseVenueConfig(text.str(), path);
}

absl::StatusOr<VenueConfig> ParseVenueConfig(const std::string& text, const std::string& name) {
  const toml::parse_result parsed = toml::parse(text, name);
  if (!parsed) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ":", parsed.error().source().begin.line,
                     ": not TOML: ", ToAbsl(parsed.error().description())));
  }
  FaultList faults(name);
  const std::string folder = std::filesystem::absolute(name).parent_path().string();
  VenueConfig config = VenueParser(parsed.table(), folder, &faults).Parse();
  RETURN_IF_ERROR(faults.ToStatus());
  return config;
}

std::vector<Command> VenueDefinitions(const VenueConfig& config) {
  std::vector<Command> commands;
  for (const AssetConfig& asset : config.assets) {
    Command command = MakeCommand(CommandType::kDefineAsset);
    command.define_asset.symbol = asset.symbol;
    command.define_asset.chain_units_per_quantum = asset.chain_units_per_quantum;
    command.define_asset.asset = asset.asset;
    command.define_asset.quantum_decimals = asset.quantum_decimals;
    commands.push_back(command);
  }
  for (const AccountConfig& account : config.accounts) {
    Command command = MakeCommand(CommandType::kDefineAccount);
    command.account = account.account;
    command.define_account.owner = account.owner;
    command.define_account.enabled = account.enabled ? 1 : 0;
    command.define_account.fee_class = account.fee_class;
    command.define_account.owner_group = account.owner_group;
    command.define_account.must_sign = account.must_sign ? 1 : 0;
    commands.push_back(command);
  }
  for (const InstrumentConfig& instrument : config.instruments) {
    Command command = MakeCommand(CommandType::kDefineInstrument);
    command.instrument = instrument.instrument;
    command.define_instrument = instrument.definition;
    commands.push_back(command);
  }
  for (const InstrumentConfig& instrument : config.instruments) {
    if (!instrument.has_rules) {
      continue;
    }
    Command command = MakeCommand(CommandType::kDefineRules);
    command.instrument = instrument.instrument;
    command.define_rules = instrument.rules;
    commands.push_back(command);
  }
  for (const FeesConfig& row : config.fees) {
    Command command = MakeCommand(CommandType::kDefineFees);
    command.instrument = row.instrument;
    command.define_fees = row.fees;
    commands.push_back(command);
  }
  for (const ProtectionConfig& row : config.protections) {
    Command command = MakeCommand(CommandType::kDefineProtection);
    command.account = row.account;
    command.define_protection = row.protection;
    commands.push_back(command);
  }
  for (const ExposureConfig& row : config.exposures) {
    Command command = MakeCommand(CommandType::kDefineExposure);
    command.account = row.account;
    command.define_exposure = row.exposure;
    commands.push_back(command);
  }
  return commands;
}

}  // namespace tally::gateway
