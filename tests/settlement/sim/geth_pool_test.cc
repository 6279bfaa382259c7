// The simulated pool obeys geth's rules, or the chaos tests prove nothing.

#include "tests/settlement/sim/geth_pool.h"

#include <gtest/gtest.h>

namespace tally::settlement {
namespace {

constexpr int64_t kHourNs = int64_t{3600} * 1'000'000'000;
const Address kSender = *ParseAddress("5fbdb2315678afecb367f032d93f642f64180aa3");

DecodedTransaction Sent(uint64_t nonce, uint64_t tip = 100, uint64_t cap = 1'000) {
  DecodedTransaction sent;
  sent.sender = kSender;
  sent.transaction.nonce = nonce;
  sent.transaction.tip_wei = tip;
  sent.transaction.fee_cap_wei = cap;
  sent.transaction.gas_limit = 21'000;
  sent.hash.bytes[0] = static_cast<uint8_t>(nonce);
  sent.hash.bytes[1] = static_cast<uint8_t>(tip);
  sent.hash.bytes[2] = static_cast<uint8_t>(cap);
  sent.hash.bytes[3] = static_cast<uint8_t>(cap >> 8);
  return sent;
}

SenderState State(uint64_t nonce) { return {.nonce = nonce, .balance_wei = Uint256(1) << 60}; }

ChainError Add(GethPool* pool, const DecodedTransaction& sent, uint64_t state_nonce = 0,
               int64_t now_ns = 0) {
  return ChainErrorOf(pool->Add(sent, 100, State(state_nonce), now_ns));
}

struct ReplacementCase {
  uint64_t tip;
  uint64_t cap;
  ChainError expected;
};

TEST(GethPoolTest, AReplacementRaisesBothFeesByTenPercent) {
  const ReplacementCase cases[] = {
      {100, 1'000, ChainError::kAlreadyKnown},
      {101, 1'100, ChainError::kReplaceUnderpriced},
      {110, 1'099, ChainError::kReplaceUnderpriced},
      {110, 1'000, ChainError::kReplaceUnderpriced},
      {110, 1'100, ChainError::kNone},
      {113, 1'126, ChainError::kNone},
  };
  for (const ReplacementCase& row : cases) {
    GethPool pool;
    ASSERT_EQ(Add(&pool, Sent(0)), ChainError::kNone);
    EXPECT_EQ(Add(&pool, Sent(0, row.tip, row.cap)), row.expected) << row.tip << " " << row.cap;
    EXPECT_EQ(pool.size(), 1u);
  }
}

TEST(GethPoolTest, RefusalsHaveTheirClass) {
  GethPool pool;
  EXPECT_EQ(Add(&pool, Sent(4), 5), ChainError::kNonceLow);
  EXPECT_EQ(Add(&pool, Sent(0, 0)), ChainError::kUnderpriced);
  EXPECT_EQ(ChainErrorOf(pool.Add(Sent(0), 200'000, State(0), 0)), ChainError::kTooLarge);
  EXPECT_EQ(ChainErrorOf(pool.Add(Sent(0), 100, {.nonce = 0, .balance_wei = 1}, 0)),
            ChainError::kFunds);
  DecodedTransaction greedy = Sent(0);
  greedy.transaction.gas_limit = 17'000'000;
  EXPECT_EQ(Add(&pool, greedy), ChainError::kTooLarge);
  EXPECT_EQ(pool.size(), 0u);
}

TEST(GethPoolTest, FundsCoverEverythingAnAccountHasInThePool) {
  GethPool pool;
  const SenderState state{.nonce = 0, .balance_wei = Uint256(21'000) * 1'000 * 2};
  EXPECT_TRUE(pool.Add(Sent(0), 100, state, 0).ok());
  EXPECT_TRUE(pool.Add(Sent(1), 100, state, 0).ok());
  EXPECT_EQ(ChainErrorOf(pool.Add(Sent(2), 100, state, 0)), ChainError::kFunds);
}

TEST(GethPoolTest, BehindAGapTransactionsWaitAndOnlySixtyFourOfThem) {
  GethPool pool;
  for (uint64_t nonce = 1; nonce <= 80; ++nonce) {
    EXPECT_EQ(Add(&pool, Sent(nonce)), ChainError::kNone);
  }
  EXPECT_TRUE(pool.Executable(kSender, 0).empty());
  EXPECT_EQ(pool.size(), 64u);
  EXPECT_EQ(Add(&pool, Sent(0)), ChainError::kNone);
  EXPECT_EQ(pool.Executable(kSender, 0).size(), 65u);
}

TEST(GethPoolTest, BehindAGapTransactionsLiveThreeHours) {
  GethPool pool;
  EXPECT_EQ(Add(&pool, Sent(0)), ChainError::kNone);
  EXPECT_EQ(Add(&pool, Sent(2)), ChainError::kNone);
  pool.Expire(3 * kHourNs);
  EXPECT_EQ(pool.size(), 2u);
  pool.Expire(3 * kHourNs + 1);
  EXPECT_EQ(pool.size(), 1u);
  pool.Expire(100 * kHourNs);
  EXPECT_EQ(pool.size(), 1u);
}

TEST(GethPoolTest, ACrowdedPoolKeepsSixteenOfAnAccount) {
  GethPool pool;
  for (uint64_t nonce = 0; nonce < 20; ++nonce) {
    EXPECT_EQ(Add(&pool, Sent(nonce)), ChainError::kNone);
  }
  pool.Truncate([](const Address&) { return State(0); });
  EXPECT_EQ(pool.Executable(kSender, 0).size(), 16u);
}

TEST(GethPoolTest, AHeadRemovesWhatIsMinedOrCannotPayAnyMore) {
  GethPool pool;
  for (uint64_t nonce = 0; nonce < 4; ++nonce) {
    EXPECT_EQ(Add(&pool, Sent(nonce)), ChainError::kNone);
  }
  pool.Reset([](const Address&) { return State(2); }, 0);
  EXPECT_EQ(pool.Executable(kSender, 2).size(), 2u);
  pool.Reset([](const Address&) { return SenderState{.nonce = 2, .balance_wei = 0}; }, 0);
  EXPECT_EQ(pool.size(), 0u);
}

}  // namespace
}  // namespace tally::settlement
