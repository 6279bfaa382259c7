// kNewOrder and kReplaceOrder: validate in the order of reject_reason.h, then let the book match.

#include "base/assert.h"
#include "engine/core/internal/match_listener.h"
#include "engine/core/internal/order_handler.h"
#include "engine/core/internal/turn.h"

namespace tally::core::internal {
namespace {

const Session& SessionOf(const Context& context) {
  return *context.state.sessions.Find(context.command.session);
}

// Codecs check enums, but the journal is the input of the core: any byte must have an answer.
bool EnumsAreKnown(const NewOrderCommand& order) {
  return (order.side == Side::kBuy || order.side == Side::kSell) &&
         (order.type == OrderType::kLimit || order.type == OrderType::kMarket) &&
         order.self_trade_prevention >= SelfTradePrevention::kNone &&
         order.self_trade_prevention <= SelfTradePrevention::kDecrementAndCancel &&
         (order.flags & ~kOrderFlagPostOnly) == 0;
}

RejectReason CheckAttributes(const NewOrderCommand& order) {
  if (!EnumsAreKnown(order)) {
    return RejectReason::kUnsupported;
  }
  const TimeInForce tif = order.time_in_force;
  const bool post_only = (order.flags & kOrderFlagPostOnly) != 0;
  if (post_only &&
      (order.type != OrderType::kLimit || tif == TimeInForce::kIoc || tif == TimeInForce::kFok)) {
    return RejectReason::kUnsupported;
  }
  if (tif != TimeInForce::kGtc && tif != TimeInForce::kIoc && tif != TimeInForce::kFok) {
    return RejectReason::kBadTimeInForce;
  }
  if (order.type == OrderType::kMarket && tif == TimeInForce::kGtc) {
    return RejectReason::kBadTimeInForce;
  }
  return RejectReason::kNone;
}

RejectReason CheckClientOrderId(const Context& context, ClientOrderId id) {
  const Session& session = SessionOf(context);
  if (id > session.last_client_order_id) {
    return RejectReason::kNone;
  }
  // 0 is no id: it names nothing and is never a duplicate.
  const bool seen =
      id != ClientOrderId{} && (id == session.last_client_order_id ||
                                context.state.orders.Find(session.index, id) != kNoOrder);
  return seen ? RejectReason::kDuplicateClientOrderId : RejectReason::kClientOrderIdNotIncreasing;
}

RejectReason CheckAccount(const Context& context, AccountId account) {
  const risk::Account* const found = context.state.accounts.Find(account);
  if (found == nullptr || account != SessionOf(context).account) {
    return RejectReason::kUnknownAccount;
  }
  return found->enabled ? RejectReason::kNone : RejectReason::kAccountDisabled;
}

RejectReason CheckRoom(const Context& context, const NewOrderCommand& order) {
  if (order.time_in_force != TimeInForce::kGtc) {
    return RejectReason::kNone;  // Never rests.
  }
  const State& state = context.state;
  if (state.accounts.Find(context.command.account)->open_orders >=
      state.limits.open_orders_per_account) {
    return RejectReason::kMaxOpenOrders;
  }
  return state.pool.full() ? RejectReason::kCapacity : RejectReason::kNone;
}

RejectReason CheckNewOrder(const Context& context, const NewOrderCommand& order) {
  if (RejectReason reason = CheckAccount(context, context.command.account);
      reason != RejectReason::kNone) {
    return reason;
  }
  const risk::Instrument* const instrument =
      context.state.instruments.Find(context.command.instrument);
  if (instrument == nullptr) {
    return RejectReason::kUnknownInstrument;
  }
  // Account and instrument are known, so the rows that the order will touch are: load them while
  // it is checked.
  context.state.orders.Prefetch(
      context.command.account,
      {.session = context.command.session, .client_order_id = order.client_order_id});
  context.state.ledger.Prefetch(context.command.account, risk::HoldAsset(*instrument, order.side));
  if (RejectReason reason = CheckAttributes(order); reason != RejectReason::kNone) {
    return reason;
  }
  if (RejectReason reason = CheckClientOrderId(context, order.client_order_id);
      reason != RejectReason::kNone) {
    return reason;
  }
  if (RejectReason reason = risk::CheckTerms(*instrument, order.price, order.quantity);
      reason != RejectReason::kNone) {
    return reason;
  }
  return CheckRoom(context, order);
}

void RejectNewOrder(Context& context, const NewOrderCommand& order, RejectReason reason) {
  Event event = MakeEvent(EventType::kOrderRejected);
  event.client_order_id = order.client_order_id;
  event.account = context.command.account;
  event.instrument = context.command.instrument;
  event.side = Raw(order.side);
  event.rejected = {.reason = reason, .rejected_type = context.command.type, .reserved = {}};
  context.emit.Answer(event);
}

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

// Puts the order into the book, which may reject it still; the record joins the table if it rests.
RejectReason Submit(Context& context, const NewOrderCommand& order, Quanta hold) {
  State& state = context.state;
  const risk::Instrument& instrument = *state.instruments.Find(context.command.instrument);
  OrderRecord record{};
  record.session = context.command.session;
  record.account = context.command.account;
  record.instrument = context.command.instrument;
  const ActiveOrder active = {.id = state.next_order_id,
                              .side = order.side,
                              .price = order.price,
                              .record = &record,
                              .new_client_order_id = order.client_order_id,
                              .new_fees = instrument.fees,
                              .new_hold = hold};
  MatchListener listener(context, instrument, active);
  const IncomingOrder incoming = {.id = active.id,
                                  .owner = OrderOwner{Raw(record.account)},
                                  .price = order.price,
                                  .quantity = order.quantity,
                                  .side = order.side,
                                  .type = order.type,
                                  .time_in_force = order.time_in_force,
                                  .self_trade_prevention = order.self_trade_prevention,
                                  .post_only = (order.flags & kOrderFlagPostOnly) != 0};
  const BookResult result = state.book(record.instrument).book.Submit(incoming, listener);
  if (result.outcome == BookOutcome::kResting) {
    record.priority = state.next_priority++;
    ++state.accounts.Find(record.account)->open_orders;
    state.orders.Insert(result.handle, record);
  } else {
    CHECK(record.held == Quanta{});
  }
  return result.reject_reason;
}

}  // namespace

void HandleNewOrder(Context context) {
  const NewOrderCommand& order = context.command.new_order;
  RejectReason reason = CheckNewOrder(context, order);
  if (reason == RejectReason::kNone) {
    const State& state = context.state;
    const risk::Instrument& instrument = *state.instruments.Find(context.command.instrument);
    const Quanta hold = risk::HoldAmount(instrument, {.side = order.side,
                                                      .price = order.price,
                                                      .leaves = order.quantity,
                                                      .fees = instrument.fees});
    const AssetId asset = risk::HoldAsset(instrument, order.side);
    reason = hold > state.ledger.balance(context.command.account, asset).available
                 ? RejectReason::kInsufficientBalance
                 : Submit(context, order, hold);
  }
  if (reason != RejectReason::kNone) {
    RejectNewOrder(context, order, reason);
    return;
  }
  EndTurn(context, context.command.instrument);
}

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
                              .new_hold = terms.hold};
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
