#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <vector>

#include "engine/ring/consumer_pace.h"
#include "engine/ring/sequence.h"
#include "engine/ring/wait_strategy.h"

namespace tally {

// What a consumer waits on: positions that are published and that every consumer it depends on has
// finished with (a diamond depends on two). Made by RingBuffer::NewBarrier.
//
// Thread safety: any number of threads may wait on one barrier; usually it has one consumer.
template <typename Sequencer>
class SequenceBarrier {
 public:
  SequenceBarrier(Sequencer* sequencer, std::initializer_list<const Sequence*> dependencies)
      : sequencer_(sequencer), dependencies_(dependencies) {}

  // The last position available from `next` on, next - 1 if it is none.
  int64_t Available(int64_t next) const {
    if (dependencies_.empty()) {
      return sequencer_->HighestPublished(next);
    }
    int64_t available = std::numeric_limits<int64_t>::max();
    for (const Sequence* dependency : dependencies_) {
      available = std::min(available, dependency->Load());
    }
    return available;
  }

  // Waits until `next` is available and returns the last position available. Nothing when the ring
  // was halted and `next` was never published, or when it was aborted.
  std::optional<int64_t> WaitFor(int64_t next) {
    bool ended = false;
    sequencer_->published().WaitUntil([&] {
      ended = sequencer_->aborted() || (!sequencer_->running() && !sequencer_->Published(next));
      return ended || IsAvailable(next);
    });
    if (ended) {
      return std::nullopt;
    }
    return Available(next);
  }

  // As WaitFor, for a consumer with a pace of its own.
  std::optional<int64_t> WaitFor(int64_t next, ConsumerPace* pace) {
    const WaitKind kind = sequencer_->published().kind();
    if ((kind == WaitKind::kSpin || (kind == WaitKind::kYield && Sequencer::kPacesYielding)) &&
        pace->Pause()) {
      const int64_t available = Available(next);
      pace->Found(available - next + 1);
      if (available >= next && !sequencer_->aborted()) {
        return available;
      }
    }
    return WaitFor(next);
  }

 private:
  bool IsAvailable(int64_t next) const {
    return dependencies_.empty() ? sequencer_->Published(next) : Available(next) >= next;
  }

  Sequencer* const sequencer_;
  const std::vector<const Sequence*> dependencies_;
};

}  // namespace tally
