// A whole core: commands in, events out, with de-duplication, checks, holds, fees and balances in
// the path. Flows are those of bench/workloads; what trades is compared with the bare order book on
// the same flow.

#include <chrono>
#include <deque>
#include <span>
#include <thread>
#include <time.h>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/assert.h"
#include "bench/core/core_commands.h"
#include "bench/workloads/order_flow.h"
#include "bench/workloads/recorded_flow.h"
#include "engine/book/order_book.h"
#include "engine/core/core.h"

namespace tally {
namespace {

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
        continue;
      }
      const OrderHandle handle = pool.Find(command.order.id);
      if (handle == kNoOrder) {
        ++listener.trades.rejects;  // It has traded meanwhile.
      } else if (command.kind == FlowKind::kCancel) {
        books[command.instrument].Cancel(handle);
      } else {
        books[command.instrument].Replace(handle, command.order.price, command.order.quantity,
                                          listener);
      }
    }
  }
  return listener.trades;
}

double ThreadSeconds() {
  timespec time{};
  CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) == 0);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// A flow, its commands, and what the bare order book does with it.
struct Workload {
  CoreCommands commands;
  Trades expected;
};

Workload MakeWorkload(const OrderFlow& flow) {
  return {.commands = MakeCoreCommands(flow), .expected = BareBookTrades(flow)};
}

struct Run {
  double seconds = 0;  // Thread-CPU time of the flow, without definitions and warm-up.
  uint64_t events = 0;
  bool verified = false;
};

Run RunCore(const Workload& workload) {
  const std::span<const Command> commands = workload.commands.commands;
  core::Core core(workload.commands.limits);
  RingSink sink;
  std::size_t next = 0;
  for (; next < workload.commands.warm_up_count; ++next) {
    core.ApplyFirst(commands.subspan(next), sink);
  }
  Run run;
  const uint64_t events_before = sink.events;
  const double start = ThreadSeconds();
  for (; next < commands.size(); ++next) {
    core.ApplyFirst(commands.subspan(next), sink);
  }
  run.seconds = ThreadSeconds() - start;
  run.events = sink.events - events_before;
  run.verified = sink.trades == workload.expected;
  return run;
}

void RunWorkload(benchmark::State& state, const Workload& workload) {
  const auto count =
      static_cast<double>(workload.commands.commands.size() - workload.commands.warm_up_count);
  double seconds = 0;
  uint64_t events = 0;
  for (auto _ : state) {
    const Run run = RunCore(workload);
    if (!run.verified) {
      state.SkipWithError("rejects or trades differ from those of the bare order book");
      return;
    }
    state.SetIterationTime(run.seconds);
    seconds += run.seconds;
    events += run.events;
  }
  const double applied = count * static_cast<double>(state.iterations());
  state.counters["ns_per_command"] = 1e9 * seconds / applied;
  state.counters["commands_per_s"] = applied / seconds;
  state.counters["events_per_command"] = static_cast<double>(events) / applied;
}

// Args: instruments, resting orders, owners.
OrderFlowOptions FlowOptions(const benchmark::State& state, const FlowMix& mix) {
  return {.mix = mix,
          .instruments = static_cast<uint32_t>(state.range(0)),
          .resting_orders = static_cast<uint32_t>(state.range(1)),
          .commands = 1'000'000,
          .owners = static_cast<uint32_t>(state.range(2)),
          .seed = 1};
}

void BM_CoreCancelHeavy(benchmark::State& state) {
  RunWorkload(state, MakeWorkload(MakeOrderFlow(FlowOptions(state, kCancelHeavyMix))));
}
BENCHMARK(BM_CoreCancelHeavy)
    ->ArgNames({"instruments", "resting", "accounts"})
    ->Args({1, 10'000, 1'000})
    ->Args({100, 195'000, 1'000})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

void BM_CoreMoveHeavy(benchmark::State& state) {
  RunWorkload(state, MakeWorkload(MakeOrderFlow(FlowOptions(state, kMoveHeavyMix))));
}
BENCHMARK(BM_CoreMoveHeavy)
    ->ArgNames({"instruments", "resting", "accounts"})
    ->Args({1, 1'000, 1'000})
    ->Args({100, 100'000, 10'000})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

void BM_CoreRecordedFlow(benchmark::State& state) {
  const absl::StatusOr<OrderFlow> flow = MakeRecordedFlow();
  if (!flow.ok()) {
    state.SkipWithError(flow.status().ToString().c_str());
    return;
  }
  RunWorkload(state, MakeWorkload(*flow));
}
BENCHMARK(BM_CoreRecordedFlow)->UseManualTime()->Unit(benchmark::kMillisecond);

// As many cores as the argument says, each on a thread of its own with instruments and accounts of
// its own. They share nothing, so what is lost against one core is the machine's.
void BM_Cores(benchmark::State& state) {
  const Workload workload = MakeWorkload(MakeOrderFlow({.instruments = 10,
                                                        .resting_orders = 10'000,
                                                        .commands = 1'000'000,
                                                        .owners = 1'000,
                                                        .seed = 1}));
  const auto cores = static_cast<std::size_t>(state.range(0));
  const std::size_t count = workload.commands.commands.size();
  double seconds = 0;
  for (auto _ : state) {
    std::vector<Run> runs(cores);
    std::vector<std::thread> threads;
    const auto start = std::chrono::steady_clock::now();
    for (Run& run : runs) {
      threads.emplace_back([&run, &workload] { run = RunCore(workload); });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    const double elapsed =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    for (const Run& run : runs) {
      if (!run.verified) {
        state.SkipWithError("rejects or trades differ from those of the bare order book");
        return;
      }
    }
    state.SetIterationTime(elapsed);
    seconds += elapsed;
  }
  state.counters["commands_per_s"] =
      static_cast<double>(count * cores) * static_cast<double>(state.iterations()) / seconds;
}
BENCHMARK(BM_Cores)->ArgName("cores")->Arg(1)->Arg(2)->UseManualTime()->Unit(
    benchmark::kMillisecond);

}  // namespace
}  // namespace tally
