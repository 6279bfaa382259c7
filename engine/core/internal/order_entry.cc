// kNewOrder: admitted by the checks, then brought to the market.

#include "engine/core/internal/groups.h"
#include "engine/core/internal/market_entry.h"
#include "engine/core/internal/order_checks.h"
#include "engine/core/internal/order_handler.h"
#include "engine/core/internal/pegs.h"
#include "engine/core/internal/triggers.h"
#include "engine/core/internal/turn.h"

namespace tally::core::internal {
namespace {

void RejectNewOrder(Context& context, const NewOrderCommand& order, RejectReason reason) {
  Event event = MakeEvent(EventType::kOrderRejected);
  event.client_order_id = order.client_order_id;
  event.account = context.command.account;
  event.instrument = context.command.instrument;
  event.side = Raw(order.side);
  event.rejected = {.reason = reason, .rejected_type = context.command.type, .reserved = {}};
  context.emit.Answer(event);
}

// What the order waits for before it goes to its book; kNothing: it goes there at once. An
// at-the-close order is kept out of the book until the closing auction.
WaitsFor WaitsForWhat(const State& state, const NewOrderCommand& order, InstrumentId instrument) {
  if (order.contingency != Contingency::kNone) {
    return WaitsFor::kGroup;
  }
  if (IsStop(order.type)) {
    return WaitsFor::kTrigger;
  }
  if (order.type == OrderType::kPegged) {
    return WaitsFor::kReference;
  }
  const bool closes = order.time_in_force == TimeInForce::kAtTheClose &&
                      state.phase(instrument) != TradingPhase::kClosingAuction;
  return closes ? WaitsFor::kClose : WaitsFor::kNothing;
}

void Park(Context& context, const OrderRequest& request, WaitsFor waits_for) {
  const OrderHandle handle = ParkNew(context, request, waits_for);
  if (waits_for == WaitsFor::kGroup) {
    JoinGroup(context, request.order, handle);
  } else if (waits_for == WaitsFor::kTrigger) {
    AwaitTrigger(context.state, handle);
  } else if (waits_for == WaitsFor::kReference) {
    AddPeg(context.state, handle);
  }
}

RejectReason Enter(Context& context, const OrderRequest& request) {
  const WaitsFor waits_for =
      request.plain ? WaitsFor::kNothing
                    : WaitsForWhat(context.state, request.order, context.command.instrument);
  if (waits_for == WaitsFor::kNothing) {
    return EnterNew(context, request).reject_reason;
  }
  Park(context, request, waits_for);
  return RejectReason::kNone;
}

}  // namespace

void HandleNewOrder(Context context) {
  OrderRequest request(context.command.new_order, context.command.flags != 0);
  RejectReason reason = Admit(context, request);
  if (reason == RejectReason::kNone) {
    reason = Enter(context, request);
  }
  InstrumentId instrument = context.command.instrument;
  if (reason != RejectReason::kNone) {
    RejectNewOrder(context, request.order, reason);
    instrument = BreakGroup(context, request.order);
    if (instrument == InstrumentId{}) {
      return;
    }
  }
  EndTurn(context, instrument);
}

}  // namespace tally::core::internal
