// The order book alone: commands in, callbacks out. Workloads from bench/workloads and the recorded
// flow of tools/flow. Every flow is first run through the reference book of tests/model, and
// every run must trade exactly what that did.

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <limits>
#include <map>
#include <numeric>
#include <span>
#include <string>
#include <sys/mman.h>
#include <time.h>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/assert.h"
#include "base/branchless.h"
#include "base/histogram.h"
#include "base/status.h"
#include "bench/workloads/order_flow.h"
#include "bench/workloads/recorded_flow.h"
#include "engine/book/order_book.h"
#include "tests/model/reference_book.h"

namespace tally {
namespace {

// What a flow did: depends on every trade and its place in the sequence.
struct Tally {
  uint64_t trades = 0;
  uint64_t lots = 0;
  uint64_t digest = 0;
  void Add(PriceTicks price, QuantityLots quantity) {
    ++trades;
    lots += static_cast<uint64_t>(quantity.value);
    digest = digest * 31 + static_cast<uint64_t>(price.value * 127 + quantity.value);
  }
  friend bool operator==(const Tally&, const Tally&) = default;
};

struct TallyListener {
  Tally tally;
  void OnAccepted(const IncomingOrder&) {}
  void OnReplaced(const Replacement&) {}
  void OnFill(const Fill& fill) { tally.Add(fill.price, fill.quantity); }
  void OnMakerCanceled(const Cancellation&) {}
  void OnTakerCanceled(const Cancellation&) {}
};

// A flow and what the reference says it does.
struct VerifiedFlow {
  OrderFlow flow;
  Tally expected;  // Of the commands, without the warm-up.
};

class ReferenceRun {
 public:
  explicit ReferenceRun(const OrderFlow& flow)
      : books_(flow.instruments, ReferenceBook(flow.open_orders_max)) {
    Run(flow.warm_up);
    tally_ = {};
    Run(flow.commands);
  }
  const Tally& tally() const { return tally_; }

 private:
  void Run(const std::vector<FlowCommand>& commands) {
    std::vector<BookEvent> events;
    for (const FlowCommand& command : commands) {
      ReferenceBook& book = books_[command.instrument];
      const IncomingOrder& order = command.order;
      events.clear();
      switch (command.kind) {
        case FlowKind::kSubmit:
          book.Submit(order, &events);
          break;
        case FlowKind::kCancel:
          book.Cancel(order.id);
          break;
        case FlowKind::kReplace:
          if (book.Contains(order.id)) {
            book.Replace(order.id, order.price, order.quantity, &events);
          }
          break;
      }
      for (const BookEvent& event : events) {
        if (event.kind == BookEventKind::kFilled) {
          tally_.Add(event.price, event.quantity);
        }
      }
    }
  }

  std::vector<ReferenceBook> books_;
  Tally tally_;
};

// Made once: benchmarks are called several times.
const VerifiedFlow& CancelHeavyFlow(uint32_t instruments, uint32_t resting_orders) {
  static std::map<std::pair<uint32_t, uint32_t>, VerifiedFlow> flows;
  VerifiedFlow& verified = flows[{instruments, resting_orders}];
  if (verified.flow.commands.empty()) {
    verified.flow = MakeOrderFlow(
        {.instruments = instruments, .resting_orders = resting_orders, .commands = 1'000'000});
    verified.expected = ReferenceRun(verified.flow).tally();
  }
  return verified;
}

// What a book needs of a FlowCommand, two to a cache line: their transport is not what is measured.
struct BookCommand {
  OrderId id;
  PriceTicks price;
  QuantityLots quantity;
  OrderOwner owner;
  uint8_t instrument;
  FlowKind kind;
  Side side;
  TimeInForce time_in_force;
};
static_assert(sizeof(BookCommand) == 32);

std::vector<BookCommand> BookCommands(const std::vector<FlowCommand>& commands) {
  std::vector<BookCommand> result;
  result.reserve(commands.size());
  for (const FlowCommand& command : commands) {
    const IncomingOrder& order = command.order;
    CHECK(command.instrument <= UINT8_MAX && order.type == OrderType::kLimit);
    result.push_back({.id = order.id,
                      .price = order.price,
                      .quantity = order.quantity,
                      .owner = order.owner,
                      .instrument = static_cast<uint8_t>(command.instrument),
                      .kind = command.kind,
                      .side = order.side,
                      .time_in_force = order.time_in_force});
  }
  return result;
}

[[gnu::always_inline]] inline void Apply(const BookCommand& command, OrderPool& pool,
                                         std::deque<OrderBook>& books, TallyListener& listener) {
  OrderBook& book = books[command.instrument];
  if (command.kind == FlowKind::kSubmit) {
    book.Submit({.id = command.id,
                 .owner = command.owner,
                 .price = command.price,
                 .quantity = command.quantity,
                 .side = command.side,
                 .time_in_force = command.time_in_force},
                listener);
    return;
  }
  const OrderHandle handle = pool.Find(command.id);
  if (handle == kNoOrder) {
    return;
  }
  if (command.kind == FlowKind::kCancel) {
    book.Cancel(handle);
  } else {
    book.Replace(handle, command.price, command.quantity, listener);
  }
}

[[gnu::noinline]] void Run(std::span<const BookCommand> commands, OrderPool& pool,
                           std::deque<OrderBook>& books, TallyListener& listener) {
  for (const BookCommand& command : commands) {
    Apply(command, pool, books, listener);
  }
}

// How a pool finds its orders and its price levels.
enum class Lookup {
  kIndexAndTree,     // Ids are the caller's, no memory per book.
  kSlotsAndWindows,  // Ids carry slots, prices around the best one have a window.
  kLookAhead,        // The same, and the next commands are known, as they are in a core.
  kAsInCore,         // What the core has: an index, windows, and the next commands known.
};

// As the core does for the commands that wait in its ring: each look uses what the one before it
// loaded, whatever the command does and without a branch. The order is the one that a cancel or a
// replace names, or the first that a new order may trade with.
class LookAhead {
 public:
  LookAhead(const OrderPool& pool, const std::deque<OrderBook>& books)
      : pool_(pool), books_(books) {}

  void operator()(std::span<const BookCommand> commands, std::size_t next) {
    if (next + kFar < commands.size()) {
      const BookCommand& command = commands[next + kFar];
      pool_.Prefetch(command.id);
      books_[command.instrument].PrefetchPlace(command.side, command.price);
    }
    if (next + kMiddle < commands.size()) {
      const BookCommand& command = commands[next + kMiddle];
      const OrderBook& book = books_[command.instrument];
      const OrderHandle order =
          Choose(command.kind == FlowKind::kSubmit, book.GuessFirst(Opposite(command.side)),
                 pool_.Guess(command.id));
      orders_[(next + kMiddle) % orders_.size()] = order;
      pool_.Prefetch(order);
      book.PrefetchLevel(command.side, command.price);
    }
    if (next + kNear < commands.size()) {
      const BookCommand& command = commands[next + kNear];
      pool_.PrefetchNeighbours(orders_[(next + kNear) % orders_.size()]);
      books_[command.instrument].PrefetchLast(command.side, command.price);
    }
  }

 private:
  static constexpr std::size_t kFar = 12;
  static constexpr std::size_t kMiddle = 8;
  static constexpr std::size_t kNear = 4;

  const OrderPool& pool_;
  const std::deque<OrderBook>& books_;
  std::array<OrderHandle, 16> orders_{};
};

[[gnu::noinline]] void RunAhead(std::span<const BookCommand> commands, OrderPool& pool,
                                std::deque<OrderBook>& books, TallyListener& listener) {
  LookAhead look_ahead(pool, books);
  for (std::size_t i = 0; i < commands.size(); ++i) {
    look_ahead(commands, i);
    Apply(commands[i], pool, books, listener);
  }
}

// The core looks ahead only when so many orders are open that they are not in the cache.
void RunAsCore(std::span<const BookCommand> commands, OrderPool& pool, std::deque<OrderBook>& books,
               TallyListener& listener) {
  constexpr uint32_t kOpenOrdersMin = 16'384;
  (pool.used_count() < kOpenOrdersMin ? Run : RunAhead)(commands, pool, books, listener);
}

OrderPoolOptions OptionsFor(const OrderFlow& flow, Lookup lookup) {
  switch (lookup) {
    case Lookup::kIndexAndTree:
      return {.capacity = flow.open_orders_max};
    case Lookup::kAsInCore:
      return {.capacity = flow.open_orders_max, .windows = 2 * flow.instruments};
    case Lookup::kSlotsAndWindows:
    case Lookup::kLookAhead:
      return {.capacity = flow.open_orders_max,
              .index_order_ids = false,
              .ids_carry_slots = true,
              .windows = 2 * flow.instruments,
              .prefault = true};
  }
  CHECK(false);
}

// The same flow with the ids that a pool whose ids carry slots would give: a client names its order
// by the id that it was told.
OrderFlow WithSlotIds(const OrderFlow& flow) {
  OrderFlow result = flow;
  OrderPool pool(OptionsFor(flow, Lookup::kSlotsAndWindows));
  std::deque<OrderBook> books;
  for (uint32_t i = 0; i < flow.instruments; ++i) {
    books.emplace_back(&pool);
  }
  std::map<OrderId, OrderId> ids;
  TallyListener listener;
  for (std::vector<FlowCommand>* commands : {&result.warm_up, &result.commands}) {
    for (FlowCommand& command : *commands) {
      OrderId& id = ids[command.order.id];
      if (command.kind == FlowKind::kSubmit) {
        id = pool.MakeId();
      }
      command.order.id = id;
      const BookCommand book_command = BookCommands({command})[0];
      Run({&book_command, 1}, pool, books, listener);
    }
  }
  return result;
}

// Of this thread, so that other work on the machine counts as little as possible.
double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

constexpr std::size_t kPiece = 5'000;

// Times the commands on books that the warm-up has filled. ns_per_command is the mean over all
// runs, best_ns_per_command that of the fastest; undisturbed_ns_per_command adds up the fastest run
// of each piece of the flow, which on a machine with other work is what comes closest to none.
void RunVerified(benchmark::State& state, const VerifiedFlow& verified, Lookup lookup) {
  const bool slot_ids = lookup == Lookup::kSlotsAndWindows || lookup == Lookup::kLookAhead;
  const OrderFlow flow = slot_ids ? WithSlotIds(verified.flow) : verified.flow;
  const std::vector<BookCommand> warm_up_commands = BookCommands(flow.warm_up);
  const std::vector<BookCommand> timed_commands = BookCommands(flow.commands);
  const auto run = lookup == Lookup::kLookAhead  ? RunAhead
                   : lookup == Lookup::kAsInCore ? RunAsCore
                                                 : Run;
  double total_seconds = 0;
  double bytes_per_order = 0;
  double bytes_per_level = 0;
  std::vector<double> piece_seconds((flow.commands.size() + kPiece - 1) / kPiece, 1e9);
  double best_seconds = std::numeric_limits<double>::max();
  for (auto _ : state) {
    OrderPool pool(OptionsFor(flow, lookup));
    std::deque<OrderBook> books;
    for (uint32_t i = 0; i < flow.instruments; ++i) {
      books.emplace_back(&pool);
    }
    TallyListener warm_up;
    Run(warm_up_commands, pool, books, warm_up);
    TallyListener listener;
    double seconds = 0;
    for (std::size_t piece = 0; piece < piece_seconds.size(); ++piece) {
      const auto commands = std::span(timed_commands).subspan(piece * kPiece);
      const double start = CpuSeconds();
      run(commands.first(std::min(kPiece, commands.size())), pool, books, listener);
      const double taken = CpuSeconds() - start;
      seconds += taken;
      piece_seconds[piece] = std::min(piece_seconds[piece], taken);
    }
    state.SetIterationTime(seconds);
    total_seconds += seconds;
    best_seconds = std::min(best_seconds, seconds);
    uint32_t levels = 0;
    for (const OrderBook& book : books) {
      levels += book.level_count(Side::kBuy) + book.level_count(Side::kSell);
    }
    bytes_per_order = static_cast<double>(pool.order_bytes()) / pool.used_count();
    bytes_per_level = static_cast<double>(pool.level_bytes()) / levels;
    if (listener.tally != verified.expected) {
      state.SkipWithError("the trades differ from those of the reference book");
      return;
    }
  }
  const auto commands = static_cast<double>(timed_commands.size());
  state.counters["ns_per_command"] =
      total_seconds * 1e9 / commands / static_cast<double>(state.iterations());
  state.counters["best_ns_per_command"] = best_seconds * 1e9 / commands;
  state.counters["undisturbed_ns_per_command"] =
      std::accumulate(piece_seconds.begin(), piece_seconds.end(), 0.0) * 1e9 / commands;
  state.counters["bytes_per_order"] = bytes_per_order;
  state.counters["bytes_per_level"] = bytes_per_level;
  state.counters["trades"] = static_cast<double>(verified.expected.trades);
}

void BM_CancelHeavyFlow(benchmark::State& state, Lookup lookup) {
  RunVerified(
      state,
      CancelHeavyFlow(static_cast<uint32_t>(state.range(0)), static_cast<uint32_t>(state.range(1))),
      lookup);
}
void Sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"instruments", "resting"})
      ->Args({1, 10'000})
      ->Args({100, 195'000})
      ->UseManualTime()
      ->Unit(benchmark::kMillisecond);
}
BENCHMARK_CAPTURE(BM_CancelHeavyFlow, slots, Lookup::kSlotsAndWindows)->Apply(Sizes);
BENCHMARK_CAPTURE(BM_CancelHeavyFlow, lookahead, Lookup::kLookAhead)->Apply(Sizes);
BENCHMARK_CAPTURE(BM_CancelHeavyFlow, as_in_core, Lookup::kAsInCore)->Apply(Sizes);
BENCHMARK_CAPTURE(BM_CancelHeavyFlow, index, Lookup::kIndexAndTree)->Apply(Sizes);

uint64_t Ticks() {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#else
  return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
}

// At least 1 us on anything of today.
constexpr uint64_t kSlowTicks = 5'000;

// Each command timed alone (some 10 ns of it are the clock), ten million in ten runs of one flow.
// least_max_ns is the slowest command when of each the fastest of its runs counts: what the book
// itself does, without the interrupts and neighbours of this machine.
void BM_CommandLatency(benchmark::State& state) {
  const VerifiedFlow& verified =
      CancelHeavyFlow(static_cast<uint32_t>(state.range(0)), static_cast<uint32_t>(state.range(1)));
  const OrderFlow flow = WithSlotIds(verified.flow);
  const std::vector<BookCommand> warm_up = BookCommands(flow.warm_up);
  const std::vector<BookCommand> commands = BookCommands(flow.commands);
  std::vector<uint32_t> least(commands.size(), ~0U);
  std::vector<uint64_t> slow;  // Above kSlowTicks.
  slow.reserve(flow.commands.size());
  Histogram all;
  // No command waits for a page. A refusal only makes the figures worse.
  static_cast<void>(mlockall(MCL_CURRENT | MCL_FUTURE));
  const auto clock_start = std::chrono::steady_clock::now();
  const uint64_t ticks_start = Ticks();
  for (auto _ : state) {
    OrderPool pool(OptionsFor(flow, Lookup::kSlotsAndWindows));
    std::deque<OrderBook> books;
    for (uint32_t i = 0; i < flow.instruments; ++i) {
      books.emplace_back(&pool);
    }
    TallyListener listener;
    Run(warm_up, pool, books, listener);
    listener.tally = {};
    uint64_t before = Ticks();
    for (std::size_t i = 0; i < commands.size(); ++i) {
      Apply(commands[i], pool, books, listener);
      const uint64_t after = Ticks();
      all.Record(static_cast<int64_t>(after - before));
      if (after - before > kSlowTicks) {
        slow.push_back(after - before);
      }
      least[i] = std::min(least[i], static_cast<uint32_t>(after - before));
      before = Ticks();
    }
    CHECK(listener.tally == verified.expected);
  }
  const std::chrono::duration<double, std::nano> elapsed =
      std::chrono::steady_clock::now() - clock_start;
  const double ns_per_tick = elapsed.count() / static_cast<double>(Ticks() - ticks_start);
  const auto add = [&](const char* name, auto ticks) {
    state.counters[name] = static_cast<double>(ticks) * ns_per_tick;
  };
  static_cast<void>(munlockall());
  state.counters["over_20_us_count"] =
      static_cast<double>(std::count_if(slow.begin(), slow.end(), [&](uint64_t ticks) {
        return static_cast<double>(ticks) * ns_per_tick > 20e3;
      }));
  add("p50_ns", all.ValueAt(500'000));
  add("p99_ns", all.ValueAt(990'000));
  add("p999_ns", all.ValueAt(999'000));
  add("p9999_ns", all.ValueAt(999'900));
  add("p99999_ns", all.ValueAt(999'990));
  add("max_ns", all.max());
  add("least_max_ns", *std::max_element(least.begin(), least.end()));
}
BENCHMARK(BM_CommandLatency)
    ->ArgNames({"instruments", "resting"})
    ->Args({1, 10'000})
    ->Args({100, 195'000})
    ->Iterations(10)
    ->Unit(benchmark::kMillisecond);

absl::StatusOr<VerifiedFlow> RecordedFlow() {
  ASSIGN_OR_RETURN(OrderFlow flow, MakeRecordedFlow());
  VerifiedFlow verified{.flow = std::move(flow), .expected = {}};
  verified.expected = ReferenceRun(verified.flow).tally();
  return verified;
}

void BM_RecordedFlow(benchmark::State& state, Lookup lookup) {
  static const absl::StatusOr<VerifiedFlow> verified = RecordedFlow();
  if (!verified.ok()) {
    state.SkipWithError(verified.status().ToString().c_str());
    return;
  }
  RunVerified(state, *verified, lookup);
}
BENCHMARK_CAPTURE(BM_RecordedFlow, slots, Lookup::kSlotsAndWindows)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_RecordedFlow, as_in_core, Lookup::kAsInCore)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_RecordedFlow, index, Lookup::kIndexAndTree)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tally
