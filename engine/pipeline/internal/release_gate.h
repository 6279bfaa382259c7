#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/types.h"
#include "engine/event.h"
#include "engine/limits.h"
#include "engine/ring/event_fd_signal.h"
#include "engine/ring/ring_buffer.h"

namespace tally::internal {

using OutputRing = SingleProducerRing<Event>;
// Of the consumers in event loops; null behind the last one.
using EventSignals = std::array<EventFdSignal*, kEventConsumersMax>;

// Decides which events may leave: those that the match stage has flushed and whose command the
// journal stage has made durable. The two advance independently; consumers look at both.
//
// Thread safety: Flushed from the match stage, Durable from the journal stage, the rest from any
// thread.
//
// Who wakes whom. A consumer waits for its next event E (of command c): flushed >= E and durable
// >= c. Durable wakes always, Flushed only if the first command just flushed is durable already.
// Nothing is lost: all stores and loads here are sequentially consistent, so if Flushed finds c not
// durable, the store of c's durability, and the wake after it, come later.
class ReleaseGate {
 public:
  ReleaseGate(const OutputRing* ring, const EventSignals& signals, WaitKind wait,
              CommandSequence durable)
      : ring_(ring),
        signals_(signals),
        waiters_(wait),
        durable_(static_cast<int64_t>(Raw(durable))) {}

  // Events up to this position of the output ring are written; the first new one is of `command`.
  void Flushed(int64_t position, CommandSequence command) {
    flushed_.StoreOrdered(position);
    if (durable_.Load() >= static_cast<int64_t>(Raw(command))) {
      Notify();
    }
  }

  void Durable(CommandSequence last) {
    durable_.StoreOrdered(static_cast<int64_t>(Raw(last)));
    Notify();
  }

  // Consumers end when they have taken everything released so far. After both stages have ended.
  void Drain() { Change(State::kDraining); }
  // Nothing is released any more.
  void Close() { Change(State::kClosed); }

  CommandSequence durable() const {
    return CommandSequence{static_cast<uint64_t>(durable_.Load())};
  }
  int64_t flushed() const { return flushed_.Load(); }

  // Whether the event at `next` is released.
  bool Ready(int64_t next) const {
    return flushed_.Load() >= next && IsDurable((*ring_)[next], durable_.Load()) && !closed();
  }

  // Waits until it is. False: it never will be.
  bool WaitFor(int64_t next) {
    waiters_.WaitUntil(
        [&] { return Ready(next) || state_.load(std::memory_order_seq_cst) != State::kOpen; });
    return Ready(next);
  }

  // A consumer in an event loop: arms its eventfd unless `next` is released, or the gate changed.
  bool Arm(std::size_t consumer, int64_t next) {
    return signals_[consumer]->Arm(
        [&] { return Ready(next) || state_.load(std::memory_order_seq_cst) != State::kOpen; });
  }

  // Released events from `next` on, adjacent in memory, at most `limit`.
  std::span<const Event> Released(OutputRing* ring, int64_t next, std::size_t limit) const {
    const int64_t flushed = flushed_.Load();
    if (next > flushed || limit == 0 || closed()) {
      return {};
    }
    const int64_t bounded =
        static_cast<int64_t>(std::min<uint64_t>(limit, static_cast<uint64_t>(flushed - next) + 1));
    const std::span<const Event> events = ring->Contiguous(next, next + bounded - 1);
    const int64_t durable = durable_.Load();
    // Events are in the order of their commands.
    const auto end = std::partition_point(events.begin(), events.end(), [&](const Event& event) {
      return IsDurable(event, durable);
    });
    return events.first(static_cast<std::size_t>(end - events.begin()));
  }

 private:
  enum class State : uint8_t { kOpen, kDraining, kClosed };

  static bool IsDurable(const Event& event, int64_t durable) {
    return static_cast<int64_t>(Raw(event.command_sequence)) <= durable;
  }

  // Sequentially consistent: see the class comment.
  bool closed() const { return state_.load(std::memory_order_seq_cst) == State::kClosed; }

  void Change(State state) {
    State current = state_.load(std::memory_order_seq_cst);
    while (current < state &&
           !state_.compare_exchange_weak(current, state, std::memory_order_seq_cst)) {
    }
    Notify();
  }

  void Notify() {
    waiters_.Wake();
    for (EventFdSignal* const signal : signals_) {
      if (signal != nullptr) {
        signal->Signal();
      }
    }
  }

  const OutputRing* const ring_;
  const EventSignals signals_;
  WaitStrategy waiters_;
  Sequence flushed_;  // Written by the match stage; publishes the events.
  Sequence durable_;  // Written by the journal stage: a command sequence.
  std::atomic<State> state_{State::kOpen};
};

}  // namespace tally::internal
