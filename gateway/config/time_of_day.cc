#include "gateway/config/time_of_day.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include "base/clock.h"
#include "base/status.h"

namespace tally::gateway {
namespace {

std::optional<Weekdays> ParseWeekday(std::string_view name) {
  static constexpr std::string_view kNames[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
  const auto* found = std::find(std::begin(kNames), std::end(kNames), name);
  if (found == std::end(kNames)) {
    return std::nullopt;
  }
  return static_cast<Weekdays>(1u << (found - kNames));
}

}  // namespace

std::optional<int64_t> ParseTimeOfDay(const std::string& text) {
  const std::vector<std::string> parts = absl::StrSplit(text, ':');
  if (parts.size() != 2 && parts.size() != 3) {
    return std::nullopt;
  }
  int64_t seconds = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    int part = 0;
    const bool given = i < parts.size();
    if (given && (parts[i].size() != 2 || !absl::SimpleAtoi(parts[i], &part))) {
      return std::nullopt;
    }
    if (part < 0 || part >= (i == 0 ? 24 : 60)) {
      return std::nullopt;
    }
    seconds = seconds * 60 + part;
  }
  return seconds * kNsPerSecond;
}

Weekdays ReadWeekdays(TableReader& reader, std::string_view key) {
  unsigned days = 0;
  if (!reader.Has(key)) {
    return kEveryDay;
  }
  for (const std::string& name : reader.Strings(key)) {
    const auto day = ParseWeekday(name);
    if (!day.has_value()) {
      reader.Fault(
          key, absl::StrCat("no day \"", name, "\"; there are mon, tue, wed, thu, fri, sat, sun"));
    }
    days |= day.value_or(0);
  }
  return static_cast<Weekdays>(days);
}

}  // namespace tally::gateway
