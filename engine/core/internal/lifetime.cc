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

// A market order that rests was a stop, triggered in a batch auction: it ends with the next batch.
LifetimeList* ListOf(BookState& book, const OrderDetail& detail) {
  return detail.type == OrderType::kMarket && !IsAuctionOnly(detail.time_in_force)
             ? &book.at_the_open
             : ListOf(book, detail.time_in_force);
}

void RememberExpiry(State& state, OrderHandle handle) {
  if (const int64_t expiry_ns = ExpiryOf(state.orders.detail(handle)); expiry_ns != 0) {
    state.expiry.Insert(
        {.expire_time_ns = expiry_ns, .id = state.pool.id(handle), .handle = handle});
  }
}

void ForgetExpiry(State& state, OrderHandle handle) {
  if (ExpiryOf(state.orders.detail(handle)) != 0) {
    state.expiry.Remove(handle);
  }
}

// Canceling one order may end others of its group, so the next one is asked for each time.
void CancelAll(Context& context, const LifetimeList& list, CancelReason reason,
               uint32_t* steps = nullptr) {
  while (list.front() != kNoOrder && (steps == nullptr || *steps > 0)) {
    CancelOpen(context, list.front(), reason);
    if (steps != nullptr) {
      --*steps;
    }
  }
}

}  // namespace

int64_t ExpiryOf(const OrderDetail& detail) {
  const int64_t asked_ns =
      detail.time_in_force == TimeInForce::kGtd ? detail.expire_time_ns : int64_t{0};
  const int64_t signed_ns = detail.signed_terms.expiry_ns();
  return asked_ns == 0 || signed_ns == 0 ? asked_ns + signed_ns : std::min(asked_ns, signed_ns);
}

void RememberLifetime(State& state, OrderHandle handle) {
  RememberExpiry(state, handle);
  const OrderDetail& detail = state.orders.detail(handle);
  BookState& book = state.book(state.orders[handle].instrument);
  if (LifetimeList* const list = ListOf(book, detail); list != nullptr) {
    list->Add(state.orders, handle);
  }
}

void ForgetLifetime(State& state, OrderHandle handle) {
  ForgetExpiry(state, handle);
  const OrderDetail& detail = state.orders.detail(handle);
  BookState& book = state.book(state.orders[handle].instrument);
  if (LifetimeList* const list = ListOf(book, detail); list != nullptr) {
    list->Remove(state.orders, handle);
  }
}

void SetActiveType(State& state, OrderHandle handle, OrderType type) {
  OrderDetail& detail = state.orders.detail(handle);
  BookState& book = state.book(state.orders[handle].instrument);
  LifetimeList* const before = ListOf(book, detail);
  detail.type = type;
  LifetimeList* const after = ListOf(book, detail);
  if (before == after) {
    return;
  }
  if (before != nullptr) {
    before->Remove(state.orders, handle);
  }
  if (after != nullptr) {
    after->AddByAge(state.orders, state.pool, handle);
  }
}

void SetSignedTerms(State& state, OrderHandle handle, const SignedTerms& terms) {
  ForgetExpiry(state, handle);
  state.orders.detail(handle).signed_terms = terms;
  uint32_t& flags = state.orders[handle].flags;
  flags = terms.present() ? flags | kRecordSigned : flags & ~kRecordSigned;
  RememberExpiry(state, handle);
}

void HandleTimer(Context context) {
  State& state = context.state;
  CancelList& expired = state.mass_cancels;
  expired.Clear();
  uint32_t steps = context.command.timer.bounded == 0 ? UINT32_MAX : state.limits.cascade_steps_max;
  while (!state.expiry.empty() && state.expiry.front().expire_time_ns <= state.time_ns &&
         steps > 0) {
    --steps;
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
  AdvancePhases(context, &steps);
}

void ExpireDayOrders(Context& context, InstrumentId instrument, uint32_t* steps) {
  CancelAll(context, context.state.book(instrument).day_orders, CancelReason::kEndOfDay, steps);
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
