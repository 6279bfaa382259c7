#include "engine/ring/wait_strategy.h"

#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace tally {
namespace {

class WaitStrategyTest : public testing::TestWithParam<WaitKind> {};

INSTANTIATE_TEST_SUITE_P(Kinds, WaitStrategyTest,
                         testing::Values(WaitKind::kSpin, WaitKind::kYield, WaitKind::kBlock),
                         [](const auto& test) { return std::string(WaitKindName(test.param)); });

TEST_P(WaitStrategyTest, NameAndKindAreInverse) {
  EXPECT_EQ(ParseWaitKind(WaitKindName(GetParam())), GetParam());
}

// Two threads take turns; one lost wake-up and the test hangs.
TEST_P(WaitStrategyTest, PingPongLosesNoWakeUp) {
  const int64_t rounds = GetParam() == WaitKind::kSpin ? 50 : 10'000;
  WaitStrategy ping_wait(GetParam());
  WaitStrategy pong_wait(GetParam());
  Sequence ping;
  Sequence pong;
  std::thread other([&] {
    for (int64_t i = 0; i < rounds; ++i) {
      ping_wait.WaitUntil([&] { return ping.Load() >= i; });
      pong_wait.Advance(pong, i);
    }
  });
  for (int64_t i = 0; i < rounds; ++i) {
    ping_wait.Advance(ping, i);
    pong_wait.WaitUntil([&] { return pong.Load() >= i; });
  }
  other.join();
  EXPECT_EQ(pong.Load(), rounds - 1);
}

// Several sleepers for different sequences, several wakers, one futex word.
TEST_P(WaitStrategyTest, ManyWaitersAndWakersLoseNoWakeUp) {
  const int64_t rounds = GetParam() == WaitKind::kSpin ? 30 : 3'000;
  WaitStrategy wait(GetParam());
  Sequence left;
  Sequence right;
  auto run = [&](Sequence* mine, const Sequence* theirs) {
    for (int64_t i = 0; i < rounds; ++i) {
      wait.Advance(*mine, i);
      wait.WaitUntil([&] { return theirs->Load() >= i; });
    }
  };
  std::thread left_thread(run, &left, &right);
  std::thread right_thread(run, &right, &left);
  wait.WaitUntil([&] { return left.Load() == rounds - 1 && right.Load() == rounds - 1; });
  left_thread.join();
  right_thread.join();
}

TEST(WaitKindTest, UnknownNameIsNoKind) { EXPECT_EQ(ParseWaitKind("sleep"), std::nullopt); }

}  // namespace
}  // namespace tally
