#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/fix_options.h"

namespace tally::gateway {

// What a FIX session said and heard, for people: a text file of the session with a line for each
// message, both ways, administrative and garbled ones too. The newest FixOptions::message_log_mb
// megabytes are kept, in two files: when one is full it replaces the older one. It is written ten
// times a second and not synced; what has to survive is in the session log. Passwords and
// signatures are starred.
//
//   20240627-11:17:25.223000 < 8=FIX.4.4<SOH>9=...<SOH>10=123<SOH>      '<' from the client, '>' to

struct FixLogEntry {
  std::string_view time;  // UTC, when it was taken or sent.
  bool inbound = false;
  std::string_view message;
};

// The newer file, of the session of that CompID; the older one has ".1" behind its name.
std::string FixMessageLogPath(const FixOptions& options, std::string_view comp_id);

// A line without its end; nothing if it is not whole.
std::optional<FixLogEntry> ParseFixLogLine(std::string_view line);

// Names of the dictionary; empty if it has none.
std::string_view FixMessageName(std::string_view type);
std::string_view FixFieldName(int32_t tag);
std::string_view FixEnumName(int32_t tag, std::string_view value);

}  // namespace tally::gateway
