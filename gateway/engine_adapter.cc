#include "gateway/engine_adapter.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/status.h"
#include "engine/core/core.h"

namespace tally::gateway {

EngineAdapter::EngineAdapter(Engine* engine, uint32_t consumer)
    : engine_(engine),
      consumer_(consumer),
      reports_(engine->event_log_directory(), &engine->report_index()),
      log_(engine->event_log_directory()) {}

bool EngineAdapter::TryPublish(const Command& command) { return engine_->TryPublish(command); }

std::span<const Event> EngineAdapter::PeekEvents(std::size_t limit) {
  return engine_->PeekEvents(limit, consumer_);
}

void EngineAdapter::ConsumeEvents(std::size_t count) { engine_->ConsumeEvents(count, consumer_); }

int EngineAdapter::event_fd() const { return engine_->event_fd(consumer_); }

bool EngineAdapter::ArmEventFd() { return engine_->ArmEventFd(consumer_); }

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

absl::StatusOr<std::vector<Event>> EngineAdapter::FindEvents(EventSequence from,
                                                             std::size_t limit) {
  std::vector<Event> events(limit, Event{});
  ASSIGN_OR_RETURN(const std::size_t count, log_.ReadFrom(from, events));
  events.erase(events.begin() + static_cast<std::ptrdiff_t>(count), events.end());
  return events;
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
  state.batches = core.BatchStatuses();
  for (uint32_t id = 1; id <= core.limits().instruments; ++id) {
    const InstrumentId instrument{id};
    if (core.instruments().Find(instrument) == nullptr) {
      continue;
    }
    RecoveredBook& book = state.books.emplace_back();
    book = {.instrument = instrument,
            .top = core.book_top(instrument),
            .phase = core.phase(instrument),
            .has_deltas = (core.rules(instrument).flags & kRulesFlagBookDelta) != 0,
            .delta_sequence = core.book_delta_sequence(instrument),
            .scheduled_ns = core.scheduled_ns(instrument)};
    if (book.has_deltas) {
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
  if (event.type != EventType::kBookDelta) {
    return;
  }
  for (RecoveredBook& book : state->books) {
    if (book.instrument != event.instrument) {
      continue;
    }
    const BookDeltaEvent& delta = event.book_delta;
    book.delta_sequence = delta.book_sequence;
    if (delta.action == BookAction::kAdd) {
      book.orders.push_back(
          {event.order_id, static_cast<Side>(event.side), delta.price, delta.quantity});
      continue;
    }
    // Of a book that is taken back as a whole always the first one.
    const auto found = std::find_if(book.orders.begin(), book.orders.end(), [&](const auto& row) {
      return row.order_id == event.order_id;
    });
    CHECK(found != book.orders.end());
    if (delta.action == BookAction::kRemove) {
      book.orders.erase(found);
    } else {
      found->displayed = delta.quantity;
    }
  }
}

}  // namespace tally::gateway
