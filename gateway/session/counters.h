#pragma once

#include <atomic>
#include <cstdint>

#include "gateway/gateway_options.h"

namespace tally::gateway {

// A number that one thread counts and any thread may read.
class Counter {
 public:
  // Relaxed: a single writer, and readers want no order with anything else.
  void Add(uint64_t count = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
  }
  void Subtract() {
    value_.store(value_.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
  }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

// The counters behind GatewayMetrics, which says what they mean.
struct Counters {
  Counter connections_accepted, connections_open, connections_refused;
  Counter logons, logons_failed;
  Counter frames_in, frames_bad;
  Counter commands_published, commands_refused, commands_repeated, publish_stalls;
  Counter reports_sent, reports_replayed;
  Counter trades_sent, bbos_sent, bbos_conflated, book_snapshots_sent, book_deltas_sent;
  Counter slow_consumers, heartbeat_timeouts, disconnect_cancels;
  Counter bytes_in, bytes_out;

  GatewayMetrics Snapshot() const {
    return {.connections_accepted = connections_accepted.value(),
            .connections_open = connections_open.value(),
            .connections_refused = connections_refused.value(),
            .logons = logons.value(),
            .logons_failed = logons_failed.value(),
            .frames_in = frames_in.value(),
            .frames_bad = frames_bad.value(),
            .commands_published = commands_published.value(),
            .commands_refused = commands_refused.value(),
            .commands_repeated = commands_repeated.value(),
            .publish_stalls = publish_stalls.value(),
            .reports_sent = reports_sent.value(),
            .reports_replayed = reports_replayed.value(),
            .trades_sent = trades_sent.value(),
            .bbos_sent = bbos_sent.value(),
            .bbos_conflated = bbos_conflated.value(),
            .book_snapshots_sent = book_snapshots_sent.value(),
            .book_deltas_sent = book_deltas_sent.value(),
            .slow_consumers = slow_consumers.value(),
            .heartbeat_timeouts = heartbeat_timeouts.value(),
            .disconnect_cancels = disconnect_cancels.value(),
            .bytes_in = bytes_in.value(),
            .bytes_out = bytes_out.value()};
  }
};

}  // namespace tally::gateway
