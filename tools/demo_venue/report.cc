#include <algorithm>
#include <cmath>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include <nlohmann/json.hpp>

#include "base/status.h"
#include "tools/demo_venue/summary.h"
#include "tools/process/child_process.h"

namespace tally::demo {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kMark = "__DATA__";
constexpr double kBucketRatio = 1.25;

// Digits that a screen cannot show only make the page large.
double Round(double value, int digits) {
  const double scale = std::pow(10, digits);
  return std::round(value * scale) / scale;
}

Json RoundedSide(const std::vector<std::vector<double>>& side) {
  Json columns = Json::array();
  for (const std::vector<double>& column : side) {
    Json rows = Json::array();
    for (const double quantity : column) {
      rows.push_back(Round(quantity, 3));
    }
    columns.push_back(std::move(rows));
  }
  return columns;
}

Json DepthJson(const DepthMap& depth) {
  return {{"times", depth.times_ms},
          {"price_low", Round(static_cast<double>(depth.price_low) * kUsdPerTick, 2)},
          {"price_step", Round(static_cast<double>(depth.price_step) * kUsdPerTick, 2)},
          {"rows", depth.rows},
          {"bids", RoundedSide(depth.bids)},
          {"asks", RoundedSide(depth.asks)}};
}

// [upper end in microseconds, count], buckets of equal ratio from the fastest to the 99.9th
// percentile; the last one has everything above.
Json LatencyJson(std::vector<int64_t> latencies_ns) {
  Json buckets = Json::array();
  if (latencies_ns.empty()) {
    return buckets;
  }
  std::ranges::sort(latencies_ns);
  const auto end_ns =
      static_cast<double>(latencies_ns[latencies_ns.size() - 1 - latencies_ns.size() / 1'000]);
  auto from = latencies_ns.begin();
  for (double upper_ns = static_cast<double>(latencies_ns.front()) * kBucketRatio;
       from != latencies_ns.end(); upper_ns *= kBucketRatio) {
    const bool is_last = upper_ns >= end_ns;
    const auto to =
        is_last ? latencies_ns.end()
                : std::upper_bound(from, latencies_ns.end(), static_cast<int64_t>(upper_ns));
    buckets.push_back({Round(upper_ns / 1e3, 0), to - from});
    from = to;
  }
  return buckets;
}

// Of the recorded flow: those of the burst would not be visible next to them.
Json BatchesJson(const Outcome& outcome) {
  Json rows = Json::array();
  for (const BatchFigures& batch : outcome.batches) {
    if (batch.chain.last_event <= outcome.flow_settled && batch.trades > 0) {
      rows.push_back({{"id", batch.chain.id},
                      {"trades", batch.trades},
                      {"entries", batch.chain.entries},
                      {"gas", batch.chain.gas_used}});
    }
  }
  return rows;
}

Json ReportJson(const std::vector<Check>& checks, const Outcome& outcome) {
  Json report;
  report["subtitle"] = absl::StrCat(
      "A recorded BTC/USD market of ", Grouped(outcome.flow_steps),
      " commands played over TCP into the venue, made durable, matched, settled on a local EVM "
      "chain, and replayed to the identical state.");
  report["footer"] = absl::StrCat(
      "Recorded flow: Bitstamp, 1 May 2015. Commands that could affect one another are sent only "
      "when the earlier one is answered (",
      Grouped(outcome.steps_alone),
      " of them alone), the others with some tens in flight. Gas is that of settle() with its "
      "calldata; a trade is two fills. The burst trades among few accounts, which nets far better "
      "than the recorded market.");
  report["figures"] = Json::array();
  for (const auto& [label, value] : Figures(outcome)) {
    report["figures"].push_back({label, value});
  }
  report["checks"] = Json::array();
  for (const Check& check : checks) {
    report["checks"].push_back({{"name", check.name}, {"ok", check.ok}, {"detail", check.detail}});
  }
  report["depth"] = DepthJson(outcome.depth);
  report["trades"] = Json::array();
  for (const flow::FlowTrade& trade : outcome.trades) {
    report["trades"].push_back({trade.time_ms,
                                Round(static_cast<double>(trade.price.value) * kUsdPerTick, 2),
                                Round(static_cast<double>(trade.quantity.value) * kBtcPerLot, 6)});
  }
  report["kills"] = {outcome.kill_time_ms};
  report["latency"] = LatencyJson(outcome.latencies_ns);
  report["batches"] = BatchesJson(outcome);
  return report;
}

}  // namespace

absl::Status WriteReport(const std::string& template_path, const std::string& path,
                         const std::vector<Check>& checks, const Outcome& outcome) {
  ASSIGN_OR_RETURN(std::string page, ReadFile(template_path));
  const std::size_t mark = page.find(kMark);
  if (mark == std::string::npos) {
    return absl::DataLossError(absl::StrCat(template_path, " has no place for the data"));
  }
  page.replace(mark, kMark.size(), ReportJson(checks, outcome).dump());
  std::ofstream file(path);
  file << page;
  file.close();
  return file ? absl::OkStatus() : ErrnoStatus("write", path);
}

}  // namespace tally::demo
