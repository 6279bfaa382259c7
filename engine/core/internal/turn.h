#pragma once

#include "engine/core/internal/context.h"
#include "engine/core/internal/state_writer.h"

namespace tally::core::internal {

// What follows from a command that touched a book, after the book itself is done with it and
// before the next command. Every handler that may have changed a book ends with it, once.
//
// The steps, in this order, from the first again after each that did something, until none has
// anything to do or the command has spent its cascade_steps_max (what is left then goes first in
// the next command):
//   1. protection: cancel what a tripped market-maker group has open, before anything else trades;
//   2. groups: cancel the others of an OCO whose order was filled, start what an OTO released;
//   3. price bands and circuit breakers: change the phase;
// and in continuous trading
//   4. all-or-none: let a resting one trade that can now;
//   5. stops: move what trails, trigger what the last trade or the best price reached, one order at
//      a time;
//   6. pegs: reprice what follows a best price that moved.
// In batch auctions, if the rules say so, 5 for the price of the last batch.
// Then, once: the indicative price of a call, the top of the book.
// Protection, bands and the cancels of groups are done however much was spent.
void EndTurn(Context& context, InstrumentId instrument);

// Something was changed in an instrument that is not the one whose turn is being ended.
void QueueTurn(State& state, InstrumentId instrument);

// Before a command: the turns that the last one could not end.
void ResumeTurns(Context& context);

// The queue in the canonical state.
void PutTurns(const State& state, StateWriter& out);

}  // namespace tally::core::internal
