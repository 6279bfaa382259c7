#include "engine/pipeline/engine.h"

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <poll.h>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

#include "engine/core/core.h"
#include "engine/journal/event_log.h"
#include "engine/pipeline/replay.h"
#include "tests/engine/pipeline/fake_ports.h"

namespace tally {
namespace {

using internal::AwaitCondition;

class CountingClock final : public Clock {
 public:
  int64_t NowNs() const override { return now_ns_.fetch_add(1, std::memory_order_relaxed); }

 private:
  mutable std::atomic<int64_t> now_ns_{1'000};
};

class EngineTest : public testing::Test {
 protected:
  EngineTest() {
    std::string pattern = testing::TempDir() + "engine_test_XXXXXX";
    root_ = mkdtemp(pattern.data());
    options_.data_directory = root_ / "data";
    options_.clock = &clock_;
    options_.limits = {.assets = 4,
                       .instruments = 4,
                       .accounts = 64,
                       .sessions = 4096,
                       .open_orders = 64,
                       .open_orders_per_account = 64,
                       .state_hash_interval = 16};
  }
  ~EngineTest() override {
    engine_.reset();
    std::filesystem::remove_all(root_);
  }

  absl::Status Open() {
    engine_.reset();
    auto engine = Engine::Open(options_);
    if (engine.ok()) {
      engine_ = *std::move(engine);
    }
    return engine.status();
  }
  void OpenAndStart() {
    const absl::Status status = Open();
    ASSERT_TRUE(status.ok()) << status;
    engine_->Start();
  }

  // Opens sessions first..last and takes the events of each.
  void OpenSessions(uint64_t first, uint64_t last) {
    for (uint64_t id = first; id <= last; ++id) {
      Command command = MakeCommand(CommandType::kOpenSession);
      command.open_session.session_id = id;
      command.open_session.public_key.fill(static_cast<uint8_t>(id));
      AwaitCondition([&] { return engine_->TryPublish(command); });
      AwaitSession(id);
    }
    AwaitCondition([&] { return Raw(engine_->event_log_written()) >= last_event_; });
  }
  void AwaitSession(uint64_t id) {
    bool opened = false;
    while (!opened) {
      const std::size_t taken = engine_->PollEvents(
          [&](const Event& event) {
            last_event_ = Raw(event.sequence);
            opened = opened || (event.type == EventType::kSessionOpened &&
                                event.session_opened.session_id == id);
          },
          100);
      ASSERT_TRUE(engine_->health().ok()) << engine_->health();
      if (taken == 0 && engine_->ArmEventFd()) {
        pollfd entry{engine_->event_fd(), POLLIN, 0};
        ASSERT_EQ(poll(&entry, 1, -1), 1);
      }
    }
  }

  std::vector<Event> LoggedEvents() {
    EventLogReader reader(events());
    std::vector<Event> events(10'000, MakeEvent(EventType{}));
    const auto count = reader.ReadFrom(EventSequence{1}, events);
    EXPECT_TRUE(count.ok()) << count.status();
    events.resize(count.value_or(0), MakeEvent(EventType{}));
    return events;
  }
  std::string events() const { return options_.data_directory + "/events"; }
  std::string journal() const { return options_.data_directory + "/journal"; }

  std::filesystem::path root_;
  CountingClock clock_;
  EngineOptions options_;
  std::unique_ptr<Engine> engine_;
  uint64_t last_event_ = 0;
};

TEST_F(EngineTest, EmptyDirectoryIsANewCore) {
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(engine_->core().last_command_sequence(), CommandSequence{0});
  EXPECT_TRUE(engine_->Stop().ok());
}

TEST_F(EngineTest, StoppedEngineRecoversItsState) {
  OpenAndStart();
  OpenSessions(1, 40);
  ASSERT_TRUE(engine_->Stop().ok());
  const std::vector<Event> before = LoggedEvents();
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(engine_->core().session_count(), 40U);
  EXPECT_NE(engine_->core().FindSession(AccountId{0}, 40), nullptr);
  EXPECT_EQ(Raw(engine_->core().next_event_sequence()), before.size() + 1);
  engine_->Start();
  OpenSessions(41, 50);
  EXPECT_EQ(LoggedEvents().size(), last_event_);
  EXPECT_TRUE(engine_->Stop().ok());
}

TEST_F(EngineTest, CopyOfARunningEnginesDirectoryRecoversAllThatWasReleased) {
  OpenAndStart();
  OpenSessions(1, 40);
  const std::filesystem::path copy = root_ / "copy";
  std::filesystem::copy(options_.data_directory, copy, std::filesystem::copy_options::recursive);
  OpenSessions(41, 45);
  ASSERT_TRUE(engine_->Stop().ok());
  options_.data_directory = copy;
  ASSERT_TRUE(Open().ok());
  EXPECT_EQ(engine_->core().session_count(), 40U);
}

TEST_F(EngineTest, LostEventLogIsRebuiltFromTheJournal) {
  OpenAndStart();
  OpenSessions(1, 40);
  ASSERT_TRUE(engine_->Stop().ok());
  const std::vector<Event> before = LoggedEvents();
  std::filesystem::remove_all(events());
  ASSERT_TRUE(Open().ok());
  const std::vector<Event> after = LoggedEvents();
  ASSERT_EQ(after.size(), before.size());
  EXPECT_EQ(std::memcmp(after.data(), before.data(), before.size() * sizeof(Event)), 0);
  EXPECT_TRUE(engine_->Stop().ok());
}

TEST_F(EngineTest, EventLogThatDiffersIsRefusedByTheFirstEvent) {
  OpenAndStart();
  OpenSessions(1, 40);
  ASSERT_TRUE(engine_->Stop().ok());
  engine_.reset();
  std::vector<Event> events = LoggedEvents();
  events[6].timestamp_ns += 1;
  std::filesystem::remove_all(this->events());
  ASSERT_TRUE((*EventLogWriter::Open(this->events()))->Append(events).ok());
  const absl::Status status = Open();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(status.message().find("event 7 "), absl::string_view::npos) << status;
  const auto replay =
      ReplayJournal(journal(), {.limits = options_.limits, .event_log_directory = this->events()});
  ASSERT_TRUE(replay.ok()) << replay.status();
  ASSERT_TRUE(replay->first_event_difference.has_value());
  EXPECT_EQ(replay->first_event_difference->event, EventSequence{7});
}

TEST_F(EngineTest, EventLogAheadOfTheJournalIsRefused) {
  OpenAndStart();
  OpenSessions(1, 10);
  ASSERT_TRUE(engine_->Stop().ok());
  engine_.reset();
  Event extra = LoggedEvents().back();
  extra.sequence = EventSequence{Raw(extra.sequence) + 1};
  ASSERT_TRUE((*EventLogWriter::Open(events()))->Append(std::span(&extra, 1)).ok());
  const absl::Status status = Open();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(status.message().find("ahead"), absl::string_view::npos) << status;
  const auto replay =
      ReplayJournal(journal(), {.limits = options_.limits, .event_log_directory = events()});
  ASSERT_TRUE(replay.ok()) << replay.status();
  EXPECT_TRUE(replay->event_log_is_ahead);
}

TEST_F(EngineTest, SecondEngineOnADirectoryIsRefused) {
  OpenAndStart();
  EXPECT_EQ(Engine::Open(options_).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(engine_->Stop().ok());
}

TEST_F(EngineTest, ReplayReproducesMarksEventsAndStateHash) {
  OpenAndStart();
  OpenSessions(1, 100);
  ASSERT_TRUE(engine_->Stop().ok());
  ASSERT_TRUE(Open().ok());
  const Sha256Digest state_hash = engine_->core().StateHash();
  engine_.reset();
  const auto replay =
      ReplayJournal(journal(), {.limits = options_.limits, .event_log_directory = events()});
  ASSERT_TRUE(replay.ok()) << replay.status();
  EXPECT_TRUE(replay->ok());
  EXPECT_EQ(replay->state_hash, state_hash);
  EXPECT_GE(replay->marks_checked, 5U);
  EXPECT_EQ(replay->marks_unverified, 0U);
  EXPECT_EQ(replay->events_compared, Raw(replay->last_event));
}

TEST_F(EngineTest, ReplayStopsWhereItIsTold) {
  OpenAndStart();
  OpenSessions(1, 20);
  ASSERT_TRUE(engine_->Stop().ok());
  engine_.reset();
  const auto replay = ReplayJournal(
      journal(),
      {.limits = options_.limits, .until = CommandSequence{7}, .event_log_directory = events()});
  ASSERT_TRUE(replay.ok()) << replay.status();
  EXPECT_EQ(replay->last_command, CommandSequence{7});
  EXPECT_TRUE(replay->ok());
}

TEST_F(EngineTest, SpinningIsRefusedWithoutAProcessorForEachThread) {
  options_.wait = WaitKind::kSpin;
  const bool refused = std::thread::hardware_concurrency() < 4;
  EXPECT_EQ(Open().code() == absl::StatusCode::kInvalidArgument, refused);
}

TEST_F(EngineTest, BadOptionsAreRefusedBeforeAnythingIsCreated) {
  options_.input_ring_size = 1000;
  EXPECT_EQ(Open().code(), absl::StatusCode::kInvalidArgument);
  options_.input_ring_size = 1024;
  options_.limits.state_hash_interval = 1;
  EXPECT_EQ(Open().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(std::filesystem::exists(options_.data_directory));
}

}  // namespace
}  // namespace tally
