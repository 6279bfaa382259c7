#include "engine/core/internal/book_delta.h"

namespace tally::core::internal {
namespace {

BookDeltaEvent DeltaOf(const State& state, InstrumentId instrument, const OrderView& view,
                       BookAction action) {
  const BookLevel level = state.book(instrument).book.LevelAt(view.side, view.price);
  return {.price = view.price,
          .quantity = view.displayed,
          .level_quantity = level.quantity,
          .book_sequence = 0,
          .level_order_count = level.order_count,
          .action = action,
          .kept_priority = action == BookAction::kChange ? uint8_t{1} : uint8_t{0},
          .reserved = {}};
}

struct DeltaOrder {
  OrderId id;
  InstrumentId instrument;
  Side side;
};

void Publish(Context& context, const DeltaOrder& order, const BookDeltaEvent& delta) {
  Event& event = context.emit.Begin(EventType::kBookDelta);
  event.order_id = order.id;
  event.instrument = order.instrument;
  event.side = Raw(order.side);
  event.book_delta = delta;
  event.book_delta.book_sequence = ++context.state.book(order.instrument).delta_sequence;
}

// An iceberg can lose quantity that nobody sees, so what it last displayed is remembered.
bool IsIceberg(const State& state, OrderHandle handle) {
  return (state.orders[handle].flags & kRecordHasDetail) != 0 &&
         state.orders.detail(handle).display_quantity.value != 0;
}

}  // namespace

void PublishShownOrder(Context& context, OrderHandle handle) {
  State& state = context.state;
  const OrderView view = state.pool.View(handle);
  if (view.place != OrderPlace::kDisplayed) {
    return;
  }
  if (IsIceberg(state, handle)) {
    state.orders.detail(handle).displayed = view.displayed;
  }
  const InstrumentId instrument = state.orders[handle].instrument;
  Publish(context, {.id = view.id, .instrument = instrument, .side = view.side},
          DeltaOf(state, instrument, view, BookAction::kAdd));
}

void PublishLessOrder(Context& context, OrderHandle handle) {
  State& state = context.state;
  const OrderView view = state.pool.View(handle);
  if (view.place != OrderPlace::kDisplayed) {
    return;
  }
  if (IsIceberg(state, handle)) {
    QuantityLots& displayed = state.orders.detail(handle).displayed;
    if (displayed == view.displayed) {
      return;
    }
    displayed = view.displayed;
  }
  const InstrumentId instrument = state.orders[handle].instrument;
  const bool gone = view.displayed.value == 0;
  BookDeltaEvent delta =
      DeltaOf(state, instrument, view, gone ? BookAction::kRemove : BookAction::kChange);
  if (gone) {
    --delta.level_order_count;  // The book unlinks it after the callback.
  }
  Publish(context, {.id = view.id, .instrument = instrument, .side = view.side}, delta);
}

Removal TakeDownRemoval(const State& state, OrderHandle handle) {
  const OrderView view = state.pool.View(handle);
  if (view.place != OrderPlace::kDisplayed) {
    return {};
  }
  const InstrumentId instrument = state.orders[handle].instrument;
  Removal removal = {.id = view.id,
                     .instrument = instrument,
                     .side = view.side,
                     .displayed = true,
                     .quantity = view.displayed,
                     .delta = DeltaOf(state, instrument, view, BookAction::kRemove)};
  removal.delta.quantity = {};
  removal.delta.level_quantity -= view.displayed;
  --removal.delta.level_order_count;
  return removal;
}

void PublishRemoval(Context& context, const Removal& removal) {
  if (removal.displayed) {
    Publish(context, {.id = removal.id, .instrument = removal.instrument, .side = removal.side},
            removal.delta);
  }
}

void PublishWholeBook(Context& context, InstrumentId instrument, BookAction action) {
  // Levels grow, or shrink, order by order, as they do for who listens all the time.
  for (const Side side : {Side::kBuy, Side::kSell}) {
    PriceTicks price{};
    QuantityLots quantity{};
    uint32_t count = 0;
    context.state.book(instrument).book.ForEachOrder(side, [&](OrderHandle handle) {
      const OrderView view = context.state.pool.View(handle);
      if (view.place != OrderPlace::kDisplayed) {
        return;
      }
      if (view.price != price) {
        price = view.price;
        quantity = {};
        count = 0;
      }
      if (IsIceberg(context.state, handle)) {
        context.state.orders.detail(handle).displayed = view.displayed;
      }
      quantity += view.displayed;
      ++count;
      BookDeltaEvent delta = DeltaOf(context.state, instrument, view, action);
      if (action == BookAction::kAdd) {
        delta.level_quantity = quantity;
        delta.level_order_count = count;
      } else {
        delta.quantity = {};
        delta.level_quantity -= quantity;
        delta.level_order_count -= count;
      }
      Publish(context, {.id = view.id, .instrument = instrument, .side = side}, delta);
    });
  }
}

}  // namespace tally::core::internal
