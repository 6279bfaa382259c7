#include "tools/process/child_process.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/clock.h"
#include "base/status.h"

namespace tally {
namespace {

constexpr int64_t kPollNs = 2'000'000;
constexpr std::size_t kLogTailBytes = 2'000;

void SleepNs(int64_t duration_ns) {
  const timespec duration{.tv_sec = 0, .tv_nsec = duration_ns};
  nanosleep(&duration, nullptr);
}

// Calls `done` until it returns true or the time is over; false then.
template <typename Done>
bool PollUntil(int timeout_ms, Done&& done) {
  const int64_t deadline_ns = MonotonicNs() + int64_t{timeout_ms} * 1'000'000;
  while (!done()) {
    if (MonotonicNs() >= deadline_ns) {
      return false;
    }
    SleepNs(kPollNs);
  }
  return true;
}

// Runs in the child. Reports a failed exec through the pipe, which a successful one closes.
[[noreturn]] void ExecuteChild(const ChildOptions& options, int error_pipe, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) {
    _exit(127);  // The parent died before the line above.
  }
  const int log = open(options.log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log >= 0) {
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
  }
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  dup2(nothing, STDIN_FILENO);
  for (const auto& [name, value] : options.environment) {
    setenv(name.c_str(), value.c_str(), 1);
  }
  std::vector<char*> arguments;
  for (const std::string& argument : options.arguments) {
    arguments.push_back(const_cast<char*>(argument.c_str()));
  }
  arguments.push_back(nullptr);
  execvp(arguments[0], arguments.data());
  const int error = errno;
  static_cast<void>(!write(error_pipe, &error, sizeof error));
  _exit(127);
}

std::string LogTail(const std::string& path) {
  const absl::StatusOr<std::string> log = ReadFile(path);
  if (!log.ok()) {
    return "(no log)";
  }
  return log->substr(log->size() - std::min(log->size(), kLogTailBytes));
}

absl::Status EndedEarly(ChildProcess& child) {
  return absl::UnavailableError(
      absl::StrCat("the program ended; the end of its log:\n", LogTail(child.log_path())));
}

}  // namespace

absl::StatusOr<ChildProcess> ChildProcess::Start(const ChildOptions& options) {
  int error_pipe[2];
  if (pipe2(error_pipe, O_CLOEXEC) != 0) {
    return ErrnoStatus("pipe", options.arguments[0]);
  }
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) {
    return ErrnoStatus("fork", options.arguments[0]);
  }
  if (pid == 0) {
    ExecuteChild(options, error_pipe[1], parent);
  }
  close(error_pipe[1]);
  int error = 0;
  const ssize_t size = read(error_pipe[0], &error, sizeof error);
  close(error_pipe[0]);
  ChildProcess child(pid, options.log_path);
  if (size == sizeof error) {
    child.Reap(/*block=*/true);
    errno = error;
    return ErrnoStatus("execute", options.arguments[0]);
  }
  return child;
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      log_path_(std::move(other.log_path_)),
      exit_status_(other.exit_status_) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  if (this != &other) {
    Kill();
    pid_ = std::exchange(other.pid_, -1);
    log_path_ = std::move(other.log_path_);
    exit_status_ = other.exit_status_;
  }
  return *this;
}

ChildProcess::~ChildProcess() { Kill(); }

bool ChildProcess::Running() {
  Reap(/*block=*/false);
  return pid_ > 0 && !exit_status_.has_value();
}

void ChildProcess::Signal(int signal) const {
  if (pid_ > 0 && !exit_status_.has_value()) {
    kill(pid_, signal);
  }
}

void ChildProcess::Kill() {
  if (Running()) {
    Signal(SIGKILL);
    Reap(/*block=*/true);
  }
}

absl::StatusOr<int> ChildProcess::Wait(int timeout_ms) {
  if (!PollUntil(timeout_ms, [this] { return !Running(); })) {
    return absl::DeadlineExceededError(absl::StrCat("process ", pid_, " still runs"));
  }
  return exit_status_.value_or(127);
}

void ChildProcess::Reap(bool block) {
  if (pid_ <= 0 || exit_status_.has_value()) {
    return;
  }
  int status = 0;
  if (waitpid(pid_, &status, block ? 0 : WNOHANG) == pid_) {
    exit_status_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }
}

absl::StatusOr<std::string> WaitForFile(const std::string& path, ChildProcess& child,
                                        int timeout_ms) {
  bool ended = false;
  const bool done = PollUntil(timeout_ms, [&] {
    ended = !child.Running();
    return access(path.c_str(), R_OK) == 0 || ended;
  });
  if (access(path.c_str(), R_OK) == 0) {
    return ReadFile(path);
  }
  return done ? EndedEarly(child)
              : absl::DeadlineExceededError(absl::StrCat("waited in vain for ", path));
}

absl::StatusOr<std::string> WaitForLog(const std::string& text, ChildProcess& child,
                                       int timeout_ms) {
  std::string log;
  const bool done = PollUntil(timeout_ms, [&] {
    const bool ended = !child.Running();
    log = ReadFile(child.log_path()).value_or("");
    return log.find(text) != std::string::npos || ended;
  });
  if (log.find(text) != std::string::npos) {
    return log;
  }
  return done ? EndedEarly(child)
              : absl::DeadlineExceededError(absl::StrCat("waited in vain for: ", text));
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return ErrnoStatus("open", path);
  }
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

}  // namespace tally
