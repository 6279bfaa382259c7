#include "tests/engine/core/test_venue.h"

#include <gtest/gtest.h>

namespace tally {
namespace {

const char* TypeName(EventType type) {
  switch (type) {
    case EventType::kOrderAccepted:
      return "Accepted";
    case EventType::kOrderRejected:
      return "Rejected";
    case EventType::kOrderFilled:
      return "Filled";
    case EventType::kOrderCanceled:
      return "Canceled";
    case EventType::kOrderReplaced:
      return "Replaced";
    case EventType::kCancelRejected:
      return "CancelRejected";
    case EventType::kMassCancelDone:
      return "MassCancelDone";
    case EventType::kOrderState:
      return "OrderState";
    case EventType::kBalance:
      return "Balance";
    case EventType::kCommandRejected:
      return "CommandRejected";
    case EventType::kCommandDone:
      return "CommandDone";
    case EventType::kTrade:
      return "Trade";
    case EventType::kBookTop:
      return "BookTop";
    case EventType::kSessionOpened:
      return "SessionOpened";
    case EventType::kAssetDefined:
      return "AssetDefined";
    case EventType::kInstrumentDefined:
      return "InstrumentDefined";
    case EventType::kAccountDefined:
      return "AccountDefined";
    case EventType::kDeposited:
      return "Deposited";
    case EventType::kWithdrawn:
      return "Withdrawn";
    case EventType::kBatchSettled:
      return "BatchSettled";
    case EventType::kWithdrawRefused:
      return "WithdrawRefused";
    case EventType::kStateHash:
      return "StateHash";
    case EventType::kDuplicateCommand:
      return "DuplicateCommand";
    case EventType::kOrderSigned:
      return "OrderSigned";
    case EventType::kOrderSignature:
      return "OrderSignature";
    case EventType::kOrderTriggered:
      return "OrderTriggered";
    case EventType::kOrderRestated:
      return "OrderRestated";
    case EventType::kQuoteDone:
      return "QuoteDone";
    case EventType::kProtectionTripped:
      return "ProtectionTripped";
    case EventType::kPhaseChanged:
      return "PhaseChanged";
    case EventType::kIndicative:
      return "Indicative";
    case EventType::kBookDelta:
      return "BookDelta";
    case EventType::kRulesDefined:
      return "RulesDefined";
    case EventType::kFeesDefined:
      return "FeesDefined";
    case EventType::kProtectionDefined:
      return "ProtectionDefined";
    case EventType::kKillSwitched:
      return "KillSwitched";
    case EventType::kTradeBroken:
      return "TradeBroken";
    case EventType::kExposureDefined:
      return "ExposureDefined";
    case EventType::kBatchStatus:
      return "BatchStatus";
    case EventType::kDispute:
      return "Dispute";
  }
  return "?";
}

}  // namespace

CoreLimits SmallLimits() {
  return {.assets = 4,
          .instruments = 4,
          .accounts = 16,
          .sessions = 8,
          .open_orders = 64,
          .open_orders_per_account = 20,
          .state_hash_interval = 1'000'000};
}

DefineInstrumentCommand BtcUsdTerms() {
  DefineInstrumentCommand terms{};
  terms.symbol = Symbol::From("BTC/USD");
  terms.tick_quanta = {10};
  terms.lot_quanta = {1000};
  terms.price_max = {1'000'000};
  terms.quantity_min = {1};
  terms.quantity_max = {10'000};
  terms.notional_min = {100};
  terms.notional_max = {1'000'000'000};
  terms.maker_fee_hundredths_bp = 100;
  terms.taker_fee_hundredths_bp = 200;
  terms.fee_account = kFees;
  terms.base_asset = kBtc;
  terms.quote_asset = kUsd;
  return terms;
}

TestVenue::TestVenue(const CoreLimits& limits) : core(limits) {}

void TestVenue::SetUp() {
  DefineAsset(kBtc, "BTC");
  DefineAsset(kUsd, "USD");
  for (AccountId account : {kAlice, kBob, kFees}) {
    DefineAccount(account);
  }
  DefineInstrument(kBtcUsd, BtcUsdTerms());
  alice = Open(kAlice, 11);
  bob = Open(kBob, 22);
  for (AccountId account : {kAlice, kBob}) {
    Deposit(account, kBtc, kStartBalance);
    Deposit(account, kUsd, kStartBalance);
  }
}

const std::vector<Event>& TestVenue::Send(Command command) {
  CollectingSink sink;
  command.sequence = CommandSequence{Raw(core.last_command_sequence()) + 1};
  if (command.timestamp_ns == 0) {
    command.timestamp_ns = ++time_ns;
  }
  core.Apply(command, sink);
  events = std::move(sink.events);
  commands.push_back(command);
  all_events.insert(all_events.end(), events.begin(), events.end());
  if (const Event* const accepted = FindEvent(EventType::kOrderAccepted); accepted != nullptr) {
    last_order_id = accepted->order_id;
  }
  CheckInvariants();
  return events;
}

Command TestVenue::FromSession(SessionIndex session, CommandType type) {
  Command command = MakeCommand(type);
  const core::Session* const known = core.session(session);
  command.session = session;
  command.account = known->account;
  command.client_sequence = known->last_client_sequence + 1;
  return command;
}

Command TestVenue::OrderCommand(SessionIndex session, Side side, int64_t price, int64_t quantity,
                                const OrderOptions& options) {
  Command command = FromSession(session, CommandType::kNewOrder);
  command.instrument = kBtcUsd;
  const uint64_t last_id = Raw(core.session(session)->last_client_order_id);
  command.new_order = MakeOrder(
      {.client_order_id =
           ClientOrderId{options.client_order_id == 0 ? last_id + 1 : options.client_order_id},
       .price = {price},
       .quantity = {quantity},
       .side = side,
       .type = options.type,
       .time_in_force = options.time_in_force,
       .self_trade_prevention = options.self_trade_prevention,
       .flags = options.flags});
  return command;
}

void TestVenue::DefineAsset(AssetId asset, const char* symbol) {
  Command command = MakeCommand(CommandType::kDefineAsset);
  command.define_asset.asset = asset;
  command.define_asset.symbol = Symbol::From(symbol);
  command.define_asset.chain_units_per_quantum = 1'000;
  command.define_asset.quantum_decimals = 8;
  Send(command);
}

void TestVenue::DefineAccount(AccountId account, bool enabled) {
  Command command = MakeCommand(CommandType::kDefineAccount);
  command.account = account;
  command.define_account.owner[0] = static_cast<uint8_t>(Raw(account));
  command.define_account.enabled = enabled ? 1 : 0;
  Send(command);
}

void TestVenue::DefineInstrument(InstrumentId instrument, const DefineInstrumentCommand& terms) {
  Command command = MakeCommand(CommandType::kDefineInstrument);
  command.instrument = instrument;
  command.define_instrument = terms;
  Send(command);
}

SessionIndex TestVenue::Open(AccountId account, uint64_t session_id, uint8_t key) {
  Command command = MakeCommand(CommandType::kOpenSession);
  command.account = account;
  command.open_session.session_id = session_id;
  command.open_session.public_key.fill(key);
  Send(command);
  const Event* const opened = FindEvent(EventType::kSessionOpened);
  return opened == nullptr ? SessionIndex{} : opened->session;
}

void TestVenue::Deposit(AccountId account, AssetId asset, int64_t amount) {
  Command command = MakeCommand(CommandType::kDeposit);
  command.account = account;
  command.chain_transfer.index = ++deposit_index_;
  command.chain_transfer.chain_id = 1;
  command.chain_transfer.amount = {amount};
  command.chain_transfer.asset = asset;
  Send(command);
}

OrderId TestVenue::Order(SessionIndex session, Side side, int64_t price, int64_t quantity,
                         const OrderOptions& options) {
  Send(OrderCommand(session, side, price, quantity, options));
  const Event* const accepted = FindEvent(EventType::kOrderAccepted);
  return accepted == nullptr ? OrderId{} : accepted->order_id;
}

void TestVenue::Cancel(SessionIndex session, OrderId order) {
  Command command = FromSession(session, CommandType::kCancelOrder);
  command.cancel_order.target.order_id = order;
  Send(command);
}

void TestVenue::Replace(SessionIndex session, OrderId order, int64_t price, int64_t quantity) {
  Command command = FromSession(session, CommandType::kReplaceOrder);
  const uint64_t last_id = Raw(core.session(session)->last_client_order_id);
  command.replace_order = {.target = {.order_id = order, .client_order_id = {}},
                           .new_client_order_id = ClientOrderId{last_id + 1},
                           .price = {price},
                           .quantity = {quantity},
                           .display_quantity = {},
                           .stop_price = {}};
  Send(command);
}

void TestVenue::MassCancel(SessionIndex session, MassCancelScope scope, MassCancelTrigger trigger) {
  Command command = FromSession(session, CommandType::kMassCancel);
  if (trigger == MassCancelTrigger::kDisconnect) {
    command.client_sequence = 0;
  }
  command.mass_cancel = {.scope = scope,
                         .trigger = trigger,
                         .side = 0,
                         .quotes_only = 0,
                         .maker_group = 0,
                         .reserved = {}};
  Send(command);
}

int64_t TestVenue::available(AccountId account, AssetId asset) const {
  return core.ledger().balance(account, asset).available.value;
}

int64_t TestVenue::held(AccountId account, AssetId asset) const {
  return core.ledger().balance(account, asset).held.value;
}

RejectReason TestVenue::reject_reason() const {
  for (const Event& event : events) {
    if (event.type == EventType::kOrderRejected || event.type == EventType::kCancelRejected ||
        event.type == EventType::kCommandRejected) {
      return event.rejected.reason;
    }
  }
  return RejectReason::kNone;
}

const Event* TestVenue::FindEvent(EventType type) const {
  for (const Event& event : events) {
    if (event.type == type) {
      return &event;
    }
  }
  return nullptr;
}

std::string TestVenue::EventTypes() const {
  std::string types;
  for (const Event& event : events) {
    types += (types.empty() ? "" : " ") + std::string(TypeName(event.type));
  }
  return types;
}

void TestVenue::CheckInvariants() {
  for (const Event& event : events) {
    EXPECT_EQ(Raw(event.sequence), ++event_sequence_);
    EXPECT_EQ(event.command_sequence, core.last_command_sequence());
    if (event.report_sequence != 0) {
      EXPECT_EQ(event.report_sequence, ++report_sequences_[event.session]);
    }
    if (event.type == EventType::kDeposited) {
      deposited_[event.transfer.asset] += event.transfer.amount.value;
    }
    if (event.type == EventType::kWithdrawn) {
      deposited_[event.transfer.asset] -= event.transfer.amount.value;
    }
  }
  EXPECT_EQ(Raw(core.next_event_sequence()), event_sequence_ + 1);
  CheckConservation();
  core.CheckInvariants();
}

void TestVenue::CheckConservation() const {
  for (uint32_t row = 0; row < core.limits().assets; ++row) {
    const AssetId asset{static_cast<uint16_t>(row)};
    int64_t sum = 0;
    int64_t sum_held = 0;
    for (uint32_t account = 0; account <= core.limits().accounts; ++account) {
      const risk::Balance& balance = core.ledger().balance(AccountId{account}, asset);
      ASSERT_GE(balance.available.value, 0);
      ASSERT_GE(balance.held.value, 0);
      sum += balance.available.value + balance.held.value;
      sum_held += balance.held.value - core.Disputed(AccountId{account}, asset).value;
    }
    const auto deposited = deposited_.find(asset);
    ASSERT_EQ(sum, deposited == deposited_.end() ? 0 : deposited->second) << "asset " << row;
    ASSERT_EQ(sum, core.ledger().supply(asset).value);
    if (core.open_order_count() == 0) {
      ASSERT_EQ(sum_held, 0) << "asset " << row;
    }
  }
}

}  // namespace tally
