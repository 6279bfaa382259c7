#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <vector>

#include "base/assert.h"
#include "base/cache_line.h"
#include "engine/ring/sequence.h"
#include "engine/ring/wait_strategy.h"

namespace tally {

inline constexpr uint32_t kMaxRingCapacity = 1U << 26;

// What both sequencers share: the capacity, the gating sequences (the last consumers, which a
// producer must not overtake by more than the capacity), halting, and where threads wait.
//
// Thread safety: AddGatingSequence and NoteDependents before any thread uses the ring; the rest
// from any thread.
class SequencerBase {
 public:
  SequencerBase(uint32_t capacity, WaitKind wait)
      : capacity_(capacity), published_(wait), space_(wait) {
    CHECK(std::has_single_bit(capacity) && capacity <= kMaxRingCapacity);
  }
  SequencerBase(const SequencerBase&) = delete;
  SequencerBase& operator=(const SequencerBase&) = delete;

  uint32_t capacity() const { return capacity_; }

  void AddGatingSequence(const Sequence* sequence) { gating_.push_back(sequence); }
  // Some consumer waits for other consumers, so their progress must wake it.
  void NoteDependents() { has_dependents_ = true; }

  // No more claims. Consumers end when they have had all that was published. Producers should have
  // finished: what is published from now on may reach one consumer and not another.
  void Halt() { Stop(State::kHalting); }
  // Everybody ends at once. Overrides Halt.
  void Abort() { Stop(State::kAborted); }

  // Sequentially consistent: pairs with the store in Stop, see WaitStrategy::WaitUntil.
  bool running() const { return state_.load(std::memory_order_seq_cst) == State::kRunning; }
  bool aborted() const { return state_.load(std::memory_order_seq_cst) == State::kAborted; }

  // A consumer is done with the slots up to `value`: it makes room for producers and work for
  // dependent consumers.
  void AdvanceConsumer(Sequence& sequence, int64_t value) {
    space_.Advance(sequence, value);
    if (has_dependents_ && published_.kind() == WaitKind::kBlock) {
      published_.Wake();
    }
  }

  WaitStrategy& published() { return published_; }

 protected:
  // The slowest gating sequence, or `none` if there is no gating sequence at all.
  int64_t MinGating(int64_t none) const {
    int64_t result = gating_.empty() ? none : std::numeric_limits<int64_t>::max();
    for (const Sequence* sequence : gating_) {
      result = std::min(result, sequence->Load());
    }
    return result;
  }

  // Waits for room up to `wrap_point`. False if the ring does not run any more.
  bool WaitForSpace(int64_t wrap_point) {
    space_.WaitUntil([&] { return !running() || MinGating(wrap_point) >= wrap_point; });
    return running();
  }

 private:
  enum class State : uint8_t { kRunning, kHalting, kAborted };

  void Stop(State state) {
    // Sequentially consistent: ordered before the look at the sleepers in Wake.
    State current = state_.load(std::memory_order_seq_cst);
    while (current < state &&
           !state_.compare_exchange_weak(current, state, std::memory_order_seq_cst)) {
    }
    published_.Wake();
    space_.Wake();
  }

  const uint32_t capacity_;
  bool has_dependents_ = false;
  std::vector<const Sequence*> gating_;
  // Written once or twice by whoever stops the ring; read by everybody.
  std::atomic<State> state_{State::kRunning};
  WaitStrategy published_;  // Consumers wait here.
  WaitStrategy space_;      // Producers wait here.
};

}  // namespace tally
