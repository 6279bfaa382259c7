#include "base/clock.h"

#include <ctime>

namespace tally {
namespace {

int64_t ReadClock(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

int64_t RealClock::NowNs() const { return ReadClock(CLOCK_REALTIME); }

int64_t MonotonicNs() { return ReadClock(CLOCK_MONOTONIC); }

}  // namespace tally
