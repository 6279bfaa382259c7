#pragma once

#include "engine/core/internal/context.h"
#include "engine/core/internal/order_request.h"

namespace tally::core::internal {

// What became of an order that was brought to the market.
struct EntryResult {
  RejectReason reject_reason;  // kNone: it was accepted.
  OrderHandle handle;          // If it is open now, else kNoOrder.
};

// Brings an admitted order to the market: holds its funds, accepts it (kOrderAccepted; not for the
// side of a quote), lets it match, and keeps its record if it stays open. If the book rejects it,
// nothing happened. The caller ends with EndTurn().
EntryResult EnterNew(Context& context, const OrderRequest& request);

// New terms of an open order; what it needs with them (`hold`) was checked against what it holds
// and what is available.
struct ReplaceRequest {
  OrderHandle handle;
  ReplaceTerms terms;
  ClientOrderId client_order_id;
  risk::FeeRates fees;
  risk::MinimumFee minimum_fee;
  Quanta hold;
  SignedTerms signed_terms{};
};

// Brings them to the book, or to the dormant order, and reports it (kOrderReplaced; not for the
// side of a quote). If the book rejects them, the order is as it was. The caller ends with
// EndTurn().
RejectReason ReplaceOpen(Context& context, const ReplaceRequest& request);

// Accepts an admitted order likewise, but leaves it dormant: it is open, named and counted as any
// other, its funds are held, and EnterDormant() brings it to the market one day. Whoever parks it
// knows what it waits for. Requires room in the pool.
OrderHandle ParkNew(Context& context, const OrderRequest& request, WaitsFor waits_for);

// A dormant order is about to be entered or canceled: takes it out of what it waits in.
void LeaveDormant(State& state, OrderHandle handle);

// What a dormant order waited for has come: it goes to its book as it is described by its record
// and detail (type kMarket or kLimit), as if it had just arrived; its reports are unsolicited. What
// it cannot fill is canceled if it is a market order. Returns whether it is open still. The caller
// ends with EndTurn().
bool EnterDormant(Context& context, OrderHandle handle);

// Lets a resting order trade that OrderBook::FindExecutable() found. The caller ends with
// EndTurn().
void ExecuteResting(Context& context, OrderHandle handle);

}  // namespace tally::core::internal
