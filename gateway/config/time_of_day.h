#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "gateway/config/table_reader.h"
#include "gateway/phase_schedule.h"

namespace tally::gateway {

// "08:00" or "16:35:30" as ns since midnight; nothing if it is no time of day.
std::optional<int64_t> ParseTimeOfDay(const std::string& text);

// The days that a key lists, e.g. ["mon", "tue"]; every one without the key.
Weekdays ReadWeekdays(TableReader& reader, std::string_view key);

}  // namespace tally::gateway
