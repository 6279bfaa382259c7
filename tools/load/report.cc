#include <cstdio>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "tools/load/load.h"

namespace tally::load {
namespace {

struct Quantile {
  const char* name;
  uint32_t per_million;
};
constexpr Quantile kQuantiles[] = {
    {"p50", 500'000}, {"p90", 900'000}, {"p99", 990'000}, {"p99.9", 999'000}, {"max", 1'000'000}};

std::string Row(const char* name, const Histogram& histogram) {
  std::string row = absl::StrFormat("%-10s", name);
  for (const Quantile& quantile : kQuantiles) {
    absl::StrAppendFormat(&row, " %10.1f",
                          static_cast<double>(histogram.ValueAt(quantile.per_million)) / 1e3);
  }
  return row + "\n";
}

void PrintTable(const LoadOptions& options, const LoadResult& result, std::ostream& out) {
  const bool open_loop = options.commands_per_second > 0;
  out << absl::StrFormat("%d sessions, %s\n", options.sessions.size(),
                         open_loop ? absl::StrCat(options.commands_per_second, " commands/s asked")
                                   : absl::StrCat(options.window, " in flight per session"));
  out << absl::StrFormat("%-10s %10s %10s %10s %10s %10s   microseconds\n", "latency", "p50", "p90",
                         "p99", "p99.9", "max");
  if (open_loop) {
    out << Row("from due", result.response_ns);
  }
  out << Row("from send", result.service_ns);
  out << absl::StrFormat("achieved %.0f commands/s: %d sent, %d answered, %d rejected; %d fills\n",
                         result.commands_per_second, result.sent, result.answered, result.rejected,
                         result.fills);
  if (result.late + result.throttled + result.reconnects > 0) {
    out << absl::StrFormat("%d late, %d times throttled, %d reconnects\n", result.late,
                           result.throttled, result.reconnects);
  }
  out << (result.exactly_once()
              ? absl::StrFormat("every one of %d commands was answered exactly once\n",
                                result.commands_total)
              : absl::StrFormat("NOT exactly once: of %d commands %d unanswered, %d answered "
                                "twice or out of order\n",
                                result.commands_total, result.unanswered, result.answered_twice));
}

void PrintFigure(const char* metric, double value, const char* unit, std::ostream& out) {
  out << absl::StrFormat(R"({"bench":"load","case":"wire","metric":"%s","value":%.3f,"unit":"%s",)"
                         R"("subject":"ours"})"
                         "\n",
                         metric, value, unit);
}

void PrintJson(const LoadResult& result, std::ostream& out) {
  for (const Quantile& quantile : kQuantiles) {
    PrintFigure(absl::StrCat("response_", quantile.name).c_str(),
                static_cast<double>(result.response_ns.ValueAt(quantile.per_million)) / 1e3, "us",
                out);
  }
  PrintFigure("throughput", result.commands_per_second, "commands/s", out);
  PrintFigure("answered", static_cast<double>(result.answered), "commands", out);
  PrintFigure("rejected", static_cast<double>(result.rejected), "commands", out);
  PrintFigure("exactly_once", result.exactly_once() ? 1 : 0, "bool", out);
}

}  // namespace

int RunLoad(const LoadOptions& options) {
  const absl::StatusOr<LoadResult> result = MeasureLoad(options);
  if (!result.ok()) {
    std::cerr << "load: " << result.status() << "\n";
    return 1;
  }
  std::ostream& out = options.out != nullptr ? *options.out : std::cout;
  if (options.json) {
    PrintJson(*result, out);
  } else {
    PrintTable(options, *result, out);
  }
  return result->exactly_once() && result->answered > 0 ? 0 : 1;
}

}  // namespace tally::load
