#include "engine/pipeline/internal/pipeline.h"

#include <algorithm>
#include <limits>
#include <pthread.h>
#include <utility>

#include "base/assert.h"
#include "base/status.h"
#include "engine/limits.h"

namespace tally::internal {
namespace {

// Commands matched between two flushes: bounds how long the first event of a batch waits for the
// last (some 20 us), well below the sync that it waits for anyway.
constexpr int64_t kMatchBatchMax = 64;
// Events of one write to the event log: 1 MiB.
constexpr std::size_t kEventLogBatchMax = 8192;

EventSignals Signals(
    const std::array<std::unique_ptr<EventFdSignal>, kEventConsumersMax>& signals) {
  EventSignals result;
  std::transform(signals.begin(), signals.end(), result.begin(),
                 [](const auto& signal) { return signal.get(); });
  return result;
}

void NameThread(const char* name) { pthread_setname_np(pthread_self(), name); }

}  // namespace

absl::StatusOr<std::unique_ptr<Pipeline>> Pipeline::Create(const PipelineOptions& options,
                                                           JournalPort* journal, CorePort* core,
                                                           EventLogPort* event_log) {
  CHECK(options.event_consumers >= 1 && options.event_consumers <= kEventConsumersMax);
  OwnedSignals signals;
  for (uint32_t i = 0; i < options.event_consumers; ++i) {
    ASSIGN_OR_RETURN(signals[i], EventFdSignal::Open());
  }
  return std::unique_ptr<Pipeline>(
      new Pipeline(options, std::move(signals), journal, core, event_log));
}

Pipeline::Pipeline(const PipelineOptions& options, OwnedSignals signals, JournalPort* journal,
                   CorePort* core, EventLogPort* event_log)
    : options_(options),
      signals_(std::move(signals)),
      journal_(journal),
      core_(core),
      event_log_(event_log),
      input_(options.input_ring_size, options.wait),
      output_(options.output_ring_size, options.wait),
      gate_(&output_, Signals(signals_), options.wait, options.last_command),
      sink_(&output_, &gate_, options.last_event),
      journal_consumer_(&input_, input_.NewBarrier(), JournalHandler{this}, kMaxFrameCommands),
      match_consumer_(&input_, input_.NewBarrier(), MatchHandler{this}, kMatchBatchMax),
      next_deadline_ns_(core->NextDeadlineNs()) {
  input_.AddGatingSequence(&journal_consumer_.sequence());
  input_.AddGatingSequence(&match_consumer_.sequence());
  for (uint32_t i = 0; i < options.event_consumers; ++i) {
    output_.AddGatingSequence(&gateways_consumed_[i]);
  }
  output_.AddGatingSequence(&event_log_consumed_);
}

Pipeline::~Pipeline() {
  Abort();
  Join();
}

void Pipeline::Start() {
  CHECK(!started_);
  started_ = true;
  journal_thread_ = std::thread([this] {
    NameThread("journal");
    journal_consumer_.Run();
  });
  match_thread_ = std::thread([this] {
    NameThread("match");
    match_consumer_.Run();
  });
  event_log_thread_ = std::thread([this] {
    NameThread("event-log");
    LogEvents();
  });
}

bool Pipeline::TryPublish(std::span<const Command> commands) {
  CHECK(commands.size() <= input_.capacity());
  if (Enter(commands)) {
    return true;
  }
  publish_refused_.fetch_add(1, std::memory_order_relaxed);
  return false;
}

bool Pipeline::Enter(std::span<const Command> commands) {
  if (commands.empty()) {
    return true;
  }
  const int64_t now_ns = options_.clock->NowNs();  // Before the claim: others wait for our slots.
  const Command* next = commands.data();
  return input_.TryPublishRun(
      static_cast<int64_t>(commands.size()), [&](Command& slot, int64_t at) {
        slot = *next++;
        slot.sequence = CommandSequence{Raw(options_.last_command) + 1 + static_cast<uint64_t>(at)};
        slot.timestamp_ns = now_ns;
      });
}

bool Pipeline::Journal(const RingBatch<Command>& batch) {
  journal_->Add(batch.slots);
  frame_commands_ += static_cast<uint32_t>(batch.slots.size());
  if (!batch.end_of_batch) {
    return true;
  }
  const CommandSequence last = batch.slots.back().sequence;
  if (absl::Status status = journal_->Commit(); !status.ok()) {
    Fail(Annotate(status, "journal"));
    return false;
  }
  frames_.fetch_add(1, std::memory_order_relaxed);
  frame_commands_last_.store(std::exchange(frame_commands_, 0), std::memory_order_relaxed);
  gate_.Durable(last);
  return true;
}

bool Pipeline::Match(const RingBatch<Command>& batch) {
  for (std::size_t i = 0; i < batch.slots.size(); ++i) {
    const Command& command = batch.slots[i];
    core_->ApplyFirst(batch.slots.subspan(i), sink_);
    if (sink_.aborted()) {
      return false;
    }
    if (command.type == CommandType::kStateHashMark) {
      if (absl::Status status = core_->Verify(); !status.ok()) {
        Fail(status);
        return false;
      }
    }
  }
  next_deadline_ns_.store(core_->NextDeadlineNs(), std::memory_order_release);
  sink_.Flush();
  PublishMark();
  return true;
}

void Pipeline::PublishMark() {
  // Never waits: this thread is the one that makes room. A mark that finds none is tried again
  // after the next batch, and gives way to a newer one.
  if (sink_.pending_mark() && Enter(std::span(&*sink_.pending_mark(), 1))) {
    sink_.ClearMark();
  }
  marks_skipped_.store(sink_.marks_skipped(), std::memory_order_relaxed);
}

void Pipeline::LogEvents() {
  for (int64_t next = 0; gate_.WaitFor(next);) {
    const std::span<const Event> events = gate_.Released(&output_, next, kEventLogBatchMax);
    if (events.empty()) {
      return;  // The gate was closed since.
    }
    if (absl::Status status = event_log_->Append(events); !status.ok()) {
      Fail(Annotate(status, "event log"));
      return;
    }
    next += static_cast<int64_t>(events.size());
    output_.sequencer().AdvanceConsumer(event_log_consumed_, next - 1);
  }
}

std::span<const Event> Pipeline::PeekEvents(std::size_t limit, uint32_t consumer) {
  if (stopped_.load(std::memory_order_relaxed)) {
    return {};
  }
  return gate_.Released(&output_, gateways_consumed_[consumer].LoadOwn() + 1, limit);
}

void Pipeline::ConsumeEvents(std::size_t count, uint32_t consumer) {
  if (count != 0 && !stopped_.load(std::memory_order_relaxed)) {
    Sequence& consumed = gateways_consumed_[consumer];
    output_.sequencer().AdvanceConsumer(consumed, consumed.LoadOwn() + static_cast<int64_t>(count));
  }
}

bool Pipeline::ArmEventFd(uint32_t consumer) {
  return !stopped_.load(std::memory_order_relaxed) &&
         gate_.Arm(consumer, gateways_consumed_[consumer].LoadOwn() + 1);
}

absl::Status Pipeline::Stop() {
  if (!stopped_.exchange(true, std::memory_order_relaxed)) {
    input_.Halt();
    // The gateways are gone: their positions must not hold up the match stage.
    for (uint32_t i = 0; i < options_.event_consumers; ++i) {
      output_.sequencer().AdvanceConsumer(gateways_consumed_[i],
                                          std::numeric_limits<int64_t>::max());
    }
    if (started_) {
      journal_thread_.join();
      match_thread_.join();
      gate_.Drain();
      event_log_thread_.join();
    }
    gate_.Close();
  }
  return health();
}

void Pipeline::Fail(const absl::Status& status) {
  {
    MutexLock lock(&mutex_);
    if (health_.ok()) {
      health_ = status;
    }
  }
  Abort();
}

void Pipeline::Abort() {
  gate_.Close();  // First: from here on nothing leaves.
  input_.Abort();
  output_.Abort();
}

void Pipeline::Join() {
  for (std::thread* thread : {&journal_thread_, &match_thread_, &event_log_thread_}) {
    if (thread->joinable()) {
      thread->join();
    }
  }
}

absl::Status Pipeline::health() const {
  MutexLock lock(&mutex_);
  return health_;
}

EventSequence Pipeline::event_log_written() const {
  return EventSequence{Raw(options_.last_event) +
                       static_cast<uint64_t>(event_log_consumed_.Load() + 1)};
}

EngineStats Pipeline::stats() const {
  // Consumers first, so that no difference is negative.
  const int64_t journaled = journal_consumer_.sequence().Load();
  const int64_t matched = match_consumer_.sequence().Load();
  const int64_t logged = event_log_consumed_.Load();
  int64_t taken = logged;
  for (uint32_t i = 0; i < options_.event_consumers; ++i) {
    taken = std::min(taken, gateways_consumed_[i].Load());
  }
  const int64_t flushed = gate_.flushed();
  const int64_t published = input_.sequencer().cursor();
  EngineStats stats;
  stats.commands = Raw(options_.last_command) + static_cast<uint64_t>(published + 1);
  stats.durable_sequence = Raw(gate_.durable());
  stats.matched_sequence = Raw(options_.last_command) + static_cast<uint64_t>(matched + 1);
  stats.frames = frames_.load(std::memory_order_relaxed);
  stats.frame_commands_last = frame_commands_last_.load(std::memory_order_relaxed);
  stats.events = Raw(options_.last_event) + static_cast<uint64_t>(flushed + 1);
  stats.events_logged = Raw(options_.last_event) + static_cast<uint64_t>(logged + 1);
  stats.input_ring_fill = static_cast<uint32_t>(published - std::min(journaled, matched));
  stats.output_ring_fill = static_cast<uint32_t>(flushed - taken);
  stats.publish_refused = publish_refused_.load(std::memory_order_relaxed);
  stats.hash_marks_skipped = marks_skipped_.load(std::memory_order_relaxed);
  return stats;
}

}  // namespace tally::internal
