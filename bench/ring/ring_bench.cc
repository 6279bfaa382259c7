// Throughput of the ring by topology, after the LMAX Disruptor's performance tests. P: producer,
// C: consumer. Every run checks the sums of its consumers: a ring that loses or repeats a slot
// fails the benchmark. `ops_per_s` counts published entries, each seen by every consumer.
//
// Arguments: {wait kind, entries in a claim}. A claim of 1 is the worst case: consumer and producer
// chase each other, and every entry moves cache lines between cores.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "benchmark/benchmark.h"

#include "base/clock.h"
#include "engine/ring/batch_consumer.h"
#include "engine/ring/ring_buffer.h"

namespace tally {
namespace {

constexpr uint32_t kCapacity = 1U << 16;
constexpr int64_t kEntries = 3 << 20;      // Of one iteration: hides the start of the threads.
constexpr int64_t kEntriesSpin = 3 << 17;  // More threads than cores: a spinner eats time slices.

struct Entry {
  int64_t value;
  int64_t unused;
};

struct Topology {
  int producers = 1;
  int consumers = 1;
  // Consumers 1, 2, ... wait for the one before (pipeline), or the last one for all (diamond).
  bool pipeline = false;
  bool diamond = false;
};

// Adds up the values.
class SumHandler {
 public:
  explicit SumHandler(int64_t* sum) : sum_(sum) {}
  bool operator()(const RingBatch<Entry>& batch) {
    int64_t sum = 0;
    for (const Entry& entry : batch.slots) {
      sum += entry.value;
    }
    *sum_ += sum;
    return true;
  }

 private:
  int64_t* const sum_;
};

template <typename Ring>
class Consumers {
 public:
  Consumers(Ring* ring, const Topology& topology)
      : ring_(ring), topology_(topology), sums_(topology.consumers) {
    for (int i = 0; i < topology.consumers; ++i) {
      consumers_.push_back(
          std::make_unique<Consumer>(ring, BarrierOf(i), SumHandler(&sums_[i].value)));
      if (i + 1 == topology.consumers || (!topology.pipeline && !topology.diamond)) {
        ring->AddGatingSequence(&consumers_.back()->sequence());
      }
    }
    for (auto& consumer : consumers_) {
      threads_.emplace_back([&consumer] { consumer->Run(); });
    }
  }

  // Halts the ring, waits for the consumers. Whether each has seen values that add up to `sum`.
  bool Finish(int64_t sum) {
    ring_->Halt();
    for (std::thread& thread : threads_) {
      thread.join();
    }
    return std::all_of(sums_.begin(), sums_.end(), [&](const Sum& s) { return s.value == sum; });
  }

 private:
  using Consumer = BatchConsumer<Ring, SumHandler>;
  struct alignas(kFalseSharingBytes) Sum {
    int64_t value = 0;
  };

  typename Ring::Barrier BarrierOf(int i) {
    if (topology_.pipeline && i > 0) {
      return ring_->NewBarrier({&consumers_[i - 1]->sequence()});
    }
    if (topology_.diamond && i + 1 == topology_.consumers) {
      return ring_->NewBarrier({&consumers_[0]->sequence(), &consumers_[1]->sequence()});
    }
    return ring_->NewBarrier();
  }

  Ring* const ring_;
  const Topology topology_;
  std::vector<Sum> sums_;
  std::vector<std::unique_ptr<Consumer>> consumers_;
  std::vector<std::thread> threads_;
};

template <typename Ring>
void Produce(Ring* ring, int64_t entries, int64_t claim) {
  int64_t value = 0;
  while (value < entries) {
    const int64_t run = std::min(claim, entries - value);
    ring->PublishRun(run, [&](Entry& entry, int64_t) { entry.value = value++; });
  }
}

template <typename Ring>
void Run(benchmark::State& state, const Topology& topology) {
  const auto wait = static_cast<WaitKind>(state.range(0));
  const int64_t claim = state.range(1);
  const int64_t each = (wait == WaitKind::kSpin ? kEntriesSpin : kEntries) / topology.producers;
  state.SetLabel(std::string(WaitKindName(wait)));
  for (auto _ : state) {
    Ring ring(kCapacity, wait);
    Consumers<Ring> consumers(&ring, topology);
    std::vector<std::thread> producers;
    const int64_t start_ns = MonotonicNs();
    for (int i = 1; i < topology.producers; ++i) {
      producers.emplace_back([&] { Produce(&ring, each, claim); });
    }
    Produce(&ring, each, claim);
    for (std::thread& producer : producers) {
      producer.join();
    }
    if (!consumers.Finish(topology.producers * (each * (each - 1) / 2))) {
      state.SkipWithError("a consumer saw a wrong sum");
      return;
    }
    state.SetIterationTime(static_cast<double>(MonotonicNs() - start_ns) * 1e-9);
  }
  state.counters["ops_per_s"] =
      benchmark::Counter(static_cast<double>(state.iterations() * each * topology.producers),
                         benchmark::Counter::kIsRate);
}

//   P1 -> C1
void OneToOne(benchmark::State& state) { Run<SingleProducerRing<Entry>>(state, {}); }

//   P1, P2, P3 -> C1
void ThreeToOne(benchmark::State& state) { Run<MultiProducerRing<Entry>>(state, {.producers = 3}); }

//   P1 -> C1, C2, C3
void OneToThree(benchmark::State& state) {
  Run<SingleProducerRing<Entry>>(state, {.consumers = 3});
}

//   P1 -> C1 -> C2 -> C3
void Pipeline(benchmark::State& state) {
  Run<SingleProducerRing<Entry>>(state, {.consumers = 3, .pipeline = true});
}

//         +-> C1 -+
//   P1 ---+       +-> C3
//         +-> C2 -+
void Diamond(benchmark::State& state) {
  Run<SingleProducerRing<Entry>>(state, {.consumers = 3, .diamond = true});
}

void Arguments(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"wait", "claim"})->UseManualTime()->Unit(benchmark::kMillisecond);
  for (const WaitKind wait : {WaitKind::kSpin, WaitKind::kYield, WaitKind::kBlock}) {
    for (const int64_t claim : {1, 10, 64}) {
      benchmark->Args({static_cast<int64_t>(wait), claim});
    }
  }
}

BENCHMARK(OneToOne)->Apply(Arguments);
BENCHMARK(ThreeToOne)->Apply(Arguments);
BENCHMARK(OneToThree)->Apply(Arguments);
BENCHMARK(Pipeline)->Apply(Arguments);
BENCHMARK(Diamond)->Apply(Arguments);

}  // namespace
}  // namespace tally
