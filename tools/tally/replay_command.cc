#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include <nlohmann/json.hpp>

#include "base/status.h"
#include "engine/core/core.h"
#include "engine/pipeline/replay.h"
#include "gateway/venue_config.h"
#include "tools/tally/commands.h"
#include "tools/tally/event_json.h"

namespace tally {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kBookLevelsShown = 20;

struct ReplayCommandOptions {
  std::string config;
  std::string data;
  uint64_t until = 0;
  std::string book;  // Symbol or number of an instrument.
  bool balances = false;
  bool events = false;
  bool json = false;
  bool copied = false;
};

class EventPrinter final : public EventSink {
 public:
  void Append(const Event& event) override {
    std::fputs(EventToJson(event).c_str(), stdout);
    std::fputc('\n', stdout);
  }
};

Json BalancesOf(const core::Core& core) {
  Json balances = Json::array();
  for (uint32_t account = 1; account <= core.accounts().capacity(); ++account) {
    if (core.accounts().Find(static_cast<AccountId>(account)) == nullptr) {
      continue;
    }
    for (uint32_t asset = 0; asset < core.assets().capacity(); ++asset) {
      const risk::Balance& balance =
          core.ledger().balance(static_cast<AccountId>(account), static_cast<AssetId>(asset));
      if (balance != risk::Balance{}) {
        balances.push_back({{"account", account},
                            {"asset", asset},
                            {"available", balance.available.value},
                            {"held", balance.held.value}});
      }
    }
  }
  return balances;
}

Json LevelsOf(const core::Core& core, InstrumentId instrument, Side side) {
  std::vector<core::DepthLevel> levels(kBookLevelsShown);
  levels.resize(core.BookDepth(instrument, side, levels));
  Json result = Json::array();
  for (const core::DepthLevel& level : levels) {
    result.push_back({{"price", level.price.value},
                      {"quantity", level.quantity.value},
                      {"orders", level.order_count}});
  }
  return result;
}

Json SuppliesOf(const core::Core& core) {
  Json supplies = Json::array();
  for (uint32_t asset = 0; asset < core.assets().capacity(); ++asset) {
    if (const risk::Asset* definition = core.assets().Find(static_cast<AssetId>(asset))) {
      supplies.push_back({{"asset", asset},
                          {"symbol", definition->symbol.view()},
                          {"supply", core.ledger().supply(static_cast<AssetId>(asset)).value}});
    }
  }
  return supplies;
}

Json ResultToJson(const ReplayResult& result) {
  Json object;
  object["identical"] = result.ok();
  object["commands"] = Raw(result.last_command);
  object["events"] = Raw(result.last_event);
  object["state_hash"] = ToHex(result.state_hash);
  object["marks_checked"] = result.marks_checked;
  object["marks_unverified"] = result.marks_unverified;
  object["events_compared"] = result.events_compared;
  if (result.first_divergence.has_value()) {
    object["divergent_state_after"] = Raw(*result.first_divergence);
  }
  if (result.first_event_difference.has_value()) {
    object["first_different_event"] = Raw(result.first_event_difference->event);
    object["first_divergent_command"] = Raw(result.first_event_difference->command);
  }
  object["event_log_is_ahead"] = result.event_log_is_ahead;
  return object;
}

void PrintResult(const ReplayResult& result, FILE* out) {
  std::fprintf(out, "commands         %llu\n",
               static_cast<unsigned long long>(Raw(result.last_command)));
  std::fprintf(out, "events           %llu\n",
               static_cast<unsigned long long>(Raw(result.last_event)));
  std::fprintf(out, "state hash       %s\n", ToHex(result.state_hash).c_str());
  std::fprintf(out, "hash marks       %llu checked\n",
               static_cast<unsigned long long>(result.marks_checked));
  std::fprintf(out, "event log        %llu events compared\n",
               static_cast<unsigned long long>(result.events_compared));
  if (result.first_divergence.has_value()) {
    std::fprintf(out, "DIVERGENT        the state after command %llu is not the journaled one\n",
                 static_cast<unsigned long long>(Raw(*result.first_divergence)));
  }
  if (result.first_event_difference.has_value()) {
    std::fprintf(out,
                 "DIVERGENT        at command %llu: its event %llu differs from the event log\n",
                 static_cast<unsigned long long>(Raw(result.first_event_difference->command)),
                 static_cast<unsigned long long>(Raw(result.first_event_difference->event)));
  }
  if (result.event_log_is_ahead) {
    std::fprintf(out, "DIVERGENT        the event log has events that the journal does not give\n");
  }
  std::fprintf(out, "result           %s\n", result.ok() ? "identical" : "NOT identical");
}

void PrintRows(const Json& rows) {
  for (const Json& row : rows) {
    std::string line;
    for (const auto& [key, value] : row.items()) {
      absl::StrAppend(&line, line.empty() ? "" : "  ", key, " ",
                      value.is_string() ? value.get<std::string>() : value.dump());
    }
    std::printf("  %s\n", line.c_str());
  }
}

// What was asked for of the state at the end.
Json StateReport(const ReplayCommandOptions& options, std::optional<InstrumentId> instrument,
                 const core::Core& core) {
  Json report = Json::object();
  if (options.balances) {
    report["balances"] = BalancesOf(core);
    report["supplies"] = SuppliesOf(core);
  }
  if (instrument.has_value()) {
    report["bids"] = LevelsOf(core, *instrument, Side::kBuy);
    report["asks"] = LevelsOf(core, *instrument, Side::kSell);
  }
  return report;
}

absl::StatusOr<InstrumentId> FindInstrument(const std::string& name,
                                            const gateway::VenueConfig& venue) {
  for (const gateway::InstrumentConfig& instrument : venue.instruments) {
    if (instrument.definition.symbol.view() == name ||
        std::to_string(Raw(instrument.instrument)) == name) {
      return instrument.instrument;
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--book ", name, ": no instrument of the venue has this symbol or number"));
}

absl::StatusOr<ExitCode> Replay(const ReplayCommandOptions& options) {
  ASSIGN_OR_RETURN(const gateway::VenueConfig venue, gateway::LoadVenueConfig(options.config));
  std::optional<InstrumentId> instrument;
  if (!options.book.empty()) {
    ASSIGN_OR_RETURN(instrument, FindInstrument(options.book, venue));
  }
  const std::string data = options.data.empty() ? venue.engine.data_directory : options.data;
  Json report = Json::object();
  ReplayOptions replay;
  replay.limits = venue.engine.limits;
  if (options.until != 0) {
    replay.until = static_cast<CommandSequence>(options.until);
  }
  replay.event_log_directory = data + "/events";
  replay.check_end = !options.copied;
  replay.at_end = [&](const core::Core& core) { report = StateReport(options, instrument, core); };
  EventPrinter printer;
  ASSIGN_OR_RETURN(const ReplayResult result,
                   ReplayJournal(data + "/journal", replay, options.events ? &printer : nullptr));
  if (options.json) {
    Json object = ResultToJson(result);
    object.update(report);
    std::fprintf(options.events ? stderr : stdout, "%s\n", object.dump().c_str());
  } else {
    PrintResult(result, options.events ? stderr : stdout);
    for (const auto& [name, rows] : report.items()) {
      std::printf("%s\n", name.c_str());
      PrintRows(rows);
    }
  }
  return result.ok() ? ExitCode::kOk : ExitCode::kCheckFailed;
}

}  // namespace

void AddReplayCommand(CLI::App* app, ExitCode* exit_code) {
  CLI::App* command = app->add_subcommand(
      "replay",
      "Verify a journal: replay it into a new core and compare with every recorded state hash and "
      "with the event log. Exit status 1 with the first divergence otherwise. The engine must not "
      "be running on the directory: stop it, or copy the directory and use --data and --copied.");
  auto options = std::make_shared<ReplayCommandOptions>();
  command->add_option("--config", options->config, "Venue configuration (limits, data directory)")
      ->required();
  command->add_option("--data", options->data, "Data directory, if not that of the configuration");
  command->add_option("--until", options->until, "Stop after this command");
  command->add_option("--book", options->book,
                      "Print the best levels of this instrument (symbol or number)");
  command->add_flag("--balances", options->balances, "Print every balance, in quanta");
  command->add_flag("--events", options->events,
                    "Print every event as a JSON line (the summary goes to standard error)");
  command->add_flag("--json", options->json, "Print the summary as JSON");
  command->add_flag("--copied", options->copied,
                    "The directory was copied from a running engine: do not require its very end");
  command->callback([options, exit_code] {
    const absl::StatusOr<ExitCode> result = Replay(*options);
    *exit_code = result.ok() ? *result : ReportFailure(result.status());
  });
}

}  // namespace tally
