#include "tests/engine/core/reference_market.h"

#include <algorithm>
#include <optional>
#include <tuple>

#include "absl/strings/str_cat.h"

namespace tally {
namespace {

bool IsStop(OrderType type) { return type == OrderType::kStop || type == OrderType::kStopLimit; }

bool WaitsForFirst(const NewOrderCommand& order) {
  return (order.contingency == Contingency::kOto || order.contingency == Contingency::kOtoco) &&
         order.group_leg > 1;
}

bool Reaches(int64_t price, Side side, int64_t stop) {
  return price != 0 && (side == Side::kBuy ? price >= stop : price <= stop);
}

bool OnTrades(const NewOrderCommand& order) { return order.trigger != TriggerSource::kBestPrice; }

IncomingOrder ToIncoming(const Command& command, OrderId id) {
  const NewOrderCommand& order = command.new_order;
  const auto has = [&](uint8_t flag) { return (order.flags & flag) != 0; };
  return {.id = id,
          .owner = OrderOwner{Raw(command.account)},
          .price = order.price,
          .quantity = order.quantity,
          .side = order.side,
          .type = order.type == OrderType::kMarket ? OrderType::kMarket : OrderType::kLimit,
          .time_in_force = order.time_in_force,
          .self_trade_prevention = order.self_trade_prevention,
          .post_only = has(kOrderFlagPostOnly),
          .slide = has(kOrderFlagSlide),
          .hidden = has(kOrderFlagHidden),
          .all_or_none = has(kOrderFlagAllOrNone),
          .pegged = order.type == OrderType::kPegged,
          .display_quantity = order.display_quantity,
          .min_quantity = order.min_quantity};
}

}  // namespace

int64_t ReferenceMarket::Best(Side side) const {
  const std::vector<BookLevel> levels = book().Levels(side);
  return levels.empty() ? 0 : levels.front().price.value;
}

ReferenceMarket::GroupKey ReferenceMarket::GroupOf(OrderId id) const {
  for (const auto& [key, group] : groups_) {
    for (const Leg& leg : group.legs) {
      if (leg.id == id) {
        return key;
      }
    }
  }
  return {};
}

// The one that this order excludes, or the other way round, if it is open, too.
const ReferenceMarket::Leg* ReferenceMarket::OtherLeg(OrderId id) const {
  const auto found = groups_.find(GroupOf(id));
  if (found == groups_.end() || found->second.kind == Contingency::kOto) {
    return nullptr;
  }
  const Group& group = found->second;
  const std::size_t first = group.kind == Contingency::kOco ? 0 : 1;
  if (group.legs.size() < first + 2 || (first == 1 && group.legs[0].id == id)) {
    return nullptr;
  }
  const Leg& other = group.legs[group.legs[first].id == id ? first + 1 : first];
  return IsOpen(other.id) ? &other : nullptr;
}

// Orders that wait for the first of their group hold nothing. Two of one side that exclude each
// other hold the larger of their needs, once.
int64_t ReferenceMarket::HeldBy(OrderId id, const Order& order) const {
  const auto found = groups_.find(GroupOf(id));
  if (found == groups_.end()) {
    return HoldOf(order);
  }
  const Group& group = found->second;
  if (group.kind != Contingency::kOco && group.stage != Stage::kOneCancels &&
      group.legs[0].id != id) {
    return 0;
  }
  const Leg* const other = OtherLeg(id);
  if (other == nullptr || other->id > id || orders_.at(other->id).side != order.side) {
    return HoldOf(order);
  }
  return std::max<int64_t>(0, HoldOf(order) - HoldOf(orders_.at(other->id)));
}

bool ReferenceMarket::IsReached(const NewOrderCommand& order, int64_t stop) const {
  return Reaches(OnTrades(order) ? last_ : Best(order.side), order.side, stop);
}

bool ReferenceMarket::MayExclude(OrderId first, const NewOrderCommand& order) const {
  const NewOrderCommand& other = specials_.at(first).terms;
  const bool stops = IsStop(order.type) || IsStop(other.type);
  if (other.side == order.side || stops) {
    return stops;
  }
  return order.side == Side::kBuy ? order.price < other.price : other.price < order.price;
}

RejectReason ReferenceMarket::CheckGroup(const Command& command) const {
  const NewOrderCommand& order = command.new_order;
  const auto found = groups_.find({command.session, order.group_id});
  if (order.group_leg == 1) {
    return found == groups_.end() ? RejectReason::kNone : RejectReason::kBadGroup;
  }
  if (found == groups_.end()) {
    return RejectReason::kBadGroup;
  }
  const Group& group = found->second;
  if (group.stage != Stage::kCollecting || group.kind != order.contingency ||
      group.legs.size() + 1 != order.group_leg) {
    return RejectReason::kBadGroup;
  }
  const bool excludes = (group.kind == Contingency::kOco && order.group_leg == 2) ||
                        (group.kind == Contingency::kOtoco && order.group_leg == 3);
  return excludes && !MayExclude(group.legs.back().id, order) ? RejectReason::kBadGroup
                                                              : RejectReason::kNone;
}

int64_t ReferenceMarket::NeedOnEntry(const Command& command, const Order& order) const {
  const NewOrderCommand& terms = command.new_order;
  if (terms.contingency != Contingency::kNone && WaitsForFirst(terms)) {
    return 0;
  }
  if (terms.contingency != Contingency::kOco || terms.group_leg == 1) {
    return HoldOf(order);
  }
  const Order& first = orders_.at(groups_.at({command.session, terms.group_id}).legs[0].id);
  return first.side == order.side ? std::max<int64_t>(0, HoldOf(order) - HoldOf(first))
                                  : HoldOf(order);
}

// In their precedence; what the book asks comes last.
RejectReason ReferenceMarket::Check(const Command& command, const Order& order) const {
  const NewOrderCommand& terms = command.new_order;
  if (IsStop(terms.type)) {
    const int64_t stop = terms.stop_price.value;
    const bool pointless =
        terms.type == OrderType::kStop &&
        (order.side == Side::kBuy ? order.price.value < stop : order.price.value > stop);
    if (pointless || (!WaitsForFirst(terms) && IsReached(terms, stop))) {
      return RejectReason::kBadStopPrice;
    }
  }
  if (terms.contingency != Contingency::kNone) {
    if (const RejectReason reason = CheckGroup(command); reason != RejectReason::kNone) {
      return reason;
    }
  }
  return NeedOnEntry(command, order) > available(order.account, HoldAsset(order))
             ? RejectReason::kInsufficientBalance
             : RejectReason::kNone;
}

std::vector<std::string> ReferenceMarket::New(const Command& command, OrderId next_id) {
  const NewOrderCommand& terms = command.new_order;
  const DefineInstrumentCommand& fees = instruments_.at(kOnly).terms;
  const Order order = {.session = command.session,
                       .account = command.account,
                       .instrument = kOnly,
                       .side = terms.side,
                       .price = terms.price,
                       .leaves = terms.quantity,
                       .cumulative = {},
                       .maker_fee = fees.maker_fee_hundredths_bp,
                       .taker_fee = fees.taker_fee_hundredths_bp};
  Lines lines;
  RejectReason reason = Check(command, order);
  const bool waits = terms.contingency != Contingency::kNone || IsStop(terms.type) ||
                     terms.type == OrderType::kPegged;
  if (reason == RejectReason::kNone && !waits) {
    std::vector<BookEvent> events;
    reason = book().Submit(ToIncoming(command, next_id), &events).reject_reason;
    if (reason == RejectReason::kNone) {
      orders_[next_id] = order;
      Take(next_id, events, &lines);
    }
  } else if (reason == RejectReason::kNone) {
    orders_[next_id] = order;
    Accept(command, next_id, &lines);
  }
  if (reason != RejectReason::kNone) {
    lines.push_back(RejectLine(reason));
    const auto group = groups_.find({command.session, terms.group_id});
    if (terms.contingency == Contingency::kNone || group == groups_.end() ||
        group->second.stage != Stage::kCollecting) {
      return lines;
    }
    group->second.broken = true;
    MarkDue(group->first);
  }
  EndTurn(&lines);
  return lines;
}

// An order that waits: for its group, its trigger or a price to follow.
void ReferenceMarket::Accept(const Command& command, OrderId id, Lines* lines) {
  const NewOrderCommand& terms = command.new_order;
  IncomingOrder incoming = ToIncoming(command, id);
  incoming.type = OrderType::kLimit;
  incoming.time_in_force = TimeInForce::kGtc;
  book().Park(incoming);
  lines->push_back(absl::StrCat("accept ", Raw(id)));
  specials_[id] = {.terms = terms, .stop = terms.stop_price.value, .waits_since = ++clock_};
  if (terms.contingency == Contingency::kNone) {
    specials_[id].is_peg = terms.type == OrderType::kPegged;
    if (IsStop(terms.type)) {
      AwaitTrigger(id);
    }
    return;
  }
  const GroupKey key = {command.session, terms.group_id};
  Group& group =
      groups_.try_emplace(key, Group{.kind = terms.contingency, .legs = {}}).first->second;
  group.legs.push_back({.id = id, .quantity = terms.quantity});
  if (group.legs.size() == group.count()) {
    MarkDue(key);
  }
}

std::vector<std::string> ReferenceMarket::Replace(const Command& command) {
  const ReplaceOrderCommand& replace = command.replace_order;
  const OrderId id = replace.target.order_id;
  const auto found = orders_.find(id);
  if (found == orders_.end() || found->second.session != command.session) {
    return {RejectLine(RejectReason::kUnknownOrder)};
  }
  const auto special = specials_.find(id);
  const bool waits = special != specials_.end() && special->second.waits_for_trigger;
  if (GroupOf(id) != GroupKey{} || book().Find(id).pegged) {
    return {RejectLine(RejectReason::kNotReplaceable)};
  }
  if (replace.display_quantity.value != 0 && (book().Find(id).display_quantity.value == 0 ||
                                              replace.display_quantity > replace.quantity)) {
    return {RejectLine(RejectReason::kBadDisplayQuantity)};
  }
  if (replace.stop_price.value != 0 &&
      (!waits || IsReached(special->second.terms, replace.stop_price.value))) {
    return {RejectLine(RejectReason::kBadStopPrice)};
  }
  const Order before = found->second;
  if (replace.quantity <= before.cumulative) {
    return {RejectLine(RejectReason::kBelowFilled)};
  }
  Order order = before;
  order.price = replace.price;
  order.leaves = replace.quantity - order.cumulative;
  if (HoldOf(order) > available(order.account, HoldAsset(order)) + HoldOf(before)) {
    return {RejectLine(RejectReason::kInsufficientBalance)};
  }
  std::vector<BookEvent> events;
  const ReferenceResult result = book().Replace(
      id,
      {.price = order.price, .leaves = order.leaves, .display_quantity = replace.display_quantity},
      &events);
  if (result.outcome == BookOutcome::kRejected) {
    return {RejectLine(result.reject_reason)};
  }
  found->second = order;
  Lines lines;
  Take(id, events, &lines);
  if (waits && replace.stop_price.value != 0 && replace.stop_price.value != special->second.stop) {
    special->second.stop = replace.stop_price.value;
    special->second.waits_since = ++clock_;
  }
  EndTurn(&lines);
  return lines;
}

std::vector<std::string> ReferenceMarket::Cancel(const Command& command) {
  const OrderId id = command.cancel_order.target.order_id;
  const auto found = orders_.find(id);
  if (found == orders_.end() || found->second.account != command.account) {
    return {RejectLine(RejectReason::kUnknownOrder)};
  }
  Lines lines;
  End(id, CancelReason::kRequest, &lines);
  EndTurn(&lines);
  return lines;
}

void ReferenceMarket::End(OrderId id, CancelReason reason, Lines* lines) {
  const QuantityLots leaves = *book().Cancel(id);
  const QuantityLots executed = orders_.at(id).cumulative;
  specials_.erase(id);
  ForgetTradesIfNoneWaits();
  orders_.erase(id);
  lines->push_back(CancelLine(id, leaves, {}, reason));
  NoteEnd(id, executed);
}

void ReferenceMarket::Take(OrderId taker, const std::vector<BookEvent>& events, Lines* lines) {
  std::map<OrderId, QuantityLots> executed;
  for (const auto& [id, order] : orders_) {
    executed[id] = order.cumulative;
  }
  const bool stops_wait = std::any_of(specials_.begin(), specials_.end(),
                                      [](const auto& row) { return row.second.waits_for_trigger; });
  const Lines followed = Follow(taker, events);
  lines->insert(lines->end(), followed.begin(), followed.end());
  for (const BookEvent& event : events) {
    if (event.kind == BookEventKind::kFilled) {
      last_ = event.price.value;
      if (stops_wait) {
        low_ = low_ == 0 ? last_ : std::min(low_, last_);
        high_ = std::max(high_, last_);
      }
      executed[event.order] += event.quantity;
      executed[taker] += event.quantity;
      Touch(event.order);
      Touch(taker);
      if (event.leaves.value == 0) {
        NoteEnd(event.order, executed[event.order]);
      }
    } else if (event.kind == BookEventKind::kMakerCanceled && event.leaves.value == 0) {
      NoteEnd(event.order, executed[event.order]);
    } else if (event.kind == BookEventKind::kMakerCanceled ||
               event.kind == BookEventKind::kTakerCanceled) {
      Touch(event.order);
    }
  }
  if (!IsOpen(taker)) {
    NoteEnd(taker, executed[taker]);
  }
  std::erase_if(specials_, [&](const auto& row) { return !IsOpen(row.first); });
}

void ReferenceMarket::Enter(OrderId id, Lines* lines) {
  const Special special = specials_.at(id);
  IncomingOrder order = ReferenceBook::ToIncoming(book().Find(id), book().SideOf(id));
  if (special.terms.type == OrderType::kStop) {
    order.type = OrderType::kMarket;
    order.time_in_force = TimeInForce::kIoc;
  }
  std::vector<BookEvent> events;
  if (book().Enter(order, &events).outcome == BookOutcome::kRejected) {
    End(id, CancelReason::kImmediateOrCancel, lines);
    return;
  }
  Take(id, events, lines);
}

void ReferenceMarket::AwaitTrigger(OrderId id) {
  Special& row = specials_.at(id);
  row.waits_for_trigger = true;
  row.waits_since = ++clock_;
  if (OnTrades(row.terms) && Reaches(last_, row.terms.side, row.stop)) {
    low_ = low_ == 0 ? last_ : std::min(low_, last_);
    high_ = std::max(high_, last_);
  }
}

void ReferenceMarket::ForgetTradesIfNoneWaits() {
  if (std::none_of(specials_.begin(), specials_.end(),
                   [](const auto& row) { return row.second.waits_for_trigger; })) {
    low_ = 0;
    high_ = 0;
  }
}

void ReferenceMarket::Start(OrderId id, Lines* lines) {
  if (IsStop(specials_.at(id).terms.type)) {
    AwaitTrigger(id);
  } else {
    Enter(id, lines);
  }
}

int64_t ReferenceMarket::PegPrice(const NewOrderCommand& terms) const {
  const int64_t bid = Best(Side::kBuy);
  const int64_t ask = Best(Side::kSell);
  const bool buys = terms.side == Side::kBuy;
  int64_t price = 0;
  if (terms.peg == PegReference::kMid) {
    price = bid == 0 || ask == 0 ? 0 : (bid + ask + (buys ? 0 : 1)) / 2;
  } else {
    price = (terms.peg == PegReference::kPrimary) == buys ? bid : ask;
  }
  if (price == 0) {
    return 0;
  }
  price += terms.offset;
  price = buys ? std::min({price, terms.price.value, ask == 0 ? price : ask - 1})
               : std::max({price, terms.price.value, bid == 0 ? price : bid + 1});
  return std::max<int64_t>(0, price);
}

// The oldest that is not where it should be.
bool ReferenceMarket::RepriceNext(Lines* lines) {
  for (auto& [id, row] : specials_) {
    const int64_t price = row.is_peg ? PegPrice(row.terms) : 0;
    if (!row.is_peg || price == row.peg_price) {
      continue;
    }
    row.peg_price = price;
    if (!book().IsDormant(id)) {
      book().Park(id);
    }
    lines->push_back(RestateLine(id, RestateReason::kPeg, {price}));
    if (price != 0) {
      std::vector<BookEvent> ignored;
      book().Replace(id, {price}, book().Find(id).leaves, &ignored);
      Enter(id, lines);
    }
    return true;
  }
  return false;
}

bool ReferenceMarket::ExecuteAllOrNone(Lines* lines) {
  for (const Side side : {Side::kBuy, Side::kSell}) {
    if (const std::optional<OrderId> id = book().FindExecutable(side)) {
      std::vector<BookEvent> events;
      book().Execute(*id, &events);
      Take(*id, events, lines);
      return true;
    }
  }
  return false;
}

// Last trade before best price, buys before sells; the price that is reached first; the oldest.
ReferenceMarket::Due ReferenceMarket::FirstDue() const {
  using Rank = std::tuple<bool, bool, int64_t, uint64_t>;
  Due first;
  Rank best;
  for (const auto& [id, row] : specials_) {
    const bool buys = row.terms.side == Side::kBuy;
    const int64_t price = !OnTrades(row.terms) ? Best(row.terms.side) : buys ? high_ : low_;
    const Rank rank = {!OnTrades(row.terms), !buys, buys ? row.stop : -row.stop, row.waits_since};
    if (row.waits_for_trigger && Reaches(price, row.terms.side, row.stop) &&
        (first.id == OrderId{} || rank < best)) {
      first = {.id = id, .price = {price}};
      best = rank;
    }
  }
  return first;
}

bool ReferenceMarket::TriggerNext(Lines* lines) {
  const Due due = FirstDue();
  if (due.id == OrderId{}) {
    low_ = 0;
    high_ = 0;
    return false;
  }
  if (const GroupKey key = GroupOf(due.id);
      groups_.contains(key) && groups_.at(key).stage == Stage::kOneCancels) {
    EndGroup(key, due.id, lines);
  }
  Special& row = specials_.at(due.id);
  row.waits_for_trigger = false;
  ForgetTradesIfNoneWaits();
  const OrderType becomes =
      row.terms.type == OrderType::kStop ? OrderType::kMarket : OrderType::kLimit;
  lines->push_back(TriggerLine(due.id, becomes, due.price));
  Enter(due.id, lines);
  return true;
}

bool ReferenceMarket::Step(Lines* lines) {
  for (std::vector<GroupKey>* const queue : {&cancels_due_, &starts_due_}) {
    if (!queue->empty()) {
      const GroupKey key = queue->front();
      queue->erase(queue->begin());
      Resolve(key, lines);
      return true;
    }
  }
  return ExecuteAllOrNone(lines) || TriggerNext(lines) || RepriceNext(lines);
}

void ReferenceMarket::EndTurn(Lines* lines) {
  while (Step(lines)) {
  }
}

}  // namespace tally
