#include "engine/core/internal/lifetime.h"

#include <algorithm>

#include "engine/core/internal/market_entry.h"
#include "engine/core/internal/mass_cancel.h"
#include "engine/core/internal/order_handler.h"
#include "engine/core/internal/phase.h"

namespace tally::core::internal {
namespace {

// Null for a time in force that has no list.
LifetimeList* ListOf(BookState& book, TimeInForce time_in_force) {
  switch (time_in_force) {
    case TimeInForce::kDay:
      return &book.day_orders;
    case TimeInForce::kAtTheOpen:
      return &book.at_the_open;
    case TimeInForce::kAtTheClose:
      return &book.at_the_close;
    case TimeInForce::kGtc:
    case TimeInForce::kIoc:
    case TimeInForce::kFok:
    case TimeInForce::kGtd:
      break;
  }
  return nullptr;
}

// Canceling one order may end others of its group, so the next one is asked for each time.
void CancelAll(Context& context, const LifetimeList& list, CancelReason reason) {
  while (list.front() != kNoOrder) {
    CancelOpen(context, list.front(), reason);
  }
}

}  // namespace

void RememberLifetime(State& state, OrderHandle handle) {
  const OrderDetail& detail = state.orders.detail(handle);
  if (detail.time_in_force == TimeInForce::kGtd) {
    state.expiry.Insert(
        {.expire_time_ns = detail.expire_time_ns, .id = state.pool.id(handle), .handle = handle});
    return;
  }
  BookState& book = state.book(state.orders[handle].instrument);
  if (LifetimeList* const list = ListOf(book, detail.time_in_force); list != nullptr) {
    list->Add(state.orders, handle);
  }
}

void ForgetLifetime(State& state, OrderHandle handle) {
  const OrderDetail& detail = state.orders.detail(handle);
  if (detail.time_in_force == TimeInForce::kGtd) {
    state.expiry.Remove(handle);
    return;
  }
  BookState& book = state.book(state.orders[handle].instrument);
  if (LifetimeList* const list = ListOf(book, detail.time_in_force); list != nullptr) {
    list->Remove(state.orders, handle);
  }
}

void HandleTimer(Context context) {
  State& state = context.state;
  CancelList& expired = state.mass_cancels;
  expired.Clear();
  while (!state.expiry.empty() && state.expiry.front().expire_time_ns <= state.time_ns) {
    const OrderHandle handle = state.expiry.front().handle;
    expired.Add({.instrument = state.orders[handle].instrument,
                 .side = state.pool.side(handle),
                 .handle = handle,
                 .id = state.pool.id(handle),
                 .price_rank = 0,
                 .priority = 0});
    CancelOpen(context, handle, CancelReason::kExpired);
  }
  context.emit.Done();
  std::sort(expired.victims().begin(), expired.victims().end());
  EndTurns(context, expired);
  AdvancePhases(context);
}

void ExpireDayOrders(Context& context, InstrumentId instrument) {
  CancelAll(context, context.state.book(instrument).day_orders, CancelReason::kEndOfDay);
}

void CancelAuctionOrders(Context& context, InstrumentId instrument, TimeInForce time_in_force) {
  const LifetimeList* const list = ListOf(context.state.book(instrument), time_in_force);
  CancelAll(context, *list, CancelReason::kAuctionOnly);
}

void EnterAtTheClose(Context& context, InstrumentId instrument) {
  State& state = context.state;
  OrderHandle handle = state.book(instrument).at_the_close.front();
  while (handle != kNoOrder) {
    const OrderHandle next = LifetimeList::Next(state.orders, handle);
    if (state.pool.place(handle) == OrderPlace::kDormant) {
      EnterDormant(context, handle);
    }
    handle = next;
  }
}

int64_t NextExpiry(const State& state) {
  return state.expiry.empty() ? 0 : state.expiry.front().expire_time_ns;
}

}  // namespace tally::core::internal
