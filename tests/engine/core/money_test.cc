// Holds, fees and balances on every path of an order. Notional of p ticks and q lots: 10 * p * q.

#include <gtest/gtest.h>

#include "tests/engine/core/test_venue.h"

namespace tally {
namespace {

class MoneyTest : public ::testing::Test {
 protected:
  MoneyTest() { venue.SetUp(); }

  void SetFees(int32_t maker, int32_t taker) {
    DefineInstrumentCommand terms = BtcUsdTerms();
    terms.maker_fee_hundredths_bp = maker;
    terms.taker_fee_hundredths_bp = taker;
    venue.DefineInstrument(kBtcUsd, terms);
    ASSERT_EQ(venue.reject_reason(), RejectReason::kNone);
  }

  int64_t usd(AccountId account) const { return venue.available(account, kUsd); }
  int64_t btc(AccountId account) const { return venue.available(account, kBtc); }

  TestVenue venue;
};

TEST_F(MoneyTest, BuyOrderHoldsNotionalAndTheWorstFee) {
  venue.Order(venue.alice, Side::kBuy, 5'000, 20);  // 1,000,000 + 200.
  EXPECT_EQ(venue.held(kAlice, kUsd), 1'000'200);
  EXPECT_EQ(usd(kAlice), kStartBalance - 1'000'200);
  EXPECT_EQ(venue.EventTypes(), "Accepted BookTop");
}

TEST_F(MoneyTest, SellOrderHoldsItsBaseOnly) {
  venue.Order(venue.alice, Side::kSell, 5'000, 20);
  EXPECT_EQ(venue.held(kAlice, kBtc), 20'000);
  EXPECT_EQ(venue.held(kAlice, kUsd), 0);
}

TEST_F(MoneyTest, FillPaysBothSidesAndTheFeeAccount) {
  venue.Order(venue.alice, Side::kSell, 5'000, 20);
  venue.Order(venue.bob, Side::kBuy, 5'000, 20);
  EXPECT_EQ(venue.EventTypes(), "Accepted Filled Filled Trade BookTop");
  EXPECT_EQ(usd(kAlice), kStartBalance + 1'000'000 - 100);  // Maker.
  EXPECT_EQ(btc(kAlice), kStartBalance - 20'000);
  EXPECT_EQ(usd(kBob), kStartBalance - 1'000'000 - 200);  // Taker.
  EXPECT_EQ(btc(kBob), kStartBalance + 20'000);
  EXPECT_EQ(usd(kFees), 300);
  EXPECT_EQ(venue.events[1].filled.liquidity, Liquidity::kMaker);
  EXPECT_EQ(venue.events[1].session, venue.alice);
  EXPECT_EQ(venue.events[1].client_sequence, 0u);
  EXPECT_EQ(venue.events[2].filled.liquidity, Liquidity::kTaker);
  EXPECT_EQ(venue.events[2].filled.fee, Quanta{200});
  EXPECT_EQ(venue.events[2].client_sequence, 1u);
}

TEST_F(MoneyTest, PriceImprovementReturnsToTheBuyer) {
  venue.Order(venue.alice, Side::kSell, 4'000, 10);
  venue.Order(venue.bob, Side::kBuy, 5'000, 20);
  // 10 lots at 4,000 for 400,000 + 80; 10 lots rest at 5,000: 500,000 + 100.
  EXPECT_EQ(venue.held(kBob, kUsd), 500'100);
  EXPECT_EQ(usd(kBob), kStartBalance - 400'080 - 500'100);
}

TEST_F(MoneyTest, ImmediateOrCancelRemainderReturns) {
  venue.Order(venue.alice, Side::kSell, 5'000, 5);
  venue.Order(venue.bob, Side::kBuy, 5'000, 20, {.time_in_force = TimeInForce::kIoc});
  EXPECT_EQ(venue.EventTypes(), "Accepted Filled Filled Trade Canceled BookTop");
  EXPECT_EQ(venue.events[4].canceled.reason, CancelReason::kImmediateOrCancel);
  EXPECT_EQ(venue.events[4].canceled.canceled, QuantityLots{15});
  EXPECT_EQ(venue.held(kBob, kUsd), 0);
  EXPECT_EQ(usd(kBob), kStartBalance - 250'000 - 50);
}

TEST_F(MoneyTest, CancelReturnsTheHoldOfWhatIsLeft) {
  const OrderId order = venue.Order(venue.bob, Side::kBuy, 5'000, 20);
  venue.Order(venue.alice, Side::kSell, 5'000, 5);
  venue.Cancel(venue.bob, order);
  EXPECT_EQ(venue.EventTypes(), "Canceled BookTop");
  EXPECT_EQ(venue.events[0].canceled.canceled, QuantityLots{15});
  EXPECT_EQ(venue.events[0].canceled.cumulative, QuantityLots{5});
  EXPECT_EQ(usd(kBob), kStartBalance - 250'000 - 25);
}

TEST_F(MoneyTest, ReplaceMovesTheHoldUpAndDown) {
  const OrderId order = venue.Order(venue.alice, Side::kBuy, 5'000, 20);
  venue.Replace(venue.alice, order, 6'000, 20);
  EXPECT_EQ(venue.EventTypes(), "Replaced BookTop");
  EXPECT_EQ(venue.held(kAlice, kUsd), 1'200'240);
  venue.Replace(venue.alice, order, 6'000, 5);
  EXPECT_EQ(venue.events[0].replaced.kept_priority, 1);
  EXPECT_EQ(venue.held(kAlice, kUsd), 300'060);
  EXPECT_EQ(usd(kAlice), kStartBalance - 300'060);
}

TEST_F(MoneyTest, ReplaceCountsWhatIsExecuted) {
  const OrderId order = venue.Order(venue.bob, Side::kBuy, 5'000, 20);
  venue.Order(venue.alice, Side::kSell, 5'000, 5);
  venue.Replace(venue.bob, order, 5'000, 12);
  EXPECT_EQ(venue.events[0].replaced.leaves, QuantityLots{7});
  EXPECT_EQ(venue.held(kBob, kUsd), 350'070);
}

TEST_F(MoneyTest, ReplaceIntoTheOtherSideFillsAndLeavesNothingHeld) {
  venue.Order(venue.alice, Side::kSell, 5'000, 20);
  const OrderId order = venue.Order(venue.bob, Side::kBuy, 4'000, 20);
  venue.Replace(venue.bob, order, 5'500, 20);
  EXPECT_EQ(venue.EventTypes(), "Replaced Filled Filled Trade BookTop");
  EXPECT_EQ(venue.core.open_order_count(), 0u);
  EXPECT_EQ(usd(kBob), kStartBalance - 1'000'000 - 200);
}

TEST_F(MoneyTest, ReplaceBeyondTheBalanceIsRejectedAndChangesNothing) {
  const OrderId order = venue.Order(venue.alice, Side::kBuy, 10'000, 9'990);
  venue.Replace(venue.alice, order, 10'001, 9'999);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kInsufficientBalance);
  EXPECT_EQ(venue.held(kAlice, kUsd), 999'199'800);
  venue.Replace(venue.alice, order, 10'000, 9'991);  // Only the difference must be available.
  EXPECT_EQ(venue.reject_reason(), RejectReason::kNone);
}

TEST_F(MoneyTest, RebateIsPaidOutOfTheTakersFee) {
  SetFees(-150, 200);
  venue.Order(venue.alice, Side::kSell, 5'000, 20);
  venue.Order(venue.bob, Side::kBuy, 5'000, 20);
  EXPECT_EQ(usd(kAlice), kStartBalance + 1'000'000 + 150);
  EXPECT_EQ(usd(kFees), 50);
}

TEST_F(MoneyTest, OrderKeepsTheFeesOfItsAcceptance) {
  venue.Order(venue.alice, Side::kBuy, 5'000, 20);  // Holds for 200.
  SetFees(1'000, 2'000);
  venue.Order(venue.bob, Side::kSell, 5'000, 20);
  EXPECT_EQ(usd(kAlice), kStartBalance - 1'000'000 - 100);
  EXPECT_EQ(usd(kBob), kStartBalance + 1'000'000 - 2'000);
  EXPECT_EQ(venue.held(kAlice, kUsd), 0);
}

TEST_F(MoneyTest, ReplacedOrderTakesTheFeesOfItsReplacement) {
  const OrderId order = venue.Order(venue.alice, Side::kBuy, 5'000, 20);
  SetFees(1'000, 2'000);
  venue.Replace(venue.alice, order, 5'000, 10);
  EXPECT_EQ(venue.held(kAlice, kUsd), 501'000);
}

TEST_F(MoneyTest, OldRebateIsCappedByTheNewTakersFee) {
  SetFees(-150, 200);
  venue.Order(venue.alice, Side::kSell, 5'000, 20);
  SetFees(0, 10);
  venue.Order(venue.bob, Side::kBuy, 5'000, 20);
  EXPECT_EQ(usd(kAlice), kStartBalance + 1'000'000 + 10);
  EXPECT_EQ(usd(kFees), 0);
}

struct StpCase {
  SelfTradePrevention mode;
  const char* events;
  int64_t held_btc;
  int64_t held_usd;
};

TEST_F(MoneyTest, SelfTradePreventionReturnsHolds) {
  // Alice rests a sale of 20 and buys 30 through it.
  const StpCase cases[] = {
      {SelfTradePrevention::kCancelNewest, "Accepted Canceled", 20'000, 0},
      {SelfTradePrevention::kCancelOldest, "Accepted Canceled BookTop", 0, 1'500'300},
      {SelfTradePrevention::kCancelBoth, "Accepted Canceled Canceled BookTop", 0, 0},
      {SelfTradePrevention::kDecrementAndCancel, "Accepted Canceled Canceled BookTop", 0, 500'100},
  };
  for (const StpCase& row : cases) {
    SCOPED_TRACE(static_cast<int>(row.mode));
    venue.Order(venue.alice, Side::kSell, 5'000, 20);
    venue.Order(venue.alice, Side::kBuy, 5'000, 30, {.self_trade_prevention = row.mode});
    EXPECT_EQ(venue.EventTypes(), row.events);
    EXPECT_EQ(venue.held(kAlice, kBtc), row.held_btc);
    EXPECT_EQ(venue.held(kAlice, kUsd), row.held_usd);
    venue.MassCancel(venue.alice, MassCancelScope::kSession, MassCancelTrigger::kRequest);
    EXPECT_EQ(usd(kAlice), kStartBalance);
    EXPECT_EQ(btc(kAlice), kStartBalance);
  }
}

TEST_F(MoneyTest, SelfTradeWithoutPreventionOnlyCostsFees) {
  venue.Order(venue.alice, Side::kSell, 5'000, 20);
  venue.Order(venue.alice, Side::kBuy, 5'000, 20);
  EXPECT_EQ(usd(kAlice), kStartBalance - 300);
  EXPECT_EQ(btc(kAlice), kStartBalance);
}

TEST_F(MoneyTest, FeeAccountMayTradeItself) {
  const SessionIndex fees = venue.Open(kFees, 1);
  venue.Deposit(kFees, kUsd, 2'000'000);
  venue.Order(venue.alice, Side::kSell, 5'000, 20);
  venue.Order(fees, Side::kBuy, 5'000, 20);
  EXPECT_EQ(usd(kFees), 2'000'000 - 1'000'000 + 100);  // Its own fee comes back to it.
}

TEST_F(MoneyTest, WithdrawalOfHeldFundsIsRefusedAndUsesItsIndex) {
  venue.Order(venue.alice, Side::kBuy, 5'000, 20);
  Command command = MakeCommand(CommandType::kWithdraw);
  command.account = kAlice;
  command.chain_transfer.chain_id = 1;
  command.chain_transfer.index = 1;
  command.chain_transfer.asset = kUsd;
  command.chain_transfer.amount = {kStartBalance};
  venue.Send(command);
  EXPECT_EQ(venue.EventTypes(), "WithdrawRefused");
  EXPECT_EQ(venue.events[0].transfer.reason, RejectReason::kInsufficientBalance);
  command.chain_transfer.index = 2;
  command.chain_transfer.amount = {kStartBalance - 1'000'200};
  venue.Send(command);
  EXPECT_EQ(venue.EventTypes(), "Withdrawn");
  EXPECT_EQ(usd(kAlice), 0);
}

}  // namespace
}  // namespace tally
