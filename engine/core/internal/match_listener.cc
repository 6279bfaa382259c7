#include "engine/core/internal/match_listener.h"

#include "base/assert.h"
#include "engine/core/internal/bands.h"
#include "engine/core/internal/groups.h"
#include "engine/core/internal/lifetime.h"
#include "engine/core/internal/order_report.h"
#include "engine/core/internal/pegs.h"
#include "engine/core/internal/protection.h"
#include "engine/core/internal/quotes.h"
#include "engine/core/internal/triggers.h"

namespace tally::core::internal {
namespace {

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

// The best price and quantity of a side; both 0 if it displays nothing.
struct BestOfSide {
  explicit BestOfSide(const BookLevel& level)
      : price{level.quantity.value == 0 ? 0 : level.price.value}, quantity(level.quantity) {}
  bool Differs(PriceTicks other_price, QuantityLots other_quantity) const {
    return ((price.value ^ other_price.value) | (quantity.value ^ other_quantity.value)) != 0;
  }
  PriceTicks price;
  QuantityLots quantity;
};

// Apart, so that the usual case saves no registers.
[[gnu::noinline]] void PublishNewTop(Context& context, InstrumentId instrument,
                                     const BestOfSide& bid, const BestOfSide& ask) {
  BookState& state = context.state.book(instrument);
  CHECK(state.book.in_call() || bid.quantity.value == 0 || ask.quantity.value == 0 ||
        bid.price < ask.price);
  BookTopEvent& top = state.top;
  top = {.bid_price = bid.price,
         .bid_quantity = bid.quantity,
         .ask_price = ask.price,
         .ask_quantity = ask.quantity,
         .book_sequence = top.book_sequence + 1};
  Event& event = context.emit.Begin(EventType::kBookTop);
  event.instrument = instrument;
  event.book_top.bid_price = bid.price;
  event.book_top.bid_quantity = bid.quantity;
  event.book_top.ask_price = ask.price;
  event.book_top.ask_quantity = ask.quantity;
  event.book_top.book_sequence = top.book_sequence;
}

}  // namespace

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
  --state.accounts[record.account].open_orders;
  state.orders.Remove(handle);
}

void PublishBookTop(Context& context, InstrumentId instrument) {
  const BookState& state = context.state.book(instrument);
  const BestOfSide bid(state.book.best_bid());
  const BestOfSide ask(state.book.best_ask());
  const BookTopEvent& top = state.top;
  // One branch for all.
  if (static_cast<int>(bid.Differs(top.bid_price, top.bid_quantity)) |
      static_cast<int>(ask.Differs(top.ask_price, top.ask_quantity))) {
    PublishNewTop(context, instrument, bid, ask);
  }
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
  state_.sessions[record.session].last_client_order_id = record.client_order_id;

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
  Event& event = Begin(context_, *active_.record,
                       {.type = EventType::kOrderAccepted,
                        .id = active_.id,
                        .side = active_.side,
                        .client_sequence = context_.command.client_sequence});
  const NewOrderCommand& asked_for = *active_.order;
  OrderAcceptedEvent& accepted = event.accepted;
  accepted.price = order.price;
  accepted.quantity = order.quantity;
  accepted.order_type = asked_for.type;
  accepted.time_in_force = asked_for.time_in_force;
  accepted.order_flags = asked_for.flags;
  accepted.self_trade_prevention = asked_for.self_trade_prevention;
  accepted.phase = state_.phase(event.instrument);
  accepted.trigger = asked_for.trigger;
  accepted.peg = asked_for.peg;
  accepted.contingency = asked_for.contingency;
  accepted.display_quantity = asked_for.display_quantity;
  accepted.min_quantity = asked_for.min_quantity;
  accepted.stop_price = asked_for.stop_price;
  accepted.algorithm_id = asked_for.algorithm_id;
  accepted.group_id = asked_for.group_id;
}

void MatchListener::MoveFunds(const Leg& buyer, const Leg& seller, QuantityLots quantity,
                              Quanta notional) {
  risk::Ledger& ledger = state_.ledger;
  const Quanta base = risk::BaseQuanta(instrument_, quantity);
  OrderRecord& sold = seller.record;
  ledger.TakeHeld(sold.account, instrument_.base_asset, base);
  ledger.Credit(sold.account, instrument_.quote_asset, notional - seller.fee);
  sold.held -= base;
  sold.cumulative += quantity;

  OrderRecord& bought = buyer.record;
  const Quanta hold = risk::HoldAmount(instrument_, {.side = Side::kBuy,
                                                     .price = buyer.limit,
                                                     .leaves = buyer.leaves,
                                                     .fees = bought.fees,
                                                     .minimum_fee = buyer.minimum_fee});
  const Quanta cost = notional + buyer.fee;
  ledger.TakeHeld(bought.account, instrument_.quote_asset, cost);
  // Never negative (holds.h): price improvement, a better rate, rounding.
  ledger.Release(bought.account, instrument_.quote_asset, bought.held - hold - cost);
  ledger.Credit(bought.account, instrument_.base_asset, base);
  bought.held = hold;
  bought.cumulative += quantity;

  ledger.Credit(instrument_.fee_account, instrument_.quote_asset, buyer.fee + seller.fee);
}

void MatchListener::NoteDebit(const Leg& leg, QuantityLots quantity, Quanta notional) {
  const Quanta amount =
      leg.side == Side::kSell ? risk::BaseQuanta(instrument_, quantity) : notional + leg.fee;
  state_.exposures.Add({.account = leg.record.account,
                        .asset = risk::HoldAsset(instrument_, leg.side),
                        .amount = amount,
                        .event = state_.next_event_sequence},
                       state_.last_settled_event);
}

void MatchListener::ReportFill(const Leg& leg, const Fill& fill, OrderId order_id,
                               Liquidity liquidity) {
  const bool is_taker = liquidity == Liquidity::kTaker;
  OrderFilledEvent& filled = Begin(context_, leg.record,
                                   {.type = EventType::kOrderFilled,
                                    .id = order_id,
                                    .side = leg.side,
                                    .client_sequence = is_taker ? active_.client_sequence : 0})
                                 .filled;
  filled.trade_id = state_.next_trade_id;
  filled.price = fill.price;
  filled.quantity = fill.quantity;
  filled.leaves = leg.leaves;
  filled.cumulative = leg.record.cumulative;
  filled.fee = leg.fee;
  filled.liquidity = liquidity;
  filled.phase = state_.phase(leg.record.instrument);
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
  Event& event = context_.emit.Begin(EventType::kTrade);
  event.instrument = instrument;
  event.side = side;
  event.trade.trade_id = state_.next_trade_id;
  event.trade.price = fill.price;
  event.trade.quantity = fill.quantity;
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
  // By what they do: a branch on which of them is the taker is one that nobody can predict.
  const bool taker_buys = active_.side == Side::kBuy;
  MoveFunds(taker_buys ? taker : maker, taker_buys ? maker : taker, fill.quantity, notional);
  if (state_.exposures.active()) [[unlikely]] {
    NoteDebit(maker, fill.quantity, notional);
    NoteDebit(taker, fill.quantity, notional);
  }

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

}  // namespace tally::core::internal
