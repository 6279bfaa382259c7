#pragma once

// Pegged orders follow a best price; all-or-none orders trade as soon as they can.
// docs/semantics/pegs.md.

#include "engine/core/internal/context.h"
#include "engine/core/internal/order_request.h"
#include "engine/core/internal/state_writer.h"
#include "engine/reject_reason.h"

namespace tally::core::internal {

// kBadPeg.
RejectReason CheckPeg(const Context& context, OrderRequest& request);
// kCapacity: as many orders follow a price in the instrument as may.
RejectReason CheckFollowers(const Context& context, const OrderRequest& request);

// The parked pegged order follows its price from now on; the turn puts it into the book.
void AddPeg(State& state, OrderHandle handle);
// It ends.
void RemovePeg(State& state, OrderHandle handle);

// A step of the turn: moves the next pegged order whose price is not what it should be
// (kOrderRestated, kPeg). False if there is none.
bool RepriceNextPeg(Context& context, InstrumentId instrument);

// A step of the turn: lets a resting all-or-none order trade that can now. False if there is none.
bool ExecuteNextAllOrNone(Context& context, InstrumentId instrument);

// The part of the canonical state of a book that its orders do not say.
void PutPegs(const State& state, const BookState& book, StateWriter& out);

}  // namespace tally::core::internal
