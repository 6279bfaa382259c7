#include "engine/core/internal/market_entry.h"

#include "base/assert.h"
#include "engine/core/internal/match_listener.h"

namespace tally::core::internal {
namespace {

IncomingOrder MakeIncoming(OrderId id, AccountId account, const OrderRequest& request) {
  const NewOrderCommand& order = request.order;
  return {.id = id,
          .owner = OrderOwner{Raw(account)},
          .price = request.price,
          .quantity = order.quantity,
          .side = order.side,
          .type = order.type,
          .time_in_force = order.time_in_force,
          .self_trade_prevention = order.self_trade_prevention,
          .post_only = (order.flags & kOrderFlagPostOnly) != 0};
}

}  // namespace

EntryResult EnterNew(Context& context, const OrderRequest& request) {
  State& state = context.state;
  OrderRecord record{};
  record.session = context.command.session;
  record.account = context.command.account;
  record.instrument = context.command.instrument;
  record.flags = request.flags;
  const ActiveOrder active = {.id = state.next_order_id,
                              .side = request.order.side,
                              .price = request.price,
                              .record = &record,
                              .new_client_order_id = request.order.client_order_id,
                              .new_fees = request.fees,
                              .new_hold = request.hold,
                              .client_sequence = context.command.client_sequence,
                              .order = &request.order};
  MatchListener listener(context, *request.instrument, active);
  const IncomingOrder incoming = MakeIncoming(active.id, record.account, request);
  const BookResult result = state.book(record.instrument).book.Submit(incoming, listener);
  if (result.outcome == BookOutcome::kResting) {
    record.priority = state.next_priority++;
    ++state.accounts.Find(record.account)->open_orders;
    state.orders.Insert(result.handle, record);
  } else {
    CHECK(record.held == Quanta{});
  }
  return {.reject_reason = result.reject_reason, .handle = result.handle};
}

}  // namespace tally::core::internal
