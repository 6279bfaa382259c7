#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "base/clock.h"
#include "base/mutex.h"
#include "engine/pipeline/engine.h"
#include "engine/pipeline/internal/output_sink.h"
#include "engine/pipeline/internal/ports.h"
#include "engine/pipeline/internal/release_gate.h"
#include "engine/ring/batch_consumer.h"
#include "engine/ring/ring_buffer.h"

namespace tally::internal {

struct PipelineOptions {
  WaitKind wait = WaitKind::kBlock;
  uint32_t input_ring_size = 16'384;
  uint32_t output_ring_size = 65'536;
  uint32_t event_consumers = 1;
  const Clock* clock = nullptr;
  CommandSequence last_command{};  // Recovered; the first command published is the next one.
  EventSequence last_event{};
};

// The rings and threads of an Engine, over narrow ports. See Engine for the contract of each call.
//
// Thread safety: as Engine.
class Pipeline {
 public:
  // The ports outlive the pipeline.
  static absl::StatusOr<std::unique_ptr<Pipeline>> Create(const PipelineOptions& options,
                                                          JournalPort* journal, CorePort* core,
                                                          EventLogPort* event_log);
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  void Start();
  bool TryPublish(std::span<const Command> commands);
  std::span<const Event> PeekEvents(std::size_t limit, uint32_t consumer = 0);
  void ConsumeEvents(std::size_t count, uint32_t consumer = 0);
  int event_fd(uint32_t consumer = 0) const { return signals_[consumer]->fd(); }
  bool ArmEventFd(uint32_t consumer = 0);
  absl::Status Stop();
  absl::Status health() const;
  EngineStats stats() const;
  EventSequence event_log_written() const;
  // Acquire: pairs with the release in Match().
  int64_t next_deadline_ns() const { return next_deadline_ns_.load(std::memory_order_acquire); }

 private:
  using InputRing = MultiProducerRing<Command>;

  // A handler type for each consumer, so that the loop calls the stage directly.
  struct JournalHandler {
    Pipeline* pipeline;
    bool operator()(const RingBatch<Command>& batch) const { return pipeline->Journal(batch); }
  };
  struct MatchHandler {
    Pipeline* pipeline;
    bool operator()(const RingBatch<Command>& batch) const { return pipeline->Match(batch); }
  };

  using OwnedSignals = std::array<std::unique_ptr<EventFdSignal>, kEventConsumersMax>;

  Pipeline(const PipelineOptions& options, OwnedSignals signals, JournalPort* journal,
           CorePort* core, EventLogPort* event_log);

  bool Enter(std::span<const Command> commands);
  bool Journal(const RingBatch<Command>& batch);
  bool Match(const RingBatch<Command>& batch);
  void PublishMark();
  void LogEvents();
  // The first failure stays; everything stops, nothing is released from here on.
  void Fail(const absl::Status& status);
  void Abort();
  void Join();

  const PipelineOptions options_;
  const OwnedSignals signals_;
  JournalPort* const journal_;
  CorePort* const core_;
  EventLogPort* const event_log_;

  InputRing input_;
  OutputRing output_;
  ReleaseGate gate_;
  OutputSink sink_;
  BatchConsumer<InputRing, JournalHandler> journal_consumer_;
  BatchConsumer<InputRing, MatchHandler> match_consumer_;
  // Positions in the output ring; each written by the thread of its gateway.
  std::array<Sequence, kEventConsumersMax> gateways_consumed_;
  Sequence event_log_consumed_;  // Likewise; written by the event-log stage after the write.
  bool started_ = false;
  // Written by the controlling thread, read by the gateway's; orders nothing (relaxed).
  std::atomic<bool> stopped_{false};
  // Written by the match stage, read by whoever sends kTimer.
  std::atomic<int64_t> next_deadline_ns_;

  // Counters: each written by one thread (refused: any), read by stats(). Relaxed throughout.
  std::atomic<uint64_t> frames_{0};
  std::atomic<uint32_t> frame_commands_last_{0};
  std::atomic<uint64_t> publish_refused_{0};
  std::atomic<uint64_t> marks_skipped_{0};
  uint32_t frame_commands_ = 0;  // Of the open frame; the journal stage's own.

  mutable Mutex mutex_;
  absl::Status health_ ABSL_GUARDED_BY(mutex_);

  std::thread journal_thread_;
  std::thread match_thread_;
  std::thread event_log_thread_;
};

}  // namespace tally::internal
