// Throughput of the ring by topology, after the LMAX Disruptor's performance tests, and the round
// trip through two rings. P: producer, C: consumer. Every run checks what its consumers saw: a ring
// that loses, repeats or tears a slot fails the benchmark. README.md says how to read the figures.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "bench/ring/ping_pong.h"
#include "bench/ring/topology.h"

namespace tally::bench {
namespace {

struct Case {
  const char* name;
  Topology topology;
  Load load;
};

//   one_to_one     P1 -> C1                 one_to_three   P1 -> C1, C2, C3
//   three_to_one   P1, P2, P3 -> C1         pipeline       P1 -> C1 -> C2 -> C3
//   diamond        P1 -> C1, C2 -> C3       ..._batch      ten entries in a claim
//
// Spinning where each thread has one of two cores to itself, else yielding.
constexpr Case kCases[] = {
    {"one_to_one", {}, {.wait = WaitKind::kSpin, .claim = 1, .entries = 24'000'000}},
    {"one_to_one_batch", {}, {.wait = WaitKind::kSpin, .claim = 10, .entries = 60'000'000}},
    {"three_to_one", {.producers = 3}, {.claim = 1, .entries = 6'000'000}},
    {"three_to_one_batch", {.producers = 3}, {.claim = 10, .entries = 30'000'000}},
    {"one_to_three", {.consumers = 3}, {.claim = 1, .entries = 24'000'000}},
    {"pipeline", {.consumers = 3, .pipeline = true}, {.claim = 1, .entries = 24'000'000}},
    {"diamond", {.consumers = 3, .diamond = true}, {.claim = 1, .entries = 24'000'000}},
};

struct Settings {
  bool json = false;
  bool smoke = false;
  std::string only;              // Name of a case; empty: all.
  std::optional<WaitKind> wait;  // Instead of the case's own.
  int repeats = 3;               // After one that warms up; the median counts.
};

void Print(const Settings& settings, const char* name, const char* metric, double value,
           const char* unit) {
  if (settings.json) {
    std::printf(R"({"bench":"ring","case":"%s","metric":"%s","value":%.1f,"unit":"%s",)"
                R"("subject":"ours"})"
                "\n",
                name, metric, value, unit);
  } else {
    std::printf("%-20s %-12s %16.1f %s\n", name, metric, value, unit);
  }
  std::fflush(stdout);
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::optional<double> MeasureOnce(const Topology& topology, const Load& load) {
  return topology.producers > 1 ? MeasureThroughput<MultiProducerRing<Entry>>(topology, load)
                                : MeasureThroughput<SingleProducerRing<Entry>>(topology, load);
}

bool RunThroughput(const Case& each, const Settings& settings) {
  Load load = each.load;
  load.wait = settings.wait.value_or(load.wait);
  load.entries = settings.smoke ? load.entries / 1000 : load.entries;
  std::vector<double> samples;
  for (int i = 0; i <= settings.repeats; ++i) {
    const std::optional<double> sample = MeasureOnce(each.topology, load);
    if (!sample) {
      std::fprintf(stderr, "%s: a consumer saw a wrong sum\n", each.name);
      return false;
    }
    if (i > 0) {
      samples.push_back(*sample);
    }
  }
  Print(settings, each.name, "throughput", Median(samples), "1/s");
  return true;
}

bool RunPingPong(const char* name, WaitKind wait, const Settings& settings) {
  const int64_t round_trips = settings.smoke ? 1'000 : 300'000;
  const auto result =
      MeasureRoundTrips<SingleProducerRing<Entry>>(settings.wait.value_or(wait), round_trips);
  if (!result) {
    std::fprintf(stderr, "%s: wrong answer\n", name);
    return false;
  }
  Print(settings, name, "p50", result->p50_ns, "ns");
  Print(settings, name, "p99", result->p99_ns, "ns");
  return true;
}

bool Wanted(const Settings& settings, std::string_view name) {
  return settings.only.empty() || settings.only == name;
}

bool RunAll(const Settings& settings) {
  for (const Case& each : kCases) {
    if (Wanted(settings, each.name) && !RunThroughput(each, settings)) {
      return false;
    }
  }
  return (!Wanted(settings, "ping_pong") || RunPingPong("ping_pong", WaitKind::kSpin, settings)) &&
         (!Wanted(settings, "ping_pong_block") ||
          RunPingPong("ping_pong_block", WaitKind::kBlock, settings));
}

bool Parse(int argc, char** argv, Settings* settings) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--json") {
      settings->json = true;
    } else if (flag == "--smoke") {
      settings->smoke = true;
      settings->repeats = 1;
    } else if (flag.starts_with("--case=")) {
      settings->only = flag.substr(7);
    } else if (flag.starts_with("--wait=")) {
      settings->wait = ParseWaitKind(flag.substr(7));
      if (!settings->wait) {
        return false;
      }
    } else if (flag.starts_with("--repeats=")) {
      settings->repeats = std::atoi(flag.data() + 10);
    } else {
      return false;
    }
  }
  return settings->repeats > 0;
}

}  // namespace
}  // namespace tally::bench

int main(int argc, char** argv) {
  tally::bench::Settings settings;
  if (!tally::bench::Parse(argc, argv, &settings)) {
    std::fprintf(stderr,
                 "usage: ring_bench [--json] [--smoke] [--case=NAME] [--wait=spin|yield|block]\n"
                 "                  [--repeats=COUNT]\n");
    return 2;
  }
  return tally::bench::RunAll(settings) ? 0 : 1;
}
