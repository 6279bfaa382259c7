#include "engine/pipeline/internal/pipeline.h"

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <poll.h>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

#include "tests/engine/pipeline/fake_ports.h"

namespace tally::internal {
namespace {

class FixedClock final : public Clock {
 public:
  int64_t NowNs() const override { return 42; }
};

class PipelineTest : public testing::TestWithParam<WaitKind> {
 protected:
  void Start(uint32_t input_ring_size = 64, uint32_t output_ring_size = 256,
             uint32_t event_consumers = 1) {
    pipeline_ = *Pipeline::Create({.wait = GetParam(),
                                   .input_ring_size = input_ring_size,
                                   .output_ring_size = output_ring_size,
                                   .event_consumers = event_consumers,
                                   .clock = &clock_},
                                  &journal_, &core_, &event_log_);
    pipeline_->Start();
  }

  static Command NumberedCommand(uint64_t number, uint16_t events = 1) {
    Command command = MakeCommand(CommandType::kOrderQuery);
    command.client_sequence = number;
    command.flags = events;
    return command;
  }
  bool Publish(uint64_t number, uint16_t events = 1) {
    return pipeline_->TryPublish(std::span<const Command>({NumberedCommand(number, events)}));
  }
  void AwaitMatched(uint64_t sequence) {
    AwaitCondition([&] { return pipeline_->stats().matched_sequence >= sequence; });
  }

  // Takes events as the gateway does, until `count` have come.
  std::vector<Event> TakeEvents(std::size_t count, uint32_t consumer = 0) {
    std::vector<Event> taken;
    while (taken.size() < count) {
      const std::span<const Event> events = pipeline_->PeekEvents(count - taken.size(), consumer);
      taken.insert(taken.end(), events.begin(), events.end());
      pipeline_->ConsumeEvents(events.size(), consumer);
      if (events.empty()) {
        if (!pipeline_->health().ok()) {
          break;
        }
        if (pipeline_->ArmEventFd(consumer)) {
          pollfd entry{pipeline_->event_fd(consumer), POLLIN, 0};
          EXPECT_EQ(poll(&entry, 1, -1), 1);
        }
      }
    }
    return taken;
  }

  FixedClock clock_;
  FakeJournal journal_;
  FakeCore core_;
  FakeEventLog event_log_;
  std::unique_ptr<Pipeline> pipeline_;
};

INSTANTIATE_TEST_SUITE_P(Waits, PipelineTest, testing::Values(WaitKind::kYield, WaitKind::kBlock),
                         [](const auto& test) { return std::string(WaitKindName(test.param)); });

TEST_P(PipelineTest, CommandIsStampedJournaledMatchedAndItsEventReleased) {
  Start();
  ASSERT_TRUE(Publish(7));
  const std::vector<Event> events = TakeEvents(1);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].client_sequence, 7U);
  EXPECT_TRUE(pipeline_->Stop().ok());
  ASSERT_EQ(journal_.commands().size(), 1U);
  EXPECT_EQ(journal_.commands()[0].sequence, CommandSequence{1});
  EXPECT_EQ(journal_.commands()[0].timestamp_ns, 42);
  EXPECT_EQ(event_log_.events().size(), 1U);
}

TEST_P(PipelineTest, NothingIsReleasedBeforeItsCommandIsDurable) {
  journal_.door.Shut();
  Start();
  for (uint64_t i = 1; i <= 10; ++i) {
    ASSERT_TRUE(Publish(i));
  }
  AwaitMatched(10);
  EXPECT_TRUE(pipeline_->PeekEvents(100).empty());
  EXPECT_TRUE(pipeline_->ArmEventFd());
  EXPECT_TRUE(event_log_.events().empty());
  EXPECT_EQ(pipeline_->stats().durable_sequence, 0U);
  journal_.door.Open();
  EXPECT_EQ(TakeEvents(10).size(), 10U);
  EXPECT_TRUE(pipeline_->Stop().ok());
}

TEST_P(PipelineTest, DurableCommandIsReleasedOnceItIsMatched) {
  core_.door.Shut();
  Start();
  ASSERT_TRUE(Publish(1));
  AwaitCondition([&] { return pipeline_->stats().durable_sequence == 1; });
  EXPECT_TRUE(pipeline_->PeekEvents(100).empty());
  core_.door.Open();
  EXPECT_EQ(TakeEvents(1).size(), 1U);
  EXPECT_TRUE(pipeline_->Stop().ok());
}

TEST_P(PipelineTest, CommandsThatWaitDuringACommitBecomeOneFrame) {
  journal_.door.Shut();
  Start();
  ASSERT_TRUE(Publish(1));
  AwaitCondition([&] { return journal_.committing.load(); });
  for (uint64_t i = 2; i <= 60; ++i) {
    ASSERT_TRUE(Publish(i));
  }
  journal_.door.Open();
  EXPECT_EQ(TakeEvents(60).size(), 60U);
  EXPECT_TRUE(pipeline_->Stop().ok());
  ASSERT_EQ(journal_.frames().size(), 2U);
  EXPECT_EQ(journal_.frames()[1].size(), 59U);
  EXPECT_EQ(pipeline_->stats().frame_commands_last, 59U);
}

TEST_P(PipelineTest, FrameIsNotSplitWhereTheRingWraps) {
  Start(8);
  for (uint64_t i = 1; i <= 6; ++i) {
    ASSERT_TRUE(Publish(i));
  }
  TakeEvents(6);
  journal_.committing.store(false);
  journal_.door.Shut();
  ASSERT_TRUE(Publish(7));
  AwaitCondition([&] { return journal_.committing.load(); });
  for (uint64_t i = 8; i <= 12; ++i) {
    ASSERT_TRUE(Publish(i));
  }
  journal_.door.Open();
  TakeEvents(6);
  EXPECT_TRUE(pipeline_->Stop().ok());
  EXPECT_EQ(journal_.frames().back().size(), 5U);
}

TEST_P(PipelineTest, FailedCommitReleasesNothingEverAfter) {
  journal_.fail_at_frame = 2;
  Start();
  ASSERT_TRUE(Publish(1));
  ASSERT_EQ(TakeEvents(1).size(), 1U);
  ASSERT_TRUE(Publish(2));
  EXPECT_TRUE(TakeEvents(1).empty());  // Woken by the failure.
  EXPECT_EQ(pipeline_->health().code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(pipeline_->PeekEvents(100).empty());
  EXPECT_FALSE(pipeline_->ArmEventFd());
  AwaitCondition([&] { return !Publish(3); });
  EXPECT_EQ(pipeline_->Stop().code(), absl::StatusCode::kDataLoss);
  EXPECT_LE(event_log_.events().size(), 1U);
}

TEST_P(PipelineTest, FailedCommitEndsAMatchStageThatWaitsForRoom) {
  journal_.fail_at_frame = 1;
  journal_.door.Shut();
  Start(64, 8);
  ASSERT_TRUE(Publish(1, 100));
  AwaitCondition([&] { return pipeline_->stats().output_ring_fill == 8; });
  journal_.door.Open();
  EXPECT_EQ(pipeline_->Stop().code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(event_log_.events().empty());
}

TEST_P(PipelineTest, FailedEventLogStopsTheEngine) {
  event_log_.fail = true;
  Start();
  ASSERT_TRUE(Publish(1));
  AwaitCondition([&] { return !pipeline_->health().ok(); });
  EXPECT_EQ(pipeline_->Stop().code(), absl::StatusCode::kResourceExhausted);
}

TEST_P(PipelineTest, ConsumerThatTakesNothingIsFeltAtTheInput) {
  Start(16, 16);
  uint64_t published = 0;
  auto publish_next = [&] {
    published += Publish(published + 1) ? 1 : 0;
    return pipeline_->stats().output_ring_fill == 16 && pipeline_->stats().publish_refused > 1'000;
  };
  AwaitCondition(publish_next);
  // 16 events fill the output ring, 16 commands the input ring.
  EXPECT_GE(published, 16U);
  EXPECT_LE(published, 16U + 16U);
  const std::vector<Event> events = TakeEvents(published);
  for (uint64_t i = 0; i < published; ++i) {
    EXPECT_EQ(events[i].client_sequence, i + 1);
  }
  EXPECT_TRUE(pipeline_->Stop().ok());
}

TEST_P(PipelineTest, EachOfTwoGatewaysGetsEveryEvent) {
  constexpr std::size_t kCount = 500;
  Start(64, 32, 2);
  std::vector<Event> second;
  std::thread gateway([&] { second = TakeEvents(kCount, 1); });
  std::thread producer([&] {
    for (uint64_t i = 1; i <= kCount; ++i) {
      while (!Publish(i)) {
        std::this_thread::yield();
      }
    }
  });
  const std::vector<Event> first = TakeEvents(kCount);
  producer.join();
  gateway.join();
  ASSERT_EQ(first.size(), kCount);
  ASSERT_EQ(second.size(), kCount);
  for (std::size_t i = 0; i < kCount; ++i) {
    EXPECT_EQ(first[i].sequence, EventSequence{i + 1});
    EXPECT_EQ(second[i].sequence, EventSequence{i + 1});
  }
  EXPECT_TRUE(pipeline_->Stop().ok());
}

TEST_P(PipelineTest, RunOfCommandsEntersWholeOrNotAtAll) {
  core_.door.Shut();
  Start(8);
  std::vector<Command> commands;
  for (uint64_t i = 1; i <= 5; ++i) {
    commands.push_back(NumberedCommand(i));
  }
  EXPECT_TRUE(pipeline_->TryPublish(commands));
  EXPECT_FALSE(pipeline_->TryPublish(commands));
  EXPECT_TRUE(pipeline_->TryPublish(std::span(commands).first(3)));
  core_.door.Open();
  EXPECT_EQ(TakeEvents(8).size(), 8U);
  EXPECT_TRUE(pipeline_->Stop().ok());
}

TEST_P(PipelineTest, OneCommandMayHaveMoreEventsThanTheRingHasRoom) {
  Start(8, 8);
  ASSERT_TRUE(Publish(1, 1000));
  EXPECT_EQ(TakeEvents(1000).size(), 1000U);
  EXPECT_TRUE(pipeline_->Stop().ok());
  EXPECT_EQ(event_log_.events().size(), 1000U);
}

TEST_P(PipelineTest, StopDrainsWithoutTheGateway) {
  journal_.door.Shut();
  Start(64, 8);
  for (uint64_t i = 1; i <= 50; ++i) {
    ASSERT_TRUE(Publish(i));
  }
  std::thread opener([&] { journal_.door.Open(); });
  EXPECT_TRUE(pipeline_->Stop().ok());
  opener.join();
  EXPECT_EQ(journal_.commands().size(), 50U);
  EXPECT_EQ(event_log_.events().size(), 50U);
  EXPECT_EQ(pipeline_->event_log_written(), EventSequence{50});
  EXPECT_FALSE(Publish(51));
  EXPECT_TRUE(pipeline_->PeekEvents(100).empty());
  EXPECT_TRUE(pipeline_->Stop().ok());
}

TEST_P(PipelineTest, DestructionWithoutStopEndsTheThreads) {
  Start(8, 8);
  Publish(1, 1000);
  pipeline_.reset();
}

TEST_P(PipelineTest, StateHashIsJournaledAsAMark) {
  core_.hash_interval = 5;
  Start();
  for (uint64_t i = 1; i <= 12; ++i) {
    ASSERT_TRUE(Publish(i));
    TakeEvents(1);
  }
  AwaitCondition([&] { return pipeline_->stats().durable_sequence == 14; });
  EXPECT_TRUE(pipeline_->Stop().ok());
  std::vector<uint64_t> marked;
  for (const Command& command : journal_.commands()) {
    if (command.type == CommandType::kStateHashMark) {
      const StateHashMarkCommand& mark = command.state_hash_mark;
      marked.push_back(Raw(mark.at));
      EXPECT_LT(mark.at, command.sequence);
      EXPECT_EQ(mark.state_hash[0], Raw(mark.at));
    }
  }
  EXPECT_EQ(marked, (std::vector<uint64_t>{5, 10}));
}

TEST_P(PipelineTest, MarkThatFindsNoRoomIsTriedAgain) {
  core_.hash_interval = 4;
  core_.door.Shut();
  Start(4);
  for (uint64_t i = 1; i <= 4; ++i) {
    ASSERT_TRUE(Publish(i));
  }
  core_.door.Open();
  // While the batch with the hash is matched the ring is full; there is room after the next one.
  AwaitCondition([&] { return Publish(5); });
  AwaitCondition([&] { return pipeline_->stats().durable_sequence == 6; });
  EXPECT_TRUE(pipeline_->Stop().ok());
}

TEST_P(PipelineTest, MarkThatDisagreesStopsTheEngine) {
  core_.hash_interval = 2;
  core_.verify = absl::DataLossError("diverged");
  Start();
  ASSERT_TRUE(Publish(1));
  ASSERT_TRUE(Publish(2));
  AwaitCondition([&] { return !pipeline_->health().ok(); });
  EXPECT_EQ(pipeline_->Stop().code(), absl::StatusCode::kDataLoss);
}

TEST_P(PipelineTest, ManyProducersAndASleepingGatewayAgreeOnOneOrder) {
  constexpr uint64_t kProducers = 3;
  constexpr uint64_t kEach = 3'000;
  core_.hash_interval = 100;
  Start(32, 64);
  std::vector<std::thread> producers;
  for (uint32_t producer = 1; producer <= kProducers; ++producer) {
    producers.emplace_back([this, producer] {
      for (uint64_t i = 1; i <= kEach; ++i) {
        Command command = NumberedCommand(i, i % 7 == 0 ? 3 : 1);
        command.session = SessionIndex{producer};
        AwaitCondition([&] { return pipeline_->TryPublish(std::span(&command, 1)); });
      }
    });
  }
  // Events are contiguous, and each producer's commands come in its order. Session 0: marks.
  std::array<uint64_t, kProducers + 1> last{};
  for (uint64_t expected = 1; last[1] + last[2] + last[3] < kProducers * kEach; ++expected) {
    const std::vector<Event> events = TakeEvents(1);
    ASSERT_EQ(Raw(events[0].sequence), expected);
    uint64_t& previous = last.at(Raw(events[0].session));
    EXPECT_TRUE(events[0].client_sequence == previous || events[0].client_sequence == previous + 1);
    previous = events[0].client_sequence;
  }
  for (std::thread& producer : producers) {
    producer.join();
  }
  EXPECT_TRUE(pipeline_->Stop().ok());
  const std::vector<Command> journaled = journal_.commands();
  ASSERT_EQ(journaled.size(), core_.applied().size());
  for (std::size_t i = 0; i < journaled.size(); ++i) {
    ASSERT_EQ(journaled[i].sequence, core_.applied()[i].sequence);
    ASSERT_EQ(journaled[i].client_sequence, core_.applied()[i].client_sequence);
  }
  EXPECT_EQ(event_log_.events().size(), pipeline_->stats().events);
}

}  // namespace
}  // namespace tally::internal
