#include "tools/demo_venue/console.h"

#include <cstdio>
#include <unistd.h>

#include "absl/strings/str_format.h"

#include "base/clock.h"
#include "base/status.h"

namespace tally::demo {
namespace {

constexpr int64_t kProgressNs = 100'000'000;

double Seconds(int64_t ns) { return static_cast<double>(ns) / 1e9; }

}  // namespace

Console::Console() : is_terminal_(isatty(STDOUT_FILENO) != 0), started_ns_(MonotonicNs()) {}

void Console::Phase(std::string_view name) {
  phase_ = name;
  phase_started_ns_ = MonotonicNs();
  shown_ns_ = 0;
  Progress("...");
}

void Console::Progress(std::string_view text) {
  const int64_t now_ns = MonotonicNs();
  if (!is_terminal_ || now_ns - shown_ns_ < kProgressNs) {
    return;
  }
  shown_ns_ = now_ns;
  has_progress_ = true;
  absl::PrintF("\r\x1b[2K  %-9s %s", phase_, ToAbsl(text));
  std::fflush(stdout);
}

void Console::Done(std::string_view result) {
  ClearProgress();
  absl::PrintF("[%6.1f s] %-9s %s (%.1f s)\n", Seconds(MonotonicNs() - started_ns_), phase_,
               ToAbsl(result), Seconds(MonotonicNs() - phase_started_ns_));
  std::fflush(stdout);
}

void Console::Line(std::string_view text) {
  ClearProgress();
  absl::PrintF("%s\n", ToAbsl(text));
  std::fflush(stdout);
}

void Console::ClearProgress() {
  if (has_progress_) {
    absl::PrintF("\r\x1b[2K");
    has_progress_ = false;
  }
}

std::string Grouped(uint64_t value) {
  std::string digits = std::to_string(value);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), 1, ',');
  }
  return digits;
}

std::string Duration(int64_t ns) {
  const auto value = static_cast<double>(ns);
  if (ns < 1'000'000) {
    return absl::StrFormat("%.0f us", value / 1e3);
  }
  if (ns < 1'000'000'000) {
    return absl::StrFormat("%.2f ms", value / 1e6);
  }
  return absl::StrFormat("%.2f s", value / 1e9);
}

}  // namespace tally::demo
