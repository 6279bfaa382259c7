#include "engine/core/internal/triggers.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/assert.h"
#include "engine/core/internal/dormant.h"
#include "engine/core/internal/groups.h"
#include "engine/core/internal/lifetime.h"
#include "engine/core/internal/market_entry.h"
#include "engine/core/internal/match_listener.h"
#include "engine/core/internal/order_handler.h"

namespace tally::core::internal {
namespace {

constexpr std::array<Side, 2> kSides = {Side::kBuy, Side::kSell};
constexpr std::array<TriggerSource, 2> kSources = {TriggerSource::kLastTrade,
                                                   TriggerSource::kBestPrice};

// What stops are compared with now: in a call best prices are no evidence, as nothing trades there.
std::span<const TriggerSource> SourcesOf(const BookState& book) {
  return std::span(kSources).first(book.book.in_call() ? 1 : 2);
}

// What the market says now to the orders of a side that compare with a source. Only what somebody
// is ready to pay is evidence of a rise, only what somebody is ready to take is evidence of a fall:
// a side of the book that is empty or thin for a moment moves nothing. 0: there is no such price.
struct Signal {
  PriceTicks rise;
  PriceTicks fall;
};

Signal SignalOf(const BookState& book, TriggerSource source) {
  if (source == TriggerSource::kLastTrade) {
    return {.rise = book.last_price, .fall = book.last_price};
  }
  const BookLevel bid = book.book.best_bid();
  const BookLevel ask = book.book.best_ask();
  return {.rise = bid.quantity.value == 0 ? PriceTicks{} : bid.price,
          .fall = ask.quantity.value == 0 ? PriceTicks{} : ask.price};
}

// The price that triggers a stop of the side, and the one that lets a trailing stop follow.
PriceTicks TriggerPriceOf(const Signal& signal, Side side) {
  return side == Side::kBuy ? signal.rise : signal.fall;
}
PriceTicks TrailPriceOf(const Signal& signal, Side side) {
  return side == Side::kBuy ? signal.fall : signal.rise;
}

bool Reaches(PriceTicks price, Side side, PriceTicks stop) {
  return price != PriceTicks{} && (side == Side::kBuy ? price >= stop : price <= stop);
}

// Whether a fixed stop would be due at once.
bool IsReached(const BookState& book, Side side, TriggerSource source, PriceTicks stop) {
  if (Reaches(TriggerPriceOf(SignalOf(book, source), side), side, stop)) {
    return true;
  }
  const PriceTicks print =
      side == Side::kBuy ? book.following->prints.high : book.following->prints.low;
  return source == TriggerSource::kLastTrade && Reaches(print, side, stop);
}

// How far a stop trails behind `price`: of basis points rounded down, at least a tick.
int64_t TrailDistance(PriceTicks price, int32_t offset, TrailUnit unit) {
  if (unit == TrailUnit::kTicks) {
    return offset;
  }
  const auto scaled = static_cast<__int128>(price.value) * offset / kBasisPoints;
  return std::max<int64_t>(1, static_cast<int64_t>(scaled));
}

// Kept within the prices that there are.
PriceTicks StopBehind(PriceTicks price, Side side, const OrderDetail& detail,
                      PriceTicks price_max) {
  const int64_t distance = TrailDistance(price, detail.offset, detail.trail_unit);
  return side == Side::kBuy ? PriceTicks{std::min(price.value + distance, price_max.value)}
                            : PriceTicks{std::max<int64_t>(price.value - distance, 1)};
}

PriceTicks PriceMax(const State& state, OrderHandle handle) {
  return state.instruments.Find(state.orders[handle].instrument)->price_max;
}

RejectReason CheckTrailing(const Context& context, OrderRequest& request) {
  const NewOrderCommand& order = request.order;
  const bool in_bp = order.trail_unit == TrailUnit::kBasisPoints;
  if (order.trail_unit == TrailUnit::kNone || order.offset <= 0 ||
      (in_bp && order.offset >= kBasisPoints)) {
    return RejectReason::kBadStopPrice;
  }
  if (order.stop_price != PriceTicks{}) {
    return RejectReason::kNone;
  }
  const BookState& book = context.state.book(context.command.instrument);
  const PriceTicks price = TrailPriceOf(SignalOf(book, SourceOf(order.trigger)), order.side);
  if (price != PriceTicks{}) {
    OrderDetail detail{};
    detail.offset = order.offset;
    detail.trail_unit = order.trail_unit;
    request.stop = StopBehind(price, order.side, detail, request.instrument->price_max);
  }
  return RejectReason::kNone;
}

void RestopTrailing(Context& context, OrderHandle handle, PriceTicks stop) {
  State& state = context.state;
  const OrderRecord& record = state.orders[handle];
  BookState& book = state.book(record.instrument);
  book.following->stops.Restop(handle, stop);
  book.dormant_orders.Remove(state.orders, handle);
  book.dormant_orders.Add(state.orders, handle);
  state.orders.detail(handle).stop_price = stop;
  const OrderView view = state.pool.View(handle);
  ReportRestated(context, record,
                 {.order_id = view.id,
                  .restated = {.price = view.price,
                               .leaves = view.leaves,
                               .displayed = {},
                               .stop_price = stop,
                               .reason = RestateReason::kTrail,
                               .kept_priority = 0,
                               .reserved = {}},
                  .side = view.side});
}

void MoveTrailing(Context& context, OrderHandle handle, PriceTicks price) {
  State& state = context.state;
  BookState& book = state.book(state.orders[handle].instrument);
  const Stop before = book.following->stops.StopOf(handle);
  const PriceTicks stop =
      StopBehind(price, before.side, state.orders.detail(handle), PriceMax(state, handle));
  book.following->stops.Remark(handle, price);
  if (before.side == Side::kBuy ? stop < before.price : stop > before.price) {
    RestopTrailing(context, handle, stop);
  }
}

struct DueStop {
  OrderHandle order;
  PriceTicks trigger_price;
};

// Rises come before falls: of one print both buy and sell stops may be due.
DueStop FindDue(const BookState& book) {
  for (const TriggerSource source : SourcesOf(book)) {
    const Signal now = SignalOf(book, source);
    const bool trades = source == TriggerSource::kLastTrade;
    for (const Side side : kSides) {
      const PriceTicks price = TriggerPriceOf(now, side);
      const PriceTicks print =
          side == Side::kBuy ? book.following->prints.high : book.following->prints.low;
      for (const StopKind kind : {StopKind::kFixed, StopKind::kTrailing}) {
        const PriceTicks reached = trades && kind == StopKind::kFixed ? print : price;
        const OrderHandle due = reached == PriceTicks{}
                                    ? kNoOrder
                                    : book.following->stops.FindDue(side, source, kind, reached);
        if (due != kNoOrder) {
          return {.order = due, .trigger_price = reached};
        }
      }
    }
  }
  return {.order = kNoOrder, .trigger_price = {}};
}

// The worst price of a trailing order that was given a distance for it: from its stop price.
bool SetWorstPrice(State& state, OrderHandle handle) {
  const OrderDetail& detail = state.orders.detail(handle);
  if (detail.type != OrderType::kTrailingStop || detail.slippage_ticks == 0) {
    return false;
  }
  const int64_t slip = int64_t{detail.slippage_ticks};
  const int64_t stop = detail.stop_price.value;
  RepriceDormant(
      state, handle,
      {state.pool.side(handle) == Side::kBuy ? std::min(stop + slip, PriceMax(state, handle).value)
                                             : std::max<int64_t>(stop - slip, 1)});
  return true;
}

// Its stop is no worse than the one for which its funds were held.
void TightenWorstPrice(Context& context, OrderHandle handle) {
  State& state = context.state;
  if (!SetWorstPrice(state, handle)) {
    return;
  }
  OrderRecord& record = state.orders[handle];
  const OrderView view = state.pool.View(handle);
  ShrinkHold(context, record,
             {.side = view.side,
              .price = view.price,
              .leaves = view.leaves,
              .fees = record.fees,
              .minimum_fee = state.orders.minimum_fee(handle)});
}

void Trigger(Context& context, const DueStop& due) {
  State& state = context.state;
  OrderRecord& record = state.orders[due.order];
  if (!state.accounts.Find(record.account)->enabled) {
    CancelOpen(context, due.order, CancelReason::kVenue);
    return;
  }
  LeaveOco(context, due.order);
  const OrderDetail& detail = state.orders.detail(due.order);
  TightenWorstPrice(context, due.order);
  ForgetTrigger(state, due.order);
  if (detail.type == OrderType::kTrailingStop) {
    --state.book(record.instrument).following->trailing_orders;
  }
  SetActiveType(state, due.order,
                detail.type == OrderType::kStopLimit ? OrderType::kLimit : OrderType::kMarket);
  const OrderView view = state.pool.View(due.order);
  Event event = MakeEvent(EventType::kOrderTriggered);
  event.order_id = view.id;
  event.client_order_id = record.client_order_id;
  event.account = record.account;
  event.instrument = record.instrument;
  event.side = Raw(view.side);
  event.triggered = {.price = view.price,
                     .leaves = view.leaves,
                     .stop_price = detail.stop_price,
                     .trigger_price = due.trigger_price,
                     .order_type = detail.type,
                     .reserved = {}};
  context.emit.Report(record.session, event);
  EnterDormant(context, due.order);
}

}  // namespace

RejectReason CheckStop(const Context& context, OrderRequest& request) {
  const NewOrderCommand& order = request.order;
  if (!IsStop(order.type)) [[likely]] {
    return RejectReason::kNone;
  }
  const PriceTicks stop = order.stop_price;
  request.stop = stop;
  const bool missing = stop == PriceTicks{} && order.type != OrderType::kTrailingStop;
  if (missing || stop < PriceTicks{} || stop > request.instrument->price_max) {
    return RejectReason::kBadStopPrice;
  }
  if (order.type == OrderType::kTrailingStop) {
    if (RejectReason reason = CheckTrailing(context, request); reason != RejectReason::kNone) {
      return reason;
    }
  }
  // A market order that could not trade at its own stop price.
  if (order.type == OrderType::kStop && order.slippage_ticks == 0 && order.price != PriceTicks{} &&
      (order.side == Side::kBuy ? order.price < stop : order.price > stop)) {
    return RejectReason::kBadStopPrice;
  }
  const bool reached = stop != PriceTicks{} && !WaitsForFirst(order) &&
                       IsReached(context.state.book(context.command.instrument), order.side,
                                 SourceOf(order.trigger), stop);
  return reached ? RejectReason::kBadStopPrice : RejectReason::kNone;
}

RejectReason CheckNewStop(const State& state, OrderHandle handle, PriceTicks stop_price) {
  const OrderRecord& record = state.orders[handle];
  const OrderDetail& detail = state.orders.detail(handle);
  if (detail.waits_for != WaitsFor::kTrigger || stop_price < PriceTicks{} ||
      stop_price > PriceMax(state, handle)) {
    return RejectReason::kBadStopPrice;
  }
  return IsReached(state.book(record.instrument), state.pool.side(handle), detail.trigger,
                   stop_price)
             ? RejectReason::kBadStopPrice
             : RejectReason::kNone;
}

void ReplaceStop(State& state, OrderHandle handle, PriceTicks stop_price) {
  OrderDetail& detail = state.orders.detail(handle);
  if (stop_price == PriceTicks{} || detail.stop_price == stop_price) {
    return;
  }
  BookState& book = state.book(state.orders[handle].instrument);
  detail.stop_price = stop_price;
  book.following->stops.Restop(handle, stop_price);
  book.dormant_orders.Remove(state.orders, handle);
  book.dormant_orders.Add(state.orders, handle);
}

bool PrepareTrigger(State& state, OrderHandle handle) {
  OrderDetail& detail = state.orders.detail(handle);
  if (detail.type != OrderType::kTrailingStop || detail.stop_price != PriceTicks{}) {
    return true;
  }
  const Side side = state.pool.side(handle);
  const BookState& book = state.book(state.orders[handle].instrument);
  const PriceTicks price = TrailPriceOf(SignalOf(book, detail.trigger), side);
  if (price == PriceTicks{}) {
    return false;
  }
  detail.stop_price = StopBehind(price, side, detail, PriceMax(state, handle));
  SetWorstPrice(state, handle);
  return true;
}

void AwaitTrigger(State& state, OrderHandle handle) {
  const OrderRecord& record = state.orders[handle];
  BookState& book = state.book(record.instrument);
  OrderDetail& detail = state.orders.detail(handle);
  const Side side = state.pool.side(handle);
  detail.waits_for = WaitsFor::kTrigger;
  book.features |= kFeatureStops;
  if (detail.type != OrderType::kTrailingStop) {
    const Stop stop = {.side = side, .source = detail.trigger, .price = detail.stop_price};
    book.following->stops.Add(handle, stop);
    if (detail.trigger == TriggerSource::kLastTrade &&
        Reaches(book.last_price, side, detail.stop_price)) {
      NotePrint(book, book.last_price);
    }
    return;
  }
  PriceTicks mark = TrailPriceOf(SignalOf(book, detail.trigger), side);
  if (mark == PriceTicks{}) {  // The first price there is will be beyond it.
    mark = side == Side::kBuy ? PriceTicks{kMaxPriceTicks} : PriceTicks{};
  }
  book.following->stops.AddTrailing(
      handle, {.side = side, .source = detail.trigger, .price = detail.stop_price}, mark);
}

void ForgetTrigger(State& state, OrderHandle handle) {
  BookState& book = state.book(state.orders[handle].instrument);
  book.following->stops.Remove(handle);
  state.orders.detail(handle).waits_for = WaitsFor::kNothing;
  if (book.following->stops.empty()) {
    book.features &= ~kFeatureStops;
    book.following->prints = {};
  }
}

void NotePrint(BookState& book, PriceTicks price) {
  Prints& prints = book.following->prints;
  const bool first = prints.low == PriceTicks{};
  prints.low = first ? price : std::min(prints.low, price);
  prints.high = std::max(prints.high, price);
}

uint32_t MoveTrailingStops(Context& context, InstrumentId instrument) {
  BookState& book = context.state.book(instrument);
  if (book.following->stops.trailing_count() == 0) {
    return 0;
  }
  uint32_t moved = 0;
  for (const TriggerSource source : SourcesOf(book)) {
    const Signal now = SignalOf(book, source);
    for (const Side side : kSides) {
      const PriceTicks price = TrailPriceOf(now, side);
      if (price == PriceTicks{}) {
        continue;
      }
      for (OrderHandle next = book.following->stops.FindTrailing(side, source, price);
           next != kNoOrder; next = book.following->stops.FindTrailing(side, source, price)) {
        MoveTrailing(context, next, price);
        ++moved;
      }
    }
  }
  return moved;
}

bool TriggerNext(Context& context, InstrumentId instrument) {
  BookState& book = context.state.book(instrument);
  const DueStop due = FindDue(book);
  if (due.order == kNoOrder) {
    book.following->prints = {};
    return false;
  }
  Trigger(context, due);
  return true;
}

void PutTriggers(const State& state, const BookState& book, StateWriter& out) {
  out.Put(book.following->prints.low);
  out.Put(book.following->prints.high);
  for (const TriggerSource source : kSources) {
    for (const Side side : kSides) {
      book.following->stops.ForEachTrailing(side, source, [&](OrderHandle handle) {
        out.Put(state.pool.id(handle));
        out.Put(book.following->stops.MarkOf(handle));
      });
      out.Put(uint64_t{0});
    }
  }
}

}  // namespace tally::core::internal
