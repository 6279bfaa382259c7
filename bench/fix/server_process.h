#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "tools/process/child_process.h"

namespace tally::bench {

// A FIX server that runs as a process of its own in a folder of its own, which goes with it: its
// port, the processor time it took, and the orders it counted.
//
// Thread safety: none.
class ServerProcess {
 public:
  // Runs `command` in a new folder below the working directory until it says its port.
  static absl::StatusOr<ServerProcess> Start(std::vector<std::string> command);
  ~ServerProcess();
  ServerProcess(ServerProcess&& other) noexcept
      : child_(std::move(other.child_)),
        directory_(std::exchange(other.directory_, {})),
        port_(other.port_) {}
  ServerProcess& operator=(ServerProcess&&) = delete;

  uint16_t port() const { return port_; }
  // Processor time of the whole process.
  int64_t ProcessCpuNs() const;
  // Of its thread of that name; nothing if there is none.
  std::optional<int64_t> ThreadCpuNs(std::string_view name) const;

  // Ends it and returns how many orders it counted. Not OK if it failed.
  absl::StatusOr<uint64_t> Stop();

 private:
  ServerProcess(ChildProcess child, std::string directory, uint16_t port)
      : child_(std::move(child)), directory_(std::move(directory)), port_(port) {}

  ChildProcess child_;
  std::string directory_;
  uint16_t port_;
};

}  // namespace tally::bench
