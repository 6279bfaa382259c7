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

int64_t EngineAdapter::next_deadline_ns() const { return engine_->next_deadline_ns(); }

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
  state.time_ns = core.time_ns();
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
    const InstrumentId instrument{id};
    if (core.instruments().Find(instrument) == nullptr) {
      continue;
    }
    RecoveredBook& book = state.books.emplace_back();
    book = {.instrument = instrument,
            .top = core.book_top(instrument),
            .phase = core.phase(instrument),
            .delta_sequence = core.book_delta_sequence(instrument)};
    if ((core.rules(instrument).flags & kRulesFlagBookDelta) != 0) {
      for (const Side side : {Side::kBuy, Side::kSell}) {
        std::vector<core::DepthOrder> orders(core.open_order_count());
        orders.resize(core.BookOrders(instrument, side, orders));
        for (const core::DepthOrder& order : orders) {
          book.orders.push_back({order.id, side, order.price, order.quantity});
        }
      }
    }
  }
  return state;
}

void AddToRecovered(const Event& event, RecoveredState* state) {
  if (event.type != EventType::kBookDelta || event.book_delta.action != BookAction::kAdd) {
    return;
  }
  for (RecoveredBook& book : state->books) {
    if (book.instrument == event.instrument) {
      book.delta_sequence = event.book_delta.book_sequence;
      book.orders.push_back({event.order_id, static_cast<Side>(event.side), event.book_delta.price,
                             event.book_delta.quantity});
    }
  }
}

}  // namespace tally::gateway
