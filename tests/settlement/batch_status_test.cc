// What the relayer tells the engine of batches on their way, and of what the vault refuses.

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/settlement/relayer_world.h"

namespace tally::settlement {
namespace {

class BatchStatusTest : public testing::Test {
 protected:
  // In order, of the batch; repeated ones once.
  std::vector<SettlementStatus> Told(uint64_t batch) const {
    std::vector<SettlementStatus> told;
    for (const BatchStatusCommand& status : world.engine.statuses()) {
      if (status.batch_id == batch && (told.empty() || told.back() != status.status)) {
        told.push_back(status.status);
      }
    }
    return told;
  }
  const BatchStatusCommand& Last() const { return world.engine.statuses().back(); }
  void RunUntil(SettlementStatus status) {
    for (int i = 0; i < 60; ++i) {
      if (!world.engine.statuses().empty() && Last().status == status) {
        return;
      }
      world.Run(1);
      world.clock.Advance(5'000'000'000);
    }
    FAIL() << world.Tail();
  }

  RelayerWorld world;
};

TEST_F(BatchStatusTest, ABatchIsToldPendingMinedAndFinal) {
  world.Fund();
  world.Run(8);
  for (uint64_t i = 1; i <= 3; ++i) {
    world.Trade(i);
  }
  world.Settle();
  EXPECT_EQ(Told(1), (std::vector{SettlementStatus::kPending, SettlementStatus::kMined,
                                  SettlementStatus::kFinal}));
  EXPECT_EQ(Last().trade_count, 3u);
  EXPECT_EQ(Last().last_trade, TradeId{3});
  EXPECT_NE(Last().transaction_hash, Hash32().bytes);
  EXPECT_NE(Last().block_number, 0u);
  const std::size_t count = world.engine.statuses().size();
  world.relayer.reset();  // Another process has nothing new to tell.
  world.Run(5);
  EXPECT_EQ(world.engine.statuses().size(), count);
}

TEST_F(BatchStatusTest, AReorganisationTakesMinedBackToPending) {
  world.Fund();
  world.Run(8);
  world.Trade(1);
  RunUntil(SettlementStatus::kMined);
  const uint64_t depth = world.chain.height() - Last().block_number + 1;
  world.chain.Reorganise(depth, [](uint64_t) { return true; });
  ASSERT_TRUE(world.StepRelayer().ok());
  EXPECT_EQ(Last().status, SettlementStatus::kPending);
  EXPECT_EQ(Last().transaction_hash, Hash32().bytes);
  EXPECT_EQ(Last().block_number, 0u);
  world.Settle();
  EXPECT_EQ(Told(1), (std::vector{SettlementStatus::kPending, SettlementStatus::kMined,
                                  SettlementStatus::kPending, SettlementStatus::kMined,
                                  SettlementStatus::kFinal}));
}

TEST(StatusOfTest, IsThatOfTheLastThingThatHappened) {
  Job job;
  job.batch.id = 7;
  EXPECT_EQ(BatchStatusOf(job).status, SettlementStatus::kPending);
  job.failed_transaction.bytes[0] = 1;
  EXPECT_EQ(BatchStatusOf(job).status, SettlementStatus::kFailed);
  EXPECT_EQ(BatchStatusOf(job).transaction_hash[0], 1);
  job.state = JobState::kMined;
  job.mined_transaction.bytes[0] = 2;
  EXPECT_EQ(BatchStatusOf(job).status, SettlementStatus::kMined);
  EXPECT_EQ(BatchStatusOf(job).transaction_hash[0], 2);
  job.state = JobState::kFinal;
  EXPECT_EQ(BatchStatusOf(job).status, SettlementStatus::kFinal);
}

class DisputeTest : public BatchStatusTest {
 protected:
  // A batch of two trades, of which the vault refuses the first for account 1.
  void Poison() {
    world.Fund();
    world.Run(8);
    world.engine.Execute({.instrument = 1, .buyer = 1, .seller = 2, .ticks = 1000, .lots = 90});
    world.engine.Execute({.instrument = 1, .buyer = 3, .seller = 2, .ticks = 10, .lots = 9});
    const_cast<FakeVault&>(world.chain.vault()).balances[{1, 1}] = 5;
  }
  void RunUntilOpened() {
    for (int i = 0; i < 100 && (world.engine.settled_batches() == 0 || !world.relayer->idle());
         ++i) {
      const absl::Status status = world.StepRelayer();
      ASSERT_TRUE(status.ok() || Relayer::IsTransient(status)) << status;
      world.clock.Advance(5'000'000'000);
      world.chain.Mine();
    }
  }
};

TEST_F(DisputeTest, WhatWasTakenOutOfABatchIsDisputedStepByStep) {
  Poison();
  RunUntilOpened();
  ASSERT_EQ(world.engine.disputes().size(), 1u) << world.Tail();
  const auto& [name, steps] = *world.engine.disputes().begin();
  EXPECT_EQ(name, std::pair(uint64_t{1}, 1u));
  ASSERT_EQ(steps.size(), 4u);
  struct Row {
    DisputeAction action;
    uint32_t account;
    uint16_t asset;
    int64_t amount;
    uint64_t trade;
  };
  const std::vector<Row> rows = {{DisputeAction::kHold, 1, 0, 90, 0},
                                 {DisputeAction::kHold, 2, 1, 90'000, 0},
                                 {DisputeAction::kBreakTrade, 1, 0, 0, 1},
                                 {DisputeAction::kBreakTrade, 2, 0, 0, 1}};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(steps[i].dispute.step, i + 1);
    EXPECT_EQ(steps[i].dispute.action, rows[i].action);
    EXPECT_EQ(Raw(steps[i].account), rows[i].account);
    EXPECT_EQ(Raw(steps[i].dispute.asset), rows[i].asset);
    EXPECT_EQ(steps[i].dispute.amount.value, rows[i].amount);
    EXPECT_EQ(Raw(steps[i].dispute.trade_id), rows[i].trade);
  }
}

TEST_F(DisputeTest, ARestartAddsNoStepAndWhatIsResolvedIsForgotten) {
  Poison();
  RunUntilOpened();
  world.relayer.reset();
  for (int i = 0; i < 10; ++i) {
    world.Run(1);
  }
  EXPECT_EQ(world.engine.disputes().begin()->second.size(), 4u);
  EXPECT_EQ(world.relayer->quarantine().owed().size(), 1u);
  EXPECT_TRUE(world.relayer->idle());
  world.engine.Resolve(1, 1);
  world.Run(2);
  EXPECT_TRUE(world.relayer->quarantine().owed().empty());
  world.relayer.reset();
  world.Run(3);
  EXPECT_TRUE(world.relayer->quarantine().owed().empty());
}

}  // namespace
}  // namespace tally::settlement
