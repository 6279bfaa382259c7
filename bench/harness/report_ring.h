#pragma once

// The queue that carries reports out of the benchmark's matching thread.

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/cache_line.h"
#include "bench/harness/harness_abi.h"

namespace tally {

// A single-producer, single-consumer ring of reports.
//
// Thread safety: Write(), WriteTrade(), TryWrite() and Publish() belong to one thread, Drain() to
// one other.
// Invariants: drained <= published <= written <= drained + size; all count records.
//
// A report travels as a record of half a cache line, a trade, which has one more id, as two. The
// producer stores the fields where they will be read from (a report that is put together first is
// read back in wider pieces than it was written, which stalls), publishes some records at a time,
// and remembers the last position of the consumer that it saw.
class ReportRing {
 public:
  // Room for `capacity` reports of any kind, touched in advance. Null if there is no memory.
  static ReportRing* Create(uint32_t capacity);
  static void Destroy(ReportRing* ring);

  // All but TryWrite() wait for room if need be.
  void Write(HarnessReportType type, uint8_t side, uint64_t sequence_number, uint64_t order_id,
             int64_t price_ticks, uint32_t quantity) {
    Reserve(1);
    Put(sequence_number, order_id, price_ticks, Pack(type, side, quantity));
  }

  void WriteTrade(uint64_t sequence_number, uint64_t maker_order_id, uint64_t taker_order_id,
                  int64_t price_ticks, uint32_t quantity) {
    Reserve(2);
    Put(sequence_number, maker_order_id, price_ticks, Pack(HarnessReportType::kTrade, 0, quantity));
    Put(0, taker_order_id, 0, 0);
  }

  // Any report; false if the ring is full.
  bool TryWrite(const HarnessReport& report);

  // Makes everything written so far visible to Drain().
  void Publish() {
    // Release: pairs with the acquire in Drain().
    published_.store(written_, std::memory_order_release);
    published_to_ = written_ + kBatch;
    SetLimit();
  }

  // Up to `reports_max` reports, oldest first.
  uint32_t Drain(HarnessReport* reports, uint32_t reports_max);

 private:
  // Records that are written before the consumer is told.
  static constexpr uint64_t kBatch = 256;

  struct Record {
    uint64_t sequence_number;
    uint64_t order_id;  // Of a trade the maker's; of the record after it the taker's.
    int64_t price_ticks;
    uint64_t packed;
  };
  static_assert(sizeof(Record) == 32);

  ReportRing() = default;

  //  63        47     40     32                0
  //  +---------+------+------+-----------------+
  //  | 0       | side | type | quantity        |
  //  +---------+------+------+-----------------+
  static uint64_t Pack(HarnessReportType type, uint8_t side, uint32_t quantity) {
    return quantity | uint64_t{static_cast<uint8_t>(type)} << 32 | uint64_t{side} << 40;
  }

  // One comparison for both things that are due now and then.
  void Reserve(uint64_t records) {
    if (written_ + records > limit_) [[unlikely]] {
      PublishAndReserve(records);
    }
  }
  void SetLimit() { limit_ = published_to_ < writable_to_ ? published_to_ : writable_to_; }
  void Put(uint64_t sequence_number, uint64_t order_id, int64_t price_ticks, uint64_t packed) {
    Record& record = records_[written_++ & mask_];
    record.sequence_number = sequence_number;
    record.order_id = order_id;
    record.price_ticks = price_ticks;
    record.packed = packed;
  }
  bool LookForRoom(uint64_t records);
  void PublishAndReserve(uint64_t records);

  Record* records_ = nullptr;
  uint64_t mask_ = 0;
  // Of the producer alone.
  alignas(kFalseSharingBytes) uint64_t written_ = 0;
  uint64_t writable_to_ = 0;  // There is room before it.
  uint64_t published_to_ = kBatch;
  uint64_t limit_ = 0;  // The lower of the two.
  // Written by the producer, read by the consumer: records before it are complete.
  alignas(kFalseSharingBytes) std::atomic<uint64_t> published_ = 0;
  // Written by the consumer, read by the producer: records before it are free again.
  alignas(kFalseSharingBytes) std::atomic<uint64_t> drained_ = 0;
};

}  // namespace tally
