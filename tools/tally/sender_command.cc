#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "base/status.h"
#include "gateway/venue_config.h"
#include "settlement/chain/abi.h"
#include "settlement/wallet.h"
#include "tools/tally/chain_key.h"
#include "tools/tally/commands.h"

namespace tally {
namespace {

struct SenderCommandOptions {
  std::string config;
  std::string rpc_url;
  ChainKeyOptions key;
  std::string address;
  bool remove = false;
};

absl::Status SetSender(const SenderCommandOptions& options) {
  ASSIGN_OR_RETURN(settlement::PrivateKey key, LoadChainKey(options.key));
  ASSIGN_OR_RETURN(const gateway::VenueConfig venue, gateway::LoadVenueConfig(options.config));
  if (!venue.settlement.configured) {
    return absl::InvalidArgumentError(
        absl::StrCat(options.config, ": has no [settlement] section; add it"));
  }
  ASSIGN_OR_RETURN(const settlement::Address vault,
                   settlement::ParseAddress(venue.settlement.vault));
  ASSIGN_OR_RETURN(const settlement::Address sender, settlement::ParseAddress(options.address));
  const std::string url = options.rpc_url.empty() ? venue.settlement.rpc_url : options.rpc_url;
  ASSIGN_OR_RETURN(const auto chain, settlement::ConnectChain({.url = url}));
  std::vector<settlement::PrivateKey> keys;
  keys.push_back(std::move(key));
  settlement::Wallets wallet(chain.get(), std::move(keys));
  const uint64_t allowed = options.remove ? 0 : 1;
  RETURN_IF_ERROR(wallet
                      .SendAll({{.to = vault,
                                 .data = settlement::AbiEncoder().Add(sender).Add(allowed).Call(
                                     "setSender(address,bool)")}})
                      .status());
  std::printf("%s %s\n", options.address.c_str(),
              options.remove ? "may not send any more" : "may send");
  return absl::OkStatus();
}

}  // namespace

void AddSenderCommand(CLI::App* app, ExitCode* exit_code) {
  CLI::App* command = app->add_subcommand(
      "sender",
      "As the vault's admin, or as its operator while no relayer runs: name a key that may send "
      "batches beside the operator's (sender_key_files), or take it away.");
  auto options = std::make_shared<SenderCommandOptions>();
  command->add_option("--config", options->config, "Venue configuration with [settlement]")
      ->required();
  command->add_option("--rpc-url", options->rpc_url,
                      "JSON-RPC of the chain's node, instead of the configuration's");
  AddChainKeyOptions(command, "Key of the admin or operator", &options->key);
  command->add_option("--address", options->address, "Address of the sender's key")->required();
  command->add_flag("--remove", options->remove, "Take it away");
  command->callback([options, exit_code] {
    const absl::Status status = SetSender(*options);
    *exit_code = status.ok() ? ExitCode::kOk : ReportFailure(status);
  });
}

}  // namespace tally
