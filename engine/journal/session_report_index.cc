#include "engine/journal/session_report_index.h"

#include <algorithm>
#include <iterator>

#include "base/assert.h"

namespace tally {

void SessionReportIndex::Add(std::span<const Event> events) {
  MutexLock lock(&mutex_);
  for (const Event& event : events) {
    if (event.report_sequence != 0) {
      AddReport(event);
    }
  }
}

void SessionReportIndex::AddReport(const Event& event) {
  Session& session = sessions_[Raw(event.session)];
  if (event.report_sequence <= session.last_report_sequence) {
    return;  // Replayed.
  }
  CHECK(event.report_sequence == session.last_report_sequence + 1);
  session.last_report_sequence = event.report_sequence;
  session.last_client_sequence = std::max(session.last_client_sequence, event.client_sequence);
  if (!session.entries.empty()) {
    const Entry& last = session.entries.back();
    if (event.report_sequence - last.report_sequence < options_.report_stride &&
        Raw(event.sequence) - Raw(last.event) < options_.event_stride) {
      return;
    }
  }
  session.entries.push_back({event.report_sequence, session.last_client_sequence, event.sequence});
  ++entry_count_;
  // Sessions' first entries always stay, so entries_max is exceeded by no more than those.
  if (entry_count_ > options_.entries_max + sessions_.size()) {
    Thin();
  }
}

void SessionReportIndex::Thin() {
  options_.report_stride *= 2;
  options_.event_stride *= 2;
  entry_count_ = 0;
  for (auto& [index, session] : sessions_) {
    std::vector<Entry> kept;
    for (const Entry& entry : session.entries) {
      if (kept.empty() ||
          entry.report_sequence - kept.back().report_sequence >= options_.report_stride ||
          Raw(entry.event) - Raw(kept.back().event) >= options_.event_stride) {
        kept.push_back(entry);
      }
    }
    kept.shrink_to_fit();
    session.entries = std::move(kept);
    entry_count_ += session.entries.size();
  }
}

std::optional<SessionReportIndex::Position> SessionReportIndex::FindReport(
    SessionIndex session_index, uint64_t report_sequence) const {
  MutexLock lock(&mutex_);
  const auto found = sessions_.find(Raw(session_index));
  if (found == sessions_.end()) {
    return std::nullopt;
  }
  const Session& session = found->second;
  const auto after = std::upper_bound(
      session.entries.begin(), session.entries.end(), report_sequence,
      [](uint64_t value, const Entry& entry) { return value < entry.report_sequence; });
  const Entry& from = after == session.entries.begin() ? *after : *std::prev(after);
  return Position{from, session.last_report_sequence, session.last_client_sequence};
}

std::optional<SessionReportIndex::Position> SessionReportIndex::FindClientSequence(
    SessionIndex session_index, uint64_t client_sequence) const {
  MutexLock lock(&mutex_);
  const auto found = sessions_.find(Raw(session_index));
  if (found == sessions_.end()) {
    return std::nullopt;
  }
  const Session& session = found->second;
  const auto reached = std::lower_bound(
      session.entries.begin(), session.entries.end(), client_sequence,
      [](const Entry& entry, uint64_t value) { return entry.client_sequence < value; });
  const Entry& from = reached == session.entries.begin() ? *reached : *std::prev(reached);
  return Position{from, session.last_report_sequence, session.last_client_sequence};
}

std::size_t SessionReportIndex::entry_count() const {
  MutexLock lock(&mutex_);
  return entry_count_;
}

}  // namespace tally
