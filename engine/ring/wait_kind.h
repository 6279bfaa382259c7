#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tally {

// How a thread waits on a ring. Chosen by configuration: a host with more cores than busy threads
// spins (lowest latency), any other one blocks.
enum class WaitKind : uint8_t {
  kSpin = 1,   // Busy loop. Only where every waiting thread has a core to itself.
  kYield = 2,  // sched_yield loop: still 100 % of a core when idle, but shares it.
  kBlock = 3,  // Sleeps in the kernel (futex): no processor time when idle, 10-15 us to wake.
};

// "spin", "yield", "block".
std::string_view WaitKindName(WaitKind kind);
std::optional<WaitKind> ParseWaitKind(std::string_view name);

}  // namespace tally
