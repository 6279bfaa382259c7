#include "tests/engine/core/reference_venue.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace tally {
namespace {

std::string FillLine(OrderId id, const BookEvent& fill, QuantityLots leaves, int64_t fee) {
  return absl::StrCat("fill ", Raw(id), " ", fill.quantity.value, " at ", fill.price.value,
                      " leaves ", leaves.value, " fee ", fee);
}

}  // namespace

std::string RejectLine(RejectReason reason) { return absl::StrCat("reject ", Raw(reason)); }

std::string CancelLine(OrderId id, QuantityLots canceled, QuantityLots leaves,
                       CancelReason reason) {
  return absl::StrCat("cancel ", Raw(id), " ", canceled.value, " leaves ", leaves.value, " reason ",
                      static_cast<int>(reason));
}

std::string RestateLine(OrderId id, RestateReason reason, PriceTicks price) {
  return absl::StrCat("restate ", Raw(id), " reason ", Raw(reason), " at ", price.value);
}

std::string TriggerLine(OrderId id, OrderType becomes, PriceTicks trigger_price) {
  return absl::StrCat("trigger ", Raw(id), " as ", Raw(becomes), " by ", trigger_price.value);
}

void ReferenceVenue::DefineInstrument(InstrumentId id, const DefineInstrumentCommand& terms) {
  instruments_.try_emplace(id, Instrument{terms, ReferenceBook(open_orders_)});
  instruments_.at(id).terms = terms;
}

int64_t ReferenceVenue::FloorFee(__int128 notional, int32_t rate) {
  const __int128 product = notional * (rate < 0 ? -rate : rate) / 1'000'000;
  return static_cast<int64_t>(rate < 0 ? -product : product);
}

int64_t ReferenceVenue::HoldOf(const Order& order) const {
  const DefineInstrumentCommand& terms = instruments_.at(order.instrument).terms;
  if (order.side == Side::kSell) {
    return order.leaves.value * terms.lot_quanta.value;
  }
  const int64_t notional = order.price.value * order.leaves.value * terms.tick_quanta.value;
  return notional + FloorFee(notional, std::max(order.maker_fee, order.taker_fee));
}

AssetId ReferenceVenue::HoldAsset(const Order& order) const {
  const DefineInstrumentCommand& terms = instruments_.at(order.instrument).terms;
  return order.side == Side::kSell ? terms.base_asset : terms.quote_asset;
}

int64_t ReferenceVenue::total(AccountId account, AssetId asset) const {
  const auto found = totals_.find({account, asset});
  return found == totals_.end() ? 0 : found->second;
}

int64_t ReferenceVenue::held(AccountId account, AssetId asset) const {
  int64_t sum = 0;
  for (const auto& [id, order] : orders_) {
    if (order.account == account && HoldAsset(order) == asset) {
      sum += HeldBy(id, order);
    }
  }
  return sum;
}

std::vector<std::string> ReferenceVenue::NewOrder(const Command& command, OrderId next_id) {
  const NewOrderCommand& terms = command.new_order;
  Instrument& instrument = instruments_.at(command.instrument);
  const Order order = {.session = command.session,
                       .account = command.account,
                       .instrument = command.instrument,
                       .side = terms.side,
                       .price = terms.price,
                       .leaves = terms.quantity,
                       .cumulative = {},
                       .maker_fee = instrument.terms.maker_fee_hundredths_bp,
                       .taker_fee = instrument.terms.taker_fee_hundredths_bp};
  if (terms.time_in_force == TimeInForce::kGtc && orders_.size() >= open_orders_) {
    return {RejectLine(RejectReason::kCapacity)};
  }
  if (HoldOf(order) > available(order.account, HoldAsset(order))) {
    return {RejectLine(RejectReason::kInsufficientBalance)};
  }
  std::vector<BookEvent> events;
  const ReferenceResult result =
      instrument.book.Submit({.id = next_id,
                              .owner = OrderOwner{Raw(order.account)},
                              .price = order.price,
                              .quantity = order.leaves,
                              .side = order.side,
                              .type = terms.type,
                              .time_in_force = terms.time_in_force,
                              .self_trade_prevention = terms.self_trade_prevention,
                              .post_only = (terms.flags & kOrderFlagPostOnly) != 0},
                             &events);
  if (result.outcome == BookOutcome::kRejected) {
    return {RejectLine(result.reject_reason)};
  }
  orders_[next_id] = order;
  return Follow(next_id, events);
}

std::vector<std::string> ReferenceVenue::ReplaceOrder(const Command& command) {
  const ReplaceOrderCommand& replace = command.replace_order;
  const auto found = orders_.find(replace.target.order_id);
  if (found == orders_.end() || found->second.session != command.session) {
    return {RejectLine(RejectReason::kUnknownOrder)};
  }
  Instrument& instrument = instruments_.at(found->second.instrument);
  Order order = found->second;
  if (replace.quantity <= order.cumulative) {
    return {RejectLine(RejectReason::kBelowFilled)};
  }
  order.price = replace.price;
  order.leaves = replace.quantity - order.cumulative;
  order.maker_fee = instrument.terms.maker_fee_hundredths_bp;
  order.taker_fee = instrument.terms.taker_fee_hundredths_bp;
  if (HoldOf(order) > available(order.account, HoldAsset(order)) + HoldOf(found->second)) {
    return {RejectLine(RejectReason::kInsufficientBalance)};
  }
  std::vector<BookEvent> events;
  const ReferenceResult result =
      instrument.book.Replace(found->first, order.price, order.leaves, &events);
  if (result.outcome == BookOutcome::kRejected) {
    return {RejectLine(result.reject_reason)};
  }
  found->second = order;
  return Follow(found->first, events);
}

std::vector<std::string> ReferenceVenue::CancelOrder(SessionIndex session, OrderId id) {
  const auto found = orders_.find(id);
  if (found == orders_.end() || found->second.session != session) {
    return {RejectLine(RejectReason::kUnknownOrder)};
  }
  const QuantityLots leaves = *instruments_.at(found->second.instrument).book.Cancel(id);
  orders_.erase(found);
  return {CancelLine(id, leaves, {}, CancelReason::kRequest)};
}

std::vector<std::string> ReferenceVenue::MassCancel(SessionIndex session) {
  std::vector<std::string> lines;
  for (auto& [id, instrument] : instruments_) {
    for (const Side side : {Side::kBuy, Side::kSell}) {
      for (const BookOrder& order : instrument.book.Orders(side)) {
        if (orders_.at(order.id).session == session) {
          lines.push_back(CancelLine(order.id, order.leaves, {}, CancelReason::kMassCancel));
          instrument.book.Cancel(order.id);
          orders_.erase(order.id);
        }
      }
    }
  }
  return lines;
}

void ReferenceVenue::Settle(const Order& order, const BookEvent& fill, int64_t fee) {
  const DefineInstrumentCommand& terms = instruments_.at(order.instrument).terms;
  const int64_t notional = fill.price.value * fill.quantity.value * terms.tick_quanta.value;
  const int64_t base = fill.quantity.value * terms.lot_quanta.value;
  const int64_t sign = order.side == Side::kBuy ? 1 : -1;
  Move(order.account, terms.base_asset, sign * base);
  Move(order.account, terms.quote_asset, -sign * notional - fee);
  Move(terms.fee_account, terms.quote_asset, fee);
}

void ReferenceVenue::Trade(OrderId taker_id, const BookEvent& event,
                           std::vector<std::string>* lines) {
  Order& maker = orders_.at(event.order);
  Order& taker = orders_.at(taker_id);
  const DefineInstrumentCommand& terms = instruments_.at(maker.instrument).terms;
  const __int128 notional =
      static_cast<__int128>(event.price.value) * event.quantity.value * terms.tick_quanta.value;
  const int64_t taker_fee = FloorFee(notional, taker.taker_fee);
  const int64_t maker_fee = std::max(FloorFee(notional, maker.maker_fee), -taker_fee);
  Settle(maker, event, maker_fee);
  Settle(taker, event, taker_fee);
  maker.cumulative += event.quantity;
  taker.cumulative += event.quantity;
  maker.leaves = event.leaves;
  taker.leaves = event.taker_leaves;
  lines->push_back(FillLine(event.order, event, event.leaves, maker_fee));
  lines->push_back(FillLine(taker_id, event, event.taker_leaves, taker_fee));
  lines->push_back(absl::StrCat("trade ", event.quantity.value, " at ", event.price.value));
}

std::vector<std::string> ReferenceVenue::Follow(OrderId taker,
                                                const std::vector<BookEvent>& events) {
  std::vector<std::string> lines;
  for (const BookEvent& event : events) {
    switch (event.kind) {
      case BookEventKind::kAccepted:
        lines.push_back(absl::StrCat("accept ", Raw(event.order)));
        break;
      case BookEventKind::kReplaced:
        lines.push_back(absl::StrCat("replace ", Raw(event.order), " to ", event.leaves.value,
                                     " at ", event.price.value,
                                     event.kept_priority ? " kept" : ""));
        break;
      case BookEventKind::kFilled:
        Trade(taker, event, &lines);
        break;
      case BookEventKind::kEntered:
        break;
      case BookEventKind::kSlid:
        orders_.at(event.order).price = event.price;
        lines.push_back(RestateLine(event.order, RestateReason::kSlide, event.price));
        break;
      case BookEventKind::kRefreshed:
        lines.push_back(RestateLine(event.order, RestateReason::kRefresh, event.price));
        break;
      case BookEventKind::kMakerCanceled:
      case BookEventKind::kTakerCanceled:
        orders_.at(event.order).leaves = event.leaves;
        lines.push_back(CancelLine(event.order, event.quantity, event.leaves, event.reason));
        break;
    }
  }
  std::erase_if(orders_, [](const auto& row) { return row.second.leaves.value == 0; });
  return lines;
}

std::vector<std::string> DescribeEvents(const std::vector<Event>& events) {
  std::vector<std::string> lines;
  for (const Event& event : events) {
    if (event.type == EventType::kOrderAccepted) {
      lines.push_back(absl::StrCat("accept ", Raw(event.order_id)));
    } else if (event.type == EventType::kOrderReplaced) {
      lines.push_back(absl::StrCat("replace ", Raw(event.order_id), " to ",
                                   event.replaced.leaves.value, " at ", event.replaced.price.value,
                                   event.replaced.kept_priority == 1 ? " kept" : ""));
    } else if (event.type == EventType::kOrderFilled) {
      const BookEvent fill = {.kind = BookEventKind::kFilled,
                              .order = event.order_id,
                              .price = event.filled.price,
                              .quantity = event.filled.quantity};
      lines.push_back(FillLine(event.order_id, fill, event.filled.leaves, event.filled.fee.value));
    } else if (event.type == EventType::kTrade) {
      lines.push_back(
          absl::StrCat("trade ", event.trade.quantity.value, " at ", event.trade.price.value));
    } else if (event.type == EventType::kOrderCanceled) {
      lines.push_back(CancelLine(event.order_id, event.canceled.canceled, event.canceled.leaves,
                                 event.canceled.reason));
    } else if (event.type == EventType::kOrderRestated) {
      lines.push_back(RestateLine(event.order_id, event.restated.reason, event.restated.price));
    } else if (event.type == EventType::kOrderTriggered) {
      lines.push_back(
          TriggerLine(event.order_id, event.triggered.order_type, event.triggered.trigger_price));
    } else if (event.type == EventType::kOrderRejected ||
               event.type == EventType::kCancelRejected) {
      lines.push_back(RejectLine(event.rejected.reason));
    }
  }
  return lines;
}

}  // namespace tally
