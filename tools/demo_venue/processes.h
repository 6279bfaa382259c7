#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include <nlohmann/json.hpp>

#include "tools/process/child_process.h"

namespace tally::demo {

// A development node on a free loopback port.
struct Node {
  ChildProcess process;
  std::string url;
};
// `binary`: the node itself, not its launcher, so that ending it ends the node.
absl::StatusOr<Node> StartNode(const std::string& binary, const std::string& log_path);

// What the engine says in its ready file.
struct EngineReady {
  uint16_t port = 0;
  uint64_t recovered_commands = 0;
  int64_t recovery_ms = 0;
};

// `tally serve`, which can be killed and started again on the same port.
class EngineProcess {
 public:
  struct Options {
    std::string program;
    std::string config;
    std::string log_path;
    std::string ready_file;
  };
  explicit EngineProcess(Options options) : options_(std::move(options)) {}

  // Returns when connections are accepted.
  absl::StatusOr<EngineReady> Start();
  void Kill();
  // SIGTERM; the state hash that the engine prints at its end.
  absl::StatusOr<std::string> Stop();
  absl::Status Health();

 private:
  const Options options_;
  uint16_t port_ = 0;  // Of the first start.
  std::optional<ChildProcess> process_;
};

// OK, or that it ended and the end of its log.
absl::Status CheckRuns(ChildProcess& process, std::string_view what);

// The last `lines` lines of a file, each indented; for messages.
std::string LogTail(const std::string& path, std::size_t lines);

// Runs a program to its end and returns the last JSON object that it printed on a line.
// kFailedPrecondition with the end of its output if it does not exit with status 0.
absl::StatusOr<nlohmann::json> RunProgram(const ChildOptions& options, int timeout_ms);

}  // namespace tally::demo
