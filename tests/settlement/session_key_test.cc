// A session key's life against a real EVM node and the contracts: registered as `tally session`
// does, its orders are the owner's will in the challenge game until it is revoked.

#include <algorithm>

#include "settlement/signing/signing_policy.h"
#include "tests/settlement/watched_venue.h"

namespace tally::settlement {
namespace {

constexpr uint64_t kSecondsPerDay = 86'400;

class SessionKeyTest : public WatchedVenue {
 protected:
  // From now on account 1 signs with its session key.
  void SignWithSessionKey() {
    engine_.SignOrders(Domain(), [this](uint32_t account) {
      return account == 1 ? &session_ : account <= kTraders ? &trader_keys_[account - 1] : nullptr;
    });
  }
  OrderDomain Domain() const { return OrderDomain(kChainId, deployment_.vault); }

  evm::SessionGrant Grant() {
    const auto latest = chain_->BlockByTag(BlockTag::kLatest);
    EXPECT_TRUE(latest.ok()) << latest.status();
    return {.account = AccountId{1},
            .key = session_.address(),
            .valid_from_s = latest->timestamp_s,
            .valid_until_s = latest->timestamp_s + 30 * kSecondsPerDay};
  }
  evm::SessionGrant OnChain() {
    const auto grant = SessionOf(chain_.get(), deployment_.vault, AccountId{1}, session_.address());
    EXPECT_TRUE(grant.ok()) << grant.status();
    return grant.value_or(evm::SessionGrant());
  }
  void PassTime(uint64_t seconds) {
    ASSERT_TRUE(chain_->Request("evm_increaseTime", json::array({seconds})).ok());
    Mine(1);
  }
  // Whether a watcher finds a debit of account 1 that nothing explains.
  bool IsSuspected() {
    const std::vector<Finding> findings = Watch(WatcherFor({AccountId{1}}), &engine_, nullptr);
    return std::any_of(findings.begin(), findings.end(),
                       [](const Finding& finding) { return finding.is_debit; });
  }

  const PrivateKey session_ = PrivateKey::ForTest("session", 1);
};

TEST_F(SessionKeyTest, ARegisteredKeyExplainsDebitsAndAStrangersDoesNot) {
  SignWithSessionKey();
  EXPECT_EQ(OnChain().scope, 0);
  Trade(5);
  RunUntilIdle();
  EXPECT_TRUE(IsSuspected()) << log_;
  const evm::SessionGrant grant = Grant();
  Send({calls::SetSession(0, KeysOf(deployment_.vault), grant)});
  EXPECT_EQ(OnChain().valid_from_s, grant.valid_from_s);
  EXPECT_EQ(OnChain().valid_until_s, grant.valid_until_s);
  EXPECT_EQ(OnChain().scope, evm::kScopeTrade);
  Trade(20);
  RunUntilIdle();
  const ChallengeKey challenge = ChallengeSomeone(relayer_->position().head.next_batch - 1);
  EXPECT_EQ(challenge.account, AccountId{1});
  RunUntilIdle();
  EXPECT_EQ(StatusOf(challenge), ChallengeStatus::kJustified) << log_;
}

// What the owner signed is registered by anyone: the owner needs no ether.
TEST_F(SessionKeyTest, AGrantThatTheOwnerSignedIsTakenFromAnybody) {
  evm::SessionGrant grant = Grant();
  grant.nonce = 5;
  const auto signature = evm::CompactSignature(TraderKey(0).Sign(evm::HashOf(Domain(), grant)));
  Send({{.wallet = kChallenger,
         .to = KeysOf(deployment_.vault),
         .data = AbiEncoder()
                     .Add(Raw(grant.account))
                     .Add(grant.key)
                     .Add(grant.valid_from_s)
                     .Add(grant.valid_until_s)
                     .Add(grant.venue)
                     .Add(grant.scope)
                     .Add(0)
                     .Add(0)
                     .Add(grant.nonce)
                     .AddBytes(signature)
                     .Call("setSessionSigned(uint32,address,(uint40,uint40,uint32,uint8,uint8,"
                           "uint128),uint64,bytes)")}});
  EXPECT_EQ(OnChain().valid_until_s, grant.valid_until_s);
  SignWithSessionKey();
  Trade(5);
  RunUntilIdle();
  EXPECT_FALSE(IsSuspected()) << log_;
}

TEST_F(SessionKeyTest, ARevokedKeyExplainsNothingAfterItsDelay) {
  SignWithSessionKey();
  Send({calls::SetSession(0, KeysOf(deployment_.vault), Grant())});
  Trade(5);
  RunUntilIdle();
  Send({calls::RevokeSession(0, KeysOf(deployment_.vault), AccountId{1}, session_.address())});
  EXPECT_LT(OnChain().valid_until_s, Grant().valid_from_s + kSecondsPerDay);
  EXPECT_FALSE(IsSuspected()) << log_;
  // The simulated engine's clock stands still: a batch counts as begun at most maxLag ago.
  PassTime(5 * kSecondsPerDay);
  Trade(5);
  RunUntilIdle();
  EXPECT_TRUE(IsSuspected()) << log_;
}

TEST_F(SessionKeyTest, TheVaultsCourtAndRegisterAreWhereThePolicyLooksForThem) {
  EXPECT_EQ(CourtOf(deployment_.vault), court_);
  const auto keys = chain_->Call(
      {.from = {}, .to = deployment_.vault, .data = Selector("keys()"), .value_wei = 0});
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_TRUE(std::equal(keys->end() - 20, keys->end(), KeysOf(deployment_.vault).bytes.begin()));
}

}  // namespace
}  // namespace tally::settlement
