#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/fix_log.h"

namespace tally {

// A message of a FIX session's log, split into its fields; views into the line.
struct FixLogMessage {
  gateway::FixLogEntry entry;
  std::vector<std::pair<int32_t, std::string_view>> fields;  // Tag 0: text that is no field.

  // The first field of that tag; empty if there is none.
  std::string_view Get(int32_t tag) const;
  std::string_view type() const { return Get(35); }
};

// Nothing if the line is no message.
std::optional<FixLogMessage> SplitFixLogLine(std::string_view line);

struct FixLogFilter {
  std::set<std::string, std::less<>> types{};  // Empty: any.
  std::string direction{};                     // "in", "out"; empty: both.
  uint64_t sequence_from = 0;
  uint64_t sequence_to = UINT64_MAX;
  std::string since{};  // UTC as in the log, or a beginning of it; empty: no limit.
  std::string until{};
  std::vector<std::pair<int32_t, std::string>> tags{};  // All of them.
};

bool Passes(const FixLogFilter& filter, const FixLogMessage& message);

// The messages about one order: it is followed through the ClOrdIDs of its replaces and cancels
// (11, 41), and its OrderID (37).
//
// Show every message to Learn until nothing new is learnt, since a chain may be entered at its end.
class FixOrderChain {
 public:
  explicit FixOrderChain(const std::string& cl_ord_id) : ids_{cl_ord_id} {}

  // Whether the message is about the order; its other ids are the order's too then.
  bool Learn(const FixLogMessage& message);
  std::size_t size() const { return ids_.size() + order_ids_.size(); }

 private:
  std::set<std::string, std::less<>> ids_;
  std::set<std::string, std::less<>> order_ids_;
};

// One line: time, direction, number, type, and the fields behind the header with names.
std::string ReadableFixMessage(const FixLogMessage& message);

}  // namespace tally
