#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace tally::gateway {

// Limits of the binary gateway. Every queue and every wait has one.
struct GatewayOptions {
  std::string host = "127.0.0.1";  // A numeric address.
  uint16_t port = 0;               // 0: any free one.

  uint32_t connections_max = 1024;
  uint32_t connections_per_key_max = 8;
  // Sessions are never removed from the core, so one account may not use up its capacity.
  uint32_t sessions_per_account_max = 256;
  uint32_t logons_per_second_max = 500;  // A signature check costs about 0.1 ms of the thread.

  uint32_t logon_deadline_ms = 5'000;
  uint32_t partial_frame_deadline_ms = 10'000;
  uint32_t clock_skew_ms_max = 30'000;
  uint32_t heartbeat_ms_default = 5'000;
  uint32_t heartbeat_ms_min = 100;
  uint32_t heartbeat_ms_max = 60'000;
  uint32_t cancel_grace_ms_max = 10'000;

  // Token bucket of each connection. Cancels and mass cancels are free.
  uint32_t messages_per_second = 10'000;
  uint32_t burst = 1'000;
  uint32_t refused_in_row_max = 10'000;  // Then RATE_DISCONNECT.

  // A connection whose unsent bytes are more, or older, is a slow consumer and is closed.
  uint32_t send_queue_bytes_max = 8 * 1024 * 1024;
  uint32_t send_queue_age_ms_max = 5'000;
  // Above this the best and indicative prices of an instrument are conflated and a replay pauses.
  uint32_t send_queue_bytes_soft = 256 * 1024;

  uint32_t replay_chunk_reports = 512;
  // Reports that arrive during a replay and are kept in memory; more are read from the log.
  uint32_t replay_pending_reports_max = 4'096;
};

// Counters since start.
struct GatewayMetrics {
  uint64_t connections_accepted = 0;
  uint64_t connections_open = 0;
  uint64_t connections_refused = 0;  // Above a limit.
  uint64_t logons = 0;
  uint64_t logons_failed = 0;
  uint64_t frames_in = 0;
  uint64_t frames_bad = 0;
  uint64_t commands_published = 0;
  uint64_t commands_refused = 0;  // Throttle and permission.
  uint64_t commands_repeated = 0;
  uint64_t publish_stalls = 0;  // Tries to publish that found the input ring full.
  uint64_t reports_sent = 0;
  uint64_t reports_replayed = 0;
  uint64_t trades_sent = 0;
  uint64_t bbos_sent = 0;
  uint64_t bbos_conflated = 0;  // And indicative prices.
  uint64_t book_snapshots_sent = 0;
  uint64_t book_deltas_sent = 0;
  uint64_t slow_consumers = 0;
  uint64_t heartbeat_timeouts = 0;
  uint64_t disconnect_cancels = 0;
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
};

}  // namespace tally::gateway
