#include "gateway/phase_schedule.h"

#include <algorithm>
#include <map>

namespace tally::gateway {
namespace {

constexpr int64_t kDayNs = int64_t{86'400} * 1'000'000'000;
constexpr int64_t kEpochWeekday = 3;  // 1970-01-01 was a Thursday.

int64_t DayOf(int64_t time_ns) {
  return time_ns >= 0 ? time_ns / kDayNs : -((-time_ns + kDayNs - 1) / kDayNs);
}

bool On(const ScheduledPhase& entry, int64_t day) {
  const int64_t weekday = ((day + kEpochWeekday) % 7 + 7) % 7;
  return (entry.weekdays >> weekday & 1) != 0;
}

// The last time up to `until_ns`, within a week; INT64_MIN if the entry has no day.
int64_t LastUntil(const ScheduledPhase& entry, int64_t until_ns) {
  const int64_t today = DayOf(until_ns);
  for (int64_t day = today; day >= today - 7; --day) {
    const int64_t time_ns = day * kDayNs + entry.time_of_day_ns;
    if (On(entry, day) && time_ns <= until_ns) {
      return time_ns;
    }
  }
  return INT64_MIN;
}

int64_t FirstAfter(const ScheduledPhase& entry, int64_t after_ns) {
  const int64_t today = DayOf(after_ns);
  for (int64_t day = today; day <= today + 7; ++day) {
    const int64_t time_ns = day * kDayNs + entry.time_of_day_ns;
    if (On(entry, day) && time_ns > after_ns) {
      return time_ns;
    }
  }
  return INT64_MAX;
}

}  // namespace

std::vector<ScheduledPhase> PhaseSchedule::Due(int64_t after_ns, int64_t until_ns) const {
  std::map<InstrumentId, std::pair<int64_t, ScheduledPhase>> latest;
  for (const ScheduledPhase& entry : entries_) {
    const int64_t time_ns = LastUntil(entry, until_ns);
    if (time_ns <= after_ns) {
      continue;
    }
    const auto [at, inserted] = latest.try_emplace(entry.instrument, time_ns, entry);
    if (!inserted && time_ns >= at->second.first) {
      at->second = {time_ns, entry};
    }
  }
  std::vector<std::pair<int64_t, ScheduledPhase>> ordered;
  ordered.reserve(latest.size());
  for (const auto& [instrument, row] : latest) {
    ordered.push_back(row);
  }
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<ScheduledPhase> due;
  due.reserve(ordered.size());
  for (const auto& [time_ns, entry] : ordered) {
    due.push_back(entry);
  }
  return due;
}

int64_t PhaseSchedule::NextAfter(int64_t after_ns) const {
  int64_t next_ns = INT64_MAX;
  for (const ScheduledPhase& entry : entries_) {
    next_ns = std::min(next_ns, FirstAfter(entry, after_ns));
  }
  return next_ns == INT64_MAX ? 0 : next_ns;
}

}  // namespace tally::gateway
