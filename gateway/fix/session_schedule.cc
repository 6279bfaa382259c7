#include "gateway/fix/session_schedule.h"

#include "base/assert.h"

namespace tally::gateway::fix {
namespace {

constexpr int64_t kDayNs = int64_t{86'400} * 1'000'000'000;
constexpr int64_t kDaysPerWeek = 7;
constexpr int64_t kEpochWeekday = 3;  // The epoch was a Thursday; Monday is 0.

// The hours that begin on that day, counted from the epoch.
std::optional<ScheduleWindow> WindowOfDay(const FixSchedule& schedule, int64_t day) {
  const int64_t weekday = (day + kEpochWeekday) % kDaysPerWeek;
  if (((schedule.weekdays >> weekday) & 1) == 0) {
    return std::nullopt;
  }
  const int64_t length_ns = schedule.end_ns - schedule.start_ns;
  const int64_t start_ns = day * kDayNs + schedule.start_ns;
  return ScheduleWindow{.start_ns = start_ns,
                        .end_ns = start_ns + (length_ns > 0 ? length_ns : length_ns + kDayNs)};
}

}  // namespace

std::optional<ScheduleWindow> WindowAt(const FixSchedule& schedule, int64_t wall_ns) {
  const int64_t today = wall_ns / kDayNs;
  for (const int64_t day : {today, today - 1}) {
    const auto window = WindowOfDay(schedule, day);
    if (window.has_value() && window->start_ns <= wall_ns && wall_ns < window->end_ns) {
      return window;
    }
  }
  return std::nullopt;
}

ScheduleWindow NextWindow(const FixSchedule& schedule, int64_t wall_ns) {
  CHECK(schedule.weekdays != 0);
  for (int64_t day = wall_ns / kDayNs;; ++day) {
    const auto window = WindowOfDay(schedule, day);
    if (window.has_value() && window->start_ns >= wall_ns) {
      return *window;
    }
  }
}

}  // namespace tally::gateway::fix
