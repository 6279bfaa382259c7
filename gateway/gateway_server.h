#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "base/clock.h"
#include "gateway/engine_link.h"
#include "gateway/gateway_options.h"
#include "gateway/key_directory.h"
#include "gateway/venue_config.h"

namespace tally::gateway {

// The TCP server of the binary protocol (docs/formats/wire.md): one thread that owns every socket
// and session and is the consumer of the engine's released events.
//
// Thread safety: Start and Stop from one controlling thread; metrics from any.
//
// Ownership: what the constructor is given by pointer outlives the server. The engine must be
// started before Start and stopped after Stop.
class GatewayServer {
 public:
  struct Dependencies {
    const Clock* clock = nullptr;
    EngineLink* engine = nullptr;
    ReportSource* reports = nullptr;
  };
  // `venue` gives the keys and the instruments of the feed; both are copied.
  GatewayServer(const GatewayOptions& options, const VenueConfig& venue,
                const Dependencies& dependencies, RecoveredState recovered);
  // Stops.
  ~GatewayServer();
  GatewayServer(const GatewayServer&) = delete;
  GatewayServer& operator=(const GatewayServer&) = delete;

  // Listens, starts the thread and returns the port.
  //   kInvalidArgument  the host is not a numeric address
  //   kUnavailable      the system refused: address in use, no such address, no permission
  absl::StatusOr<uint16_t> Start();

  // Sends every client Logout(SHUTDOWN), closes, ends the thread (within about a second).
  // Idempotent.
  void Stop();

  GatewayMetrics metrics() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tally::gateway
