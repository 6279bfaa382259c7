#pragma once

#include <cstdint>

namespace tally {

inline constexpr int64_t kNsPerMs = 1'000'000;
inline constexpr int64_t kNsPerSecond = 1'000'000'000;

// Time is nanoseconds since the Unix epoch, UTC. Only the edges (gateway, relayer) hold a Clock;
// the core takes time from the commands. Thread safety: as the implementation says.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual int64_t NowNs() const = 0;
};

// The system's real-time clock (vDSO, about 25 ns a call). Thread safety: any thread.
class RealClock final : public Clock {
 public:
  int64_t NowNs() const override;
};

// Nanoseconds of the monotonic clock, for measuring durations only.
int64_t MonotonicNs();

}  // namespace tally
