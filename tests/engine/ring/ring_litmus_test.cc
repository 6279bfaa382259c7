// What threads may and may not see of each other through a ring. Each test runs small rings over
// many laps, so that every race of a lap's end is met often.

#include <array>
#include <cstdint>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

#include "engine/ring/batch_consumer.h"
#include "engine/ring/ring_buffer.h"
#include "tests/engine/ring/ring_types.h"

namespace tally {
namespace {

// Two lines, so that a slot shown too early would be seen half written.
struct Entry {
  int64_t first = 0;
  std::array<int64_t, 15> middle{};
  int64_t last = 0;
};

template <typename Variant>
class RingLitmusTest : public testing::Test {
 protected:
  using Ring = typename Variant::template Ring<Entry>;
  using Batch = RingBatch<Entry>;
  // Busy waiting with more threads than cores is slow by nature: fewer rounds there.
  static constexpr int64_t kCount = Variant::kWait == WaitKind::kSpin ? 200 : 20'000;

  // Publishes the numbers from 0, now and then several in one claim.
  void Produce(int64_t count) {
    int64_t value = 0;
    while (value < count) {
      const int64_t run = std::min<int64_t>(1 + value % 3, count - value);
      ASSERT_TRUE(ring_.PublishRun(run, [&](Entry& entry, int64_t) {
        entry.first = value;
        entry.last = value;
        ++value;
      }));
    }
  }

  Ring ring_{8, Variant::kWait};
};

TYPED_TEST_SUITE(RingLitmusTest, RingVariants);

TYPED_TEST(RingLitmusTest, ConsumerSeesEverySlotWholeAndInOrder) {
  int64_t expected = 0;
  auto handler = [&](const typename TestFixture::Batch& batch) {
    for (const Entry& entry : batch.slots) {
      EXPECT_EQ(entry.first, expected);
      EXPECT_EQ(entry.last, expected);
      ++expected;
    }
    return true;
  };
  BatchConsumer consumer(&this->ring_, this->ring_.NewBarrier(), handler);
  this->ring_.AddGatingSequence(&consumer.sequence());
  std::thread thread([&] { consumer.Run(); });
  this->Produce(this->kCount);
  this->ring_.Halt();
  thread.join();
  EXPECT_EQ(expected, this->kCount);
}

TYPED_TEST(RingLitmusTest, SlotIsNotOverwrittenWhileItIsRead) {
  bool torn = false;
  int64_t read = 0;
  auto handler = [&](const typename TestFixture::Batch& batch) {
    for (const Entry& entry : batch.slots) {
      const int64_t before = entry.first;
      if (read % 16 == 0) {
        std::this_thread::yield();  // Lets the producer run into the slots still being read.
      }
      torn = torn || entry.last != before;
      ++read;
    }
    return true;
  };
  BatchConsumer consumer(&this->ring_, this->ring_.NewBarrier(), handler);
  this->ring_.AddGatingSequence(&consumer.sequence());
  std::thread thread([&] { consumer.Run(); });
  this->Produce(this->kCount);
  this->ring_.Halt();
  thread.join();
  EXPECT_FALSE(torn);
  EXPECT_EQ(read, this->kCount);
}

TYPED_TEST(RingLitmusTest, EveryConsumerSeesEverySlot) {
  std::array<int64_t, 2> sums{};
  auto handler0 = [&](const typename TestFixture::Batch& batch) {
    for (const Entry& entry : batch.slots) {
      sums[0] += entry.first;
    }
    return true;
  };
  auto handler1 = [&](const typename TestFixture::Batch& batch) {
    for (const Entry& entry : batch.slots) {
      sums[1] += entry.last;
    }
    return true;
  };
  BatchConsumer consumer0(&this->ring_, this->ring_.NewBarrier(), handler0);
  BatchConsumer consumer1(&this->ring_, this->ring_.NewBarrier(), handler1);
  this->ring_.AddGatingSequence(&consumer0.sequence());
  this->ring_.AddGatingSequence(&consumer1.sequence());
  std::thread thread0([&] { consumer0.Run(); });
  std::thread thread1([&] { consumer1.Run(); });
  this->Produce(this->kCount);
  this->ring_.Halt();
  thread0.join();
  thread1.join();
  const int64_t sum = this->kCount * (this->kCount - 1) / 2;
  EXPECT_EQ(sums[0], sum);
  EXPECT_EQ(sums[1], sum);
}

//             +-> left  --+
//   producer -+           +-> join
//             +-> right --+
TYPED_TEST(RingLitmusTest, DiamondSeesTheWorkOfBothDependencies) {
  auto left_handler = [](const typename TestFixture::Batch& batch) {
    for (Entry& entry : batch.slots) {
      entry.middle[0] = entry.first + 1;
    }
    return true;
  };
  auto right_handler = [](const typename TestFixture::Batch& batch) {
    for (Entry& entry : batch.slots) {
      entry.middle[1] = entry.first + 2;
    }
    return true;
  };
  int64_t joined = 0;
  auto join_handler = [&](const typename TestFixture::Batch& batch) {
    for (const Entry& entry : batch.slots) {
      EXPECT_EQ(entry.first, joined);
      EXPECT_EQ(entry.middle[0], joined + 1);
      EXPECT_EQ(entry.middle[1], joined + 2);
      ++joined;
    }
    return true;
  };
  BatchConsumer left(&this->ring_, this->ring_.NewBarrier(), left_handler);
  BatchConsumer right(&this->ring_, this->ring_.NewBarrier(), right_handler);
  BatchConsumer join(&this->ring_, this->ring_.NewBarrier({&left.sequence(), &right.sequence()}),
                     join_handler);
  this->ring_.AddGatingSequence(&join.sequence());
  std::thread left_thread([&] { left.Run(); });
  std::thread right_thread([&] { right.Run(); });
  std::thread join_thread([&] { join.Run(); });
  this->Produce(this->kCount / 4);
  this->ring_.Halt();  // The join still gets everything: its dependencies drain first.
  left_thread.join();
  right_thread.join();
  join_thread.join();
  EXPECT_EQ(joined, this->kCount / 4);
}

template <typename Kind>
class MultiProducerLitmusTest : public testing::Test {};
using WaitKinds = testing::Types<std::integral_constant<WaitKind, WaitKind::kSpin>,
                                 std::integral_constant<WaitKind, WaitKind::kYield>,
                                 std::integral_constant<WaitKind, WaitKind::kBlock>>;
TYPED_TEST_SUITE(MultiProducerLitmusTest, WaitKinds);

TYPED_TEST(MultiProducerLitmusTest, EachSlotComesOnceAndInOrderOfItsProducer) {
  constexpr int64_t kProducers = 3;
  constexpr int64_t kEach = TypeParam::value == WaitKind::kSpin ? 100 : 10'000;
  MultiProducerRing<Entry> ring(16, TypeParam::value);
  std::array<int64_t, kProducers> next{};
  auto handler = [&](const RingBatch<Entry>& batch) {
    for (const Entry& entry : batch.slots) {
      int64_t& expected = next.at(static_cast<std::size_t>(entry.first));
      EXPECT_EQ(entry.last, expected);
      ++expected;
    }
    return true;
  };
  BatchConsumer consumer(&ring, ring.NewBarrier(), handler);
  ring.AddGatingSequence(&consumer.sequence());
  std::thread thread([&] { consumer.Run(); });
  std::vector<std::thread> producers;
  for (int64_t producer = 0; producer < kProducers; ++producer) {
    producers.emplace_back([&ring, producer] {
      int64_t value = 0;
      while (value < kEach) {
        const int64_t run = std::min<int64_t>(1 + (value + producer) % 4, kEach - value);
        ring.PublishRun(run, [&](Entry& entry, int64_t) {
          entry.first = producer;
          entry.last = value++;
        });
      }
    });
  }
  for (std::thread& producer : producers) {
    producer.join();
  }
  ring.Halt();
  thread.join();
  for (const int64_t count : next) {
    EXPECT_EQ(count, kEach);
  }
}

TYPED_TEST(MultiProducerLitmusTest, TryPublishNeverLosesOrInventsASlot) {
  constexpr int64_t kAttempts = 20'000;
  MultiProducerRing<int64_t> ring(4, TypeParam::value);
  int64_t received = 0;
  auto handler = [&](const RingBatch<int64_t>& batch) {
    for (const int64_t value : batch.slots) {
      received += value;
    }
    return true;
  };
  BatchConsumer consumer(&ring, ring.NewBarrier(), handler);
  ring.AddGatingSequence(&consumer.sequence());
  std::thread thread([&] { consumer.Run(); });
  std::array<int64_t, 2> sent{};
  auto produce = [&ring](int64_t* sum) {
    for (int64_t i = 1; i <= kAttempts; ++i) {
      *sum += ring.TryPublish(i) ? i : 0;
    }
  };
  std::thread producer0(produce, &sent[0]);
  std::thread producer1(produce, &sent[1]);
  producer0.join();
  producer1.join();
  ring.Halt();
  thread.join();
  EXPECT_EQ(received, sent[0] + sent[1]);
}

}  // namespace
}  // namespace tally
