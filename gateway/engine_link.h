#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "base/types.h"
#include "engine/command.h"
#include "engine/event.h"

namespace tally::gateway {

// The engine as a gateway sees it: commands in, released (durable) events out. EngineAdapter is
// the real one; tests drive a core by hand.
//
// Thread safety: TryPublish from any thread; the event calls from one thread, the gateway's.
class EngineLink {
 public:
  virtual ~EngineLink() = default;

  // False: the input ring is full, or the engine stops or failed; nothing happened. Never blocks.
  virtual bool TryPublish(const Command& command) = 0;

  // Released events not consumed yet, in order, at most `limit`; valid until ConsumeEvents.
  virtual std::span<const Event> PeekEvents(std::size_t limit) = 0;
  virtual void ConsumeEvents(std::size_t count) = 0;

  // Becomes readable when there are events, after ArmEventFd returned true. False: there are
  // events already.
  virtual int event_fd() const = 0;
  virtual bool ArmEventFd() = 0;

  // Not OK: nothing is released any more.
  virtual absl::Status health() const = 0;

  // The earliest time at which a kTimer command would do something; 0: nothing waits for a time.
  // Changes only together with released events, or when a kTimer was applied.
  virtual int64_t next_deadline_ns() const { return 0; }
};

// What was released before.
//
// Thread safety: the gateway's thread.
class ReportSource {
 public:
  virtual ~ReportSource() = default;

  // Reports of `session` from `from_report_sequence` (>= 1) on, contiguous, at most `limit`. Fewer,
  // or none, means "ask again": the log follows the released events by a moment, and one call
  // scans only so far. `next_report_sequence` is where to go on.
  struct Batch {
    std::vector<Event> events;
    uint64_t next_report_sequence = 0;
  };
  virtual absl::StatusOr<Batch> FindReports(SessionIndex session, uint64_t from_report_sequence,
                                            std::size_t limit) = 0;

  // Every report that answers the session's command; empty if there is none yet.
  virtual absl::StatusOr<std::vector<Event>> FindOutcome(SessionIndex session,
                                                         uint64_t client_sequence) = 0;

  // Events of every kind from `from` (>= 1) on, in order, at most `limit`. None: not there yet.
  virtual absl::StatusOr<std::vector<Event>> FindEvents(EventSequence from, std::size_t limit) = 0;
};

// A session that the core knew when the gateway started.
struct RecoveredSession {
  SessionIndex index{};
  AccountId account{};
  uint64_t session_id = 0;
  std::array<uint8_t, 32> public_key{};
  uint64_t last_client_sequence = 0;
  uint64_t next_report_sequence = 1;
  ClientOrderId last_client_order_id{};
};

// A displayed order.
struct RecoveredOrder {
  OrderId order_id{};
  Side side{};
  PriceTicks price;
  QuantityLots displayed;
};

struct RecoveredBook {
  InstrumentId instrument{};
  BookTopEvent top{};
  PhaseChangedEvent phase{};            // As it is; phase 0: continuous.
  bool has_deltas = false;              // The core publishes kBookDelta events.
  uint64_t delta_sequence = 0;          // Of the last kBookDelta.
  int64_t scheduled_ns = 0;             // When the clock last set its phase; 0: never.
  std::deque<RecoveredOrder> orders{};  // Bids, then asks, in priority; empty without kBookDelta.
};

// What the gateway has to know of the past: the state of the core before its threads start.
struct RecoveredState {
  std::vector<RecoveredSession> sessions;
  std::vector<RecoveredBook> books;
  std::vector<BatchStatusEvent> batches;  // Core::BatchStatuses().
  int64_t time_ns = 0;                    // Of the last command; 0: there is none.
};

}  // namespace tally::gateway
