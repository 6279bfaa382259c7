#pragma once

// What the relayer needs from the engine, and nothing more. The adapters (client library, event
// log) live with whoever starts the relayer.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "base/types.h"
#include "engine/command.h"
#include "engine/event.h"
#include "engine/reject_reason.h"

namespace tally::settlement {

inline constexpr std::size_t kEventsPerRead = 4096;

// Takes kDeposit, kWithdraw, kBatchStatus and kDispute commands to the engine, in order, with the
// `settlement` permission. Delivery is at least once: the relayer sends again what does not show up
// in the event log, and the core takes each index once.
//
// Thread safety: one thread. Submit does not wait for the outcome.
class EngineLink {
 public:
  struct Rejection {
    CommandType type{};
    uint64_t index = 0;  // Transfer index or batch id.
    RejectReason reason = RejectReason::kNone;
  };

  virtual ~EngineLink() = default;
  // Only type, account and payload are set. kUnavailable: not connected or full, try again later.
  virtual absl::Status Submit(const Command& command) = 0;
  // Rejections since the last call; may also drive the connection.
  virtual std::vector<Rejection> Poll() = 0;
};

// The event log, as EventLogReader reads it: copies events from `from` on, 0 if not there yet.
class EventSource {
 public:
  virtual ~EventSource() = default;
  virtual absl::StatusOr<std::size_t> ReadFrom(EventSequence from, std::span<Event> events) = 0;
};

}  // namespace tally::settlement
