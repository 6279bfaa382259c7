#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "base/assert.h"
#include "base/cache_line.h"
#include "base/clock.h"
#include "engine/ring/batch_consumer.h"
#include "engine/ring/ring_buffer.h"
#include "engine/ring/single_producer.h"

namespace tally::bench {

struct Entry {
  int64_t value;
};

struct Topology {
  int producers = 1;
  int consumers = 1;
  // Consumers 1, 2, ... wait for the one before (pipeline), or the last one for all (diamond).
  bool pipeline = false;
  bool diamond = false;
};

struct Load {
  WaitKind wait = WaitKind::kYield;
  int64_t claim = 1;    // Entries that a producer claims and publishes at once.
  int64_t entries = 0;  // In all.
};

inline constexpr uint32_t kRingCapacity = 1U << 16;  // As in the Disruptor's performance tests.
inline constexpr int64_t kBatch = 10;                // Likewise.

// Consumers on threads of their own, each adding up the values it sees.
//
// Thread safety: none; made and finished by one thread.
template <typename Ring>
class SumConsumers {
 public:
  // Returns once every consumer runs.
  SumConsumers(Ring* ring, const Topology& topology)
      : ring_(ring), topology_(topology), results_(static_cast<std::size_t>(topology.consumers)) {
    for (int i = 0; i < topology.consumers; ++i) {
      consumers_.push_back(std::make_unique<Consumer>(ring, BarrierOf(i), Handler{&ResultOf(i)}));
      if (i + 1 == topology.consumers || (!topology.pipeline && !topology.diamond)) {
        ring->AddGatingSequence(&consumers_.back()->sequence());
      }
    }
    std::atomic<int> running{0};
    for (int i = 0; i < topology.consumers; ++i) {
      threads_.emplace_back([this, i, &running] {
        running.fetch_add(1);
        consumers_[static_cast<std::size_t>(i)]->Run();
        ResultOf(i).end_ns = MonotonicNs();
      });
    }
    while (running.load() != topology.consumers) {
      std::this_thread::yield();
    }
  }

  // When the last consumer had everything; nothing if one saw values that do not add up to `sum`.
  std::optional<int64_t> Finish(int64_t sum) {
    ring_->Halt();
    for (std::thread& thread : threads_) {
      thread.join();
    }
    int64_t end_ns = 0;
    for (const Result& result : results_) {
      if (result.sum != sum) {
        return std::nullopt;
      }
      end_ns = std::max(end_ns, result.end_ns);
    }
    return end_ns;
  }

 private:
  struct alignas(kFalseSharingBytes) Result {
    int64_t sum = 0;
    int64_t end_ns = 0;
  };
  struct Handler {
    Result* result;
    bool operator()(const RingBatch<Entry>& batch) const {
      int64_t sum = 0;
      for (const Entry& entry : batch.slots) {
        sum += entry.value;
      }
      result->sum += sum;
      return true;
    }
  };
  using Consumer = BatchConsumer<Ring, Handler>;

  Result& ResultOf(int i) { return results_[static_cast<std::size_t>(i)]; }

  typename Ring::Barrier BarrierOf(int i) {
    if (topology_.pipeline && i > 0) {
      return ring_->NewBarrier({&consumers_.back()->sequence()});
    }
    if (topology_.diamond && i + 1 == topology_.consumers) {
      return ring_->NewBarrier({&consumers_[0]->sequence(), &consumers_[1]->sequence()});
    }
    return ring_->NewBarrier();
  }

  Ring* const ring_;
  const Topology topology_;
  std::vector<Result> results_;
  std::vector<std::unique_ptr<Consumer>> consumers_;
  std::vector<std::thread> threads_;
};

// Inlined where the producer is: a compiler keeps it in registers unless its address goes
// elsewhere.
template <typename Producer>
[[gnu::always_inline]] inline void PublishAll(Producer* ring, int64_t entries, int64_t claim) {
  if (claim == 1) {
    for (int64_t value = 0; value < entries; ++value) {
      ring->Publish({value});
    }
    return;
  }
  CHECK(claim == kBatch);
  for (int64_t value = 0; value < entries; value += kBatch) {
    int64_t next = value;
    ring->PublishRun(kBatch, [&](Entry& entry, int64_t) { entry.value = next++; });
  }
}

inline void Produce(SingleProducerRing<Entry>* ring, int64_t entries, int64_t claim) {
  SingleProducer<Entry> producer(ring);
  PublishAll(&producer, entries, claim);
}
inline void Produce(MultiProducerRing<Entry>* ring, int64_t entries, int64_t claim) {
  PublishAll(ring, entries, claim);
}

// Entries per second from the start of the producers to the end of the last consumer; nothing if a
// consumer saw a wrong sum.
template <typename Ring>
std::optional<double> MeasureThroughput(const Topology& topology, const Load& load) {
  const int64_t each = load.entries / topology.producers;
  Ring ring(kRingCapacity, load.wait);
  SumConsumers<Ring> consumers(&ring, topology);
  std::atomic<int> ready{1};
  std::vector<std::thread> producers;
  for (int i = 1; i < topology.producers; ++i) {
    producers.emplace_back([&] {
      ready.fetch_add(1);
      while (ready.load() < topology.producers) {
        std::this_thread::yield();
      }
      Produce(&ring, each, load.claim);
    });
  }
  while (ready.load() < topology.producers) {
    std::this_thread::yield();
  }
  const int64_t start_ns = MonotonicNs();
  Produce(&ring, each, load.claim);
  for (std::thread& producer : producers) {
    producer.join();
  }
  const auto end_ns = consumers.Finish(topology.producers * (each * (each - 1) / 2));
  if (!end_ns) {
    return std::nullopt;
  }
  return static_cast<double>(each * topology.producers) * 1e9 /
         static_cast<double>(*end_ns - start_ns);
}

}  // namespace tally::bench
