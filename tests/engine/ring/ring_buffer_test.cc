#include "engine/ring/ring_buffer.h"

#include <cstdint>
#include <optional>

#include "gtest/gtest.h"

#include "tests/engine/ring/ring_types.h"

namespace tally {
namespace {

template <typename Variant>
class RingBufferTest : public testing::Test {
 protected:
  using Ring = typename Variant::template Ring<int64_t>;

  RingBufferTest() { ring_.AddGatingSequence(&consumed_); }
  void Consume(int64_t last) { ring_.sequencer().AdvanceConsumer(consumed_, last); }

  Ring ring_{8, Variant::kWait};
  typename Ring::Barrier barrier_ = ring_.NewBarrier();
  Sequence consumed_;
};

TYPED_TEST_SUITE(RingBufferTest, RingVariants);

TYPED_TEST(RingBufferTest, PositionsCountFromZero) {
  EXPECT_EQ(this->ring_.sequencer().TryClaim(1), 0);
  EXPECT_EQ(this->ring_.sequencer().TryClaim(3), 3);
}

TYPED_TEST(RingBufferTest, NothingIsAvailableBeforeItIsPublished) {
  ASSERT_EQ(this->ring_.sequencer().TryClaim(2), 1);
  EXPECT_EQ(this->barrier_.Available(0), -1);
  this->ring_.sequencer().Publish(0, 1);
  EXPECT_EQ(this->barrier_.Available(0), 1);
  EXPECT_EQ(this->barrier_.WaitFor(0), 1);
}

TYPED_TEST(RingBufferTest, TryClaimRefusesWhatWouldOverwriteUnconsumedSlots) {
  for (int64_t i = 0; i < 8; ++i) {
    ASSERT_TRUE(this->ring_.TryPublish(i));
  }
  EXPECT_FALSE(this->ring_.TryPublish(8));
  this->Consume(2);
  EXPECT_EQ(this->ring_.sequencer().TryClaim(4), std::nullopt);
  EXPECT_EQ(this->ring_.sequencer().TryClaim(3), 10);
  EXPECT_EQ(this->ring_.sequencer().TryClaim(1), std::nullopt);
}

TYPED_TEST(RingBufferTest, RefusedRunLeavesNothingBehind) {
  ASSERT_TRUE(this->ring_.TryPublishRun(6, [](int64_t& slot, int64_t at) { slot = at; }));
  ASSERT_FALSE(this->ring_.TryPublishRun(3, [](int64_t& slot, int64_t) { slot = -1; }));
  EXPECT_EQ(this->barrier_.Available(0), 5);
  ASSERT_TRUE(this->ring_.TryPublishRun(2, [](int64_t& slot, int64_t at) { slot = at; }));
  EXPECT_EQ(this->barrier_.Available(0), 7);
}

TYPED_TEST(RingBufferTest, SlotsAreReusedLapAfterLap) {
  for (int64_t i = 0; i < 1000; ++i) {
    ASSERT_TRUE(this->ring_.TryPublish(i * 3));
    ASSERT_EQ(this->barrier_.WaitFor(i), i);
    ASSERT_EQ(this->ring_[i], i * 3);
    this->Consume(i);
  }
}

TYPED_TEST(RingBufferTest, ContiguousStopsAtTheEndOfTheMemory) {
  EXPECT_EQ(this->ring_.Contiguous(5, 9).size(), 3U);
  EXPECT_EQ(this->ring_.Contiguous(8, 9).size(), 2U);
  EXPECT_EQ(this->ring_.Contiguous(8, 15).size(), 8U);
}

TYPED_TEST(RingBufferTest, SlowestGatingSequenceDecides) {
  Sequence other(3);
  this->ring_.AddGatingSequence(&other);
  this->Consume(100);
  EXPECT_EQ(this->ring_.sequencer().TryClaim(8), 7);
  EXPECT_EQ(this->ring_.sequencer().TryClaim(5), std::nullopt);
  EXPECT_EQ(this->ring_.sequencer().TryClaim(4), 11);
}

TYPED_TEST(RingBufferTest, BarrierWaitsForItsSlowestDependency) {
  Sequence left(4);
  Sequence right(2);
  auto barrier = this->ring_.NewBarrier({&left, &right});
  EXPECT_EQ(barrier.Available(0), 2);
  right.Store(9);
  EXPECT_EQ(barrier.Available(0), 4);
}

TYPED_TEST(RingBufferTest, HaltedRingRefusesClaimsAndGivesWhatWasPublished) {
  ASSERT_TRUE(this->ring_.TryPublish(7));
  this->ring_.Halt();
  EXPECT_FALSE(this->ring_.TryPublish(8));
  EXPECT_FALSE(this->ring_.Publish(8));
  EXPECT_EQ(this->barrier_.WaitFor(0), 0);
  EXPECT_EQ(this->barrier_.WaitFor(1), std::nullopt);
}

TYPED_TEST(RingBufferTest, AbortedRingGivesNothing) {
  ASSERT_TRUE(this->ring_.TryPublish(7));
  this->ring_.Abort();
  this->ring_.Halt();
  EXPECT_EQ(this->barrier_.WaitFor(0), std::nullopt);
}

TEST(MultiProducerSequencerTest, ConsumersStopAtTheFirstGap) {
  MultiProducerRing<int64_t> ring(8, WaitKind::kBlock);
  auto& sequencer = ring.sequencer();
  auto barrier = ring.NewBarrier();
  ASSERT_EQ(sequencer.TryClaim(1), 0);
  ASSERT_EQ(sequencer.TryClaim(2), 2);
  ASSERT_EQ(sequencer.TryClaim(1), 3);
  sequencer.Publish(1, 2);
  EXPECT_EQ(barrier.Available(0), -1);
  sequencer.Publish(0, 0);
  EXPECT_EQ(barrier.Available(0), 2);
  sequencer.Publish(3, 3);
  EXPECT_EQ(barrier.Available(0), 3);
}

TEST(RingBufferDeathTest, CapacityIsAPowerOfTwo) {
  EXPECT_DEATH(SingleProducerRing<int64_t>(6, WaitKind::kBlock), "has_single_bit");
}

}  // namespace
}  // namespace tally
