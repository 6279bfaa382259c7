#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

#include "base/sha256.h"
#include "base/types.h"
#include "engine/event.h"
#include "engine/limits.h"

namespace tally {

namespace core {
class Core;
}  // namespace core

struct ReplayOptions {
  CoreLimits limits = {};                     // Those that the engine ran with.
  std::optional<CommandSequence> until = {};  // Stop after this command.
  // Compare with the event log in this directory; empty: do not.
  std::string event_log_directory = {};
  // As JournalReaderOptions: switch off for a directory that was copied from a running engine.
  bool check_end = true;
  // Looks at the core behind the last command, e.g. to print its balances.
  std::function<void(const core::Core&)> at_end = {};
};

// An event that the journal gives otherwise than the event log has it.
struct EventDifference {
  EventSequence event{};
  CommandSequence command{};  // The command that emitted it in the replay.
  friend bool operator==(const EventDifference&, const EventDifference&) = default;
};

struct ReplayResult {
  CommandSequence last_command{};
  EventSequence last_event{};
  Sha256Digest state_hash{};
  uint64_t marks_checked = 0;     // State hash marks that could be compared.
  uint64_t marks_unverified = 0;  // Marks too old for the core to remember their hash.
  // The first command whose journaled state hash this core does not reproduce.
  std::optional<CommandSequence> first_divergence;
  uint64_t events_compared = 0;
  // The first event that differs from the event log. Events after it are not compared.
  std::optional<EventDifference> first_event_difference;
  // The event log has events that this replay did not emit (never judged when `until` is given).
  bool event_log_is_ahead = false;

  bool ok() const { return !first_divergence && !first_event_difference && !event_log_is_ahead; }
};

// Replays a journal into a new core, without threads, and checks everything that can be checked:
// the journal's own checksums and chain, the state hash marks, and the event log. `sink`, if any,
// gets every event. Differences are in the result; a status is for what prevented the replay.
//
// Cost: one core's speed, about 1 M commands a second.
absl::StatusOr<ReplayResult> ReplayJournal(const std::string& journal_directory,
                                           const ReplayOptions& options, EventSink* sink = nullptr);

}  // namespace tally
