#pragma once

#include <cstdint>

namespace tally::gateway {

// One reading of both clocks, taken once for a whole batch of work.
struct Instant {
  int64_t wall_ns = 0;  // Since the Unix epoch: what goes on the wire.
  int64_t mono_ns = 0;  // Monotonic: every deadline.
};

}  // namespace tally::gateway
