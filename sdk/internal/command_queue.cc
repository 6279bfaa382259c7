#include "sdk/internal/command_queue.h"

#include <algorithm>

#include "base/assert.h"

namespace tally::sdk::internal {

void CommandQueue::StartAfter(uint64_t last) {
  CHECK(frames_.empty());
  next_sequence_ = cursor_ = last + 1;
  sent_once_ = last;
}

EncodedFrame* CommandQueue::Append() {
  CHECK(!full());
  ++next_sequence_;
  return &frames_.emplace_back();
}

const EncodedFrame* CommandQueue::Unsent() const {
  if (cursor_ >= next_sequence_) {
    return nullptr;
  }
  return &frames_[cursor_ - first_sequence()];
}

bool CommandQueue::MarkSent() {
  CHECK(cursor_ < next_sequence_);
  const bool again = cursor_ <= sent_once_;
  sent_once_ = std::max(sent_once_, cursor_);
  ++cursor_;
  return again;
}

void CommandQueue::SendAfter(uint64_t sequence) {
  cursor_ = std::clamp(sequence + 1, first_sequence(), next_sequence_);
}

void CommandQueue::GoBackTo(uint64_t sequence) {
  cursor_ = std::max(first_sequence(), std::min(cursor_, sequence));
}

void CommandQueue::PopFront() {
  CHECK(!frames_.empty());
  frames_.pop_front();
  cursor_ = std::max(cursor_, first_sequence());
}

}  // namespace tally::sdk::internal
