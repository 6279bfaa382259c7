#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "base/clock.h"
#include "engine/pipeline/engine.h"
#include "gateway/engine_adapter.h"
#include "gateway/gateway_server.h"
#include "sdk/key.h"

namespace tally::bench {

// A whole venue in this process: engine, journal on disk in a directory of its own that it removes,
// binary gateway on loopback. One instrument, funded accounts 1..kAccounts, one key for each.
//
// Thread safety: none; the engine and the gateway run their own threads.
class BenchVenue {
 public:
  static constexpr uint32_t kAccounts = 16;
  static constexpr InstrumentId kInstrument{1};

  static absl::StatusOr<std::unique_ptr<BenchVenue>> Open(Durability durability,
                                                          WaitKind wait = WaitKind::kBlock);
  ~BenchVenue();
  BenchVenue(const BenchVenue&) = delete;
  BenchVenue& operator=(const BenchVenue&) = delete;

  static sdk::SigningKey Key(uint64_t id);
  uint16_t port() const { return port_; }

  // Stops everything and checks what is on disk: a second engine that replays the journal, and
  // checks its state hashes, has applied as many commands as the clients were answered.
  absl::Status StopAndVerify(uint64_t commands_answered);

 private:
  BenchVenue() = default;
  absl::Status Start();
  EngineOptions Options() const;
  absl::Status Publish(const Command& command);
  absl::Status Define();

  std::filesystem::path directory_;
  Durability durability_ = Durability::kSync;
  WaitKind wait_ = WaitKind::kBlock;
  RealClock clock_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<gateway::EngineAdapter> adapter_;
  std::unique_ptr<gateway::GatewayServer> server_;
  uint16_t port_ = 0;
};

}  // namespace tally::bench
