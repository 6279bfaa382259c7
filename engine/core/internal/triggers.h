#pragma once

// Stop, stop-limit and trailing stop orders in the core. docs/semantics/triggers.md.

#include <cstdint>

#include "engine/core/internal/context.h"
#include "engine/core/internal/order_request.h"
#include "engine/core/internal/state_writer.h"
#include "engine/reject_reason.h"

namespace tally::core::internal {

// kBadStopPrice. Sets OrderRequest::stop, of a trailing order without a stop price where it starts;
// it stays 0 if there is no price to measure from.
RejectReason CheckStop(const Context& context, OrderRequest& request);

// kBadStopPrice: a new stop price of a waiting order.
RejectReason CheckNewStop(const State& state, OrderHandle handle, PriceTicks stop_price);
void ReplaceStop(State& state, OrderHandle handle, PriceTicks stop_price);

// Before AwaitTrigger() of an order that another one released: sets the stop price of a trailing
// order that has none yet, and the price that follows from it. False if there is no price to
// measure from. True for every other order.
bool PrepareTrigger(State& state, OrderHandle handle);

// The dormant stop begins to wait for its price. If that is reached already (it may be, for an
// order that another one released), it is due.
void AwaitTrigger(State& state, OrderHandle handle);

// The stop ends without having been triggered, or is triggered: takes it out of the trigger book.
void ForgetTrigger(State& state, OrderHandle handle);

// A trade of an instrument with stops.
void NotePrint(BookState& book, PriceTicks price);

// Moves the trailing stops to which the price as it is now matters (kOrderRestated, kTrail).
// Returns how many: at most as many as trail, limits.pegged_orders_per_instrument.
uint32_t MoveTrailingStops(Context& context, InstrumentId instrument);

// Triggers the next stop that is due (kOrderTriggered) and lets it enter the market. False if none
// is.
bool TriggerNext(Context& context, InstrumentId instrument);

// The part of the canonical state of a book that its dormant orders do not say.
void PutTriggers(const State& state, const BookState& book, StateWriter& out);

}  // namespace tally::core::internal
