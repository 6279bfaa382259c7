#include "engine/ring/batch_consumer.h"

#include <cstdint>
#include <thread>
#include <tuple>
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

}  // namespace
}  // namespace tally
