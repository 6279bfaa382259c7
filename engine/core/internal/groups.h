#pragma once

// OCO, OTO and OTOCO groups. docs/semantics/groups.md.

#include "engine/core/internal/context.h"
#include "engine/core/internal/order_request.h"
#include "engine/core/internal/state_writer.h"
#include "engine/reject_reason.h"

namespace tally::core::internal {

// Whether the order waits for the first order of its group: the market may be elsewhere by then, so
// neither funds nor prices are compared with it now.
inline bool WaitsForFirst(const NewOrderCommand& order) {
  return order.contingency >= Contingency::kOto && order.group_leg > 1;
}

// kBadGroup.
RejectReason CheckGroup(const Context& context, OrderRequest& request);
// kCapacity: there is no room for another group.
RejectReason CheckGroupRoom(const Context& context, const OrderRequest& request);
// What the leg holds in addition to the leg that it excludes, of its full need.
Quanta HoldOfLeg(const Context& context, const OrderRequest& request, Quanta need);

// The accepted, parked order is a leg from now on. The last leg starts the group, in the turn.
void JoinGroup(Context& context, const NewOrderCommand& order, OrderHandle handle);
// A leg was rejected: the group that waits for it ends, in the turn. Returns its instrument, 0 if
// there is no such group.
InstrumentId BreakGroup(Context& context, const NewOrderCommand& order);

// An order with kRecordInGroup traded or lost quantity; ended.
void NoteLegTouched(State& state, OrderHandle handle);
void NoteLegEnded(State& state, OrderHandle handle);

// A leg is about to hold no more than `need`: what it gives back goes to the leg of its side that
// it excludes, as far as that one was counting on it.
void PassHoldOn(State& state, OrderHandle handle, Quanta need);

// A stop is triggered: if another order is excluded by it, that is canceled now, before this one
// can trade, and what both held together is this one's.
void LeaveOco(Context& context, OrderHandle handle);

// A step of the turn: does what follows from what was noted of the first group in a queue. False if
// there is none.
bool ResolveNextGroup(Context& context, DueQueue queue);

void PutGroups(const State& state, StateWriter& out);

}  // namespace tally::core::internal
