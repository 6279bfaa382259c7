#include "tools/tally/stop_signal.h"

#include <csignal>

namespace tally {
namespace {

std::atomic<bool> requested{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void RequestStop(int) { requested.store(true, std::memory_order_relaxed); }

}  // namespace

void StopOnSignals() {
  std::signal(SIGINT, RequestStop);
  std::signal(SIGTERM, RequestStop);
}

const std::atomic<bool>& stop_requested() { return requested; }

}  // namespace tally
