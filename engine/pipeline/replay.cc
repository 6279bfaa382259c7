#include "engine/pipeline/replay.h"

#include <memory>
#include <span>

#include "base/status.h"
#include "engine/core/core.h"
#include "engine/journal/event_log.h"
#include "engine/journal/journal_reader.h"
#include "engine/pipeline/internal/event_log_check.h"

namespace tally {
namespace {

class TeeSink final : public EventSink {
 public:
  TeeSink(EventSink* first, EventSink* second) : first_(first), second_(second) {}
  void Append(const Event& event) override {
    if (first_ != nullptr) {
      first_->Append(event);
    }
    if (second_ != nullptr) {
      second_->Append(event);
    }
  }

 private:
  EventSink* const first_;
  EventSink* const second_;
};

// Applies commands up to `until`; returns the number of state hash marks among them.
absl::StatusOr<uint64_t> ApplyAll(JournalReader* reader, const ReplayOptions& options,
                                  core::Core* core, EventSink* sink) {
  uint64_t marks = 0;
  for (;;) {
    ASSIGN_OR_RETURN(const JournalFrame frame, reader->Next());
    if (frame.commands.empty()) {
      return marks;
    }
    for (std::size_t i = 0; i < frame.commands.size(); ++i) {
      const Command& command = frame.commands[i];
      if (options.until && command.sequence > *options.until) {
        return marks;
      }
      core->ApplyFirst(std::span(frame.commands).subspan(i), *sink);
      marks += command.type == CommandType::kStateHashMark ? 1 : 0;
    }
  }
}

}  // namespace

absl::StatusOr<ReplayResult> ReplayJournal(const std::string& journal_directory,
                                           const ReplayOptions& options, EventSink* sink) {
  ASSIGN_OR_RETURN(auto reader,
                   JournalReader::Open(journal_directory, {.check_end = options.check_end}));
  std::unique_ptr<EventLogReader> event_log;
  std::unique_ptr<internal::EventLogCheck> check;
  if (!options.event_log_directory.empty()) {
    event_log = std::make_unique<EventLogReader>(options.event_log_directory);
    check = std::make_unique<internal::EventLogCheck>(event_log.get(), nullptr);
  }
  TeeSink tee(sink, check.get());
  core::Core core(options.limits);
  ASSIGN_OR_RETURN(const uint64_t marks, ApplyAll(reader.get(), options, &core, &tee));

  ReplayResult result;
  result.last_command = core.last_command_sequence();
  result.last_event = EventSequence{Raw(core.next_event_sequence()) - 1};
  result.state_hash = core.StateHash();
  if (options.at_end) {
    options.at_end(core);
  }
  result.marks_unverified = core.unverified_marks();
  result.marks_checked = marks - result.marks_unverified;
  if (core.divergence()) {
    result.first_divergence = core.divergence()->at;
  }
  if (check != nullptr) {
    RETURN_IF_ERROR(check->Flush());
    result.events_compared = check->compared();
    result.first_event_difference = check->first_difference();
    if (!options.until && !result.first_event_difference) {
      ASSIGN_OR_RETURN(result.event_log_is_ahead, check->LogGoesOn());
    }
  }
  return result;
}

}  // namespace tally
