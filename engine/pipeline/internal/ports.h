#pragma once

#include <span>

#include "absl/status/status.h"

#include "engine/command.h"
#include "engine/event.h"

namespace tally::internal {

// What the pipeline needs of the journal, the core and the event log, and no more: tests put
// failing, slow and recording ones in their place. Each is called by one thread, its stage's.

class JournalPort {
 public:
  virtual ~JournalPort() = default;
  // Adds commands to the open frame, which has room for them.
  virtual void Add(std::span<const Command> commands) = 0;
  // Returns when the frame is durable.
  virtual absl::Status Commit() = 0;
};

class CorePort {
 public:
  virtual ~CorePort() = default;
  // Applies the first of one or more commands; the others are what follows it.
  virtual void ApplyFirst(std::span<const Command> upcoming, EventSink& sink) = 0;
  // Not OK if a state hash mark applied so far had another hash than this core.
  virtual absl::Status Verify() const = 0;
  // Core::next_deadline_ns().
  virtual int64_t NextDeadlineNs() const { return 0; }
};

class EventLogPort {
 public:
  virtual ~EventLogPort() = default;
  virtual absl::Status Append(std::span<const Event> events) = 0;
};

}  // namespace tally::internal
