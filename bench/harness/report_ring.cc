#include "bench/harness/report_ring.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <sys/mman.h>

namespace tally {
namespace {

void Pause() {
#if defined(__SSE2__)
  _mm_pause();
#endif
}

}  // namespace

ReportRing* ReportRing::Create(uint32_t capacity) {
  if (capacity == 0 || capacity > uint32_t{1} << 30) {
    return nullptr;
  }
  const uint64_t size = std::bit_ceil(capacity);
  const std::size_t size_bytes = size * sizeof(HarnessReport);
  void* memory =
      mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    return nullptr;
  }
  static_cast<void>(madvise(memory, size_bytes, MADV_HUGEPAGE));  // A refusal only costs speed.
  std::memset(memory, 0, size_bytes);
  auto* ring = new (std::nothrow) ReportRing;
  if (ring == nullptr) {
    static_cast<void>(munmap(memory, size_bytes));
    return nullptr;
  }
  ring->entries_ = static_cast<HarnessReport*>(memory);
  ring->mask_ = size - 1;
  return ring;
}

void ReportRing::Destroy(ReportRing* ring) {
  static_cast<void>(munmap(ring->entries_, (ring->mask_ + 1) * sizeof(HarnessReport)));
  delete ring;
}

bool ReportRing::TryWrite(const HarnessReport& report) {
  if (written_ - drained_seen_ > mask_) {
    // Acquire: pairs with the release in Drain(); the consumer has read what is overwritten now.
    drained_seen_ = drained_.load(std::memory_order_acquire);
    if (written_ - drained_seen_ > mask_) {
      Publish();  // What fills the ring must be visible, or it stays full for ever.
      return false;
    }
  }
  Write(report);
  return true;
}

void ReportRing::WaitForRoom() {
  Publish();
  // Acquire: pairs with the release in Drain(); the consumer has read what is overwritten now.
  while (written_ - (drained_seen_ = drained_.load(std::memory_order_acquire)) > mask_) {
    Pause();
  }
}

uint32_t ReportRing::Drain(HarnessReport* reports, uint32_t reports_max) {
  // Relaxed: this thread is the only writer.
  const uint64_t from = drained_.load(std::memory_order_relaxed);
  // Acquire: pairs with the release in Publish().
  const uint64_t ready = published_.load(std::memory_order_acquire) - from;
  const uint64_t count = std::min<uint64_t>(ready, reports_max);
  for (uint64_t i = 0; i < count; ++i) {
    reports[i] = entries_[(from + i) & mask_];
  }
  if (count > 0) {
    // Release: pairs with the acquires of the producer.
    drained_.store(from + count, std::memory_order_release);
  }
  return static_cast<uint32_t>(count);
}

}  // namespace tally
