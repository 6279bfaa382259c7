#include "engine/core/internal/quotes.h"

#include <array>

#include "engine/core/internal/bands.h"
#include "engine/core/internal/fees.h"
#include "engine/core/internal/kill_switch.h"
#include "engine/core/internal/market_entry.h"
#include "engine/core/internal/order_checks.h"
#include "engine/core/internal/order_handler.h"
#include "engine/core/internal/phase.h"
#include "engine/core/internal/protection.h"
#include "engine/core/internal/turn.h"

namespace tally::core::internal {
namespace {

bool IsWithdrawal(const QuoteCommand& quote) {
  return quote.bid_quantity.value == 0 && quote.ask_quantity.value == 0;
}

bool AttributesAreKnown(const QuoteCommand& quote) {
  const bool slide_alone =
      (quote.flags & kOrderFlagSlide) != 0 && (quote.flags & kOrderFlagPostOnly) == 0;
  return quote.entry < kMaxQuoteEntries && !slide_alone &&
         (quote.flags & ~(kOrderFlagPostOnly | kOrderFlagSlide)) == 0 &&
         quote.self_trade_prevention >= SelfTradePrevention::kNone &&
         quote.self_trade_prevention <= SelfTradePrevention::kDecrementAndCancel;
}

bool CrossesItself(const QuoteCommand& quote) {
  return quote.bid_quantity.value != 0 && quote.ask_quantity.value != 0 &&
         quote.bid_price >= quote.ask_price;
}

RejectReason CheckQuoteParties(const Context& context) {
  if (RejectReason reason = CheckAccount(context, context.command.account);
      reason != RejectReason::kNone) {
    return reason;
  }
  return context.state.instruments.Find(context.command.instrument) == nullptr
             ? RejectReason::kUnknownInstrument
             : RejectReason::kNone;
}

// What a quote needs to put something into the book; a withdrawal takes out only.
RejectReason CheckMayQuote(const Context& context) {
  if (RejectReason reason =
          CheckKillSwitch(context.state, context.command.account, context.command.session);
      reason != RejectReason::kNone) {
    return reason;
  }
  return CheckHalt(context.state, context.command.instrument);
}

// What is said of the quote as a whole, in the order of reject_reason.h.
RejectReason CheckQuote(const Context& context, uint32_t* record_flags) {
  const QuoteCommand& quote = context.command.quote;
  if (RejectReason reason = CheckQuoteParties(context); reason != RejectReason::kNone) {
    return reason;
  }
  if (RejectReason reason = CheckMayQuote(context);
      reason != RejectReason::kNone && !IsWithdrawal(quote)) {
    return reason;
  }
  if (!AttributesAreKnown(quote)) {
    return RejectReason::kUnsupported;
  }
  if (context.state.accounts[context.command.account].must_sign && !IsWithdrawal(quote)) {
    return RejectReason::kSignatureRequired;  // Nothing signs the orders of a quote.
  }
  const Membership group =
      FindMembership(context.state, context.command.account, quote.maker_group);
  if (group.reason != RejectReason::kNone) {
    return group.reason;
  }
  *record_flags =
      kRecordQuote | group.record_flags | uint32_t{quote.entry} << kRecordQuoteEntryShift;
  if (RejectReason reason = CheckClientOrderId(context, quote.client_order_id);
      reason != RejectReason::kNone) {
    return reason;
  }
  if (ProtectionTripped(context.state, *record_flags) && !IsWithdrawal(quote)) {
    return RejectReason::kProtectionTripped;
  }
  return CrossesItself(quote) ? RejectReason::kSelfTrade : RejectReason::kNone;
}

void RejectQuote(Context& context, RejectReason reason) {
  Event event = MakeEvent(EventType::kCommandRejected);
  event.client_order_id = context.command.quote.client_order_id;
  event.account = context.command.account;
  event.instrument = context.command.instrument;
  event.rejected = {.reason = reason, .rejected_type = context.command.type, .reserved = {}};
  context.emit.Answer(event);
}

// One admitted quote, side by side.
class Quoter {
 public:
  Quoter(const Context& context, uint32_t record_flags)
      : context_(context),
        state_(context.state),
        quote_(context.command.quote),
        instrument_(*context.state.instruments.Find(context.command.instrument)),
        key_{.session = context.command.session,
             .instrument = context.command.instrument,
             .entry = quote_.entry},
        record_flags_(record_flags) {}

  // Withdrawals first, then the side that makes way for the other.
  void Apply() {
    WithdrawIfAsked(Side::kBuy);
    WithdrawIfAsked(Side::kSell);
    const OrderHandle ask = Resting(Side::kSell);
    const bool ask_first = ask != kNoOrder && quote_.bid_quantity.value != 0 &&
                           quote_.bid_price >= state_.pool.View(ask).price;
    const Side first = ask_first ? Side::kSell : Side::kBuy;
    reasons_[IndexOf(first)] = Put(first);
    reasons_[IndexOf(Opposite(first))] = Put(Opposite(first));
  }

  void Answer() {
    Event event = MakeEvent(EventType::kQuoteDone);
    event.client_order_id = quote_.client_order_id;
    event.account = context_.command.account;
    event.instrument = context_.command.instrument;
    const OrderView bid = ViewOf(Side::kBuy);
    const OrderView ask = ViewOf(Side::kSell);
    event.quote_done = {.bid_order_id = bid.id,
                        .ask_order_id = ask.id,
                        .bid_leaves = bid.leaves,
                        .ask_leaves = ask.leaves,
                        .bid_reason = reasons_[IndexOf(Side::kBuy)],
                        .ask_reason = reasons_[IndexOf(Side::kSell)],
                        .entry = quote_.entry,
                        .maker_group = quote_.maker_group,
                        .reserved = {}};
    context_.emit.Answer(event);
  }

 private:
  static std::size_t IndexOf(Side side) { return side == Side::kBuy ? 0 : 1; }
  PriceTicks PriceOf(Side side) const {
    return side == Side::kBuy ? quote_.bid_price : quote_.ask_price;
  }
  QuantityLots QuantityOf(Side side) const {
    return side == Side::kBuy ? quote_.bid_quantity : quote_.ask_quantity;
  }
  OrderHandle Resting(Side side) const { return state_.quotes.Find(key_, side); }
  OrderView ViewOf(Side side) const {
    const OrderHandle handle = Resting(side);
    return handle == kNoOrder ? OrderView{} : state_.pool.View(handle);
  }

  void WithdrawIfAsked(Side side) {
    const OrderHandle handle = Resting(side);
    if (QuantityOf(side).value == 0 && handle != kNoOrder) {
      CancelOpen(context_, handle, CancelReason::kQuoteReplaced);
    }
  }

  // Brings one side to where the quote says, or leaves it as it was and says why.
  RejectReason Put(Side side) {
    if (QuantityOf(side).value == 0) {
      return RejectReason::kNone;
    }
    const OrderHandle handle = Resting(side);
    if (RejectReason reason = CheckSide(side, handle); reason != RejectReason::kNone) {
      return reason;
    }
    return handle == kNoOrder ? Enter(side) : Replace(side, handle);
  }

  // In the order of reject_reason.h. The other side is looked at as it is now: it may have traded
  // (and tripped the protection), or have failed to make way.
  RejectReason CheckSide(Side side, OrderHandle handle) const {
    if (RejectReason reason = risk::CheckTerms(instrument_, PriceOf(side), QuantityOf(side));
        reason != RejectReason::kNone) {
      return reason;
    }
    if (RejectReason reason = CheckRules(state_, key_.instrument,
                                         {.side = side,
                                          .type = OrderType::kLimit,
                                          .price = PriceOf(side),
                                          .quantity = QuantityOf(side)});
        reason != RejectReason::kNone) {
      return reason;
    }
    if (ProtectionTripped(state_, record_flags_)) {
      return RejectReason::kProtectionTripped;
    }
    if (handle == kNoOrder) {
      if (RejectReason reason = CheckRoom(); reason != RejectReason::kNone) {
        return reason;
      }
    }
    const Quanta held = handle == kNoOrder ? Quanta{} : state_.orders[handle].held;
    if (RejectReason reason = CheckFunds(side, held, HoldOf(side, handle));
        reason != RejectReason::kNone) {
      return reason;
    }
    if (OwnSideIsInTheWay(side)) {
      return RejectReason::kSelfTrade;
    }
    return handle == kNoOrder || KeepsAttributes(handle) ? RejectReason::kNone
                                                         : RejectReason::kNotReplaceable;
  }

  RejectReason CheckFunds(Side side, Quanta old_hold, Quanta new_hold) const {
    const AccountId account = context_.command.account;
    const AssetId asset = risk::HoldAsset(instrument_, side);
    if (new_hold > old_hold + state_.ledger.balance(account, asset).available) {
      return RejectReason::kInsufficientBalance;
    }
    return !state_.exposures.active() ? RejectReason::kNone
                                      : CheckExposure(state_, {.account = account,
                                                               .asset = asset,
                                                               .old_hold = old_hold,
                                                               .new_hold = new_hold});
  }

  RejectReason CheckRoom() const {
    if (state_.accounts[context_.command.account].open_orders >=
        state_.limits.open_orders_per_account) {
      return RejectReason::kMaxOpenOrders;
    }
    return state_.pool.full() ? RejectReason::kCapacity : RejectReason::kNone;
  }

  bool OwnSideIsInTheWay(Side side) const {
    const OrderHandle other = Resting(Opposite(side));
    if (other == kNoOrder) {
      return false;
    }
    const PriceTicks price = state_.pool.View(other).price;
    return side == Side::kBuy ? PriceOf(side) >= price : PriceOf(side) <= price;
  }

  // The attributes of a resting order are those it came with; another set needs a new order.
  bool KeepsAttributes(OrderHandle handle) const {
    const OrderView view = state_.pool.View(handle);
    return view.self_trade_prevention == quote_.self_trade_prevention &&
           view.post_only == ((quote_.flags & kOrderFlagPostOnly) != 0) &&
           view.slide == ((quote_.flags & kOrderFlagSlide) != 0) &&
           state_.orders[handle].flags >> kRecordMakerGroupShift ==
               record_flags_ >> kRecordMakerGroupShift;
  }

  risk::FeeTerms Fees() const {
    return FeesOf(state_, context_.command.account, context_.command.instrument, instrument_);
  }

  // Of the order that the side will be: a new one, or `handle` with new terms.
  risk::MinimumFee MinimumFeeOf(OrderHandle handle) const {
    return handle == kNoOrder
               ? risk::MinimumFee{.minimum = Fees().minimum_fee, .accrued = {}, .paid = {}}
               : AfterReplace(state_, handle, Fees());
  }

  Quanta HoldOf(Side side, OrderHandle handle) const {
    const risk::MinimumFee minimum_fee = MinimumFeeOf(handle);
    return risk::HoldAmount(instrument_, {.side = side,
                                          .price = PriceOf(side),
                                          .leaves = QuantityOf(side),
                                          .fees = Fees().rates,
                                          .minimum_fee = &minimum_fee});
  }

  RejectReason Enter(Side side) {
    const NewOrderCommand order = MakeOrder({.client_order_id = quote_.client_order_id,
                                             .price = PriceOf(side),
                                             .quantity = QuantityOf(side),
                                             .side = side,
                                             .self_trade_prevention = quote_.self_trade_prevention,
                                             .flags = quote_.flags});
    OrderRequest request(order);
    request.instrument = &instrument_;
    request.fees = Fees().rates;
    request.minimum_fee = Fees().minimum_fee;
    request.hold = HoldOf(side, kNoOrder);
    request.flags = record_flags_;
    const EntryResult result = EnterNew(context_, request);
    if (result.handle != kNoOrder) {
      state_.quotes.Insert(key_, side, result.handle);
    }
    return result.reject_reason;
  }

  RejectReason Replace(Side side, OrderHandle handle) {
    return ReplaceOpen(context_, {.handle = handle,
                                  .terms = {.price = PriceOf(side), .leaves = QuantityOf(side)},
                                  .client_order_id = quote_.client_order_id,
                                  .fees = Fees().rates,
                                  .minimum_fee = MinimumFeeOf(handle),
                                  .hold = HoldOf(side, handle)});
  }

  Context context_;
  State& state_;
  const QuoteCommand& quote_;
  const risk::Instrument& instrument_;
  const QuoteKey key_;
  const uint32_t record_flags_;
  std::array<RejectReason, 2> reasons_{};
};

}  // namespace

void HandleQuote(Context context) {
  uint32_t record_flags = 0;
  if (RejectReason reason = CheckQuote(context, &record_flags); reason != RejectReason::kNone) {
    RejectQuote(context, reason);
    return;
  }
  // Also where both sides fail: the answer of this id is given.
  context.state.sessions[context.command.session].last_client_order_id =
      context.command.quote.client_order_id;
  Quoter quoter(context, record_flags);
  quoter.Apply();
  quoter.Answer();
  EndTurn(context, context.command.instrument);
}

}  // namespace tally::core::internal
