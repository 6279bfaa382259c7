#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

#include "base/status.h"
#include "gateway/venue_config.h"
#include "settlement/deploy.h"
#include "tools/tally/chain_key.h"
#include "tools/tally/chain_signers.h"
#include "tools/tally/commands.h"

namespace tally {
namespace {

struct DeployCommandOptions {
  std::string config;
  std::string rpc_url;
  std::string artifacts;
  ChainKeyOptions key;
  std::string operator_address;
  std::vector<std::string> tokens;
  std::string out;
  uint32_t challenge_window_s = 86'400;
  uint32_t force_delay_s = 259'200;
};

absl::StatusOr<std::map<std::string, settlement::Address>> ParseTokens(
    const std::vector<std::string>& tokens) {
  std::map<std::string, settlement::Address> result;
  for (const std::string& token : tokens) {
    const std::size_t equals = token.find('=');
    if (equals == std::string::npos) {
      return absl::InvalidArgumentError("--token must be SYMBOL=ADDRESS, got " + token);
    }
    ASSIGN_OR_RETURN(result[token.substr(0, equals)],
                     settlement::ParseAddress(std::string_view(token).substr(equals + 1)));
  }
  return result;
}

// Decimals of the token of which one quantum is `units` (a power of ten): the asset's own and those
// of the scale.
uint8_t TokenDecimals(uint8_t quantum_decimals, uint64_t units) {
  for (; units >= 10; units /= 10) {
    ++quantum_decimals;
  }
  return quantum_decimals;
}

absl::StatusOr<std::vector<settlement::DeployAsset>> AssetsOf(
    std::vector<gateway::AssetConfig> assets, std::map<std::string, settlement::Address> tokens) {
  std::sort(assets.begin(), assets.end(),
            [](const auto& a, const auto& b) { return a.asset < b.asset; });
  std::vector<settlement::DeployAsset> result;
  for (const gateway::AssetConfig& asset : assets) {
    if (Raw(asset.asset) != result.size()) {
      return absl::InvalidArgumentError(
          absl::StrCat("asset ids must be 0, 1, 2, ...: the vault numbers them itself; ",
                       result.size(), " is missing"));
    }
    const std::string symbol(asset.symbol.view());
    settlement::DeployAsset deploy{
        .symbol = symbol,
        .token = std::nullopt,
        .token_decimals = TokenDecimals(asset.quantum_decimals, asset.chain_units_per_quantum),
        .units_per_quantum = asset.chain_units_per_quantum};
    if (const auto found = tokens.find(symbol); found != tokens.end()) {
      deploy.token = found->second;
      tokens.erase(found);
    }
    result.push_back(std::move(deploy));
  }
  if (!tokens.empty()) {
    return absl::InvalidArgumentError("--token " + tokens.begin()->first +
                                      ": the configuration has no such asset");
  }
  return result;
}

absl::Status Deploy(const DeployCommandOptions& options) {
  ASSIGN_OR_RETURN(settlement::PrivateKey key, LoadChainKey(options.key));
  ASSIGN_OR_RETURN(const gateway::VenueConfig config, gateway::LoadVenueConfig(options.config));
  settlement::DeployOptions deploy;
  deploy.artifacts_directory = options.artifacts;
  deploy.challenge_window_s = options.challenge_window_s;
  deploy.force_delay_s = options.force_delay_s;
  if (!options.operator_address.empty()) {
    ASSIGN_OR_RETURN(deploy.vault_operator, settlement::ParseAddress(options.operator_address));
  } else if (config.settlement.configured) {
    ASSIGN_OR_RETURN(deploy.vault_operator, OperatorAddress(config.settlement));
  }
  ASSIGN_OR_RETURN(auto tokens, ParseTokens(options.tokens));
  ASSIGN_OR_RETURN(deploy.assets, AssetsOf(config.assets, std::move(tokens)));
  const std::string url = options.rpc_url.empty() ? config.settlement.rpc_url : options.rpc_url;
  ASSIGN_OR_RETURN(const auto chain, settlement::ConnectChain({.url = url}));
  ASSIGN_OR_RETURN(const settlement::Deployment deployment,
                   settlement::DeployVenue(chain.get(), std::move(key), deploy));
  const std::string json = deployment.ToJson();
  std::printf("%s\n", json.c_str());
  if (!options.out.empty()) {
    std::ofstream file(options.out);
    file << json << "\n";
    file.close();
    if (!file) {
      return ErrnoStatus("write", options.out);
    }
  }
  return absl::OkStatus();
}

}  // namespace

void AddDeployCommand(CLI::App* app, ExitCode* exit_code) {
  CLI::App* command = app->add_subcommand(
      "deploy",
      "Deploy the vault of a venue and add its assets; prints the addresses as JSON. An asset "
      "without --token gets a test token that anyone may mint: for local chains only.");
  auto options = std::make_shared<DeployCommandOptions>();
  command->add_option("--config", options->config, "Venue configuration: its [[assets]] are added")
      ->required();
  command->add_option("--rpc-url", options->rpc_url,
                      "JSON-RPC of the chain's node, instead of the configuration's");
  command
      ->add_option("--artifacts", options->artifacts,
                   "What settlement/contracts/build.mjs wrote, e.g. build/release/contracts")
      ->required();
  AddChainKeyOptions(command, "Key of the deployer, who becomes admin", &options->key);
  command->add_option("--operator", options->operator_address,
                      "Address that may settle; default: that of the configuration's operator key");
  command->add_option("--token", options->tokens, "SYMBOL=ADDRESS of an existing token");
  command->add_option("--challenge-window", options->challenge_window_s, "Seconds");
  command->add_option("--force-delay", options->force_delay_s,
                      "Seconds after which an unanswered withdrawal may be forced");
  command->add_option("--out", options->out, "Also write the JSON to this file");
  command->callback([options, exit_code] {
    const absl::Status status = Deploy(*options);
    *exit_code = status.ok() ? ExitCode::kOk : ReportFailure(status);
  });
}

}  // namespace tally
