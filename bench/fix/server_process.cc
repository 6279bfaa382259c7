#include "bench/fix/server_process.h"

#include <csignal>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string_view>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "base/status.h"

namespace tally::bench {
namespace {

constexpr int kPatienceMs = 60'000;

// The number behind `word` on a line of its own.
absl::StatusOr<uint64_t> NumberBehind(std::string_view log, std::string_view word) {
  const std::size_t at = log.rfind(word);
  uint64_t number = 0;
  if (at == std::string_view::npos ||
      !absl::SimpleAtoi(ToAbsl(log.substr(at + word.size(), log.find('\n', at) - at - word.size())),
                        &number)) {
    return absl::InternalError(absl::StrCat("the server did not say \"", ToAbsl(word), "N\""));
  }
  return number;
}

}  // namespace

absl::StatusOr<ServerProcess> ServerProcess::Start(std::vector<std::string> command) {
  std::string directory = (std::filesystem::current_path() / "fix_bench.XXXXXX").string();
  if (mkdtemp(directory.data()) == nullptr) {
    return ErrnoStatus("mkdtemp", directory);
  }
  // The server writes below its working directory.
  command.insert(command.begin(), {"/usr/bin/env", "-C", directory});
  const auto failed = [&](const absl::Status& status) {
    std::filesystem::remove_all(directory);
    return status;
  };
  auto child = ChildProcess::Start(
      {.arguments = command, .log_path = directory + "/log", .environment = {}});
  if (!child.ok()) {
    return failed(child.status());
  }
  const auto log = WaitForLog("\n", *child, kPatienceMs);
  if (!log.ok()) {
    return failed(log.status());
  }
  const auto port = NumberBehind(*log, "port ");
  if (!port.ok()) {
    return failed(port.status());
  }
  return ServerProcess(std::move(*child), directory, static_cast<uint16_t>(*port));
}

ServerProcess::~ServerProcess() {
  if (!directory_.empty()) {
    child_.Kill();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
}

int64_t ServerProcess::ProcessCpuNs() const {
  clockid_t clock{};
  timespec time{};
  if (clock_getcpuclockid(child_.pid(), &clock) != 0 || clock_gettime(clock, &time) != 0) {
    return 0;
  }
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

std::optional<int64_t> ServerProcess::ThreadCpuNs(std::string_view name) const {
  const std::string tasks = absl::StrCat("/proc/", child_.pid(), "/task");
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(tasks, ignored)) {
    const auto comm = ReadFile(entry.path().string() + "/comm");
    const auto times = ReadFile(entry.path().string() + "/schedstat");
    int64_t ns = 0;
    if (comm.ok() && times.ok() && *comm == absl::StrCat(ToAbsl(name), "\n") &&
        absl::SimpleAtoi(times->substr(0, times->find(' ')), &ns)) {
      return ns;
    }
  }
  return std::nullopt;
}

absl::StatusOr<uint64_t> ServerProcess::Stop() {
  child_.Signal(SIGTERM);
  ASSIGN_OR_RETURN(const int status, child_.Wait(kPatienceMs));
  ASSIGN_OR_RETURN(const std::string log, ReadFile(child_.log_path()));
  if (status != 0) {
    return absl::InternalError(absl::StrCat("the server failed: ", log));
  }
  return NumberBehind(log, "orders ");
}

}  // namespace tally::bench
