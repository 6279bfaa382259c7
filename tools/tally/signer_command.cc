#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include <spdlog/spdlog.h>

#include "base/clock.h"
#include "base/status.h"
#include "evm/key_file.h"
#include "gateway/venue_config.h"
#include "settlement/signing/signer_api.h"
#include "tools/process/child_process.h"
#include "tools/tally/chain_key.h"
#include "tools/tally/chain_signers.h"
#include "tools/tally/commands.h"
#include "tools/tally/stop_signal.h"

namespace tally {
namespace {

struct SignerCommandOptions {
  std::string config;
  std::string role;
  ChainKeyOptions key;
  std::string token_file;
  std::string ledger;
  std::string ready_file;
  uint16_t port = 9000;
};

// Whole, or as it was: a signature is given out only after its price is in there.
absl::Status Replace(const std::string& path, const std::string& text) {
  const std::string fresh = path + ".new";
  std::error_code ignored;
  std::filesystem::remove(fresh, ignored);
  RETURN_IF_ERROR(evm::WriteSecretFile(fresh, text));
  return std::rename(fresh.c_str(), path.c_str()) == 0 ? absl::OkStatus()
                                                       : ErrnoStatus("rename", fresh);
}

absl::StatusOr<settlement::SigningRules> RulesFor(const std::string& role,
                                                  const gateway::SettlementConfig& config) {
  settlement::SigningRules rules;
  rules.chain_id = config.chain_id;
  rules.limits = LimitsFrom(config.signing);
  ASSIGN_OR_RETURN(const settlement::Address vault, settlement::ParseAddress(config.vault));
  rules.calls =
      role == "justifier" ? settlement::JustifierCalls(vault) : settlement::OperatorCalls(vault);
  return rules;
}

absl::Status WriteReadyFile(const std::string& path, uint16_t port) {
  std::ofstream file(path);
  file << "{\"url\":\"http://127.0.0.1:" << port << "\"}\n";
  file.close();
  return file ? absl::OkStatus() : ErrnoStatus("write", path);
}

absl::Status Serve(const SignerCommandOptions& options) {
  StopOnSignals();
  std::signal(SIGPIPE, SIG_IGN);
  ASSIGN_OR_RETURN(const gateway::VenueConfig config, gateway::LoadVenueConfig(options.config));
  if (!config.settlement.configured) {
    return absl::InvalidArgumentError(options.config + " has no [settlement] table");
  }
  ASSIGN_OR_RETURN(settlement::SigningRules rules, RulesFor(options.role, config.settlement));
  settlement::SignerApi::Options api_options;
  if (!options.token_file.empty()) {
    ASSIGN_OR_RETURN(api_options.bearer_token, evm::ReadSecretLine(options.token_file));
  }
  ASSIGN_OR_RETURN(settlement::PrivateKey key, LoadChainKey(options.key));
  api_options.public_key = key.PublicKey();
  settlement::KeySigner signer(std::move(key));
  rules.account = signer.address();
  const RealClock clock;
  settlement::PolicySigner guard(
      std::move(rules),
      {.signer = &signer,
       .clock = &clock,
       .alarm = [](std::string_view text) { spdlog::error("{}", text); },
       .save = [&](const std::string& ledger) { return Replace(options.ledger, ledger); }});
  if (std::filesystem::exists(options.ledger)) {
    ASSIGN_OR_RETURN(const std::string ledger, ReadFile(options.ledger));
    RETURN_IF_ERROR(guard.Restore(ledger));
  }
  settlement::SignerApi api(std::move(api_options), &guard);
  ASSIGN_OR_RETURN(
      const auto server,
      settlement::ListenHttp({.port = options.port}, [&](const settlement::HttpQuestion& question) {
        return api.Answer(question);
      }));
  if (!options.ready_file.empty()) {
    RETURN_IF_ERROR(WriteReadyFile(options.ready_file, server->port()));
  }
  spdlog::info("signing for {} on http://127.0.0.1:{}", settlement::Hex(signer.address()),
               server->port());
  server->Run(stop_requested());
  return absl::OkStatus();
}

}  // namespace

void AddSignerCommand(CLI::App* app, ExitCode* exit_code) {
  CLI::App* command = app->add_subcommand(
      "signer",
      "Hold a key of the relayer in a process of its own: serves web3signer's eth1 API on loopback "
      "and signs only what the policy allows: the relayer's own calls to the vault, no value, "
      "within the limits of [settlement.signing].");
  auto options = std::make_shared<SignerCommandOptions>();
  command->add_option("--config", options->config, "Venue configuration with [settlement]")
      ->required();
  command->add_option("--role", options->role, "Whose calls it signs")
      ->required()
      ->check(CLI::IsMember({"operator", "justifier"}));
  AddChainKeyOptions(command, "The key", &options->key);
  command->add_option("--token-file", options->token_file,
                      "First line: the bearer token that requests must carry; mode 0600. Without "
                      "it every process of this machine may ask");
  command
      ->add_option("--ledger", options->ledger,
                   "File that keeps what was signed, for the limits of an hour and a day")
      ->required();
  command->add_option("--port", options->port, "Port on 127.0.0.1; 0: any that is free")
      ->capture_default_str();
  command->add_option("--ready-file", options->ready_file,
                      "Written once it listens: JSON with the url");
  command->callback([options, exit_code] {
    const absl::Status status = Serve(*options);
    *exit_code = status.ok() ? ExitCode::kOk : ReportFailure(status);
  });
}

}  // namespace tally
