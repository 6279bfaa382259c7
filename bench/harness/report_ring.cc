#include "bench/harness/report_ring.h"

#include <bit>
#include <cstring>
#include <new>
#include <sys/mman.h>

namespace tally {
namespace {

void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

}  // namespace

ReportRing* ReportRing::Create(uint32_t capacity) {
  if (capacity == 0 || capacity > uint32_t{1} << 29) {
    return nullptr;
  }
  const uint64_t size = 2 * uint64_t{std::bit_ceil(capacity)};
  const std::size_t size_bytes = size * sizeof(Record);
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
  ring->records_ = static_cast<Record*>(memory);
  ring->mask_ = size - 1;
  ring->writable_to_ = size;
  ring->SetLimit();
  return ring;
}

void ReportRing::Destroy(ReportRing* ring) {
  static_cast<void>(munmap(ring->records_, (ring->mask_ + 1) * sizeof(Record)));
  delete ring;
}

bool ReportRing::TryWrite(const HarnessReport& report) {
  if (written_ + 2 > writable_to_ && !LookForRoom(2)) {
    Publish();  // What fills the ring must be visible, or it stays full for ever.
    return false;
  }
  if (report.type == HarnessReportType::kTrade) {
    WriteTrade(report.sequence_number, report.maker_order_id, report.taker_order_id,
               report.price_ticks, report.quantity);
  } else {
    Write(report.type, report.side, report.sequence_number, report.order_id, report.price_ticks,
          report.quantity);
  }
  return true;
}

bool ReportRing::LookForRoom(uint64_t records) {
  // Acquire: pairs with the release in Drain(); the consumer has read what is overwritten now.
  writable_to_ = drained_.load(std::memory_order_acquire) + mask_ + 1;
  SetLimit();
  return written_ + records <= writable_to_;
}

void ReportRing::PublishAndReserve(uint64_t records) {
  Publish();
  while (written_ + records > writable_to_ && !LookForRoom(records)) {
    Pause();
  }
}

uint32_t ReportRing::Drain(HarnessReport* reports, uint32_t reports_max) {
  // Relaxed: this thread is the only writer.
  uint64_t at = drained_.load(std::memory_order_relaxed);
  // Acquire: pairs with the release in Publish().
  const uint64_t ready = published_.load(std::memory_order_acquire);
  uint32_t count = 0;
  for (; count < reports_max && at != ready; ++count) {
    const Record& record = records_[at++ & mask_];
    HarnessReport& report = reports[count];
    report = {};
    report.type = static_cast<HarnessReportType>(record.packed >> 32 & 0xff);
    report.side = static_cast<uint8_t>(record.packed >> 40);
    report.sequence_number = record.sequence_number;
    report.price_ticks = record.price_ticks;
    report.quantity = static_cast<uint32_t>(record.packed);
    if (report.type == HarnessReportType::kTrade) {
      report.maker_order_id = record.order_id;
      report.taker_order_id = records_[at++ & mask_].order_id;
    } else {
      report.order_id = record.order_id;
    }
  }
  if (count > 0) {
    // Release: pairs with the acquire of the producer.
    drained_.store(at, std::memory_order_release);
  }
  return count;
}

}  // namespace tally
