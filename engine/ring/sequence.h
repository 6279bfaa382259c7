#pragma once

#include <atomic>
#include <cstdint>

#include "base/cache_line.h"

namespace tally {

// A position in a ring that one side advances and others watch: a cursor of producers, or how far a
// consumer has got. Alone on its pair of cache lines. Positions count from 0 over the life of the
// ring; the slot is the position modulo the capacity.
//
// Thread safety: any thread reads. One thread stores; several may CompareExchange instead.
//
// Invariants: never decreases.
class alignas(kFalseSharingBytes) Sequence {
 public:
  static constexpr int64_t kNone = -1;  // Before the first position.

  explicit Sequence(int64_t initial = kNone) : value_(initial) {}
  Sequence(const Sequence&) = delete;
  Sequence& operator=(const Sequence&) = delete;

  // Acquire: pairs with the release of Store, so that the slots up to the value are seen.
  // Sequentially consistent besides (free on x86-64): a waiter that has announced itself in
  // WaitStrategy and then loads here cannot miss a StoreOrdered that did not see the announcement.
  int64_t Load() const { return value_.load(std::memory_order_seq_cst); }

  // Relaxed: for the only thread that stores, which needs no ordering with itself.
  int64_t LoadOwn() const { return value_.load(std::memory_order_relaxed); }

  // Release: pairs with the acquire in Load. Publishes what was written to (or hands back what was
  // read from) the slots up to `value`.
  void Store(int64_t value) { value_.store(value, std::memory_order_release); }

  // As Store, and ordered before a later look at the waiters: pairs with Load, see there.
  void StoreOrdered(int64_t value) { value_.store(value, std::memory_order_seq_cst); }

  // Claims positions among several producers. It publishes nothing (the availability marks do), so
  // relaxed is enough; on failure `expected` is the current value.
  bool CompareExchange(int64_t& expected, int64_t desired) {
    return value_.compare_exchange_weak(expected, desired, std::memory_order_relaxed,
                                        std::memory_order_relaxed);
  }

 private:
  std::atomic<int64_t> value_;
};

static_assert(sizeof(Sequence) == kFalseSharingBytes);

}  // namespace tally
