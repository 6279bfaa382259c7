// FixHub: reports of the core become messages.

#include <utility>

#include "base/assert.h"
#include "engine/reject_reason.h"
#include "gateway/fix/hub.h"
#include "gateway/fix/market_data.h"
#include "gateway/fix/report_writer.h"

namespace tally::gateway::fix {

std::size_t FixHub::PollEvents(std::size_t limit, Instant now) {
  const std::span<const Event> events = config_.engine->PeekEvents(limit);
  for (const Event& event : events) {
    if (!drop_copies_.empty()) {
      CopyToAll(event, now);
    }
    if (event.report_sequence != 0) {
      OnReport(event, now);
      if (event.type == EventType::kOrderFilled || event.type == EventType::kTradeBroken) {
        OnTradeEvent(event, now);
      }
    } else if (event.type == EventType::kBatchStatus) {
      OnTradeEvent(event, now);
    } else if (event.type == EventType::kSessionOpened) {
      OnSessionOpened(event, now);
    } else {
      market_data_->Apply(event);
    }
  }
  TellMarketData(now);
  config_.engine->ConsumeEvents(events.size());
  return events.size();
}

void FixHub::OnSessionOpened(const Event& event, Instant now) {
  for (const auto& session : sessions_) {
    if (session->session_id == event.session_opened.session_id &&
        session->config.account == event.account) {
      session->index = event.session;
      by_index_[Raw(session->index)] = session.get();
    }
  }
  for (const auto& [id, connection] : connections_) {
    if (connection->waits_for_core) {
      MarkReady(connection.get());
      ProcessInput(connection.get(), now);
    }
  }
}

void FixHub::OnReport(const Event& event, Instant now) {
  const auto found = by_index_.find(Raw(event.session));
  if (found == by_index_.end() || event.report_sequence < found->second->released_report) {
    return;
  }
  FixSession& session = *found->second;
  // Reports before this one that this gateway did not see (those of definitions applied at the
  // start) are in the log.
  const bool caught_up = session.progress.next_report == event.report_sequence;
  session.released_report = event.report_sequence + 1;
  Connection* const connection = ConnectionOf(session);
  // Who is away, or does not read, gets it from the log.
  if (connection == nullptr || connection->phase != Phase::kLive ||
      connection->output.bytes() >= config_.options.send_queue_bytes_soft) {
    return;
  }
  if (caught_up) {
    ApplyReport(connection, event, now);
  } else {
    needs_retry_ = true;
  }
}

// Brings the session up to the report, and tells the client.
void FixHub::ApplyReport(Connection* connection, const Event& event, Instant now) {
  FixSession& session = *connection->session;
  CHECK(event.report_sequence == session.progress.next_report);
  ++session.progress.next_report;
  if (AnswerQuote(connection, event, now)) {
    return;
  }
  ReportWriter writer(*config_.instruments, &session, event);
  if (const std::string_view type = writer.Write(); !type.empty()) {
    SendApplication(connection, type, writer.body(), now);
  }
  UpdateList(connection, event.client_order_id, now);
}

}  // namespace tally::gateway::fix
