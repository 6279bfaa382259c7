#pragma once

#include <string>
#include <string_view>

namespace tally::demo {

// What a person sees while the demo runs: one line for each phase, and on a terminal a line below
// it that is overwritten as the phase goes on. Thread safety: one thread.
class Console {
 public:
  Console();

  // Begins a phase; failures are reported under its name.
  void Phase(std::string_view name);
  // Overwritten by the next call and by Done; at most ten a second are shown.
  void Progress(std::string_view text);
  // The one line that stays of the phase.
  void Done(std::string_view result);
  // A line of the summary.
  void Line(std::string_view text);

  const std::string& phase() const { return phase_; }

 private:
  void ClearProgress();

  const bool is_terminal_;
  const int64_t started_ns_;
  int64_t phase_started_ns_ = 0;
  int64_t shown_ns_ = 0;
  bool has_progress_ = false;
  std::string phase_;
};

// 1234567 as "1,234,567".
std::string Grouped(uint64_t value);
// Nanoseconds as "812 us", "4.31 ms" or "2.05 s".
std::string Duration(int64_t ns);

}  // namespace tally::demo
