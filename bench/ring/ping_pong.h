#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <thread>
#include <vector>

#include "bench/ring/topology.h"

namespace tally::bench {

struct RoundTrips {
  double p50_ns = 0;
  double p99_ns = 0;
};

// Round trips of one entry at a time through two rings: what waiting costs in latency. Nothing if
// an answer was wrong.
template <typename Ring>
std::optional<RoundTrips> MeasureRoundTrips(WaitKind wait, int64_t round_trips) {
  Ring ping(kRingCapacity, wait);
  Ring pong(kRingCapacity, wait);
  auto answer = [&](const RingBatch<Entry>& batch) {
    for (const Entry& entry : batch.slots) {
      pong.Publish({entry.value + 1});
    }
    return true;
  };
  BatchConsumer echo(&ping, ping.NewBarrier(), answer);
  ping.AddGatingSequence(&echo.sequence());
  std::thread thread([&] { echo.Run(); });

  std::vector<int64_t> times_ns;
  times_ns.reserve(static_cast<std::size_t>(round_trips));
  int64_t sent_ns = 0;
  int64_t sent = 0;
  bool right = true;
  auto send = [&] {
    sent_ns = MonotonicNs();
    ping.Publish({sent});
  };
  auto receive = [&](const RingBatch<Entry>& batch) {
    times_ns.push_back(MonotonicNs() - sent_ns);
    right = right && batch.slots.size() == 1 && batch.slots[0].value == sent + 1;
    if (++sent == round_trips) {
      return false;
    }
    send();
    return true;
  };
  BatchConsumer receiver(&pong, pong.NewBarrier(), receive);
  pong.AddGatingSequence(&receiver.sequence());
  send();
  receiver.Run();
  ping.Halt();
  thread.join();
  if (!right) {
    return std::nullopt;
  }
  std::sort(times_ns.begin(), times_ns.end());
  return RoundTrips{.p50_ns = static_cast<double>(times_ns[times_ns.size() / 2]),
                    .p99_ns = static_cast<double>(times_ns[times_ns.size() * 99 / 100])};
}

}  // namespace tally::bench
