#pragma once

#include <cstdint>
#include <optional>

#include "engine/command.h"
#include "engine/event.h"
#include "engine/pipeline/internal/release_gate.h"

namespace tally::internal {

// The match stage's end of the output ring: takes the events of the core, flushes them in batches,
// and waits when the ring is full. Remembers the last state hash for the match stage to journal.
//
// Thread safety: the match stage only.
class OutputSink final : public EventSink {
 public:
  OutputSink(OutputRing* ring, ReleaseGate* gate, EventSequence last_event)
      : ring_(ring), gate_(gate), last_event_(last_event) {}

  void Append(const Event& event) override;
  void Settle() override;
  // Shows what was appended to the consumers.
  void Flush();

  // The ring was aborted while waiting for room: what is appended is lost, and nothing must leave.
  bool aborted() const { return aborted_; }

  // The mark of the last state hash not taken yet. A new hash replaces one that was not taken.
  const std::optional<Command>& pending_mark() const { return pending_mark_; }
  void ClearMark() { pending_mark_.reset(); }
  uint64_t marks_skipped() const { return marks_skipped_; }

 private:
  static constexpr int64_t kNone = -1;

  // A place of the ring as room for an event that is made there.
  void Refill() override;
  // The next place of the ring, or kNone if the ring was aborted.
  int64_t Claim();
  // The event at this place is complete.
  void Take(int64_t position);
  void RememberMark(const Event& event);

  OutputRing* const ring_;
  ReleaseGate* const gate_;
  EventSequence last_event_;
  int64_t unflushed_first_ = 0;
  int64_t unflushed_last_ = -1;
  int64_t in_making_ = kNone;  // The place given out by Refill().
  bool aborted_ = false;
  Event lost_ = MakeEvent(EventType::kCommandDone);  // Made after the ring was aborted.
  std::optional<Command> pending_mark_;
  uint64_t marks_skipped_ = 0;
};

}  // namespace tally::internal
