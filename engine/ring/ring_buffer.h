#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <type_traits>

#include "base/assert.h"
#include "base/cache_line.h"
#include "engine/ring/multi_producer_sequencer.h"
#include "engine/ring/sequence_barrier.h"
#include "engine/ring/single_producer_sequencer.h"

namespace tally {

namespace internal {

// How far ahead a producer asks for lines: they are in the cache of a consumer, and stores would
// wait for them one after the other.
inline constexpr std::size_t kPrefetchAheadBytes = 16 * kCacheLineBytes;

// Calls fill(slot, position) for `count` positions.
template <typename T, typename Fill>
void FillSlots(T* slots, uint64_t mask, int64_t first, int64_t count, Fill& fill) {
  constexpr uint64_t kAheadSlots = std::max<uint64_t>(1, kPrefetchAheadBytes / sizeof(T));
  const uint64_t begin = static_cast<uint64_t>(first) & mask;
  __builtin_prefetch(&slots[(begin + kAheadSlots) & mask], 1);
  if (begin + static_cast<uint64_t>(count) <= mask + 1) [[likely]] {
    // Adjacent in memory: a loop without the mask, which compilers unroll and vectorize.
    T* const run = &slots[begin];
    for (int64_t i = 0; i < count; ++i) {
      fill(run[i], first + i);
    }
  } else {
    for (int64_t i = 0; i < count; ++i) {
      fill(slots[static_cast<uint64_t>(first + i) & mask], first + i);
    }
  }
}

}  // namespace internal

// A ring of preallocated slots between threads, after the LMAX Disruptor: producers claim
// positions, fill the slots, publish; consumers wait on barriers, each sees every position.
//
// Set-up: make the barriers and consumers, gate the ring on the sequence of each last consumer,
// then start threads. A ring without gating sequences is never full and overwrites.
//
// Thread safety: as its sequencer for producers. A slot belongs to its producer from claim to
// publish, then to the consumers, until the last gating sequence has passed it.
//
// Cost: no allocation after construction.
template <typename T, typename SequencerType>
class RingBuffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  using Value = T;
  using Sequencer = SequencerType;
  using Barrier = SequenceBarrier<Sequencer>;

  RingBuffer(uint32_t capacity, WaitKind wait)
      : sequencer_(capacity, wait), mask_(capacity - 1), slots_(NewSlots(capacity)) {}

  uint32_t capacity() const { return sequencer_.capacity(); }
  Sequencer& sequencer() { return sequencer_; }
  const Sequencer& sequencer() const { return sequencer_; }

  T& operator[](int64_t sequence) { return slots_[static_cast<uint64_t>(sequence) & mask_]; }
  const T& operator[](int64_t sequence) const {
    return slots_[static_cast<uint64_t>(sequence) & mask_];
  }

  T* slots() { return slots_.get(); }

  // The slots from `first` to `last`, or to the end of the memory if that comes earlier.
  std::span<T> Contiguous(int64_t first, int64_t last) {
    const uint64_t begin = static_cast<uint64_t>(first) & mask_;
    const uint64_t count = static_cast<uint64_t>(last - first + 1);
    return {&slots_[begin], static_cast<std::size_t>(std::min(count, mask_ + 1 - begin))};
  }

  // Claims a run of positions, lets fill(slot, position) fill each, publishes. False, and nothing
  // happened, if they are not free or the ring is halted.
  template <typename Fill>
  bool TryPublishRun(int64_t count, Fill fill) {
    return PublishClaimed(sequencer_.TryClaim(count), count, fill);
  }
  // Waits for room; false only if the ring is halted.
  template <typename Fill>
  bool PublishRun(int64_t count, Fill fill) {
    return PublishClaimed(sequencer_.Claim(count), count, fill);
  }

  bool TryPublish(const T& value) {
    return TryPublishRun(1, [&](T& slot, int64_t) { slot = value; });
  }
  bool Publish(const T& value) {
    return PublishRun(1, [&](T& slot, int64_t) { slot = value; });
  }

  // For a consumer that waits for the cursor only, or for every one of `dependencies`.
  Barrier NewBarrier(std::initializer_list<const Sequence*> dependencies = {}) {
    if (dependencies.size() != 0) {
      sequencer_.NoteDependents();
    }
    return Barrier(&sequencer_, dependencies);
  }
  void AddGatingSequence(const Sequence* sequence) { sequencer_.AddGatingSequence(sequence); }

  void Halt() { sequencer_.Halt(); }
  void Abort() { sequencer_.Abort(); }

 private:
  struct FreeSlots {
    void operator()(T* slots) const { ::operator delete[](slots, kAlignment); }
  };
  static constexpr std::align_val_t kAlignment{std::max(alignof(T), kFalseSharingBytes)};

  static T* NewSlots(uint32_t capacity) {
    const std::size_t size_bytes = std::size_t{capacity} * sizeof(T);
    void* memory = ::operator new[](size_bytes, kAlignment);
    std::memset(memory, 0, size_bytes);  // Maps the pages now rather than on the hot path.
    return static_cast<T*>(memory);      // T is an implicit-lifetime type.
  }

  template <typename Fill>
  bool PublishClaimed(std::optional<int64_t> last, int64_t count, Fill& fill) {
    if (!last) {
      return false;
    }
    const int64_t first = *last - count + 1;
    internal::FillSlots(slots_.get(), mask_, first, count, fill);
    sequencer_.Publish(first, *last);
    return true;
  }

  Sequencer sequencer_;
  const uint64_t mask_;
  const std::unique_ptr<T[], FreeSlots> slots_;
};

template <typename T>
using SingleProducerRing = RingBuffer<T, SingleProducerSequencer>;
template <typename T>
using MultiProducerRing = RingBuffer<T, MultiProducerSequencer>;

}  // namespace tally
