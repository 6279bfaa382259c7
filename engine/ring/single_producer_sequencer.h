#pragma once

#include <cstdint>
#include <optional>

#include "engine/ring/sequencer_base.h"

namespace tally {

// Hands out positions to the only producer of a ring.
//
// Thread safety: TryClaim, Claim and Publish from one thread; cursor, Published and
// HighestPublished from any.
//
// Invariants: cursor <= last claimed <= slowest gating sequence + capacity.
//
// Cost: a claim is a few instructions on the producer's own lines; gating sequences are read once
// per lap at most when consumers keep up.
class SingleProducerSequencer : public SequencerBase {
 public:
  // Whether a consumer that yields keeps a pace. It leaves its processor for a while as it is.
  static constexpr bool kPacesYielding = false;

  using SequencerBase::SequencerBase;

  // The last of the next `count` positions; nothing if they are not free, or after a halt.
  std::optional<int64_t> TryClaim(int64_t count) {
    DCHECK(count > 0 && count <= capacity());
    const int64_t last = claimed_ + count;
    const int64_t wrap_point = last - capacity();
    if (wrap_point > gating_cache_) {
      gating_cache_ = MinGating(claimed_);
      if (wrap_point > gating_cache_) {
        return std::nullopt;
      }
    }
    if (!running()) {
      return std::nullopt;
    }
    claimed_ = last;
    return last;
  }

  // As TryClaim, but waits for room; nothing only after a halt. Publish earlier claims first, or
  // the consumers that should make the room may never get to.
  std::optional<int64_t> Claim(int64_t count) {
    for (;;) {
      if (const auto last = TryClaim(count)) {
        return last;
      }
      if (!WaitForSpace(claimed_ + count - capacity())) {
        return std::nullopt;
      }
    }
  }

  // Shows the positions first..last, claimed before, to the consumers.
  void Publish(int64_t first, int64_t last) {
    DCHECK(first == cursor_.LoadOwn() + 1 && last <= claimed_);
    static_cast<void>(first);
    published().Advance(cursor_, last);
  }

  // For SingleProducer, which keeps the last claimed position itself.
  int64_t claimed() const { return claimed_; }
  void SetClaimed(int64_t claimed) { claimed_ = claimed; }
  // The last position that may be claimed now.
  [[gnu::noinline]] int64_t FindLimit() const { return MinGating(cursor_.LoadOwn()) + capacity(); }
  // Waits until it is `last` at least; less only after a halt.
  [[gnu::noinline]] int64_t WaitForLimit(int64_t last) {
    if (!running() || !WaitForSpace(last - capacity())) {
      return Sequence::kNone;
    }
    return FindLimit();
  }
  void PublishClaimed(int64_t last) { published().Advance(cursor_, last); }

  int64_t cursor() const { return cursor_.Load(); }
  bool Published(int64_t sequence) const { return cursor_.Load() >= sequence; }
  // The last position from which back to `first` everything is published; first - 1 if nothing is.
  int64_t HighestPublished(int64_t /*first*/) const { return cursor_.Load(); }

 private:
  Sequence cursor_;  // Written by the producer, read by consumers: publishes the slots.
  // The producer's own, on lines nobody else touches.
  alignas(kFalseSharingBytes) int64_t claimed_ = Sequence::kNone;
  int64_t gating_cache_ = Sequence::kNone;
};

}  // namespace tally
