#pragma once

#include <atomic>
#include <cstdint>

#include "base/cache_line.h"
#include "engine/ring/sequence.h"
#include "engine/ring/wait_kind.h"

namespace tally {

// Where threads wait for a sequence to advance, and what the advancing thread calls. A thread that
// advances makes a system call only when somebody sleeps, and at most one for each time that
// somebody went to sleep.
//
// The futex word is {epoch : 31, somebody sleeps : 1}. A waiter sets the bit, looks again, and
// sleeps while the word is what it saw. A waker that finds the bit adds 1, which clears the bit and
// counts the epoch, so a waiter between its second look and the system call does not fall asleep.
//
// Thread safety: any number of waiters and wakers.
//
// Cost: one load of a shared line per Wake when nobody sleeps; 10-15 us from Wake to running again.
class alignas(kFalseSharingBytes) WaitStrategy {
 public:
  explicit WaitStrategy(WaitKind kind) : kind_(kind) {}
  WaitStrategy(const WaitStrategy&) = delete;
  WaitStrategy& operator=(const WaitStrategy&) = delete;

  WaitKind kind() const { return kind_; }

  // Returns once ready() is true. `ready` reads sequences by Sequence::Load, or atomics by
  // sequentially consistent loads.
  template <typename Ready>
  void WaitUntil(Ready ready) {
    while (!ready()) {
      switch (kind_) {
        case WaitKind::kSpin:
          Relax();
          break;
        case WaitKind::kYield:
          Yield();
          break;
        case WaitKind::kBlock: {
          // Sequentially consistent: pairs with the load in Wake. Either that load sees the bit,
          // or the ready() below sees what was stored before it.
          const uint32_t word = word_.fetch_or(1, std::memory_order_seq_cst) | 1U;
          if (!ready()) {
            Sleep(word);
          }
          break;
        }
      }
    }
  }

  // Advances `sequence` and wakes those who wait here.
  void Advance(Sequence& sequence, int64_t value) {
    if (kind_ == WaitKind::kBlock) {
      sequence.StoreOrdered(value);
      Wake();
    } else {
      sequence.Store(value);
    }
  }

  // Wakes every sleeper. Comes after a sequentially consistent store of what they wait for.
  void Wake() {
    // Sequentially consistent: pairs with the fetch_or in WaitUntil.
    uint32_t word = word_.load(std::memory_order_seq_cst);
    if ((word & 1U) != 0) {
      WakeSleepers(word);
    }
  }

  // Tells the processor that this is a busy loop.
  static void Relax();

 private:
  static void Yield();
  void Sleep(uint32_t word);
  void WakeSleepers(uint32_t word);

  const WaitKind kind_;
  // Written by waiters (bit 0) and wakers (epoch); read by both.
  std::atomic<uint32_t> word_{0};
};

inline void WaitStrategy::Relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace tally
