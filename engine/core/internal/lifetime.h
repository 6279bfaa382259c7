#pragma once

// How long orders live: good-till-date, day, at-the-open and at-the-close.

#include <cstdint>

#include "engine/core/internal/context.h"

namespace tally::core::internal {

// An order with a detail opened (is in the table): it is remembered by its time in force.
void RememberLifetime(State& state, OrderHandle handle);
// ... ends.
void ForgetLifetime(State& state, OrderHandle handle);

// kTimer: cancels what expires by now, the earliest first, of one time the oldest (kExpired), and
// ends the turn of every instrument that it touched.
void HandleTimer(Context context);

// The instrument closes: cancels its day orders, the oldest first (kEndOfDay). The caller ends the
// turn, also of the functions below.
void ExpireDayOrders(Context& context, InstrumentId instrument);

// What an auction left of its at-the-open or at-the-close orders (`time_in_force`), or all of them
// if there was no auction: canceled, the oldest first (kAuctionOnly).
void CancelAuctionOrders(Context& context, InstrumentId instrument, TimeInForce time_in_force);

// The closing auction begins: what waited for it goes into the book, the oldest first. Requires a
// call to run.
void EnterAtTheClose(Context& context, InstrumentId instrument);

// The earliest time at which an order expires; 0 if none does.
int64_t NextExpiry(const State& state);

}  // namespace tally::core::internal
