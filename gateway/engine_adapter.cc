#include "gateway/engine_adapter.h"

#include <utility>

#include "base/status.h"
#include "engine/core/core.h"

namespace tally::gateway {

EngineAdapter::EngineAdapter(Engine* engine)
    : engine_(engine), reports_(engine->event_log_directory(), &engine->report_index()) {}

bool EngineAdapter::TryPublish(const Command& command) { return engine_->TryPublish(command); }

std::span<const Event> EngineAdapter::PeekEvents(std::size_t limit) {
  return engine_->PeekEvents(limit);
}

void EngineAdapter::ConsumeEvents(std::size_t count) { engine_->ConsumeEvents(count); }

int EngineAdapter::event_fd() const { return engine_->event_fd(); }

bool EngineAdapter::ArmEventFd() { return engine_->ArmEventFd(); }

absl::Status EngineAdapter::health() const { return engine_->health(); }

absl::StatusOr<ReportSource::Batch> EngineAdapter::FindReports(SessionIndex session,
                                                               uint64_t from_report_sequence,
                                                               std::size_t limit) {
  ASSIGN_OR_RETURN(ReportStore::Reports reports,
                   reports_.FindReports(session, from_report_sequence, limit));
  return Batch{.events = std::move(reports.events),
               .next_report_sequence = reports.next_report_sequence};
}

absl::StatusOr<std::vector<Event>> EngineAdapter::FindOutcome(SessionIndex session,
                                                              uint64_t client_sequence) {
  ASSIGN_OR_RETURN(ReportStore::Outcome outcome, reports_.FindOutcome(session, client_sequence));
  return std::move(outcome.events);
}

RecoveredState RecoveredStateOf(const Engine& engine) {
  const core::Core& core = engine.core();
  RecoveredState state;
  for (uint32_t index = 1; index <= core.session_count(); ++index) {
    const core::Session& session = *core.session(SessionIndex{index});
    state.sessions.push_back({.index = session.index,
                              .account = session.account,
                              .session_id = session.session_id,
                              .public_key = session.public_key,
                              .last_client_sequence = session.last_client_sequence,
                              .next_report_sequence = session.next_report_sequence,
                              .last_client_order_id = session.last_client_order_id});
  }
  for (uint32_t id = 1; id <= core.limits().instruments; ++id) {
    const BookTopEvent top = core.book_top(InstrumentId{id});
    if (top.book_sequence != 0) {
      state.books.push_back({.instrument = InstrumentId{id}, .top = top});
    }
  }
  return state;
}

}  // namespace tally::gateway
