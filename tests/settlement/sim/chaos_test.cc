// The relayer against a simulated chain of several nodes: stories, a crash at every write-ahead
// point of one, and chaos from seeds (TALLY_CHAOS_RUNS=N for more of it, TALLY_CHAOS_SEED=S for the
// first).

#include <cstdio>
#include <cstdlib>

#include <gtest/gtest.h>

#include "tests/settlement/sim/sim_world.h"
#include "tests/support/sanitized.h"

namespace tally::settlement {
namespace {

constexpr uint64_t kCrashStride = kSanitized ? 29 : 7;
constexpr uint64_t kChaosRuns = kSanitized ? 50 : 200;

uint64_t NumberOf(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

bool Logged(const SimWorld& world, std::string_view text) {
  return std::any_of(world.log.begin(), world.log.end(),
                     [&](const std::string& line) { return line.find(text) != std::string::npos; });
}

void Trade(SimWorld* world, uint64_t seed, int count) {
  std::mt19937_64 random(seed);
  for (int i = 0; i < count; ++i) {
    world->Trade(random());
  }
}

TEST(SimRelayerTest, SettlesThroughThreeNodes) {
  SimWorld world(1);
  world.Fund();
  world.Run(8);
  Trade(&world, 1, 60);
  world.Settle();
  EXPECT_GT(world.engine.settled_batches(), 5u);
  EXPECT_EQ(world.chain.failed_count(), 0u);
}

TEST(SimRelayerTest, TransactionsThatEveryNodeForgotAreSentAtOnce) {
  SimWorld world(2);
  world.config.rebroadcast_ns = int64_t{1} << 60;
  world.config.bump_ns = int64_t{1} << 60;
  world.Fund();
  world.Run(8);
  Trade(&world, 2, 20);
  for (int i = 0; i < 20 && world.chain.pooled_count() == 0; ++i) {
    ASSERT_TRUE(world.StepRelayer().ok());
    world.clock.Advance(SimWorld::kBlockNs);
  }
  ASSERT_GT(world.chain.pooled_count(), 0u);
  world.chain.DropPools();
  world.Settle();
  EXPECT_TRUE(Logged(world, "no node has its transaction any more")) << world.Tail();
}

TEST(SimRelayerTest, AGapLeftByAReorganisationIsFilled) {
  SimWorld world(3);
  world.Fund();
  world.Run(8);
  // A foreign transaction takes the first nonce; the jobs go behind it. Then it never happened.
  world.chain.TakeNonce();
  world.chain.Mine();
  world.Run(1);
  Trade(&world, 3, 30);
  for (int i = 0; i < 20 && world.chain.pooled_count() == 0; ++i) {
    ASSERT_TRUE(world.StepRelayer().ok());
  }
  ASSERT_GT(world.chain.pooled_count(), 0u);
  world.chain.Reorganise(2, [](uint64_t) { return false; });
  ASSERT_EQ(world.chain.operator_nonce(), 0u);
  world.Settle();
  EXPECT_TRUE(Logged(world, "nothing stored has nonce 0")) << world.Tail();
  EXPECT_EQ(world.chain.cancel_count(), 1u);
}

TEST(SimRelayerTest, OneNodeOfThreeMayBeDownLaggingOrOnAnotherChain) {
  SimWorld world(4);
  world.Fund();
  world.Run(8);
  world.chain.SetNodeDown(0, true);
  Trade(&world, 4, 20);
  world.Run(10);
  world.chain.SetNodeDown(0, false);
  world.chain.SetNodeStuck(1, true);
  Trade(&world, 5, 20);
  world.Run(10);
  EXPECT_TRUE(Logged(world, "node node1 lags")) << world.Tail();
  world.chain.SetNodeStuck(1, false);
  world.chain.SetNodeChainId(2, 5);
  world.relayer.reset();
  Trade(&world, 6, 20);
  world.Run(10);
  EXPECT_TRUE(Logged(world, "is on chain 5")) << world.Tail();
  EXPECT_TRUE(world.relayer->idle());
  world.Settle();
}

TEST(SimRelayerTest, CatchesUpAfterAllNodesWereDownForMinutes) {
  SimWorld world(5);
  world.Fund();
  world.Run(8);
  for (std::size_t i = 0; i < world.chain.node_count(); ++i) {
    world.chain.SetNodeDown(i, true);
  }
  for (int i = 0; i < 25; ++i) {
    Trade(&world, static_cast<uint64_t>(100 + i), 8);
    world.Run(1);
  }
  EXPECT_EQ(world.engine.settled_batches(), 0u);
  world.Settle();
  EXPECT_GT(world.engine.settled_batches(), 10u);
}

TEST(SimRelayerTest, AFeeSpikeIsFollowedUpToTheCeilingAndWaitedOutAboveIt) {
  SimWorld world(6);
  world.config.fee_cap_wei_max = 50'000'000'000;
  world.Fund();
  world.Run(8);
  Trade(&world, 6, 30);
  world.chain.set_load_percent(100);
  world.Run(60);
  EXPECT_GT(world.chain.tip().base_fee_wei, world.config.fee_cap_wei_max);
  Trade(&world, 7, 10);
  world.Run(5);
  world.Settle();
}

TEST(SimRelayerTest, ABatchIsSettledWithoutTheAccountThatTheVaultRefuses) {
  SimWorld world(8);
  world.Fund();
  world.Run(8);
  world.chain.SetFrozen(2, true);
  world.chain.Mine();
  Trade(&world, 8, 40);
  world.Run(60);
  EXPECT_TRUE(Logged(world, "ALARM: the vault refuses batch 1")) << world.Tail();
  EXPECT_GT(world.engine.settled_batches(), 3u) << world.Tail();
  EXPECT_GT(world.relayer->quarantine().owed().size(), 0u);
  const uint64_t settled = world.engine.settled_batches();
  world.chain.SetFrozen(2, false);
  world.chain.Mine();
  Trade(&world, 9, 40);
  world.Settle();
  EXPECT_GT(world.engine.settled_batches(), settled);
}

TEST(SimRelayerTest, ARefusalThatPassesIsWaitedFor) {
  SimWorld world(9);
  world.config.quarantine_after_ns = 100 * SimWorld::kBlockNs;
  world.Fund();
  world.Run(8);
  world.chain.SetFrozen(2, true);
  world.chain.Mine();
  Trade(&world, 8, 40);
  world.Run(20);
  world.chain.SetFrozen(2, false);
  world.Settle();
  EXPECT_TRUE(world.relayer->quarantine().owed().empty());
}

TEST(SimRelayerTest, AWithdrawalThatTheVaultRefusesIsHeldBackAndTriedAgain) {
  SimWorld world(10);
  world.Fund();
  world.Run(8);
  // What account 2 sold never arrives on chain: account 1 cannot be paid it there.
  world.chain.SetFrozen(2, true);
  world.chain.Mine();
  world.engine.Execute({.instrument = 1, .buyer = 1, .seller = 2, .ticks = 1, .lots = 50'000});
  world.Run(12);
  world.chain.RequestWithdraw(1, 0, 120'000);
  world.chain.RequestWithdraw(3, 0, 10);
  world.Run(25);
  EXPECT_EQ(world.relayer->quarantine().held().count(1), 1u) << world.Tail();
  EXPECT_EQ(world.chain.tip().vault.withdrawals[1].status, WithdrawalStatus::kFinalized);
  world.chain.Deposit(1, 0, 100'000);
  world.Run(30);
  EXPECT_TRUE(world.relayer->quarantine().held().empty()) << world.Tail();
  EXPECT_EQ(world.chain.tip().vault.withdrawals[0].status, WithdrawalStatus::kFinalized);
  world.Settle();
}

TEST(SimRelayerTest, WithdrawalsGoPastBatchesOnAnotherLane) {
  SimWorld world(11, 3, 2);
  world.Fund();
  world.Run(8);
  world.chain.RequestWithdraw(1, 0, 1'000);
  world.chain.RequestWithdraw(3, 2, 900'000);
  Trade(&world, 14, 30);
  world.Settle();
  EXPECT_GT(world.chain.nonce(world.chain.lanes()[0]), 2u);  // Batches.
  EXPECT_GT(world.chain.nonce(world.chain.lanes()[1]), 0u);  // Answers.
  EXPECT_EQ(world.chain.failed_count(), 0u);
}

TEST(SimRelayerTest, WorkOfALaneWithoutFundsMovesToAnotherOne) {
  SimWorld world(12, 3, 2);
  world.Fund();
  world.Run(8);
  world.chain.SetFunded(world.chain.lanes()[0], false);
  world.chain.Mine();
  Trade(&world, 15, 30);
  world.Run(12);
  EXPECT_TRUE(Logged(world, "cannot pay for gas: its work goes to others")) << world.Tail();
  EXPECT_TRUE(Logged(world, "moves to another sender")) << world.Tail();
  EXPECT_GT(world.engine.settled_batches(), 2u) << world.Tail();
  EXPECT_EQ(world.chain.nonce(world.chain.lanes()[0]), 0u);
  world.Settle();
  EXPECT_GT(world.chain.nonce(world.chain.lanes()[0]), 0u);  // What was left there is used up.
}

TEST(SimRelayerTest, ALaneThatTheVaultDoesNotTrustGetsNoWork) {
  SimWorld world(13, 3, 2);
  world.Fund();
  world.chain.SetTrusted(world.chain.lanes()[1], false);
  world.Run(8);
  world.chain.RequestWithdraw(1, 0, 1'000);
  Trade(&world, 16, 30);
  world.Run(15);
  EXPECT_TRUE(Logged(world, "is not one of the vault's senders")) << world.Tail();
  EXPECT_EQ(world.chain.nonce(world.chain.lanes()[1]), 0u);
  EXPECT_EQ(world.chain.tip().vault.withdrawals[0].status, WithdrawalStatus::kFinalized);
  world.Settle();
}

TEST(SimRelayerTest, ARefusedLaneIsWaitedOutWhileTheOthersCannotPay) {
  SimWorld world(16, 3, 2);
  world.Fund();
  world.Run(8);
  world.chain.SetTrusted(world.chain.lanes()[1], false);
  world.chain.SetFunded(world.chain.lanes()[0], false);
  world.chain.Mine();
  Trade(&world, 20, 30);
  world.Run(40);  // Fails if the relayer stops.
  EXPECT_EQ(world.engine.settled_batches(), 0u);
  world.Settle();
}

TEST(SimRelayerTest, BatchesWaitForABetterPriceUntilTheirDeadline) {
  SimWorld world(14);
  world.config.timing = {.deadline_blocks = 10};
  world.config.block_ns = SimWorld::kBlockNs;
  world.Fund();
  world.chain.set_load_percent(60);  // Every block is dearer than the one before.
  world.Run(50);
  Trade(&world, 17, 3);
  world.Run(7);
  EXPECT_TRUE(world.relayer->jobs().empty()) << world.Tail();
  world.Run(6);
  EXPECT_TRUE(Logged(world, "sealed batch 1")) << world.Tail();
  world.Settle();
}

TEST(SimRelayerTest, ALowPriceIsTakenBeforeTheDeadline) {
  SimWorld world(15);
  world.config.timing = {.deadline_blocks = 40, .window_deadlines = 2};
  world.config.block_ns = SimWorld::kBlockNs;
  world.Fund();
  world.chain.set_load_percent(50);
  world.Run(60);
  Trade(&world, 19, 3);
  world.Run(10);
  EXPECT_TRUE(world.relayer->jobs().empty()) << world.Tail();
  world.chain.SetBaseFee(100'000);  // A ten thousandth of what it was.
  world.Run(3);
  EXPECT_TRUE(Logged(world, "sealed batch 1")) << world.Tail();
  world.Settle();
}

void PlayStory(SimWorld* world) {
  world->Fund();
  world->Run(7);
  Trade(world, 11, 24);
  world->chain.RequestWithdraw(1, 0, 1'000);
  world->chain.RequestWithdraw(3, 2, 900'000);
  world->Run(2);
  world->chain.Reorganise(2, [](uint64_t nonce) { return nonce % 2 == 0; });
  world->Run(2);
  world->chain.DropPools();
  world->chain.SetFunded(world->chain.lanes()[0], false);
  Trade(world, 12, 9);
  world->chain.set_load_percent(100);
  world->Run(7);
  world->chain.set_load_percent(50);
  world->chain.SetFunded(world->chain.lanes()[0], true);
  world->chain.TakeNonce();
  world->chain.SetFrozen(3, true);
  world->Run(2);
  Trade(world, 13, 9);
  world->Run(14);
  world->chain.SetFrozen(3, false);
}

TEST(SimRelayerTest, SurvivesACrashAtEveryWriteAheadPoint) {
  uint64_t operations = 0;
  {
    SimWorld world(7, 3, 2);
    PlayStory(&world);
    world.Settle();
    operations = world.faults.operation_count();
  }
  ASSERT_GT(operations, 500u);
  const uint64_t stride = NumberOf("TALLY_CRASH_STRIDE", kCrashStride);
  for (uint64_t crash_at = 0; crash_at < operations; crash_at += stride) {
    SCOPED_TRACE(testing::Message() << "crash at " << crash_at);
    SimWorld world(7, 3, 2);
    world.faults.CrashAt(crash_at);
    PlayStory(&world);
    world.Settle();
    if (testing::Test::HasFailure()) {
      return;
    }
  }
}

struct ChaosTotals {
  uint64_t batches = 0;
  uint64_t crashes = 0;
  uint64_t included = 0;
  uint64_t failed = 0;
  uint64_t cancels = 0;
  uint64_t owed = 0;
  uint64_t held = 0;
  uint64_t moved = 0;
  uint64_t recovery_operations_max = 0;
  uint64_t recovery_us_max = 0;
};

void PlayChaos(uint64_t seed, ChaosTotals* totals) {
  SimWorld world(seed, 1 + seed % 4, 1 + seed / 4 % 3);
  if (seed % 2 == 0) {
    world.config.timing = {.deadline_blocks = 6, .window_deadlines = 3};
    world.config.block_ns = SimWorld::kBlockNs;
  }
  world.config.caps_by_deadline = seed % 5 != 0;
  const std::vector<Address>& lanes = world.chain.lanes();
  std::mt19937_64 random(seed);
  const auto chance = [&](uint64_t percent) { return random() % 100 < percent; };
  world.faults.Randomize(seed, /*crash_chance=*/static_cast<uint32_t>(random() % 40),
                         /*loss_chance=*/200);
  world.chain.set_faults({.request_lost = static_cast<uint32_t>(random() % 400),
                          .answer_lost = static_cast<uint32_t>(random() % 1'500),
                          .refused = static_cast<uint32_t>(random() % 400),
                          .delivered_again = static_cast<uint32_t>(random() % 3'000),
                          .lags = static_cast<uint32_t>(random() % 4'000),
                          .forgets = static_cast<uint32_t>(random() % 500)});
  world.Fund();
  for (int round = 0; round < 60; ++round) {
    world.Run(1);
    if (testing::Test::HasFatalFailure()) {
      return;
    }
    for (uint64_t i = random() % 8; i > 0; --i) {
      world.Trade(random());
    }
    if (chance(10)) {
      world.chain.Deposit(static_cast<uint32_t>(1 + random() % 3),
                          static_cast<uint16_t>(random() % 3), 1'000);
    }
    if (chance(10)) {
      world.chain.RequestWithdraw(static_cast<uint32_t>(1 + random() % 3),
                                  static_cast<uint16_t>(random() % 3),
                                  static_cast<int64_t>(1 + random() % 60'000));
    }
    if (chance(12)) {
      // Never as deep as what counts as final.
      world.chain.Reorganise(1 + random() % (world.config.confirmations - 1),
                             [&](uint64_t) { return chance(40); });
    }
    if (chance(4)) {
      world.chain.DropPools();
    }
    if (chance(4)) {
      world.chain.CrowdPools();
    }
    if (chance(3)) {
      world.chain.TakeNonce(lanes[random() % lanes.size()]);
    }
    if (chance(4)) {
      world.chain.SetFunded(lanes[random() % lanes.size()], chance(60));
    }
    if (lanes.size() > 1 && chance(4)) {
      // The operator itself is no sender that could be taken away.
      world.chain.SetTrusted(lanes[1 + random() % (lanes.size() - 1)], chance(60));
    }
    if (chance(8)) {
      world.chain.set_load_percent(chance(50) ? 100 : random() % 100);
      world.chain.set_market_tip_wei(1'000'000u << random() % 10);
    }
    if (chance(3)) {
      world.chain.SetBaseFee(1'000'000'000u << random() % 6);
    }
    if (seed % 3 == 0 && chance(3)) {
      world.chain.SetFrozen(static_cast<uint32_t>(1 + random() % 3), chance(60));
    }
    const std::size_t node = random() % world.chain.node_count();
    if (chance(6)) {
      world.chain.SetNodeDown(node, chance(50));
    }
    if (chance(6)) {
      world.chain.SetNodeStuck(node, chance(50));
    }
  }
  world.Settle();
  totals->batches += world.engine.settled_batches();
  totals->crashes += world.restart_count;
  totals->included += world.chain.included_count();
  totals->failed += world.chain.failed_count();
  totals->owed += world.relayer->quarantine().owed().size();
  totals->held += world.relayer->quarantine().held().size();
  totals->cancels += world.chain.cancel_count();
  totals->moved += static_cast<uint64_t>(
      std::count_if(world.log.begin(), world.log.end(), [](const std::string& line) {
        return line.find("moves to another sender") != std::string::npos;
      }));
  totals->recovery_us_max = std::max(totals->recovery_us_max, world.recovery_us_max);
  totals->recovery_operations_max =
      std::max(totals->recovery_operations_max, world.recovery_operations_max);
}

TEST(SimRelayerTest, ConvergesUnderChaos) {
  const uint64_t runs = NumberOf("TALLY_CHAOS_RUNS", kChaosRuns);
  const uint64_t first = NumberOf("TALLY_CHAOS_SEED", 1);
  ChaosTotals totals;
  for (uint64_t seed = first; seed < first + runs; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    PlayChaos(seed, &totals);
    if (testing::Test::HasFailure()) {
      return;
    }
  }
  std::printf(
      "%llu runs: %llu batches, %llu crashes, %llu transactions in blocks (%llu failed, %llu "
      "fillers), %llu accounts taken out of batches, %llu withdrawals held back, %llu jobs moved "
      "to "
      "another lane; a restart took at most %llu operations and %.1f ms\n",
      static_cast<unsigned long long>(runs), static_cast<unsigned long long>(totals.batches),
      static_cast<unsigned long long>(totals.crashes),
      static_cast<unsigned long long>(totals.included),
      static_cast<unsigned long long>(totals.failed),
      static_cast<unsigned long long>(totals.cancels), static_cast<unsigned long long>(totals.owed),
      static_cast<unsigned long long>(totals.held), static_cast<unsigned long long>(totals.moved),
      static_cast<unsigned long long>(totals.recovery_operations_max),
      static_cast<double>(totals.recovery_us_max) / 1000);
}

}  // namespace
}  // namespace tally::settlement
