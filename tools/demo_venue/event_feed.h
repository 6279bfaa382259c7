#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"

#include "base/types.h"
#include "engine/event.h"
#include "engine/journal/event_log.h"

namespace tally::demo {

// What the engine's event log says, read while the engine writes it (and after it was killed), as
// the relayer and any auditor do. Thread safety: one thread.
class EventFeed {
 public:
  explicit EventFeed(const std::string& directory) : reader_(directory) {}

  // Reads what was appended since the last call.
  absl::Status Follow();

  // All of these count from the first event on.
  uint64_t events = 0;
  uint64_t deposits = 0;
  uint64_t withdrawals = 0;
  uint64_t rejected_withdrawals = 0;
  std::map<AssetId, int64_t> net_deposits{};  // Deposits less withdrawals, quanta.
  EventSequence last_fill{};
  EventSequence last_withdrawal{};
  EventSequence settled{};              // Last event of the last batch the engine knows settled.
  std::vector<EventSequence> trades{};  // One per trade, ascending.
  // Orders accepted, by (account, client order id).
  std::map<std::pair<AccountId, ClientOrderId>, uint32_t> accepted{};

  uint64_t TradesIn(uint64_t first_event, uint64_t last_event) const;
  bool all_settled() const { return settled >= last_fill && settled >= last_withdrawal; }

 private:
  void Take(const Event& event);

  EventLogReader reader_;
};

}  // namespace tally::demo
