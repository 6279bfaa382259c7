// kCancelOrder and the queries.

#include "engine/core/internal/market_entry.h"
#include "engine/core/internal/match_listener.h"
#include "engine/core/internal/order_handler.h"
#include "engine/core/internal/turn.h"

namespace tally::core::internal {
namespace {

void RejectReference(Context& context, const OrderReference& reference, RejectReason reason) {
  Event event = MakeEvent(EventType::kCancelRejected);
  event.order_id = reference.order_id;
  event.client_order_id = reference.client_order_id;
  event.account = context.command.account;
  event.instrument = context.command.instrument;
  event.rejected = {.reason = reason, .rejected_type = context.command.type, .reserved = {}};
  context.emit.Answer(event);
}

void AnswerBalance(Context& context, AssetId asset, bool last) {
  const AccountId account = context.state.sessions[context.command.session].account;
  const risk::Balance& balance = context.state.ledger.balance(account, asset);
  Event event = MakeEvent(EventType::kBalance);
  event.account = account;
  event.flags = last ? kEventFlagLast : uint8_t{0};
  event.balance = {
      .available = balance.available, .held = balance.held, .asset = asset, .reserved = {}};
  context.emit.Answer(event);
}

}  // namespace

void CancelOpen(Context& context, OrderHandle handle, CancelReason reason) {
  State& state = context.state;
  const OrderRecord record = state.orders[handle];
  const OrderId id = state.pool.id(handle);
  const Side side = state.pool.side(handle);
  if (state.pool.place(handle) == OrderPlace::kDormant) {
    LeaveDormant(state, handle);
  }
  Removal removal = BeforeRemoval(state, handle);
  const QuantityLots canceled = state.book(record.instrument).book.Cancel(handle);
  EndOrder(state, handle, side);
  const bool own = record.session == context.command.session;
  ReportCanceled(
      context, record,
      {.order_id = id,
       .side = side,
       .cancellation = {.order = handle, .canceled = canceled, .leaves = {}, .reason = reason},
       .client_sequence = own ? context.command.client_sequence : 0});
  PublishRemoval(context, removal);
}

OrderHandle ResolveOrder(const Context& context, const OrderReference& reference) {
  const State& state = context.state;
  const Session& session = state.sessions[context.command.session];
  if (reference.order_id == OrderId{}) {
    return reference.client_order_id == ClientOrderId{}
               ? kNoOrder
               : state.orders.Find(session.index, reference.client_order_id);
  }
  const OrderHandle handle = state.pool.Find(reference.order_id);
  const bool own = handle != kNoOrder && state.orders[handle].account == session.account;
  return own ? handle : kNoOrder;
}

void HandleCancelOrder(Context context) {
  const OrderReference& target = context.command.cancel_order.target;
  const OrderHandle handle = ResolveOrder(context, target);
  if (handle == kNoOrder) {
    RejectReference(context, target, RejectReason::kUnknownOrder);
    return;
  }
  const OrderRecord& record = context.state.orders[handle];
  const InstrumentId instrument = record.instrument;
  const bool own = record.session == context.command.session;
  CancelOpen(context, handle, CancelReason::kRequest);
  if (!own) {
    context.emit.Done();  // The order's own session got the report.
  }
  EndTurn(context, instrument);
}

void HandleOrderQuery(Context context) {
  const OrderReference& target = context.command.order_query.target;
  const OrderHandle handle = ResolveOrder(context, target);
  if (handle == kNoOrder) {
    RejectReference(context, target, RejectReason::kUnknownOrder);
    return;
  }
  const OrderRecord& record = context.state.orders[handle];
  const OrderView view = context.state.pool.View(handle);
  Event event = MakeEvent(EventType::kOrderState);
  event.order_id = view.id;
  event.client_order_id = record.client_order_id;
  event.account = record.account;
  event.instrument = record.instrument;
  event.side = Raw(view.side);
  event.order_state = {
      .price = view.price,
      .quantity = record.cumulative + view.leaves,
      .leaves = view.leaves,
      .cumulative = record.cumulative,
      .status = record.cumulative.value == 0 ? OrderStatus::kNew : OrderStatus::kPartiallyFilled,
      .reserved = {}};
  context.emit.Answer(event);
}

void HandleAccountQuery(Context context) {
  const State& state = context.state;
  const AccountId account = state.sessions[context.command.session].account;
  if (state.accounts.Find(account) == nullptr) {
    context.emit.Reject(EventType::kCommandRejected, RejectReason::kUnknownAccount);
    return;
  }
  // One behind, so that the last one can be flagged. Nothing held: asset 0 with zero balances.
  AssetId pending{};
  bool has_pending = false;
  for (uint32_t row = 0; row < state.assets.capacity(); ++row) {
    const AssetId asset{static_cast<uint16_t>(row)};
    if (state.ledger.balance(account, asset) == risk::Balance{}) {
      continue;
    }
    if (has_pending) {
      AnswerBalance(context, pending, /*last=*/false);
    }
    pending = asset;
    has_pending = true;
  }
  AnswerBalance(context, pending, /*last=*/true);
}

}  // namespace tally::core::internal
