#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "sdk/internal/frame_codec.h"

namespace tally::sdk::internal {

// The commands of a session that wait for their answer, and how far they have been sent.
// Thread safety: none.
//
// Invariants: sequences are contiguous and end at next_sequence() - 1; the cursor lies within them
// or at next_sequence().
class CommandQueue {
 public:
  explicit CommandQueue(std::size_t limit) : limit_(limit) {}

  bool full() const { return frames_.size() >= limit_; }
  std::size_t room() const { return limit_ - frames_.size(); }
  bool empty() const { return frames_.empty(); }
  std::size_t size() const { return frames_.size(); }
  uint64_t next_sequence() const { return next_sequence_; }
  // Of the oldest without an answer; next_sequence() if there is none.
  uint64_t first_sequence() const { return next_sequence_ - frames_.size(); }

  // Before the first command: the session goes on after `last`.
  void StartAfter(uint64_t last);
  // The slot for the command next_sequence().
  EncodedFrame* Append();

  // The next one to send, null if all were sent.
  const EncodedFrame* Unsent() const;
  // Returns whether it had been sent before.
  bool MarkSent();
  // The venue has taken all up to `sequence` and none behind it.
  void SendAfter(uint64_t sequence);
  // The venue refused `sequence` for now: goes back to it, never forward.
  void GoBackTo(uint64_t sequence);

  const EncodedFrame* front() const { return frames_.empty() ? nullptr : &frames_.front(); }
  void PopFront();

 private:
  const std::size_t limit_;
  std::deque<EncodedFrame> frames_;
  uint64_t next_sequence_ = 1;
  uint64_t cursor_ = 1;     // Sequence of the next to send.
  uint64_t sent_once_ = 0;  // Highest sequence ever sent.
};

}  // namespace tally::sdk::internal
