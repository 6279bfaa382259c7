#pragma once

#include <atomic>

namespace tally {

// From now on SIGINT and SIGTERM set stop_requested() and do nothing else.
void StopOnSignals();

// Set by the signal handler, read by the loop of the command; publishes nothing else.
const std::atomic<bool>& stop_requested();

}  // namespace tally
