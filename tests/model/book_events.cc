#include "tests/model/book_events.h"

#include "absl/strings/str_cat.h"

namespace tally {

std::string ToString(const BookEvent& event) {
  return absl::StrCat("kind ", Raw(event.kind), " order ", Raw(event.order), " price ",
                      event.price.value, " quantity ", event.quantity.value, " leaves ",
                      event.leaves.value, " taker leaves ", event.taker_leaves.value, " reason ",
                      Raw(event.reason), " kept ", event.kept_priority);
}

void BookRecorder::OnAccepted(const IncomingOrder& order) {
  events.push_back({.kind = BookEventKind::kAccepted,
                    .order = order.id,
                    .price = order.price,
                    .quantity = order.quantity,
                    .leaves = order.quantity});
}

void BookRecorder::OnReplaced(const Replacement& replacement) {
  events.push_back({.kind = BookEventKind::kReplaced,
                    .order = pool_->id(replacement.order),
                    .price = replacement.price,
                    .quantity = replacement.leaves,
                    .leaves = replacement.leaves,
                    .kept_priority = replacement.kept_priority});
}

void BookRecorder::OnFill(const Fill& fill) {
  const OrderView maker = pool_->View(fill.maker);
  CHECK(maker.price == fill.price && maker.leaves == fill.maker_leaves);
  events.push_back({.kind = BookEventKind::kFilled,
                    .order = maker.id,
                    .price = fill.price,
                    .quantity = fill.quantity,
                    .leaves = fill.maker_leaves,
                    .taker_leaves = fill.taker_leaves});
}

void BookRecorder::OnMakerCanceled(const Cancellation& cancellation) {
  const OrderView maker = pool_->View(cancellation.order);
  CHECK(maker.leaves == cancellation.leaves);
  events.push_back({.kind = BookEventKind::kMakerCanceled,
                    .order = maker.id,
                    .price = maker.price,
                    .quantity = cancellation.canceled,
                    .leaves = cancellation.leaves,
                    .reason = cancellation.reason});
}

void BookRecorder::OnTakerCanceled(const Cancellation& cancellation) {
  CHECK(cancellation.order == kNoOrder || pool_->id(cancellation.order) == command);
  events.push_back({.kind = BookEventKind::kTakerCanceled,
                    .order = command,
                    .quantity = cancellation.canceled,
                    .leaves = cancellation.leaves,
                    .reason = cancellation.reason});
}

void BookRecorder::OnEntered(OrderHandle handle, const IncomingOrder& order) {
  CHECK(pool_->id(handle) == order.id);
  events.push_back({.kind = BookEventKind::kEntered,
                    .order = order.id,
                    .price = order.price,
                    .quantity = order.quantity,
                    .leaves = order.quantity});
}

void BookRecorder::OnSlid(PriceTicks price) {
  events.push_back({.kind = BookEventKind::kSlid, .order = command, .price = price});
}

void BookRecorder::OnRefreshed(const Refresh& refresh) {
  const OrderView view = pool_->View(refresh.order);
  CHECK(view.displayed == refresh.displayed && view.leaves == refresh.leaves);
  events.push_back({.kind = BookEventKind::kRefreshed,
                    .order = view.id,
                    .price = view.price,
                    .quantity = refresh.displayed,
                    .leaves = refresh.leaves});
}

BookOrder ToBookOrder(const OrderView& view) {
  return {.id = view.id,
          .owner = view.owner,
          .price = view.price,
          .leaves = view.leaves,
          .self_trade_prevention = view.self_trade_prevention,
          .post_only = view.post_only,
          .slide = view.slide,
          .hidden = view.hidden,
          .all_or_none = view.all_or_none,
          .pegged = view.pegged,
          .display_quantity = view.display_quantity,
          .displayed = view.displayed};
}

std::vector<BookOrder> OrdersOf(const OrderPool& pool, const OrderBook& book, Side side) {
  std::vector<BookOrder> orders;
  book.ForEachOrder(side, [&](OrderHandle handle) {
    const OrderView view = pool.View(handle);
    CHECK(view.side == side);
    orders.push_back(ToBookOrder(view));
  });
  return orders;
}

}  // namespace tally
