#pragma once

// kBookDelta: what changed of the displayed book, as it happens. Published only for instruments
// with kRulesFlagBookDelta; the functions below do nothing for others, and cost one test.

#include "engine/core/internal/context.h"

namespace tally::core::internal {

inline bool PublishesDeltas(const State& state, InstrumentId instrument) {
  return (state.book(instrument).features & kFeatureBookDelta) != 0;
}

// What a removal will say, taken down while the order is still in the book.
struct Removal {
  OrderId id{};
  InstrumentId instrument{};
  Side side{};
  bool displayed = false;   // Else there is nothing to say.
  QuantityLots quantity{};  // What it displayed.
  BookDeltaEvent delta{};
};

// Use these through the functions below.
void PublishShownOrder(Context& context, OrderHandle handle);
void PublishLessOrder(Context& context, OrderHandle handle);
Removal TakeDownRemoval(const State& state, OrderHandle handle);

// The order came to rest, or got a place at the end of the queue: kAdd, if it is displayed.
inline void PublishShown(Context& context, OrderHandle handle) {
  if (PublishesDeltas(context.state, context.state.orders[handle].instrument)) [[unlikely]] {
    PublishShownOrder(context, handle);
  }
}

// The order has less than before, but has its place still (in the callbacks of the book: also if
// it has nothing left): kChange or kRemove, if what it displays has changed.
inline void PublishLess(Context& context, OrderHandle handle) {
  if (PublishesDeltas(context.state, context.state.orders[handle].instrument)) [[unlikely]] {
    PublishLessOrder(context, handle);
  }
}

// The order is about to be taken out of the book.
inline Removal BeforeRemoval(const State& state, OrderHandle handle) {
  return PublishesDeltas(state, state.orders[handle].instrument) ? TakeDownRemoval(state, handle)
                                                                 : Removal{};
}
// It was.
void PublishRemoval(Context& context, const Removal& removal);

// The instrument begins to publish deltas, or ends: kAdd, or kRemove, for every order that is
// displayed, bids before asks, in priority order.
void PublishWholeBook(Context& context, InstrumentId instrument, BookAction action);

}  // namespace tally::core::internal
