#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "base/status.h"
#include "gateway/venue_config.h"
#include "settlement/deploy.h"
#include "settlement/netting/vault.h"
#include "settlement/wallet.h"
#include "tools/tally/chain_key.h"
#include "tools/tally/commands.h"

namespace tally {
namespace {

struct DepositCommandOptions {
  std::string config;
  std::string rpc_url;
  ChainKeyOptions key;
  std::string asset;
  std::string token;
  int64_t quanta = 0;
  bool mint = false;
  uint32_t arm_days = 30;
  bool waive = false;
};

absl::StatusOr<gateway::AssetConfig> FindAsset(const std::string& symbol,
                                               const gateway::VenueConfig& venue) {
  for (const gateway::AssetConfig& asset : venue.assets) {
    if (asset.symbol.view() == symbol) {
      return asset;
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--asset ", symbol, ": the configuration has no such asset"));
}

// Block times are Unix seconds, within the minute of ours.
uint32_t ArmedUntil(uint32_t days) {
  constexpr int64_t kSecondsPerDay = 86'400;
  const int64_t now_s = std::chrono::duration_cast<std::chrono::seconds>(
                            std::chrono::system_clock::now().time_since_epoch())
                            .count();
  return static_cast<uint32_t>(now_s + days * kSecondsPerDay);
}

// What the owner sends: registers on the first deposit and lets batches debit the account, mints if
// asked, approves, deposits.
std::vector<settlement::WalletCall> Calls(const DepositCommandOptions& options, bool registered,
                                          const settlement::Address& owner,
                                          const settlement::Address& vault,
                                          const settlement::Address& token,
                                          const gateway::AssetConfig& asset) {
  const settlement::Uint256 units =
      settlement::Uint256(options.quanta) * asset.chain_units_per_quantum;
  std::vector<settlement::WalletCall> calls;
  if (!registered) {
    calls.push_back(settlement::calls::Register(0, vault));
    if (!options.waive && options.arm_days > 0) {
      calls.push_back(settlement::calls::Arm(0, vault, ArmedUntil(options.arm_days)));
    }
  }
  if (options.waive) {
    calls.push_back(settlement::calls::Waive(0, vault));
  }
  if (options.mint) {
    calls.push_back(settlement::calls::MintTestToken(0, token, owner, units));
  }
  calls.push_back(settlement::calls::Approve(0, token, vault, units));
  calls.push_back(settlement::calls::Deposit(0, vault, asset.asset, units));
  return calls;
}

absl::Status Deposit(const DepositCommandOptions& options) {
  ASSIGN_OR_RETURN(settlement::PrivateKey key, LoadChainKey(options.key));
  ASSIGN_OR_RETURN(const gateway::VenueConfig venue, gateway::LoadVenueConfig(options.config));
  if (!venue.settlement.configured) {
    return absl::InvalidArgumentError(
        absl::StrCat(options.config, ": has no [settlement] section; add it"));
  }
  ASSIGN_OR_RETURN(const gateway::AssetConfig asset, FindAsset(options.asset, venue));
  ASSIGN_OR_RETURN(const settlement::Address vault,
                   settlement::ParseAddress(venue.settlement.vault));
  ASSIGN_OR_RETURN(const settlement::Address token, settlement::ParseAddress(options.token));
  const std::string url = options.rpc_url.empty() ? venue.settlement.rpc_url : options.rpc_url;
  ASSIGN_OR_RETURN(const auto chain, settlement::ConnectChain({.url = url}));

  const settlement::Address owner = key.address();
  settlement::VaultReader reader(chain.get(), vault);
  ASSIGN_OR_RETURN(const AccountId known, reader.AccountOf(owner));
  std::vector<settlement::PrivateKey> keys;
  keys.push_back(std::move(key));
  settlement::Wallets wallet(chain.get(), std::move(keys));
  RETURN_IF_ERROR(
      wallet.SendAll(Calls(options, Raw(known) != 0, owner, vault, token, asset)).status());
  ASSIGN_OR_RETURN(const AccountId account, reader.AccountOf(owner));
  std::printf("account %u deposited %lld quanta of %s\n", Raw(account),
              static_cast<long long>(options.quanta), options.asset.c_str());
  return absl::OkStatus();
}

}  // namespace

void AddDepositCommand(CLI::App* app, ExitCode* exit_code) {
  CLI::App* command = app->add_subcommand(
      "deposit",
      "As an account holder, deposit tokens into the vault; registers the account first if it is "
      "new (the vault numbers accounts from 1). The relayer credits the engine.");
  auto options = std::make_shared<DepositCommandOptions>();
  command->add_option("--config", options->config, "Venue configuration with [settlement]")
      ->required();
  command->add_option("--rpc-url", options->rpc_url,
                      "JSON-RPC of the chain's node, instead of the configuration's");
  AddChainKeyOptions(command, "Key of the account's owner", &options->key);
  command->add_option("--asset", options->asset, "Symbol of the asset")->required();
  command->add_option("--token", options->token, "Address of its token, as tally deploy printed it")
      ->required();
  command->add_option("--quanta", options->quanta, "Amount in quanta of the asset")
      ->required()
      ->check(CLI::PositiveNumber);
  command
      ->add_option("--arm-days", options->arm_days,
                   "A new account is armed this long: settlement may debit it, and its owner may "
                   "challenge each debit. 0: it stays cold and cannot sell or pay")
      ->check(CLI::Range(0, 3650));
  command->add_flag("--waive", options->waive,
                    "Instead let settlement debit it for ever, without challenges: for the account "
                    "that takes the fees");
  command->add_flag("--mint", options->mint, "Mint the amount first: test tokens only");
  command->callback([options, exit_code] {
    const absl::Status status = Deposit(*options);
    *exit_code = status.ok() ? ExitCode::kOk : ReportFailure(status);
  });
}

}  // namespace tally
