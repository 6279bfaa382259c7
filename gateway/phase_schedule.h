#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/types.h"

namespace tally::gateway {

// Bit n of a set of weekdays: 0 is Monday, 6 Sunday.
using Weekdays = uint8_t;
inline constexpr Weekdays kEveryDay = 0x7f;

// An instrument enters a phase at a time of day, UTC.
struct ScheduledPhase {
  InstrumentId instrument{};
  Weekdays weekdays = kEveryDay;
  int64_t time_of_day_ns = 0;
  TradingPhase phase{};
};

// The phases that instruments enter by the clock, week after week.
//
// Thread safety: const methods from any thread. Times are ns since the Unix epoch, UTC, without
// leap seconds. Cost: linear in the entries.
class PhaseSchedule {
 public:
  PhaseSchedule() = default;
  explicit PhaseSchedule(std::vector<ScheduledPhase> entries) : entries_(std::move(entries)) {}

  bool empty() const { return entries_.empty(); }

  // What became due after `after_ns` and not later than `until_ns`, in order of time; of each
  // instrument only the last, and only as far as a week back.
  std::vector<ScheduledPhase> Due(int64_t after_ns, int64_t until_ns) const;

  // The earliest time after `after_ns` at which something becomes due; 0 without entries.
  int64_t NextAfter(int64_t after_ns) const;

 private:
  std::vector<ScheduledPhase> entries_;
};

}  // namespace tally::gateway
