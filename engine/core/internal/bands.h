#pragma once

// Price bands, fat-finger limits and circuit breakers. docs/semantics/protections.md.

#include <cstdint>

#include "base/types.h"
#include "engine/core/internal/context.h"
#include "engine/reject_reason.h"

namespace tally::core::internal {

// kDefineRules.
void HandleDefineRules(Context context);

// The terms of an order, new or replaced.
struct RuleTerms {
  Side side;
  OrderType type;
  PriceTicks price;
  QuantityLots quantity;
};

// Use this through CheckRules(): requires that the instrument has rules.
RejectReason CheckRulesInForce(const State& state, InstrumentId instrument, const RuleTerms& terms);

// kFatFinger, then kPriceBand. O(1); one test if the instrument has no rules.
inline RejectReason CheckRules(const State& state, InstrumentId instrument,
                               const RuleTerms& terms) {
  if ((state.book(instrument).features & kFeatureRules) == 0) [[likely]] {
    return RejectReason::kNone;
  }
  return CheckRulesInForce(state, instrument, terms);
}

// Whether the price is further from the center than that; never without a center (0).
bool IsOutOfBand(PriceTicks price, PriceTicks center, uint32_t basis_points);

// Gives the book the collar that the bands make of the prices as they are now. Between commands it
// is always that one.
void UpdateCollar(State& state, InstrumentId instrument);

// Counts a trade for the circuit breaker; of an instrument with rules, in continuous trading.
void RecordTrade(State& state, InstrumentId instrument, PriceTicks price);

// A step of the turn: begins a volatility auction if a band stopped an order, a halt if the breaker
// tripped (which goes first); else follows the last trade with the collar. Returns whether the
// phase changed.
bool EnforceRules(Context& context, InstrumentId instrument);

}  // namespace tally::core::internal
