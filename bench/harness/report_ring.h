#pragma once

// The queue that carries reports out of the benchmark's matching thread.

#include <atomic>
#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/cache_line.h"
#include "bench/harness/harness_abi.h"

namespace tally {

// A single-producer, single-consumer ring of reports.
//
// Thread safety: Write(), TryWrite() and Publish() belong to one thread, Drain() to one other.
// Invariants: drained <= published <= written <= drained + capacity.
//
// The producer never reads what it writes and the consumer is often more than a cache behind, so
// entries are written past the caches. They are published a few at a time, because such writes need
// a fence before the counter that makes them visible. The producer remembers the last position of
// the consumer that it saw and looks again only when the ring seems full.
class ReportRing {
 public:
  // Room for `capacity` reports (rounded up to a power of two), touched in advance. Null if there
  // is no memory.
  static ReportRing* Create(uint32_t capacity);
  static void Destroy(ReportRing* ring);

  // Waits for room if need be.
  void Write(const HarnessReport& report) {
    if (written_ - drained_seen_ > mask_) [[unlikely]] {
      WaitForRoom();
    }
    Store(&entries_[written_ & mask_], report);
    ++written_;
    if ((written_ & (kBatch - 1)) == 0) {
      Publish();
    }
  }

  // As Write(), but false instead of waiting.
  bool TryWrite(const HarnessReport& report);

  // Makes everything written so far visible to Drain().
  void Publish() {
#if defined(__SSE2__)
    _mm_sfence();  // The streaming stores are not ordered by the release below.
#endif
    // Release: pairs with the acquire in Drain().
    published_.store(written_, std::memory_order_release);
  }

  // Up to `reports_max` reports, oldest first.
  uint32_t Drain(HarnessReport* reports, uint32_t reports_max);

 private:
  static constexpr uint64_t kBatch = 32;

  ReportRing() = default;

  static void Store(HarnessReport* entry, const HarnessReport& report) {
#if defined(__SSE2__)
    const auto* from = reinterpret_cast<const __m128i*>(&report);
    auto* to = reinterpret_cast<__m128i*>(entry);
    for (int i = 0; i < 4; ++i) {
      _mm_stream_si128(to + i, _mm_loadu_si128(from + i));
    }
#else
    *entry = report;
#endif
  }

  void WaitForRoom();

  HarnessReport* entries_ = nullptr;
  uint64_t mask_ = 0;
  // Of the producer alone.
  alignas(kFalseSharingBytes) uint64_t written_ = 0;
  uint64_t drained_seen_ = 0;
  // Written by the producer, read by the consumer: entries before it are complete.
  alignas(kFalseSharingBytes) std::atomic<uint64_t> published_ = 0;
  // Written by the consumer, read by the producer: entries before it are free again.
  alignas(kFalseSharingBytes) std::atomic<uint64_t> drained_ = 0;
};

}  // namespace tally
