// Fee classes and minimum fees on every path of an order. Notional of p ticks and q lots: 10 * p *
// q.

#include <gtest/gtest.h>

#include "tests/engine/core/test_venue.h"

namespace tally {
namespace {

constexpr int64_t kStart = 1'000'000'000;
constexpr uint8_t kRetail = 3;

class FeesTest : public ::testing::Test {
 protected:
  FeesTest() {
    venue.SetUp();
    SetClass(kAlice, kRetail);
  }

  void SetClass(AccountId account, uint8_t fee_class) {
    Command command = MakeCommand(CommandType::kDefineAccount);
    command.account = account;
    command.define_account.owner[0] = static_cast<uint8_t>(Raw(account));
    command.define_account.enabled = 1;
    command.define_account.fee_class = fee_class;
    venue.Send(command);
  }

  void SetFees(uint8_t fee_class, int32_t maker, int32_t taker, int64_t minimum = 0,
               InstrumentId instrument = kBtcUsd, uint8_t remove = 0) {
    Command command = MakeCommand(CommandType::kDefineFees);
    command.instrument = instrument;
    command.define_fees = {.minimum_fee = {minimum},
                           .maker_fee_hundredths_bp = maker,
                           .taker_fee_hundredths_bp = taker,
                           .fee_class = fee_class,
                           .remove = remove,
                           .reserved = {}};
    venue.Send(command);
  }

  // The fees of the fills of the last command: of Alice, of Bob.
  int64_t FeeOf(AccountId account) const {
    int64_t sum = 0;
    for (const Event& event : venue.events) {
      if (event.type == EventType::kOrderFilled && event.account == account) {
        sum += event.filled.fee.value;
      }
    }
    return sum;
  }

  int64_t usd(AccountId account) const { return venue.available(account, kUsd); }
  int64_t held() const { return venue.held(kAlice, kUsd); }

  TestVenue venue;
};

TEST_F(FeesTest, ClassPaysItsOwnFeesAndOthersTheInstruments) {
  SetFees(kRetail, 1'000, 3'000);
  EXPECT_EQ(venue.EventTypes(), "FeesDefined");
  venue.Order(venue.alice, Side::kBuy, 5'000, 20);
  EXPECT_EQ(held(), 1'003'000);
  venue.Order(venue.bob, Side::kSell, 5'000, 20);
  EXPECT_EQ(FeeOf(kAlice), 1'000);
  EXPECT_EQ(FeeOf(kBob), 200);
  EXPECT_EQ(usd(kFees), 1'200);
}

TEST_F(FeesTest, RowOfTheClassHoldsForEveryInstrumentWithoutOne) {
  SetFees(kRetail, 0, 5'000, 0, InstrumentId{});
  venue.Order(venue.bob, Side::kSell, 5'000, 40);
  venue.Order(venue.alice, Side::kBuy, 5'000, 20);
  EXPECT_EQ(FeeOf(kAlice), 5'000);
  SetFees(kRetail, 0, 7'000);
  venue.Order(venue.alice, Side::kBuy, 5'000, 10);
  EXPECT_EQ(FeeOf(kAlice), 3'500);
  SetFees(kRetail, 0, 0, 0, kBtcUsd, 1);
  venue.Order(venue.alice, Side::kBuy, 5'000, 10);
  EXPECT_EQ(FeeOf(kAlice), 2'500);
}

TEST_F(FeesTest, OrderKeepsTheFeesItWasAcceptedWith) {
  venue.Order(venue.alice, Side::kBuy, 5'000, 20);
  SetFees(kRetail, 90'000, 100'000, 1'000'000);
  SetClass(kAlice, 0);
  venue.Order(venue.bob, Side::kSell, 5'000, 20);
  EXPECT_EQ(FeeOf(kAlice), 100);
  EXPECT_EQ(held(), 0);
}

TEST_F(FeesTest, BuyOrderHoldsTheMinimumAndPaysItOnTheFirstFill) {
  SetFees(kRetail, 100, 200, 500);
  const OrderId order = venue.Order(venue.alice, Side::kBuy, 5'000, 20);
  EXPECT_EQ(held(), 1'000'500);
  venue.Order(venue.bob, Side::kSell, 5'000, 5);
  EXPECT_EQ(FeeOf(kAlice), 500);
  EXPECT_EQ(held(), 750'000);  // 25 accrued, and 150 more at most: nothing to come.
  venue.Order(venue.bob, Side::kSell, 5'000, 5);
  EXPECT_EQ(FeeOf(kAlice), 0);
  venue.Cancel(venue.alice, order);
  EXPECT_EQ(held(), 0);
  EXPECT_EQ(usd(kAlice), kStart - 500'000 - 500);
}

TEST_F(FeesTest, RateFeesBeyondTheMinimumAreCharged) {
  SetFees(kRetail, 0, 1'000, 600);
  venue.Order(venue.bob, Side::kSell, 5'000, 10);
  venue.Order(venue.bob, Side::kSell, 5'001, 10);
  venue.Order(venue.alice, Side::kBuy, 5'001, 20);
  ASSERT_EQ(venue.EventTypes(), "Accepted Filled Filled Trade Filled Filled Trade BookTop");
  EXPECT_EQ(venue.events[2].filled.fee, Quanta{600});  // 500 accrued.
  EXPECT_EQ(venue.events[5].filled.fee, Quanta{400});  // 1,000 accrued.
  EXPECT_EQ(held(), 0);
}

TEST_F(FeesTest, SellOrderPaysTheMinimumOutOfItsProceeds) {
  SetFees(kRetail, 0, 0, 80'000);
  venue.Order(venue.alice, Side::kSell, 5'000, 20);
  EXPECT_EQ(venue.held(kAlice, kBtc), 20'000);
  venue.Order(venue.bob, Side::kBuy, 5'000, 1);
  EXPECT_EQ(FeeOf(kAlice), 50'000);  // All of the proceeds.
  EXPECT_EQ(usd(kAlice), kStart);
  venue.Order(venue.bob, Side::kBuy, 5'000, 1);
  EXPECT_EQ(FeeOf(kAlice), 30'000);
  venue.Order(venue.bob, Side::kBuy, 5'000, 1);
  EXPECT_EQ(FeeOf(kAlice), 0);
}

TEST_F(FeesTest, OrderThatDoesNotTradePaysNothing) {
  SetFees(kRetail, 0, 0, 500);
  const OrderId order = venue.Order(venue.alice, Side::kBuy, 5'000, 1);
  venue.Cancel(venue.alice, order);
  venue.Order(venue.alice, Side::kBuy, 5'000, 1, {.time_in_force = TimeInForce::kIoc});
  EXPECT_EQ(usd(kAlice), kStart);
}

TEST_F(FeesTest, MinimumCountsForTheBalance) {
  SetFees(kRetail, 0, 0, kStart - 100'000 + 1);
  EXPECT_EQ(venue.Order(venue.alice, Side::kBuy, 5'000, 2), OrderId{});
  EXPECT_EQ(venue.reject_reason(), RejectReason::kInsufficientBalance);
  SetFees(kRetail, 0, 0, kStart - 100'000);
  EXPECT_NE(venue.Order(venue.alice, Side::kBuy, 5'000, 2), OrderId{});
}

TEST_F(FeesTest, ReplaceTakesTheNewMinimumOnlyOfAnOrderThatHasNotTraded) {
  SetFees(kRetail, 0, 0, 500);
  const OrderId order = venue.Order(venue.alice, Side::kBuy, 5'000, 10);
  SetFees(kRetail, 0, 0, 800);
  venue.Replace(venue.alice, order, 5'000, 9);
  EXPECT_EQ(held(), 450'800);
  venue.Order(venue.bob, Side::kSell, 5'000, 1);
  EXPECT_EQ(FeeOf(kAlice), 800);
  SetFees(kRetail, 0, 0, 100);
  venue.Replace(venue.alice, order, 5'000, 8);
  EXPECT_EQ(held(), 350'000);
  venue.Order(venue.bob, Side::kSell, 5'000, 7);
  EXPECT_EQ(FeeOf(kAlice), 0);
  EXPECT_EQ(held(), 0);
}

TEST_F(FeesTest, ReplaceMayDropTheMinimumOrBringOne) {
  SetFees(kRetail, 0, 0, 500);
  const OrderId order = venue.Order(venue.alice, Side::kBuy, 5'000, 10);
  SetFees(kRetail, 0, 0, 0, kBtcUsd, 1);
  venue.Replace(venue.alice, order, 5'000, 10);
  EXPECT_EQ(held(), 500'100);
  SetFees(kRetail, 0, 0, 500);
  venue.Replace(venue.alice, order, 5'000, 10);
  EXPECT_EQ(held(), 500'500);
}

TEST_F(FeesTest, SelfTradeDecrementKeepsTheMinimumHeld) {
  SetFees(kRetail, 0, 0, 500);
  venue.Order(venue.alice, Side::kBuy, 5'000, 10);
  venue.Order(venue.alice, Side::kSell, 5'000, 4,
              {.self_trade_prevention = SelfTradePrevention::kDecrementAndCancel});
  EXPECT_EQ(held(), 300'500);
}

TEST_F(FeesTest, RebateOfAMakerIsPaidOutOfWhatTheFillChargesTheTaker) {
  SetFees(kRetail, -200, 200);
  SetFees(0, 0, 0);
  venue.Order(venue.alice, Side::kSell, 5'000, 20);
  venue.Order(venue.bob, Side::kBuy, 5'000, 10);
  EXPECT_EQ(FeeOf(kAlice), 0);
  SetFees(0, 0, 0, 70);
  venue.Order(venue.bob, Side::kBuy, 5'000, 10);
  EXPECT_EQ(FeeOf(kBob), 70);
  EXPECT_EQ(FeeOf(kAlice), -70);
  EXPECT_EQ(usd(kFees), 0);
}

TEST_F(FeesTest, FeeAccountMayTradeWithItselfUnderItsOwnFees) {
  SetClass(kFees, kRetail);
  SetFees(kRetail, -200, 200, 70);
  venue.Deposit(kFees, kUsd, 2'000'000);
  venue.Deposit(kFees, kBtc, 20'000);
  const SessionIndex fees = venue.Open(kFees, 1);
  venue.Order(fees, Side::kSell, 5'000, 20);
  venue.Order(fees, Side::kBuy, 5'000, 20);
  EXPECT_EQ(FeeOf(kFees), 70 + 200);
  EXPECT_EQ(usd(kFees), 2'000'000);  // Nothing left it.
  EXPECT_EQ(venue.available(kFees, kBtc), 20'000);
}

TEST_F(FeesTest, AuctionChargesMinimumsToBothSides) {
  SetFees(kRetail, 0, 0, 500);
  Command phase = MakeCommand(CommandType::kSetPhase);
  phase.instrument = kBtcUsd;
  phase.set_phase.phase = TradingPhase::kOpeningAuction;
  venue.Send(phase);
  venue.Order(venue.alice, Side::kBuy, 5'000, 10);
  EXPECT_EQ(held(), 500'500);
  venue.Order(venue.bob, Side::kSell, 5'000, 4);
  phase.set_phase.phase = TradingPhase::kContinuous;
  venue.Send(phase);
  EXPECT_EQ(FeeOf(kAlice), 500);
  EXPECT_EQ(FeeOf(kBob), 40);  // 200,000 at the taker's rate.
  EXPECT_EQ(held(), 300'000);
}

TEST_F(FeesTest, QuotesHaveAMinimumPerSide) {
  Command group = MakeCommand(CommandType::kDefineProtection);
  group.account = kAlice;
  group.define_protection.maker_group = 1;
  venue.Send(group);
  SetFees(kRetail, 0, 0, 500);
  for (const int64_t bid : {10, 7}) {
    Command quote = venue.FromSession(venue.alice, CommandType::kQuote);
    quote.instrument = kBtcUsd;
    quote.quote.client_order_id =
        ClientOrderId{Raw(venue.core.session(venue.alice)->last_client_order_id) + 1};
    quote.quote.bid_price = {4'000};
    quote.quote.bid_quantity = {bid};
    quote.quote.ask_price = {5'000};
    quote.quote.ask_quantity = {10};
    quote.quote.maker_group = 1;
    quote.quote.self_trade_prevention = SelfTradePrevention::kNone;
    venue.Send(quote);
    EXPECT_EQ(venue.EventTypes(), "QuoteDone BookTop");
    EXPECT_EQ(held(), 40'000 * bid + 500);
  }
  venue.Order(venue.bob, Side::kBuy, 5'000, 1);
  EXPECT_EQ(FeeOf(kAlice), 500);
  venue.Order(venue.bob, Side::kSell, 4'000, 7);
  EXPECT_EQ(FeeOf(kAlice), 500);
  EXPECT_EQ(held(), 0);
}

TEST_F(FeesTest, UnknownInstrumentsAndClassesAreRejected) {
  SetFees(kRetail, 0, 0, 0, InstrumentId{3});
  EXPECT_EQ(venue.reject_reason(), RejectReason::kUnknownInstrument);
  SetFees(64, 0, 0);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kBadDefinition);
  SetClass(kAlice, 64);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kBadDefinition);
}

}  // namespace
}  // namespace tally
