#include "tools/demo_venue/summary.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "base/histogram.h"

namespace tally::demo {
namespace {

struct Gas {
  uint64_t gas = 0;
  uint64_t trades = 0;
  uint64_t entries = 0;
  uint64_t batches = 0;
};

std::string PerSecond(uint64_t count, int64_t ns) {
  const double rate =
      static_cast<double>(count) * 1e9 / static_cast<double>(std::max<int64_t>(1, ns));
  return Grouped(static_cast<uint64_t>(rate)) + "/s";
}

// Of the batches of the recorded flow, or of those after it.
Gas GasOf(const Outcome& outcome, bool of_flow) {
  Gas total;
  for (const BatchFigures& batch : outcome.batches) {
    if ((batch.chain.last_event <= outcome.flow_settled) == of_flow) {
      ++total.batches;
      total.gas += batch.chain.gas_used;
      total.trades += batch.trades;
      total.entries += batch.chain.entries;
    }
  }
  return total;
}

std::string GasPerTrade(const Gas& gas) {
  return Grouped(gas.gas / std::max<uint64_t>(1, gas.trades));
}

Histogram LatencyOf(const Outcome& outcome) {
  Histogram histogram;
  for (const int64_t ns : outcome.latencies_ns) {
    histogram.Record(ns);
  }
  return histogram;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> Figures(const Outcome& outcome) {
  const Histogram latency = LatencyOf(outcome);
  const Gas flow = GasOf(outcome, true);
  const Gas burst = GasOf(outcome, false);
  const uint64_t commands = outcome.counts.sent + outcome.burst.commands_total;
  return {
      {"commands", Grouped(commands)},
      {"trades", Grouped(outcome.trades_total)},
      {"recorded flow, in order", PerSecond(outcome.flow_steps, outcome.flow_ns)},
      {"burst, commands", Grouped(static_cast<uint64_t>(outcome.burst.commands_per_second)) + "/s"},
      {"ack latency p50", Duration(latency.ValueAt(500'000))},
      {"ack latency p90", Duration(latency.ValueAt(900'000))},
      {"ack latency p99", Duration(latency.ValueAt(990'000))},
      {"ack latency p99.9", Duration(latency.ValueAt(999'000))},
      {"ack latency max", Duration(latency.max())},
      {"SIGKILL to first logon", Duration(outcome.kill.outage_ns)},
      {"of that, journal replay", absl::StrCat(outcome.kill.recovery_ms, " ms")},
      {"gas per trade, recorded flow", GasPerTrade(flow)},
      {"gas per trade, burst", GasPerTrade(burst)},
      {"batches, flow + burst", absl::StrCat(flow.batches, " + ", burst.batches)},
      {"netted entries, flow + burst",
       absl::StrCat(Grouped(flow.entries), " + ", Grouped(burst.entries))},
      {"duration", Duration(outcome.total_ns)},
  };
}

void PrintSummary(const std::vector<Check>& checks, const Outcome& outcome, Console* console) {
  console->Line("\nChecks");
  for (const Check& check : checks) {
    console->Line(absl::StrFormat("  %s  %s\n        %s", check.ok ? "PASS" : "FAIL", check.name,
                                  check.detail));
  }
  console->Line("\nFigures");
  for (const auto& [label, value] : Figures(outcome)) {
    console->Line(absl::StrFormat("  %-28s %18s", label, value));
  }
  console->Line(
      "\n  Latency: command handed to the client library to durable report, over loopback TCP,\n"
      "  journal synced to disk, the recorded flow only. Gas: all of settle(), calldata included,\n"
      "  over the trades (two fills each) in the batches. The burst trades among few accounts, "
      "which\n"
      "  nets far better than the recorded flow.\n");
}

}  // namespace tally::demo
