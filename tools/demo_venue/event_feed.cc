#include "tools/demo_venue/event_feed.h"

#include <algorithm>

#include "base/status.h"

namespace tally::demo {

absl::Status EventFeed::Follow() {
  std::vector<Event> buffer(4'096, MakeEvent(EventType::kStateHash));
  for (;;) {
    ASSIGN_OR_RETURN(const std::size_t count, reader_.ReadFrom(EventSequence{events + 1}, buffer));
    if (count == 0) {
      return absl::OkStatus();
    }
    for (std::size_t i = 0; i < count; ++i) {
      Take(buffer[i]);
    }
  }
}

void EventFeed::Take(const Event& event) {
  ++events;
  const auto is = [&event](EventType type) { return event.type == type; };
  if (is(EventType::kOrderAccepted)) {
    ++accepted[{event.account, event.client_order_id}];
  } else if (is(EventType::kOrderFilled)) {
    last_fill = event.sequence;
  } else if (is(EventType::kTrade)) {
    trades.push_back(event.sequence);
  } else if (is(EventType::kDeposited)) {
    ++deposits;
    net_deposits[event.transfer.asset] += event.transfer.amount.value;
  } else if (is(EventType::kWithdrawn)) {
    ++withdrawals;
    net_deposits[event.transfer.asset] -= event.transfer.amount.value;
    last_withdrawal = event.sequence;
  } else if (is(EventType::kWithdrawRefused)) {
    ++rejected_withdrawals;
  } else if (is(EventType::kBatchSettled)) {
    settled = event.batch_settled.last_event;
  }
}

uint64_t EventFeed::TradesIn(uint64_t first_event, uint64_t last_event) const {
  const auto begin = std::ranges::lower_bound(trades, EventSequence{first_event});
  const auto end = std::ranges::upper_bound(trades, EventSequence{last_event});
  return static_cast<uint64_t>(end - begin);
}

}  // namespace tally::demo
