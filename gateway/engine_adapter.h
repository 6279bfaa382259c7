#pragma once

#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "engine/journal/report_store.h"
#include "engine/pipeline/engine.h"
#include "gateway/engine_link.h"

namespace tally::gateway {

// The running engine behind the gateway's narrow interfaces.
//
// Thread safety: as EngineLink and ReportSource. The engine outlives the adapter.
class EngineAdapter final : public EngineLink, public ReportSource {
 public:
  // `consumer`: whose share of the events, below EngineOptions::event_consumers.
  explicit EngineAdapter(Engine* engine, uint32_t consumer = 0);

  bool TryPublish(const Command& command) override;
  std::span<const Event> PeekEvents(std::size_t limit) override;
  void ConsumeEvents(std::size_t count) override;
  int event_fd() const override;
  bool ArmEventFd() override;
  absl::Status health() const override;
  int64_t next_deadline_ns() const override;

  absl::StatusOr<Batch> FindReports(SessionIndex session, uint64_t from_report_sequence,
                                    std::size_t limit) override;
  absl::StatusOr<std::vector<Event>> FindOutcome(SessionIndex session,
                                                 uint64_t client_sequence) override;
  absl::StatusOr<std::vector<Event>> FindEvents(EventSequence from, std::size_t limit) override;

 private:
  Engine* const engine_;
  const uint32_t consumer_;
  ReportStore reports_;
  EventLogReader log_;
};

// What a gateway has to know of a recovered core. Only before Engine::Start.
RecoveredState RecoveredStateOf(const Engine& engine);

// Brings it up to an event that was released before the gateway listened: the kBookDelta events of
// a book that a definition of the configuration made public or took back.
void AddToRecovered(const Event& event, RecoveredState* state);

}  // namespace tally::gateway
