// The whole venue over loopback TCP: client library, gateway, matching core, journal, event log.
// README.md says what the cases are.

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"

#include "base/status.h"
#include "bench/venue/bench_venue.h"
#include "tools/load/load.h"

namespace tally::bench {
namespace {

struct Settings {
  bool json = false;
  uint32_t duration_ms = 3'000;
  uint64_t rate = 20'000;
  std::vector<Durability> durabilities = {Durability::kSync, Durability::kAsync};
};

struct Case {
  const char* name;
  uint32_t sessions;
  uint64_t commands_per_second;  // 0: closed loop.
  uint32_t window;
  WaitKind wait = WaitKind::kBlock;
};

const char* NameOf(Durability durability) {
  return durability == Durability::kSync ? "sync" : "async";
}

class Bench {
 public:
  explicit Bench(const Settings& settings) : settings_(settings) {}

  absl::Status Run() {
    const Case cases[] = {{"ping_pong", 1, 0, 1},
                          {"ping_pong_yield", 1, 0, 1, WaitKind::kYield},
                          {"pipelined", 8, 0, 256},
                          {"open_loop", 8, settings_.rate, 0}};
    for (const Durability durability : settings_.durabilities) {
      for (const Case& each : cases) {
        const absl::Status status = RunCase(each, durability);
        if (!status.ok()) {
          return Annotate(status, absl::StrCat(each.name, "/", NameOf(durability)).c_str());
        }
      }
    }
    return absl::OkStatus();
  }

 private:
  load::LoadOptions OptionsOf(const Case& each, uint16_t port) const {
    load::LoadOptions options{.port = port,
                              .instrument = BenchVenue::kInstrument,
                              .commands_per_second = each.commands_per_second,
                              .window = each.window,
                              .duration_ms = settings_.duration_ms,
                              .warm_up_ms = settings_.duration_ms / 5};
    for (uint32_t i = 1; i <= each.sessions; ++i) {
      options.sessions.push_back({.key_id = i, .key = BenchVenue::Key(i), .session_id = 1});
    }
    return options;
  }

  absl::Status RunCase(const Case& each, Durability durability) {
    ASSIGN_OR_RETURN(const std::unique_ptr<BenchVenue> venue,
                     BenchVenue::Open(durability, each.wait));
    ASSIGN_OR_RETURN(const load::LoadResult result,
                     load::MeasureLoad(OptionsOf(each, venue->port())));
    if (!result.exactly_once() || result.answered == 0) {
      return absl::InternalError(absl::StrCat(result.unanswered, " commands unanswered, ",
                                              result.answered_twice, " answered twice"));
    }
    if (result.rejected * 50 > result.answered) {
      return absl::InternalError(absl::StrCat(result.rejected, " of ", result.answered,
                                              " commands rejected: not the workload meant"));
    }
    RETURN_IF_ERROR(venue->StopAndVerify(result.commands_total));
    Print(absl::StrCat(each.name, "/", NameOf(durability)), result);
    return absl::OkStatus();
  }

  void Print(const std::string& name, const load::LoadResult& result) const {
    PrintFigure(name, "throughput", result.commands_per_second, "commands/s");
    PrintLatency(name, "p50", result, 500'000);
    PrintLatency(name, "p99", result, 990'000);
    PrintLatency(name, "p99.9", result, 999'000);
    PrintLatency(name, "max", result, 1'000'000);
  }

  void PrintLatency(const std::string& name, const char* metric, const load::LoadResult& result,
                    uint32_t per_million) const {
    PrintFigure(name, metric, static_cast<double>(result.response_ns.ValueAt(per_million)) / 1e3,
                "us");
  }

  void PrintFigure(const std::string& name, const char* metric, double value,
                   const char* unit) const {
    if (settings_.json) {
      std::printf(R"({"bench":"venue","case":"%s","metric":"%s","value":%.1f,"unit":"%s",)"
                  R"("subject":"ours"})"
                  "\n",
                  name.c_str(), metric, value, unit);
    } else {
      std::printf("%-18s %-12s %12.1f %s\n", name.c_str(), metric, value, unit);
    }
    std::fflush(stdout);
  }

  const Settings& settings_;
};

bool Parse(int argc, char** argv, Settings* settings) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--json") {
      settings->json = true;
    } else if (flag == "--smoke") {
      settings->duration_ms = 100;
      settings->rate = 500;
    } else if (flag == "--sync") {
      settings->durabilities = {Durability::kSync};
    } else if (flag == "--async") {
      settings->durabilities = {Durability::kAsync};
    } else if (flag.starts_with("--rate=")) {
      settings->rate = std::strtoull(flag.data() + 7, nullptr, 10);
    } else if (flag.starts_with("--duration-ms=")) {
      settings->duration_ms = static_cast<uint32_t>(std::strtoul(flag.data() + 14, nullptr, 10));
    } else {
      return false;
    }
  }
  return settings->rate > 0 && settings->duration_ms > 0;
}

}  // namespace
}  // namespace tally::bench

int main(int argc, char** argv) {
  tally::bench::Settings settings;
  if (!tally::bench::Parse(argc, argv, &settings)) {
    std::fprintf(stderr,
                 "usage: venue_bench [--json] [--smoke] [--sync | --async] [--rate=N] "
                 "[--duration-ms=N]\n");
    return 2;
  }
  const absl::Status status = tally::bench::Bench(settings).Run();
  if (!status.ok()) {
    std::cerr << "venue_bench: " << status << "\n";
    return 1;
  }
  return 0;
}
