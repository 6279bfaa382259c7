#include "engine/ring/single_producer.h"

#include <cstdint>
#include <thread>

#include "gtest/gtest.h"

#include "engine/ring/batch_consumer.h"

namespace tally {
namespace {

class SingleProducerTest : public testing::TestWithParam<WaitKind> {
 protected:
  using Ring = SingleProducerRing<int64_t>;

  void Gate() { ring_.AddGatingSequence(&consumed_); }
  void Consume(int64_t last) { ring_.sequencer().AdvanceConsumer(consumed_, last); }

  Ring ring_{8, GetParam()};
  Ring::Barrier barrier_ = ring_.NewBarrier();
  Sequence consumed_;
};

INSTANTIATE_TEST_SUITE_P(Kinds, SingleProducerTest,
                         testing::Values(WaitKind::kSpin, WaitKind::kYield, WaitKind::kBlock),
                         [](const auto& test) { return std::string(WaitKindName(test.param)); });

TEST_P(SingleProducerTest, PublishedEntriesAreAvailableAtOnce) {
  Gate();
  SingleProducer<int64_t> producer(&ring_);
  ASSERT_TRUE(producer.Publish(7));
  EXPECT_EQ(barrier_.Available(0), 0);
  ASSERT_TRUE(producer.PublishRun(3, [](int64_t& slot, int64_t at) { slot = at * 2; }));
  EXPECT_EQ(barrier_.Available(0), 3);
  EXPECT_EQ(ring_[0], 7);
  EXPECT_EQ(ring_[3], 6);
}

TEST_P(SingleProducerTest, RefusesWhatWouldOverwriteUnconsumedSlots) {
  Gate();
  SingleProducer<int64_t> producer(&ring_);
  ASSERT_TRUE(producer.TryPublishRun(8, [](int64_t& slot, int64_t at) { slot = at; }));
  EXPECT_FALSE(producer.TryPublish(8));
  Consume(2);
  EXPECT_FALSE(producer.TryPublishRun(4, [](int64_t& slot, int64_t) { slot = -1; }));
  EXPECT_TRUE(producer.TryPublishRun(3, [](int64_t& slot, int64_t at) { slot = at; }));
  EXPECT_FALSE(producer.TryPublish(11));
  EXPECT_EQ(barrier_.Available(0), 10);
  EXPECT_EQ(ring_[3], 3);
}

TEST_P(SingleProducerTest, RunAcrossTheEndOfTheMemoryIsWhole) {
  Gate();
  SingleProducer<int64_t> producer(&ring_);
  ASSERT_TRUE(producer.PublishRun(6, [](int64_t& slot, int64_t at) { slot = at; }));
  Consume(5);
  ASSERT_TRUE(producer.PublishRun(5, [](int64_t& slot, int64_t at) { slot = at; }));
  for (int64_t at = 6; at <= 10; ++at) {
    EXPECT_EQ(ring_[at], at);
  }
}

TEST_P(SingleProducerTest, RingWithoutGatingSequencesIsNeverFull) {
  SingleProducer<int64_t> producer(&ring_);
  for (int64_t i = 0; i < 100; ++i) {
    ASSERT_TRUE(producer.TryPublish(i));
    ASSERT_TRUE(producer.Publish(i));
  }
  EXPECT_EQ(barrier_.Available(0), 199);
}

TEST_P(SingleProducerTest, HandsItsPositionBackToTheRing) {
  Gate();
  ASSERT_TRUE(ring_.Publish(0));
  {
    SingleProducer<int64_t> producer(&ring_);
    ASSERT_TRUE(producer.Publish(1));
  }
  ASSERT_TRUE(ring_.Publish(2));
  SingleProducer<int64_t> producer(&ring_);
  ASSERT_TRUE(producer.Publish(3));
  EXPECT_EQ(barrier_.Available(0), 3);
  for (int64_t at = 0; at <= 3; ++at) {
    EXPECT_EQ(ring_[at], at);
  }
}

TEST_P(SingleProducerTest, HaltedRingRefuses) {
  Gate();
  SingleProducer<int64_t> producer(&ring_);
  ASSERT_TRUE(producer.Publish(0));
  ring_.Halt();
  EXPECT_FALSE(producer.TryPublish(1));
  EXPECT_FALSE(producer.Publish(1));
  EXPECT_FALSE(producer.PublishRun(8, [](int64_t& slot, int64_t) { slot = -1; }));
  EXPECT_EQ(barrier_.Available(0), 0);
}

TEST_P(SingleProducerTest, HaltEndsAWaitForRoom) {
  Gate();
  SingleProducer<int64_t> producer(&ring_);
  ASSERT_TRUE(producer.PublishRun(8, [](int64_t& slot, int64_t at) { slot = at; }));
  std::thread halter([&] { ring_.Halt(); });
  EXPECT_FALSE(producer.Publish(8));
  halter.join();
}

TEST_P(SingleProducerTest, ConsumerSeesEverySlotInOrderOverManyLaps) {
  const int64_t count = GetParam() == WaitKind::kSpin ? 500 : 20'000;
  int64_t expected = 0;
  auto handler = [&](const RingBatch<int64_t>& batch) {
    for (const int64_t value : batch.slots) {
      EXPECT_EQ(value, expected);
      ++expected;
    }
    return true;
  };
  BatchConsumer consumer(&ring_, ring_.NewBarrier(), handler);
  ring_.AddGatingSequence(&consumer.sequence());
  std::thread thread([&] { consumer.Run(); });
  SingleProducer<int64_t> producer(&ring_);
  for (int64_t value = 0; value < count;) {
    const int64_t run = std::min<int64_t>(1 + value % 3, count - value);
    ASSERT_TRUE(producer.PublishRun(run, [&](int64_t& slot, int64_t) { slot = value++; }));
  }
  ring_.Halt();
  thread.join();
  EXPECT_EQ(expected, count);
}

// Larger than what the pace calls dense, so that pauses happen too.
TEST(SingleProducerPaceTest, PacedConsumerLosesNothing) {
  constexpr int64_t kCount = 300'000;
  SingleProducerRing<int64_t> ring(4096, WaitKind::kSpin);
  int64_t sum = 0;
  auto handler = [&](const RingBatch<int64_t>& batch) {
    for (const int64_t value : batch.slots) {
      sum += value;
    }
    return true;
  };
  BatchConsumer consumer(&ring, ring.NewBarrier(), handler);
  ring.AddGatingSequence(&consumer.sequence());
  std::thread thread([&] { consumer.Run(); });
  {
    SingleProducer<int64_t> producer(&ring);
    for (int64_t value = 0; value < kCount; ++value) {
      ASSERT_TRUE(producer.Publish(value));
    }
  }
  ring.Halt();
  thread.join();
  EXPECT_EQ(sum, kCount * (kCount - 1) / 2);
}

}  // namespace
}  // namespace tally
