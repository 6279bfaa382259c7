#pragma once

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "base/histogram.h"
#include "base/types.h"
#include "sdk/key.h"
#include "sdk/order_signing.h"

namespace tally::load {

struct LoadSession {
  uint64_t key_id = 0;
  sdk::SigningKey key;
  uint64_t session_id = 0;                     // Sessions of one key differ in it.
  std::optional<sdk::OrderSigning> signing{};  // Its orders go out signed.
};

// Percentages of the commands; what is left of 100 is new limit orders that rest.
struct LoadMix {
  uint32_t cancel_percent = 32;
  uint32_t replace_percent = 5;
  uint32_t aggressive_percent = 8;  // Immediate-or-cancel orders that cross the spread.
};

struct LoadOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 0;
  std::vector<LoadSession> sessions{};
  InstrumentId instrument{1};

  // Open loop: commands are due at a fixed rate over all sessions whatever the venue does, and
  // latency counts from when a command was due. 0: closed loop, `window` commands in flight per
  // session; latency counts from when it was sent.
  uint64_t commands_per_second = 1'000;
  uint32_t window = 1;
  // The run ends after this many commands or this long, whichever comes first; 0: no limit. Not
  // both 0.
  uint64_t commands_max = 0;
  uint32_t duration_ms = 5'000;
  uint32_t warm_up_ms = 500;   // Before it; answered and checked, but not in the figures.
  uint32_t drain_ms = 10'000;  // Longest wait for the last answers.

  LoadMix mix{};
  PriceTicks price{10'000};        // Orders rest around it,
  uint32_t price_spread = 50;      // at most this many ticks away.
  QuantityLots quantity_max{100};  // 1..this, evenly.
  uint32_t open_orders_max = 200;  // Per session; above it every command is a cancel.
  uint64_t seed = 1;

  bool json = false;            // One JSON object per line and figure instead of the table.
  std::ostream* out = nullptr;  // Null: standard output.
};

struct LoadResult {
  uint64_t sent = 0;       // Measured commands: after the warm-up.
  uint64_t answered = 0;   // Of those.
  uint64_t rejected = 0;   // Of those, answered by a reject.
  uint64_t fills = 0;      // Reports of fills, warm-up included.
  uint64_t late = 0;       // Due but not accepted by the client at once: too many unanswered.
  uint64_t throttled = 0;  // Times the venue asked to slow down.
  uint64_t reconnects = 0;
  // Exactly once, over everything including the warm-up.
  uint64_t commands_total = 0;
  uint64_t unanswered = 0;         // At the end of the drain.
  uint64_t answered_twice = 0;     // Or out of order.
  int64_t elapsed_ns = 0;          // From the first measured command to the last answer.
  double commands_per_second = 0;  // Answered per elapsed second.
  Histogram response_ns;           // From when it was due.
  Histogram service_ns;            // From when it was handed to the client.

  bool exactly_once() const { return unanswered == 0 && answered_twice == 0; }
};

// Runs the load on the calling thread. kInvalidArgument for bad options; the status of a session
// that could not log on or failed.
absl::StatusOr<LoadResult> MeasureLoad(const LoadOptions& options);

// MeasureLoad and a report. 0: done, every command answered exactly once; 1 otherwise.
int RunLoad(const LoadOptions& options);

}  // namespace tally::load
