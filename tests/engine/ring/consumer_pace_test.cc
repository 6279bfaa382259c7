#include "engine/ring/consumer_pace.h"

#include "gtest/gtest.h"

namespace tally {
namespace {

// Waits until the next pause; nothing is found before it.
int WaitsUntilPause(ConsumerPace* pace) {
  int waits = 0;
  while (!pace->Pause()) {
    ++waits;
  }
  return waits;
}

TEST(ConsumerPaceTest, LooksAtOnceAtFirst) {
  ConsumerPace pace;
  EXPECT_GT(WaitsUntilPause(&pace), 10);
}

TEST(ConsumerPaceTest, SparseFlowIsProbedEverLessOften) {
  ConsumerPace pace;
  int before = WaitsUntilPause(&pace);
  for (int i = 0; i < 5; ++i) {
    pace.Found(1);
    const int waits = WaitsUntilPause(&pace);
    EXPECT_GE(waits, before);
    before = waits;
  }
  EXPECT_GT(before, 1000);
}

TEST(ConsumerPaceTest, PausesBeforeEachLookWhileTheFlowIsDense) {
  ConsumerPace pace;
  WaitsUntilPause(&pace);
  for (int i = 0; i < 100; ++i) {
    pace.Found(32);
    EXPECT_EQ(WaitsUntilPause(&pace), 0);
  }
  pace.Found(31);
  EXPECT_GT(WaitsUntilPause(&pace), 10);
}

// Nothing new at once after a long batch does not mean that the flow has become sparse.
TEST(ConsumerPaceTest, LooksAtOnceAfterALargeBatch) {
  ConsumerPace pace;
  WaitsUntilPause(&pace);
  pace.Found(100'000);
  EXPECT_EQ(WaitsUntilPause(&pace), 0);
  pace.Found(0);
  EXPECT_EQ(WaitsUntilPause(&pace), 0);
  pace.Found(0);
  EXPECT_GT(WaitsUntilPause(&pace), 10);
}

}  // namespace
}  // namespace tally
