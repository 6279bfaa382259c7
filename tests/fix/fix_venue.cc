// A venue with nothing but the FIX gateway, for the tests that need a real socket:
//   fix_venue CONFIG DATA_DIRECTORY [QUANTA]
// Prints the port, and serves until its standard input ends. At its first start every account of
// the configuration gets QUANTA of every asset.

#include <cstdio>
#include <cstdlib>

#include "base/clock.h"
#include "base/status.h"
#include "engine/pipeline/engine.h"
#include "gateway/engine_adapter.h"
#include "gateway/fix_server.h"
#include "gateway/venue_config.h"

namespace tally {
namespace {

void Publish(Engine* engine, const Command& command) {
  while (!engine->TryPublish(command)) {
  }
}

void Fund(Engine* engine, const gateway::VenueConfig& config, Quanta amount) {
  uint64_t index = 0;
  for (const auto& account : config.accounts) {
    for (const auto& asset : config.assets) {
      Command deposit = MakeCommand(CommandType::kDeposit);
      deposit.account = account.account;
      deposit.chain_transfer.index = ++index;
      deposit.chain_transfer.chain_id = 1;
      deposit.chain_transfer.amount = amount;
      deposit.chain_transfer.asset = asset.asset;
      Publish(engine, deposit);
    }
  }
}

absl::Status Serve(const char* path, const char* data, Quanta funds) {
  ASSIGN_OR_RETURN(gateway::VenueConfig config, gateway::LoadVenueConfig(path));
  const RealClock clock;
  config.engine.clock = &clock;
  config.engine.data_directory = data;
  config.engine.durability = Durability::kAsync;
  config.fix.directory = std::string(data) + "/fix";
  config.fix.port = 0;
  ASSIGN_OR_RETURN(const auto engine, Engine::Open(config.engine));
  gateway::RecoveredState recovered = gateway::RecoveredStateOf(*engine);
  engine->Start();
  gateway::EngineAdapter adapter(engine.get());
  if (Raw(engine->event_log_written()) == 0) {
    for (const Command& command : gateway::VenueDefinitions(config)) {
      Publish(engine.get(), command);
    }
    if (funds.value != 0) {
      Fund(engine.get(), config, funds);
    }
  }
  gateway::FixServer server(config, {.clock = &clock, .engine = &adapter, .reports = &adapter},
                            std::move(recovered));
  ASSIGN_OR_RETURN(const uint16_t port, server.Start());
  std::printf("%u\n", port);
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  server.Stop();
  return engine->Stop();
}

}  // namespace
}  // namespace tally

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4) {
    std::fprintf(stderr, "usage: fix_venue CONFIG DATA_DIRECTORY [QUANTA]\n");
    return 2;
  }
  const absl::Status status =
      tally::Serve(argv[1], argv[2], {argc == 4 ? std::strtoll(argv[3], nullptr, 10) : 0});
  if (!status.ok()) {
    std::fprintf(stderr, "%s\n", status.ToString().c_str());
    return 1;
  }
  return 0;
}
