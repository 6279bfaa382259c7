#pragma once

#include <cstdint>

#include "base/assert.h"
#include "engine/ring/ring_buffer.h"

namespace tally {

// The end of a SingleProducerRing that its producer holds. It does what the ring's own Publish
// does, with the position and the room it knows of in an object of the producer's: compilers keep
// that in registers, while members of the ring are stored and loaded again around every publish.
// For that it must be a variable of the function that publishes, and its address go nowhere else;
// otherwise each publish stores the position too, and the next one waits to load it.
//
// Thread safety: none; one thread. While it exists the ring's sequencer is not used to claim.
//
// Cost: publishing one entry is two stores and two predicted branches (0.7 ns); room is looked up
// once per lap at most when consumers keep up.
template <typename T>
class SingleProducer {
 public:
  explicit SingleProducer(SingleProducerRing<T>* ring)
      : ring_(ring),
        slots_(ring->slots()),
        mask_(ring->capacity() - 1),
        claimed_(ring->sequencer().claimed()),
        limit_(ring->sequencer().FindLimit()) {}
  ~SingleProducer() { ring_->sequencer().SetClaimed(claimed_); }
  SingleProducer(const SingleProducer&) = delete;
  SingleProducer& operator=(const SingleProducer&) = delete;

  // As RingBuffer.
  bool TryPublish(const T& value) {
    return TryPublishRun(1, [&](T& slot, int64_t) { slot = value; });
  }
  bool Publish(const T& value) {
    return PublishRun(1, [&](T& slot, int64_t) { slot = value; });
  }
  template <typename Fill>
  bool TryPublishRun(int64_t count, Fill fill) {
    DCHECK(count > 0 && count <= ring_->capacity());
    const int64_t last = claimed_ + count;
    if (last > limit_) [[unlikely]] {
      limit_ = ring_->sequencer().FindLimit();
      if (last > limit_) {
        return false;
      }
    }
    return Put(count, fill);
  }
  template <typename Fill>
  bool PublishRun(int64_t count, Fill fill) {
    DCHECK(count > 0 && count <= ring_->capacity());
    const int64_t last = claimed_ + count;
    if (last > limit_) [[unlikely]] {
      limit_ = ring_->sequencer().WaitForLimit(last);
      if (last > limit_) {
        return false;
      }
    }
    return Put(count, fill);
  }

 private:
  template <typename Fill>
  bool Put(int64_t count, Fill& fill) {
    SingleProducerSequencer& sequencer = ring_->sequencer();
    if (!sequencer.running()) [[unlikely]] {
      return false;
    }
    const int64_t first = claimed_ + 1;
    internal::FillSlots(slots_, mask_, first, count, fill);
    claimed_ += count;
    sequencer.PublishClaimed(claimed_);
    return true;
  }

  SingleProducerRing<T>* const ring_;
  T* const slots_;
  const uint64_t mask_;
  int64_t claimed_;  // The last position published.
  int64_t limit_;    // The last one that may be, as far as known.
};

}  // namespace tally
