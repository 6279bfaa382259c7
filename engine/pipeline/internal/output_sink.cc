#include "engine/pipeline/internal/output_sink.h"

#include <utility>

#include "base/assert.h"
#include "engine/core/core.h"

namespace tally::internal {

void OutputSink::Append(const Event& event) {
  Settle();
  const int64_t position = Claim();
  if (position != kNone) {
    (*ring_)[position] = event;
    Take(position);
  }
}

void OutputSink::Settle() {
  if (in_making_ == kNone) {
    return;
  }
  SetRoom({});
  Take(std::exchange(in_making_, kNone));
}

void OutputSink::Refill() {
  Settle();
  in_making_ = Claim();
  if (in_making_ == kNone) {
    SetRoom({&lost_, 1});
  } else {
    SetRoom({&(*ring_)[in_making_], 1});
  }
}

int64_t OutputSink::Claim() {
  std::optional<int64_t> position = ring_->sequencer().TryClaim(1);
  if (!position && !aborted_) {
    Flush();  // Consumers cannot make room before they see what fills the ring.
    position = ring_->sequencer().Claim(1);
  }
  aborted_ = aborted_ || !position;
  return position.value_or(kNone);
}

void OutputSink::Take(int64_t position) {
  const Event& event = (*ring_)[position];
  CHECK(Raw(event.sequence) == Raw(last_event_) + 1);
  last_event_ = event.sequence;
  if (event.type == EventType::kStateHash) {
    RememberMark(event);
  }
  unflushed_last_ = position;
}

void OutputSink::Flush() {
  if (unflushed_last_ < unflushed_first_) {
    return;
  }
  // The ring's cursor for the sequencer's own bookkeeping, the gate for the consumers.
  const CommandSequence command = (*ring_)[unflushed_first_].command_sequence;
  ring_->sequencer().Publish(unflushed_first_, unflushed_last_);
  gate_->Flushed(unflushed_last_, command);
  unflushed_first_ = unflushed_last_ + 1;
}

void OutputSink::RememberMark(const Event& event) {
  marks_skipped_ += pending_mark_ ? 1 : 0;
  pending_mark_ = MakeCommand(CommandType::kStateHashMark);
  pending_mark_->state_hash_mark.at = event.command_sequence;
  pending_mark_->state_hash_mark.state_hash = event.state_hash.state_hash;
  pending_mark_->state_hash_mark.state_version = core::kStateVersion;
}

}  // namespace tally::internal
