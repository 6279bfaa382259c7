#pragma once

#include "engine/core/internal/context.h"

namespace tally::core::internal {

// What follows from a command that touched a book, after the book itself is done with it and
// before the next command. Every handler that may have changed a book ends with it, once.
//
// The steps, in this order, repeated until none has anything to do or cascade_steps_max is spent
// (what is left then goes first in the next command):
//   1. protection: cancel what a tripped market-maker group has open, before anything else trades;
//   2. groups: cancel the others of an OCO whose order was filled, start what an OTO released;
//   3. price bands and circuit breakers: change the phase;
//   4. stops: trigger what the last trade or the best price reached, one at a time;
//   5. pegs: reprice what follows a best price that moved.
// Then, once: the indicative price of a call, the top of the book.
void EndTurn(Context& context, InstrumentId instrument);

}  // namespace tally::core::internal
