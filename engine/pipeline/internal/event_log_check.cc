#include "engine/pipeline/internal/event_log_check.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "base/assert.h"
#include "base/status.h"

namespace tally::internal {
namespace {
constexpr std::size_t kBatchEvents = 8192;
}

EventLogCheck::EventLogCheck(EventLogReader* reader, EventLogWriter* writer)
    : reader_(reader), writer_(writer) {
  emitted_.reserve(kBatchEvents);
  // Zero bytes; an Event has no default constructor to do it.
  logged_.resize(kBatchEvents, MakeEvent(EventType{}));
}

void EventLogCheck::Append(const Event& event) {
  if (!error_.ok() || first_difference_) {
    return;
  }
  emitted_.push_back(event);
  if (emitted_.size() == kBatchEvents) {
    error_ = Flush();
  }
}

absl::Status EventLogCheck::Flush() {
  RETURN_IF_ERROR(error_);
  if (emitted_.empty() || first_difference_) {
    return absl::OkStatus();
  }
  CHECK(emitted_.front().sequence == next_);
  RETURN_IF_ERROR(Compare());
  if (first_difference_) {
    return absl::OkStatus();
  }
  if (writer_ != nullptr) {
    RETURN_IF_ERROR(writer_->Append(emitted_));
  }
  next_ = EventSequence{Raw(next_) + emitted_.size()};
  emitted_.clear();
  return absl::OkStatus();
}

absl::Status EventLogCheck::Compare() {
  std::size_t done = 0;
  while (!log_ended_ && done < emitted_.size()) {
    const EventSequence from{Raw(next_) + done};
    ASSIGN_OR_RETURN(const std::size_t count,
                     reader_->ReadFrom(from, std::span(logged_).first(emitted_.size() - done)));
    log_ended_ = count == 0;
    for (std::size_t i = 0; i < count; ++i) {
      // All bytes, as promised: no event has padding; the union only hides that from the check.
      // NOLINTNEXTLINE(bugprone-suspicious-memory-comparison)
      if (std::memcmp(&logged_[i], &emitted_[done + i], sizeof(Event)) != 0) {
        first_difference_ = {.event = EventSequence{Raw(from) + i},
                             .command = emitted_[done + i].command_sequence};
        return absl::OkStatus();
      }
    }
    done += count;
    compared_ += count;
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> EventLogCheck::LogGoesOn() {
  CHECK(emitted_.empty() || first_difference_);
  ASSIGN_OR_RETURN(const std::size_t count, reader_->ReadFrom(next_, std::span(logged_).first(1)));
  return count != 0;
}

}  // namespace tally::internal
