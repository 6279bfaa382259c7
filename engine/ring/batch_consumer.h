#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include "engine/ring/consumer_pace.h"
#include "engine/ring/sequence.h"

namespace tally {

// One step of a batch: slots that are adjacent in memory.
template <typename T>
struct RingBatch {
  std::span<T> slots;
  int64_t first;      // Position of slots[0].
  bool end_of_batch;  // False if more is available at once: the ring wrapped.
};

// The loop of a consumer: waits, hands all that is available to handler(const RingBatch<T>&), then
// releases it. The handler returns false to end the consumer without releasing the batch.
//
// Thread safety: Run on one thread; sequence() from any.
template <typename Ring, typename Handler>
class BatchConsumer {
 public:
  BatchConsumer(Ring* ring, typename Ring::Barrier barrier, Handler handler,
                int64_t batch_max = std::numeric_limits<int32_t>::max())
      : ring_(ring), barrier_(std::move(barrier)), handler_(handler), batch_max_(batch_max) {}

  // The last position this consumer is done with: gate the ring or a later barrier on it.
  const Sequence& sequence() const { return sequence_; }

  // Until the ring is halted and drained, or aborted, or the handler ends it.
  void Run() {
    int64_t next = sequence_.LoadOwn() + 1;
    while (const std::optional<int64_t> available = barrier_.WaitFor(next, &pace_)) {
      const int64_t last = std::min(*available, next + batch_max_ - 1);
      while (next <= last) {
        const std::span<typename Ring::Value> slots = ring_->Contiguous(next, last);
        const int64_t after = next + static_cast<int64_t>(slots.size());
        if (!handler_(RingBatch<typename Ring::Value>{slots, next, after > last})) {
          return;
        }
        next = after;
      }
      ring_->sequencer().AdvanceConsumer(sequence_, last);
    }
  }

 private:
  Ring* const ring_;
  typename Ring::Barrier barrier_;
  Handler handler_;
  const int64_t batch_max_;
  ConsumerPace pace_;  // Used by Run only.
  Sequence sequence_;  // Written by Run, read by producers and dependent consumers.
};

}  // namespace tally
