#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

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
// Cost: reads at most `event_stride` events (8 MiB, a few ms) to find the first report, then on;
// a call is bounded by its limit and by kScanEventsMax events.
class ReportStore {
 public:
  // A call reads no more events than this; it then returns what it has.
  static constexpr std::size_t kScanEventsMax = 262'144;

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

  // Every report that answers the session's command `client_sequence`, in order. Empty if the log
  // has none yet.
  absl::StatusOr<std::vector<Event>> FindOutcome(SessionIndex session, uint64_t client_sequence);

 private:
  EventLogReader reader_;
  const SessionReportIndex* const index_;
};

}  // namespace tally
