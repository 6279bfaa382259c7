#include "tools/demo_venue/processes.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include <nlohmann/json.hpp>

#include "base/status.h"

namespace tally::demo {
namespace {

using nlohmann::json;

constexpr int kNodeStartMs = 20'000;
constexpr int kEngineStartMs = 60'000;
constexpr int kEngineStopMs = 30'000;

// The last line of a log that is a JSON object.
absl::StatusOr<json> LastJson(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  std::vector<std::string> lines = absl::StrSplit(text, '\n');
  std::ranges::reverse(lines);
  for (const std::string& line : lines) {
    json object = json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (object.is_object()) {
      return object;
    }
  }
  return absl::NotFoundError(absl::StrCat("no summary in ", path));
}

}  // namespace

absl::StatusOr<Node> StartNode(const std::string& binary, const std::string& log_path) {
  constexpr std::string_view kMark = "Listening on ";
  ASSIGN_OR_RETURN(
      ChildProcess process,
      ChildProcess::Start({.arguments = {binary, "--host", "127.0.0.1", "--port", "0", "--hardfork",
                                         "osaka", "--accounts", "1", "--gas-limit", "4000000000"},
                           .log_path = log_path,
                           .environment = {}}));
  ASSIGN_OR_RETURN(const std::string log, WaitForLog(std::string(kMark), process, kNodeStartMs));
  const std::size_t begin = log.find(kMark) + kMark.size();
  std::string address = log.substr(begin, log.find('\n', begin) - begin);
  return Node{std::move(process), "http://" + address};
}

absl::StatusOr<EngineReady> EngineProcess::Start() {
  std::error_code ignored;
  std::filesystem::remove(options_.ready_file, ignored);
  process_.reset();
  ASSIGN_OR_RETURN(
      ChildProcess process,
      ChildProcess::Start(
          {.arguments = {options_.program, "serve", "--config", options_.config, "--port",
                         absl::StrCat(port_), "--ready-file", options_.ready_file},
           .log_path = options_.log_path,
           .environment = {}}));
  process_ = std::move(process);
  ASSIGN_OR_RETURN(const std::string text,
                   WaitForFile(options_.ready_file, *process_, kEngineStartMs));
  const json ready = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!ready.is_object()) {
    return absl::DataLossError("the engine's ready file is not JSON");
  }
  port_ = ready["binary"]["port"];
  return EngineReady{.port = port_,
                     .recovered_commands = ready["recovered"]["commands"],
                     .recovery_ms = ready["recovered"]["milliseconds"]};
}

void EngineProcess::Kill() { process_->Kill(); }

absl::StatusOr<std::string> EngineProcess::Stop() {
  process_->Signal(SIGTERM);
  ASSIGN_OR_RETURN(const int status, process_->Wait(kEngineStopMs));
  if (status != 0) {
    return absl::FailedPreconditionError(absl::StrCat("the engine exits with status ", status,
                                                      "; the end of its log:\n",
                                                      LogTail(options_.log_path, 15)));
  }
  ASSIGN_OR_RETURN(const json summary, LastJson(options_.log_path));
  return summary.value("state_hash", "");
}

absl::Status EngineProcess::Health() {
  return process_.has_value() ? CheckRuns(*process_, "the engine") : absl::OkStatus();
}

absl::Status CheckRuns(ChildProcess& process, std::string_view what) {
  if (process.Running()) {
    return absl::OkStatus();
  }
  return absl::UnavailableError(
      absl::StrCat(ToAbsl(what), " ended; the end of its log:\n", LogTail(process.log_path(), 15)));
}

std::string LogTail(const std::string& path, std::size_t lines) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) {
    return "  (no log)";
  }
  const std::vector<std::string> all = absl::StrSplit(*text, '\n', absl::SkipWhitespace());
  std::string tail;
  for (std::size_t i = all.size() - std::min(lines, all.size()); i < all.size(); ++i) {
    absl::StrAppend(&tail, "  | ", all[i], "\n");
  }
  return tail;
}

absl::StatusOr<json> RunProgram(const ChildOptions& options, int timeout_ms) {
  std::error_code ignored;
  std::filesystem::remove(options.log_path, ignored);
  ASSIGN_OR_RETURN(ChildProcess process, ChildProcess::Start(options));
  ASSIGN_OR_RETURN(const int status, process.Wait(timeout_ms));
  if (status != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(options.arguments[0], " ", options.arguments[1], " exits with status ", status,
                     "; the end of its output:\n", LogTail(options.log_path, 15)));
  }
  return LastJson(options.log_path);
}

}  // namespace tally::demo
