#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/container/flat_hash_map.h"

#include "base/mutex.h"
#include "base/types.h"
#include "engine/event.h"

namespace tally {

// Where in the event log the reports of each session are, sparsely: one entry per session for
// every `report_stride`th report, and for each report that is `event_stride` events or more after
// the session's last entry. From a report back to the entry before it are thus fewer than
// event_stride events.
//
// Thread safety: any thread; one writer (the event-log stage) in practice, and the gateway reads.
//
// Cost: Add takes the lock once and about 5 ns per event; the look-ups are binary searches. Memory:
// 64 bytes a session and 24 bytes an entry, at most `entries_max` entries (96 MiB). When they are
// used up the strides are doubled and the entries thinned out: a look-up then scans up to twice
// the new event_stride.
class SessionReportIndex {
 public:
  struct Options {
    uint64_t report_stride = 256;
    uint64_t event_stride = 65'536;
    std::size_t entries_max = std::size_t{4} << 20;
  };

  struct Entry {
    uint64_t report_sequence = 0;
    // The greatest client_sequence answered by the session's reports up to this one.
    uint64_t client_sequence = 0;
    EventSequence event{};
  };

  struct Position {
    Entry from;                         // Where to scan from.
    uint64_t last_report_sequence = 0;  // Of the session.
    uint64_t last_client_sequence = 0;  // Greatest that was answered.
  };

  SessionReportIndex() : SessionReportIndex(Options{}) {}
  explicit SessionReportIndex(const Options& options) : options_(options) {}

  // Takes the events of the log in order, each once or again (a replay changes nothing).
  void Add(std::span<const Event> events);

  // The last entry at or before the session's report `report_sequence`; the first entry for a
  // report before it. Nothing if the session has no report.
  std::optional<Position> FindReport(SessionIndex session, uint64_t report_sequence) const;

  // The last entry before the first answer to `client_sequence`, or the first entry. Nothing if the
  // session has no report.
  std::optional<Position> FindClientSequence(SessionIndex session, uint64_t client_sequence) const;

  // Entries held, for tests and metrics.
  std::size_t entry_count() const;

 private:
  struct Session {
    std::vector<Entry> entries;
    uint64_t last_report_sequence = 0;
    uint64_t last_client_sequence = 0;
  };

  void AddReport(const Event& event) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Thin() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  mutable Mutex mutex_;
  Options options_ ABSL_GUARDED_BY(mutex_);
  std::size_t entry_count_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::flat_hash_map<uint32_t, Session> sessions_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tally
