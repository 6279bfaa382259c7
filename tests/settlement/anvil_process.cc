#include "tests/settlement/anvil_process.h"

#include <array>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/status.h"

namespace tally::settlement {

absl::StatusOr<AnvilProcess> AnvilProcess::Start(const std::string& binary) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return ErrnoStatus("pipe", "anvil");
  }
  AnvilProcess process;
  process.pid_ = ::fork();
  if (process.pid_ < 0) {
    return ErrnoStatus("fork", "anvil");
  }
  if (process.pid_ == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::execl(binary.c_str(), "anvil", "--host", "127.0.0.1", "--port", "0", "--hardfork", "osaka",
            "--enable-tx-gas-limit", "--chain-id", "31337", nullptr);
    ::_exit(127);
  }
  ::close(ends[1]);
  process.output_ = ends[0];
  constexpr std::string_view kMark = "Listening on ";
  std::string text;
  for (;;) {
    const std::size_t mark = text.find(kMark);
    const std::size_t end = mark == std::string::npos ? mark : text.find('\n', mark);
    if (end != std::string::npos) {
      const std::size_t begin = mark + kMark.size();
      process.url_ = "http://" + text.substr(begin, end - begin);
      process.drain_ = std::thread([output = process.output_] {
        std::array<char, 4096> ignored;
        while (::read(output, ignored.data(), ignored.size()) > 0) {
        }
      });
      return process;
    }
    std::array<char, 4096> buffer;
    const ssize_t count = ::read(process.output_, buffer.data(), buffer.size());
    if (count <= 0) {
      return absl::UnavailableError(absl::StrCat(binary, " did not start: ", text));
    }
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

AnvilProcess::AnvilProcess(AnvilProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      output_(std::exchange(other.output_, -1)),
      drain_(std::move(other.drain_)),
      url_(std::move(other.url_)) {}

AnvilProcess::~AnvilProcess() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  if (drain_.joinable()) {
    drain_.join();
  }
  if (output_ >= 0) {
    ::close(output_);
  }
}

}  // namespace tally::settlement
