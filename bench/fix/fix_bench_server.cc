// What fix_bench measures, as a process of its own:
//   fix_bench_server venue sync|async spin|yield|block
//   fix_bench_server bare
// Prints "port N", serves until SIGTERM, prints "orders N" once it is verified. Writes below the
// working directory only.

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"

#include "base/clock.h"
#include "base/status.h"
#include "bench/fix/bare_responder.h"
#include "engine/core/core.h"
#include "engine/pipeline/engine.h"
#include "gateway/engine_adapter.h"
#include "gateway/fix_server.h"
#include "gateway/venue_config.h"

namespace tally::bench {
namespace {

constexpr int64_t kFundsQuanta = int64_t{1} << 60;

constexpr std::string_view kVenue = R"(
[venue]
name = "fix-bench"
[engine]
data_directory = "venue-data"
[gateway]
listen = "127.0.0.1:0"
[fix]
listen = "127.0.0.1:0"
comp_id = "ISLD"
messages_per_second = 100000000
burst = 100000000
[[fix_sessions]]
comp_id = "TW44"
account = 1
authentication = "none"
[[assets]]
id = 0
symbol = "USD"
decimals = 6
chain_decimals = 18
[[assets]]
id = 1
symbol = "BTC"
decimals = 8
chain_decimals = 18
[[accounts]]
id = 1
owner = "0x0000000000000000000000000000000000000001"
[[instruments]]
id = 1
symbol = "BTC/USD"
base = "BTC"
quote = "USD"
tick = "0.01"
lot = "0.0001"
price_max = "1000000"
quantity_min = "0.0001"
quantity_max = "1000"
notional_min = "0.01"
notional_max = "100000000"
maker_fee_hundredths_bp = 100
taker_fee_hundredths_bp = 300
fee_account = 1
)";

void Publish(Engine* engine, const Command& command) {
  while (!engine->TryPublish(command)) {
  }
}

void Define(Engine* engine, const gateway::VenueConfig& config) {
  for (const Command& command : gateway::VenueDefinitions(config)) {
    Publish(engine, command);
  }
  Command deposit = MakeCommand(CommandType::kDeposit);
  deposit.account = AccountId{1};
  deposit.chain_transfer.index = 1;
  deposit.chain_transfer.chain_id = 1;
  deposit.chain_transfer.amount = {kFundsQuanta};
  deposit.chain_transfer.asset = AssetId{0};
  Publish(engine, deposit);
}

// The whole venue behind the FIX gateway: core, journal, event log.
absl::Status ServeVenue(Durability durability, WaitKind wait) {
  ASSIGN_OR_RETURN(gateway::VenueConfig config,
                   gateway::ParseVenueConfig(std::string(kVenue), "fix_bench"));
  const RealClock clock;
  config.engine.clock = &clock;
  config.engine.data_directory =
      (std::filesystem::current_path() / config.engine.data_directory).string();
  config.engine.durability = durability;
  config.engine.wait = wait;
  config.fix.directory = config.engine.data_directory + "/fix";
  ASSIGN_OR_RETURN(auto engine, Engine::Open(config.engine));
  gateway::RecoveredState recovered = gateway::RecoveredStateOf(*engine);
  engine->Start();
  {
    gateway::EngineAdapter adapter(engine.get());
    Define(engine.get(), config);
    gateway::FixServer server(config, {.clock = &clock, .engine = &adapter, .reports = &adapter},
                              std::move(recovered));
    ASSIGN_OR_RETURN(const uint16_t port, server.Start());
    AnnouncePort(port);
    AwaitTermination();
    server.Stop();
  }
  RETURN_IF_ERROR(engine->Stop());
  engine.reset();
  // Replays the journal, and fails where a state hash in it is not reproduced.
  ASSIGN_OR_RETURN(engine, Engine::Open(config.engine));
  AnnounceOrders(engine->core().open_order_count());
  return absl::OkStatus();
}

absl::Status Serve(int argc, char** argv) {
  const std::string_view kind = argc > 1 ? argv[1] : "";
  if (kind == "bare" && argc == 2) {
    return ServeBare();
  }
  const std::string_view durability = argc == 4 ? argv[2] : "";
  const auto wait = ParseWaitKind(argc == 4 ? argv[3] : "");
  if (kind != "venue" || (durability != "sync" && durability != "async") || !wait.has_value()) {
    return absl::InvalidArgumentError(
        "usage: fix_bench_server bare | venue sync|async spin|yield|block");
  }
  return ServeVenue(durability == "sync" ? Durability::kSync : Durability::kAsync, *wait);
}

}  // namespace
}  // namespace tally::bench

int main(int argc, char** argv) {
  tally::bench::BlockTermination();
  const absl::Status status = tally::bench::Serve(argc, argv);
  if (!status.ok()) {
    std::cerr << "fix_bench_server: " << status << "\n";
    return absl::IsInvalidArgument(status) ? 2 : 1;
  }
  return 0;
}
