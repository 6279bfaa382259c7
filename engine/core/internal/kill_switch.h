#pragma once

#include "engine/core/internal/context.h"
#include "engine/core/internal/state_writer.h"
#include "engine/reject_reason.h"

namespace tally::core::internal {

// kKillSwitch. Engaging cancels everything open in the scope, also when it is engaged already.
void HandleKillSwitch(Context context);

bool KillSwitchIsOn(const State& state, AccountId account, SessionIndex session);

// kKillSwitch if the venue's, the account's or the session's switch is engaged. Cost: one test
// while none of the venue is.
inline RejectReason CheckKillSwitch(const State& state, AccountId account, SessionIndex session) {
  if (state.kill_switch_count == 0) [[likely]] {
    return RejectReason::kNone;
  }
  return KillSwitchIsOn(state, account, session) ? RejectReason::kKillSwitch : RejectReason::kNone;
}

// The list of engaged switches in the canonical state.
void PutKillSwitches(const State& state, StateWriter& out);

}  // namespace tally::core::internal
