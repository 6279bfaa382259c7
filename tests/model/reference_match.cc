// How orders meet in ReferenceBook.

#include <algorithm>

#include "base/assert.h"
#include "tests/model/reference_book.h"

namespace tally {
namespace {

// Takes quantity away that an order does not show, if it has such, before what it shows.
void TakeFromReserve(BookOrder* order, QuantityLots quantity) {
  order->leaves -= quantity;
  order->displayed = std::min(order->displayed, order->leaves);
}

}  // namespace

IncomingOrder ReferenceBook::ToIncoming(const BookOrder& order, Side side) {
  return {.id = order.id,
          .owner = order.owner,
          .price = order.price,
          .quantity = order.leaves,
          .side = side,
          .self_trade_prevention = order.self_trade_prevention,
          .post_only = order.post_only,
          .slide = order.slide,
          .hidden = order.hidden,
          .all_or_none = order.all_or_none,
          .pegged = order.pegged,
          .display_quantity = order.display_quantity};
}

BookOrder ReferenceBook::ToOrder(const IncomingOrder& order) {
  return {.id = order.id,
          .owner = order.owner,
          .price = order.price,
          .leaves = order.quantity,
          .self_trade_prevention = order.self_trade_prevention,
          .post_only = order.post_only,
          .slide = order.slide,
          .hidden = order.hidden,
          .all_or_none = order.all_or_none,
          .pegged = order.pegged,
          .display_quantity = order.display_quantity};
}

void ReferenceBook::Display(BookOrder* order) {
  if (order->dark()) {
    order->displayed = {};
  } else if (order->display_quantity.value != 0) {
    order->displayed = std::min(order->display_quantity, order->leaves);
  } else {
    order->displayed = order->leaves;
  }
}

std::optional<OrderId> ReferenceBook::FindExecutable(Side side) const {
  for (const BookOrder& order : Orders(side)) {
    if (order.all_or_none && Tradable(ToIncoming(order, side)) == order.leaves) {
      return order.id;
    }
  }
  return std::nullopt;
}

// What the order would trade if it came in now.
QuantityLots ReferenceBook::Tradable(const IncomingOrder& order) const {
  ReferenceBook trial = *this;
  Incoming incoming{ToOrder(order), order.side};
  std::vector<BookEvent> events;
  trial.Match(&incoming, &events);
  QuantityLots traded{0};
  for (const BookEvent& event : events) {
    if (event.kind == BookEventKind::kFilled) {
      traded += event.quantity;
    }
  }
  return traded;
}

BookOrder* ReferenceBook::NextMaker(const Incoming& incoming) {
  for (auto& [place, queue] : prices(Opposite(incoming.side))) {
    for (BookOrder& maker : queue) {
      if (incoming.side == Side::kBuy ? maker.price > incoming.order.price
                                      : maker.price < incoming.order.price) {
        return nullptr;
      }
      if (!maker.all_or_none || maker.leaves <= incoming.order.leaves) {
        return &maker;
      }
    }
  }
  return nullptr;
}

void ReferenceBook::Match(Incoming* incoming, std::vector<BookEvent>* events) {
  while (incoming->order.leaves.value > 0) {
    BookOrder* const maker = NextMaker(*incoming);
    if (maker == nullptr) {
      return;
    }
    if (maker->owner == incoming->order.owner &&
        incoming->order.self_trade_prevention != SelfTradePrevention::kNone) {
      PreventSelfTrade(incoming, maker, events);
    } else {
      Trade(incoming, maker, events);
    }
    if (maker->leaves.value == 0) {
      Cancel(maker->id);
    } else if (!maker->dark() && maker->displayed.value == 0) {
      Refresh(maker, events);
    }
  }
}

void ReferenceBook::Trade(Incoming* incoming, BookOrder* maker, std::vector<BookEvent>* events) {
  const QuantityLots offered = maker->dark() ? maker->leaves : maker->displayed;
  const QuantityLots quantity = std::min(offered, incoming->order.leaves);
  maker->leaves -= quantity;
  if (!maker->dark()) {
    maker->displayed -= quantity;
  }
  incoming->order.leaves -= quantity;
  events->push_back({.kind = BookEventKind::kFilled,
                     .order = maker->id,
                     .price = maker->price,
                     .quantity = quantity,
                     .leaves = maker->leaves,
                     .taker_leaves = incoming->order.leaves});
}

// Shows the next part, behind everything at its price.
void ReferenceBook::Refresh(BookOrder* order, std::vector<BookEvent>* events) {
  Display(order);
  events->push_back({.kind = BookEventKind::kRefreshed,
                     .order = order->id,
                     .price = order->price,
                     .quantity = order->displayed,
                     .leaves = order->leaves});
  const Location location = locations_.at(order->id);
  Queue& queue = prices(location.side).at(location.place);
  const auto at = std::find_if(queue.begin(), queue.end(),
                               [&](const BookOrder& other) { return &other == order; });
  queue.splice(queue.end(), queue, at);
}

void ReferenceBook::PreventSelfTrade(Incoming* incoming, BookOrder* maker,
                                     std::vector<BookEvent>* events) {
  const auto cancel_maker = [&](QuantityLots quantity, CancelReason reason) {
    TakeFromReserve(maker, quantity);
    events->push_back({.kind = BookEventKind::kMakerCanceled,
                       .order = maker->id,
                       .price = maker->price,
                       .quantity = quantity,
                       .leaves = maker->leaves,
                       .reason = reason});
  };
  const auto cancel_taker = [&](QuantityLots quantity, CancelReason reason) {
    incoming->order.leaves -= quantity;
    incoming->canceled = incoming->order.leaves.value == 0;
    events->push_back({.kind = BookEventKind::kTakerCanceled,
                       .order = incoming->order.id,
                       .quantity = quantity,
                       .leaves = incoming->order.leaves,
                       .reason = reason});
  };
  switch (incoming->order.self_trade_prevention) {
    case SelfTradePrevention::kNone:
      break;
    case SelfTradePrevention::kCancelNewest:
      cancel_taker(incoming->order.leaves, CancelReason::kSelfTradeNewest);
      break;
    case SelfTradePrevention::kCancelOldest:
      cancel_maker(maker->leaves, CancelReason::kSelfTradeOldest);
      break;
    case SelfTradePrevention::kCancelBoth:
      cancel_maker(maker->leaves, CancelReason::kSelfTradeBoth);
      cancel_taker(incoming->order.leaves, CancelReason::kSelfTradeBoth);
      break;
    case SelfTradePrevention::kDecrementAndCancel: {
      const QuantityLots quantity = std::min(maker->leaves, incoming->order.leaves);
      cancel_maker(quantity, CancelReason::kSelfTradeDecrement);
      cancel_taker(quantity, CancelReason::kSelfTradeDecrement);
      break;
    }
  }
}

}  // namespace tally
