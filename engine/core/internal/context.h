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

// The answer of a handler whose command has no rejection of its own type.
inline void Reject(Context& context, RejectReason reason) {
  context.emit.Reject(EventType::kCommandRejected, reason);
}

}  // namespace tally::core::internal
