// Market-maker protection: what counts, when it trips, what it cancels and how it is reset.

#include <gtest/gtest.h>

#include "tests/engine/core/test_venue.h"

namespace tally {
namespace {

// 0: no limit.
struct Limits {
  int64_t window_ns = 0;
  int64_t quantity_max = 0;
  int64_t delta_max = 0;
  uint32_t count_max = 0;
  uint16_t maker_group = kMakerGroup;
};

class ProtectionTest : public ::testing::Test {
 protected:
  ProtectionTest() {
    venue.SetUp();
    venue.DefineInstrument(kOtherInstrument, BtcUsdTerms());
  }

  void Define(const Limits& limits, AccountId account = kAlice) {
    Command command = MakeCommand(CommandType::kDefineProtection);
    command.account = account;
    command.define_protection = {.window_ns = limits.window_ns,
                                 .quantity_max = {limits.quantity_max},
                                 .delta_max = {limits.delta_max},
                                 .count_max = limits.count_max,
                                 .maker_group = limits.maker_group,
                                 .reserved = {}};
    venue.Send(command);
  }

  void Reset(SessionIndex session, uint16_t maker_group = kMakerGroup) {
    Command command = venue.FromSession(session, CommandType::kResetProtection);
    command.reset_protection.maker_group = maker_group;
    venue.Send(command);
  }

  // An order of Alice in the group, resting unless it crosses.
  RejectReason Order(Side side, int64_t price, int64_t quantity, InstrumentId instrument = kBtcUsd,
                     uint16_t maker_group = kMakerGroup) {
    Command command = venue.OrderCommand(venue.alice, side, price, quantity);
    command.instrument = instrument;
    command.new_order.maker_group = maker_group;
    venue.Send(command);
    return venue.reject_reason();
  }

  void Take(Side side, int64_t price, int64_t quantity, int64_t at_ns = 0) {
    Command command =
        venue.OrderCommand(venue.bob, side, price, quantity, {.time_in_force = TimeInForce::kIoc});
    command.timestamp_ns = at_ns;
    venue.Send(command);
  }

  bool tripped() const { return venue.FindEvent(EventType::kProtectionTripped) != nullptr; }

  TestVenue venue;
};

TEST_F(ProtectionTest, GroupMustBeDefined) {
  EXPECT_EQ(Order(Side::kBuy, 4'000, 1), RejectReason::kUnknownMakerGroup);
  Define({.quantity_max = 10}, kBob);
  EXPECT_EQ(Order(Side::kBuy, 4'000, 1), RejectReason::kUnknownMakerGroup);
  Define({.quantity_max = 10});
  EXPECT_EQ(Order(Side::kBuy, 4'000, 1), RejectReason::kNone);
}

TEST_F(ProtectionTest, TripCancelsTheGroupEverywhereAndNothingElse) {
  Define({.quantity_max = 10});
  Order(Side::kSell, 5'000, 10);
  Order(Side::kSell, 5'001, 10);
  Order(Side::kBuy, 4'000, 10);
  Order(Side::kBuy, 4'000, 10, kOtherInstrument);
  venue.Order(venue.alice, Side::kBuy, 3'000, 1);
  Take(Side::kBuy, 5'000, 10);
  EXPECT_EQ(venue.EventTypes(),
            "Accepted Filled Filled Trade Canceled Canceled Canceled ProtectionTripped BookTop "
            "BookTop");
  EXPECT_EQ(venue.events[4].canceled.reason, CancelReason::kProtection);
  const Event& report = *venue.FindEvent(EventType::kProtectionTripped);
  EXPECT_EQ(report.account, kAlice);
  EXPECT_EQ(report.session, venue.alice);
  EXPECT_NE(report.report_sequence, 0u);
  EXPECT_EQ(report.protection_tripped.quantity, QuantityLots{10});
  EXPECT_EQ(report.protection_tripped.delta, QuantityLots{-10});
  EXPECT_EQ(report.protection_tripped.count, 1u);
  EXPECT_EQ(report.protection_tripped.canceled_count, 3u);
  EXPECT_EQ(report.protection_tripped.maker_group, kMakerGroup);
  EXPECT_EQ(venue.core.open_order_count(), 1u);
}

TEST_F(ProtectionTest, TripPublishesTheIndicativePriceOfACallElsewhere) {
  Command phase = MakeCommand(CommandType::kSetPhase);
  phase.instrument = kOtherInstrument;
  phase.set_phase.phase = TradingPhase::kOpeningAuction;
  venue.Send(phase);
  Define({.quantity_max = 1});
  Order(Side::kBuy, 4'000, 1, kOtherInstrument);
  Command other = venue.OrderCommand(venue.bob, Side::kSell, 4'000, 1);
  other.instrument = kOtherInstrument;
  venue.Send(other);
  EXPECT_EQ(venue.EventTypes(), "Accepted Indicative BookTop");
  Order(Side::kSell, 5'000, 1);
  Take(Side::kBuy, 5'000, 1);
  ASSERT_NE(venue.FindEvent(EventType::kIndicative), nullptr) << venue.EventTypes();
  EXPECT_EQ(venue.FindEvent(EventType::kIndicative)->indicative.quantity, QuantityLots{0});
}

TEST_F(ProtectionTest, TripLetsPegsElsewhereFollowInTheSameCommand) {
  Command rules = MakeCommand(CommandType::kDefineRules);
  rules.instrument = kOtherInstrument;
  rules.define_rules.flags = kRulesFlagHidden;
  venue.Send(rules);
  Define({.quantity_max = 1});
  Order(Side::kBuy, 4'000, 1, kOtherInstrument);
  Command other = venue.OrderCommand(venue.bob, Side::kBuy, 3'900, 1);
  other.instrument = kOtherInstrument;
  venue.Send(other);
  other = venue.OrderCommand(venue.bob, Side::kBuy, 4'500, 1);
  other.instrument = kOtherInstrument;
  other.new_order.type = OrderType::kPegged;
  other.new_order.peg = PegReference::kPrimary;
  venue.Send(other);
  ASSERT_EQ(venue.reject_reason(), RejectReason::kNone);
  Order(Side::kSell, 5'000, 1);
  Take(Side::kBuy, 5'000, 1);
  ASSERT_NE(venue.FindEvent(EventType::kOrderRestated), nullptr) << venue.EventTypes();
  EXPECT_EQ(venue.FindEvent(EventType::kOrderRestated)->restated.price, PriceTicks{3'900});
}

TEST_F(ProtectionTest, CancelsOfATripAnswerNobody) {
  Define({.quantity_max = 1});
  Order(Side::kBuy, 4'000, 1);
  venue.Order(venue.bob, Side::kSell, 5'000, 1);
  Order(Side::kBuy, 5'000, 1);  // Alice's own command trips her group.
  ASSERT_TRUE(tripped());
  EXPECT_EQ(venue.FindEvent(EventType::kOrderCanceled)->client_sequence, 0u);
  EXPECT_EQ(venue.FindEvent(EventType::kProtectionTripped)->client_sequence, 0u);
}

TEST_F(ProtectionTest, TrippedGroupIsRefusedUntilItIsReset) {
  Define({.quantity_max = 5});
  Define({.quantity_max = 5, .maker_group = 6});
  Order(Side::kSell, 5'000, 5);
  Take(Side::kBuy, 5'000, 5);
  ASSERT_TRUE(tripped());
  EXPECT_EQ(Order(Side::kBuy, 4'000, 1), RejectReason::kProtectionTripped);
  EXPECT_EQ(Order(Side::kBuy, 4'000, 1, kOtherInstrument), RejectReason::kProtectionTripped);
  EXPECT_EQ(Order(Side::kBuy, 4'000, 1, kBtcUsd, 6), RejectReason::kNone);
  EXPECT_EQ(Order(Side::kBuy, 4'000, 1, kBtcUsd, 0), RejectReason::kNone);
  Reset(venue.alice, 7);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kUnknownMakerGroup);
  Reset(venue.bob);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kUnknownMakerGroup);
  Reset(venue.alice);
  EXPECT_EQ(venue.EventTypes(), "CommandDone");
  EXPECT_EQ(Order(Side::kSell, 5'000, 4), RejectReason::kNone);
  Take(Side::kBuy, 5'000, 4);
  EXPECT_FALSE(tripped());  // The reset also starts the count again.
  Define({.quantity_max = 3});
  Order(Side::kSell, 5'000, 1);
  Take(Side::kBuy, 5'000, 1);
  EXPECT_TRUE(tripped());  // 5 of 3: a lower limit counts from the next fill on.
}

struct LimitCase {
  const char* what;
  Limits limits;
  // Fills of Alice's group as maker, lots; negative: she sells.
  std::vector<int64_t> fills;
  std::size_t trips_at;  // Fills that it takes; 0: never.
};

TEST_F(ProtectionTest, EachLimitTripsWhenItIsReached) {
  const LimitCase cases[] = {
      {"quantity", {.quantity_max = 10}, {-4, 5, -1}, 3},
      {"quantity not reached", {.quantity_max = 10}, {-4, 5}, 0},
      {"delta short", {.delta_max = 6}, {-4, 2, -4}, 3},
      {"delta long", {.delta_max = 6}, {3, 3}, 2},
      {"delta evens out", {.delta_max = 6}, {-5, 5, -5, 5}, 0},
      {"count", {.count_max = 3}, {-1, 1, 1}, 3},
      {"no limits", {}, {-1'000, 1'000, -1'000}, 0},
      {"beyond at once", {.quantity_max = 3}, {100}, 1},
  };
  for (const LimitCase& row : cases) {
    SCOPED_TRACE(row.what);
    Define(row.limits);
    Reset(venue.alice);
    for (std::size_t i = 0; i < row.fills.size(); ++i) {
      const bool sells = row.fills[i] < 0;
      const int64_t lots = std::abs(row.fills[i]);
      ASSERT_EQ(Order(sells ? Side::kSell : Side::kBuy, 5'000, lots), RejectReason::kNone);
      Take(sells ? Side::kBuy : Side::kSell, 5'000, lots);
      EXPECT_EQ(tripped(), i + 1 == row.trips_at);
    }
  }
}

TEST_F(ProtectionTest, WindowStartsWithTheFirstFillAfterTheLastOneEnded) {
  Define({.window_ns = 100, .count_max = 3});
  Order(Side::kSell, 5'000, 100);
  const int64_t start = venue.time_ns + 1'000;
  Take(Side::kBuy, 5'000, 1, start);
  Take(Side::kBuy, 5'000, 1, start + 99);
  Take(Side::kBuy, 5'000, 1, start + 100);  // The first of a new window.
  EXPECT_FALSE(tripped());
  Take(Side::kBuy, 5'000, 1, start + 150);
  EXPECT_FALSE(tripped());
  Take(Side::kBuy, 5'000, 1, start + 199);
  EXPECT_TRUE(tripped());
}

TEST_F(ProtectionTest, OneSweepFillsToItsEndAndOnlyThenCancels) {
  Define({.count_max = 1});
  Order(Side::kSell, 5'000, 2);
  Order(Side::kSell, 5'001, 2);
  Order(Side::kSell, 5'002, 2);
  Take(Side::kBuy, 5'001, 9);
  EXPECT_EQ(venue.FindEvent(EventType::kProtectionTripped)->protection_tripped.count, 2u);
  EXPECT_EQ(venue.FindEvent(EventType::kProtectionTripped)->protection_tripped.canceled_count, 1u);
  EXPECT_EQ(venue.core.open_order_count(), 0u);
}

TEST_F(ProtectionTest, FillsAsTakerCountAndTheRemainderIsCanceled) {
  Define({.quantity_max = 3});
  venue.Order(venue.bob, Side::kSell, 5'000, 3);
  Order(Side::kBuy, 5'000, 8);
  EXPECT_EQ(venue.EventTypes(), "Accepted Filled Filled Trade Canceled ProtectionTripped BookTop");
  EXPECT_EQ(venue.held(kAlice, kUsd), 0);
}

TEST_F(ProtectionTest, MassCancelReachesOneGroup) {
  Define({.quantity_max = 3});
  Define({.quantity_max = 3, .maker_group = 6});
  Order(Side::kBuy, 4'000, 1);
  Order(Side::kBuy, 4'000, 1, kBtcUsd, 6);
  Order(Side::kBuy, 4'000, 1, kBtcUsd, 0);
  Command command = venue.FromSession(venue.alice, CommandType::kMassCancel);
  command.mass_cancel = {.scope = MassCancelScope::kAccount,
                         .trigger = MassCancelTrigger::kRequest,
                         .side = 0,
                         .quotes_only = 0,
                         .maker_group = 6,
                         .reserved = {}};
  venue.Send(command);
  EXPECT_EQ(venue.FindEvent(EventType::kMassCancelDone)->mass_cancel_done.canceled_count, 1u);
  command = venue.FromSession(venue.bob, CommandType::kMassCancel);
  command.mass_cancel.scope = MassCancelScope::kAccount;
  command.mass_cancel.trigger = MassCancelTrigger::kRequest;
  command.mass_cancel.maker_group = 6;
  venue.Send(command);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kUnknownMakerGroup);
}

TEST_F(ProtectionTest, MalformedDefinitionsAreRejected) {
  const Limits bad[] = {
      {.window_ns = -1, .maker_group = 1},
      {.quantity_max = -1, .maker_group = 1},
      {.delta_max = -1, .maker_group = 1},
      {.delta_max = INT64_MAX, .maker_group = 1},
  };
  for (const Limits& limits : bad) {
    Define(limits);
    EXPECT_EQ(venue.reject_reason(), RejectReason::kBadDefinition);
  }
  Define({}, AccountId{15});
  EXPECT_EQ(venue.reject_reason(), RejectReason::kUnknownAccount);
  Command command = MakeCommand(CommandType::kDefineProtection);
  command.account = kAlice;
  venue.Send(command);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kBadDefinition);  // Group 0.
}

TEST(ProtectionLimitsTest, GroupsBeyondTheCapacityAreRejected) {
  CoreLimits limits = SmallLimits();
  limits.maker_groups = 2;
  TestVenue venue(limits);
  venue.SetUp();
  for (uint16_t group = 1; group <= 3; ++group) {
    Command command = MakeCommand(CommandType::kDefineProtection);
    command.account = kAlice;
    command.define_protection.maker_group = group;
    venue.Send(command);
    EXPECT_EQ(venue.reject_reason(), group < 3 ? RejectReason::kNone : RejectReason::kCapacity);
  }
}

}  // namespace
}  // namespace tally
