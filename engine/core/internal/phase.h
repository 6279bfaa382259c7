#pragma once

// The phases of an instrument. docs/semantics/phases.md.

#include <cstdint>

#include "engine/core/internal/context.h"
#include "engine/reject_reason.h"

namespace tally::core::internal {

// kSetPhase.
void HandleSetPhase(Context context);

struct PhaseChange {
  TradingPhase phase;
  TradingPhase next = TradingPhase::kContinuous;  // With until_ns.
  int64_t until_ns = 0;
  PhaseReason reason = PhaseReason::kCommand;
  uint32_t* steps = nullptr;  // How many day orders may end with it; null: all.
};

// Ends the phase of the instrument, with its auction if it is one, and begins another one: trades
// and cancels first, then kPhaseChanged. The same phase again only gets a new end. The caller ends
// the turn.
void BeginPhase(Context& context, InstrumentId instrument, const PhaseChange& change);

// kTimer: begins the phases whose time has come, uncrosses the batches that are due and goes on to
// cancel the day orders of a closed instrument, instruments ascending; ends their turns. Each
// phase, batch and order takes one of `steps`; what is left without stays due.
void AdvancePhases(Context& context, uint32_t* steps);

// The earliest time at which AdvancePhases() has something to do; 0 if there is none.
int64_t NextPhaseEnd(const State& state);

// kMarketHalted: halted or closed, so only cancels are taken.
inline RejectReason CheckHalt(const State& state, InstrumentId instrument) {
  const TradingPhase phase = state.phase(instrument);
  return phase == TradingPhase::kHalt || phase == TradingPhase::kClosed
             ? RejectReason::kMarketHalted
             : RejectReason::kNone;
}

// kPhaseForbids: what the phase makes of type, time in force and minimum quantity.
RejectReason CheckPhaseTakes(TradingPhase phase, const NewOrderCommand& order);

}  // namespace tally::core::internal
