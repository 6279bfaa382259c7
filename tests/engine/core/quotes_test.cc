// Mass quotes: entry, replacement in place, failing sides, and what a quote's orders are.

#include <gtest/gtest.h>

#include "tests/engine/core/test_venue.h"

namespace tally {
namespace {

using R = RejectReason;

struct Quote {
  int64_t bid_price = 4'000;
  int64_t bid = 10;
  int64_t ask_price = 5'000;
  int64_t ask = 10;
  uint16_t entry = 0;
  uint16_t maker_group = kMakerGroup;
  uint8_t flags = 0;
  SelfTradePrevention self_trade_prevention = SelfTradePrevention::kNone;
};

class QuotesTest : public ::testing::Test {
 protected:
  QuotesTest() {
    venue.SetUp();
    DefineGroup(kMakerGroup, 0);
  }

  void DefineGroup(uint16_t maker_group, int64_t quantity_max) {
    Command command = MakeCommand(CommandType::kDefineProtection);
    command.account = kAlice;
    command.define_protection.maker_group = maker_group;
    command.define_protection.quantity_max = {quantity_max};
    venue.Send(command);
  }

  Command QuoteOf(const Quote& quote) {
    Command command = venue.FromSession(venue.alice, CommandType::kQuote);
    command.instrument = kBtcUsd;
    const uint64_t last_id = Raw(venue.core.session(venue.alice)->last_client_order_id);
    command.quote = {.client_order_id = ClientOrderId{last_id + 1},
                     .bid_price = {quote.bid_price},
                     .bid_quantity = {quote.bid},
                     .ask_price = {quote.ask_price},
                     .ask_quantity = {quote.ask},
                     .algorithm_id = 0,
                     .entry = quote.entry,
                     .maker_group = quote.maker_group,
                     .self_trade_prevention = quote.self_trade_prevention,
                     .flags = quote.flags,
                     .reserved = {}};
    return command;
  }
  const QuoteDoneEvent& Send(const Quote& quote) {
    venue.Send(QuoteOf(quote));
    const Event* const done = venue.FindEvent(EventType::kQuoteDone);
    EXPECT_NE(done, nullptr) << venue.EventTypes();
    static const QuoteDoneEvent kNothing{};
    return done == nullptr ? kNothing : done->quote_done;
  }

  int64_t held_usd() const { return venue.held(kAlice, kUsd); }
  int64_t held_btc() const { return venue.held(kAlice, kBtc); }

  TestVenue venue;
};

TEST_F(QuotesTest, QuoteRestsOnBothSidesAndHasOneAnswer) {
  const QuoteDoneEvent done = Send({});
  EXPECT_EQ(venue.EventTypes(), "QuoteDone BookTop");
  EXPECT_EQ(done.bid_leaves, QuantityLots{10});
  EXPECT_EQ(done.ask_leaves, QuantityLots{10});
  EXPECT_NE(done.bid_order_id, done.ask_order_id);
  EXPECT_EQ(done.bid_reason, R::kNone);
  EXPECT_EQ(done.maker_group, kMakerGroup);
  EXPECT_EQ(venue.events[0].client_order_id, ClientOrderId{1});
  EXPECT_EQ(held_usd(), 400'080);
  EXPECT_EQ(held_btc(), 10'000);
  EXPECT_EQ(venue.core.open_order_count(), 2u);
}

struct QuoteReplaceCase {
  const char* what;
  Quote quote;
  const char* events;
  bool bid_keeps_place;  // Before an order of Bob at 4,000.
};

TEST_F(QuotesTest, ReplacementKeepsThePlaceOnlyOfASideThatShrinks) {
  const QuoteReplaceCase cases[] = {
      {"same", {}, "QuoteDone", true},
      {"bid shrinks", {.bid = 5}, "QuoteDone BookTop", true},
      {"bid grows", {.bid = 11}, "QuoteDone BookTop", false},
      {"ask moves", {.ask_price = 5'001}, "QuoteDone BookTop", true},
      {"bid moves away", {.bid_price = 3'999}, "QuoteDone BookTop", false},
      {"ask withdrawn", {.ask = 0}, "Canceled QuoteDone BookTop", true},
  };
  for (const QuoteReplaceCase& row : cases) {
    SCOPED_TRACE(row.what);
    const OrderId bid = Send({}).bid_order_id;
    const OrderId other = venue.Order(venue.bob, Side::kBuy, 4'000, 1);
    const QuoteDoneEvent done = Send(row.quote);
    EXPECT_EQ(venue.EventTypes(), row.events);
    EXPECT_EQ(done.bid_order_id, bid);  // The order lives on.
    EXPECT_EQ(done.bid_leaves, QuantityLots{row.quote.bid});
    EXPECT_EQ(done.ask_leaves, QuantityLots{row.quote.ask});
    EXPECT_EQ(held_usd(), 10 * row.quote.bid_price * row.quote.bid * 1'000'200 / 1'000'000);
    EXPECT_EQ(held_btc(), 1'000 * row.quote.ask);
    venue.Order(venue.bob, Side::kSell, 4'000, 1);
    EXPECT_EQ(venue.FindEvent(EventType::kOrderFilled)->order_id,
              row.bid_keeps_place ? bid : other);
    venue.MassCancel(venue.bob, MassCancelScope::kAccount, MassCancelTrigger::kRequest);
    venue.MassCancel(venue.alice, MassCancelScope::kAccount, MassCancelTrigger::kRequest);
    EXPECT_EQ(held_usd() + held_btc(), 0);
  }
}

TEST_F(QuotesTest, QuantityZeroWithdrawsTheSide) {
  Send({});
  const QuoteDoneEvent done = Send({.bid = 0, .ask = 0});
  EXPECT_EQ(venue.EventTypes(), "Canceled Canceled QuoteDone BookTop");
  EXPECT_EQ(venue.events[0].canceled.reason, CancelReason::kQuoteReplaced);
  EXPECT_EQ(done.bid_order_id, OrderId{});
  EXPECT_EQ(done.ask_leaves, QuantityLots{});
  EXPECT_EQ(venue.core.open_order_count(), 0u);
  Send({.bid = 0, .ask = 0});
  EXPECT_EQ(venue.EventTypes(), "QuoteDone");
}

TEST_F(QuotesTest, EntriesOfALadderAreIndependent) {
  for (uint16_t entry = 0; entry < 10; ++entry) {
    Send({.bid_price = 4'000 - entry, .ask_price = 5'000 + entry, .entry = entry});
  }
  EXPECT_EQ(venue.core.open_order_count(), 20u);
  Send({.bid_price = 4'500, .ask = 0, .entry = 7});
  EXPECT_EQ(venue.core.open_order_count(), 19u);
  EXPECT_EQ(venue.core.book_top(kBtcUsd).bid_price, PriceTicks{4'500});
  EXPECT_EQ(venue.core.book_top(kBtcUsd).ask_price, PriceTicks{5'000});
}

TEST_F(QuotesTest, QuotesTradeAsOrdersDo) {
  venue.Order(venue.bob, Side::kSell, 4'000, 4);
  const QuoteDoneEvent done = Send({});
  EXPECT_EQ(venue.EventTypes(), "Filled Filled Trade QuoteDone BookTop");
  EXPECT_EQ(venue.events[1].filled.liquidity, Liquidity::kTaker);
  EXPECT_EQ(venue.events[1].client_order_id, ClientOrderId{1});
  EXPECT_EQ(done.bid_leaves, QuantityLots{6});
  Send({.bid_price = 4'001, .bid = 3});
  venue.Order(venue.bob, Side::kSell, 4'000, 3);
  EXPECT_EQ(venue.events[1].filled.liquidity, Liquidity::kMaker);
  EXPECT_EQ(venue.events[1].client_order_id, ClientOrderId{2});  // The last quote's.
  EXPECT_EQ(Send({.ask = 0}).bid_leaves, QuantityLots{10});      // A new order after the fill.
}

TEST_F(QuotesTest, TheSideThatMakesWayMovesFirst) {
  Send({});
  Send({.bid_price = 5'000, .ask_price = 6'000});  // Up, through its own old ask.
  EXPECT_EQ(venue.EventTypes(), "QuoteDone BookTop");
  Send({.bid_price = 3'000, .ask_price = 4'000});  // Down, through its own old bid.
  EXPECT_EQ(venue.EventTypes(), "QuoteDone BookTop");
  Send({.bid_price = 7'000, .ask = 0});
  EXPECT_EQ(venue.EventTypes(), "Canceled QuoteDone BookTop");
}

TEST_F(QuotesTest, AFailedSideStaysAndTheOtherMustNotTradeWithIt) {
  Send({});
  // The ask cannot move to 6,000,000, so that the bid would meet it at 5,000.
  const QuoteDoneEvent done = Send({.bid_price = 5'000, .ask_price = 6'000'000});
  EXPECT_EQ(done.ask_reason, R::kBadTick);
  EXPECT_EQ(done.bid_reason, R::kSelfTrade);
  EXPECT_EQ(done.ask_leaves, QuantityLots{10});
  EXPECT_EQ(done.bid_leaves, QuantityLots{10});
  EXPECT_EQ(venue.EventTypes(), "QuoteDone");
}

struct SideCase {
  const char* what;
  Quote quote;
  R bid_reason;
  R ask_reason;
};

TEST_F(QuotesTest, EachSideFailsForItself) {
  venue.Order(venue.bob, Side::kSell, 6'000, 1);
  const SideCase cases[] = {
      {"tick", {.bid_price = 0}, R::kBadTick, R::kNone},
      {"lot", {.bid = -1, .ask = 10'001}, R::kBadLot, R::kBadLot},
      {"notional", {.bid_price = 1, .bid = 1}, R::kMinNotional, R::kNone},
      {"large", {.bid = 10'000, .ask_price = 200'000, .ask = 500}, R::kNone, R::kNone},
      {"too large",
       {.bid_price = 99'000, .bid = 10'000, .ask_price = 99'001, .ask = 1},
       R::kMaxNotional,
       R::kNone},
      {"post-only",
       {.bid_price = 6'000, .ask_price = 6'001, .flags = kOrderFlagPostOnly},
       R::kPostOnlyWouldCross,
       R::kNone},
  };
  for (const SideCase& row : cases) {
    SCOPED_TRACE(row.what);
    for (const bool replaces : {false, true}) {
      if (replaces) {
        Send({.flags = row.quote.flags});
      }
      const QuoteDoneEvent done = Send(row.quote);
      EXPECT_EQ(done.bid_reason, row.bid_reason);
      EXPECT_EQ(done.ask_reason, row.ask_reason);
      const int64_t untouched = replaces ? 10 : 0;
      EXPECT_EQ(done.bid_leaves.value, row.bid_reason == R::kNone ? row.quote.bid : untouched);
      EXPECT_EQ(done.ask_leaves.value, row.ask_reason == R::kNone ? row.quote.ask : untouched);
      venue.MassCancel(venue.alice, MassCancelScope::kAccount, MassCancelTrigger::kRequest);
    }
  }
}

TEST_F(QuotesTest, SideBeyondTheBalanceFailsAndReplacingCountsWhatItHolds) {
  Send({.bid_price = 9'999, .bid = 9'990, .ask_price = 10'000});
  const int64_t before = held_usd();
  EXPECT_EQ(Send({.bid_price = 9'999, .bid = 10'000, .ask_price = 10'000}).bid_reason,
            R::kInsufficientBalance);
  EXPECT_EQ(held_usd(), before);
  EXPECT_EQ(Send({.bid_price = 9'999, .bid = 9'995, .ask_price = 10'000}).bid_reason, R::kNone);
}

struct WholeCase {
  const char* what;
  R reason;
  Quote quote;
};

TEST_F(QuotesTest, QuotesAreRejectedAsAWhole) {
  const WholeCase cases[] = {
      {"entry", R::kUnsupported, {.entry = 32}},
      {"flags", R::kUnsupported, {.flags = kOrderFlagHidden}},
      {"slide alone", R::kUnsupported, {.flags = kOrderFlagSlide}},
      {"self-trade mode", R::kUnsupported, {.self_trade_prevention = SelfTradePrevention{9}}},
      {"no group", R::kUnknownMakerGroup, {.maker_group = 0}},
      {"other group", R::kUnknownMakerGroup, {.maker_group = 6}},
      {"locked", R::kSelfTrade, {.bid_price = 5'000}},
      {"crossed", R::kSelfTrade, {.bid_price = 5'001}},
  };
  Send({});
  for (const WholeCase& row : cases) {
    SCOPED_TRACE(row.what);
    venue.Send(QuoteOf(row.quote));
    EXPECT_EQ(venue.EventTypes(), "CommandRejected");
    EXPECT_EQ(venue.reject_reason(), row.reason);
    EXPECT_EQ(venue.core.session(venue.alice)->last_client_order_id, ClientOrderId{1});
  }
  Command command = QuoteOf({});
  command.quote.client_order_id = ClientOrderId{1};
  venue.Send(command);
  EXPECT_EQ(venue.reject_reason(), R::kDuplicateClientOrderId);
  command = QuoteOf({});
  command.instrument = InstrumentId{3};
  venue.Send(command);
  EXPECT_EQ(venue.reject_reason(), R::kUnknownInstrument);
  command = QuoteOf({});
  command.account = kBob;
  venue.Send(command);
  EXPECT_EQ(venue.reject_reason(), R::kUnknownAccount);
}

TEST_F(QuotesTest, AnEntryKeepsItsAttributesUntilItIsWithdrawn) {
  DefineGroup(6, 0);
  Send({});
  EXPECT_EQ(Send({.maker_group = 6}).bid_reason, R::kNotReplaceable);
  EXPECT_EQ(Send({.flags = kOrderFlagPostOnly}).ask_reason, R::kNotReplaceable);
  EXPECT_EQ(Send({.self_trade_prevention = SelfTradePrevention::kCancelBoth}).ask_reason,
            R::kNotReplaceable);
  Send({.bid = 0, .ask = 0});
  EXPECT_EQ(Send({.maker_group = 6}).bid_reason, R::kNone);
}

TEST_F(QuotesTest, FillOfTheFirstSideCanTripTheProtectionBeforeTheSecond) {
  DefineGroup(kMakerGroup, 4);
  venue.Order(venue.bob, Side::kSell, 4'000, 4);
  const QuoteDoneEvent done = Send({});
  EXPECT_EQ(venue.EventTypes(), "Filled Filled Trade QuoteDone Canceled ProtectionTripped BookTop");
  EXPECT_EQ(done.bid_leaves, QuantityLots{6});
  EXPECT_EQ(done.ask_reason, R::kProtectionTripped);
  EXPECT_EQ(venue.core.open_order_count(), 0u);
  venue.Send(QuoteOf({}));
  EXPECT_EQ(venue.reject_reason(), R::kProtectionTripped);
  Send({.bid = 0, .ask = 0});  // A withdrawal is always taken.
}

TEST_F(QuotesTest, MassCancelOfQuotesLeavesOrders) {
  venue.Order(venue.alice, Side::kBuy, 3'000, 1);
  Send({});
  Command command = venue.FromSession(venue.alice, CommandType::kMassCancel);
  command.mass_cancel.scope = MassCancelScope::kSession;
  command.mass_cancel.trigger = MassCancelTrigger::kRequest;
  command.mass_cancel.quotes_only = 1;
  venue.Send(command);
  EXPECT_EQ(venue.EventTypes(), "Canceled Canceled MassCancelDone BookTop");
  EXPECT_EQ(venue.core.open_order_count(), 1u);
  EXPECT_EQ(Send({}).bid_leaves, QuantityLots{10});
}

TEST_F(QuotesTest, AQuotesOrderIsCanceledByItsOrderId) {
  const QuoteDoneEvent done = Send({});
  venue.Cancel(venue.alice, done.bid_order_id);
  EXPECT_EQ(venue.EventTypes(), "Canceled BookTop");
  EXPECT_EQ(Send({.ask = 0}).bid_leaves, QuantityLots{10});
  EXPECT_EQ(venue.core.open_order_count(), 1u);
}

TEST_F(QuotesTest, KillSwitchRefusesQuotesButNotTheirWithdrawal) {
  Command command = MakeCommand(CommandType::kKillSwitch);
  command.account = kAlice;
  command.kill_switch.scope = KillScope::kAccount;
  command.kill_switch.engaged = 1;
  Send({});
  venue.Send(command);
  EXPECT_EQ(venue.EventTypes(), "Canceled Canceled KillSwitched BookTop");
  venue.Send(QuoteOf({}));
  EXPECT_EQ(venue.reject_reason(), R::kKillSwitch);
  Send({.bid = 0, .ask = 0});
}

TEST_F(QuotesTest, SelfTradePreventionOfAnotherEntryApplies) {
  Send({.bid_price = 4'000, .ask_price = 4'100});
  const QuoteDoneEvent done = Send({.bid_price = 4'100,
                                    .ask_price = 4'200,
                                    .entry = 1,
                                    .self_trade_prevention = SelfTradePrevention::kCancelOldest});
  EXPECT_EQ(venue.EventTypes(), "Canceled QuoteDone BookTop");
  EXPECT_EQ(done.bid_leaves, QuantityLots{10});
  EXPECT_EQ(Send({.bid = 0}).ask_leaves, QuantityLots{10});  // Entered anew.
}

TEST_F(QuotesTest, HaltRefusesQuotesButNotTheirWithdrawal) {
  Send({});
  Command phase = MakeCommand(CommandType::kSetPhase);
  phase.instrument = kBtcUsd;
  phase.set_phase.phase = TradingPhase::kHalt;
  venue.Send(phase);
  venue.Send(QuoteOf({.bid = 5}));
  EXPECT_EQ(venue.reject_reason(), R::kMarketHalted);
  venue.Send(QuoteOf({.bid = 0}));
  EXPECT_EQ(venue.reject_reason(), R::kMarketHalted);  // The other side would be replaced.
  EXPECT_EQ(Send({.bid = 0, .ask = 0}).bid_order_id, OrderId{});
  EXPECT_EQ(venue.core.open_order_count(), 0u);
}

TEST_F(QuotesTest, QuotesOfACallWaitForTheAuctionAndCountInTheProtection) {
  DefineGroup(kMakerGroup, 3);
  Command phase = MakeCommand(CommandType::kSetPhase);
  phase.instrument = kBtcUsd;
  phase.set_phase.phase = TradingPhase::kOpeningAuction;
  venue.Send(phase);
  venue.Order(venue.bob, Side::kSell, 3'900, 4);
  EXPECT_EQ(Send({}).bid_leaves, QuantityLots{10});
  phase.set_phase.phase = TradingPhase::kContinuous;
  venue.Send(phase);
  ASSERT_NE(venue.FindEvent(EventType::kProtectionTripped), nullptr) << venue.EventTypes();
  EXPECT_EQ(venue.FindEvent(EventType::kProtectionTripped)->protection_tripped.quantity,
            QuantityLots{4});
  EXPECT_EQ(venue.core.open_order_count(), 0u);
}

TEST_F(QuotesTest, MoneyReturnsWhenEverythingIsWithdrawn) {
  Send({});
  venue.Order(venue.bob, Side::kBuy, 5'000, 4);
  venue.Order(venue.bob, Side::kSell, 4'000, 7);
  Send({.bid = 0, .ask = 0});
  EXPECT_EQ(held_usd() + held_btc(), 0);
  EXPECT_EQ(venue.available(kAlice, kUsd), kStartBalance + 200'000 - 20 - 280'000 - 28);
  EXPECT_EQ(venue.available(kAlice, kBtc), kStartBalance - 4'000 + 7'000);
}

}  // namespace
}  // namespace tally
