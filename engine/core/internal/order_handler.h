#pragma once

#include "engine/core/internal/context.h"

namespace tally::core::internal {

// The commands of trading sessions. Every function requires a known session in
// context.command.session whose client sequence was taken, and emits exactly one answer to it.
void HandleNewOrder(Context context);
void HandleReplaceOrder(Context context);
void HandleCancelOrder(Context context);
void HandleMassCancel(Context context);
void HandleOrderQuery(Context context);
void HandleAccountQuery(Context context);

// The open order that a reference of the command's session names: any of its account by OrderId,
// its own by client order id; kNoOrder if there is none.
OrderHandle ResolveOrder(const Context& context, const OrderReference& reference);

// Takes an open order out of its book and the table, gives back its hold and reports it to its
// session; solicited only where that is the session of the command.
void CancelOpen(Context& context, OrderHandle handle, CancelReason reason);

}  // namespace tally::core::internal
