// The real server is killed again and again under load; its clients must not be able to tell.

#include <cstdio>
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "base/clock.h"
#include "tests/crash/crash_world.h"

namespace tally {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kKillsDefault = 40;
#else
constexpr int kKillsDefault = 200;
#endif
constexpr int64_t kLoadMicrosecondsMin = 1'000;
constexpr int64_t kLoadMicrosecondsMax = 40'000;
constexpr int64_t kRecoveryMicrosecondsMax = 60'000;

int EnvironmentOr(const char* name, int otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::atoi(text);
}

class KillServerTest : public ::testing::Test {
 protected:
  // Kills the server `kills` times, some of them while it recovers, then stops it in order.
  void KillAgainAndAgain(const VenueSpec& spec, int kills);

 private:
  // The next life of the server up to the kill.
  void LiveAndDie(CrashWorld* world);
  void EndInOrder(CrashWorld* world);
  int64_t Microseconds(CrashWorld* world, int64_t low, int64_t high) const {
    return std::uniform_int_distribution<int64_t>(low, high)(world->random());
  }
};

void KillServerTest::LiveAndDie(CrashWorld* world) {
  VenueProcess& venue = world->venue();
  if (world->random()() % 8 == 0) {
    ASSERT_TRUE(venue.Launch().ok());
    world->Load(Microseconds(world, 0, kRecoveryMicrosecondsMax));
    venue.Kill();
    return;
  }
  const absl::Status started = venue.Start();
  ASSERT_TRUE(started.ok()) << started << "\n" << venue.LogTail();
  ASSERT_EQ(world->Check(), "");
  world->Load(Microseconds(world, kLoadMicrosecondsMin, kLoadMicrosecondsMax));
  venue.Kill();
  world->PollOnce();
}

void KillServerTest::EndInOrder(CrashWorld* world) {
  ASSERT_TRUE(world->venue().Start().ok()) << world->venue().LogTail();
  ASSERT_EQ(world->Check(), "");
  ASSERT_EQ(world->CloseAll(), "");
  const absl::StatusOr<int> exit_code = world->venue().Terminate();
  ASSERT_TRUE(exit_code.ok()) << exit_code.status();
  ASSERT_EQ(*exit_code, 0) << world->venue().LogTail();
  ASSERT_EQ(world->CheckStopped(), "");
}

void KillServerTest::KillAgainAndAgain(const VenueSpec& spec, int kills) {
  const auto seed = static_cast<uint64_t>(
      EnvironmentOr("TALLY_SEED", static_cast<int>(MonotonicNs() & 0x7fffffff)));
  std::printf("TALLY_SEED=%llu, %d kills, %s\n", static_cast<unsigned long long>(seed), kills,
              spec.durability.c_str());
  std::fflush(stdout);
  const int64_t started_ns = MonotonicNs();
  CrashWorld world(TALLY_PROGRAM, spec, seed);
  ASSERT_TRUE(world.venue().Start().ok()) << world.venue().LogTail();
  world.FundAccounts();
  world.venue().Kill();
  for (int kill = 0; kill < kills; ++kill) {
    SCOPED_TRACE(testing::Message() << "life " << kill + 1 << ", seed " << seed);
    ASSERT_NO_FATAL_FAILURE(LiveAndDie(&world));
  }
  ASSERT_NO_FATAL_FAILURE(EndInOrder(&world));
  const double seconds = static_cast<double>(MonotonicNs() - started_ns) * 1e-9;
  std::printf("%d kills in %.1f s: %s\n", kills, seconds, world.Summary().c_str());
}

TEST_F(KillServerTest, SyncJournalLosesAndRepeatsNothing) {
  KillAgainAndAgain({.durability = "sync"}, EnvironmentOr("TALLY_KILLS", kKillsDefault) * 7 / 10);
}

TEST_F(KillServerTest, AsyncJournalLosesAndRepeatsNothingWhenTheProcessIsKilled) {
  KillAgainAndAgain({.durability = "async"}, EnvironmentOr("TALLY_KILLS", kKillsDefault) * 3 / 10);
}

}  // namespace
}  // namespace tally
