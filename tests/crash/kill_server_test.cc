// The real server is killed again and again under load; its clients must not be able to tell.

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
#include <gtest/gtest.h>

#include "base/clock.h"
#include "tests/crash/crash_world.h"
#include "tests/support/sanitized.h"

namespace tally {
namespace {

constexpr int kKillsDefault = kSanitized ? 40 : 200;
constexpr bool kCanPreload = !kSanitized;  // The sanitizer's own library must come first.
constexpr int64_t kLoadMicrosecondsMin = 1'000;
constexpr int64_t kLoadMicrosecondsMax = 40'000;
constexpr int64_t kRecoveryMicrosecondsMax = 60'000;

constexpr int64_t kCrashPointPatienceNs = 30'000'000'000;
constexpr int64_t kCrashPointInFlightMax = 8;  // Small frames, so that there are many writes.
constexpr int kLivesPerCrashPoint = 3;

// A step of the server's work with the disk at which it dies, see crash_shim.cc.
struct CrashPoint {
  const char* call;
  const char* phase;
  const char* path;
  int count_max;  // How far into a life of the server.
};

constexpr CrashPoint kCrashPoints[] = {
    {.call = "write", .phase = "before", .path = "/journal/db/", .count_max = 200},
    {.call = "write", .phase = "torn", .path = "/journal/db/", .count_max = 200},
    {.call = "write", .phase = "after", .path = "/journal/db/", .count_max = 200},
    {.call = "fdatasync", .phase = "before", .path = "/journal/db/", .count_max = 150},
    {.call = "fdatasync", .phase = "after", .path = "/journal/db/", .count_max = 150},
    {.call = "pwrite", .phase = "torn", .path = "/events/", .count_max = 200},
    {.call = "pwrite", .phase = "after", .path = "/events/", .count_max = 200},
    {.call = "pwrite", .phase = "torn", .path = "/anchor", .count_max = 4},
    {.call = "pwrite", .phase = "after", .path = "/anchor", .count_max = 4},
    {.call = "write", .phase = "fail", .path = "/journal/db/", .count_max = 200},
    {.call = "fdatasync", .phase = "fail", .path = "/journal/db/", .count_max = 150},
    {.call = "pwrite", .phase = "fail", .path = "/events/", .count_max = 200},
    {.call = "pwrite", .phase = "fail", .path = "/anchor", .count_max = 4},
};

int EnvironmentOr(const char* name, int otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::atoi(text);
}

class KillServerTest : public ::testing::Test {
 protected:
  static uint64_t Seed() {
    return static_cast<uint64_t>(
        EnvironmentOr("TALLY_SEED", static_cast<int>(MonotonicNs() & 0x7fffffff)));
  }
  // Kills the server `kills` times, some of them while it recovers, then stops it in order.
  void KillAgainAndAgain(const VenueSpec& spec, int kills);
  // A life that ends at the crash point, and one that must go on from there.
  void DieAt(const CrashPoint& point, CrashWorld* world);
  void EndInOrder(CrashWorld* world);

 private:
  // The next life of the server up to the kill.
  void LiveAndDie(CrashWorld* world);
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
  const uint64_t seed = Seed();
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

void KillServerTest::DieAt(const CrashPoint& point, CrashWorld* world) {
  VenueProcess& venue = world->venue();
  const uint64_t count = 1 + world->random()() % static_cast<uint64_t>(point.count_max);
  const std::string plan = absl::StrCat(point.call, ":", point.phase, ":", count, ":", point.path);
  SCOPED_TRACE(plan);
  ASSERT_TRUE(venue.Launch({{"LD_PRELOAD", TALLY_CRASH_SHIM}, {"TALLY_CRASH", plan}}).ok());
  const int64_t deadline_ns = MonotonicNs() + kCrashPointPatienceNs;
  while (venue.Running() && MonotonicNs() < deadline_ns) {
    world->Load(2'000, kCrashPointInFlightMax);
  }
  ASSERT_FALSE(venue.Running()) << "the crash point was not reached";
  const int expected = std::string(point.phase) == "fail" ? 3 : 128 + SIGKILL;
  ASSERT_EQ(venue.child().Wait(0).value_or(-1), expected) << venue.LogTail();
  const absl::Status started = venue.Start();
  ASSERT_TRUE(started.ok()) << started << "\n" << venue.LogTail();
  ASSERT_EQ(world->Check(), "");
  venue.Kill();
}

TEST_F(KillServerTest, EveryStepOfAWriteCanBeTheLast) {
  if (!kCanPreload) {
    GTEST_SKIP() << "needs a build without sanitizers";
  }
  const uint64_t seed = Seed();
  std::printf("TALLY_SEED=%llu\n", static_cast<unsigned long long>(seed));
  CrashWorld world(TALLY_PROGRAM, {}, seed);
  ASSERT_TRUE(world.venue().Start().ok()) << world.venue().LogTail();
  world.FundAccounts();
  world.venue().Kill();
  for (const CrashPoint& point : kCrashPoints) {
    for (int life = 0; life < kLivesPerCrashPoint; ++life) {
      ASSERT_NO_FATAL_FAILURE(DieAt(point, &world));
    }
  }
  ASSERT_NO_FATAL_FAILURE(EndInOrder(&world));
}

TEST_F(KillServerTest, SyncJournalLosesAndRepeatsNothing) {
  KillAgainAndAgain({.durability = "sync"}, EnvironmentOr("TALLY_KILLS", kKillsDefault) * 7 / 10);
}

TEST_F(KillServerTest, AsyncJournalLosesAndRepeatsNothingWhenTheProcessIsKilled) {
  KillAgainAndAgain({.durability = "async"}, EnvironmentOr("TALLY_KILLS", kKillsDefault) * 3 / 10);
}

}  // namespace
}  // namespace tally
