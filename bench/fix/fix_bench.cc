// The FIX gateway with the whole venue behind it, beside QuickFIX and beside the least a FIX
// responder can do: the same generator, one server process after the other. README.md says what the
// cases are.

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"

#include "base/clock.h"
#include "base/histogram.h"
#include "base/status.h"
#include "bench/fix/order_generator.h"
#include "bench/fix/server_process.h"

namespace tally::bench {
namespace {

constexpr unsigned kSpinProcessorsMin = 4;

struct Settings {
  bool json = false;
  bool smoke = false;
  std::string programs;    // The folder of the servers.
  std::string dictionary;  // schemas/fix44.xml.
};

struct Load {
  const char* name;
  uint32_t window;
  uint64_t orders;
  uint64_t warm_up;
};

struct Subject {
  const char* name;     // "ours" or a peer.
  const char* variant;  // Of ours; part of the case.
  std::vector<std::string> command;
};

struct Figures {
  double orders_per_s = 0;
  double p50_us = 0;
  double p99_us = 0;
  double process_cpu_us = 0;  // Of one order.
  double gateway_cpu_us = 0;  // Likewise, of the gateway's thread; of a peer, of all.
};

class Bench {
 public:
  explicit Bench(const Settings& settings) : settings_(settings) {}

  absl::Status Run() {
    const uint64_t shrink = settings_.smoke ? 100 : 1;
    const Load loads[] = {{"pipelined", 256, 80'000 / shrink, 4'000 / shrink},
                          {"ping_pong", 1, 10'000 / shrink, 500 / shrink}};
    for (const Load& load : loads) {
      RETURN_IF_ERROR(RunLoad(load));
    }
    return absl::OkStatus();
  }

 private:
  std::vector<Subject> Subjects() const {
    const std::string server = settings_.programs + "/fix_bench_server";
    const std::string quickfix = settings_.programs + "/quickfix_acceptor";
    std::vector<Subject> subjects;
    if (std::filesystem::exists(quickfix)) {
      subjects.push_back({"quickfix_file", "", {quickfix, "file", settings_.dictionary}});
    } else {
      std::fprintf(stderr, "skipped: quickfix (not installed; see tools/setup)\n");
    }
    subjects.push_back({"ours", "/async_block", {server, "venue", "async", "block"}});
    subjects.push_back({"ours", "/async_yield", {server, "venue", "async", "yield"}});
    if (std::thread::hardware_concurrency() >= kSpinProcessorsMin) {
      subjects.push_back({"ours", "/async_spin", {server, "venue", "async", "spin"}});
    } else {
      std::fprintf(stderr, "skipped: async_spin (fewer than %u processors)\n", kSpinProcessorsMin);
    }
    subjects.push_back({"ours", "/sync_block", {server, "venue", "sync", "block"}});
    if (std::filesystem::exists(quickfix)) {
      subjects.push_back({"quickfix_memory", "", {quickfix, "memory", settings_.dictionary}});
    }
    subjects.push_back({"bare", "", {server, "bare"}});
    return subjects;
  }

  absl::Status RunLoad(const Load& load) {
    Figures base;  // QuickFIX with its FileStore is measured first.
    for (const Subject& subject : Subjects()) {
      const auto figures = Measure(load, subject);
      if (!figures.ok()) {
        return Annotate(figures.status(),
                        absl::StrCat(subject.name, " ", load.name, subject.variant));
      }
      const std::string name = absl::StrCat(load.name, subject.variant);
      Print(subject, name, *figures);
      if (std::string_view(subject.name) == "quickfix_file") {
        base = *figures;
      } else if (base.orders_per_s > 0 && std::string_view(subject.name) == "ours") {
        PrintFigure(subject, name, "orders_of_quickfix", figures->orders_per_s / base.orders_per_s,
                    "x");
        PrintFigure(subject, name, "p50_of_quickfix", figures->p50_us / base.p50_us, "x");
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Figures> Measure(const Load& load, const Subject& subject) const {
    ASSIGN_OR_RETURN(ServerProcess server, ServerProcess::Start(subject.command));
    OrderGenerator generator;
    RETURN_IF_ERROR(generator.LogOn(server.port()));
    Histogram ignored;
    RETURN_IF_ERROR(generator.Run(load.warm_up, load.window, &ignored));
    Histogram response_ns;
    const int64_t process_ns = server.ProcessCpuNs();
    const auto gateway_ns = server.ThreadCpuNs("fix");
    const int64_t start_ns = MonotonicNs();
    RETURN_IF_ERROR(generator.Run(load.orders, load.window, &response_ns));
    const auto elapsed_ns = static_cast<double>(MonotonicNs() - start_ns);
    const auto orders = static_cast<double>(load.orders);
    const double process_us =
        static_cast<double>(server.ProcessCpuNs() - process_ns) / 1e3 / orders;
    const auto gateway_end_ns = server.ThreadCpuNs("fix");
    RETURN_IF_ERROR(generator.LogOut());
    ASSIGN_OR_RETURN(const uint64_t counted, server.Stop());
    const OrderGenerator::Totals& totals = generator.totals();
    if (counted != totals.orders || totals.leaves != totals.quantity ||
        response_ns.count() != load.orders) {
      return absl::InternalError(absl::StrCat("sent ", totals.orders, " orders of ",
                                              totals.quantity, " in all; the server has ", counted,
                                              ", its reports say ", totals.leaves));
    }
    Figures figures{.orders_per_s = orders * 1e9 / elapsed_ns,
                    .p50_us = static_cast<double>(response_ns.ValueAt(500'000)) / 1e3,
                    .p99_us = static_cast<double>(response_ns.ValueAt(990'000)) / 1e3,
                    .process_cpu_us = process_us,
                    .gateway_cpu_us = process_us};
    if (gateway_ns.has_value() && gateway_end_ns.has_value()) {
      figures.gateway_cpu_us = static_cast<double>(*gateway_end_ns - *gateway_ns) / 1e3 / orders;
    }
    return figures;
  }

  void Print(const Subject& subject, const std::string& name, const Figures& figures) const {
    PrintFigure(subject, name, "orders", figures.orders_per_s, "1/s");
    PrintFigure(subject, name, "rtt_p50", figures.p50_us, "us");
    PrintFigure(subject, name, "rtt_p99", figures.p99_us, "us");
    PrintFigure(subject, name, "gateway_cpu_per_order", figures.gateway_cpu_us, "us");
    PrintFigure(subject, name, "process_cpu_per_order", figures.process_cpu_us, "us");
  }

  void PrintFigure(const Subject& subject, const std::string& name, const char* metric,
                   double value, const char* unit) const {
    if (settings_.json) {
      std::printf(R"({"bench":"fix","case":"%s","metric":"%s","value":%.3f,"unit":"%s",)"
                  R"("subject":"%s"})"
                  "\n",
                  name.c_str(), metric, value, unit, subject.name);
    } else {
      std::printf("%-16s %-22s %-22s %12.3f %s\n", subject.name, name.c_str(), metric, value, unit);
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
      settings->smoke = true;
    } else {
      return false;
    }
  }
  settings->programs = std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
  settings->dictionary = FIX_DICTIONARY;
  return true;
}

}  // namespace
}  // namespace tally::bench

int main(int argc, char** argv) {
  tally::bench::Settings settings;
  if (!tally::bench::Parse(argc, argv, &settings)) {
    std::fprintf(stderr, "usage: fix_bench [--json] [--smoke]\n");
    return 2;
  }
  const absl::Status status = tally::bench::Bench(settings).Run();
  if (!status.ok()) {
    std::cerr << "fix_bench: " << status << "\n";
    return 1;
  }
  return 0;
}
