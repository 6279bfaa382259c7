#include "engine/core/internal/match_listener.h"

#include <algorithm>

#include "base/assert.h"
#include "engine/core/internal/bands.h"
#include "engine/core/internal/groups.h"
#include "engine/core/internal/lifetime.h"
#include "engine/core/internal/pegs.h"
#include "engine/core/internal/protection.h"
#include "engine/core/internal/quotes.h"
#include "engine/core/internal/triggers.h"

namespace tally::core::internal {
namespace {

Event OrderEvent(EventType type, const OrderRecord& record, OrderId id, Side side) {
  Event event = MakeEvent(type);
  event.order_id = id;
  event.client_order_id = record.client_order_id;
  event.account = record.account;
  event.instrument = record.instrument;
  event.side = Raw(side);
  return event;
}

// What an order with a detail was part of.
void EndFollowing(State& state, OrderHandle handle) {
  const OrderRecord& record = state.orders[handle];
  const OrderType type = state.orders.detail(handle).type;
  if (type == OrderType::kPegged) {
    RemovePeg(state, handle);
  } else if (type == OrderType::kTrailingStop) {
    --state.book(record.instrument).following->trailing_orders;
  }
  if ((record.flags & kRecordInGroup) != 0) {
    NoteLegEnded(state, handle);
  }
}

}  // namespace

void ShrinkHold(Context& context, OrderRecord& record, const risk::HoldTerms& terms) {
  State& state = context.state;
  const risk::Instrument& instrument = *state.instruments.Find(record.instrument);
  const Quanta hold = risk::HoldAmount(instrument, terms);
  state.ledger.Release(record.account, risk::HoldAsset(instrument, terms.side), record.held - hold);
  record.held = hold;
}

void ReportCanceled(Context& context, const OrderRecord& record, const CancelReport& report) {
  Event event = OrderEvent(EventType::kOrderCanceled, record, report.order_id, report.side);
  event.client_sequence = report.client_sequence;
  event.canceled = {.canceled = report.cancellation.canceled,
                    .leaves = report.cancellation.leaves,
                    .cumulative = record.cumulative,
                    .reason = report.cancellation.reason,
                    .reserved = {}};
  context.emit.Report(record.session, event);
}

void ReportRestated(Context& context, const OrderRecord& record, const RestateReport& report) {
  Event event = OrderEvent(EventType::kOrderRestated, record, report.order_id, report.side);
  event.restated = report.restated;
  context.emit.Report(record.session, event);
}

PriceTicks HoldPrice(const State& state, OrderHandle handle, PriceTicks book_price) {
  if ((state.orders[handle].flags & kRecordHasDetail) == 0) {
    return book_price;
  }
  const OrderDetail& detail = state.orders.detail(handle);
  return detail.type == OrderType::kPegged ? detail.limit : book_price;
}

void EndOrder(State& state, OrderHandle handle, Side side) {
  OrderRecord& record = state.orders[handle];
  if (record.held != Quanta{}) {
    const risk::Instrument& instrument = *state.instruments.Find(record.instrument);
    state.ledger.Release(record.account, risk::HoldAsset(instrument, side), record.held);
    record.held = {};
  }
  if ((record.flags & kRecordHasDetail) != 0) {
    ForgetLifetime(state, handle);
    EndFollowing(state, handle);
  }
  if ((record.flags & kRecordQuote) != 0) [[unlikely]] {
    state.quotes.Erase(QuoteKeyOf(record), side);
  }
  --state.accounts.Find(record.account)->open_orders;
  state.orders.Remove(handle);
}

void PublishBookTop(Context& context, InstrumentId instrument) {
  BookState& state = context.state.book(instrument);
  const BookLevel bid = state.book.best_bid();
  const BookLevel ask = state.book.best_ask();
  BookTopEvent& top = state.top;
  // An empty side is all zero whatever the book says about its price.
  const PriceTicks bid_price = bid.quantity.value == 0 ? PriceTicks{} : bid.price;
  const PriceTicks ask_price = ask.quantity.value == 0 ? PriceTicks{} : ask.price;
  if (top.bid_price == bid_price && top.bid_quantity == bid.quantity &&
      top.ask_price == ask_price && top.ask_quantity == ask.quantity) {
    return;
  }
  CHECK(state.book.in_call() || bid.quantity.value == 0 || ask.quantity.value == 0 ||
        bid.price < ask.price);
  top = {.bid_price = bid_price,
         .bid_quantity = bid.quantity,
         .ask_price = ask_price,
         .ask_quantity = ask.quantity,
         .book_sequence = top.book_sequence + 1};
  Event event = MakeEvent(EventType::kBookTop);
  event.instrument = instrument;
  event.book_top = top;
  context.emit.Publish(event);
}

void MatchListener::OnAccepted(const IncomingOrder& order) {
  OrderRecord& record = *active_.record;
  const bool held = state_.ledger.Hold(record.account, risk::HoldAsset(instrument_, active_.side),
                                       active_.new_hold);
  CHECK(held);  // Checked before the book was asked.
  record.held = active_.new_hold;
  record.fees = active_.new_fees;
  record.client_order_id = active_.new_client_order_id;
  state_.next_order_id = OrderId{Raw(active_.id) + 1};
  state_.sessions.Find(record.session)->last_client_order_id = record.client_order_id;

  SetQuantities(order);
  if ((record.flags & kRecordQuote) == 0) {
    ReportAccepted(order);
  }
}

void MatchListener::SetQuantities(const IncomingOrder& order) {
  leaves_ = order.quantity;
  displayed_ = order.display_quantity.value == 0 ? order.quantity : order.display_quantity;
}

void MatchListener::ReportAccepted(const IncomingOrder& order) {
  Event event = OrderEvent(EventType::kOrderAccepted, *active_.record, active_.id, active_.side);
  const NewOrderCommand& asked_for = *active_.order;
  event.accepted = {.price = order.price,
                    .quantity = order.quantity,
                    .order_type = asked_for.type,
                    .time_in_force = asked_for.time_in_force,
                    .order_flags = asked_for.flags,
                    .self_trade_prevention = asked_for.self_trade_prevention,
                    .phase = state_.phase(event.instrument),
                    .trigger = asked_for.trigger,
                    .peg = asked_for.peg,
                    .contingency = asked_for.contingency,
                    .display_quantity = asked_for.display_quantity,
                    .min_quantity = asked_for.min_quantity,
                    .stop_price = asked_for.stop_price,
                    .algorithm_id = asked_for.algorithm_id,
                    .group_id = asked_for.group_id};
  context_.emit.Answer(event);
}

void MatchListener::OnReplaced(const Replacement& replacement) {
  OrderRecord& record = *active_.record;
  const AssetId asset = risk::HoldAsset(instrument_, active_.side);
  if (active_.new_hold > record.held) {
    const bool held = state_.ledger.Hold(record.account, asset, active_.new_hold - record.held);
    CHECK(held);  // Checked before the book was asked.
  } else {
    state_.ledger.Release(record.account, asset, record.held - active_.new_hold);
  }
  const OrderView view = state_.pool.View(replacement.order);
  leaves_ = replacement.leaves;
  displayed_ = view.display_quantity.value == 0 ? leaves_ : view.display_quantity;
  const ClientOrderId original = record.client_order_id;
  record.held = active_.new_hold;
  record.fees = active_.new_fees;
  if (active_.new_minimum_fee.has_value()) {
    state_.orders.SetMinimumFee(replacement.order, *active_.new_minimum_fee);
  }
  active_.minimum_fee = state_.orders.minimum_fee(replacement.order);
  state_.orders.Rename(replacement.order, active_.new_client_order_id);
  state_.sessions.Find(record.session)->last_client_order_id = record.client_order_id;
  if (!replacement.kept_priority) {
    record.priority = state_.next_priority++;
  }

  kept_priority_ = replacement.kept_priority;
  if ((record.flags & kRecordQuote) == 0) {  // Else its command is answered by kQuoteDone.
    ReportReplaced(replacement, original);
  }
  Context context = context_;
  if (!replacement.kept_priority) {
    PublishRemoval(context, *active_.removal);
  } else if (view.displayed != active_.removal->quantity) {
    PublishLess(context, replacement.order);
  }
}

void MatchListener::ReportReplaced(const Replacement& replacement, ClientOrderId original) {
  const OrderRecord& record = *active_.record;
  Event event = OrderEvent(EventType::kOrderReplaced, record, active_.id, active_.side);
  event.replaced = {.original_client_order_id = original,
                    .price = replacement.price,
                    .quantity = record.cumulative + replacement.leaves,
                    .leaves = replacement.leaves,
                    .kept_priority = replacement.kept_priority ? uint8_t{1} : uint8_t{0},
                    .reserved = {}};
  context_.emit.Answer(event);
}

void MatchListener::MoveFunds(const Leg& leg, QuantityLots quantity, Quanta notional) {
  OrderRecord& record = leg.record;
  risk::Ledger& ledger = state_.ledger;
  const Quanta base = risk::BaseQuanta(instrument_, quantity);
  if (leg.side == Side::kSell) {
    ledger.TakeHeld(record.account, instrument_.base_asset, base);
    ledger.Credit(record.account, instrument_.quote_asset, notional - leg.fee);
    record.held -= base;
  } else {
    const Quanta hold = risk::HoldAmount(instrument_, {.side = leg.side,
                                                       .price = leg.limit,
                                                       .leaves = leg.leaves,
                                                       .fees = record.fees,
                                                       .minimum_fee = leg.minimum_fee});
    const Quanta cost = notional + leg.fee;
    ledger.TakeHeld(record.account, instrument_.quote_asset, cost);
    // Never negative (holds.h): price improvement, a better rate, rounding.
    ledger.Release(record.account, instrument_.quote_asset, record.held - hold - cost);
    ledger.Credit(record.account, instrument_.base_asset, base);
    record.held = hold;
  }
  record.cumulative += quantity;
}

void MatchListener::ReportFill(const Leg& leg, const Fill& fill, OrderId order_id,
                               Liquidity liquidity) {
  Event event = OrderEvent(EventType::kOrderFilled, leg.record, order_id, leg.side);
  event.client_sequence = liquidity == Liquidity::kTaker ? active_.client_sequence : 0;
  event.filled = {.trade_id = state_.next_trade_id,
                  .price = fill.price,
                  .quantity = fill.quantity,
                  .leaves = leg.leaves,
                  .cumulative = leg.record.cumulative,
                  .fee = leg.fee,
                  .liquidity = liquidity,
                  .phase = state_.phase(leg.record.instrument),
                  .reserved = {}};
  context_.emit.Report(leg.record.session, event);
}

// What a fill means beyond money, for orders with flags.
void MatchListener::AfterSpecialFill(const Leg& leg, QuantityLots quantity) {
  if ((leg.record.flags & kRecordProtected) != 0) {
    CountFill(state_, leg.record, leg.side, quantity);
  }
  if ((leg.record.flags & kRecordInGroup) != 0) {
    NoteLegTouched(state_, state_.orders.HandleOf(leg.record));
  }
}

risk::FillFees MatchListener::FeesOfFill(Quanta notional, const OrderRecord& maker_record,
                                         risk::MinimumFee* maker_minimum) const {
  const risk::FeeRates taker_rates = active_.record->fees;
  if (maker_minimum == nullptr && active_.minimum_fee == nullptr) [[likely]] {
    return risk::FeesOfFill(notional, maker_record.fees, taker_rates);
  }
  return risk::FeesOfFill(
      notional,
      {.side = Opposite(active_.side), .rates = maker_record.fees, .minimum_fee = maker_minimum},
      {.side = active_.side, .rates = taker_rates, .minimum_fee = active_.minimum_fee});
}

void MatchListener::PublishTrade(const Fill& fill, InstrumentId instrument, uint8_t side) {
  Event trade = MakeEvent(EventType::kTrade);
  trade.instrument = instrument;
  trade.side = side;
  trade.trade = {.trade_id = state_.next_trade_id, .price = fill.price, .quantity = fill.quantity};
  context_.emit.Publish(trade);
  state_.next_trade_id = TradeId{Raw(state_.next_trade_id) + 1};
  BookState& book = state_.book(instrument);
  book.last_price = fill.price;
  if ((book.features & kFeatureStops) != 0) [[unlikely]] {
    NotePrint(book, fill.price);
  }
  if ((book.features & (kFeatureRules | kFeaturePhase)) == kFeatureRules) [[unlikely]] {
    RecordTrade(state_, instrument, fill.price);
  }
}

void MatchListener::OnFill(const Fill& fill) {
  OrderRecord& maker_record = state_.orders[fill.maker];
  OrderRecord& taker_record = *active_.record;
  const Quanta notional = risk::Notional(instrument_, fill.price, fill.quantity);
  risk::MinimumFee* const maker_minimum = state_.orders.minimum_fee(fill.maker);
  const risk::FillFees fees = FeesOfFill(notional, maker_record, maker_minimum);
  const Leg maker = {.record = maker_record,
                     .side = Opposite(active_.side),
                     .limit = HoldPrice(state_, fill.maker, fill.price),
                     .leaves = fill.maker_leaves,
                     .fee = fees.maker,
                     .minimum_fee = maker_minimum};
  const Leg taker = {.record = taker_record,
                     .side = active_.side,
                     .limit = active_.price,
                     .leaves = fill.taker_leaves,
                     .fee = fees.taker,
                     .minimum_fee = active_.minimum_fee};
  MoveFunds(maker, fill.quantity, notional);
  MoveFunds(taker, fill.quantity, notional);
  state_.ledger.Credit(instrument_.fee_account, instrument_.quote_asset, fees.maker + fees.taker);

  ReportFill(maker, fill, state_.pool.id(fill.maker), Liquidity::kMaker);
  ReportFill(taker, fill, active_.id, Liquidity::kTaker);
  PublishTrade(fill, maker_record.instrument, Raw(active_.side));

  if ((maker_record.flags | taker_record.flags) != 0) [[unlikely]] {
    AfterSpecialFill(maker, fill.quantity);
    AfterSpecialFill(taker, fill.quantity);
  }
  Context context = context_;
  PublishLess(context, fill.maker);
  if (fill.maker_leaves.value == 0) {
    CHECK(maker_record.held == Quanta{});
    EndOrder(state_, fill.maker, maker.side);
  }
}

void MatchListener::OnMakerCanceled(const Cancellation& cancellation) {
  const OrderView view = state_.pool.View(cancellation.order);
  OrderRecord& record = state_.orders[cancellation.order];
  Context context = context_;
  ShrinkHold(context, record,
             {.side = view.side,
              .price = HoldPrice(state_, cancellation.order, view.price),
              .leaves = cancellation.leaves,
              .fees = record.fees,
              .minimum_fee = state_.orders.minimum_fee(cancellation.order)});
  ReportCanceled(
      context, record,
      {.order_id = view.id, .side = view.side, .cancellation = cancellation, .client_sequence = 0});
  PublishLess(context, cancellation.order);
  if (cancellation.leaves.value == 0) {
    EndOrder(state_, cancellation.order, view.side);
  } else if ((record.flags & kRecordInGroup) != 0) {
    NoteLegTouched(state_, cancellation.order);
  }
}

void MatchListener::OnTakerCanceled(const Cancellation& cancellation) {
  OrderRecord& record = *active_.record;
  Context context = context_;
  ShrinkHold(context, record,
             {.side = active_.side,
              .price = active_.price,
              .leaves = cancellation.leaves,
              .fees = record.fees,
              .minimum_fee = active_.minimum_fee});
  ReportCanceled(context, record,
                 {.order_id = active_.id,
                  .side = active_.side,
                  .cancellation = cancellation,
                  .client_sequence = active_.client_sequence});
  if ((record.flags & kRecordInGroup) != 0) [[unlikely]] {
    NoteLegTouched(state_, state_.orders.HandleOf(record));
  }
}

// The order entered off its limit, so it needs less. Never a buy order above it: the hold suffices.
void MatchListener::OnSlid(PriceTicks price) {
  OrderRecord& record = *active_.record;
  Context context = context_;
  active_.price = price;
  ShrinkHold(context, record,
             {.side = active_.side,
              .price = price,
              .leaves = leaves_,
              .fees = record.fees,
              .minimum_fee = active_.minimum_fee});
  ReportRestated(context, record,
                 {.order_id = active_.id,
                  .restated = {.price = price,
                               .leaves = leaves_,
                               .displayed = std::min(leaves_, displayed_),
                               .stop_price = {},
                               .reason = RestateReason::kSlide,
                               .kept_priority = 0,
                               .reserved = {}},
                  .side = active_.side});
}

void MatchListener::OnRefreshed(const Refresh& refresh) {
  const OrderView view = state_.pool.View(refresh.order);
  OrderRecord& record = state_.orders[refresh.order];
  record.priority = state_.next_priority++;
  Context context = context_;
  ReportRestated(context, record,
                 {.order_id = view.id,
                  .restated = {.price = view.price,
                               .leaves = refresh.leaves,
                               .displayed = refresh.displayed,
                               .stop_price = {},
                               .reason = RestateReason::kRefresh,
                               .kept_priority = 0,
                               .reserved = {}},
                  .side = view.side});
  PublishShown(context, refresh.order);
}

}  // namespace tally::core::internal
