#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "base/mutex.h"
#include "base/types.h"
#include "engine/event.h"
#include "engine/journal/event_log.h"
#include "engine/journal/session_report_index.h"

namespace tally {

// Finds the reports of one session in the event log: what a client missed while it was away, and
// what became of a command that it sent. The same events that the session got, or would have got,
// when they happened.
//
// Thread safety: any thread; calls are serialised.
//
// Cost: a report is found by reading at most the index's event_stride events (8 MiB, 5 to 10 ms),
// and stretches of the log longer than that without a report of the session are jumped over. A call
// is bounded by its limit and by kScanEventsMax events (32 MiB).
class ReportStore {
 public:
  // After reading this many events FindReports returns what it has.
  static constexpr std::size_t kScanEventsMax = 262'144;

  static constexpr std::size_t kChunkEvents = 512;

  // `index` is the one that the writer of the log in `directory` feeds; it outlives the store.
  ReportStore(const std::string& directory, const SessionReportIndex* index);

  // Reports of `session` from `from_report_sequence` (>= 1) on, contiguous, at most `limit`. Fewer,
  // even none, does not mean that there are no more: `next_report_sequence` is where to go on, and
  // `complete` says that the log (so far) has no later ones.
  struct Reports {
    std::vector<Event> events;
    uint64_t next_report_sequence = 0;
    bool complete = false;
  };
  absl::StatusOr<Reports> FindReports(SessionIndex session, uint64_t from_report_sequence,
                                      std::size_t limit);

  // The reports that answer the session's command `client_sequence`, in order: what it was told,
  // or should have been told, the first time. `complete` once the log holds an event of a later
  // command; ask again until then.
  struct Outcome {
    std::vector<Event> events;
    bool complete = false;
  };
  absl::StatusOr<Outcome> FindOutcome(SessionIndex session, uint64_t client_sequence);

 private:
  // Events from `from` on, at most kChunkEvents; empty at the end of the log.
  absl::StatusOr<std::span<const Event>> ReadChunk(EventSequence from)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const SessionReportIndex* const index_;
  Mutex mutex_;
  EventLogReader reader_ ABSL_GUARDED_BY(mutex_);
  std::vector<Event> chunk_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tally
