#include "engine/risk/ledger.h"

#include <gtest/gtest.h>

#include "engine/limits.h"

namespace tally::risk {
namespace {

constexpr AccountId kAlice{1};
constexpr AssetId kUsd{1};

TEST(LedgerTest, DepositAndWithdrawalMoveTheSupply) {
  Ledger ledger(2, 2);
  EXPECT_EQ(ledger.Deposit(kAlice, kUsd, {100}), RejectReason::kNone);
  EXPECT_EQ(ledger.Withdraw(kAlice, kUsd, {40}), RejectReason::kNone);
  EXPECT_EQ(ledger.balance(kAlice, kUsd), (Balance{.available = {60}, .held = {}}));
  EXPECT_EQ(ledger.supply(kUsd), Quanta{60});
}

TEST(LedgerTest, AmountsThatAreNotPositiveAreRefused) {
  Ledger ledger(2, 2);
  for (int64_t amount : {int64_t{0}, int64_t{-1}, INT64_MIN}) {
    EXPECT_EQ(ledger.Deposit(kAlice, kUsd, {amount}), RejectReason::kBadAmount);
    EXPECT_EQ(ledger.Withdraw(kAlice, kUsd, {amount}), RejectReason::kBadAmount);
  }
}

TEST(LedgerTest, SupplyOfAnAssetIsBounded) {
  Ledger ledger(2, 2);
  EXPECT_EQ(ledger.Deposit(kAlice, kUsd, {kMaxBalanceQuanta + 1}), RejectReason::kBadAmount);
  EXPECT_EQ(ledger.Deposit(kAlice, kUsd, {kMaxBalanceQuanta}), RejectReason::kNone);
  EXPECT_EQ(ledger.Deposit(AccountId{2}, kUsd, {1}), RejectReason::kBadAmount);
  EXPECT_EQ(ledger.Deposit(AccountId{2}, kUsd, {INT64_MAX}), RejectReason::kBadAmount);
}

TEST(LedgerTest, HeldFundsCannotBeHeldOrWithdrawnAgain) {
  Ledger ledger(2, 2);
  EXPECT_EQ(ledger.Deposit(kAlice, kUsd, {100}), RejectReason::kNone);
  EXPECT_TRUE(ledger.Hold(kAlice, kUsd, {70}));
  EXPECT_FALSE(ledger.Hold(kAlice, kUsd, {31}));
  EXPECT_EQ(ledger.Withdraw(kAlice, kUsd, {31}), RejectReason::kInsufficientBalance);
  ledger.Release(kAlice, kUsd, {20});
  EXPECT_EQ(ledger.balance(kAlice, kUsd), (Balance{.available = {50}, .held = {50}}));
}

TEST(LedgerDeathTest, TakingMoreThanIsHeldStopsTheCore) {
  Ledger ledger(2, 2);
  EXPECT_DEATH(ledger.TakeHeld(kAlice, kUsd, {1}), "amount <= row.held");
  EXPECT_DEATH(ledger.Release(kAlice, kUsd, {1}), "amount <= row.held");
  EXPECT_DEATH(ledger.Credit(AccountId{3}, kUsd, {1}), "accounts_");
}

}  // namespace
}  // namespace tally::risk
