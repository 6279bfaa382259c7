#include <algorithm>
#include <cstdio>
#include <ctime>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"

#include "base/clock.h"
#include "base/status.h"
#include "gateway/phase_name.h"
#include "tools/tally/commands.h"
#include "tools/tally/operator_session.h"

namespace tally {
namespace {

// A symbol or number of the configuration; "all" is 0.
absl::StatusOr<InstrumentId> InstrumentNamed(const std::string& name,
                                             const gateway::VenueConfig& venue) {
  if (name == "all") {
    return InstrumentId{};
  }
  for (const gateway::InstrumentConfig& instrument : venue.instruments) {
    if (instrument.definition.symbol.view() == name ||
        std::to_string(Raw(instrument.instrument)) == name) {
      return instrument.instrument;
    }
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "--instrument ", name, ": no instrument of the venue has this symbol or number"));
}

absl::StatusOr<TradingPhase> PhaseNamed(const char* option, const std::string& name) {
  const auto phase = gateway::ParsePhaseName(name);
  if (!phase.has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat(option, " ", name, ": there are ", gateway::kPhaseNames));
  }
  return *phase;
}

// Adds the sub-command `name`; `call` is made when it is run.
template <typename Options>
CLI::App* AddCall(CLI::App* venue, const char* name, const char* help,
                  const std::shared_ptr<Options>& options, ExitCode* exit_code,
                  absl::StatusOr<sdk::CommandTicket> (*call)(const Options&,
                                                             const gateway::VenueConfig&,
                                                             sdk::Client*)) {
  CLI::App* command = venue->add_subcommand(name, help);
  AddOperatorOptions(command, &options->connection);
  command->callback([options, exit_code, call, name] {
    const auto answer = RunOperatorCall(
        options->connection, [&](const gateway::VenueConfig& config, sdk::Client* client) {
          return call(*options, config, client);
        });
    if (answer.ok()) {
      std::printf("%s done\n", name);
    }
    *exit_code = answer.ok() ? ExitCode::kOk : ReportFailure(answer.status());
  });
  return command;
}

struct PhaseOptions {
  OperatorOptions connection;
  std::string instrument;
  std::string phase;
  int64_t for_ms = 0;
  std::string next;
  int64_t reference_ticks = 0;
};

absl::StatusOr<sdk::CommandTicket> SendPhase(const PhaseOptions& options,
                                             const gateway::VenueConfig& venue,
                                             sdk::Client* client) {
  sdk::SetPhaseRequest request;
  ASSIGN_OR_RETURN(request.instrument, InstrumentNamed(options.instrument, venue));
  ASSIGN_OR_RETURN(request.phase, PhaseNamed("--phase", options.phase));
  request.reference_price = {options.reference_ticks};
  if (options.for_ms != 0) {
    ASSIGN_OR_RETURN(request.next, PhaseNamed("--next", options.next));
    request.until_ns = RealClock().NowNs() + options.for_ms * kNsPerMs;
  }
  return client->SetPhase(request);
}

void AddPhase(CLI::App* venue, ExitCode* exit_code) {
  auto options = std::make_shared<PhaseOptions>();
  CLI::App* command =
      AddCall(venue, "phase", "Put an instrument into a trading phase, e.g. halt or continuous.",
              options, exit_code, SendPhase);
  command->add_option("--instrument", options->instrument, "Symbol, number or \"all\"")->required();
  command->add_option("--phase", options->phase, gateway::kPhaseNames)->required();
  CLI::Option* duration =
      command->add_option("--for-ms", options->for_ms, "Ends after this time; needs --next")
          ->check(CLI::PositiveNumber);
  CLI::Option* next = command->add_option("--next", options->next, "The phase that follows");
  duration->needs(next);
  next->needs(duration);
  command->add_option("--reference-ticks", options->reference_ticks, "New reference price")
      ->check(CLI::PositiveNumber);
}

struct KillOptions {
  OperatorOptions connection;
  std::string scope;
  uint32_t account = 0;
  uint64_t target_session = 0;
  bool release = false;
};

absl::StatusOr<sdk::CommandTicket> SendKill(const KillOptions& options, const gateway::VenueConfig&,
                                            sdk::Client* client) {
  sdk::KillSwitchRequest request{.scope = sdk::KillScope::kVenue,
                                 .account = static_cast<AccountId>(options.account),
                                 .session_id = options.target_session,
                                 .engaged = !options.release};
  if (options.scope != "venue") {
    request.scope =
        options.scope == "account" ? sdk::KillScope::kAccount : sdk::KillScope::kSession;
    if (options.account == 0) {
      return absl::InvalidArgumentError("--account is needed for this scope");
    }
  }
  if (options.scope == "session" && options.target_session == 0) {
    return absl::InvalidArgumentError("--target-session is needed for this scope");
  }
  return client->KillSwitch(request);
}

void AddKill(CLI::App* venue, ExitCode* exit_code) {
  auto options = std::make_shared<KillOptions>();
  CLI::App* command = AddCall(
      venue, "kill", "Cancel everything in a scope and refuse new orders there until --release.",
      options, exit_code, SendKill);
  command->add_option("--scope", options->scope, "account, session or venue")
      ->required()
      ->check(CLI::IsMember({"account", "session", "venue"}));
  command->add_option("--account", options->account, "Of scope account and session");
  command->add_option("--target-session", options->target_session,
                      "The client's number of the session, of scope session");
  command->add_flag("--release", options->release, "Let orders in again");
}

struct FeesOptions {
  OperatorOptions connection;
  std::string instrument = "all";
  sdk::FeesRequest request;
  int64_t minimum_quanta = 0;
  uint32_t fee_class = 0;
};

absl::StatusOr<sdk::CommandTicket> SendFees(const FeesOptions& options,
                                            const gateway::VenueConfig& venue,
                                            sdk::Client* client) {
  sdk::FeesRequest request = options.request;
  ASSIGN_OR_RETURN(request.instrument, InstrumentNamed(options.instrument, venue));
  request.fee_class = static_cast<uint8_t>(options.fee_class);
  request.minimum_fee = {options.minimum_quanta};
  return client->DefineFees(request);
}

void AddFees(CLI::App* venue, ExitCode* exit_code) {
  auto options = std::make_shared<FeesOptions>();
  CLI::App* command = AddCall(
      venue, "fees",
      "Set or remove a row of the fee schedule; orders keep the fees they were accepted with. The "
      "configuration's rows come back at the next start.",
      options, exit_code, SendFees);
  command->add_option("--instrument", options->instrument,
                      "Symbol, number, or \"all\" without a row of their own");
  command->add_option("--class", options->fee_class, "Fee class of the accounts")
      ->required()
      ->check(CLI::Range(0u, kMaxFeeClasses - 1));
  command->add_option("--maker", options->request.maker_fee_hundredths_bp,
                      "Hundredths of a basis point; negative: a rebate");
  command->add_option("--taker", options->request.taker_fee_hundredths_bp,
                      "Hundredths of a basis point");
  command->add_option("--minimum-quanta", options->minimum_quanta, "Of an order that trades");
  command->add_flag("--remove", options->request.remove, "Take the row out");
}

struct ProtectionOptions {
  OperatorOptions connection;
  uint32_t account = 0;
  uint32_t maker_group = 0;
  int64_t window_ms = 0;
  int64_t quantity_max = 0;
  int64_t delta_max = 0;
  uint32_t count_max = 0;
};

absl::StatusOr<sdk::CommandTicket> SendProtection(const ProtectionOptions& options,
                                                  const gateway::VenueConfig&,
                                                  sdk::Client* client) {
  return client->DefineProtection({.account = static_cast<AccountId>(options.account),
                                   .maker_group = static_cast<uint16_t>(options.maker_group),
                                   .window_ns = options.window_ms * kNsPerMs,
                                   .quantity_max = {options.quantity_max},
                                   .delta_max = {options.delta_max},
                                   .count_max = options.count_max});
}

void AddProtection(CLI::App* venue, ExitCode* exit_code) {
  auto options = std::make_shared<ProtectionOptions>();
  CLI::App* command =
      AddCall(venue, "protection", "Set the market-maker protection of a group of an account.",
              options, exit_code, SendProtection);
  command->add_option("--account", options->account, "Account")->required();
  command->add_option("--maker-group", options->maker_group, "Group of the account")
      ->required()
      ->check(CLI::Range(1, 65'535));
  command->add_option("--window-ms", options->window_ms, "Time in which fills are counted")
      ->required()
      ->check(CLI::PositiveNumber);
  command->add_option("--quantity-max", options->quantity_max, "Lots filled; 0: no limit");
  command->add_option("--delta-max", options->delta_max, "|lots bought - lots sold|; 0: no limit");
  command->add_option("--count-max", options->count_max, "Fills; 0: no limit");
}

struct ExposureOptions {
  OperatorOptions connection;
  uint32_t account = 0;
  uint32_t asset = 0;
  int64_t limit_quanta = 0;
  bool remove = false;
};

absl::StatusOr<sdk::CommandTicket> SendExposure(const ExposureOptions& options,
                                                const gateway::VenueConfig&, sdk::Client* client) {
  return client->DefineExposure({.account = static_cast<AccountId>(options.account),
                                 .asset = static_cast<AssetId>(options.asset),
                                 .limit = {options.limit_quanta},
                                 .remove = options.remove});
}

void AddExposure(CLI::App* venue, ExitCode* exit_code) {
  auto options = std::make_shared<ExposureOptions>();
  CLI::App* command = AddCall(venue, "exposure",
                              "Limit what may be given of an asset in trades that are not final on "
                              "chain. The configuration's limits come back at the next start.",
                              options, exit_code, SendExposure);
  command->add_option("--account", options->account, "0: every one without its own");
  command->add_option("--asset", options->asset, "Number of the asset")
      ->required()
      ->check(CLI::Range(0u, kMaxAssets - 1));
  command->add_option("--limit-quanta", options->limit_quanta, "In quanta")
      ->check(CLI::NonNegativeNumber);
  command->add_flag("--remove", options->remove, "No limit any more");
}

struct ResolveOptions {
  OperatorOptions connection;
  uint64_t batch = 0;
  uint32_t culprit = 0;
};

absl::StatusOr<sdk::CommandTicket> SendResolve(const ResolveOptions& options,
                                               const gateway::VenueConfig&, sdk::Client* client) {
  return client->Dispute({.batch_id = options.batch,
                          .culprit = static_cast<AccountId>(options.culprit),
                          .action = sdk::DisputeAction::kResolve});
}

void AddResolve(CLI::App* venue, ExitCode* exit_code) {
  auto options = std::make_shared<ResolveOptions>();
  CLI::App* command = AddCall(
      venue, "resolve",
      "Close a dispute: what it holds can be used again. See docs/operations.md before you do.",
      options, exit_code, SendResolve);
  command->add_option("--batch", options->batch, "Batch of the dispute")->required();
  command->add_option("--culprit", options->culprit, "Account that the vault refused")->required();
}

struct RulesOptions {
  OperatorOptions connection;
  std::string instrument;
  sdk::RulesRequest request;
  int64_t breaker_window_ms = 0;
  int64_t breaker_halt_ms = 0;
  int64_t volatility_call_ms = 0;
  int64_t batch_interval_ms = 0;
  int64_t quantity_max = 0;
  int64_t notional_max = 0;
  uint32_t auction_band_bp = 0;
  uint32_t auction_extensions_max = 0;
};

absl::StatusOr<sdk::CommandTicket> SendRules(const RulesOptions& options,
                                             const gateway::VenueConfig& venue,
                                             sdk::Client* client) {
  sdk::RulesRequest request = options.request;
  ASSIGN_OR_RETURN(request.instrument, InstrumentNamed(options.instrument, venue));
  request.breaker_window_ns = options.breaker_window_ms * kNsPerMs;
  request.breaker_halt_ns = options.breaker_halt_ms * kNsPerMs;
  request.volatility_call_ns = options.volatility_call_ms * kNsPerMs;
  request.batch_interval_ns = options.batch_interval_ms * kNsPerMs;
  request.order_quantity_max = {options.quantity_max};
  request.order_notional_max = {options.notional_max};
  request.auction_band_bp = static_cast<uint16_t>(options.auction_band_bp);
  request.auction_extensions_max = static_cast<uint8_t>(options.auction_extensions_max);
  return client->DefineRules(request);
}

void AddRules(CLI::App* venue, ExitCode* exit_code) {
  auto options = std::make_shared<RulesOptions>();
  CLI::App* command = AddCall(
      venue, "rules",
      "Set all trading rules of an instrument: what is not given is off. The configuration's rules "
      "come back at the next start.",
      options, exit_code, SendRules);
  sdk::RulesRequest& request = options->request;
  command->add_option("--instrument", options->instrument, "Symbol or number")->required();
  command->add_option("--static-band-bp", request.static_band_bp, "Around the reference price");
  command->add_option("--dynamic-band-bp", request.dynamic_band_bp, "Around the last trade");
  command->add_option("--fat-finger-bp", request.fat_finger_bp, "Through the market");
  command->add_option("--breaker-bp", request.breaker_bp, "Move that halts");
  command->add_option("--breaker-window-ms", options->breaker_window_ms, "In this time");
  command->add_option("--breaker-halt-ms", options->breaker_halt_ms, "0: until resumed");
  command->add_option("--volatility-call-ms", options->volatility_call_ms, "After a band");
  command->add_option("--batch-interval-ms", options->batch_interval_ms, "Of batch auctions");
  command->add_option("--order-quantity-max", options->quantity_max, "Lots of one order");
  command->add_option("--order-notional-max", options->notional_max, "Quanta of one order");
  command->add_flag("--hidden", request.hidden, "Take hidden, all-or-none and pegged orders");
  command->add_flag("--book-deltas", request.book_deltas, "Publish L2 and L3");
  command
      ->add_option("--auction-band-bp", options->auction_band_bp,
                   "Around the reference price of an auction")
      ->check(CLI::Range(0, 10'000));
  command
      ->add_option("--auction-extensions-max", options->auction_extensions_max,
                   "How often a call goes on whose price is out of that band")
      ->check(CLI::Range(0, 255));
  command->add_flag("--hold-auction", request.hold_auction,
                    "Then it waits for an operator instead of trading");
  command->add_flag("--batch-stops", request.batch_stops, "Stops trigger in batch auctions, too");
}

struct AccountOptions {
  OperatorOptions connection;
  uint32_t account = 0;
  std::optional<uint32_t> fee_class;
  std::optional<uint32_t> owner_group;
  std::optional<bool> enabled;
  std::optional<bool> must_sign;
};

// What is not given is as the configuration says.
absl::StatusOr<sdk::CommandTicket> SendAccount(const AccountOptions& options,
                                               const gateway::VenueConfig& venue,
                                               sdk::Client* client) {
  const auto is_account = [&](const gateway::AccountConfig& row) {
    return Raw(row.account) == options.account;
  };
  const auto found = std::find_if(venue.accounts.begin(), venue.accounts.end(), is_account);
  if (found == venue.accounts.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--account ", options.account, ": not under [[accounts]]"));
  }
  return client->DefineAccount(
      {.account = found->account,
       .owner = found->owner,
       .enabled = options.enabled.value_or(found->enabled),
       .fee_class = static_cast<uint8_t>(options.fee_class.value_or(found->fee_class)),
       .owner_group = options.owner_group.value_or(found->owner_group),
       .must_sign = options.must_sign.value_or(found->must_sign)});
}

void AddAccount(CLI::App* venue, ExitCode* exit_code) {
  auto options = std::make_shared<AccountOptions>();
  CLI::App* command = AddCall(
      venue, "account",
      "Change an account: what is not given is as the configuration says, and all of that comes "
      "back at the next start. Open orders keep their fees and their owner.",
      options, exit_code, SendAccount);
  command->add_option("--account", options->account, "Account")->required();
  command->add_option("--fee-class", options->fee_class, "Row of the fee schedule")
      ->check(CLI::Range(0u, kMaxFeeClasses - 1));
  command->add_option("--owner-group", options->owner_group,
                      "Accounts that are one owner to self-trade prevention; 0: alone");
  command->add_option("--enabled", options->enabled, "true or false");
  command->add_option("--must-sign", options->must_sign, "true or false: signed orders only");
}

}  // namespace

void AddVenueCommand(CLI::App* app, ExitCode* exit_code) {
  CLI::App* venue =
      app->add_subcommand("venue",
                          "As the operator of a running venue: phases, rules, fees, protections, "
                          "exposure limits, disputes, accounts, kill switches. Each is "
                          "journaled. Exit status 1: the venue refused, the message has the code.");
  venue->require_subcommand(1);
  AddPhase(venue, exit_code);
  AddKill(venue, exit_code);
  AddFees(venue, exit_code);
  AddProtection(venue, exit_code);
  AddExposure(venue, exit_code);
  AddResolve(venue, exit_code);
  AddRules(venue, exit_code);
  AddAccount(venue, exit_code);
}

}  // namespace tally
