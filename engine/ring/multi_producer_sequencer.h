#pragma once

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <memory>
#include <optional>

#include "engine/ring/sequencer_base.h"

namespace tally {

// Hands out positions to several producers. They claim by compare-and-swap and publish in any
// order: each slot has a mark with the lap it was last published in, and consumers go as far as the
// marks are without a gap.
//
// Thread safety: everything from any thread.
//
// Invariants: cursor (last claimed) <= slowest gating sequence + capacity. A slot's mark goes up by
// one with each lap; a consumer reads a slot only while its mark is the lap of its position. The
// slot is not claimed for the next lap before every gating consumer has left it.
//
// Cost: a claim is one compare-and-swap on a shared line (6 ns a publish alone). Who loses one
// stands back for 2 to 8 us, which gives the others runs of claims.
class MultiProducerSequencer : public SequencerBase {
 public:
  // As SingleProducerSequencer. A consumer that follows closely takes not one line from a producer
  // but line after line of marks.
  static constexpr bool kPacesYielding = true;

  MultiProducerSequencer(uint32_t capacity, WaitKind wait)
      : SequencerBase(capacity, wait),
        lap_shift_(std::countr_zero(capacity)),
        marks_(std::make_unique<std::atomic<int32_t>[]>(capacity)) {
    for (uint32_t i = 0; i < capacity; ++i) {
      marks_[i].store(-1, std::memory_order_relaxed);  // Before any thread knows the ring.
    }
  }

  // As SingleProducerSequencer.
  std::optional<int64_t> TryClaim(int64_t count) {
    DCHECK(count > 0 && count <= capacity());
    for (;;) {
      int64_t claimed = claimed_.LoadOwn();
      const int64_t last = claimed + count;
      const int64_t wrap_point = last - capacity();
      if (wrap_point > gating_cache_.Load()) {
        // Release (Store) and acquire (Load): the producer that uses the cached value has also
        // seen the consumers' reads of the slots end.
        const int64_t gating = MinGating(claimed);
        gating_cache_.Store(gating);
        if (wrap_point > gating) {
          return std::nullopt;
        }
      }
      if (!running()) {
        return std::nullopt;
      }
      if (claimed_.CompareExchange(claimed, last)) {
        return last;
      }
      StandBack();
    }
  }

  // As SingleProducerSequencer. Not fair: a small claim may overtake a large one.
  std::optional<int64_t> Claim(int64_t count) {
    for (;;) {
      if (const auto last = TryClaim(count)) {
        return last;
      }
      if (!WaitForSpace(claimed_.LoadOwn() + count - capacity())) {
        return std::nullopt;
      }
    }
  }

  // Marks backwards: a consumer can only wait for `first` of these, so that mark alone needs to be
  // ordered with the look at the sleepers.
  void Publish(int64_t first, int64_t last) {
    for (int64_t sequence = last; sequence > first; --sequence) {
      // Release: pairs with the acquire in Published; shows the slot.
      mark(sequence).store(lap(sequence), std::memory_order_release);
    }
    if (published().kind() == WaitKind::kBlock) {
      // Sequentially consistent: as Sequence::StoreOrdered; pairs with the load in Published.
      mark(first).store(lap(first), std::memory_order_seq_cst);
      published().Wake();
    } else {
      mark(first).store(lap(first), std::memory_order_release);  // As above.
    }
  }

  int64_t cursor() const { return claimed_.Load(); }

  bool Published(int64_t sequence) const {
    // Acquire: pairs with the release in Publish. Sequentially consistent as Sequence::Load.
    return mark(sequence).load(std::memory_order_seq_cst) == lap(sequence);
  }

  int64_t HighestPublished(int64_t first) const {
    // A position a lap ahead has another mark than this lap's, so the scan ends by itself.
    int64_t sequence = first;
    while (Published(sequence)) {
      ++sequence;
    }
    return sequence - 1;
  }

 private:
  // Another producer claims at the same moment. Leaves the line to it for some claims, rather than
  // passing the line to and fro with each.
  static void StandBack() {
    constexpr int kPauses = 128;
    for (int i = 0; i < kPauses; ++i) {
      WaitStrategy::Relax();
    }
  }

  std::atomic<int32_t>& mark(int64_t sequence) const {
    return marks_[static_cast<uint64_t>(sequence) & (capacity() - 1)];
  }
  // Wraps after 2^31 laps, and only has to differ between neighbouring laps.
  int32_t lap(int64_t sequence) const {
    return static_cast<int32_t>((sequence >> lap_shift_) & 0x7fff'ffff);
  }

  const int lap_shift_;
  // Written by the producer of the position, read by consumers: publishes the slot.
  const std::unique_ptr<std::atomic<int32_t>[]> marks_;
  Sequence claimed_;       // Last claimed position. Written and read by producers.
  Sequence gating_cache_;  // A past minimum of the gating sequences. Written and read by producers.
};

}  // namespace tally
