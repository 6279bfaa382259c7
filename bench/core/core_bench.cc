// A whole core: commands in, events out, with de-duplication, checks, holds, fees and balances in
// the path. The flow is that of bench/workloads (63 % limit, 5 % IOC, 32 % cancel); what trades is
// compared with the bare order book on the same flow.

#include <deque>
#include <time.h>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/assert.h"
#include "bench/workloads/order_flow.h"
#include "engine/book/order_book.h"
#include "engine/core/core.h"

namespace tally {
namespace {

constexpr uint32_t kOwners = 1'000;
constexpr AccountId kFeeAccount{kOwners + 1};
constexpr int64_t kFunds = int64_t{1} << 50;

struct Trades {
  uint64_t count = 0;
  uint64_t digest = 0;
  uint64_t rejects = 0;
  void Add(PriceTicks price, QuantityLots quantity) {
    ++count;
    digest = digest * 31 + static_cast<uint64_t>(price.value * 127 + quantity.value);
  }
  friend bool operator==(const Trades&, const Trades&) = default;
};

bool IsReject(EventType type) {
  return type == EventType::kOrderRejected || type == EventType::kCancelRejected ||
         type == EventType::kCommandRejected;
}

// Copies events into a small ring, as the match stage does.
class RingSink final : public EventSink {
 public:
  RingSink() : ring_(4096, MakeEvent(EventType::kTrade)) {}
  void Append(const Event& event) override {
    ring_[events & 4095] = event;
    ++events;
    trades.rejects += IsReject(event.type) ? 1 : 0;
    if (event.type == EventType::kTrade) {
      trades.Add(event.trade.price, event.trade.quantity);
    }
  }
  uint64_t events = 0;
  Trades trades;

 private:
  std::vector<Event> ring_;
};

struct TradeListener {
  Trades trades;
  void OnAccepted(const IncomingOrder&) {}
  void OnReplaced(const Replacement&) {}
  void OnFill(const Fill& fill) { trades.Add(fill.price, fill.quantity); }
  void OnMakerCanceled(const Cancellation&) {}
  void OnTakerCanceled(const Cancellation&) {}
};

Trades BareBookTrades(const OrderFlow& flow) {
  OrderPool pool({.capacity = flow.open_orders_max});
  std::deque<OrderBook> books;
  for (uint32_t i = 0; i < flow.instruments; ++i) {
    books.emplace_back(&pool);
  }
  TradeListener listener;
  for (const auto* commands : {&flow.warm_up, &flow.commands}) {
    for (const FlowCommand& command : *commands) {
      if (command.kind == FlowKind::kSubmit) {
        const BookResult result = books[command.instrument].Submit(command.order, listener);
        listener.trades.rejects += result.outcome == BookOutcome::kRejected ? 1 : 0;
      } else if (pool.Find(command.order.id) != kNoOrder) {
        books[command.instrument].Cancel(pool.Find(command.order.id));
      }
    }
  }
  return listener.trades;
}

// Turns a flow into the commands of a venue: one session per owner, every account rich.
class CommandMaker {
 public:
  explicit CommandMaker(const OrderFlow& flow) : client_sequences_(kOwners + 1), owners_(1) {
    Define(flow.instruments);
    for (const FlowCommand& command : flow.warm_up) {
      Add(command);
    }
    warm_up_count = commands.size();
    for (const FlowCommand& command : flow.commands) {
      Add(command);
    }
  }

  std::vector<Command> commands;
  std::size_t warm_up_count = 0;  // With the definitions.

 private:
  Command& Push(CommandType type) {
    commands.push_back(MakeCommand(type));
    commands.back().sequence = CommandSequence{commands.size()};
    commands.back().timestamp_ns = static_cast<int64_t>(1'000 * commands.size());
    return commands.back();
  }

  void Define(uint32_t instruments) {
    for (uint16_t asset = 0; asset < 2; ++asset) {
      DefineAssetCommand& definition = Push(CommandType::kDefineAsset).define_asset;
      definition.symbol = Symbol::From(asset == 0 ? "BTC" : "USD");
      definition.asset = AssetId{asset};
      definition.chain_units_per_quantum = 1;
    }
    for (uint32_t account = 1; account <= kOwners + 1; ++account) {
      Command& command = Push(CommandType::kDefineAccount);
      command.account = AccountId{account};
      command.define_account.enabled = 1;
    }
    for (uint32_t instrument = 1; instrument <= instruments; ++instrument) {
      Command& command = Push(CommandType::kDefineInstrument);
      command.instrument = InstrumentId{instrument};
      command.define_instrument = {.symbol = Symbol::From("BTC/USD"),
                                   .tick_quanta = {10},
                                   .lot_quanta = {1000},
                                   .price_max = {int64_t{1} << 40},
                                   .quantity_min = {1},
                                   .quantity_max = {1'000'000},
                                   .notional_min = {1},
                                   .notional_max = {kMaxNotionalQuanta},
                                   .maker_fee_hundredths_bp = -50,
                                   .taker_fee_hundredths_bp = 200,
                                   .fee_account = kFeeAccount,
                                   .base_asset = AssetId{0},
                                   .quote_asset = AssetId{1}};
    }
    for (uint32_t owner = 1; owner <= kOwners; ++owner) {
      Command& command = Push(CommandType::kOpenSession);
      command.account = AccountId{owner};
      command.open_session.session_id = owner;
    }
    for (uint32_t transfer = 0; transfer < 2 * kOwners; ++transfer) {
      Command& command = Push(CommandType::kDeposit);
      command.account = AccountId{1 + transfer / 2};
      command.chain_transfer.index = transfer + 1;
      command.chain_transfer.amount = {kFunds};
      command.chain_transfer.asset = AssetId{static_cast<uint16_t>(transfer % 2)};
    }
  }

  void Add(const FlowCommand& flow) {
    const bool submits = flow.kind == FlowKind::kSubmit;
    if (submits) {
      CHECK(Raw(flow.order.id) == owners_.size());
      owners_.push_back(Raw(flow.order.owner));
    }
    const uint32_t owner = owners_[Raw(flow.order.id)];
    Command& command = Push(submits ? CommandType::kNewOrder : CommandType::kCancelOrder);
    command.session = SessionIndex{owner};
    command.account = AccountId{owner};
    command.instrument = InstrumentId{flow.instrument + 1};
    command.client_sequence = ++client_sequences_[owner];
    if (!submits) {
      command.cancel_order.target.client_order_id = ClientOrderId{Raw(flow.order.id)};
      return;
    }
    command.new_order = MakeOrder({.client_order_id = ClientOrderId{Raw(flow.order.id)},
                                   .price = flow.order.price,
                                   .quantity = flow.order.quantity,
                                   .side = flow.order.side,
                                   .type = flow.order.type,
                                   .time_in_force = flow.order.time_in_force,
                                   .self_trade_prevention = flow.order.self_trade_prevention,
                                   .flags = 0});
  }

  std::vector<uint64_t> client_sequences_;
  std::vector<uint32_t> owners_;  // By order id.
};

double ThreadSeconds() {
  timespec time{};
  CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// Args: instruments, resting orders.
void BM_CoreCancelHeavy(benchmark::State& state) {
  const OrderFlow flow =
      MakeCancelHeavyFlow({.instruments = static_cast<uint32_t>(state.range(0)),
                           .resting_orders = static_cast<uint32_t>(state.range(1)),
                           .commands = 1'000'000,
                           .owners = kOwners,
                           .seed = 1});
  const Trades expected = BareBookTrades(flow);
  const CommandMaker maker(flow);
  const CoreLimits limits = {.assets = 8,
                             .instruments = flow.instruments,
                             .accounts = kOwners + 1,
                             .sessions = kOwners,
                             .open_orders = flow.open_orders_max,
                             .open_orders_per_account = flow.open_orders_max,
                             .state_hash_interval = UINT64_MAX};
  uint64_t applied = 0;
  uint64_t events = 0;
  double seconds_total = 0;
  for (auto _ : state) {
    core::Core core(limits);
    RingSink sink;
    for (std::size_t i = 0; i < maker.warm_up_count; ++i) {
      core.Apply(maker.commands[i], sink);
    }
    const uint64_t events_before = sink.events;
    const double start = ThreadSeconds();
    for (std::size_t i = maker.warm_up_count; i < maker.commands.size(); ++i) {
      core.ApplyFirst(std::span(maker.commands).subspan(i), sink);
    }
    const double seconds = ThreadSeconds() - start;
    state.SetIterationTime(seconds);
    seconds_total += seconds;
    applied += maker.commands.size() - maker.warm_up_count;
    events += sink.events - events_before;
    if (sink.trades != expected) {
      state.SkipWithError("rejects or trades differ from those of the bare order book");
      break;
    }
  }
  state.counters["ns_per_command"] = 1e9 * seconds_total / static_cast<double>(applied);
  state.counters["events_per_command"] = static_cast<double>(events) / static_cast<double>(applied);
}
BENCHMARK(BM_CoreCancelHeavy)
    ->Args({1, 10'000})
    ->Args({100, 195'000})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tally
