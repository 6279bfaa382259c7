#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include <nlohmann/json.hpp>

#include "base/status.h"
#include "gateway/venue_config.h"
#include "sdk/key.h"
#include "tools/load/load.h"
#include "tools/process/child_process.h"
#include "tools/tally/chain_key.h"
#include "tools/tally/commands.h"

namespace tally {
namespace {

struct LoadCommandOptions {
  std::string ready_file;
  std::vector<std::string> keys;  // ID:FILE
  uint32_t sessions = 0;          // 0: one for each key.
  uint32_t duration_s = 5;
  uint32_t instrument = 1;
  int64_t price = 10'000;
  int64_t quantity_max = 100;
  load::LoadOptions load;
  std::string config;
  ChainKeyOptions signing_key;
};

bool MustSign(const LoadCommandOptions& options) {
  return !options.signing_key.file.empty() || !options.signing_key.environment.empty();
}

// How orders are signed: by the key, for the vault and the instruments of the configuration.
absl::StatusOr<sdk::OrderSigning> SigningFor(const LoadCommandOptions& options) {
  if (options.config.empty()) {
    return absl::InvalidArgumentError("a signing key needs --config, for what it signs");
  }
  ASSIGN_OR_RETURN(const gateway::VenueConfig venue, gateway::LoadVenueConfig(options.config));
  if (!venue.chain.configured) {
    return absl::InvalidArgumentError(options.config + " has no [chain] and no [settlement]");
  }
  ASSIGN_OR_RETURN(evm::PrivateKey key, LoadChainKey(options.signing_key));
  sdk::OrderSigning signing;
  signing.chain_id = venue.chain.chain_id;
  signing.vault = venue.chain.vault;
  signing.key = std::make_shared<const sdk::EvmKey>(std::move(key));
  for (const gateway::InstrumentConfig& instrument : venue.instruments) {
    const DefineInstrumentCommand& definition = instrument.definition;
    signing.markets.push_back({.instrument = instrument.instrument,
                               .base = definition.base_asset,
                               .quote = definition.quote_asset,
                               .tick_quanta = definition.tick_quanta,
                               .lot_quanta = definition.lot_quanta});
  }
  return signing;
}

// "7:maker.key" to the key's id and the key.
absl::StatusOr<std::pair<uint64_t, sdk::SigningKey>> LoadKey(const std::string& argument) {
  const std::size_t colon = argument.find(':');
  uint64_t id = 0;
  if (colon == std::string::npos || !absl::SimpleAtoi(argument.substr(0, colon), &id)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--key ", argument, ": must be ID:FILE, e.g. 7:maker.key"));
  }
  ASSIGN_OR_RETURN(sdk::SigningKey key, sdk::SigningKey::Load(argument.substr(colon + 1)));
  return std::pair(id, std::move(key));
}

absl::Status ReadPort(const std::string& ready_file, load::LoadOptions* load) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(ready_file));
  const auto object = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object() || !object.contains("binary")) {
    return absl::InvalidArgumentError(
        absl::StrCat(ready_file, ": is not the ready file of tally serve"));
  }
  load->host = object["binary"].value("host", load->host);
  load->port = object["binary"].value("port", load->port);
  return absl::OkStatus();
}

absl::StatusOr<int> Load(const LoadCommandOptions& options) {
  load::LoadOptions load = options.load;
  if (!options.ready_file.empty()) {
    RETURN_IF_ERROR(ReadPort(options.ready_file, &load));
  }
  std::optional<sdk::OrderSigning> signing;
  if (MustSign(options)) {
    ASSIGN_OR_RETURN(signing, SigningFor(options));
  }
  const std::size_t sessions = options.sessions == 0 ? options.keys.size() : options.sessions;
  for (std::size_t i = 0; i < sessions; ++i) {
    ASSIGN_OR_RETURN(const auto key, LoadKey(options.keys[i % options.keys.size()]));
    load.sessions.push_back(
        {.key_id = key.first, .key = key.second, .session_id = 1 + i, .signing = signing});
  }
  load.duration_ms = options.duration_s * 1'000;
  load.instrument = InstrumentId{options.instrument};
  load.price = PriceTicks{options.price};
  load.quantity_max = QuantityLots{options.quantity_max};
  return load::RunLoad(load);
}

}  // namespace

void AddLoadCommand(CLI::App* app, ExitCode* exit_code) {
  CLI::App* command = app->add_subcommand(
      "load",
      "Load a venue and print latency percentiles. Open loop: commands are due at a fixed rate "
      "whatever the venue does, and latency counts from when they were due. Exit status 1 if a "
      "command was not answered exactly once. The accounts of the keys need funds.");
  auto options = std::make_shared<LoadCommandOptions>();
  load::LoadOptions& load = options->load;
  command->add_option("--host", load.host, "Address of the venue")->capture_default_str();
  command->add_option("--port", load.port, "Port of the binary gateway");
  command->add_option("--ready-file", options->ready_file,
                      "Take address and port from the ready file of tally serve");
  command->add_option("--key", options->keys, "Key to log on with, as ID:FILE; repeat for more")
      ->required();
  command->add_option("--signing-key", options->signing_key.file,
                      "Sign the orders with this key of the chain, the owner's or a session key: a "
                      "keystore or 64 hexadecimal digits, mode 0600");
  command->add_option("--signing-key-env", options->signing_key.environment,
                      "Environment variable with that key in hexadecimal digits");
  AddPassphraseOptions(command, &options->signing_key.passphrase);
  command->add_option("--config", options->config,
                      "With a signing key: venue configuration with the chain and instruments");
  command->add_option("--sessions", options->sessions,
                      "Sessions, spread over the keys (default: one for each key)");
  command
      ->add_option("--rate", load.commands_per_second,
                   "Commands per second over all sessions; 0: as fast as --window allows")
      ->capture_default_str();
  command->add_option("--window", load.window, "With --rate 0: commands in flight per session")
      ->capture_default_str();
  command->add_option("--duration", options->duration_s, "Seconds")->capture_default_str();
  command->add_option("--commands", load.commands_max, "End after this many commands");
  command->add_option("--instrument", options->instrument, "Instrument")->capture_default_str();
  command->add_option("--price", options->price, "Ticks that orders rest around")
      ->capture_default_str();
  command->add_option("--quantity-max", options->quantity_max, "Lots of the largest order")
      ->capture_default_str();
  command->add_option("--seed", load.seed, "Of the random orders")->capture_default_str();
  command->add_flag("--json", load.json, "Print JSON lines instead of the table");
  command->callback([options, exit_code] {
    const absl::StatusOr<int> result = Load(*options);
    *exit_code = !result.ok()   ? ReportFailure(result.status())
                 : *result == 0 ? ExitCode::kOk
                                : ExitCode::kCheckFailed;
  });
}

}  // namespace tally
