#include "tests/model/reference_book.h"

#include <algorithm>

#include "base/assert.h"

namespace tally {

ReferenceResult ReferenceBook::Submit(const IncomingOrder& order, std::vector<BookEvent>* events) {
  const bool may_rest = order.type == OrderType::kLimit && order.time_in_force == TimeInForce::kGtc;
  if (order.post_only && !may_rest) {
    return {BookOutcome::kRejected, RejectReason::kUnsupported};
  }
  if (order.post_only && WouldTrade(order.side, order.price)) {
    return {BookOutcome::kRejected, RejectReason::kPostOnlyWouldCross};
  }
  if (order.time_in_force == TimeInForce::kFok && !WouldFillCompletely(order)) {
    return {BookOutcome::kRejected, RejectReason::kFokUnfillable};
  }
  if (order.type == OrderType::kMarket && !WouldTrade(order.side, order.price)) {
    return {BookOutcome::kRejected, RejectReason::kMarketNoLiquidity};
  }
  if (may_rest && order_count() == capacity_) {
    return {BookOutcome::kRejected, RejectReason::kCapacity};
  }
  events->push_back({.kind = BookEventKind::kAccepted,
                     .order = order.id,
                     .price = order.price,
                     .quantity = order.quantity,
                     .leaves = order.quantity});
  Incoming incoming{{order.id, order.owner, order.price, order.quantity,
                     order.self_trade_prevention, order.post_only},
                    order.side,
                    false};
  Match(&incoming, events);
  if (incoming.canceled) {
    return {BookOutcome::kCanceled};
  }
  if (incoming.order.leaves.value == 0) {
    return {BookOutcome::kFilled};
  }
  if (!may_rest) {
    events->push_back({.kind = BookEventKind::kTakerCanceled,
                       .order = order.id,
                       .quantity = incoming.order.leaves,
                       .reason = CancelReason::kImmediateOrCancel});
    return {BookOutcome::kCanceled};
  }
  Rest(incoming);
  return {BookOutcome::kResting, RejectReason::kNone, incoming.order.leaves};
}

ReferenceResult ReferenceBook::Replace(OrderId id, PriceTicks price, QuantityLots leaves,
                                       std::vector<BookEvent>* events) {
  const Location location = locations_.at(id);
  Queue& queue = prices(location.side).at(location.key);
  const auto order =
      std::find_if(queue.begin(), queue.end(), [&](const BookOrder& o) { return o.id == id; });
  const bool keeps_priority = price == order->price && leaves <= order->leaves;
  if (!keeps_priority && order->post_only && WouldTrade(location.side, price)) {
    return {BookOutcome::kRejected, RejectReason::kPostOnlyWouldCross};
  }
  events->push_back({.kind = BookEventKind::kReplaced,
                     .order = id,
                     .price = price,
                     .quantity = leaves,
                     .leaves = leaves,
                     .kept_priority = keeps_priority});
  if (keeps_priority) {
    order->leaves = leaves;
    return {BookOutcome::kResting, RejectReason::kNone, leaves};
  }
  Incoming incoming{*order, location.side, false};
  Cancel(id);
  incoming.order.price = price;
  incoming.order.leaves = leaves;
  Match(&incoming, events);
  if (incoming.order.leaves.value == 0) {
    return {incoming.canceled ? BookOutcome::kCanceled : BookOutcome::kFilled};
  }
  Rest(incoming);
  return {BookOutcome::kResting, RejectReason::kNone, incoming.order.leaves};
}

std::optional<QuantityLots> ReferenceBook::Cancel(OrderId id) {
  const auto location = locations_.find(id);
  if (location == locations_.end()) {
    return std::nullopt;
  }
  Prices& side = prices(location->second.side);
  Queue& queue = side.at(location->second.key);
  const auto order =
      std::find_if(queue.begin(), queue.end(), [&](const BookOrder& o) { return o.id == id; });
  const QuantityLots leaves = order->leaves;
  queue.erase(order);
  if (queue.empty()) {
    side.erase(location->second.key);
  }
  locations_.erase(location);
  return leaves;
}

BookOrder ReferenceBook::Find(OrderId id) const {
  const Location location = locations_.at(id);
  const Queue& queue = prices(location.side).at(location.key);
  return *std::find_if(queue.begin(), queue.end(), [&](const BookOrder& o) { return o.id == id; });
}

std::vector<BookOrder> ReferenceBook::Orders(Side side) const {
  std::vector<BookOrder> orders;
  for (const auto& [key, queue] : prices(side)) {
    orders.insert(orders.end(), queue.begin(), queue.end());
  }
  return orders;
}

std::vector<BookLevel> ReferenceBook::Levels(Side side) const {
  std::vector<BookLevel> levels;
  for (const auto& [key, queue] : prices(side)) {
    BookLevel level{queue.front().price, {0}, 0};
    for (const BookOrder& order : queue) {
      level.quantity += order.leaves;
      ++level.order_count;
    }
    levels.push_back(level);
  }
  return levels;
}

bool ReferenceBook::WouldTrade(Side side, PriceTicks limit) const {
  const Prices& makers = prices(Opposite(side));
  if (makers.empty()) {
    return false;
  }
  const PriceTicks best = makers.begin()->second.front().price;
  return side == Side::kBuy ? best <= limit : best >= limit;
}

bool ReferenceBook::WouldFillCompletely(const IncomingOrder& order) const {
  ReferenceBook trial = *this;
  IncomingOrder immediate = order;
  immediate.type = OrderType::kLimit;
  immediate.time_in_force = TimeInForce::kIoc;
  std::vector<BookEvent> events;
  trial.Submit(immediate, &events);
  QuantityLots filled{0};
  for (const BookEvent& event : events) {
    if (event.kind == BookEventKind::kFilled) {
      filled += event.quantity;
    }
  }
  return filled == order.quantity;
}

void ReferenceBook::Match(Incoming* incoming, std::vector<BookEvent>* events) {
  while (incoming->order.leaves.value > 0 && WouldTrade(incoming->side, incoming->order.price)) {
    BookOrder& maker = prices(Opposite(incoming->side)).begin()->second.front();
    if (maker.owner == incoming->order.owner &&
        incoming->order.self_trade_prevention != SelfTradePrevention::kNone) {
      PreventSelfTrade(incoming, &maker, events);
    } else {
      Trade(incoming, &maker, events);
    }
    if (maker.leaves.value == 0) {
      Cancel(maker.id);
    }
  }
}

void ReferenceBook::Trade(Incoming* incoming, BookOrder* maker, std::vector<BookEvent>* events) {
  const QuantityLots quantity = std::min(maker->leaves, incoming->order.leaves);
  maker->leaves -= quantity;
  incoming->order.leaves -= quantity;
  events->push_back({.kind = BookEventKind::kFilled,
                     .order = maker->id,
                     .price = maker->price,
                     .quantity = quantity,
                     .leaves = maker->leaves,
                     .taker_leaves = incoming->order.leaves});
}

void ReferenceBook::PreventSelfTrade(Incoming* incoming, BookOrder* maker,
                                     std::vector<BookEvent>* events) {
  const auto cancel_maker = [&](QuantityLots quantity, CancelReason reason) {
    maker->leaves -= quantity;
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

void ReferenceBook::Rest(const Incoming& incoming) {
  const int64_t key = Key(incoming.side, incoming.order.price);
  prices(incoming.side)[key].push_back(incoming.order);
  locations_[incoming.order.id] = {incoming.side, key};
}

}  // namespace tally
