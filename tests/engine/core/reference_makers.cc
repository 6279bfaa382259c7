#include "tests/engine/core/reference_makers.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "tests/engine/core/reference_venue.h"

namespace tally {
namespace {

std::string FillLine(OrderId id, PriceTicks price, QuantityLots quantity, int64_t fee) {
  return absl::StrCat("fill ", Raw(id), " ", quantity.value, " at ", price.value, " fee ", fee);
}

std::string SideLine(OrderId id, QuantityLots leaves, RejectReason reason) {
  return absl::StrCat(Raw(id), " ", leaves.value, " ", Raw(reason));
}

std::string TripLine(AccountId account, uint16_t group, const std::array<int64_t, 4>& counters) {
  return absl::StrCat("trip ", Raw(account), " ", group, " ", counters[0], " ", counters[1], " ",
                      counters[2], " canceled ", counters[3]);
}

}  // namespace

void ReferenceMakers::DefineInstrument(InstrumentId id, const DefineInstrumentCommand& terms) {
  instruments_.try_emplace(id, Instrument{terms, ReferenceBook(open_orders_)});
}

int64_t ReferenceMakers::total(AccountId account, AssetId asset) const {
  const auto found = totals_.find({account, asset});
  return found == totals_.end() ? 0 : found->second;
}

int64_t ReferenceMakers::held(AccountId account, AssetId asset) const {
  int64_t sum = 0;
  for (const auto& [id, order] : orders_) {
    sum += order.account == account && HoldAsset(order) == asset ? HoldOf(order) : 0;
  }
  return sum;
}

Lines ReferenceMakers::Apply(const Command& command) {
  time_ns_ = command.timestamp_ns;
  tripped_.clear();
  switch (command.type) {
    case CommandType::kNewOrder:
      return NewOrder(command);
    case CommandType::kCancelOrder:
      return CancelOrder(command);
    case CommandType::kQuote:
      return Quote(command);
    case CommandType::kMassCancel:
      return MassCancel(command);
    case CommandType::kKillSwitch:
      return KillSwitch(command);
    case CommandType::kDefineFees:
      return DefineFees(command);
    case CommandType::kResetProtection:
      return Reset(command);
    case CommandType::kDefineProtection:
      groups_[{command.account, command.define_protection.maker_group}].limits =
          command.define_protection;
      return {};
    case CommandType::kDefineAccount:
      classes_[command.account] = command.define_account.fee_class;
      return {};
    case CommandType::kReplaceOrder:
    case CommandType::kOrderQuery:
    case CommandType::kAccountQuery:
    case CommandType::kSignOrder:
    case CommandType::kOpenSession:
    case CommandType::kDefineAsset:
    case CommandType::kDefineInstrument:
    case CommandType::kStateHashMark:
    case CommandType::kTimer:
    case CommandType::kSetPhase:
    case CommandType::kDefineRules:
    case CommandType::kDeposit:
    case CommandType::kWithdraw:
    case CommandType::kBatchSettled:
    case CommandType::kBatchStatus:
    case CommandType::kDispute:
    case CommandType::kDefineExposure:
      break;
  }
  return {"unexpected"};
}

bool ReferenceMakers::Killed(const Command& command) const {
  return killed_venue_ || killed_accounts_.contains(command.account) ||
         killed_sessions_.contains(command.session);
}

Lines ReferenceMakers::NewOrder(const Command& command) {
  const NewOrderCommand& terms = command.new_order;
  if (Killed(command)) {
    return {RejectLine(RejectReason::kKillSwitch)};
  }
  const auto group = groups_.find({command.account, terms.maker_group});
  if (terms.maker_group != 0 && group == groups_.end()) {
    return {RejectLine(RejectReason::kUnknownMakerGroup)};
  }
  if (terms.maker_group != 0 && group->second.tripped) {
    return {RejectLine(RejectReason::kProtectionTripped)};
  }
  if (terms.time_in_force == TimeInForce::kGtc && orders_.size() >= open_orders_) {
    return {RejectLine(RejectReason::kCapacity)};
  }
  const Order order = {.session = command.session,
                       .account = command.account,
                       .instrument = command.instrument,
                       .side = terms.side,
                       .price = terms.price,
                       .leaves = terms.quantity,
                       .fees = FeesOf(command.account, command.instrument),
                       .maker_group = terms.maker_group,
                       .entry = {}};
  if (HoldOf(order) > available(order.account, HoldAsset(order))) {
    return {RejectLine(RejectReason::kInsufficientBalance)};
  }
  Lines lines = {absl::StrCat("accept ", next_order_id_)};
  const RejectReason reason = Enter(OrderId{next_order_id_}, order,
                                    {.self_trade_prevention = terms.self_trade_prevention,
                                     .time_in_force = terms.time_in_force,
                                     .post_only = (terms.flags & kOrderFlagPostOnly) != 0},
                                    &lines);
  if (reason != RejectReason::kNone) {
    return {RejectLine(reason)};
  }
  EndTurn(&lines);
  return lines;
}

Lines ReferenceMakers::CancelOrder(const Command& command) {
  const OrderId id = command.cancel_order.target.order_id;
  const auto found = orders_.find(id);
  if (found == orders_.end() || found->second.account != command.account) {
    return {RejectLine(RejectReason::kUnknownOrder)};
  }
  Lines lines;
  CancelAll(
      CancelReason::kRequest, [&](OrderId other, const Order&) { return other == id; }, &lines);
  return lines;
}

RejectReason ReferenceMakers::CheckQuote(const Command& command) const {
  const QuoteCommand& quote = command.quote;
  const bool withdraws = quote.bid_quantity.value == 0 && quote.ask_quantity.value == 0;
  if (Killed(command) && !withdraws) {
    return RejectReason::kKillSwitch;
  }
  if (quote.entry >= kMaxQuoteEntries) {
    return RejectReason::kUnsupported;
  }
  const auto group = groups_.find({command.account, quote.maker_group});
  if (group == groups_.end()) {
    return RejectReason::kUnknownMakerGroup;
  }
  if (group->second.tripped && !withdraws) {
    return RejectReason::kProtectionTripped;
  }
  const bool both = quote.bid_quantity.value != 0 && quote.ask_quantity.value != 0;
  return both && quote.bid_price >= quote.ask_price ? RejectReason::kSelfTrade
                                                    : RejectReason::kNone;
}

Lines ReferenceMakers::Quote(const Command& command) {
  const QuoteCommand& quote = command.quote;
  if (const RejectReason reason = CheckQuote(command); reason != RejectReason::kNone) {
    return {RejectLine(reason)};
  }
  Lines lines;
  const auto key = [&](Side side) {
    return EntryKey{command.session, command.instrument, quote.entry, side};
  };
  for (const Side side : {Side::kBuy, Side::kSell}) {
    const QuantityLots asked = side == Side::kBuy ? quote.bid_quantity : quote.ask_quantity;
    if (asked.value == 0 && entries_.contains(key(side))) {
      const OrderId id = entries_.at(key(side));
      CancelAll(
          CancelReason::kQuoteReplaced, [&](OrderId other, const Order&) { return other == id; },
          &lines);
    }
  }
  const auto ask = entries_.find(key(Side::kSell));
  const bool ask_first = ask != entries_.end() && quote.bid_quantity.value != 0 &&
                         quote.bid_price >= orders_.at(ask->second).price;
  std::map<Side, RejectReason> reasons;
  for (const Side side : {ask_first ? Side::kSell : Side::kBuy, Side::kBuy, Side::kSell}) {
    if (!reasons.contains(side)) {
      reasons[side] = PutSide(command, side, &lines);
    }
  }
  std::string line = absl::StrCat("quote ", quote.entry);
  for (const Side side : {Side::kBuy, Side::kSell}) {
    const auto found = entries_.find(key(side));
    const OrderId id = found == entries_.end() ? OrderId{} : found->second;
    const QuantityLots leaves = found == entries_.end() ? QuantityLots{} : orders_.at(id).leaves;
    absl::StrAppend(&line, " ", SideLine(id, leaves, reasons[side]));
  }
  lines.push_back(line);
  EndTurn(&lines);
  return lines;
}

RejectReason ReferenceMakers::PutSide(const Command& command, Side side, Lines* lines) {
  const QuoteCommand& quote = command.quote;
  const bool buy = side == Side::kBuy;
  const Order order = {.session = command.session,
                       .account = command.account,
                       .instrument = command.instrument,
                       .side = side,
                       .price = buy ? quote.bid_price : quote.ask_price,
                       .leaves = buy ? quote.bid_quantity : quote.ask_quantity,
                       .fees = FeesOf(command.account, command.instrument),
                       .maker_group = quote.maker_group,
                       .entry = quote.entry};
  if (order.leaves.value == 0) {
    return RejectReason::kNone;
  }
  const DefineInstrumentCommand& terms = instruments_.at(command.instrument).terms;
  if (order.price.value < 1 || order.price > terms.price_max) {
    return RejectReason::kBadTick;
  }
  if (order.leaves < terms.quantity_min || order.leaves > terms.quantity_max) {
    return RejectReason::kBadLot;
  }
  if (groups_.at({command.account, quote.maker_group}).tripped) {
    return RejectReason::kProtectionTripped;
  }
  const EntryKey key = {command.session, command.instrument, quote.entry, side};
  const auto found = entries_.find(key);
  if (found == entries_.end()) {
    return EnterSide(command, order, lines);
  }
  return ReplaceSide(command, found->second, order, lines);
}

RejectReason ReferenceMakers::EnterSide(const Command& command, const Order& order, Lines* lines) {
  if (orders_.size() >= open_orders_) {
    return RejectReason::kCapacity;
  }
  if (HoldOf(order) > available(order.account, HoldAsset(order))) {
    return RejectReason::kInsufficientBalance;
  }
  const auto other = entries_.find(
      {command.session, command.instrument, command.quote.entry, Opposite(order.side)});
  if (other != entries_.end()) {
    const PriceTicks price = orders_.at(other->second).price;
    if (order.side == Side::kBuy ? order.price >= price : order.price <= price) {
      return RejectReason::kSelfTrade;
    }
  }
  return Enter(OrderId{next_order_id_}, order,
               {.self_trade_prevention = command.quote.self_trade_prevention,
                .time_in_force = TimeInForce::kGtc,
                .post_only = (command.quote.flags & kOrderFlagPostOnly) != 0},
               lines);
}

RejectReason ReferenceMakers::ReplaceSide(const Command& command, OrderId id, const Order& order,
                                          Lines* lines) {
  Order after = order;
  const Order& before = orders_.at(id);
  after.traded = before.traded;
  if (before.traded) {
    after.fees.minimum = before.fees.minimum;
    after.accrued = before.accrued;
    after.paid = before.paid;
  }
  if (HoldOf(after) > available(after.account, HoldAsset(after)) + HoldOf(before)) {
    return RejectReason::kInsufficientBalance;
  }
  const auto other = entries_.find(
      {command.session, command.instrument, command.quote.entry, Opposite(order.side)});
  if (other != entries_.end()) {
    const PriceTicks price = orders_.at(other->second).price;
    if (order.side == Side::kBuy ? order.price >= price : order.price <= price) {
      return RejectReason::kSelfTrade;
    }
  }
  ReferenceBook& book = instruments_.at(order.instrument).book;
  const BookOrder resting = book.Find(id);
  if (resting.self_trade_prevention != command.quote.self_trade_prevention ||
      resting.post_only != ((command.quote.flags & kOrderFlagPostOnly) != 0) ||
      before.maker_group != command.quote.maker_group) {
    return RejectReason::kNotReplaceable;
  }
  std::vector<BookEvent> events;
  const ReferenceResult result = book.Replace(id, order.price, order.leaves, &events);
  if (result.outcome == BookOutcome::kRejected) {
    return result.reject_reason;
  }
  orders_.at(id) = after;
  Follow(id, events, lines);
  return RejectReason::kNone;
}

Lines ReferenceMakers::MassCancel(const Command& command) {
  const MassCancelCommand& terms = command.mass_cancel;
  if (terms.maker_group != 0 && !groups_.contains({command.account, terms.maker_group})) {
    return {RejectLine(RejectReason::kUnknownMakerGroup)};
  }
  Lines lines;
  const uint32_t canceled = CancelAll(
      CancelReason::kMassCancel,
      [&](OrderId, const Order& order) {
        return order.account == command.account &&
               (terms.scope == MassCancelScope::kAccount || order.session == command.session) &&
               (command.instrument == InstrumentId{} || order.instrument == command.instrument) &&
               (terms.side == 0 || terms.side == Raw(order.side)) &&
               (terms.maker_group == 0 || order.maker_group == terms.maker_group) &&
               (terms.quotes_only == 0 || order.entry.has_value());
      },
      &lines);
  lines.push_back(absl::StrCat("canceled ", canceled));
  return lines;
}

Lines ReferenceMakers::KillSwitch(const Command& command) {
  const KillSwitchCommand& terms = command.kill_switch;
  const bool engage = terms.engaged == 1;
  if (terms.scope == KillScope::kVenue) {
    killed_venue_ = engage;
  } else if (terms.scope == KillScope::kAccount) {
    engage ? static_cast<void>(killed_accounts_.insert(command.account))
           : static_cast<void>(killed_accounts_.erase(command.account));
  } else {
    engage ? static_cast<void>(killed_sessions_.insert(terms.session))
           : static_cast<void>(killed_sessions_.erase(terms.session));
  }
  Lines lines;
  const uint32_t canceled = CancelAll(
      CancelReason::kKillSwitch,
      [&](OrderId, const Order& order) {
        return engage &&
               (terms.scope == KillScope::kVenue ||
                (terms.scope == KillScope::kAccount && order.account == command.account) ||
                (terms.scope == KillScope::kSession && order.session == terms.session));
      },
      &lines);
  lines.push_back(
      absl::StrCat("kill ", static_cast<int>(terms.scope), " ", terms.engaged, " ", canceled));
  return lines;
}

Lines ReferenceMakers::DefineFees(const Command& command) {
  const DefineFeesCommand& terms = command.define_fees;
  const std::pair<uint8_t, InstrumentId> key = {terms.fee_class, command.instrument};
  if (terms.remove == 1) {
    return schedule_.erase(key) == 0 ? Lines{RejectLine(RejectReason::kBadDefinition)} : Lines{};
  }
  schedule_[key] = {.maker = terms.maker_fee_hundredths_bp,
                    .taker = terms.taker_fee_hundredths_bp,
                    .minimum = terms.minimum_fee.value};
  return {};
}

Lines ReferenceMakers::Reset(const Command& command) {
  const auto found = groups_.find({command.account, command.reset_protection.maker_group});
  if (found == groups_.end()) {
    return {RejectLine(RejectReason::kUnknownMakerGroup)};
  }
  const DefineProtectionCommand limits = found->second.limits;
  found->second = {.limits = limits};
  return {};
}

ReferenceMakers::Fees ReferenceMakers::FeesOf(AccountId account, InstrumentId instrument) const {
  const auto found = classes_.find(account);
  const uint8_t fee_class = found == classes_.end() ? uint8_t{0} : found->second;
  for (const InstrumentId row : {instrument, InstrumentId{}}) {
    if (const auto own = schedule_.find({fee_class, row}); own != schedule_.end()) {
      return own->second;
    }
  }
  const DefineInstrumentCommand& terms = instruments_.at(instrument).terms;
  return {.maker = terms.maker_fee_hundredths_bp, .taker = terms.taker_fee_hundredths_bp};
}

int64_t ReferenceMakers::RateFee(__int128 notional, int32_t rate) {
  return static_cast<int64_t>(notional * rate / 1'000'000);  // Towards 0.
}

int64_t ReferenceMakers::Notional(const Order& order, PriceTicks price,
                                  QuantityLots quantity) const {
  return price.value * quantity.value * instruments_.at(order.instrument).terms.tick_quanta.value;
}

int64_t ReferenceMakers::HoldOf(const Order& order) const {
  if (order.leaves.value == 0) {
    return 0;
  }
  if (order.side == Side::kSell) {
    return order.leaves.value * instruments_.at(order.instrument).terms.lot_quanta.value;
  }
  const int64_t notional = Notional(order, order.price, order.leaves);
  const int64_t fee = RateFee(notional, std::max({order.fees.maker, order.fees.taker, 0}));
  if (order.fees.minimum == 0) {
    return notional + fee;
  }
  return notional + std::max(order.fees.minimum, order.accrued + fee) - order.paid;
}

AssetId ReferenceMakers::HoldAsset(const Order& order) const {
  const DefineInstrumentCommand& terms = instruments_.at(order.instrument).terms;
  return order.side == Side::kSell ? terms.base_asset : terms.quote_asset;
}

RejectReason ReferenceMakers::Enter(OrderId id, const Order& order, const Entry& entry,
                                    Lines* lines) {
  std::vector<BookEvent> events;
  const ReferenceResult result =
      instruments_.at(order.instrument)
          .book.Submit({.id = id,
                        .owner = OrderOwner{Raw(order.account)},
                        .price = order.price,
                        .quantity = order.leaves,
                        .side = order.side,
                        .type = OrderType::kLimit,
                        .time_in_force = entry.time_in_force,
                        .self_trade_prevention = entry.self_trade_prevention,
                        .post_only = entry.post_only},
                       &events);
  if (result.outcome == BookOutcome::kRejected) {
    return result.reject_reason;
  }
  ++next_order_id_;
  orders_[id] = order;
  if (order.entry.has_value()) {
    entries_[{order.session, order.instrument, *order.entry, order.side}] = id;
  }
  Follow(id, events, lines);
  return RejectReason::kNone;
}

void ReferenceMakers::Follow(OrderId taker, const std::vector<BookEvent>& events, Lines* lines) {
  for (const BookEvent& event : events) {
    if (event.kind == BookEventKind::kFilled) {
      Trade(taker, event, lines);
    } else if (event.kind == BookEventKind::kMakerCanceled ||
               event.kind == BookEventKind::kTakerCanceled) {
      orders_.at(event.order).leaves = event.leaves;
      lines->push_back(CancelLine(event.order, event.quantity, event.leaves, event.reason));
    }
  }
  std::vector<OrderId> ended;
  for (const auto& [id, order] : orders_) {
    if (order.leaves.value == 0) {
      ended.push_back(id);
    }
  }
  for (const OrderId id : ended) {
    Forget(id);
  }
}

void ReferenceMakers::Trade(OrderId taker_id, const BookEvent& event, Lines* lines) {
  Order& maker = orders_.at(event.order);
  Order& taker = orders_.at(taker_id);
  const int64_t notional = Notional(maker, event.price, event.quantity);
  const int64_t taker_fee = Charge(&taker, notional, RateFee(notional, taker.fees.taker));
  const int64_t maker_fee =
      Charge(&maker, notional, std::max(RateFee(notional, maker.fees.maker), -taker_fee));
  Settle(maker, event, maker_fee);
  Settle(taker, event, taker_fee);
  maker.leaves = event.leaves;
  taker.leaves = event.taker_leaves;
  lines->push_back(FillLine(event.order, event.price, event.quantity, maker_fee));
  lines->push_back(FillLine(taker_id, event.price, event.quantity, taker_fee));
  Count(maker, event.quantity);
  Count(taker, event.quantity);
}

int64_t ReferenceMakers::Charge(Order* order, int64_t notional, int64_t rate_fee) {
  order->traded = true;
  if (order->fees.minimum == 0) {
    return rate_fee;
  }
  order->accrued += rate_fee;
  int64_t charge = std::max(order->fees.minimum, order->accrued) - order->paid;
  if (order->side == Side::kSell) {
    charge = std::min(charge, notional);
  }
  order->paid += charge;
  return charge;
}

void ReferenceMakers::Settle(const Order& order, const BookEvent& fill, int64_t fee) {
  const DefineInstrumentCommand& terms = instruments_.at(order.instrument).terms;
  const int64_t notional = Notional(order, fill.price, fill.quantity);
  const int64_t base = fill.quantity.value * terms.lot_quanta.value;
  const int64_t sign = order.side == Side::kBuy ? 1 : -1;
  Deposit(order.account, terms.base_asset, sign * base);
  Deposit(order.account, terms.quote_asset, -sign * notional - fee);
  Deposit(terms.fee_account, terms.quote_asset, fee);
}

void ReferenceMakers::Count(const Order& order, QuantityLots quantity) {
  if (order.maker_group == 0) {
    return;
  }
  const GroupKey key = {order.account, order.maker_group};
  Group& group = groups_.at(key);
  const bool ended =
      group.limits.window_ns != 0 && time_ns_ >= group.window_start + group.limits.window_ns;
  if (group.count == 0 || ended) {
    group.quantity = group.net = group.count = 0;
    group.window_start = time_ns_;
  }
  group.quantity += quantity.value;
  group.net += order.side == Side::kBuy ? quantity.value : -quantity.value;
  ++group.count;
  const auto reached = [](int64_t counted, int64_t limit) { return limit > 0 && counted >= limit; };
  if (!group.tripped && (reached(group.quantity, group.limits.quantity_max.value) ||
                         reached(std::max(group.net, -group.net), group.limits.delta_max.value) ||
                         reached(group.count, group.limits.count_max))) {
    group.tripped = true;
    tripped_.emplace_back(key, order.session);
  }
}

template <typename Predicate>
uint32_t ReferenceMakers::CancelAll(CancelReason reason, Predicate in_scope, Lines* lines) {
  uint32_t canceled = 0;
  for (auto& [id, instrument] : instruments_) {
    for (const Side side : {Side::kBuy, Side::kSell}) {
      for (const BookOrder& resting : instrument.book.Orders(side)) {
        if (in_scope(resting.id, orders_.at(resting.id))) {
          lines->push_back(CancelLine(resting.id, resting.leaves, {}, reason));
          instrument.book.Cancel(resting.id);
          Forget(resting.id);
          ++canceled;
        }
      }
    }
  }
  return canceled;
}

void ReferenceMakers::Forget(OrderId id) {
  const Order& order = orders_.at(id);
  if (order.entry.has_value()) {
    entries_.erase({order.session, order.instrument, *order.entry, order.side});
  }
  orders_.erase(id);
}

void ReferenceMakers::EndTurn(Lines* lines) {
  for (const auto& [key, session] : tripped_) {
    const uint32_t canceled = CancelAll(
        CancelReason::kProtection,
        [&, account = key.first, maker_group = key.second](OrderId, const Order& order) {
          return order.account == account && order.maker_group == maker_group;
        },
        lines);
    const Group& group = groups_.at(key);
    lines->push_back(
        TripLine(key.first, key.second, {group.quantity, group.net, group.count, canceled}) +
        absl::StrCat(" to ", Raw(session)));
  }
}

Lines DescribeMakers(const std::vector<Event>& events) {
  Lines lines;
  for (const Event& event : events) {
    if (event.type == EventType::kOrderAccepted) {
      lines.push_back(absl::StrCat("accept ", Raw(event.order_id)));
    } else if (event.type == EventType::kOrderFilled) {
      lines.push_back(FillLine(event.order_id, event.filled.price, event.filled.quantity,
                               event.filled.fee.value));
    } else if (event.type == EventType::kOrderCanceled) {
      lines.push_back(CancelLine(event.order_id, event.canceled.canceled, event.canceled.leaves,
                                 event.canceled.reason));
    } else if (event.type == EventType::kOrderRejected ||
               event.type == EventType::kCancelRejected ||
               event.type == EventType::kCommandRejected) {
      lines.push_back(RejectLine(event.rejected.reason));
    } else if (event.type == EventType::kMassCancelDone) {
      lines.push_back(absl::StrCat("canceled ", event.mass_cancel_done.canceled_count));
    } else if (event.type == EventType::kKillSwitched) {
      lines.push_back(absl::StrCat("kill ", static_cast<int>(event.kill_switched.scope), " ",
                                   event.kill_switched.engaged, " ",
                                   event.kill_switched.canceled_count));
    } else if (event.type == EventType::kQuoteDone) {
      const QuoteDoneEvent& done = event.quote_done;
      lines.push_back(absl::StrCat(
          "quote ", done.entry, " ", SideLine(done.bid_order_id, done.bid_leaves, done.bid_reason),
          " ", SideLine(done.ask_order_id, done.ask_leaves, done.ask_reason)));
    } else if (event.type == EventType::kProtectionTripped) {
      const ProtectionTrippedEvent& trip = event.protection_tripped;
      lines.push_back(
          TripLine(event.account, trip.maker_group,
                   {trip.quantity.value, trip.delta.value, trip.count, trip.canceled_count}) +
          absl::StrCat(" to ", Raw(event.session)));
    }
  }
  return lines;
}

}  // namespace tally
