#pragma once

// How long orders live: good-till-date, day, at-the-open and at-the-close.

#include <cstdint>

#include "engine/core/internal/context.h"

namespace tally::core::internal {

// When the order ends by itself, as its client or its signature says; 0: it does not.
int64_t ExpiryOf(const OrderDetail& detail);

// An order with a detail opened (is in the table): it is remembered by its time in force.
void RememberLifetime(State& state, OrderHandle handle);
// ... ends.
void ForgetLifetime(State& state, OrderHandle handle);

// An open order with a detail gets other signed terms, and with them another end.
void SetSignedTerms(State& state, OrderHandle handle, const SignedTerms& terms);

// A stop becomes a limit or market order. In a batch auction a market order has only the next batch
// to trade in: what that leaves of it is canceled as an at-the-open order is.
void SetActiveType(State& state, OrderHandle handle, OrderType type);

// kTimer: cancels what expires by now, the earliest first, of one time the oldest (kExpired), and
// ends the turn of every instrument that it touched; then what AdvancePhases() does. A bounded one
// ends no more than cascade_steps_max orders and phases.
void HandleTimer(Context context);

// The instrument closes: cancels its day orders, the oldest first (kEndOfDay), as long as there are
// steps left (null: all). The caller ends the turn, also of the functions below.
void ExpireDayOrders(Context& context, InstrumentId instrument, uint32_t* steps);

// What an auction left of its at-the-open or at-the-close orders (`time_in_force`), or all of them
// if there was no auction: canceled, the oldest first (kAuctionOnly).
void CancelAuctionOrders(Context& context, InstrumentId instrument, TimeInForce time_in_force);

// The closing auction begins: what waited for it goes into the book, the oldest first. Requires a
// call to run.
void EnterAtTheClose(Context& context, InstrumentId instrument);

// The earliest time at which an order expires; 0 if none does.
int64_t NextExpiry(const State& state);

}  // namespace tally::core::internal
