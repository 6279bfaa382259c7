#pragma once

#include <cstdint>
#include <optional>

#include "gateway/fix_options.h"

namespace tally::gateway::fix {

// The hours of one day, or night, of a schedule: [start_ns, end_ns), ns since the Unix epoch, UTC.
struct ScheduleWindow {
  int64_t start_ns = 0;
  int64_t end_ns = 0;

  friend bool operator==(const ScheduleWindow&, const ScheduleWindow&) = default;
};

// The hours that `wall_ns` is in; nothing if it is in none.
std::optional<ScheduleWindow> WindowAt(const FixSchedule& schedule, int64_t wall_ns);
// The first hours that begin at or after `wall_ns`.
ScheduleWindow NextWindow(const FixSchedule& schedule, int64_t wall_ns);

}  // namespace tally::gateway::fix
