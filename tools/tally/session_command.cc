#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

#include "base/status.h"
#include "gateway/venue_config.h"
#include "settlement/netting/vault.h"
#include "settlement/wallet.h"
#include "tools/tally/chain_key.h"
#include "tools/tally/commands.h"

namespace tally {
namespace {

struct SessionCommandOptions {
  std::string config;
  std::string rpc_url;
  ChainKeyOptions key;
  std::string session_key;  // Address.
  uint32_t account = 0;     // 0: that of the key's owner.
  uint32_t days = 30;
  bool cosign = false;
};

// What every form of the command needs.
struct Place {
  std::unique_ptr<settlement::RpcChainClient> chain;
  settlement::Address vault;
  settlement::Address session_key;
};

absl::StatusOr<Place> Find(const SessionCommandOptions& options) {
  ASSIGN_OR_RETURN(const gateway::VenueConfig venue, gateway::LoadVenueConfig(options.config));
  if (!venue.settlement.configured) {
    return absl::InvalidArgumentError(options.config + " has no [settlement] table");
  }
  Place place;
  ASSIGN_OR_RETURN(place.vault, settlement::ParseAddress(venue.settlement.vault));
  ASSIGN_OR_RETURN(place.session_key, settlement::ParseAddress(options.session_key));
  const std::string url = options.rpc_url.empty() ? venue.settlement.rpc_url : options.rpc_url;
  ASSIGN_OR_RETURN(place.chain, settlement::ConnectChain({.url = url}));
  return place;
}

// As the vault's register has it, and as the venue wants to be told.
absl::Status Show(const Place& place, AccountId account) {
  ASSIGN_OR_RETURN(
      const evm::SessionGrant grant,
      settlement::SessionOf(place.chain.get(), place.vault, account, place.session_key));
  if (grant.scope == 0) {
    return absl::NotFoundError(absl::StrCat(settlement::Hex(place.session_key),
                                            " is no session key of account ", Raw(account)));
  }
  std::printf(
      "[[session_keys]]\naccount = %u\naddress = \"%s\"\nvalid_from = %llu\n"
      "valid_until = %llu\n# signs%s%s\n",
      Raw(account), settlement::Hex(place.session_key).c_str(),
      static_cast<unsigned long long>(grant.valid_from_s),
      static_cast<unsigned long long>(grant.valid_until_s),
      (grant.scope & evm::kScopeTrade) != 0 ? " orders" : "",
      (grant.scope & evm::kScopeCosign) != 0 ? " net deltas" : "");
  return absl::OkStatus();
}

// The owner's key, and the number of its account.
absl::StatusOr<std::pair<std::unique_ptr<settlement::Wallets>, AccountId>> Owner(
    const SessionCommandOptions& options, const Place& place) {
  ASSIGN_OR_RETURN(settlement::PrivateKey key, LoadChainKey(options.key));
  settlement::VaultReader reader(place.chain.get(), place.vault);
  AccountId account{options.account};
  if (options.account == 0) {
    ASSIGN_OR_RETURN(account, reader.AccountOf(key.address()));
  }
  if (Raw(account) == 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(settlement::Hex(key.address()), " owns no account of this vault"));
  }
  std::vector<settlement::PrivateKey> keys;
  keys.push_back(std::move(key));
  return std::pair(std::make_unique<settlement::Wallets>(place.chain.get(), std::move(keys)),
                   account);
}

absl::Status Set(const SessionCommandOptions& options) {
  constexpr uint64_t kSecondsPerDay = 86'400;
  ASSIGN_OR_RETURN(const Place place, Find(options));
  ASSIGN_OR_RETURN(auto owner, Owner(options, place));
  ASSIGN_OR_RETURN(const settlement::BlockInfo latest,
                   place.chain->BlockByTag(settlement::BlockTag::kLatest));
  ASSIGN_OR_RETURN(evm::SessionGrant grant, settlement::SessionOf(place.chain.get(), place.vault,
                                                                  owner.second, place.session_key));
  grant.valid_from_s = grant.scope == 0 ? latest.timestamp_s : grant.valid_from_s;
  grant.valid_until_s =
      std::max(grant.valid_until_s, latest.timestamp_s + options.days * kSecondsPerDay);
  grant.scope = static_cast<uint8_t>(grant.scope | evm::kScopeTrade |
                                     (options.cosign ? evm::kScopeCosign : 0));
  RETURN_IF_ERROR(
      owner.first
          ->SendAll({settlement::calls::SetSession(0, settlement::KeysOf(place.vault), grant)})
          .status());
  return Show(place, owner.second);
}

absl::Status Revoke(const SessionCommandOptions& options) {
  ASSIGN_OR_RETURN(const Place place, Find(options));
  ASSIGN_OR_RETURN(auto owner, Owner(options, place));
  RETURN_IF_ERROR(owner.first
                      ->SendAll({settlement::calls::RevokeSession(
                          0, settlement::KeysOf(place.vault), owner.second, place.session_key)})
                      .status());
  return Show(place, owner.second);
}

absl::Status ShowOne(const SessionCommandOptions& options) {
  ASSIGN_OR_RETURN(const Place place, Find(options));
  return Show(place, AccountId{options.account});
}

CLI::App* AddForm(CLI::App* command, const char* name, const char* what,
                  const std::shared_ptr<SessionCommandOptions>& options) {
  CLI::App* form = command->add_subcommand(name, what);
  form->add_option("--config", options->config, "Venue configuration with [settlement]")
      ->required();
  form->add_option("--rpc-url", options->rpc_url,
                   "JSON-RPC of the chain's node, instead of the configuration's");
  form->add_option("--session-key", options->session_key,
                   "Address of the session key, as tally keygen --chain printed it")
      ->required();
  return form;
}

void RunAs(CLI::App* form, absl::Status (*run)(const SessionCommandOptions&),
           const std::shared_ptr<SessionCommandOptions>& options, ExitCode* exit_code) {
  form->callback([run, options, exit_code] {
    const absl::Status status = run(*options);
    *exit_code = status.ok() ? ExitCode::kOk : ReportFailure(status);
  });
}

}  // namespace

void AddSessionCommand(CLI::App* app, ExitCode* exit_code) {
  CLI::App* command = app->add_subcommand(
      "session",
      "Session keys of an account at the vault: keys that sign its orders and can never withdraw. "
      "Prints the lines that the venue's configuration needs.");
  command->require_subcommand(1);
  auto options = std::make_shared<SessionCommandOptions>();

  CLI::App* set = AddForm(command, "set", "As the owner, let a key sign, or for longer", options);
  AddChainKeyOptions(set, "Key of the account's owner", &options->key);
  set->add_option("--days", options->days, "How long from now")
      ->capture_default_str()
      ->check(CLI::Range(1, 3650));
  set->add_flag("--cosign", options->cosign, "It may also co-sign the net effect of batches");
  RunAs(set, Set, options, exit_code);

  CLI::App* revoke = AddForm(command, "revoke",
                             "As the owner or the key itself, end it: the vault stops taking its "
                             "signatures after the propagation delay",
                             options);
  AddChainKeyOptions(revoke, "Key of the account's owner, or the session key", &options->key);
  revoke->add_option("--account", options->account, "Needed if the session key itself revokes");
  RunAs(revoke, Revoke, options, exit_code);

  CLI::App* show = AddForm(command, "show", "What the vault has about a key", options);
  show->add_option("--account", options->account, "The account")->required();
  RunAs(show, ShowOne, options, exit_code);
}

}  // namespace tally
