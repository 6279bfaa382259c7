#include "engine/journal/report_store.h"

#include <algorithm>

#include "base/assert.h"
#include "base/status.h"

namespace tally {

ReportStore::ReportStore(const std::string& directory, const SessionReportIndex* index)
    : index_(index), reader_(directory), chunk_(kChunkEvents, Event{}) {}

absl::StatusOr<std::span<const Event>> ReportStore::ReadChunk(EventSequence from) {
  ASSIGN_OR_RETURN(const std::size_t count, reader_.ReadFrom(from, chunk_));
  return std::span<const Event>(chunk_).first(count);
}

absl::StatusOr<ReportStore::Reports> ReportStore::FindReports(SessionIndex session,
                                                              uint64_t from_report_sequence,
                                                              std::size_t limit) {
  CHECK(from_report_sequence > 0);
  MutexLock lock(&mutex_);
  Reports result;
  uint64_t& next = result.next_report_sequence;
  next = from_report_sequence;
  EventSequence at{};
  for (std::size_t scanned = 0; result.events.size() < limit;) {
    if (scanned >= kScanEventsMax && !result.events.empty()) {
      break;
    }
    const auto position = index_->FindReport(session, next);
    result.complete = !position || next > position->last_report_sequence;
    if (result.complete) {
      break;
    }
    // Jumps over what has no report of the session.
    at = std::max(at, position->from.event);
    ASSIGN_OR_RETURN(const std::span<const Event> chunk, ReadChunk(at));
    if (chunk.empty()) {
      break;
    }
    for (const Event& event : chunk) {
      if (event.session == session && event.report_sequence == next &&
          result.events.size() < limit) {
        result.events.push_back(event);
        ++next;
      }
    }
    scanned += chunk.size();
    at = EventSequence{Raw(chunk.back().sequence) + 1};
  }
  return result;
}

absl::StatusOr<ReportStore::Outcome> ReportStore::FindOutcome(SessionIndex session,
                                                              uint64_t client_sequence) {
  CHECK(client_sequence > 0);
  MutexLock lock(&mutex_);
  Outcome result;
  auto position = index_->FindClientSequence(session, client_sequence);
  if (!position || client_sequence > position->last_client_sequence) {
    return result;
  }
  EventSequence at{};
  uint64_t report_sequence = position->from.report_sequence;
  for (;;) {
    at = std::max(at, position->from.event);
    ASSIGN_OR_RETURN(const std::span<const Event> chunk, ReadChunk(at));
    if (chunk.empty()) {
      return result;
    }
    for (const Event& event : chunk) {
      const bool report = event.session == session && event.report_sequence != 0;
      if (report && event.client_sequence == client_sequence) {
        result.events.push_back(event);
      } else if ((report && event.client_sequence > client_sequence) ||
                 (!result.events.empty() &&
                  event.command_sequence != result.events.back().command_sequence)) {
        result.complete = true;
        return result;
      }
      report_sequence = report ? event.report_sequence : report_sequence;
    }
    at = EventSequence{Raw(chunk.back().sequence) + 1};
    if (result.events.empty()) {
      position = index_->FindReport(session, report_sequence + 1);
    }
  }
}

}  // namespace tally
