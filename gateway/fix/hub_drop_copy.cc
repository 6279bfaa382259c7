// FixHub: drop copies, the execution reports of accounts whatever session they are of.

#include <algorithm>
#include <string>

#include "gateway/fix/drop_copy.h"
#include "gateway/fix/hub.h"

namespace tally::gateway::fix {
namespace {

constexpr std::size_t kChunkEvents = 512;
// Read in one go; then everybody else has a turn.
constexpr int kChunksMax = 32;
// How many events that were nothing to a session are looked at again after a restart, at most.
constexpr uint64_t kUnnotedEventsMax = 65'536;

}  // namespace

// Behind the order of the events: who is up to date gets it, the others find it in the log.
void FixHub::CopyToAll(const Event& event, Instant now) {
  last_event_ = event.sequence;
  for (FixSession* const session : drop_copies_) {
    Connection* const connection = ConnectionOf(*session);
    if (connection == nullptr || connection->phase != Phase::kLive ||
        Raw(session->copied) >= Raw(event.sequence) ||
        connection->output.bytes() >= config_.options.send_queue_bytes_soft) {
      continue;
    }
    if (Raw(session->copied) + 1 == Raw(event.sequence)) {
      Copy(connection, event, now);
    } else {
      needs_retry_ = true;
    }
  }
}

void FixHub::Copy(Connection* connection, const Event& event, Instant now) {
  FixSession& session = *connection->session;
  session.copied = event.sequence;
  const auto& accounts = session.config.accounts;
  if (!IsExecution(event) ||
      std::find(accounts.begin(), accounts.end(), event.account) == accounts.end()) {
    // Who is not told of anything for long does not begin long ago after a restart.
    if (Raw(event.sequence) - session.progress.next_report >= kUnnotedEventsMax) {
      session.progress.next_report = Raw(event.sequence) + 1;
    }
    return;
  }
  CopyOrigin origin;
  if (const auto found = by_index_.find(Raw(event.session)); found != by_index_.end()) {
    origin.session = found->second->config.comp_id;
    origin.order = found->second->orders.Find(event.client_order_id);
    origin.cl_ord_id = origin.order == nullptr ? std::string_view() : origin.order->cl_ord_id;
  } else {
    origin.session = std::to_string(Raw(event.session));
    origin.cl_ord_id = std::to_string(Raw(event.client_order_id));
  }
  std::string body;
  WriteCopy(*config_.instruments, event, origin, &session, &body);
  session.progress.next_report = Raw(event.sequence) + 1;
  SendApplication(connection, "8", body, now);
}

// Events that were released while the client was away, or while it did not read.
void FixHub::PumpCopies(Connection* connection, Instant now) {
  FixSession* const session = connection->session;
  if (connection->phase != Phase::kLive || session->config.kind != FixSessionKind::kDropCopy) {
    return;
  }
  for (int chunk = 0; connection->output.bytes() < config_.options.send_queue_bytes_soft; ++chunk) {
    if (Raw(last_event_) != 0 && session->copied >= last_event_) {
      return;
    }
    if (chunk == kChunksMax) {
      needs_retry_ = true;
      return;
    }
    const auto events =
        config_.reports->FindEvents(EventSequence{Raw(session->copied) + 1}, kChunkEvents);
    if (!events.ok()) {
      LogOut(connection, "the event log cannot be read", now);
      return;
    }
    for (const Event& event : *events) {
      if (connection->output.bytes() >= config_.options.send_queue_bytes_soft) {
        return;
      }
      Copy(connection, event, now);
    }
    if (events->empty()) {
      // The log follows the released events by a moment.
      needs_retry_ = needs_retry_ || Raw(session->copied) < Raw(last_event_);
      return;
    }
  }
}

}  // namespace tally::gateway::fix
