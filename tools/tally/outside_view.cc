#include "tools/tally/outside_view.h"

#include <spdlog/spdlog.h>

#include "base/status.h"
#include "gateway/venue_config.h"

namespace tally {

void AddOutsideViewOptions(CLI::App* command, OutsideViewOptions* options) {
  command->add_option(
      "--config", options->config,
      "Venue configuration with a [settlement] table; the options below override it");
  command->add_option("--rpc-url", options->rpc_url, "JSON-RPC of a node of the chain: your own");
  command->add_option("--events", options->events,
                      "Directory with the venue's event log (a copy will do)");
  command->add_option("--vault", options->vault, "Address of the vault");
  command->add_option("--chain-id", options->chain_id, "Chain of the vault");
  command->add_option("--from-block", options->from_block, "Block of the vault's deployment");
  command->add_option("--confirmations", options->confirmations,
                      "Blocks on top of a settlement before it is looked at");
}

absl::StatusOr<OutsideView> LoadOutsideView(const OutsideViewOptions& options) {
  OutsideView view{.rpc_url = options.rpc_url,
                   .events_directory = options.events,
                   .vault = {},
                   .chain_id = options.chain_id,
                   .from_block = options.from_block,
                   .confirmations = options.confirmations};
  std::string vault = options.vault;
  if (!options.config.empty()) {
    ASSIGN_OR_RETURN(const gateway::VenueConfig config, gateway::LoadVenueConfig(options.config));
    if (!config.settlement.configured) {
      return absl::InvalidArgumentError(options.config + " has no [settlement] table");
    }
    const auto take = [](std::string* value, const std::string& other) {
      *value = value->empty() ? other : *value;
    };
    take(&view.rpc_url, config.settlement.rpc_url);
    take(&view.events_directory, config.engine.data_directory + "/events");
    take(&vault, config.settlement.vault);
    view.chain_id = view.chain_id == 0 ? config.settlement.chain_id : view.chain_id;
    view.from_block = view.from_block == 0 ? config.settlement.from_block : view.from_block;
  }
  if (view.rpc_url.empty() || view.events_directory.empty() || vault.empty() ||
      view.chain_id == 0) {
    return absl::InvalidArgumentError(
        "give --config, or all of --rpc-url, --events, --vault and --chain-id");
  }
  ASSIGN_OR_RETURN(view.vault, settlement::ParseAddress(vault));
  return view;
}

void LogLine(settlement::LogLevel level, std::string_view text) {
  switch (level) {
    case settlement::LogLevel::kInfo:
      spdlog::info("{}", text);
      return;
    case settlement::LogLevel::kWarning:
      spdlog::warn("{}", text);
      return;
    case settlement::LogLevel::kError:
      spdlog::error("{}", text);
      return;
  }
}

}  // namespace tally
