// The challenge game as it is played off chain, against a real EVM node and the contracts: a
// relayer that justifies, a watcher that challenges, a reconciliation that names the batch.

#include <algorithm>

#include "tests/settlement/watched_venue.h"

namespace tally::settlement {
namespace {

class WatchTest : public WatchedVenue {};

TEST_F(WatchTest, HonestVenueIsExplainedAndReconciled) {
  Trade(45);
  RunUntilIdle();
  EXPECT_TRUE(Watch(WatcherFor(), &engine_, nullptr).empty()) << log_;
  EXPECT_GE(judged_count_, 8u);
  const Reconciliation result = Reconcile();
  EXPECT_TRUE(result.agrees()) << log_;
  EXPECT_GE(result.balances_compared, 2 * kTraders + 1);
  EXPECT_GE(result.last_batch, 5u);
}

TEST_F(WatchTest, FalseChallengeIsJustifiedByTheRelayerItself) {
  Trade(25);
  RunUntilIdle();
  const ChallengeKey first = ChallengeSomeone(1);
  EXPECT_EQ(StatusOf(first), ChallengeStatus::kOpen);
  RunUntilIdle();
  EXPECT_EQ(StatusOf(first), ChallengeStatus::kJustified) << log_;

  // With the store lost, the answer comes from the event log and the chain alone.
  const ChallengeKey second = ChallengeSomeone(2);
  relayer_.reset();
  store_.reset();
  std::filesystem::remove_all(directory_ + "/relayer");
  StartRelayer();
  RunUntilIdle();
  Mine(1);
  EXPECT_EQ(StatusOf(second), ChallengeStatus::kJustified) << log_;
  // Trading went on meanwhile.
  Trade(10);
  RunUntilIdle();
  EXPECT_TRUE(Reconcile().agrees());
}

TEST_F(WatchTest, TheftIsChallengedAndTheBatchIsNamed) {
  Trade(25);
  RunUntilIdle();
  Steal(5'000);
  const uint64_t stolen_in = relayer_->position().head.next_batch;
  const std::vector<Finding> findings = Watch(WatcherFor(), &engine_, &watcher_);
  ASSERT_GE(findings.size(), 2u) << log_;
  const ChallengeKey victim{.batch = stolen_in, .account = AccountId{2}};
  EXPECT_EQ(StatusOf(victim), ChallengeStatus::kOpen) << log_;
  for (const Finding& finding : findings) {
    EXPECT_EQ(finding.key.batch, stolen_in) << finding.reason;
  }

  const Reconciliation result = Reconcile();
  EXPECT_FALSE(result.agrees());
  const auto found = std::find_if(
      result.differences.begin(), result.differences.end(),
      [](const Difference& d) { return d.account == AccountId{2} && d.asset == AssetId{0}; });
  ASSERT_NE(found, result.differences.end());
  EXPECT_EQ(found->first_batch, stolen_in);
}

TEST_F(WatchTest, OrderThatIsExecutedTwiceHaltsTheVault) {
  engine_.set_nonce(77);
  const FakeEngine::Trade trade = {
      .instrument = 1, .buyer = 1, .seller = 2, .ticks = 20, .lots = 50};
  ASSERT_TRUE(engine_.Execute(trade));
  RunUntilIdle();
  EXPECT_TRUE(Watch(WatcherFor(), &engine_, &watcher_).empty()) << log_;
  ASSERT_TRUE(engine_.Execute(trade));
  RunUntilIdle();
  const std::vector<Finding> findings = Watch(WatcherFor(), &engine_, &watcher_);
  ASSERT_FALSE(findings.empty()) << log_;
  const auto halted = chain_->Call(
      {.from = {}, .to = deployment_.vault, .data = Selector("haltedAt()"), .value_wei = 0});
  ASSERT_TRUE(halted.ok()) << halted.status();
  EXPECT_NE(AbiReader(*halted).Word64(0).value_or(0), 0u) << log_;
}

TEST_F(WatchTest, LogThatIsWithheldIsChallengedAndPublishedByTheAnswer) {
  Trade(25);
  RunUntilIdle();
  FakeEngine empty(kChainId, &faults_);
  WatcherConfig config = WatcherFor({AccountId{1}});
  config.patience_s = 0;
  const std::vector<Finding> findings = Watch(config, &empty, &watcher_);
  ASSERT_FALSE(findings.empty()) << log_;
  RunUntilIdle();
  for (const Finding& finding : findings) {
    if (finding.is_debit) {
      EXPECT_EQ(StatusOf(finding.key), ChallengeStatus::kJustified) << log_;
    }
  }
}

TEST_F(WatchTest, VictimThatWatchesOnlyItselfChallenges) {
  Steal(5'000);
  EXPECT_TRUE(Watch(WatcherFor({AccountId{9}}), &engine_, &watcher_).empty()) << log_;
  const std::vector<Finding> findings = Watch(WatcherFor({AccountId{2}}), &engine_, &watcher_);
  ASSERT_EQ(findings.size(), 1u) << log_;
  EXPECT_EQ(StatusOf(findings[0].key), ChallengeStatus::kOpen) << log_;
}

}  // namespace
}  // namespace tally::settlement
