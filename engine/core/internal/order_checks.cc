#include "engine/core/internal/order_checks.h"

#include <algorithm>

#include "base/assert.h"
#include "engine/core/internal/bands.h"
#include "engine/core/internal/fees.h"
#include "engine/core/internal/groups.h"
#include "engine/core/internal/kill_switch.h"
#include "engine/core/internal/order_attributes.h"
#include "engine/core/internal/pegs.h"
#include "engine/core/internal/phase.h"
#include "engine/core/internal/protection.h"
#include "engine/core/internal/settlement.h"
#include "engine/core/internal/signatures.h"
#include "engine/core/internal/triggers.h"

namespace tally::core::internal {
namespace {

const Session& SessionOf(const Context& context) {
  return context.state.sessions[context.command.session];
}

// kUnknownAccount, kAccountDisabled, kUnknownInstrument.
RejectReason CheckParties(const Context& context, OrderRequest& request) {
  if (RejectReason reason = CheckAccount(context, context.command.account);
      reason != RejectReason::kNone) {
    return reason;
  }
  request.instrument = context.state.instruments.Find(context.command.instrument);
  return request.instrument == nullptr ? RejectReason::kUnknownInstrument : RejectReason::kNone;
}

// kKillSwitch.
RejectReason CheckSwitches(const Context& context, OrderRequest&) {
  return CheckKillSwitch(context.state, context.command.account, context.command.session);
}

// kMarketHalted.
RejectReason CheckOpen(const Context& context, OrderRequest&) {
  return CheckHalt(context.state, context.command.instrument);
}

// kUnsupported, kBadTimeInForce.
RejectReason CheckMeaning(const Context& context, OrderRequest& request) {
  if (context.command.flags != 0 && request.order.slippage_ticks != 0) {
    return RejectReason::kUnsupported;  // A signature covers a price.
  }
  return request.plain ? CheckPlainAttributes(request.order) : CheckAttributes(request.order);
}

// kPhaseForbids.
RejectReason CheckPhase(const Context& context, OrderRequest& request) {
  const TradingPhase phase = context.state.phase(context.command.instrument);
  if (phase == TradingPhase::kContinuous && request.plain) [[likely]] {
    return RejectReason::kNone;
  }
  return CheckPhaseTakes(phase, request.order);
}

// kBadSignature, kSignatureRequired.
RejectReason CheckSigned(const Context& context, OrderRequest& request) {
  return CheckSignature(context, context.command.account, request.order.client_order_id,
                        &request.signed_terms);
}

// kHiddenNotAllowed, kReduceOnly, kBadDisplayQuantity, kBadMinQuantity.
RejectReason CheckShown(const Context& context, OrderRequest& request) {
  if (request.plain) {
    return RejectReason::kNone;
  }
  const uint32_t features = context.state.book(context.command.instrument).features;
  return CheckVisibility(request.order, (features & kFeatureHidden) != 0);
}

// kBadExpireTime.
RejectReason CheckLifetime(const Context& context, OrderRequest& request) {
  if (request.signed_terms.present() && request.signed_terms.expiry_ns() <= context.state.time_ns) {
    return RejectReason::kBadExpireTime;
  }
  return request.order.time_in_force == TimeInForce::kGtd &&
                 request.order.expire_time_ns <= context.state.time_ns
             ? RejectReason::kBadExpireTime
             : RejectReason::kNone;
}

// kUnknownMakerGroup.
RejectReason CheckMakerGroup(const Context& context, OrderRequest& request) {
  if (request.order.maker_group == 0) [[likely]] {
    return RejectReason::kNone;
  }
  const Membership membership =
      FindMembership(context.state, context.command.account, request.order.maker_group);
  request.flags |= membership.record_flags;
  return membership.reason;
}

// kDuplicateClientOrderId, kClientOrderIdNotIncreasing.
RejectReason CheckName(const Context& context, OrderRequest& request) {
  return CheckClientOrderId(context, request.order.client_order_id);
}

// Whether an order gives a distance instead of its worst price.
bool Slips(const OrderRequest& request) { return request.order.slippage_ticks != 0; }

// The worst price of an order with a slippage: so far from its stop price or else from the best
// price that the other side displays. 0 if it displays none.
PriceTicks SlippagePrice(const Context& context, const OrderRequest& request) {
  const PriceTicks price_max = request.instrument->price_max;
  if (IsStop(request.order.type)) {
    return request.stop == PriceTicks{} ? PriceTicks{}
                                        : LimitFrom(request.stop, request.order, price_max);
  }
  const OrderBook& book = context.state.book(context.command.instrument).book;
  const bool buy = request.order.side == Side::kBuy;
  const BookLevel best = buy ? book.best_ask() : book.best_bid();
  if (best.quantity.value == 0) {
    return {};
  }
  return LimitFrom(best.price, request.order, price_max);
}

// kBadTick, kBadLot, kMinNotional, kMaxNotional.
RejectReason CheckTerms(const Context& context, OrderRequest& request) {
  const risk::Instrument& instrument = *request.instrument;
  if (!request.plain && Slips(request)) {
    request.price = SlippagePrice(context, request);
    if (request.price == PriceTicks{}) {  // So its notional is not known either.
      const QuantityLots quantity = request.order.quantity;
      return quantity < instrument.quantity_min || quantity > instrument.quantity_max
                 ? RejectReason::kBadLot
                 : RejectReason::kNone;
    }
  }
  return risk::CheckTerms(instrument, request.price, request.order.quantity);
}

// kNoReferencePrice.
RejectReason CheckReference(const Context&, OrderRequest& request) {
  const bool unknown =
      request.price == PriceTicks{} || (IsStop(request.order.type) && request.stop == PriceTicks{});
  return unknown ? RejectReason::kNoReferencePrice : RejectReason::kNone;
}

// kFatFinger, kPriceBand.
RejectReason CheckLimits(const Context& context, OrderRequest& request) {
  return CheckRules(context.state, context.command.instrument,
                    {.side = request.order.side,
                     .type = request.order.type,
                     .price = request.price,
                     .quantity = request.order.quantity});
}

// kProtectionTripped.
RejectReason CheckProtection(const Context& context, OrderRequest& request) {
  return ProtectionTripped(context.state, request.flags) ? RejectReason::kProtectionTripped
                                                         : RejectReason::kNone;
}

// kMaxOpenOrders, kCapacity.
RejectReason CheckRoom(const Context& context, OrderRequest& request) {
  if (IsImmediate(request.order.time_in_force)) {
    return RejectReason::kNone;  // Never rests.
  }
  const State& state = context.state;
  if (state.accounts[context.command.account].open_orders >= state.limits.open_orders_per_account) {
    return RejectReason::kMaxOpenOrders;
  }
  if (state.pool.full()) {
    return RejectReason::kCapacity;
  }
  if (request.plain) [[likely]] {
    return RejectReason::kNone;
  }
  const RejectReason reason = CheckGroupRoom(context, request);
  return reason == RejectReason::kNone ? CheckFollowers(context, request) : reason;
}

// kFeeAboveSigned, kInsufficientBalance, kExposureLimit.
RejectReason CheckFunds(const Context& context, OrderRequest& request) {
  const risk::FeeTerms terms = FeesOf(context.state, context.command.account,
                                      context.command.instrument, *request.instrument);
  request.fees = terms.rates;
  request.minimum_fee = terms.minimum_fee;
  if (!request.signed_terms.Allow(terms.rates)) {
    return RejectReason::kFeeAboveSigned;
  }
  risk::HoldTerms hold = {.side = request.order.side,
                          .price = request.price,
                          .leaves = request.order.quantity,
                          .fees = request.fees};
  risk::MinimumFee minimum;
  if (terms.minimum_fee != Quanta{}) [[unlikely]] {
    minimum = request.NewMinimumFee();
    hold.minimum_fee = &minimum;
  }
  request.hold = risk::HoldAmount(*request.instrument, hold);
  if (!request.plain) {
    request.hold = HoldOfLeg(context, request, request.hold);
  }
  const AssetId asset = risk::HoldAsset(*request.instrument, request.order.side);
  if (request.hold > context.state.ledger.balance(context.command.account, asset).available) {
    return RejectReason::kInsufficientBalance;
  }
  if (!context.state.exposures.active()) [[likely]] {
    return RejectReason::kNone;
  }
  return CheckExposure(context.state, {.account = context.command.account,
                                       .asset = asset,
                                       .old_hold = {},
                                       .new_hold = request.hold});
}

// A check of what plain orders do not have.
template <auto kCheck>
RejectReason UnlessPlain(const Context& context, OrderRequest& request) {
  return request.plain ? RejectReason::kNone : kCheck(context, request);
}

// The reason of the first check that has one. Likely none has: a compiler that takes each for a
// toss-up sees the last ones as never reached, and makes them short instead of fast.
template <auto... kChecks>
RejectReason FirstOf(const Context& context, OrderRequest& request) {
  RejectReason reason = RejectReason::kNone;
  static_cast<void>(
      (TALLY_LIKELY((reason = kChecks(context, request), reason == RejectReason::kNone)) && ...));
  return reason;
}

}  // namespace

PriceTicks LimitFrom(PriceTicks reference, const NewOrderCommand& order, PriceTicks price_max) {
  const int64_t distance = int64_t{order.slippage_ticks};
  return order.side == Side::kBuy
             ? PriceTicks{std::min(reference.value + distance, price_max.value)}
             : PriceTicks{std::max(reference.value - distance, int64_t{1})};
}

RejectReason Admit(const Context& context, OrderRequest& request) {
  return FirstOf<CheckParties, CheckSwitches, CheckOpen, CheckMeaning, CheckPhase, CheckSigned,
                 CheckShown, UnlessPlain<CheckStop>, UnlessPlain<CheckPeg>, CheckLifetime,
                 UnlessPlain<CheckGroup>, CheckMakerGroup, CheckName, CheckTerms,
                 UnlessPlain<CheckReference>, CheckLimits, CheckProtection, CheckRoom, CheckFunds>(
      context, request);
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

}  // namespace tally::core::internal
