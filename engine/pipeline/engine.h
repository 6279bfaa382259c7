#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "base/clock.h"
#include "base/types.h"
#include "engine/command.h"
#include "engine/event.h"
#include "engine/journal/journal_options.h"
#include "engine/limits.h"
#include "engine/ring/wait_kind.h"

namespace tally {

class SessionReportIndex;

namespace core {
class Core;
}

struct EngineOptions {
  std::string data_directory;  // Holds journal/ and events/; created if it does not exist.
  // kAsync releases an event when its command was handed to the operating system: a power cut can
  // then lose what was acknowledged. Say so to whoever is acknowledged to.
  Durability durability = Durability::kSync;
  WaitKind wait = WaitKind::kBlock;
  uint32_t input_ring_size = 16'384;   // Commands, a power of two.
  uint32_t output_ring_size = 65'536;  // Events, a power of two.
  // Gateways that take the events, each all of them; 1 to kEventConsumersMax. One that does not
  // poll stops the engine when the output ring is full.
  uint32_t event_consumers = 1;
  CoreLimits limits;
  const Clock* clock = nullptr;  // Stamps commands; outlives the engine.
};

struct EngineStats {
  uint64_t commands = 0;  // Last sequence that entered the input ring.
  uint64_t durable_sequence = 0;
  uint64_t matched_sequence = 0;
  uint64_t frames = 0;               // Written since Start.
  uint32_t frame_commands_last = 0;  // Size of the last one.
  uint64_t events = 0;               // Last event sequence published by the match stage.
  uint64_t events_logged = 0;        // Last event sequence in the event log.
  uint32_t input_ring_fill = 0;      // Commands not yet both durable and matched.
  uint32_t output_ring_fill = 0;     // Events not yet taken by every consumer.
  uint64_t publish_refused = 0;      // TryPublish calls that found no room.
  uint64_t hash_marks_skipped = 0;   // State hashes not journaled because the input ring was full.
};

// The running engine: a core, its journal and its event log, joined by two rings and three threads.
//
//   TryPublish -> input ring -+-> journal stage -> journal (durable) --+
//                             +-> match stage -> output ring ----------+-> released events
//                                                                          +-> PollEvents
//                                                                          +-> event-log stage
//
// An event is released, that is visible to both its consumers, when it is matched and its command
// is durable. The journal stage takes every command that waits, up to kMaxFrameCommands, as one
// frame, so frames grow with load and no timer is needed.
//
// Thread safety: TryPublish, health, stats, next_deadline_ns and event_log_written from any thread.
// The event calls (PeekEvents, ConsumeEvents, PollEvents, ArmEventFd) of a consumer from one
// thread, its gateway's. Open, Start and Stop from one controlling thread. `core` not between Start
// and Stop.
//
// Invariants: events come in order of their sequence, each once. After a storage error no event is
// released ever again, health() says why, TryPublish refuses everything, and the process should
// exit: recovery decides what became of the commands in flight.
//
// Back-pressure: when a consumer does not take its events the output ring fills, the match stage
// waits, the input ring fills, TryPublish returns false. Memory is bounded and nothing is dropped.
class Engine {
 public:
  // Opens the journal, replays it into a new core, and checks the event log against the replayed
  // events, appending what it lacks. Threads do not run yet.
  //   kInvalidArgument     an option is out of range; `spin` on fewer than 4 processors
  //   kFailedPrecondition  another process has the directory open
  //   kDataLoss            the journal is damaged; the event log is ahead of it or differs from it
  //                        (the message names the first such event); a state hash mark disagrees
  static absl::StatusOr<std::unique_ptr<Engine>> Open(const EngineOptions& options);

  // Abandons what Stop has not drained.
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // The recovered state before Start, the final one after Stop. Not in between.
  const core::Core& core() const;

  void Start();

  // Enters a command, or several as one contiguous run, all or none. The sequence and timestamp of
  // the commands are overwritten. False: no room, or the engine is stopping or failed, and nothing
  // happened. True says only that the command is in the ring. Never blocks. At most
  // input_ring_size commands.
  bool TryPublish(const Command& command) { return TryPublish(std::span(&command, 1)); }
  bool TryPublish(std::span<const Command> commands);

  // Released events not yet consumed, at most `limit`, contiguous in memory (so there can be more
  // after these are consumed); empty if there is none. Valid until ConsumeEvents.
  std::span<const Event> PeekEvents(std::size_t limit, uint32_t consumer = 0);
  // Gives the first `count` of the events last peeked back to the engine.
  void ConsumeEvents(std::size_t count, uint32_t consumer = 0);

  // Calls handler(const Event&) for up to `limit` released events. Returns how many.
  template <typename Handler>
  std::size_t PollEvents(Handler&& handler, std::size_t limit) {
    std::size_t polled = 0;
    while (polled < limit) {
      const std::span<const Event> events = PeekEvents(limit - polled);
      if (events.empty()) {
        break;
      }
      for (const Event& event : events) {
        handler(event);
      }
      ConsumeEvents(events.size());
      polled += events.size();
    }
    return polled;
  }

  // An eventfd that becomes readable when events are released or the engine fails, after ArmEventFd
  // returned true. ArmEventFd clears it first; it returns false if there is something to look at
  // already: events, a health() that is not OK, or the engine was stopped. Use: poll until empty,
  // check health(), arm, and wait if that returned true.
  int event_fd(uint32_t consumer = 0) const;
  bool ArmEventFd(uint32_t consumer = 0);

  // Directory of the event log, for an EventLogReader or a ReportStore, and the index of session
  // reports that the event-log stage feeds (thread safe, lives as long as the engine).
  const std::string& event_log_directory() const;
  const SessionReportIndex& report_index() const;
  // Last event in the event log. Every event up to here can be read from it. An event that was
  // released can be missing there for a short time.
  EventSequence event_log_written() const;

  // Refuses new commands, makes those in the ring durable, matches them, writes their events to the
  // event log, ends the threads, closes the files. Idempotent. The gateway must have stopped
  // polling: events that it did not take are in the event log, PeekEvents returns none from now on.
  absl::Status Stop();

  // Core::next_deadline_ns() as of the last commands matched; from any thread. Published before the
  // events of those commands, so that who has seen them knows of the deadline they set.
  int64_t next_deadline_ns() const;

  // Not OK after a storage error.
  absl::Status health() const;
  EngineStats stats() const;

 private:
  class Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tally
