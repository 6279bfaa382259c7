#pragma once

#include "engine/core/internal/emitter.h"
#include "engine/core/internal/state.h"

namespace tally::core::internal {

// What a handler works on: one command, the state, and where the events go.
struct Context {
  State& state;
  const Command& command;
  Emitter& emit;
};

}  // namespace tally::core::internal
