#include "engine/core/internal/dormant.h"

#include "base/assert.h"

namespace tally::core::internal {
namespace {

// For changes of a dormant order that are reported by whoever makes them.
struct QuietListener {
  void OnAccepted(const IncomingOrder&) {}
  void OnReplaced(const Replacement&) {}
  void OnFill(const Fill&) {}
  void OnMakerCanceled(const Cancellation&) {}
  void OnTakerCanceled(const Cancellation&) {}
};

}  // namespace

void ParkResting(State& state, OrderHandle handle, WaitsFor waits_for) {
  BookState& book = state.book(state.orders[handle].instrument);
  book.book.Park(handle);
  book.dormant_orders.Add(state.orders, handle);
  state.orders.detail(handle).waits_for = waits_for;
}

void RepriceDormant(State& state, OrderHandle handle, PriceTicks price) {
  CHECK(state.pool.place(handle) == OrderPlace::kDormant);
  QuietListener listener;
  BookState& book = state.book(state.orders[handle].instrument);
  const ReplaceTerms terms = {.price = price, .leaves = state.pool.leaves(handle)};
  const BookResult result = book.book.Replace(handle, terms, listener);
  CHECK(result.outcome == BookOutcome::kResting);
}

}  // namespace tally::core::internal
