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

}  // namespace tally::core::internal
