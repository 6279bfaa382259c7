#pragma once

// The C interface by which the public matching-engine benchmark (flash1-dev/matching-engine-
// benchmark, arXiv:2606.01183) drives an engine, as declarations of our own: the layouts and the
// names are the contract. README.md says how to run it.

#include <cstdint>

extern "C" {

// Sides are 0 buy, 1 sell. Prices are ticks. Sequence numbers name messages, order ids orders.
struct HarnessNewOrder {
  uint64_t order_id;
  uint64_t sequence_number;
  int64_t price_ticks;
  uint32_t quantity;
  uint8_t side;
  uint8_t immediate_or_cancel;
  uint8_t reserved[2];
};
static_assert(sizeof(HarnessNewOrder) == 32);

struct HarnessCancel {
  uint64_t order_id;
  uint64_t sequence_number;
};
static_assert(sizeof(HarnessCancel) == 16);

// A cancel and a new order in one: the order loses its priority.
struct HarnessModify {
  uint64_t order_id;
  uint64_t sequence_number;
  int64_t new_price_ticks;
  uint32_t new_quantity;
  uint8_t side;
  uint8_t reserved[3];
};
static_assert(sizeof(HarnessModify) == 32);

enum class HarnessReportType : uint8_t {
  kOrderAck = 0,
  kTrade = 1,
  kCancelAck = 2,  // A cancel, or what an IOC order could not fill.
  kModifyAck = 3,
  kCancelReject = 4,  // The order is not resting.
  kModifyReject = 5,
};

// Fields that a type does not have are 0. A trade has both order ids at the end and none in
// order_id; its price is the maker's, its sequence number the taker's message.
struct HarnessReport {
  HarnessReportType type;
  uint8_t side;
  uint8_t reserved[6];
  uint64_t sequence_number;
  uint64_t order_id;
  int64_t price_ticks;
  uint32_t quantity;
  uint32_t reserved_2;
  uint64_t maker_order_id;
  uint64_t taker_order_id;
  uint64_t reserved_3;
};
static_assert(sizeof(HarnessReport) == 64);

// A queue of reports from the thread that matches to the one that drains.
struct HarnessTransport {
  void* (*create)(uint32_t capacity);  // Room for that many reports or more; null on failure.
  int (*push)(void* queue, const HarnessReport* report);  // 0: full.
  uint32_t (*drain)(void* queue, HarnessReport* reports, uint32_t reports_max);
  void (*flush)(void* queue);  // Makes everything pushed so far visible to drain().
  void (*destroy)(void* queue);
};

#define HARNESS_EXPORT [[gnu::visibility("default")]]

HARNESS_EXPORT const HarnessTransport* engine_get_transport();
HARNESS_EXPORT void engine_init(uint64_t nonce, const HarnessTransport* transport, void* queue);
HARNESS_EXPORT void engine_shutdown();
HARNESS_EXPORT void engine_on_new_order(const HarnessNewOrder* message);
HARNESS_EXPORT void engine_on_cancel(const HarnessCancel* message);
HARNESS_EXPORT void engine_on_modify(const HarnessModify* message);
// Returns when every report of every message so far is in the transport.
HARNESS_EXPORT void engine_flush();
// INT64_MIN and INT64_MAX: the side is empty.
HARNESS_EXPORT int64_t engine_query_best_bid();
HARNESS_EXPORT int64_t engine_query_best_ask();
HARNESS_EXPORT uint64_t engine_query_depth_at(int64_t price_ticks, uint8_t side);

}  // extern "C"
