// kNewOrder: admitted by the checks, then brought to the market.

#include "engine/core/internal/market_entry.h"
#include "engine/core/internal/order_checks.h"
#include "engine/core/internal/order_handler.h"
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

// An at-the-close order is kept out of the book until the closing auction.
bool WaitsForClose(const State& state, const OrderRequest& request, InstrumentId instrument) {
  return request.order.time_in_force == TimeInForce::kAtTheClose &&
         state.phase(instrument) != TradingPhase::kClosingAuction;
}

}  // namespace

void HandleNewOrder(Context context) {
  OrderRequest request(context.command.new_order);
  RejectReason reason = Admit(context, request);
  if (reason == RejectReason::kNone &&
      WaitsForClose(context.state, request, context.command.instrument)) {
    ParkNew(context, request);
  } else if (reason == RejectReason::kNone) {
    reason = EnterNew(context, request).reject_reason;
  }
  if (reason != RejectReason::kNone) {
    RejectNewOrder(context, request.order, reason);
    return;
  }
  EndTurn(context, context.command.instrument);
}

}  // namespace tally::core::internal
