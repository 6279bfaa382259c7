#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"

#include "base/types.h"
#include "engine/event.h"
#include "engine/journal/event_log.h"
#include "engine/pipeline/replay.h"

namespace tally::internal {

// Compares the events that a core emits again, while it replays its journal, with those in the
// event log.
//
// Thread safety: one thread. Memory: two batches of 1 MiB.
class EventLogCheck final : public EventSink {
 public:
  // `writer` may be null: compare only. Otherwise it gets every event, and appends those that the
  // log lacks. Both outlive the check.
  EventLogCheck(EventLogReader* reader, EventLogWriter* writer);

  void Append(const Event& event) override;
  // Compares (and appends) what is still buffered. Not OK after a read or write error.
  absl::Status Flush();

  // The first event that is not the same in the log; nothing later has been compared or appended.
  std::optional<EventDifference> first_difference() const { return first_difference_; }
  uint64_t compared() const { return compared_; }
  // The log has events after the last one emitted. After Flush.
  absl::StatusOr<bool> LogGoesOn();

 private:
  // Compares a prefix of the buffer, up to the end of the log; sets first_difference_.
  absl::Status Compare();

  EventLogReader* const reader_;
  EventLogWriter* const writer_;
  std::vector<Event> emitted_;
  std::vector<Event> logged_;
  EventSequence next_{1};  // After the last event compared or appended.
  bool log_ended_ = false;
  uint64_t compared_ = 0;
  std::optional<EventDifference> first_difference_;
  absl::Status error_;
};

}  // namespace tally::internal
