#pragma once

#include <span>

#include "engine/command.h"
#include "engine/core/internal/state.h"

namespace tally::core::internal {

// Starts loading the rows that commands a little further on will touch: `upcoming` begins with the
// next one to be applied. A command of a venue with many books touches some ten cache lines at
// random; waiting for them one after the other is most of its time. Nothing here decides anything:
// what it reads may be stale by the time the command is applied, and no state changes but the notes
// in State::looks.
//
// Cost: with many open orders four commands are looked at, each at one of four distances, because a
// row can only be prefetched once the row that names it is there: index -> order -> level and
// neighbours. With some, three, in fewer steps; with few, only the command itself is fetched.
void LookAhead(State& state, std::span<const Command> upcoming);

}  // namespace tally::core::internal
