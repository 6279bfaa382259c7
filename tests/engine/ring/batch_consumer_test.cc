#include "engine/ring/batch_consumer.h"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <thread>
#include <tuple>
#include <type_traits>
#include <vector>

#include "gtest/gtest.h"

#include "tests/engine/ring/ring_types.h"

namespace tally {
namespace {

template <typename Variant>
class BatchConsumerTest : public testing::Test {
 protected:
  using Ring = typename Variant::template Ring<int64_t>;
  Ring ring_{8, Variant::kWait};
};

TYPED_TEST_SUITE(BatchConsumerTest, RingVariants);

// (first position, count, end of batch) of each call.
using Calls = std::vector<std::tuple<int64_t, std::size_t, bool>>;

TYPED_TEST(BatchConsumerTest, BatchIsAllThatIsAvailableSplitOnlyWhereTheRingWraps) {
  Calls calls;
  auto handler = [&](const RingBatch<int64_t>& batch) {
    calls.emplace_back(batch.first, batch.slots.size(), batch.end_of_batch);
    if (calls.size() == 1) {  // The ring is not gated: there is room before the batch is released.
      EXPECT_TRUE(this->ring_.TryPublishRun(6, [](int64_t&, int64_t) {}));
      this->ring_.Halt();
    }
    return true;
  };
  BatchConsumer consumer(&this->ring_, this->ring_.NewBarrier(), handler);
  ASSERT_TRUE(this->ring_.TryPublishRun(5, [](int64_t&, int64_t) {}));
  consumer.Run();
  EXPECT_EQ(calls, (Calls{{0, 5, true}, {5, 3, false}, {8, 3, true}}));
}

TYPED_TEST(BatchConsumerTest, BatchMaxBoundsABatch) {
  Calls calls;
  auto handler = [&](const RingBatch<int64_t>& batch) {
    calls.emplace_back(batch.first, batch.slots.size(), batch.end_of_batch);
    return true;
  };
  BatchConsumer consumer(&this->ring_, this->ring_.NewBarrier(), handler, 3);
  ASSERT_TRUE(this->ring_.TryPublishRun(8, [](int64_t&, int64_t) {}));
  this->ring_.Halt();
  consumer.Run();
  EXPECT_EQ(calls, (Calls{{0, 3, true}, {3, 3, true}, {6, 2, true}}));
  EXPECT_EQ(consumer.sequence().Load(), 7);
}

TYPED_TEST(BatchConsumerTest, HandlerThatRefusesEndsTheConsumerWithoutReleasing) {
  auto handler = [&](const RingBatch<int64_t>&) { return false; };
  BatchConsumer consumer(&this->ring_, this->ring_.NewBarrier(), handler);
  ASSERT_TRUE(this->ring_.TryPublish(1));
  consumer.Run();
  EXPECT_EQ(consumer.sequence().Load(), Sequence::kNone);
}

TYPED_TEST(BatchConsumerTest, HaltAndAbortWakeEveryWaiter) {
  for (int round = 0; round < 50; ++round) {
    typename TestFixture::Ring ring(4, TypeParam::kWait);
    Sequence never;
    ring.AddGatingSequence(&never);
    auto handler = [](const RingBatch<int64_t>&) { return true; };
    BatchConsumer upstream(&ring, ring.NewBarrier(), handler);
    BatchConsumer downstream(&ring, ring.NewBarrier({&upstream.sequence()}), handler);
    ASSERT_TRUE(ring.TryPublishRun(4, [](int64_t&, int64_t) {}));
    bool published = true;
    std::thread thread0([&] { upstream.Run(); });
    std::thread thread1([&] { downstream.Run(); });
    std::thread producer([&] { published = ring.Publish(5); });  // Full: waits until the end.
    if (round % 2 == 0) {
      ring.Halt();
    } else {
      ring.Abort();
    }
    thread0.join();
    thread1.join();
    producer.join();
    EXPECT_FALSE(published);
  }
}

// Enough at once that a consumer may keep a pace.
TYPED_TEST(BatchConsumerTest, DenseFlowLosesNothing) {
  constexpr int64_t kEach = 150'000;
  const bool several = std::is_same_v<typename TestFixture::Ring, MultiProducerRing<int64_t>>;
  const int64_t producers = several ? 2 : 1;
  typename TestFixture::Ring ring(4096, TypeParam::kWait);
  int64_t sum = 0;
  auto handler = [&](const RingBatch<int64_t>& batch) {
    sum = std::accumulate(batch.slots.begin(), batch.slots.end(), sum);
    return true;
  };
  BatchConsumer consumer(&ring, ring.NewBarrier(), handler);
  ring.AddGatingSequence(&consumer.sequence());
  std::thread thread([&] { consumer.Run(); });
  const auto produce = [&ring] {
    for (int64_t value = 0; value < kEach;) {
      const int64_t run = std::min<int64_t>(1 + value % 9, kEach - value);
      ASSERT_TRUE(ring.PublishRun(run, [&](int64_t& slot, int64_t) { slot = value++; }));
    }
  };
  std::vector<std::thread> others;
  for (int64_t i = 1; i < producers; ++i) {
    others.emplace_back(produce);
  }
  produce();
  for (std::thread& other : others) {
    other.join();
  }
  ring.Halt();
  thread.join();
  EXPECT_EQ(sum, producers * (kEach * (kEach - 1) / 2));
}

}  // namespace
}  // namespace tally
