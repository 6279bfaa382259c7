// What a durable frame costs. One iteration is one group commit of k commands; the counters are
// commands per second and the median and 99th percentile of a commit in microseconds. The journal
// is read back at the end and must hold every command.
//
// The disk measured is that of TALLY_BENCH_DIR, or of the current directory.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "benchmark/benchmark.h"

#include "base/assert.h"
#include "base/clock.h"
#include "engine/command.h"
#include "engine/event.h"
#include "engine/journal/event_log.h"
#include "engine/journal/journal_reader.h"
#include "engine/journal/journal_writer.h"

namespace tally {
namespace {

class BenchDirectory {
 public:
  BenchDirectory() {
    const char* parent = std::getenv("TALLY_BENCH_DIR");
    path_ = (parent == nullptr ? std::filesystem::current_path().string() : std::string(parent)) +
            "/journal_bench.XXXXXX";
    CHECK(mkdtemp(path_.data()) != nullptr);
  }
  ~BenchDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  BenchDirectory(const BenchDirectory&) = delete;
  BenchDirectory& operator=(const BenchDirectory&) = delete;

  std::string Path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

double PercentileUs(std::vector<int64_t>* samples_ns, double fraction) {
  CHECK(!samples_ns->empty());
  const auto rank =
      static_cast<std::size_t>(static_cast<double>(samples_ns->size() - 1) * fraction);
  const auto nth = samples_ns->begin() + static_cast<std::ptrdiff_t>(rank);
  std::nth_element(samples_ns->begin(), nth, samples_ns->end());
  return static_cast<double>(*nth) / 1000.0;
}

uint64_t CountCommands(const std::string& directory) {
  auto reader = JournalReader::Open(directory);
  CHECK(reader.ok());
  uint64_t count = 0;
  for (;;) {
    const auto frame = (*reader)->Next();
    CHECK(frame.ok());
    if (frame->commands.empty()) {
      return count;
    }
    count += frame->commands.size();
  }
}

// Some bytes that differ from command to command, so that nothing can be compressed away.
Command MakeBenchCommand(uint64_t sequence) {
  Command command = MakeCommand(CommandType::kNewOrder);
  command.sequence = CommandSequence{sequence};
  command.timestamp_ns = static_cast<int64_t>(sequence * 1'000);
  for (std::size_t i = 0; i < command.payload.size(); ++i) {
    command.payload[i] = static_cast<uint8_t>((sequence * 2654435761U) >> (i % 24));
  }
  return command;
}

void BM_GroupCommit(benchmark::State& state, Durability durability) {
  const auto commands_per_frame = static_cast<uint64_t>(state.range(0));
  const BenchDirectory temporary;
  const std::string directory = temporary.Path("journal");
  JournalOptions options;
  options.durability = durability;
  auto writer = JournalWriter::Open(directory, options);
  CHECK(writer.ok());
  std::vector<Command> frame(commands_per_frame, MakeCommand(CommandType::kNewOrder));
  std::vector<int64_t> samples_ns;
  int64_t total_ns = 0;
  uint64_t next = 1;
  for (auto _ : state) {
    for (Command& command : frame) {
      command = MakeBenchCommand(next++);
    }
    const int64_t start_ns = MonotonicNs();
    CHECK((*writer)->AppendFrame(frame).ok());
    const int64_t elapsed_ns = MonotonicNs() - start_ns;
    samples_ns.push_back(elapsed_ns);
    total_ns += elapsed_ns;
    state.SetIterationTime(static_cast<double>(elapsed_ns) * 1e-9);
  }
  CHECK((*writer)->Close().ok());
  CHECK(CountCommands(directory) == next - 1);
  state.counters["commands_per_s"] =
      static_cast<double>(next - 1) / (static_cast<double>(total_ns) * 1e-9);
  state.counters["p50_us"] = PercentileUs(&samples_ns, 0.50);
  state.counters["p99_us"] = PercentileUs(&samples_ns, 0.99);
}

BENCHMARK_CAPTURE(BM_GroupCommit, sync, Durability::kSync)
    ->Arg(1)
    ->Arg(4)
    ->Arg(16)
    ->Arg(64)
    ->Arg(256)
    ->Arg(1024)
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(BM_GroupCommit, async, Durability::kAsync)
    ->Arg(1)
    ->Arg(4)
    ->Arg(16)
    ->Arg(64)
    ->Arg(256)
    ->Arg(1024)
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

constexpr uint64_t kReplayCommands = 512'000;

// Reading and verifying everything, opening included: what a restart pays besides the core.
void BM_Replay(benchmark::State& state) {
  const auto commands_per_frame = static_cast<uint64_t>(state.range(0));
  const BenchDirectory temporary;
  const std::string directory = temporary.Path("journal");
  {
    JournalOptions options;
    options.durability = Durability::kAsync;
    auto writer = JournalWriter::Open(directory, options);
    CHECK(writer.ok());
    for (uint64_t next = 1; next <= kReplayCommands; ++next) {
      (*writer)->Add(MakeBenchCommand(next));
      if (next % commands_per_frame == 0) {
        CHECK((*writer)->Commit().ok());
      }
    }
    CHECK((*writer)->Close().ok());
  }
  for (auto _ : state) {
    CHECK(CountCommands(directory) == kReplayCommands);
  }
  state.counters["commands_per_s"] = benchmark::Counter(
      static_cast<double>(kReplayCommands), benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(BM_Replay)->Arg(16)->Arg(256)->Arg(1024)->UseRealTime()->Unit(benchmark::kMillisecond);

void BM_EventLogAppend(benchmark::State& state) {
  const auto events_per_frame = static_cast<uint64_t>(state.range(0));
  const BenchDirectory temporary;
  auto writer = EventLogWriter::Open(temporary.Path("events"));
  CHECK(writer.ok());
  std::vector<Event> events(events_per_frame, MakeEvent(EventType::kTrade));
  uint64_t next = 1;
  for (auto _ : state) {
    for (Event& event : events) {
      event.sequence = EventSequence{next++};
    }
    CHECK((*writer)->Append(events).ok());
  }
  EventLogReader reader(temporary.Path("events"));
  std::vector<Event> last(1, Event{});
  CHECK(reader.ReadFrom(EventSequence{next - 1}, last).value() == 1);
  state.counters["events_per_s"] =
      benchmark::Counter(static_cast<double>(next - 1), benchmark::Counter::kIsRate);
}
BENCHMARK(BM_EventLogAppend)->Arg(1)->Arg(16)->Arg(256)->UseRealTime();

void BM_EventLogFollow(benchmark::State& state) {
  const auto events_per_frame = static_cast<uint64_t>(state.range(0));
  constexpr uint64_t kEvents = 256'000;
  const BenchDirectory temporary;
  const std::string directory = temporary.Path("events");
  auto writer = EventLogWriter::Open(directory);
  CHECK(writer.ok());
  std::vector<Event> events(events_per_frame, MakeEvent(EventType::kTrade));
  for (uint64_t next = 1; next <= kEvents;) {
    for (Event& event : events) {
      event.sequence = EventSequence{next++};
    }
    CHECK((*writer)->Append(events).ok());
  }
  std::vector<Event> batch(1024, Event{});
  for (auto _ : state) {
    EventLogReader reader(directory);
    uint64_t next = 1;
    while (const std::size_t count = reader.ReadFrom(EventSequence{next}, batch).value()) {
      next += count;
    }
    CHECK(next == kEvents + 1);
  }
  state.counters["events_per_s"] = benchmark::Counter(
      static_cast<double>(kEvents), benchmark::Counter::kIsIterationInvariantRate);
}
BENCHMARK(BM_EventLogFollow)
    ->Arg(1)
    ->Arg(16)
    ->Arg(256)
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tally
