#include "bench/core/core_commands.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/assert.h"

namespace tally {
namespace {

constexpr AssetId kBase{0};
constexpr AssetId kQuote{1};

class CommandMaker {
 public:
  explicit CommandMaker(const OrderFlow& flow) {
    for (const auto* commands : {&flow.warm_up, &flow.commands}) {
      for (const FlowCommand& command : *commands) {
        owners_ = std::max(owners_, Raw(command.order.owner));
      }
    }
    client_sequences_.resize(owners_ + 1);
    Define(flow.instruments);
    for (const FlowCommand& command : flow.warm_up) {
      Add(command);
    }
    result.warm_up_count = result.commands.size();
    for (const FlowCommand& command : flow.commands) {
      Add(command);
    }
    result.limits = {.assets = 8,
                     .instruments = flow.instruments,
                     .accounts = owners_ + 1,
                     .sessions = owners_,
                     .open_orders = flow.open_orders_max,
                     .open_orders_per_account = flow.open_orders_max,
                     .state_hash_interval = UINT64_MAX};
  }

  CoreCommands result;

 private:
  struct OpenOrder {
    uint32_t owner;
    ClientOrderId client_order_id;
  };

  Command& Push(CommandType type) {
    std::vector<Command>& commands = result.commands;
    commands.push_back(MakeCommand(type));
    commands.back().sequence = CommandSequence{commands.size()};
    commands.back().timestamp_ns = static_cast<int64_t>(1'000 * commands.size());
    return commands.back();
  }

  void Define(uint32_t instruments) {
    for (const AssetId asset : {kBase, kQuote}) {
      DefineAssetCommand& definition = Push(CommandType::kDefineAsset).define_asset;
      definition.symbol = Symbol::From(asset == kBase ? "BTC" : "USD");
      definition.asset = asset;
      definition.chain_units_per_quantum = 1;
    }
    for (uint32_t account = 1; account <= owners_ + 1; ++account) {
      Command& command = Push(CommandType::kDefineAccount);
      command.account = AccountId{account};
      command.define_account.enabled = 1;
    }
    for (uint32_t instrument = 1; instrument <= instruments; ++instrument) {
      Command& command = Push(CommandType::kDefineInstrument);
      command.instrument = InstrumentId{instrument};
      command.define_instrument = {.symbol = Symbol::From("BTC/USD"),
                                   .tick_quanta = {1},
                                   .lot_quanta = {1},
                                   .price_max = {int64_t{1} << 40},
                                   .quantity_min = {1},
                                   .quantity_max = {int64_t{1} << 44},
                                   .notional_min = {1},
                                   .notional_max = {kMaxNotionalQuanta},
                                   .maker_fee_hundredths_bp = -50,
                                   .taker_fee_hundredths_bp = 200,
                                   .fee_account = AccountId{owners_ + 1},
                                   .base_asset = kBase,
                                   .quote_asset = kQuote};
    }
    uint64_t transfers = 0;
    for (uint32_t owner = 1; owner <= owners_; ++owner) {
      Command& open = Push(CommandType::kOpenSession);
      open.account = AccountId{owner};
      open.open_session.session_id = owner;
      for (const AssetId asset : {kBase, kQuote}) {
        Command& deposit = Push(CommandType::kDeposit);
        deposit.account = AccountId{owner};
        deposit.chain_transfer.index = ++transfers;
        deposit.chain_transfer.amount = {kMaxBalanceQuanta / owners_};
        deposit.chain_transfer.asset = asset;
      }
    }
  }

  Command& FromOwner(CommandType type, uint32_t owner, uint32_t instrument) {
    Command& command = Push(type);
    command.session = SessionIndex{owner};
    command.account = AccountId{owner};
    command.instrument = InstrumentId{instrument + 1};
    command.client_sequence = ++client_sequences_[owner];
    return command;
  }

  void Add(const FlowCommand& flow) {
    OpenOrder& order = orders_[flow.order.id];
    switch (flow.kind) {
      case FlowKind::kSubmit:
        order = {.owner = Raw(flow.order.owner),
                 .client_order_id = ClientOrderId{++last_client_order_id_}};
        FromOwner(CommandType::kNewOrder, order.owner, flow.instrument).new_order =
            MakeOrder({.client_order_id = order.client_order_id,
                       .price = flow.order.price,
                       .quantity = flow.order.quantity,
                       .side = flow.order.side,
                       .type = flow.order.type,
                       .time_in_force = flow.order.time_in_force,
                       .self_trade_prevention = flow.order.self_trade_prevention});
        return;
      case FlowKind::kCancel:
        FromOwner(CommandType::kCancelOrder, order.owner, flow.instrument)
            .cancel_order.target.client_order_id = order.client_order_id;
        return;
      case FlowKind::kReplace: {
        const ClientOrderId original =
            std::exchange(order.client_order_id, ClientOrderId{++last_client_order_id_});
        FromOwner(CommandType::kReplaceOrder, order.owner, flow.instrument).replace_order = {
            .target = {.order_id = {}, .client_order_id = original},
            .new_client_order_id = order.client_order_id,
            .price = flow.order.price,
            .quantity = flow.total,
            .display_quantity = {},
            .stop_price = {}};
        return;
      }
    }
  }

  uint32_t owners_ = 0;
  uint64_t last_client_order_id_ = 0;
  std::vector<uint64_t> client_sequences_;
  std::unordered_map<OrderId, OpenOrder> orders_;
};

}  // namespace

CoreCommands MakeCoreCommands(const OrderFlow& flow) { return CommandMaker(flow).result; }

}  // namespace tally
