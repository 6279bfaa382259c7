#pragma once

#include "engine/core/internal/state.h"

namespace tally::core::internal {

// CHECKs what must hold between commands: every order is held for, counted and listed where it
// should be. O(orders + accounts * assets); for tests and tools.
void CheckInvariants(const State& state);

}  // namespace tally::core::internal
