// The demo: a recorded market over TCP into a venue of its own, settled on a local chain, checked.

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>

#include <CLI/CLI.hpp>

#include "tools/demo_venue/demo.h"
#include "tools/demo_venue/summary.h"

namespace tally::demo {
namespace {

// Removes what an earlier run left there, and nothing else: the folder may be the user's.
bool PrepareDirectory(const std::string& directory) {
  std::error_code failed;
  std::filesystem::create_directories(directory, failed);
  for (const char* name :
       {"engine", "relayer", "venue.toml", "operator.key", "relayer.key", "anvil.log", "engine.log",
        "engine.ready", "relayer.log", "replay.json", "report.html"}) {
    if (!failed) {
      std::filesystem::remove_all(std::filesystem::path(directory) / name, failed);
    }
  }
  if (failed) {
    std::fprintf(stderr, "demo: cannot prepare %s: %s\n", directory.c_str(),
                 failed.message().c_str());
  }
  return !failed;
}

void RemoveData(const std::string& directory) {
  std::error_code ignored;
  std::filesystem::remove_all(std::filesystem::path(directory) / "engine", ignored);
  std::filesystem::remove_all(std::filesystem::path(directory) / "relayer", ignored);
}

int RunDemo(const DemoOptions& options, bool keep) {
  if (!PrepareDirectory(options.directory)) {
    return 1;
  }
  Console console;
  std::vector<Check> checks;
  {
    Demo demo(options, &console);
    if (const absl::Status status = demo.Run(); !status.ok()) {
      const std::string message(status.message());
      console.Line("");
      std::fprintf(stderr, "demo: phase \"%s\" failed: %s\n%s\ndemo: logs are in %s\n",
                   console.phase().c_str(), message.c_str(), demo.DescribeEndedProcesses().c_str(),
                   options.directory.c_str());
      return 1;
    }
    checks = CheckOutcome(demo.outcome());
    PrintSummary(checks, demo.outcome(), &console);
    const std::string report = options.directory + "/report.html";
    const absl::Status written =
        WriteReport(options.root + "/tools/demo_venue/report.html", report, checks, demo.outcome());
    const std::string message(written.message());
    console.Line(written.ok() ? "Report: " + report : "No report: " + message);
    if (!written.ok()) {
      return 1;
    }
  }
  const bool ok = std::ranges::all_of(checks, &Check::ok);
  if (ok && !keep) {
    RemoveData(options.directory);
  }
  return ok ? 0 : 1;
}

}  // namespace
}  // namespace tally::demo

int main(int argc, char** argv) {
  tally::demo::DemoOptions options;
  bool keep = false;
  CLI::App app{"Plays a recorded market into a venue of its own and checks what came of it.",
               "tally_demo"};
  app.add_option("--root", options.root, "Source tree")->required();
  app.add_option("--build", options.build, "Build folder with bin/tally")->required();
  app.add_option("--out", options.directory, "Folder for logs, data and the report")->required();
  app.add_option("--accounts", options.accounts, "Accounts that trade")
      ->check(CLI::Range(20, 800))  // A socket for each, at two ends with 1,024 files.
      ->take_last();
  app.add_option("--steps", options.steps_max, "Commands of the recording to play; 0: all");
  app.add_option("--burst-ms", options.burst_ms, "Length of the burst")
      ->check(CLI::Range(100, 60'000));
  app.add_flag("--keep", keep, "Keep journal, event log and relayer store after success");
  CLI11_PARSE(app, argc, argv);
  return tally::demo::RunDemo(options, keep);
}
