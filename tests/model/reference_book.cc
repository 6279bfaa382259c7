#include "tests/model/reference_book.h"

#include <algorithm>

#include "base/assert.h"

namespace tally {
namespace {

bool MayRest(const IncomingOrder& order) {
  return order.type == OrderType::kLimit && order.time_in_force == TimeInForce::kGtc;
}

bool IsDark(const IncomingOrder& order) {
  return order.hidden || order.all_or_none || order.pegged;
}

bool IsSupported(const IncomingOrder& order) {
  const bool iceberg = order.display_quantity.value != 0;
  const bool minimum = order.min_quantity.value != 0;
  if (!MayRest(order) && (IsDark(order) || iceberg || order.post_only)) {
    return false;
  }
  if (order.slide && !order.post_only) {
    return false;
  }
  if (iceberg && IsDark(order)) {
    return false;
  }
  if (order.all_or_none && (order.pegged || order.post_only || minimum)) {
    return false;
  }
  if (order.pegged && (order.post_only || minimum)) {
    return false;
  }
  return !minimum || (order.type == OrderType::kLimit && !order.post_only &&
                      order.time_in_force != TimeInForce::kFok);
}

bool HasTooManyParts(QuantityLots leaves, QuantityLots display) {
  return leaves.value > display.value * kMaxIcebergParts;
}

}  // namespace

RejectReason ReferenceBook::Check(const IncomingOrder& order, bool is_new) const {
  if (!IsSupported(order)) {
    return RejectReason::kUnsupported;
  }
  if (order.display_quantity.value != 0 &&
      (order.display_quantity.value < 0 || (is_new && order.display_quantity > order.quantity) ||
       HasTooManyParts(order.quantity, order.display_quantity))) {
    return RejectReason::kBadDisplayQuantity;
  }
  if (order.min_quantity.value < 0 || order.min_quantity > order.quantity) {
    return RejectReason::kBadMinQuantity;
  }
  if (!EntryPrice(order).has_value()) {
    return RejectReason::kPostOnlyWouldCross;
  }
  if (order.time_in_force == TimeInForce::kFok && Tradable(order) < order.quantity) {
    return RejectReason::kFokUnfillable;
  }
  if (order.min_quantity.value != 0 && Tradable(order) < order.min_quantity) {
    return RejectReason::kMinQuantityUnfillable;
  }
  if (order.type == OrderType::kMarket &&
      ReferenceBook(*this).NextMaker({ToOrder(order), order.side}) == nullptr) {
    return RejectReason::kMarketNoLiquidity;
  }
  if (MayRest(order) && is_new && order_count() >= capacity_) {
    return RejectReason::kCapacity;
  }
  if (order.all_or_none) {
    const std::vector<BookOrder> orders = Orders(order.side);
    if (std::count_if(orders.begin(), orders.end(), [](const BookOrder& resting) {
          return resting.all_or_none;
        }) >= kMaxAllOrNoneOrders) {
      return RejectReason::kCapacity;
    }
  }
  return RejectReason::kNone;
}

ReferenceResult ReferenceBook::Submit(const IncomingOrder& order, std::vector<BookEvent>* events) {
  if (const RejectReason reason = Check(order, true); reason != RejectReason::kNone) {
    return {BookOutcome::kRejected, reason};
  }
  events->push_back({.kind = BookEventKind::kAccepted,
                     .order = order.id,
                     .price = order.price,
                     .quantity = order.quantity,
                     .leaves = order.quantity});
  return Admit(order, *EntryPrice(order), events);
}

ReferenceResult ReferenceBook::Enter(const IncomingOrder& order, std::vector<BookEvent>* events) {
  CHECK(dormant_.contains(order.id));
  if (const RejectReason reason = Check(order, false); reason != RejectReason::kNone) {
    return {BookOutcome::kRejected, reason};
  }
  dormant_.erase(order.id);
  events->push_back({.kind = BookEventKind::kEntered,
                     .order = order.id,
                     .price = order.price,
                     .quantity = order.quantity,
                     .leaves = order.quantity});
  return Admit(order, *EntryPrice(order), events);
}

ReferenceResult ReferenceBook::Execute(OrderId id, std::vector<BookEvent>* events) {
  Park(id);
  const auto& [order, side] = dormant_.at(id);
  return Enter(ToIncoming(order, side), events);
}

// What is accepted trades, and rests or ends.
ReferenceResult ReferenceBook::Admit(const IncomingOrder& order, PriceTicks price,
                                     std::vector<BookEvent>* events) {
  Incoming incoming{ToOrder(order), order.side};
  if (price != order.price) {
    incoming.order.price = price;
    events->push_back({.kind = BookEventKind::kSlid, .order = order.id, .price = price});
  }
  if (!order.post_only && (!order.all_or_none || Tradable(order) == order.quantity)) {
    Match(&incoming, events);
  }
  if (incoming.canceled) {
    return {BookOutcome::kCanceled};
  }
  if (incoming.order.leaves.value == 0) {
    return {BookOutcome::kFilled};
  }
  if (!MayRest(order)) {
    events->push_back({.kind = BookEventKind::kTakerCanceled,
                       .order = order.id,
                       .quantity = incoming.order.leaves,
                       .reason = CancelReason::kImmediateOrCancel});
    return {BookOutcome::kCanceled};
  }
  Display(&incoming.order);
  const Place place = PlaceOf(incoming.side, incoming.order);
  prices(incoming.side)[place].push_back(incoming.order);
  locations_[order.id] = {incoming.side, place};
  return {BookOutcome::kResting, RejectReason::kNone, incoming.order.leaves};
}

ReferenceResult ReferenceBook::Replace(OrderId id, const ReplaceTerms& terms,
                                       std::vector<BookEvent>* events) {
  const BookOrder before = Find(id);
  const Side side = SideOf(id);
  IncomingOrder order = ToIncoming(before, side);
  order.price = terms.price;
  order.quantity = terms.leaves;
  if (terms.display_quantity.value != 0) {
    order.display_quantity = terms.display_quantity;
  }
  if (order.display_quantity.value != 0 &&
      (before.display_quantity.value == 0 ||
       HasTooManyParts(order.quantity, order.display_quantity))) {
    return {BookOutcome::kRejected, RejectReason::kBadDisplayQuantity};
  }
  const bool keeps_priority =
      IsDormant(id) || (order.price == before.price && order.quantity <= before.leaves &&
                        order.display_quantity <= before.display_quantity);
  const std::optional<PriceTicks> price = EntryPrice(order);
  if (!keeps_priority && !price.has_value()) {
    return {BookOutcome::kRejected, RejectReason::kPostOnlyWouldCross};
  }
  events->push_back({.kind = BookEventKind::kReplaced,
                     .order = id,
                     .price = terms.price,
                     .quantity = terms.leaves,
                     .leaves = terms.leaves,
                     .kept_priority = keeps_priority});
  if (!keeps_priority) {
    Cancel(id);
    return Admit(order, *price, events);
  }
  BookOrder& resting = Resting(id);
  resting.price = order.price;
  resting.display_quantity = order.display_quantity;
  resting.leaves = order.quantity;
  if (IsDormant(id)) {
    return {BookOutcome::kResting, RejectReason::kNone, terms.leaves};
  }
  const QuantityLots displayed = resting.displayed;
  Display(&resting);
  resting.displayed = std::min(resting.displayed, displayed);
  return {BookOutcome::kResting, RejectReason::kNone, terms.leaves};
}

std::optional<QuantityLots> ReferenceBook::Cancel(OrderId id) {
  if (!Contains(id)) {
    return std::nullopt;
  }
  const QuantityLots leaves = Find(id).leaves;
  if (dormant_.erase(id) == 0) {
    const Location location = locations_.at(id);
    Queue& queue = prices(location.side).at(location.place);
    queue.remove_if([&](const BookOrder& order) { return order.id == id; });
    if (queue.empty()) {
      prices(location.side).erase(location.place);
    }
    locations_.erase(id);
  }
  return leaves;
}

void ReferenceBook::Park(const IncomingOrder& order) {
  dormant_[order.id] = {ToOrder(order), order.side};
}

void ReferenceBook::Park(OrderId id) {
  BookOrder order = Find(id);
  const Side side = SideOf(id);
  Cancel(id);
  order.displayed = {};
  dormant_[id] = {order, side};
}

BookOrder& ReferenceBook::Resting(OrderId id) {
  if (const auto dormant = dormant_.find(id); dormant != dormant_.end()) {
    return dormant->second.first;
  }
  const Location location = locations_.at(id);
  Queue& queue = prices(location.side).at(location.place);
  return *std::find_if(queue.begin(), queue.end(),
                       [&](const BookOrder& order) { return order.id == id; });
}

BookOrder ReferenceBook::Find(OrderId id) const {
  return const_cast<ReferenceBook*>(this)->Resting(id);
}

Side ReferenceBook::SideOf(OrderId id) const {
  return IsDormant(id) ? dormant_.at(id).second : locations_.at(id).side;
}

std::vector<BookOrder> ReferenceBook::Orders(Side side) const {
  std::vector<BookOrder> orders;
  for (const auto& [place, queue] : prices(side)) {
    orders.insert(orders.end(), queue.begin(), queue.end());
  }
  return orders;
}

std::vector<BookLevel> ReferenceBook::Levels(Side side) const {
  std::vector<BookLevel> levels;
  for (const auto& [place, queue] : prices(side)) {
    if (queue.front().dark()) {
      continue;
    }
    BookLevel level{queue.front().price, {0}, 0};
    for (const BookOrder& order : queue) {
      level.quantity += order.displayed;
      ++level.order_count;
    }
    levels.push_back(level);
  }
  return levels;
}

std::optional<PriceTicks> ReferenceBook::EntryPrice(const IncomingOrder& order) const {
  const Prices& makers = prices(Opposite(order.side));
  const auto best = std::find_if(makers.begin(), makers.end(),
                                 [](const auto& level) { return !level.second.front().dark(); });
  if (!order.post_only || best == makers.end()) {
    return order.price;
  }
  const int64_t price = best->second.front().price.value;
  const bool buys = order.side == Side::kBuy;
  if (buys ? price > order.price.value : price < order.price.value) {
    return order.price;
  }
  const PriceTicks slid{buys ? price - 1 : price + 1};
  if (!order.slide || slid.value < 1 || slid.value > kMaxPriceTicks) {
    return std::nullopt;
  }
  return slid;
}

}  // namespace tally
