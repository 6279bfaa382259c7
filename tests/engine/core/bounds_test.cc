// How much one command may do: docs/semantics/bounds.md.

#include <vector>

#include <gtest/gtest.h>

#include "tests/engine/core/phase_venue.h"

namespace tally {
namespace {

using P = TradingPhase;

CoreLimits ThreeSteps() {
  CoreLimits limits = SmallLimits();
  limits.cascade_steps_max = 3;
  return limits;
}

class BoundsTest : public ::testing::Test, protected PhaseVenue {
 protected:
  BoundsTest() : PhaseVenue(ThreeSteps()) {}

  OrderId Gtd(int64_t price, int64_t expire_time_ns) {
    Command command =
        venue.OrderCommand(venue.alice, Side::kBuy, price, 1, {.time_in_force = TimeInForce::kGtd});
    command.new_order.expire_time_ns = expire_time_ns;
    venue.Send(command);
    return venue.last_order_id;
  }

  std::vector<OrderId> Canceled() const {
    std::vector<OrderId> ids;
    for (const Event& event : venue.events) {
      if (event.type == EventType::kOrderCanceled) {
        ids.push_back(event.order_id);
      }
    }
    return ids;
  }

  using Ids = std::vector<OrderId>;
};

TEST_F(BoundsTest, ABoundedTimerExpiresSoManyTheOthersWaitForTheNext) {
  const OrderId late = Gtd(90, 20'002);
  const OrderId a = Gtd(91, 20'000);
  const OrderId b = Gtd(92, 20'000);
  const OrderId c = Gtd(93, 20'000);
  const OrderId early = Gtd(94, 19'999);
  Timer(30'000, true);
  EXPECT_EQ(Canceled(), (Ids{early, a, b}));
  EXPECT_EQ(venue.core.next_deadline_ns(), 20'000);
  Timer(30'000, true);
  EXPECT_EQ(Canceled(), (Ids{c, late}));
  EXPECT_EQ(venue.core.next_deadline_ns(), 0);
}

TEST_F(BoundsTest, ATimerOfAnOldJournalExpiresAll) {
  for (int64_t i = 0; i < 5; ++i) {
    Gtd(90 + i, 20'000);
  }
  Timer(30'000);
  EXPECT_EQ(Canceled().size(), 5u);
}

TEST_F(BoundsTest, PhasesWaitUntilEverythingExpired) {
  SetPhase(P::kOpeningAuction, {.until_ns = 20'000, .next = P::kContinuous});
  for (int64_t i = 0; i < 3; ++i) {
    Gtd(100 + i, 20'000);
  }
  Sell(100, 3);
  Timer(20'000, true);
  EXPECT_EQ(Canceled().size(), 3u);
  EXPECT_EQ(Changed().phase, TradingPhase{});
  EXPECT_EQ(venue.core.next_deadline_ns(), 20'000);
  Timer(20'001, true);
  EXPECT_EQ(Changed().phase, P::kContinuous);
  EXPECT_EQ(Trades(), "");  // What had expired took no part in the auction.
}

TEST_F(BoundsTest, DayOrdersBeyondTheBoundEndWithTheNextTimers) {
  const TimeInForce day = TimeInForce::kDay;
  std::vector<OrderId> ids;
  for (int64_t i = 0; i < 5; ++i) {
    ids.push_back(Buy(90 + i, 1, {.time_in_force = day}));
  }
  const OrderId stays = Buy(80, 1);
  SetPhase(P::kClosed, {.flags = kSetPhaseFlagBounded});
  EXPECT_EQ(Canceled(), (Ids{ids[0], ids[1], ids[2]}));
  EXPECT_NE(venue.core.next_deadline_ns(), 0);
  Timer(30'000, true);
  EXPECT_EQ(Canceled(), (Ids{ids[3], ids[4]}));
  EXPECT_EQ(venue.events[0].canceled.reason, CancelReason::kEndOfDay);
  EXPECT_EQ(venue.core.next_deadline_ns(), 0);
  SetPhase(P::kContinuous);
  Sell(80, 1);
  EXPECT_EQ(Trades(), "1@80");
  EXPECT_EQ(venue.events[1].order_id, stays);
}

TEST_F(BoundsTest, DayOrdersThatWaitForTheirEndCanBeCanceled) {
  for (int64_t i = 0; i < 4; ++i) {
    Buy(90 + i, 1, {.time_in_force = TimeInForce::kDay});
  }
  SetPhase(P::kClosed, {.flags = kSetPhaseFlagBounded});
  venue.Cancel(venue.alice, venue.last_order_id);
  EXPECT_EQ(Canceled(), Ids{venue.last_order_id});
  Timer(30'000, true);
  EXPECT_EQ(venue.EventTypes(), "");
  EXPECT_EQ(venue.core.open_order_count(), 0u);
  EXPECT_EQ(venue.core.next_deadline_ns(), 0);
}

TEST_F(BoundsTest, NoDayOrderOfYesterdayTradesToday) {
  for (int64_t i = 0; i < 5; ++i) {
    Buy(90 + i, 1, {.time_in_force = TimeInForce::kDay});
  }
  SetPhase(P::kClosed, {.flags = kSetPhaseFlagBounded});
  SetPhase(P::kContinuous);
  EXPECT_EQ(Canceled().size(), 2u);
  EXPECT_EQ(venue.core.open_order_count(), 0u);
}

TEST_F(BoundsTest, AScheduledCloseIsBoundedAsItsTimerIs) {
  for (int64_t i = 0; i < 5; ++i) {
    Buy(90 + i, 1, {.time_in_force = TimeInForce::kDay});
  }
  SetPhase(P::kContinuous, {.until_ns = 20'000, .next = P::kClosed});
  Timer(20'000, true);  // The phase is a step, too.
  EXPECT_EQ(Canceled().size(), 2u);
  EXPECT_EQ(Changed().phase, P::kClosed);
  Timer(20'001, true);
  EXPECT_EQ(Canceled().size(), 3u);
}

// They are what an account asked for, or what stops it: all at once, whatever it has open, which
// open_orders_per_account bounds.
TEST_F(BoundsTest, MassCancelsAndKillSwitchesAreNotCutShort) {
  for (int64_t i = 0; i < 6; ++i) {
    Buy(90 + i, 1);
  }
  venue.MassCancel(venue.alice, MassCancelScope::kAccount, MassCancelTrigger::kRequest);
  EXPECT_EQ(Canceled().size(), 6u);
  for (int64_t i = 0; i < 6; ++i) {
    Buy(90 + i, 1);
  }
  Command command = MakeCommand(CommandType::kKillSwitch);
  command.kill_switch.scope = KillScope::kVenue;
  command.kill_switch.engaged = 1;
  venue.Send(command);
  EXPECT_EQ(Canceled().size(), 6u);
}

}  // namespace
}  // namespace tally
