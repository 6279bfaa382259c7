#include "engine/pipeline/engine.h"

#include <bit>
#include <cerrno>
#include <sys/stat.h>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"

#include "base/assert.h"
#include "base/status.h"
#include "engine/core/core.h"
#include "engine/journal/event_log.h"
#include "engine/journal/journal_writer.h"
#include "engine/journal/session_report_index.h"
#include "engine/pipeline/internal/event_log_check.h"
#include "engine/pipeline/internal/pipeline.h"
#include "engine/pipeline/internal/ports.h"

namespace tally {
namespace {

constexpr uint32_t kRingSizeMin = 16;
constexpr uint32_t kThreads = 4;  // The three of the pipeline and the gateway's.

class JournalAdapter final : public internal::JournalPort {
 public:
  explicit JournalAdapter(JournalWriter* writer) : writer_(writer) {}
  void Add(std::span<const Command> commands) override {
    for (const Command& command : commands) {
      writer_->Add(command);
    }
  }
  absl::Status Commit() override { return writer_->Commit(); }

 private:
  JournalWriter* const writer_;
};

absl::Status DivergenceStatus(const core::Core& core) {
  if (!core.divergence()) {
    return absl::OkStatus();
  }
  return absl::DataLossError(
      absl::StrCat("state after command ", Raw(core.divergence()->at),
                   " differs from the hash journaled at ", Raw(core.divergence()->detected_by),
                   ": another version of the program, other limits, or faulty hardware"));
}

class CoreAdapter final : public internal::CorePort {
 public:
  explicit CoreAdapter(core::Core* core) : core_(core) {}
  void ApplyFirst(std::span<const Command> upcoming, EventSink& sink) override {
    core_->ApplyFirst(upcoming, sink);
  }
  absl::Status Verify() const override { return DivergenceStatus(*core_); }
  int64_t NextDeadlineNs() const override { return core_->next_deadline_ns(); }

 private:
  core::Core* const core_;
};

class EventLogAdapter final : public internal::EventLogPort {
 public:
  explicit EventLogAdapter(EventLogWriter* writer) : writer_(writer) {}
  absl::Status Append(std::span<const Event> events) override { return writer_->Append(events); }

 private:
  EventLogWriter* const writer_;
};

absl::Status CheckRingSize(const char* name, uint32_t size) {
  if (!std::has_single_bit(size) || size < kRingSizeMin || size > kMaxRingCapacity) {
    return absl::InvalidArgumentError(absl::StrCat(name, " ", size, " is not a power of two in ",
                                                   kRingSizeMin, "..", kMaxRingCapacity));
  }
  return absl::OkStatus();
}

absl::Status CheckOptions(const EngineOptions& options) {
  RETURN_IF_ERROR(CheckRingSize("input_ring_size", options.input_ring_size));
  RETURN_IF_ERROR(CheckRingSize("output_ring_size", options.output_ring_size));
  if (options.data_directory.empty() || options.clock == nullptr) {
    return absl::InvalidArgumentError("data_directory and clock are required");
  }
  if (options.wait == WaitKind::kSpin && std::thread::hardware_concurrency() < kThreads) {
    // Spinners that share a core wait for each other's time slices: milliseconds.
    return absl::InvalidArgumentError(
        absl::StrCat("wait = spin needs at least ", kThreads, " processors: use block"));
  }
  if (options.event_consumers < 1 || options.event_consumers > kEventConsumersMax) {
    return absl::InvalidArgumentError(absl::StrCat("event_consumers is 1 to ", kEventConsumersMax));
  }
  if (options.limits.state_hash_interval == 1) {
    // Each mark would itself be followed by a hash to be marked.
    return absl::InvalidArgumentError("state_hash_interval is 0 (never) or at least 2");
  }
  return absl::OkStatus();
}

absl::Status MakeDirectory(const std::string& path) {
  if (mkdir(path.c_str(), 0750) != 0 && errno != EEXIST) {
    return ErrnoStatus("mkdir", path);
  }
  return absl::OkStatus();
}

}  // namespace

// Members in order of dependence: the pipeline, and its threads, end first.
class Engine::Impl {
 public:
  explicit Impl(const EngineOptions& engine_options)

      : options(engine_options), events_directory(engine_options.data_directory + "/events") {}

  absl::Status Recover();
  absl::Status Stop();

  const EngineOptions options;
  const std::string events_directory;
  SessionReportIndex report_index;
  std::unique_ptr<EventLogWriter> event_log;
  std::unique_ptr<core::Core> core;
  std::unique_ptr<JournalWriter> journal;
  std::unique_ptr<JournalAdapter> journal_adapter;
  std::unique_ptr<CoreAdapter> core_adapter;
  std::unique_ptr<EventLogAdapter> event_log_adapter;
  std::unique_ptr<internal::Pipeline> pipeline;
  bool running = false;  // Threads own the core.

 private:
  absl::Status Replay();
  absl::Status CheckReplay(internal::EventLogCheck* check);
};

absl::Status Engine::Impl::Recover() {
  RETURN_IF_ERROR(MakeDirectory(options.data_directory));
  ASSIGN_OR_RETURN(event_log, EventLogWriter::Open(events_directory, {}, &report_index));
  core = std::make_unique<core::Core>(options.limits);
  RETURN_IF_ERROR(Replay());

  journal_adapter = std::make_unique<JournalAdapter>(journal.get());
  core_adapter = std::make_unique<CoreAdapter>(core.get());
  event_log_adapter = std::make_unique<EventLogAdapter>(event_log.get());
  const internal::PipelineOptions pipeline_options{
      .wait = options.wait,
      .input_ring_size = options.input_ring_size,
      .output_ring_size = options.output_ring_size,
      .event_consumers = options.event_consumers,
      .clock = options.clock,
      .last_command = core->last_command_sequence(),
      .last_event = EventSequence{Raw(core->next_event_sequence()) - 1}};
  ASSIGN_OR_RETURN(pipeline,
                   internal::Pipeline::Create(pipeline_options, journal_adapter.get(),
                                              core_adapter.get(), event_log_adapter.get()));
  return absl::OkStatus();
}

absl::Status Engine::Impl::Replay() {
  EventLogReader reader(events_directory);
  internal::EventLogCheck check(&reader, event_log.get());
  const auto apply_frame = [&](std::span<const Command> commands) {
    for (std::size_t i = 0; i < commands.size(); ++i) {
      core->ApplyFirst(commands.subspan(i), check);
    }
    return check.first_difference() ? absl::CancelledError() : absl::OkStatus();
  };
  auto opened = JournalWriter::Open(options.data_directory + "/journal",
                                    {.durability = options.durability}, apply_frame);
  if (!opened.ok() && !check.first_difference()) {
    return opened.status();
  }
  RETURN_IF_ERROR(CheckReplay(&check));
  journal = *std::move(opened);
  ASSIGN_OR_RETURN(const bool log_goes_on, check.LogGoesOn());
  if (log_goes_on) {
    return absl::DataLossError(absl::StrCat(
        "the event log is ahead of the journal: it has event ", Raw(core->next_event_sequence()),
        " and the journal ends with command ", Raw(core->last_command_sequence()),
        ". Restore the journal; the events may have been acknowledged and settled"));
  }
  return DivergenceStatus(*core);
}

absl::Status Engine::Impl::CheckReplay(internal::EventLogCheck* check) {
  RETURN_IF_ERROR(check->Flush());
  if (check->first_difference()) {
    return absl::DataLossError(absl::StrCat(
        "event ", Raw(check->first_difference()->event), " (of command ",
        Raw(check->first_difference()->command),
        ")"
        " of the event log is not what the journal gives: another version of the program, other "
        "limits, or a log that belongs to another journal"));
  }
  return absl::OkStatus();
}

absl::Status Engine::Impl::Stop() {
  absl::Status status = pipeline->Stop();
  if (journal != nullptr) {
    const absl::Status closed = journal->Close();
    status.Update(closed);
  }
  return status;
}

absl::StatusOr<std::unique_ptr<Engine>> Engine::Open(const EngineOptions& options) {
  RETURN_IF_ERROR(CheckOptions(options));
  auto impl = std::make_unique<Impl>(options);
  RETURN_IF_ERROR(impl->Recover());
  return std::unique_ptr<Engine>(new Engine(std::move(impl)));
}

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::~Engine() = default;

const core::Core& Engine::core() const {
  CHECK(!impl_->running);
  return *impl_->core;
}

void Engine::Start() {
  impl_->running = true;
  impl_->pipeline->Start();
}

bool Engine::TryPublish(std::span<const Command> commands) {
  return impl_->pipeline->TryPublish(commands);
}
std::span<const Event> Engine::PeekEvents(std::size_t limit, uint32_t consumer) {
  return impl_->pipeline->PeekEvents(limit, consumer);
}
void Engine::ConsumeEvents(std::size_t count, uint32_t consumer) {
  impl_->pipeline->ConsumeEvents(count, consumer);
}
int Engine::event_fd(uint32_t consumer) const { return impl_->pipeline->event_fd(consumer); }
bool Engine::ArmEventFd(uint32_t consumer) { return impl_->pipeline->ArmEventFd(consumer); }
const std::string& Engine::event_log_directory() const { return impl_->events_directory; }
const SessionReportIndex& Engine::report_index() const { return impl_->report_index; }
EventSequence Engine::event_log_written() const { return impl_->pipeline->event_log_written(); }
absl::Status Engine::Stop() {
  absl::Status status = impl_->Stop();
  impl_->running = false;
  return status;
}
int64_t Engine::next_deadline_ns() const { return impl_->pipeline->next_deadline_ns(); }
absl::Status Engine::health() const { return impl_->pipeline->health(); }
EngineStats Engine::stats() const { return impl_->pipeline->stats(); }

}  // namespace tally
