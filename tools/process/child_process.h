#pragma once

#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tally {

struct ChildOptions {
  std::vector<std::string> arguments;  // arguments[0] is the program: a path, or found in PATH.
  std::string log_path;                // Standard output and error are appended to this file.
  std::vector<std::pair<std::string, std::string>> environment;  // Added to the parent's.
};

// A program started by this one: the demo and the crash tests run the venue's processes with it.
// The child dies with its parent (PR_SET_PDEATHSIG), and with the object.
//
// Thread safety: one thread, which must also outlive the child.
class ChildProcess {
 public:
  // kNotFound if the program cannot be executed.
  static absl::StatusOr<ChildProcess> Start(const ChildOptions& options);

  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess();  // SIGKILL, if it still runs.

  pid_t pid() const { return pid_; }
  const std::string& log_path() const { return log_path_; }

  bool Running();
  void Signal(int signal) const;
  // SIGKILL, and waits for the end.
  void Kill();
  // The exit status (128 + signal for one that was killed); kDeadlineExceeded if it still runs.
  absl::StatusOr<int> Wait(int timeout_ms);

 private:
  ChildProcess(pid_t pid, std::string log_path) : pid_(pid), log_path_(std::move(log_path)) {}
  void Reap(bool block);

  pid_t pid_ = -1;
  std::string log_path_;
  std::optional<int> exit_status_;
};

// Waits until `path` exists and returns its content. kUnavailable with the end of its log if the
// child ends first, kDeadlineExceeded after timeout_ms.
absl::StatusOr<std::string> WaitForFile(const std::string& path, ChildProcess& child,
                                        int timeout_ms);

// Waits until the child's log contains `text` and returns the log so far; errors as WaitForFile.
absl::StatusOr<std::string> WaitForLog(const std::string& text, ChildProcess& child,
                                       int timeout_ms);

// Whole content of a file.
absl::StatusOr<std::string> ReadFile(const std::string& path);

}  // namespace tally
