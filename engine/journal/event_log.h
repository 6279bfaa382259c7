#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "base/types.h"
#include "engine/event.h"

namespace tally {

class SessionReportIndex;

struct EventLogOptions {
  // A segment is closed, and the next one begun, when it is at least this long.
  uint64_t segment_bytes_max = uint64_t{256} << 20;
};

// Appends the events of one core to plain segment files, see docs/formats/event_log.md. The event
// log is a copy, rebuilt from the journal at any time: it is written, not synced (closed segments
// are), and only with events whose command is already durable.
//
// Thread safety: one thread (the event-log stage). Readers, in this or another process, use
// EventLogReader at the same time.
//
// Invariants: event sequences are contiguous from 1. After a failed write the writer is poisoned.
//
// Cost: one write() of 32 + 128 n bytes per call, about 1 GB/s.
class EventLogWriter {
 public:
  // Opens or creates the log, locks it against a second writer, finds its end and cuts a torn
  // tail. `index`, if any, is fed by Append and must outlive the writer.
  //   kFailedPrecondition  another writer has the directory open
  //   kDataLoss            a segment before the last one is missing or does not fit the next
  static absl::StatusOr<std::unique_ptr<EventLogWriter>> Open(const std::string& directory,
                                                              const EventLogOptions& options = {},
                                                              SessionReportIndex* index = nullptr);
  ~EventLogWriter();
  EventLogWriter(const EventLogWriter&) = delete;
  EventLogWriter& operator=(const EventLogWriter&) = delete;

  // Appends contiguous events. Those the log already has (a core that replays its journal emits
  // them again) only feed the index. The first new one must be last_sequence() + 1: a gap is a
  // programmer error.
  absl::Status Append(std::span<const Event> events);

  // Forgets every event after `last`. For a log that is ahead of its journal, which only loss or
  // restoration of the journal can bring about.
  absl::Status CutAfter(EventSequence last);

  // 0 of an empty log.
  EventSequence last_sequence() const;

 private:
  class Impl;
  explicit EventLogWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Reads an event log, also while it is being written, by this or another process.
//
// Thread safety: any thread; calls are serialised. Give each thread its own reader where they
// should read in parallel.
//
// Cost: sequential reading about 1 GB/s. A jump to another position costs O(log segments) plus a
// scan of at most 1 MiB (0.5 ms) where the reader has been before, and of at most one segment
// (0.2 s) where it has not. Memory: 1 MiB, and 4 KiB for each segment visited.
class EventLogReader {
 public:
  // The directory may be empty or not exist yet.
  explicit EventLogReader(std::string directory);
  ~EventLogReader();
  EventLogReader(const EventLogReader&) = delete;
  EventLogReader& operator=(const EventLogReader&) = delete;

  // Copies the events from `from` (>= 1) on into `events` and returns how many; only events of
  // complete, verified frames. 0 means "not there yet": ask again later. Never an event other than
  // the next one.
  //   kOutOfRange  `from` is before the oldest segment
  //   kDataLoss    the frame with `from` is damaged although the log goes on after it
  absl::StatusOr<std::size_t> ReadFrom(EventSequence from, std::span<Event> events);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tally
