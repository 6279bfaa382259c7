#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "base/clock.h"
#include "gateway/engine_link.h"
#include "gateway/fix_options.h"
#include "gateway/venue_config.h"

namespace tally::gateway {

// Counters since start.
struct FixMetrics {
  uint64_t connections_accepted = 0;
  uint64_t handshakes_refused = 0;  // TLS: not admitted, too many at once, failed, too slow.
  uint64_t logons = 0;
  uint64_t logons_failed = 0;
  uint64_t messages_in = 0;
  uint64_t messages_garbled = 0;
  uint64_t messages_rejected = 0;
  uint64_t messages_out = 0;
  uint64_t messages_resent = 0;
  uint64_t commands_published = 0;
  uint64_t slow_consumers = 0;
  uint64_t heartbeat_timeouts = 0;
};

// The TCP server of FIX 4.4 (docs/fix.md): one thread that owns every FIX socket and session and is
// a consumer of the engine's released events in its own right, so that neither gateway waits for
// the other.
//
// Thread safety: Start and Stop from one controlling thread; metrics from any.
//
// Ownership: what the constructor is given by pointer outlives the server. The engine must be
// started before Start and stopped after Stop.
class FixServer {
 public:
  struct Dependencies {
    const Clock* clock = nullptr;
    EngineLink* engine = nullptr;
    ReportSource* reports = nullptr;
  };
  FixServer(const VenueConfig& venue, const Dependencies& dependencies, RecoveredState recovered);
  // Stops.
  ~FixServer();
  FixServer(const FixServer&) = delete;
  FixServer& operator=(const FixServer&) = delete;

  // Reads the session logs, listens, starts the thread and returns the port of plain TCP; 0 if
  // there is only TLS.
  //   kInvalidArgument  the host is not a numeric address; the TLS files are not as they must be
  //   kUnavailable      the system refused: address in use, directory cannot be made
  absl::StatusOr<uint16_t> Start();

  // The port of TLS, after Start; 0 without.
  uint16_t tls_port() const;

  // Tells clients, now and then, that the venue will stop in that time. Any number of times.
  void AnnounceStop(int64_t seconds);

  // Logs every client out, closes, ends the thread (within about a second). Idempotent.
  void Stop();

  FixMetrics metrics() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tally::gateway
