// kReplaceOrder.

#include "base/assert.h"
#include "engine/core/internal/kill_switch.h"
#include "engine/core/internal/match_listener.h"
#include "engine/core/internal/order_checks.h"
#include "engine/core/internal/order_handler.h"
#include "engine/core/internal/turn.h"

namespace tally::core::internal {
namespace {

// The new terms of a replaced order, of which everything but price and quantity is given.
struct NewTerms {
  OrderHandle handle;
  QuantityLots leaves;
  risk::FeeRates fees;
  Quanta hold;
};

RejectReason CheckReplace(const Context& context, NewTerms& terms) {
  const State& state = context.state;
  const ReplaceOrderCommand& replace = context.command.replace_order;
  terms.handle = ResolveOrder(context, replace.target);
  if (terms.handle == kNoOrder || state.orders[terms.handle].session != context.command.session) {
    return RejectReason::kUnknownOrder;
  }
  const OrderRecord& record = state.orders[terms.handle];
  if (RejectReason reason = CheckAccount(context, record.account); reason != RejectReason::kNone) {
    return reason;
  }
  if (RejectReason reason = CheckKillSwitch(state, record.account, context.command.session);
      reason != RejectReason::kNone) {
    return reason;
  }
  if (RejectReason reason = CheckClientOrderId(context, replace.new_client_order_id);
      reason != RejectReason::kNone) {
    return reason;
  }
  const risk::Instrument& instrument = *state.instruments.Find(record.instrument);
  if (RejectReason reason = risk::CheckTerms(instrument, replace.price, replace.quantity);
      reason != RejectReason::kNone) {
    return reason;
  }
  if (replace.quantity <= record.cumulative) {
    return RejectReason::kBelowFilled;
  }
  const Side side = state.pool.side(terms.handle);
  terms.leaves = replace.quantity - record.cumulative;
  terms.fees = instrument.fees;
  terms.hold = risk::HoldAmount(
      instrument,
      {.side = side, .price = replace.price, .leaves = terms.leaves, .fees = terms.fees});
  const Quanta available =
      state.ledger.balance(record.account, risk::HoldAsset(instrument, side)).available;
  return terms.hold > record.held + available ? RejectReason::kInsufficientBalance
                                              : RejectReason::kNone;
}

void RejectReplace(Context& context, OrderHandle handle, RejectReason reason) {
  const ReplaceOrderCommand& replace = context.command.replace_order;
  Event event = MakeEvent(EventType::kCancelRejected);
  event.order_id = handle == kNoOrder ? replace.target.order_id : context.state.pool.id(handle);
  event.client_order_id = replace.new_client_order_id;
  event.account = context.command.account;
  event.instrument = context.command.instrument;
  event.rejected = {.reason = reason, .rejected_type = context.command.type, .reserved = {}};
  context.emit.Answer(event);
}

}  // namespace

void HandleReplaceOrder(Context context) {
  State& state = context.state;
  const ReplaceOrderCommand& replace = context.command.replace_order;
  NewTerms terms{};
  if (RejectReason reason = CheckReplace(context, terms); reason != RejectReason::kNone) {
    RejectReplace(context, terms.handle, reason);
    return;
  }
  OrderRecord& record = state.orders[terms.handle];
  const InstrumentId instrument = record.instrument;
  const ActiveOrder active = {.id = state.pool.id(terms.handle),
                              .side = state.pool.side(terms.handle),
                              .price = replace.price,
                              .record = &record,
                              .new_client_order_id = replace.new_client_order_id,
                              .new_fees = terms.fees,
                              .new_hold = terms.hold,
                              .client_sequence = context.command.client_sequence,
                              .order = nullptr};
  MatchListener listener(context, *state.instruments.Find(instrument), active);
  const BookResult result =
      state.book(instrument).book.Replace(terms.handle, replace.price, terms.leaves, listener);
  switch (result.outcome) {
    case BookOutcome::kRejected:
      RejectReplace(context, terms.handle, result.reject_reason);
      return;
    case BookOutcome::kResting:
      CHECK(result.handle == terms.handle);
      break;
    case BookOutcome::kFilled:
    case BookOutcome::kCanceled:
      CHECK(record.held == Quanta{});
      EndOrder(state, terms.handle, active.side);
      break;
  }
  EndTurn(context, instrument);
}

}  // namespace tally::core::internal
