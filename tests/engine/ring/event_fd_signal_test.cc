#include "engine/ring/event_fd_signal.h"

#include <memory>
#include <poll.h>
#include <thread>

#include "gtest/gtest.h"

#include "engine/ring/sequence.h"

namespace tally {
namespace {

class EventFdSignalTest : public testing::Test {
 protected:
  // Waits for at most `timeout_ms`; -1 is for ever.
  bool Readable(int timeout_ms) {
    pollfd entry{signal_->fd(), POLLIN, 0};
    return poll(&entry, 1, timeout_ms) == 1;
  }

  std::unique_ptr<EventFdSignal> signal_ = *EventFdSignal::Open();
};

TEST_F(EventFdSignalTest, SignalWithoutArmingWritesNothing) {
  signal_->Signal();
  EXPECT_FALSE(Readable(0));
}

TEST_F(EventFdSignalTest, SignalAfterArmingMakesTheDescriptorReadableOnce) {
  ASSERT_TRUE(signal_->Arm([] { return false; }));
  EXPECT_FALSE(Readable(0));
  signal_->Signal();
  signal_->Signal();
  EXPECT_TRUE(Readable(0));
  ASSERT_TRUE(signal_->Arm([] { return false; }));
  EXPECT_FALSE(Readable(0));
}

TEST_F(EventFdSignalTest, ArmingWhenThereIsSomethingAlreadyIsRefused) {
  EXPECT_FALSE(signal_->Arm([] { return true; }));
  signal_->Signal();
  EXPECT_FALSE(Readable(0));
}

// One lost signal and the test hangs.
TEST_F(EventFdSignalTest, ConsumerThatSleepsMissesNothing) {
  constexpr int64_t kCount = 20'000;
  Sequence cursor;
  std::thread producer([&] {
    for (int64_t i = 0; i < kCount; ++i) {
      cursor.StoreOrdered(i);
      signal_->Signal();
    }
  });
  int64_t consumed = Sequence::kNone;
  while (consumed < kCount - 1) {
    if (signal_->Arm([&] { return cursor.Load() > consumed; })) {
      ASSERT_TRUE(Readable(-1));
    }
    consumed = cursor.Load();
  }
  producer.join();
}

}  // namespace
}  // namespace tally
