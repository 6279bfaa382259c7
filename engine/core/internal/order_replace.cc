// kReplaceOrder.

#include "base/assert.h"
#include "engine/core/internal/bands.h"
#include "engine/core/internal/fees.h"
#include "engine/core/internal/kill_switch.h"
#include "engine/core/internal/market_entry.h"
#include "engine/core/internal/order_checks.h"
#include "engine/core/internal/order_handler.h"
#include "engine/core/internal/phase.h"
#include "engine/core/internal/settlement.h"
#include "engine/core/internal/signatures.h"
#include "engine/core/internal/triggers.h"
#include "engine/core/internal/turn.h"

namespace tally::core::internal {
namespace {

// The new terms of a replaced order, of which everything but price and quantity is given.
struct NewTerms {
  OrderHandle handle;
  QuantityLots leaves;
  risk::FeeRates fees;
  risk::MinimumFee minimum_fee;
  Quanta hold;
  SignedTerms signed_terms;
};

// kNotReplaceable: the sides of a quote belong to the next quote, the legs of a group stand as they
// were agreed, and the price of an order that follows the market is the venue's.
bool IsReplaceable(const State& state, OrderHandle handle) {
  const uint32_t flags = state.orders[handle].flags;
  if ((flags & (kRecordQuote | kRecordInGroup)) != 0) {
    return false;
  }
  if ((flags & kRecordHasDetail) == 0) {
    return true;
  }
  const OrderType type = state.orders.detail(handle).type;
  return type != OrderType::kPegged && type != OrderType::kTrailingStop;
}

// kBadDisplayQuantity, kBadStopPrice: new values of attributes that the order must have.
RejectReason CheckNewAttributes(const State& state, OrderHandle handle,
                                const ReplaceOrderCommand& replace) {
  const OrderDetail* const detail =
      (state.orders[handle].flags & kRecordHasDetail) == 0 ? nullptr : &state.orders.detail(handle);
  const QuantityLots display = replace.display_quantity;
  if (display.value != 0 && (detail == nullptr || detail->display_quantity.value == 0 ||
                             display.value < 0 || display > replace.quantity)) {
    return RejectReason::kBadDisplayQuantity;
  }
  if (replace.stop_price.value == 0) {
    return RejectReason::kNone;
  }
  return detail == nullptr ? RejectReason::kBadStopPrice
                           : CheckNewStop(state, handle, replace.stop_price);
}

OrderType TypeOf(const State& state, OrderHandle handle) {
  return (state.orders[handle].flags & kRecordHasDetail) == 0 ? OrderType::kLimit
                                                              : state.orders.detail(handle).type;
}

// What the order would then hold, and whether its owner signed for that and can pay it.
RejectReason CheckNewHold(const Context& context, NewTerms& terms) {
  const State& state = context.state;
  const ReplaceOrderCommand& replace = context.command.replace_order;
  const OrderRecord& record = state.orders[terms.handle];
  const risk::Instrument& instrument = *state.instruments.Find(record.instrument);
  const Side side = state.pool.side(terms.handle);
  terms.leaves = replace.quantity - record.cumulative;
  const risk::FeeTerms fees = FeesOf(state, record.account, record.instrument, instrument);
  terms.fees = fees.rates;
  terms.minimum_fee = AfterReplace(state, terms.handle, fees, terms.signed_terms);
  if (!terms.signed_terms.Allow(terms.fees)) {
    return RejectReason::kFeeAboveSigned;
  }
  const bool has_minimum = terms.minimum_fee.minimum != Quanta{};
  terms.hold =
      risk::HoldAmount(instrument, {.side = side,
                                    .price = replace.price,
                                    .leaves = terms.leaves,
                                    .fees = terms.fees,
                                    .minimum_fee = has_minimum ? &terms.minimum_fee : nullptr});
  const AssetId asset = risk::HoldAsset(instrument, side);
  if (terms.hold > record.held + state.ledger.balance(record.account, asset).available) {
    return RejectReason::kInsufficientBalance;
  }
  return !state.exposures.active() ? RejectReason::kNone
                                   : CheckExposure(state, {.account = record.account,
                                                           .asset = asset,
                                                           .old_hold = record.held,
                                                           .new_hold = terms.hold});
}

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
  if (RejectReason reason = CheckHalt(state, record.instrument); reason != RejectReason::kNone) {
    return reason;
  }
  if (RejectReason reason =
          CheckSignature(context, record.account, replace.new_client_order_id, &terms.signed_terms);
      reason != RejectReason::kNone) {
    return reason;
  }
  if (RejectReason reason = CheckSignedTarget(context, terms.handle, terms.signed_terms);
      reason != RejectReason::kNone) {
    return reason;
  }
  if (!IsReplaceable(state, terms.handle)) {
    return RejectReason::kNotReplaceable;
  }
  if (RejectReason reason = CheckNewAttributes(state, terms.handle, replace);
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
  if (terms.signed_terms.present() && terms.signed_terms.expiry_ns() <= state.time_ns) {
    return RejectReason::kBadExpireTime;
  }
  if (RejectReason reason = CheckRules(state, record.instrument,
                                       {.side = state.pool.side(terms.handle),
                                        .type = TypeOf(state, terms.handle),
                                        .price = replace.price,
                                        .quantity = replace.quantity});
      reason != RejectReason::kNone) {
    return reason;
  }
  return CheckNewHold(context, terms);
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
  const InstrumentId instrument = state.orders[terms.handle].instrument;
  const RejectReason reason =
      ReplaceOpen(context, {.handle = terms.handle,
                            .terms = {.price = replace.price,
                                      .leaves = terms.leaves,
                                      .display_quantity = replace.display_quantity},
                            .client_order_id = replace.new_client_order_id,
                            .fees = terms.fees,
                            .minimum_fee = terms.minimum_fee,
                            .hold = terms.hold,
                            .signed_terms = terms.signed_terms});
  if (reason != RejectReason::kNone) {
    RejectReplace(context, terms.handle, reason);
    return;
  }
  if (replace.stop_price != PriceTicks{}) {
    ReplaceStop(state, terms.handle, replace.stop_price);
  }
  EndTurn(context, instrument);
}

}  // namespace tally::core::internal
