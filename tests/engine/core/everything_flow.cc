#include "tests/engine/core/everything_flow.h"

#include <algorithm>

namespace tally {

// One of the last orders, most of them open still, and mostly from its own session.
Command EverythingFlow::AboutSomeOrder(TestVenue& venue, CommandType type) {
  Command command = venue.FromSession(SomeSession(), type);
  if (recent_.empty()) {
    return command;
  }
  const Recent& order =
      recent_[static_cast<std::size_t>(Uniform(0, static_cast<int64_t>(recent_.size()) - 1))];
  if (Chance(90)) {
    command = venue.FromSession(order.session, type);
  }
  command.cancel_order.target.order_id = order.id;
  return command;
}

void EverythingFlow::Remember(const TestVenue& venue) {
  for (const Event& event : venue.events) {
    if (event.type == EventType::kOrderAccepted) {
      recent_.push_back({.id = event.order_id, .session = event.session});
    }
  }
  while (recent_.size() > 40) {
    recent_.pop_front();
  }
}

void EverythingFlow::AddType(TestVenue& venue, NewOrderCommand& order) {
  const bool buy = order.side == Side::kBuy;
  const int64_t kind = Uniform(0, 99);
  if (kind < 55) {
    constexpr TimeInForce kTimes[] = {
        TimeInForce::kGtc, TimeInForce::kGtc,       TimeInForce::kGtc,
        TimeInForce::kIoc, TimeInForce::kFok,       TimeInForce::kGtd,
        TimeInForce::kDay, TimeInForce::kAtTheOpen, TimeInForce::kAtTheClose};
    order.time_in_force = kTimes[Uniform(0, 8)];
  } else if (kind < 65) {
    constexpr TimeInForce kTimes[] = {TimeInForce::kIoc, TimeInForce::kFok, TimeInForce::kAtTheOpen,
                                      TimeInForce::kAtTheClose};
    order.type = OrderType::kMarket;
    order.time_in_force = kTimes[Uniform(0, 3)];
  } else if (kind < 90) {
    order.type = kind < 74   ? OrderType::kStop
                 : kind < 82 ? OrderType::kStopLimit
                             : OrderType::kTrailingStop;
    order.trigger = AnyOf<TriggerSource>(1, 2);
    order.stop_price = {buy ? Uniform(100, 108) : Uniform(92, 100)};
    order.time_in_force = Chance(70) ? TimeInForce::kGtc : TimeInForce::kGtd;
    if (order.type == OrderType::kTrailingStop) {
      order.trail_unit = AnyOf<TrailUnit>(1, 2);
      order.offset = static_cast<int32_t>(order.trail_unit == TrailUnit::kTicks ? Uniform(1, 5)
                                                                                : Uniform(50, 600));
    }
  } else {
    order.type = OrderType::kPegged;
    order.peg = AnyOf<PegReference>(1, 3);
    order.offset = static_cast<int32_t>(Uniform(-2, 2));
    order.price = {buy ? 110 : 90};
  }
  if (order.time_in_force == TimeInForce::kGtd) {
    order.expire_time_ns = venue.time_ns + Uniform(0, 400);
  }
  const bool slips = order.type == OrderType::kMarket || order.type == OrderType::kStop ||
                     order.type == OrderType::kTrailingStop;
  if (slips && Chance(50)) {
    order.price = {};
    order.slippage_ticks = static_cast<uint32_t>(Uniform(1, 6));
  }
}

void EverythingFlow::AddVisibility(NewOrderCommand& order) {
  switch (Uniform(0, 19)) {
    case 0:
    case 1:
      order.flags = kOrderFlagHidden;
      break;
    case 2:
      order.flags = kOrderFlagAllOrNone;
      break;
    case 3:
      order.flags = kOrderFlagPostOnly;
      break;
    case 4:
      order.flags = kOrderFlagPostOnly | kOrderFlagSlide;
      break;
    case 5:
    case 6:
      order.display_quantity = {std::max<int64_t>(1, order.quantity.value / Uniform(1, 4))};
      break;
    case 7:
      order.min_quantity = {Uniform(1, order.quantity.value)};
      break;
    case 8:
      order.flags = static_cast<uint8_t>(Uniform(0, 31));
      break;
    default:
      break;
  }
}

// Legs come one after the other; now and then one is missing.
void EverythingFlow::AddGroup(NewOrderCommand& order) {
  if (group_leg_ == 0) {
    if (!Chance(6)) {
      return;
    }
    contingency_ = AnyOf<Contingency>(1, 3);
    group_legs_ = contingency_ == Contingency::kOtoco ? 3 : 2;
    ++group_id_;
  }
  order.contingency = contingency_;
  order.group_id = group_id_;
  order.group_leg = ++group_leg_;
  if (group_leg_ == group_legs_ || Chance(5)) {
    group_leg_ = 0;
  }
}

Command EverythingFlow::NewOrder(TestVenue& venue) {
  // The legs of a group come from one session.
  const SessionIndex session = group_leg_ == 0 ? SomeSession() : group_session_;
  group_session_ = session;
  const Side side = Chance(50) ? Side::kBuy : Side::kSell;
  const int64_t price = Uniform(95, 105) + (side == Side::kBuy ? -1 : 1);
  OrderOptions options;
  options.self_trade_prevention = AnyOf<SelfTradePrevention>(1, 5);
  Command command = venue.OrderCommand(session, side, price, Uniform(1, 30), options);
  command.instrument = SomeInstrument();
  NewOrderCommand& order = command.new_order;
  if (Chance(60)) {
    AddType(venue, order);
  }
  AddVisibility(order);
  AddGroup(order);
  if (Chance(10)) {
    order.maker_group = static_cast<uint16_t>(Uniform(1, 3));
  }
  order.algorithm_id = static_cast<uint32_t>(Uniform(0, 3));
  return command;
}

Command EverythingFlow::Replace(TestVenue& venue) {
  Command command = AboutSomeOrder(venue, CommandType::kReplaceOrder);
  const uint64_t last_id = Raw(venue.core.session(command.session)->last_client_order_id);
  command.replace_order = {.target = command.replace_order.target,
                           .new_client_order_id = ClientOrderId{last_id + 1},
                           .price = {Uniform(95, 105)},
                           .quantity = {Uniform(1, 40)},
                           .display_quantity = {Chance(20) ? Uniform(1, 10) : 0},
                           .stop_price = {Chance(20) ? Uniform(92, 108) : 0}};
  return command;
}

Command EverythingFlow::Cancel(TestVenue& venue) {
  return AboutSomeOrder(venue, Chance(5) ? CommandType::kOrderQuery : CommandType::kCancelOrder);
}

Command EverythingFlow::MassCancel(TestVenue& venue) {
  Command command = venue.FromSession(SomeSession(), CommandType::kMassCancel);
  command.instrument = Chance(50) ? InstrumentId{} : SomeInstrument();
  command.mass_cancel.scope = AnyOf<MassCancelScope>(1, 2);
  command.mass_cancel.trigger = AnyOf<MassCancelTrigger>(1, 2);
  command.mass_cancel.side = static_cast<uint8_t>(Uniform(0, 2));
  command.mass_cancel.quotes_only = Chance(20) ? 1 : 0;
  command.mass_cancel.maker_group = Chance(20) ? static_cast<uint16_t>(Uniform(1, 3)) : uint16_t{0};
  return command;
}

Command EverythingFlow::Quote(TestVenue& venue) {
  Command command = venue.FromSession(SomeSession(), CommandType::kQuote);
  command.instrument = SomeInstrument();
  const uint64_t last_id = Raw(venue.core.session(command.session)->last_client_order_id);
  const int64_t middle = Uniform(97, 103);
  command.quote.client_order_id = ClientOrderId{last_id + 1};
  command.quote.bid_price = {middle - Uniform(0, 3)};
  command.quote.bid_quantity = {Uniform(0, 20)};
  command.quote.ask_price = {middle + Uniform(0, 3)};
  command.quote.ask_quantity = {Uniform(0, 20)};
  command.quote.entry = static_cast<uint16_t>(Uniform(0, 3));
  command.quote.maker_group = static_cast<uint16_t>(Uniform(1, 2));
  command.quote.self_trade_prevention = AnyOf<SelfTradePrevention>(1, 5);
  command.quote.flags = Chance(30) ? kOrderFlagPostOnly : uint8_t{0};
  return command;
}

Command EverythingFlow::Phase(const TestVenue& venue) {
  Command command = MakeCommand(CommandType::kSetPhase);
  command.instrument = Chance(20) ? InstrumentId{} : SomeInstrument();
  command.set_phase.phase = Chance(50) ? TradingPhase::kContinuous : AnyOf<TradingPhase>(1, 8);
  command.set_phase.reference_price = {Chance(30) ? Uniform(95, 105) : 0};
  command.set_phase.flags = static_cast<uint8_t>(Uniform(0, 3));
  if (Chance(30)) {
    command.set_phase.until_ns = venue.time_ns + Uniform(1, 60);
    command.set_phase.next = Chance(80) ? TradingPhase::kContinuous : AnyOf<TradingPhase>(1, 8);
  }
  return command;
}

Command EverythingFlow::Rules() {
  Command command = MakeCommand(CommandType::kDefineRules);
  command.instrument = SomeInstrument();
  DefineRulesCommand& rules = command.define_rules;
  rules.static_band_bp = Chance(20) ? static_cast<uint32_t>(Uniform(300, 1'000)) : 0;
  rules.dynamic_band_bp = Chance(20) ? static_cast<uint32_t>(Uniform(200, 800)) : 0;
  rules.fat_finger_bp = Chance(20) ? static_cast<uint32_t>(Uniform(200, 800)) : 0;
  rules.breaker_bp = Chance(20) ? static_cast<uint32_t>(Uniform(300, 900)) : 0;
  rules.breaker_window_ns = rules.breaker_bp == 0 ? 0 : Uniform(20, 400);
  rules.breaker_halt_ns = Chance(50) ? Uniform(1, 100) : 0;
  rules.volatility_call_ns = Chance(50) ? Uniform(1, 100) : 0;
  rules.batch_interval_ns = Uniform(5, 50);
  rules.flags = (Chance(90) ? kRulesFlagBookDelta : uint8_t{0}) |
                (Chance(90) ? kRulesFlagHidden : uint8_t{0}) |
                (Chance(50) ? kRulesFlagBatchStops : uint8_t{0});
  if (Chance(50)) {
    rules.auction_band_bp = static_cast<uint16_t>(Uniform(100, 600));
    rules.auction_extensions_max =
        rules.volatility_call_ns == 0 ? uint8_t{0} : static_cast<uint8_t>(Uniform(0, 3));
    rules.flags |= Chance(5) ? kRulesFlagHoldAuction : uint8_t{0};
  }
  return command;
}

Command EverythingFlow::Fees() {
  Command command = MakeCommand(CommandType::kDefineFees);
  command.instrument = Chance(30) ? InstrumentId{} : SomeInstrument();
  command.define_fees.fee_class = static_cast<uint8_t>(Uniform(0, 2));
  command.define_fees.remove = Chance(20) ? 1 : 0;
  if (command.define_fees.remove == 0) {
    command.define_fees.minimum_fee = {Chance(50) ? Uniform(1, 40) : 0};
    command.define_fees.maker_fee_hundredths_bp = static_cast<int32_t>(Uniform(-300, 5'000));
    command.define_fees.taker_fee_hundredths_bp = static_cast<int32_t>(Uniform(300, 9'000));
  }
  return command;
}

Command EverythingFlow::Account(TestVenue& venue) {
  Command command = MakeCommand(CommandType::kDefineAccount);
  command.account = AccountId{static_cast<uint32_t>(Uniform(1, 4))};
  command.define_account.owner = venue.core.accounts().Find(command.account)->owner;
  command.define_account.enabled = Chance(98) ? 1 : 0;
  command.define_account.fee_class = static_cast<uint8_t>(Uniform(0, 2));
  command.define_account.owner_group = Chance(30) ? 7 : 0;
  command.define_account.must_sign = Chance(10) ? 1 : 0;
  return command;
}

Command EverythingFlow::Switch() {
  Command command = MakeCommand(CommandType::kKillSwitch);
  command.account = AccountId{static_cast<uint32_t>(Uniform(1, 4))};
  command.kill_switch.scope = AnyOf<KillScope>(1, 3);
  command.kill_switch.session = SomeSession();
  command.kill_switch.engaged =
      Chance(command.kill_switch.scope == KillScope::kVenue ? 1 : 5) ? 1 : 0;
  return command;
}

Command EverythingFlow::Protection() {
  Command command = MakeCommand(CommandType::kDefineProtection);
  command.account = AccountId{static_cast<uint32_t>(Uniform(1, 4))};
  command.define_protection.maker_group = static_cast<uint16_t>(Uniform(1, 2));
  command.define_protection.window_ns = Uniform(1, 200);
  command.define_protection.quantity_max = {Chance(50) ? Uniform(20, 100) : 0};
  command.define_protection.delta_max = {Chance(50) ? Uniform(20, 100) : 0};
  command.define_protection.count_max = Chance(50) ? static_cast<uint32_t>(Uniform(3, 10)) : 0;
  return command;
}

Command EverythingFlow::Transfer(TestVenue& venue) {
  const bool deposit = Chance(60);
  Command command = MakeCommand(deposit ? CommandType::kDeposit : CommandType::kWithdraw);
  const core::ChainProgress& chain = venue.core.chains()[0];
  command.account = AccountId{static_cast<uint32_t>(Uniform(1, 4))};
  command.chain_transfer.index =
      (deposit ? chain.last_deposit_index : chain.last_withdrawal_index) + 1;
  command.chain_transfer.chain_id = 1;
  command.chain_transfer.asset = AssetId{static_cast<uint16_t>(Uniform(0, 2))};
  command.chain_transfer.amount = {Uniform(1, 30'000)};
  return command;
}

// Batches in order, disputes of the last ones, limits that orders meet now and then.
Command EverythingFlow::Settlement(TestVenue& venue) {
  const int64_t kind = Uniform(0, 9);
  const uint64_t settled = venue.core.last_settled_batch();
  if (kind < 4) {
    Command command = MakeCommand(CommandType::kBatchStatus);
    command.batch_status.status = AnyOf<SettlementStatus>(1, 4);
    const bool is_final = command.batch_status.status == SettlementStatus::kFinal;
    command.batch_status.batch_id = settled + static_cast<uint64_t>(is_final ? 1 : Uniform(1, 3));
    const uint64_t next = Raw(venue.core.next_event_sequence());
    command.batch_status.last_event = EventSequence{next - static_cast<uint64_t>(Uniform(1, 200))};
    command.batch_status.transaction_hash[0] = static_cast<uint8_t>(Uniform(0, 2));
    return command;
  }
  if (kind < 6) {
    Command command = MakeCommand(CommandType::kDefineExposure);
    command.account = AccountId{static_cast<uint32_t>(Uniform(0, 4))};
    command.define_exposure.asset = AssetId{static_cast<uint16_t>(Uniform(0, 2))};
    command.define_exposure.limit = {Uniform(10'000, 1'000'000)};
    command.define_exposure.remove = Chance(30) ? 1 : 0;
    return command;
  }
  Command command = MakeCommand(CommandType::kDispute);
  command.dispute.batch_id = settled;
  command.dispute.culprit = AccountId{static_cast<uint32_t>(Uniform(1, 2))};
  if (kind < 8) {
    command.dispute.batch_id -= settled == 0 || Chance(50) ? 0 : 1;
    command.dispute.action = DisputeAction::kResolve;
    return command;
  }
  command.dispute.action = DisputeAction::kHold;
  command.dispute.step = static_cast<uint32_t>(Uniform(1, 3));
  command.account = AccountId{static_cast<uint32_t>(Uniform(1, 4))};
  command.dispute.asset = AssetId{static_cast<uint16_t>(Uniform(0, 2))};
  command.dispute.amount = {Chance(90) ? Uniform(1, 5'000) : Uniform(1, 2'000'000)};
  return command;
}

// A sensible command with some of its payload overwritten. Not of assets and instruments: a venue
// with other ones is of no use to the rest of the flow.
Command EverythingFlow::Garbage(TestVenue& venue) {
  Command command = Chance(70)   ? NewOrder(venue)
                    : Chance(50) ? Quote(venue)
                    : Chance(50) ? Replace(venue)
                    : Chance(50) ? Rules()
                                 : Phase(venue);
  for (int64_t i = Uniform(1, 4); i > 0; --i) {
    command.payload[static_cast<std::size_t>(Uniform(0, kCommandPayloadBytes - 1))] =
        static_cast<uint8_t>(Uniform(0, 255));
  }
  return command;
}

Command EverythingFlow::Next(TestVenue& venue) {
  Remember(venue);
  venue.time_ns += Chance(5) ? Uniform(1, 100) : 0;
  if (signed_order_.has_value()) {
    Command command = *signed_order_;
    signed_order_.reset();
    command.client_sequence = venue.core.session(command.session)->last_client_sequence + 1;
    return command;
  }
  const Command command = Next(venue, group_leg_ == 0 ? Uniform(0, 999) : 0);
  const bool order =
      command.type == CommandType::kNewOrder || command.type == CommandType::kReplaceOrder;
  return order && command.client_sequence != 0 && Chance(20) ? Sign(venue, command) : command;
}

// Mostly as it should be.
Command EverythingFlow::Sign(TestVenue& venue, const Command& order) {
  Command command = venue.FromSession(order.session, CommandType::kSignOrder);
  command.flags = Chance(95) ? kCommandFlagSignatureValid : kCommandFlagSignatureBad;
  command.sign_order.client_order_id = order.type == CommandType::kNewOrder
                                           ? order.new_order.client_order_id
                                           : order.replace_order.new_client_order_id;
  nonce_ += ++signed_count_ % 20 == 0 ? 0 : 1;
  command.sign_order.nonce = nonce_;
  command.sign_order.expiry_s = Chance(95) ? 1 : 0;
  command.sign_order.max_fee_hundredths_bp = static_cast<uint32_t>(Chance(80) ? 2'000 : 150);
  signed_order_ = order;
  signed_order_->flags = Chance(95) ? command.flags : uint16_t{0};
  if (order.type == CommandType::kReplaceOrder) {  // Half of the time of another order.
    signed_order_->instrument = SomeInstrument();
    signed_order_->flags |= Chance(50) ? kCommandFlagSignedSell : uint16_t{0};
  }
  return command;
}

Command EverythingFlow::Next(TestVenue& venue, int64_t kind) {
  if (kind < 560) {
    return NewOrder(venue);
  }
  if (kind < 685) {
    return Cancel(venue);
  }
  if (kind < 700) {
    return Settlement(venue);
  }
  if (kind < 820) {
    return Replace(venue);
  }
  if (kind < 880) {
    return Quote(venue);
  }
  if (kind < 905) {
    Command timer = MakeCommand(CommandType::kTimer);
    timer.timer.bounded = Chance(70) ? 1 : 0;
    return timer;
  }
  if (kind < 925) {
    return Phase(venue);
  }
  if (kind < 950) {
    return Transfer(venue);
  }
  if (kind < 960) {
    return Garbage(venue);
  }
  if (kind < 965) {
    Command command = venue.FromSession(SomeSession(), CommandType::kResetProtection);
    command.reset_protection.maker_group = static_cast<uint16_t>(Uniform(1, 2));
    return command;
  }
  return kind < 972   ? MassCancel(venue)
         : kind < 979 ? Rules()
         : kind < 985 ? Fees()
         : kind < 990 ? Account(venue)
         : kind < 995 ? Protection()
                      : Switch();
}

}  // namespace tally
