// Kills the relayer at every operation, and mixes kills, lost messages and reorganisations at
// random: every batch executes exactly once, the vault ends with the engine's balances, and nothing
// waits for ever.

#include <cstdlib>

#include <gtest/gtest.h>

#include "tests/settlement/relayer_world.h"

namespace tally::settlement {
namespace {

void PlayShortStory(RelayerWorld* world) {
  world->Fund();
  world->Run(8);
  for (uint64_t i = 1; i <= 12; ++i) {
    world->Trade(i);
  }
  world->chain.RequestWithdraw(1, 0, 1'000);
  world->chain.RequestWithdraw(3, 2, 900'000);
  world->Run(8);
  for (uint64_t i = 20; i <= 26; ++i) {
    world->Trade(i);
  }
  world->Run(10);
}

TEST(RelayerCrashTest, SurvivesACrashAtEveryOperation) {
  uint64_t operations = 0;
  {
    RelayerWorld world;
    PlayShortStory(&world);
    world.Settle();
    operations = world.faults.operation_count();
  }
  ASSERT_GT(operations, 200u);
  for (uint64_t crash_at = 0; crash_at < operations; ++crash_at) {
    SCOPED_TRACE(crash_at);
    RelayerWorld world;
    world.faults.CrashAt(crash_at);
    PlayShortStory(&world);
    world.Settle();
    if (testing::Test::HasFailure()) {
      return;
    }
  }
}

void PlayChaos(uint64_t seed) {
  RelayerWorld world;
  std::mt19937_64 random(seed);
  const auto chance = [&](uint64_t percent) { return random() % 100 < percent; };
  world.faults.Randomize(seed, /*crash_chance=*/60, /*loss_chance=*/300);
  world.Fund();
  for (int round = 0; round < 120; ++round) {
    world.Run(1);
    if (testing::Test::HasFatalFailure()) {
      return;
    }
    for (uint64_t i = random() % 6; i > 0; --i) {
      world.Trade(random());
    }
    if (chance(10)) {
      world.chain.Deposit(static_cast<uint32_t>(1 + random() % 3),
                          static_cast<uint16_t>(random() % 3), 1'000);
    }
    if (chance(8)) {
      world.chain.RequestWithdraw(static_cast<uint32_t>(1 + random() % 3),
                                  static_cast<uint16_t>(random() % 3),
                                  static_cast<int64_t>(1 + random() % 60'000));
    }
    if (chance(8)) {
      // Never as deep as what counts as final.
      world.chain.Reorganise(1 + random() % (world.config.confirmations - 1),
                             [&](uint64_t) { return chance(40); });
    }
    if (chance(3)) {
      world.chain.DropPool();
    }
    if (chance(2)) {
      world.chain.TakeNonce();
    }
    if (chance(5)) {
      world.chain.set_base_fee(1'000'000'000u << random() % 6);
    }
  }
  world.chain.set_base_fee(1'000'000'000);
  world.Settle();
}

TEST(RelayerCrashTest, ConvergesUnderRandomFaults) {
  const char* override_count = std::getenv("TALLY_CHAOS_RUNS");
  const uint64_t runs =
      override_count != nullptr ? std::strtoull(override_count, nullptr, 10) : 150;
  for (uint64_t seed = 1; seed <= runs; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    PlayChaos(seed);
    if (testing::Test::HasFailure()) {
      return;
    }
  }
}

}  // namespace
}  // namespace tally::settlement
