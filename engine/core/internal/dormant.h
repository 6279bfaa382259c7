#pragma once

// Verbs for orders that are open but in no ladder of their book.

#include "engine/core/internal/context.h"

namespace tally::core::internal {

// Takes a resting order out of its book; it is dormant, and waits for `waits_for`.
void ParkResting(State& state, OrderHandle handle, WaitsFor waits_for);

// Gives a dormant order the price at which it will enter, and nothing else.
void RepriceDormant(State& state, OrderHandle handle, PriceTicks price);

}  // namespace tally::core::internal
