#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

#include "tools/demo_venue/processes.h"
#include "tools/demo_venue/session_pool.h"
#include "tools/demo_venue/settings.h"

namespace tally::demo {

struct KillResult {
  uint64_t orders = 0;
  uint64_t in_flight = 0;  // Of those, unanswered at the SIGKILL.
  uint64_t resent = 0;     // Of those, by their clients after the restart.
  uint64_t accepted = 0;
  uint64_t canceled = 0;
  int64_t outage_ns = 0;  // SIGKILL to the first logon that was accepted.
  int64_t all_back_ns = 0;
  uint64_t recovered_commands = 0;
  int64_t recovery_ms = 0;  // Of that, the engine's replay of its journal.
  std::vector<std::pair<AccountId, ClientOrderId>> placed{};
};

// Sends an order far from the market on each of `orders` sessions without waiting for an answer,
// kills the engine at once, starts it again, waits for every answer and cancels the orders.
absl::StatusOr<KillResult> RunKillDrill(SessionPool* pool, EngineProcess* engine, uint32_t orders);

}  // namespace tally::demo
