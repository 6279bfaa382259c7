#include "engine/core/internal/market_entry.h"

#include "base/assert.h"
#include "engine/core/internal/book_delta.h"
#include "engine/core/internal/groups.h"
#include "engine/core/internal/lifetime.h"
#include "engine/core/internal/match_listener.h"
#include "engine/core/internal/order_handler.h"
#include "engine/core/internal/signatures.h"
#include "engine/core/internal/triggers.h"

namespace tally::core::internal {
namespace {

static_assert(kMaxAccounts < risk::kOwnerGroupEnd);

// Written where it will be if the order rests: a copy would wait for the stores.
OrderRecord& MakeRecord(const Context& context, const OrderRequest& request) {
  OrderRecord& record = context.state.orders.Draft(context.state.pool.next());
  record.session = context.command.session;
  record.account = context.command.account;
  record.instrument = context.command.instrument;
  record.flags = request.flags | (request.plain ? 0U : kRecordHasDetail) |
                 (request.minimum_fee == Quanta{} ? 0U : kRecordMinimumFee) |
                 (request.plain || !request.signed_terms.present() ? 0U : kRecordSigned);
  return record;
}

// Where a stop is on entry; 0 if that will be known only when the first of its group is executed.
PriceTicks FirstStop(const OrderRequest& request) {
  return WaitsForFirst(request.order) ? request.order.stop_price : request.stop;
}

OrderDetail MakeDetail(const OrderRequest& request) {
  const NewOrderCommand& order = request.order;
  OrderDetail detail{};
  detail.limit = request.price;
  detail.stop_price = FirstStop(request);
  detail.display_quantity = order.display_quantity;
  detail.expire_time_ns = order.expire_time_ns;
  detail.offset = order.offset;
  detail.slippage_ticks = order.slippage_ticks;
  detail.maker_group = order.maker_group;
  detail.type = order.type;
  detail.time_in_force = order.time_in_force;
  detail.trigger = IsStop(order.type) ? SourceOf(order.trigger) : order.trigger;
  detail.peg = order.peg;
  detail.trail_unit = order.trail_unit;
  detail.group_leg = order.group_leg;
  detail.flags = order.flags;
  detail.signed_terms = request.signed_terms;
  return detail;
}

// The order joins the table; it is in the pool already.
void Open(State& state, OrderHandle handle, const OrderRequest& request,
          const risk::MinimumFee& minimum_fee) {
  OrderRecord& record = state.orders[handle];
  record.priority = state.next_priority++;
  ++state.accounts[record.account].open_orders;
  state.orders.Insert(handle);
  if ((record.flags & kRecordMinimumFee) != 0) {
    state.orders.SetMinimumFee(handle, minimum_fee);
  }
  if ((record.flags & kRecordHasDetail) != 0) {
    state.orders.detail(handle) = MakeDetail(request);
    RememberLifetime(state, handle);
    if ((request.order.flags & kOrderFlagAllOrNone) != 0) {
      state.book(record.instrument).features |= kFeatureAllOrNone;
    }
  }
}

// Of self-trade prevention. An order keeps the owner it came with.
OrderOwner OwnerOf(const State& state, AccountId account) {
  const uint32_t group = state.accounts[account].owner_group;
  return OrderOwner{group == 0 ? Raw(account) : group | risk::kOwnerGroupEnd};
}

// What the detail says of terms that were replaced.
void KeepTerms(State& state, OrderHandle handle, const ReplaceTerms& terms) {
  if ((state.orders[handle].flags & kRecordHasDetail) == 0) {
    return;
  }
  OrderDetail& detail = state.orders.detail(handle);
  detail.limit = terms.price;
  if (terms.display_quantity.value != 0) {
    detail.display_quantity = terms.display_quantity;
  }
}

// How the book sees the type: in an auction a market order is a limit order at its worst price.
OrderType BookType(OrderType type, TimeInForce time_in_force, bool in_call = false) {
  return type == OrderType::kMarket && !in_call && !IsAuctionOnly(time_in_force)
             ? OrderType::kMarket
             : OrderType::kLimit;
}

// The book knows immediate orders and others.
TimeInForce BookTimeInForce(OrderType type, TimeInForce time_in_force) {
  if (IsImmediate(time_in_force)) {
    return time_in_force;
  }
  return type == OrderType::kMarket ? TimeInForce::kIoc : TimeInForce::kGtc;
}

IncomingOrder MakePlain(const State& state, AccountId account, const OrderRequest& request) {
  const NewOrderCommand& order = request.order;
  return {.id = state.next_order_id,
          .owner = OwnerOf(state, account),
          .price = request.price,
          .quantity = order.quantity,
          .side = order.side,
          .type = order.type,
          .time_in_force = order.time_in_force,
          .self_trade_prevention = order.self_trade_prevention,
          .post_only = order.flags != 0};
}

IncomingOrder MakeSpecial(const State& state, AccountId account, const OrderRequest& request) {
  const NewOrderCommand& order = request.order;
  const OrderType type = BookType(order.type, order.time_in_force);
  return {.id = state.next_order_id,
          .owner = OwnerOf(state, account),
          .price = request.price,
          .quantity = order.quantity,
          .side = order.side,
          .type = type,
          .time_in_force = BookTimeInForce(type, order.time_in_force),
          .self_trade_prevention = order.self_trade_prevention,
          .post_only = (order.flags & kOrderFlagPostOnly) != 0,
          .slide = (order.flags & kOrderFlagSlide) != 0,
          .hidden = (order.flags & kOrderFlagHidden) != 0,
          .all_or_none = (order.flags & kOrderFlagAllOrNone) != 0,
          .pegged = order.type == OrderType::kPegged,
          .display_quantity = order.display_quantity,
          .min_quantity = order.min_quantity};
}

ActiveOrder MakeActive(const Context& context, const OrderRequest& request, OrderRecord* record,
                       risk::MinimumFee* minimum_fee) {
  return {.id = context.state.next_order_id,
          .side = request.order.side,
          .price = request.price,
          .record = record,
          .new_client_order_id = request.order.client_order_id,
          .new_fees = request.fees,
          .new_hold = request.hold,
          .client_sequence = context.command.client_sequence,
          .order = &request.order,
          .removal = nullptr,
          .minimum_fee = request.minimum_fee == Quanta{} ? nullptr : minimum_fee};
}

// An open order that takes liquidity without a command of its own.
ActiveOrder ActiveAgain(State& state, OrderHandle handle) {
  OrderRecord& record = state.orders[handle];
  const OrderView view = state.pool.View(handle);
  return {.id = view.id,
          .side = view.side,
          .price = HoldPrice(state, handle, view.price),
          .record = &record,
          .new_client_order_id = record.client_order_id,
          .new_fees = record.fees,
          .new_hold = record.held,
          .client_sequence = 0,
          .order = nullptr,
          .removal = nullptr,
          .minimum_fee = state.orders.minimum_fee(handle)};
}

}  // namespace

EntryResult EnterNew(Context& context, const OrderRequest& request) {
  State& state = context.state;
  OrderRecord& record = MakeRecord(context, request);
  risk::MinimumFee minimum_fee = request.NewMinimumFee();
  ActiveOrder active = MakeActive(context, request, &record, &minimum_fee);
  MatchListener listener(context, *request.instrument, &active);
  const IncomingOrder incoming = request.plain ? MakePlain(state, record.account, request)
                                               : MakeSpecial(state, record.account, request);
  const BookResult result = state.book(record.instrument).book.Submit(incoming, listener);
  if (result.outcome == BookOutcome::kResting) {
    CHECK(&record == &state.orders[result.handle]);
    Open(state, result.handle, request, minimum_fee);
    PublishShown(context, result.handle);
  } else {
    CHECK(record.held == Quanta{});
  }
  return {.reject_reason = result.reject_reason, .handle = result.handle};
}

RejectReason ReplaceOpen(Context& context, const ReplaceRequest& request) {
  State& state = context.state;
  const OrderHandle handle = request.handle;
  OrderRecord& record = state.orders[handle];
  Removal removal = BeforeRemoval(state, handle);
  ActiveOrder active = {.id = state.pool.id(handle),
                        .side = state.pool.side(handle),
                        .price = request.terms.price,
                        .record = &record,
                        .new_client_order_id = request.client_order_id,
                        .new_fees = request.fees,
                        .new_hold = request.hold,
                        .client_sequence = context.command.client_sequence,
                        .order = nullptr,
                        .removal = &removal,
                        .minimum_fee = nullptr,
                        .new_minimum_fee = &request.minimum_fee};
  MatchListener listener(context, *state.instruments.Find(record.instrument), &active);
  const BookResult result =
      state.book(record.instrument).book.Replace(handle, request.terms, listener);
  switch (result.outcome) {
    case BookOutcome::kRejected:
      break;
    case BookOutcome::kResting:
      CHECK(result.handle == handle);
      KeepTerms(state, handle, request.terms);
      Resign(state, handle, request.signed_terms);
      if (!listener.kept_priority()) {
        PublishShown(context, handle);
      }
      break;
    case BookOutcome::kFilled:
    case BookOutcome::kCanceled:
      CHECK(record.held == Quanta{});
      EndOrder(state, handle, active.side);
      break;
  }
  return result.reject_reason;
}

OrderHandle ParkNew(Context& context, const OrderRequest& request, WaitsFor waits_for) {
  State& state = context.state;
  CHECK(!request.plain);
  OrderRecord& record = MakeRecord(context, request);
  risk::MinimumFee minimum_fee = request.NewMinimumFee();
  NewOrderCommand asked_for = request.order;
  asked_for.stop_price = FirstStop(request);
  ActiveOrder active = MakeActive(context, request, &record, &minimum_fee);
  active.order = &asked_for;
  MatchListener listener(context, *request.instrument, &active);
  BookState& book = state.book(record.instrument);
  const IncomingOrder incoming = MakeSpecial(state, record.account, request);
  const OrderHandle handle = book.book.Park(incoming);
  listener.OnAccepted(incoming);
  CHECK(&record == &state.orders[handle]);
  Open(state, handle, request, minimum_fee);
  book.dormant_orders.Add(state.orders, handle);
  state.orders.detail(handle).waits_for = waits_for;
  if (request.order.type == OrderType::kTrailingStop) {
    ++book.following->trailing_orders;
  }
  return handle;
}

void LeaveDormant(State& state, OrderHandle handle) {
  OrderDetail& detail = state.orders.detail(handle);
  if (detail.waits_for == WaitsFor::kTrigger) {
    ForgetTrigger(state, handle);
  }
  detail.waits_for = WaitsFor::kNothing;
  state.book(state.orders[handle].instrument).dormant_orders.Remove(state.orders, handle);
}

bool EnterDormant(Context& context, OrderHandle handle) {
  State& state = context.state;
  OrderRecord& record = state.orders[handle];
  const OrderDetail& detail = state.orders.detail(handle);
  const OrderView view = state.pool.View(handle);
  CHECK(view.place == OrderPlace::kDormant);
  CHECK(!IsStop(detail.type));
  BookState& book = state.book(record.instrument);
  LeaveDormant(state, handle);
  ActiveOrder active = ActiveAgain(state, handle);
  MatchListener listener(context, *state.instruments.Find(record.instrument), &active);
  const OrderType type = BookType(detail.type, detail.time_in_force, book.book.in_call());
  const IncomingOrder incoming = {.id = view.id,
                                  .owner = view.owner,
                                  .price = view.price,
                                  .quantity = view.leaves,
                                  .side = view.side,
                                  .type = type,
                                  .time_in_force = BookTimeInForce(type, detail.time_in_force),
                                  .self_trade_prevention = view.self_trade_prevention,
                                  .post_only = view.post_only,
                                  .slide = view.slide,
                                  .hidden = view.hidden,
                                  .all_or_none = view.all_or_none,
                                  .pegged = view.pegged,
                                  .display_quantity = detail.display_quantity,
                                  .min_quantity = {}};
  switch (const BookResult result = book.book.Enter(handle, incoming, listener); result.outcome) {
    case BookOutcome::kRejected:  // It stays dormant, and nothing will wake it again.
      book.dormant_orders.Add(state.orders, handle);
      CancelOpen(context, handle, CancelReason::kImmediateOrCancel);
      return false;
    case BookOutcome::kResting:
      record.priority = state.next_priority++;
      PublishShown(context, handle);
      return true;
    case BookOutcome::kFilled:
    case BookOutcome::kCanceled:
      CHECK(record.held == Quanta{});
      EndOrder(state, handle, view.side);
      return false;
  }
  return false;
}

void ExecuteResting(Context& context, OrderHandle handle) {
  State& state = context.state;
  const OrderRecord& record = state.orders[handle];
  const Side side = state.pool.side(handle);
  ActiveOrder active = ActiveAgain(state, handle);
  MatchListener listener(context, *state.instruments.Find(record.instrument), &active);
  const BookResult result = state.book(record.instrument).book.Execute(handle, listener);
  if (result.outcome == BookOutcome::kFilled || result.outcome == BookOutcome::kCanceled) {
    CHECK(record.held == Quanta{});
    EndOrder(state, handle, side);
  }
}

}  // namespace tally::core::internal
