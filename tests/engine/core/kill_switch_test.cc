// Kill switches: what each scope cancels, what is refused while one is engaged, and what is not.

#include <gtest/gtest.h>

#include "tests/engine/core/test_venue.h"

namespace tally {
namespace {

class KillSwitchTest : public ::testing::Test {
 protected:
  KillSwitchTest() {
    venue.SetUp();
    alice_2 = venue.Open(kAlice, 12);
  }

  void Switch(KillScope scope, bool engage, AccountId account = {}, SessionIndex session = {}) {
    Command command = MakeCommand(CommandType::kKillSwitch);
    command.account = account;
    command.kill_switch = {.scope = scope,
                           .engaged = engage ? uint8_t{1} : uint8_t{0},
                           .reserved = {},
                           .session = session};
    venue.Send(command);
  }

  // One order of each session, far from one another.
  void RestOrders() {
    venue.Order(venue.alice, Side::kBuy, 4'000, 1);
    venue.Order(alice_2, Side::kBuy, 4'001, 1);
    venue.Order(venue.bob, Side::kSell, 6'000, 1);
  }

  RejectReason NewOrder(SessionIndex session) {
    venue.Order(session, Side::kBuy, 1'000, 1);
    const RejectReason reason = venue.reject_reason();
    if (reason == RejectReason::kNone) {
      venue.Cancel(session, venue.last_order_id);
    }
    return reason;
  }

  TestVenue venue;
  SessionIndex alice_2{};
};

struct KillScopeCase {
  KillScope scope;
  AccountId account;
  uint32_t session;  // Of the venue: 1 Alice's first, 2 Bob's, 3 Alice's second.
  uint32_t canceled;
  const char* events;
  RejectReason alice, alice_2, bob;
};

TEST_F(KillSwitchTest, EachScopeCancelsAndRefusesItsOwn) {
  constexpr RejectReason kOff = RejectReason::kNone;
  constexpr RejectReason kOn = RejectReason::kKillSwitch;
  const KillScopeCase cases[] = {
      {KillScope::kAccount, kAlice, 0, 2, "Canceled Canceled KillSwitched BookTop", kOn, kOn, kOff},
      {KillScope::kSession, {}, 1, 1, "Canceled KillSwitched", kOn, kOff, kOff},
      {KillScope::kSession, {}, 3, 1, "Canceled KillSwitched BookTop", kOff, kOn, kOff},
      {KillScope::kAccount, kBob, 0, 1, "Canceled KillSwitched BookTop", kOff, kOff, kOn},
      {KillScope::kVenue,
       {},
       0,
       3,
       "Canceled Canceled Canceled KillSwitched BookTop",
       kOn,
       kOn,
       kOn},
  };
  for (const KillScopeCase& row : cases) {
    SCOPED_TRACE(row.events);
    RestOrders();
    Switch(row.scope, true, row.account, SessionIndex{row.session});
    EXPECT_EQ(venue.EventTypes(), row.events);
    EXPECT_EQ(venue.events[0].canceled.reason, CancelReason::kKillSwitch);
    const Event& switched = *venue.FindEvent(EventType::kKillSwitched);
    EXPECT_EQ(switched.kill_switched.canceled_count, row.canceled);
    EXPECT_EQ(switched.kill_switched.engaged, 1);
    EXPECT_EQ(switched.report_sequence, 0u);
    EXPECT_EQ(NewOrder(venue.alice), row.alice);
    EXPECT_EQ(NewOrder(alice_2), row.alice_2);
    EXPECT_EQ(NewOrder(venue.bob), row.bob);
    Switch(row.scope, false, row.account, SessionIndex{row.session});
    EXPECT_EQ(venue.EventTypes(), "KillSwitched");
    EXPECT_EQ(NewOrder(venue.alice), kOff);
    EXPECT_EQ(NewOrder(alice_2), kOff);
    EXPECT_EQ(NewOrder(venue.bob), kOff);
    for (const SessionIndex session : {venue.alice, alice_2, venue.bob}) {
      venue.MassCancel(session, MassCancelScope::kAccount, MassCancelTrigger::kRequest);
    }
  }
}

TEST_F(KillSwitchTest, SwitchesOfSeveralScopesAreReleasedOneByOne) {
  Switch(KillScope::kVenue, true);
  Switch(KillScope::kAccount, true, kAlice);
  Switch(KillScope::kAccount, true, kAlice);  // Again: no effect, and counted once.
  Switch(KillScope::kSession, true, {}, alice_2);
  Switch(KillScope::kVenue, false);
  EXPECT_EQ(NewOrder(venue.bob), RejectReason::kNone);
  EXPECT_EQ(NewOrder(venue.alice), RejectReason::kKillSwitch);
  Switch(KillScope::kAccount, false, kAlice);
  EXPECT_EQ(NewOrder(venue.alice), RejectReason::kNone);
  EXPECT_EQ(NewOrder(alice_2), RejectReason::kKillSwitch);
  Switch(KillScope::kSession, false, {}, alice_2);
  Switch(KillScope::kSession, false, {}, alice_2);
  EXPECT_EQ(NewOrder(alice_2), RejectReason::kNone);
}

TEST_F(KillSwitchTest, ReplaceIsRefusedAndCancelsWork) {
  // Engaged while nothing is open, an order that was open before cannot exist; Bob's can.
  const OrderId order = venue.Order(venue.bob, Side::kSell, 6'000, 2);
  Switch(KillScope::kAccount, true, kAlice);
  venue.Replace(venue.bob, order, 6'000, 1);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kNone);
  venue.Cancel(venue.alice, OrderId{999});
  EXPECT_EQ(venue.reject_reason(), RejectReason::kUnknownOrder);
  venue.MassCancel(venue.alice, MassCancelScope::kSession, MassCancelTrigger::kRequest);
  EXPECT_EQ(venue.EventTypes(), "MassCancelDone");
}

TEST_F(KillSwitchTest, DefinitionsKeepTheSwitch) {
  Switch(KillScope::kAccount, true, kAlice);
  venue.DefineAccount(kAlice, true);
  EXPECT_EQ(NewOrder(venue.alice), RejectReason::kKillSwitch);
}

TEST_F(KillSwitchTest, SwitchIsPartOfTheState) {
  Sha256Digest hashes[2];
  for (const bool engage : {false, true}) {
    TestVenue other;
    other.SetUp();
    Command command = MakeCommand(CommandType::kKillSwitch);
    command.kill_switch.scope = KillScope::kVenue;
    command.kill_switch.engaged = engage ? 1 : 0;
    other.Send(command);
    hashes[engage] = other.core.StateHash();
  }
  EXPECT_NE(hashes[0], hashes[1]);
}

TEST_F(KillSwitchTest, UnknownTargetsAreRejected) {
  Switch(KillScope::kAccount, true, AccountId{15});
  EXPECT_EQ(venue.reject_reason(), RejectReason::kUnknownAccount);
  Switch(KillScope::kSession, true, kAlice, SessionIndex{8});
  EXPECT_EQ(venue.reject_reason(), RejectReason::kUnknownSession);
  Switch(KillScope{4}, true);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kBadDefinition);
  Command command = MakeCommand(CommandType::kKillSwitch);
  command.kill_switch.scope = KillScope::kVenue;
  command.kill_switch.engaged = 2;
  venue.Send(command);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kBadDefinition);
  EXPECT_EQ(NewOrder(venue.alice), RejectReason::kNone);
}

}  // namespace
}  // namespace tally
