// The recorded flow through a whole core: the deposits suffice and the core's trades are those of
// the market.

#include <map>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "engine/core/core.h"
#include "tools/flow/flow.h"
#include "tools/flow/recorded_row.h"

namespace tally::flow {
namespace {

constexpr InstrumentId kBtcUsd{1};
constexpr AssetId kBtc{0};
constexpr AssetId kUsd{1};
constexpr AccountId kFees{1'000};

class FlowVenue final : private EventSink {
 public:
  explicit FlowVenue(const Flow& flow) : core_({.open_orders = 65'536}) {
    Define();
    uint64_t index = 0;
    for (const FlowDeposit& deposit : flow.deposits) {
      Command account = MakeCommand(CommandType::kDefineAccount);
      account.account = deposit.account;
      account.define_account.enabled = 1;
      Apply(account);
      for (const auto& [asset, amount] : {std::pair(kBtc, deposit.base), {kUsd, deposit.quote}}) {
        if (amount.value > 0) {
          Deposit(deposit.account, asset, amount, ++index);
        }
      }
    }
  }

  void Apply(const FlowStep& step) {
    Session& session = SessionOf(step.account);
    Command command = MakeCommand(CommandType::kCancelOrder);
    if (step.action == FlowAction::kNew) {
      command = MakeCommand(CommandType::kNewOrder);
      command.new_order =
          MakeOrder({.client_order_id = ClientOrderId{++session.last_client_order_id},
                     .price = step.price,
                     .quantity = step.quantity,
                     .side = step.side,
                     .type = OrderType::kLimit,
                     .time_in_force = TimeInForce::kGtc,
                     .self_trade_prevention = SelfTradePrevention::kNone,
                     .flags = 0});
    } else if (step.action == FlowAction::kReplace) {
      command = MakeCommand(CommandType::kReplaceOrder);
      command.replace_order = {.target = {.order_id = orders_[step.order], .client_order_id = {}},
                               .new_client_order_id = ClientOrderId{++session.last_client_order_id},
                               .price = step.price,
                               .quantity = step.quantity,
                               .display_quantity = {},
                               .stop_price = {}};
    } else {
      command.cancel_order.target.order_id = orders_[step.order];
    }
    command.session = session.index;
    command.account = step.account;
    command.instrument = kBtcUsd;
    command.client_sequence = ++session.last_client_sequence;
    recorded_ = step.order;
    Apply(command);
  }

  const std::vector<FlowTrade>& trades() const { return trades_; }
  const std::map<RejectReason, int>& rejects() const { return rejects_; }

 private:
  struct Session {
    SessionIndex index{};
    uint64_t last_client_sequence = 0;
    uint64_t last_client_order_id = 0;
  };

  void Define() {
    for (const AssetId asset : {kBtc, kUsd}) {
      Command command = MakeCommand(CommandType::kDefineAsset);
      command.define_asset.symbol = Symbol::From(asset == kBtc ? "BTC" : "USD");
      command.define_asset.chain_units_per_quantum = 1;
      command.define_asset.asset = asset;
      Apply(command);
    }
    Command fees = MakeCommand(CommandType::kDefineAccount);
    fees.account = kFees;
    fees.define_account.enabled = 1;
    Apply(fees);
    Command command = MakeCommand(CommandType::kDefineInstrument);
    command.instrument = kBtcUsd;
    command.define_instrument = {.symbol = Symbol::From("BTC/USD"),
                                 .tick_quanta = {1},
                                 .lot_quanta = {1},
                                 .price_max = {100'000'000},
                                 .quantity_min = {1},
                                 .quantity_max = {int64_t{1} << 44},
                                 .notional_min = {1},
                                 .notional_max = {kMaxNotionalQuanta},
                                 .maker_fee_hundredths_bp = 0,
                                 .taker_fee_hundredths_bp = 2'500,
                                 .fee_account = kFees,
                                 .base_asset = kBtc,
                                 .quote_asset = kUsd};
    Apply(command);
  }

  void Deposit(AccountId account, AssetId asset, Quanta amount, uint64_t index) {
    Command command = MakeCommand(CommandType::kDeposit);
    command.account = account;
    command.chain_transfer.index = index;
    command.chain_transfer.chain_id = 1;
    command.chain_transfer.amount = amount;
    command.chain_transfer.asset = asset;
    Apply(command);
  }

  Session& SessionOf(AccountId account) {
    Session& session = sessions_[account];
    if (session.index == SessionIndex{}) {
      Command command = MakeCommand(CommandType::kOpenSession);
      command.account = account;
      command.open_session.session_id = 1;
      command.open_session.public_key.fill(1);
      Apply(command);
      session.index = core_.FindSession(account, 1)->index;
    }
    return session;
  }

  void Apply(Command command) {
    command.sequence = CommandSequence{Raw(core_.last_command_sequence()) + 1};
    core_.Apply(command, *this);
  }

  void Append(const Event& event) override {
    const EventType type = event.type;
    if (type == EventType::kOrderAccepted) {
      orders_[recorded_] = event.order_id;
      recorded_of_[event.order_id] = recorded_;
    } else if (type == EventType::kOrderFilled && event.filled.liquidity == Liquidity::kMaker) {
      trades_.push_back({0, Raw(event.filled.trade_id), event.filled.price, event.filled.quantity,
                         recorded_of_[event.order_id], recorded_});
    } else if (type == EventType::kOrderRejected || type == EventType::kCancelRejected ||
               type == EventType::kCommandRejected) {
      ++rejects_[event.rejected.reason];
    }
  }

  core::Core core_;
  std::map<AccountId, Session> sessions_;
  std::map<uint64_t, OrderId> orders_;
  std::map<OrderId, uint64_t> recorded_of_;
  std::vector<FlowTrade> trades_;
  std::map<RejectReason, int> rejects_;
  uint64_t recorded_ = 0;
};

TEST(FlowCoreTest, TheDepositsSufficeAndTheCoreMakesTheRecordedTrades) {
  const auto rows = ReadRows(TALLY_FLOW_FILE);
  ASSERT_TRUE(rows.ok()) << rows.status();
  const auto flow = BuildFlow(*rows, {});
  ASSERT_TRUE(flow.ok()) << flow.status();
  FlowVenue venue(*flow);
  for (const FlowStep& step : flow->steps) {
    venue.Apply(step);
  }
  for (const auto& [reason, count] : venue.rejects()) {
    // Of a cancel whose order the two impatient market buys took (flow_test.cc).
    EXPECT_EQ(reason, RejectReason::kUnknownOrder) << RejectReasonName(reason);
    EXPECT_LE(count, 2);
  }
  const TradeComparison result = CompareTrades(venue.trades(), flow->trades);
  EXPECT_EQ(result.matched, 571u);
  EXPECT_EQ(result.matched_orders, 571u);
  EXPECT_EQ(result.our_lots, result.recorded_lots);
}

}  // namespace
}  // namespace tally::flow
