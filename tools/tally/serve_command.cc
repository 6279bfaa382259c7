#include <csignal>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <memory>
#include <string>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "base/clock.h"
#include "base/sha256.h"
#include "base/status.h"
#include "engine/core/core.h"
#include "engine/pipeline/engine.h"
#include "gateway/engine_adapter.h"
#include "gateway/fix_server.h"
#include "gateway/gateway_server.h"
#include "gateway/venue_config.h"
#include "tools/tally/commands.h"
#include "tools/tally/venue_setup.h"

namespace tally {
namespace {

struct ServeOptions {
  std::string config;
  std::string data;
  std::string ready_file;
  int port = -1;
};

// Blocks the signals that ask the server to stop, in this thread and those it starts.
sigset_t BlockStopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

// Returns when a stop signal arrives, or at `until_ns` of the monotonic clock (OK), or when the
// engine fails (why).
absl::Status ServeUntilStopped(const sigset_t& signals, const Engine& engine,
                               int64_t until_ns = INT64_MAX) {
  const timespec patience{.tv_sec = 0, .tv_nsec = 250'000'000};
  while (MonotonicNs() < until_ns) {
    const int signal = sigtimedwait(&signals, nullptr, &patience);
    RETURN_IF_ERROR(engine.health());
    if (signal > 0) {
      spdlog::info("stopping on signal {}", signal);
      return absl::OkStatus();
    }
  }
  return absl::OkStatus();
}

// Written under another name first: who waits for the file never reads half of it.
absl::Status WriteReadyFile(const std::string& path, const nlohmann::ordered_json& content) {
  const std::string scratch = absl::StrCat(path, ".", getpid());
  std::ofstream file(scratch);
  file << content.dump() << "\n";
  file.close();
  if (!file || std::rename(scratch.c_str(), path.c_str()) != 0) {
    return ErrnoStatus("write", path);
  }
  return absl::OkStatus();
}

absl::StatusOr<gateway::VenueConfig> LoadConfig(const ServeOptions& options) {
  ASSIGN_OR_RETURN(gateway::VenueConfig config, gateway::LoadVenueConfig(options.config));
  if (!options.data.empty()) {
    config.engine.data_directory = options.data;
    config.fix.directory = options.data + "/fix";
  }
  if (options.port >= 0) {
    config.gateway.port = static_cast<uint16_t>(options.port);
  }
  return config;
}

absl::StatusOr<std::unique_ptr<Engine>> OpenEngine(const EngineOptions& options,
                                                   nlohmann::ordered_json* recovery) {
  const int64_t started_ns = MonotonicNs();
  ASSIGN_OR_RETURN(std::unique_ptr<Engine> engine, Engine::Open(options));
  const int64_t milliseconds = (MonotonicNs() - started_ns) / 1'000'000;
  const uint64_t commands = Raw(engine->core().last_command_sequence());
  spdlog::info("recovered {} commands in {} ms from {}", commands, milliseconds,
               options.data_directory);
  (*recovery) = {{"commands", commands},
                 {"events", Raw(engine->core().next_event_sequence()) - 1},
                 {"milliseconds", milliseconds}};
  return engine;
}

void PrintSummary(const Engine& engine) {
  const core::Core& core = engine.core();
  nlohmann::ordered_json summary = {{"commands", Raw(core.last_command_sequence())},
                                    {"events", Raw(core.next_event_sequence()) - 1},
                                    {"open_orders", core.open_order_count()},
                                    {"state_hash", ToHex(core.StateHash())}};
  std::printf("%s\n", summary.dump().c_str());
}

// The share of the events that the FIX gateway takes; the binary gateway has 0.
constexpr uint32_t kFixConsumer = 1;

// Leaves out what was released before a gateway listens: it knows it as recovered.
void SkipEvents(gateway::EngineLink* link) {
  for (auto events = link->PeekEvents(SIZE_MAX); !events.empty();
       events = link->PeekEvents(SIZE_MAX)) {
    link->ConsumeEvents(events.size());
  }
}

void AnnounceFix(const gateway::VenueConfig& config, uint16_t port, uint16_t tls_port,
                 nlohmann::ordered_json* ready) {
  const gateway::FixOptions& fix = config.fix;
  if (!fix.host.empty()) {
    spdlog::info("{}: FIX 4.4 as {} on {}:{}", config.name, fix.comp_id, fix.host, port);
    (*ready)["fix"] = {{"host", fix.host}, {"port", port}};
  }
  if (fix.tls.enabled) {
    spdlog::info("{}: FIX 4.4 as {} on {}:{}, TLS", config.name, fix.comp_id, fix.tls.host,
                 tls_port);
    (*ready)["fix_tls"] = {{"host", fix.tls.host}, {"port", tls_port}};
  }
}

absl::Status Serve(const ServeOptions& options) {
  const sigset_t signals = BlockStopSignals();
  std::signal(SIGPIPE, SIG_IGN);
  ASSIGN_OR_RETURN(gateway::VenueConfig config, LoadConfig(options));
  const RealClock clock;
  config.engine.clock = &clock;
  config.engine.event_consumers = config.fix.enabled ? 2 : 1;
  nlohmann::ordered_json ready = {{"pid", getpid()}};
  ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine,
                   OpenEngine(config.engine, &ready["recovered"]));
  ASSIGN_OR_RETURN(const std::vector<Command> definitions,
                   DefinitionsToApply(config, engine->core()));
  gateway::RecoveredState recovered = gateway::RecoveredStateOf(*engine);
  engine->Start();
  RETURN_IF_ERROR(ApplyDefinitions(definitions, engine.get(), [&](const Event& event) {
    gateway::AddToRecovered(event, &recovered);
    if (config.fix.enabled) {
      // Its share of the events, so that many definitions do not fill the ring.
      engine->ConsumeEvents(engine->PeekEvents(SIZE_MAX, kFixConsumer).size(), kFixConsumer);
    }
  }));

  std::unique_ptr<gateway::EngineAdapter> fix_adapter;
  std::unique_ptr<gateway::FixServer> fix;
  if (config.fix.enabled) {
    fix_adapter = std::make_unique<gateway::EngineAdapter>(engine.get(), kFixConsumer);
    SkipEvents(fix_adapter.get());
    fix = std::make_unique<gateway::FixServer>(
        config,
        gateway::FixServer::Dependencies{
            .clock = &clock, .engine = fix_adapter.get(), .reports = fix_adapter.get()},
        recovered);
  }
  gateway::EngineAdapter adapter(engine.get());
  gateway::GatewayServer server(config.gateway, config,
                                {.clock = &clock, .engine = &adapter, .reports = &adapter},
                                std::move(recovered));
  ASSIGN_OR_RETURN(const uint16_t port, server.Start());
  spdlog::info("{}: binary protocol on {}:{}, journal {}", config.name, config.gateway.host, port,
               config.engine.durability == Durability::kSync ? "sync" : "async");
  if (fix != nullptr) {
    ASSIGN_OR_RETURN(const uint16_t fix_port, fix->Start());
    AnnounceFix(config, fix_port, fix->tls_port(), &ready);
  }
  ready["binary"] = {{"host", config.gateway.host}, {"port", port}};
  if (!options.ready_file.empty()) {
    RETURN_IF_ERROR(WriteReadyFile(options.ready_file, ready));
  }
  absl::Status failure = ServeUntilStopped(signals, *engine);
  if (fix != nullptr) {
    if (const int64_t notice_s = config.fix.stop_notice_s; failure.ok() && notice_s != 0) {
      spdlog::info("stopping in {} s; another signal stops at once", notice_s);
      fix->AnnounceStop(notice_s);
      failure = ServeUntilStopped(signals, *engine, MonotonicNs() + notice_s * 1'000'000'000);
    }
    fix->Stop();
  }
  server.Stop();
  RETURN_IF_ERROR(failure);
  RETURN_IF_ERROR(engine->Stop());
  PrintSummary(*engine);
  return absl::OkStatus();
}

}  // namespace

void AddServeCommand(CLI::App* app, ExitCode* exit_code) {
  CLI::App* command = app->add_subcommand(
      "serve",
      "Run a venue: the matching core, its journal and the binary gateway. Recovers by replay of "
      "the journal. SIGINT and SIGTERM stop it in order; it then prints the state hash.");
  auto options = std::make_shared<ServeOptions>();
  command
      ->add_option("--config", options->config, "Venue configuration, see docs/venue.example.toml")
      ->required();
  command->add_option("--data", options->data, "Data directory, instead of the configuration's");
  command
      ->add_option("--port", options->port,
                   "Port of the binary gateway, instead of the configuration's; 0: any free one")
      ->check(CLI::Range(0, 65'535));
  command->add_option("--ready-file", options->ready_file,
                      "Write process id, bound ports and recovery figures to this file as JSON "
                      "once connections are accepted");
  command->callback([options, exit_code] {
    const absl::Status status = Serve(*options);
    *exit_code = status.ok() ? ExitCode::kOk : ReportFailure(status);
  });
}

}  // namespace tally
