// SessionHub: how far trades are on their way to the chain, and what is in dispute. Everybody gets
// the statuses of batches, which are few; an account its own disputes.

#include "gateway/session/hub.h"

namespace tally::gateway {

void SessionHub::OnSettlement(const Event& event, Instant now) {
  const bool is_status = event.type == EventType::kBatchStatus;
  if (is_status) {
    batches_.Update(event.batch_status);
  }
  if (is_status ? event.batch_status.trade_count == 0 : event.account == AccountId{}) {
    return;
  }
  for (const auto& [id, owned] : connections_) {
    Connection* const connection = owned.get();
    if (connection->phase != Phase::kLive) {
      continue;
    }
    if (is_status) {
      encoder_.TradesStatus(event.batch_status, event.timestamp_ns, now.wall_ns,
                            Output(connection, now));
    } else if (connection->session->account == event.account) {
      encoder_.DisputeStatus(event, now.wall_ns, Output(connection, now));
    }
    CheckSendQueue(connection, now);
  }
}

// To a client that has just come, whatever it missed.
void SessionHub::SendSettlement(Connection* connection, Instant now) {
  for (const BatchStatusEvent& status : batches_.all()) {
    if (status.trade_count != 0) {
      encoder_.TradesStatus(status, 0, now.wall_ns, Output(connection, now));
    }
  }
}

}  // namespace tally::gateway
