#include "engine/core/internal/pegs.h"

#include <algorithm>

#include "base/assert.h"
#include "engine/core/internal/dormant.h"
#include "engine/core/internal/market_entry.h"
#include "engine/core/internal/match_listener.h"

namespace tally::core::internal {
namespace {

// The displayed best prices; 0: that side is empty.
struct Best {
  PriceTicks bid;
  PriceTicks ask;
};

Best BestOf(const OrderBook& book) {
  const BookLevel bid = book.best_bid();
  const BookLevel ask = book.best_ask();
  return {.bid = bid.quantity.value == 0 ? PriceTicks{} : bid.price,
          .ask = ask.quantity.value == 0 ? PriceTicks{} : ask.price};
}

// 0 if what it follows is not there. The middle is rounded to the passive side.
PriceTicks ReferenceOf(const Best& best, PegReference peg, bool buy) {
  switch (peg) {
    case PegReference::kNone:
      break;
    case PegReference::kPrimary:
      return buy ? best.bid : best.ask;
    case PegReference::kMarket:
      return buy ? best.ask : best.bid;
    case PegReference::kMid:
      if (best.bid.value == 0 || best.ask.value == 0) {
        break;
      }
      return {(best.bid.value + best.ask.value + (buy ? 0 : 1)) / 2};
  }
  return {};
}

// Where a pegged order belongs; 0: nowhere, it waits for a reference. Never where it would trade
// with what is displayed, and never beyond its limit.
PriceTicks PegPrice(const Best& best, const OrderDetail& detail, Side side) {
  const bool buy = side == Side::kBuy;
  const PriceTicks reference = ReferenceOf(best, detail.peg, buy);
  if (reference == PriceTicks{}) {
    return {};
  }
  int64_t price = reference.value + detail.offset;
  if (buy) {
    price = std::min(price, detail.limit.value);
    price = best.ask.value == 0 ? price : std::min(price, best.ask.value - 1);
  } else {
    price = std::max(price, detail.limit.value);
    price = best.bid.value == 0 ? price : std::max(price, best.bid.value + 1);
  }
  return price < 1 || price > kMaxPriceTicks ? PriceTicks{} : PriceTicks{price};
}

void ReportPeg(Context& context, OrderHandle handle, PriceTicks price) {
  const OrderView view = context.state.pool.View(handle);
  ReportRestated(context, context.state.orders[handle],
                 {.order_id = view.id,
                  .restated = {.price = price,
                               .leaves = view.leaves,
                               .displayed = {},
                               .stop_price = {},
                               .reason = RestateReason::kPeg,
                               .kept_priority = 0,
                               .reserved = {}},
                  .side = view.side});
}

// Whether the order was moved.
bool MovePeg(Context& context, OrderHandle handle, const Best& best) {
  State& state = context.state;
  const OrderView view = state.pool.View(handle);
  const bool waits = view.place == OrderPlace::kDormant;
  const PriceTicks price = PegPrice(best, state.orders.detail(handle), view.side);
  if (waits ? price == PriceTicks{} : price == view.price) {
    return false;
  }
  if (!waits) {
    ParkResting(state, handle, WaitsFor::kReference);
  }
  ReportPeg(context, handle, price);
  if (price != PriceTicks{}) {
    RepriceDormant(state, handle, price);
    EnterDormant(context, handle);
  }
  return true;
}

}  // namespace

RejectReason CheckPeg(const Context& context, OrderRequest& request) {
  if (request.order.type != OrderType::kPegged) [[likely]] {
    return RejectReason::kNone;
  }
  const PriceTicks price_max =
      context.state.instruments.Find(context.command.instrument)->price_max;
  const int64_t offset = request.order.offset;
  return request.order.peg == PegReference::kNone || offset > price_max.value ||
                 -offset > price_max.value
             ? RejectReason::kBadPeg
             : RejectReason::kNone;
}

RejectReason CheckFollowers(const Context& context, const OrderRequest& request) {
  const State& state = context.state;
  const BookState& book = state.book(context.command.instrument);
  const uint32_t most = state.limits.pegged_orders_per_instrument;
  const OrderType type = request.order.type;
  return (type == OrderType::kPegged && book.following->pegs.count >= most) ||
                 (type == OrderType::kTrailingStop && book.following->trailing_orders >= most)
             ? RejectReason::kCapacity
             : RejectReason::kNone;
}

void AddPeg(State& state, OrderHandle handle) {
  BookState& book = state.book(state.orders[handle].instrument);
  book.features |= kFeaturePegs;
  book.following->pegs.orders.Add(state.orders, handle);
  ++book.following->pegs.count;
  if (book.following->pegs.next == kNoOrder) {
    book.following->pegs.next = handle;
  }
}

void RemovePeg(State& state, OrderHandle handle) {
  BookState& book = state.book(state.orders[handle].instrument);
  if (book.following->pegs.next == handle) {
    book.following->pegs.next = PegList::Next(state.orders, handle);
  }
  book.following->pegs.orders.Remove(state.orders, handle);
  if (--book.following->pegs.count == 0) {
    book.features &= ~kFeaturePegs;
  }
}

bool RepriceNextPeg(Context& context, InstrumentId instrument) {
  State& state = context.state;
  BookState& book = state.book(instrument);
  PegState& pegs = book.following->pegs;
  const Best best = BestOf(book.book);
  if (best.bid != pegs.bid || best.ask != pegs.ask) {
    pegs.bid = best.bid;
    pegs.ask = best.ask;
    pegs.next = pegs.orders.front();
  }
  while (pegs.next != kNoOrder) {
    const OrderHandle handle = pegs.next;
    pegs.next = PegList::Next(state.orders, handle);
    if (MovePeg(context, handle, best)) {
      return true;
    }
  }
  return false;
}

bool ExecuteNextAllOrNone(Context& context, InstrumentId instrument) {
  OrderBook& book = context.state.book(instrument).book;
  OrderHandle handle = book.FindExecutable(Side::kBuy);
  if (handle == kNoOrder) {
    handle = book.FindExecutable(Side::kSell);
  }
  if (handle == kNoOrder) {
    return false;
  }
  ExecuteResting(context, handle);
  return true;
}

void PutPegs(const State& state, const BookState& book, StateWriter& out) {
  for (OrderHandle handle = book.following->pegs.orders.front(); handle != kNoOrder;
       handle = PegList::Next(state.orders, handle)) {
    out.Put(state.pool.id(handle));
  }
  out.Put(uint64_t{0});
  out.Put(book.following->pegs.bid);
  out.Put(book.following->pegs.ask);
  out.Put(book.following->pegs.next == kNoOrder ? OrderId{}
                                                : state.pool.id(book.following->pegs.next));
}

}  // namespace tally::core::internal
