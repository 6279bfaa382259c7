#include <csignal>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "base/status.h"
#include "evm/key_file.h"
#include "gateway/venue_config.h"
#include "sdk/key.h"
#include "settlement/relay.h"
#include "tools/tally/chain_signers.h"
#include "tools/tally/commands.h"
#include "tools/tally/outside_view.h"
#include "tools/tally/passphrase.h"
#include "tools/tally/sdk_engine_link.h"
#include "tools/tally/stop_signal.h"

namespace tally {
namespace {

// The relayer's session with the engine: one relayer, one session, whatever its process.
constexpr uint64_t kRelayerSession = 1;

struct RelayCommandOptions {
  std::string config;
  std::string data;
  std::string engine;
  std::string engine_ready_file;
  std::string rpc_url;
  std::string status_file;
};

struct Endpoint {
  std::string host;
  uint16_t port = 0;
};

absl::StatusOr<Endpoint> EndpointFromReadyFile(const std::string& path) {
  std::ifstream file(path);
  const nlohmann::json ready = nlohmann::json::parse(file, nullptr, /*allow_exceptions=*/false);
  if (!ready.is_object() || !ready.contains("binary") || !ready["binary"].contains("host") ||
      !ready["binary"]["host"].is_string() || !ready["binary"].contains("port") ||
      !ready["binary"]["port"].is_number_unsigned()) {
    return absl::UnavailableError(path + ": not the ready file of a running `tally serve`");
  }
  return Endpoint{.host = ready["binary"]["host"].get<std::string>(),
                  .port = ready["binary"]["port"].get<uint16_t>()};
}

absl::StatusOr<Endpoint> FindEngine(const RelayCommandOptions& options,
                                    const gateway::VenueConfig& config) {
  if (!options.engine_ready_file.empty()) {
    return EndpointFromReadyFile(options.engine_ready_file);
  }
  Endpoint endpoint{.host = config.gateway.host, .port = config.gateway.port};
  if (!options.engine.empty()) {
    const std::size_t colon = options.engine.rfind(':');
    uint32_t port = 0;
    if (colon == std::string::npos ||
        !absl::SimpleAtoi(ToAbsl(std::string_view(options.engine).substr(colon + 1)), &port) ||
        port > 65'535) {
      return absl::InvalidArgumentError("--engine must be HOST:PORT");
    }
    endpoint = {.host = options.engine.substr(0, colon), .port = static_cast<uint16_t>(port)};
  }
  if (endpoint.port == 0) {
    return absl::InvalidArgumentError(
        "the configuration leaves the engine's port open: give --engine or --engine-ready-file");
  }
  return endpoint;
}

absl::StatusOr<settlement::RelayOptions> RelayOptionsFrom(const gateway::SettlementConfig& config) {
  settlement::RelayOptions options;
  options.node_url = config.rpc_url;
  options.store_directory = config.data_directory;
  options.relayer.chain_id = config.chain_id;
  ASSIGN_OR_RETURN(options.relayer.vault, settlement::ParseAddress(config.vault));
  options.relayer.start_block = config.from_block;
  options.relayer.confirmations = config.confirmations;
  options.relayer.batch_fills_max = config.batch_fills_max;
  options.relayer.batch_age_ns_max = int64_t{config.batch_interval_ms} * 1'000'000;
  options.relayer.block_ns = int64_t{config.block_ms} * 1'000'000;
  options.relayer.timing.deadline_blocks = config.settle_deadline_ms / config.block_ms;
  options.relayer.open_value_asset = config.open_value_asset;
  options.relayer.open_value_quanta_max = config.open_value_quanta_max;
  const gateway::SigningConfig& signing = config.signing;
  options.signing_limits = LimitsFrom(signing);
  options.relayer.fee_cap_wei_max = options.signing_limits.fee_cap_wei_max;
  options.relayer.runway_hours_warning = signing.runway_hours_warning;
  options.relayer.runway_hours_alarm = signing.runway_hours_alarm;
  options.relayer.log = LogLine;
  return options;
}

// Keys of the lanes beside the operator's. No account may send in two places.
absl::Status AddSenders(const gateway::SettlementConfig& config,
                        std::set<settlement::Address> taken,
                        std::vector<std::unique_ptr<settlement::KeySigner>>* senders) {
  for (const std::string& file : config.sender_key_files) {
    ASSIGN_OR_RETURN(settlement::PrivateKey key, evm::LoadKeyFile(file, PassphraseFrom({})));
    if (!taken.insert(key.address()).second) {
      return absl::InvalidArgumentError(
          absl::StrCat("'sender_key_files': ", file, " is a key that sends already"));
    }
    senders->push_back(std::make_unique<settlement::KeySigner>(std::move(key)));
  }
  return absl::OkStatus();
}

absl::Status Relay(const RelayCommandOptions& options) {
  StopOnSignals();
  std::signal(SIGPIPE, SIG_IGN);
  ASSIGN_OR_RETURN(gateway::VenueConfig config, gateway::LoadVenueConfig(options.config));
  if (!config.settlement.configured) {
    return absl::InvalidArgumentError(options.config + " has no [settlement] table");
  }
  if (!options.rpc_url.empty()) {
    config.settlement.rpc_url = options.rpc_url;
  }
  if (!options.data.empty()) {
    config.engine.data_directory = options.data;
  }
  ASSIGN_OR_RETURN(settlement::RelayOptions relay, RelayOptionsFrom(config.settlement));
  relay.status_file = options.status_file;
  ASSIGN_OR_RETURN(const ChainSigners signers, MakeChainSigners(config.settlement));
  relay.justifier = signers.justifier.get();
  if (relay.justifier == nullptr) {
    spdlog::warn("no 'justifier_key_file': challenges of settled batches will not be answered");
  }
  std::set<settlement::Address> taken = {signers.vault_operator->address()};
  if (signers.justifier != nullptr) {
    taken.insert(signers.justifier->address());
  }
  std::vector<std::unique_ptr<settlement::KeySigner>> senders;
  RETURN_IF_ERROR(AddSenders(config.settlement, std::move(taken), &senders));
  for (const auto& sender : senders) {
    relay.senders.push_back(sender.get());
  }
  ASSIGN_OR_RETURN(const sdk::SigningKey session_key,
                   sdk::SigningKey::Load(config.settlement.key_file));
  ASSIGN_OR_RETURN(const Endpoint engine, FindEngine(options, config));
  sdk::ClientOptions client;
  client.host = engine.host;
  client.port = engine.port;
  client.key_id = config.settlement.key_id;
  client.key = session_key;
  client.session_id = kRelayerSession;
  client.resume_from = 0;  // Outcomes come from the event log.
  ASSIGN_OR_RETURN(const std::unique_ptr<SdkEngineLink> link, SdkEngineLink::Start(client));
  const auto events = settlement::OpenEventSource(config.engine.data_directory + "/events");
  spdlog::info("relaying {}:{} to vault {} on chain {} through {}", engine.host, engine.port,
               config.settlement.vault, config.settlement.chain_id, relay.node_url);
  return settlement::RunRelayer(relay, signers.vault_operator.get(), link.get(), events.get(),
                                stop_requested());
}

}  // namespace

void AddRelayCommand(CLI::App* app, ExitCode* exit_code) {
  CLI::App* command = app->add_subcommand(
      "relay",
      "Settle a venue: net its fills, send batches to the vault, credit deposits, carry out "
      "withdrawals. Continues where it stopped. SIGINT and SIGTERM stop it in order.");
  auto options = std::make_shared<RelayCommandOptions>();
  command
      ->add_option("--config", options->config,
                   "Venue configuration with a [settlement] table, see docs/venue.example.toml")
      ->required();
  command->add_option("--data", options->data,
                      "The engine's data directory, instead of the configuration's");
  command->add_option("--engine", options->engine,
                      "HOST:PORT of the binary gateway, instead of the configuration's");
  command->add_option("--engine-ready-file", options->engine_ready_file,
                      "Take host and port from the --ready-file of `tally serve`");
  command->add_option("--rpc-url", options->rpc_url,
                      "JSON-RPC of the chain's node, instead of the configuration's");
  command->add_option("--status-file", options->status_file,
                      "Keep the keys' balances and how many hours they last here, as JSON");
  command->callback([options, exit_code] {
    const absl::Status status = Relay(*options);
    *exit_code = status.ok() ? ExitCode::kOk : ReportFailure(status);
  });
}

}  // namespace tally
