// A whole core: commands in, events out, with de-duplication, checks, holds, fees and balances in
// the path. Flows are those of bench/workloads; what trades is compared with the bare order book on
// the same flow.

#include <algorithm>
#include <barrier>
#include <chrono>
#include <deque>
#include <limits>
#include <numeric>
#include <sched.h>
#include <span>
#include <thread>
#include <time.h>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/assert.h"
#include "base/zeroed_array.h"
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

constexpr std::size_t kSmallRing = 4'096;   // Events.
constexpr std::size_t kVenueRing = 65'536;  // What a venue has by default (EngineOptions).

// Gives the core places in a ring, as the match stage does. Whoever reads them in a venue
// does so on another thread; here nobody does, so that the caches are the core's.
class RingSink : public EventSink {
 public:
  explicit RingSink(std::size_t slots = kSmallRing) : ring_(slots) { Rewind(); }

  void Append(const Event& event) override { Next() = event; }
  void Settle() override {}

 protected:
  void Refill() override { Rewind(); }
  void Rewind() { SetRoom({&ring_[0], ring_.size()}); }
  // Since the last call of Rewind().
  std::span<const Event> events() const { return {&ring_[0], next()}; }

 private:
  ZeroedArray<Event> ring_;
};

// Looks at every event, too.
class CheckedSink final : public RingSink {
 public:
  void Check() {
    count += events().size();
    for (const Event& event : events()) {
      trades.rejects += IsReject(event.type) ? 1 : 0;
      if (event.type == EventType::kTrade) {
        trades.Add(event.trade.price, event.trade.quantity);
      }
    }
    Rewind();
  }

  uint64_t count = 0;
  Trades trades;

 private:
  void Refill() override { Check(); }
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

// In commands: what the fastest of several runs is taken of.
constexpr std::size_t kPiece = 5'000;

struct Run {
  double seconds = 0;  // Thread-CPU time of the flow, without definitions and warm-up.
  std::vector<double> piece_seconds{};
  Sha256Digest final_state{};
};

// A core on its way through the commands of a flow.
class CoreRun {
 public:
  CoreRun(const CoreCommands& commands, EventSink* sink)
      : commands_(commands), core_(commands.limits), sink_(*sink) {
    ApplyTo(commands.warm_up_count);
  }

  Run Measure() {
    const std::size_t first = next_;
    const std::size_t end = commands_.commands.size();
    Run run{.piece_seconds = std::vector<double>((end - first + kPiece - 1) / kPiece)};
    for (double& piece_seconds : run.piece_seconds) {
      const double start = ThreadSeconds();
      ApplyTo(std::min(next_ + kPiece, end));
      piece_seconds = ThreadSeconds() - start;
    }
    run.seconds = std::accumulate(run.piece_seconds.begin(), run.piece_seconds.end(), 0.0);
    run.final_state = core_.StateHash();
    return run;
  }

 private:
  void ApplyTo(std::size_t end) {
    const std::span<const Command> commands = commands_.commands;
    for (; next_ < end; ++next_) {
      core_.ApplyFirst(commands.subspan(next_), sink_);
    }
  }

  const CoreCommands& commands_;
  core::Core core_;
  EventSink& sink_;
  std::size_t next_ = 0;
};

// A flow, its commands, and what a core comes to with them while every event is looked at: all
// trades, orders and balances, and how many events there were.
struct Workload {
  CoreCommands commands;
  Sha256Digest final_state{};
  double events_per_command = 0;  // Without definitions and warm-up.
  bool verified = false;          // It trades and rejects what the bare order book does.

  double timed_count() const {
    return static_cast<double>(commands.commands.size() - commands.warm_up_count);
  }
};

Workload MakeWorkload(const OrderFlow& flow) {
  Workload workload{.commands = MakeCoreCommands(flow)};
  CheckedSink sink;
  CoreRun run(workload.commands, &sink);
  sink.Check();
  const uint64_t warm_up_events = sink.count;
  workload.final_state = run.Measure().final_state;
  sink.Check();
  workload.events_per_command =
      static_cast<double>(sink.count - warm_up_events) / workload.timed_count();
  workload.verified = sink.trades == BareBookTrades(flow);
  return workload;
}

Run Measure(const Workload& workload, std::size_t ring_slots = kSmallRing) {
  RingSink sink(ring_slots);
  return CoreRun(workload.commands, &sink).Measure();
}

// Says in `state` what is wrong with a run, if anything is.
bool Verify(benchmark::State& state, const Workload& workload, const Run& run) {
  if (!workload.verified) {
    state.SkipWithError("rejects or trades differ from those of the bare order book");
  } else if (run.final_state != workload.final_state) {
    state.SkipWithError("two runs of the same commands end in different states");
  } else {
    return true;
  }
  return false;
}

void RunWorkload(benchmark::State& state, const Workload& workload,
                 std::size_t ring_slots = kSmallRing) {
  const double count = workload.timed_count();
  double seconds = 0;
  double best = std::numeric_limits<double>::max();
  std::vector<double> piece_seconds;
  for (auto _ : state) {
    const Run run = Measure(workload, ring_slots);
    if (!Verify(state, workload, run)) {
      return;
    }
    state.SetIterationTime(run.seconds);
    seconds += run.seconds;
    best = std::min(best, run.seconds);
    piece_seconds.resize(run.piece_seconds.size(), std::numeric_limits<double>::max());
    std::ranges::transform(piece_seconds, run.piece_seconds, piece_seconds.begin(),
                           [](double a, double b) { return std::min(a, b); });
  }
  const double applied = count * static_cast<double>(state.iterations());
  state.counters["ns_per_command"] = 1e9 * seconds / applied;
  state.counters["ns_per_command_best"] = 1e9 * best / count;
  state.counters["ns_per_command_undisturbed"] =
      1e9 * std::accumulate(piece_seconds.begin(), piece_seconds.end(), 0.0) / count;
  state.counters["commands_per_s"] = applied / seconds;
  state.counters["events_per_command"] = workload.events_per_command;
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

void BM_CoreVenueRing(benchmark::State& state) {
  RunWorkload(state, MakeWorkload(MakeOrderFlow(FlowOptions(state, kCancelHeavyMix))), kVenueRing);
}
BENCHMARK(BM_CoreVenueRing)
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

// Leaves the thread on the `index`-th processor that it may use.
void Pin(std::size_t index) {
  cpu_set_t allowed;
  CHECK(sched_getaffinity(0, sizeof(allowed), &allowed) == 0);
  std::size_t left = index % static_cast<std::size_t>(CPU_COUNT(&allowed));
  std::size_t cpu = 0;
  for (; !CPU_ISSET(cpu, &allowed) || left > 0; ++cpu) {
    left -= CPU_ISSET(cpu, &allowed) ? 1 : 0;
  }
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  CHECK(sched_setaffinity(0, sizeof(one), &one) == 0);
}

struct CoresRun {
  std::vector<Run> runs;
  double wall_seconds = 0;  // From when all are warm until the last is done.
};

// As many cores as asked for, each on a thread and a processor of its own, with instruments and
// accounts of its own. They share nothing, so what is lost against one core is the machine's.
CoresRun RunCores(const Workload& workload, std::size_t cores) {
  using Clock = std::chrono::steady_clock;
  CoresRun result{.runs = std::vector<Run>(cores)};
  std::vector<Clock::time_point> marks;
  std::barrier all(static_cast<std::ptrdiff_t>(cores),
                   [&marks]() noexcept { marks.push_back(Clock::now()); });
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < cores; ++i) {
    threads.emplace_back([&, i] {
      Pin(i);
      RingSink sink;
      CoreRun run(workload.commands, &sink);
      all.arrive_and_wait();
      result.runs[i] = run.Measure();
      all.arrive_and_wait();  // Before memory is given back, which may disturb the others.
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  result.wall_seconds = std::chrono::duration<double>(marks[1] - marks[0]).count();
  return result;
}

void BM_Cores(benchmark::State& state) {
  const Workload workload = MakeWorkload(MakeOrderFlow({.instruments = 10,
                                                        .resting_orders = 10'000,
                                                        .commands = 1'000'000,
                                                        .owners = 1'000,
                                                        .seed = 1}));
  const auto cores = static_cast<std::size_t>(state.range(0));
  const double count = workload.timed_count() * static_cast<double>(cores);
  double wall_seconds = 0;
  double wall_best = std::numeric_limits<double>::max();
  double thread_seconds = 0;
  double thread_best = std::numeric_limits<double>::max();
  for (auto _ : state) {
    const CoresRun cores_run = RunCores(workload, cores);
    double seconds = 0;
    for (const Run& run : cores_run.runs) {
      if (!Verify(state, workload, run)) {
        return;
      }
      seconds += run.seconds;
    }
    state.SetIterationTime(cores_run.wall_seconds);
    wall_seconds += cores_run.wall_seconds;
    wall_best = std::min(wall_best, cores_run.wall_seconds);
    thread_seconds += seconds;
    thread_best = std::min(thread_best, seconds);
  }
  const auto iterations = static_cast<double>(state.iterations());
  state.counters["commands_per_s"] = count * iterations / wall_seconds;
  state.counters["commands_per_s_best"] = count / wall_best;
  state.counters["ns_per_command"] = 1e9 * thread_seconds / (count * iterations);
  state.counters["ns_per_command_best"] = 1e9 * thread_best / count;
}
BENCHMARK(BM_Cores)->ArgName("cores")->Arg(1)->Arg(2)->UseManualTime()->Unit(
    benchmark::kMillisecond);

}  // namespace
}  // namespace tally
