// OCO, OTO and OTOCO groups; docs/semantics/groups.md.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/engine/core/follow_venue.h"

namespace tally {
namespace {

class GroupsTest : public FollowVenue {
 protected:
  GroupsTest() {
    venue.Order(carol, Side::kBuy, 900, 100);
    venue.Order(carol, Side::kSell, 1'100, 100);
    Print(1'000);
  }

  struct LegOptions {
    Contingency kind;
    uint8_t leg;
    OrderType type = OrderType::kLimit;
    int64_t stop = 0;
    uint32_t group = 7;
  };

  OrderId Leg(Side side, int64_t price, int64_t quantity, const LegOptions& options) {
    return Send(venue.alice, side, price, quantity, [&](NewOrderCommand& order) {
      order.type = options.type;
      order.stop_price = {options.stop};
      order.contingency = options.kind;
      order.group_leg = options.leg;
      order.group_id = options.group;
    });
  }

  // Sells at 1,050 or, below 950, at 800 or better.
  void SellOco(int64_t quantity) {
    take = Leg(Side::kSell, 1'050, quantity, {.kind = Contingency::kOco, .leg = 1});
    stop = Leg(Side::kSell, 800, quantity,
               {.kind = Contingency::kOco, .leg = 2, .type = OrderType::kStop, .stop = 950});
  }

  CancelReason CanceledFor(OrderId order) const {
    for (const Event& event : venue.events) {
      if (event.type == EventType::kOrderCanceled && event.order_id == order) {
        return event.canceled.reason;
      }
    }
    return CancelReason{};
  }

  OrderId take{};
  OrderId stop{};
};

TEST_F(GroupsTest, OcoWaitsForItsLastLegAndHoldsTheLargerNeedOnce) {
  Leg(Side::kSell, 1'050, 10, {.kind = Contingency::kOco, .leg = 1});
  EXPECT_EQ(venue.core.book_top(kBtcUsd).ask_price.value, 1'100);
  EXPECT_EQ(venue.held(kAlice, kBtc), 10'000);
  Leg(Side::kSell, 800, 12,
      {.kind = Contingency::kOco, .leg = 2, .type = OrderType::kStop, .stop = 950});
  EXPECT_EQ(venue.core.book_top(kBtcUsd).ask_price.value, 1'050);
  EXPECT_EQ(venue.held(kAlice, kBtc), 12'000);
}

TEST_F(GroupsTest, AnyFillOfAnOcoLegCancelsTheOther) {
  SellOco(10);
  venue.Order(venue.bob, Side::kBuy, 1'050, 3);
  EXPECT_EQ(CanceledFor(stop), CancelReason::kGroup);
  EXPECT_TRUE(IsOpen(take));
  EXPECT_EQ(venue.held(kAlice, kBtc), 7'000);
  venue.Replace(venue.alice, take, 1'060, 10);  // On its own now.
  EXPECT_EQ(venue.reject_reason(), RejectReason::kNone);
}

TEST_F(GroupsTest, ATriggeredOcoLegCancelsTheOtherBeforeItEnters) {
  SellOco(10);
  Print(940);
  EXPECT_EQ(venue.EventTypes(),
            "Accepted Filled Filled Trade Canceled OrderTriggered Filled Filled Trade BookTop");
  EXPECT_EQ(CanceledFor(take), CancelReason::kGroup);
  EXPECT_EQ(venue.held(kAlice, kBtc), 0);
}

TEST_F(GroupsTest, OneSweepThroughTheOcoCannotFillBothLegs) {
  take = Leg(Side::kSell, 1'050, 10, {.kind = Contingency::kOco, .leg = 1});
  stop = Leg(Side::kBuy, 940, 10, {.kind = Contingency::kOco, .leg = 2});
  EXPECT_EQ(venue.held(kAlice, kBtc), 10'000);
  EXPECT_GT(venue.held(kAlice, kUsd), 0);
  venue.Order(venue.bob, Side::kSell, 940, 10);
  EXPECT_EQ(CanceledFor(take), CancelReason::kGroup);
  EXPECT_EQ(venue.held(kAlice, kBtc), 0);
  EXPECT_EQ(venue.held(kAlice, kUsd), 0);
}

TEST_F(GroupsTest, TheLegThatMayTradeHoldsWhatItNeedsWhicheverCameFirst) {
  stop = Leg(Side::kBuy, 1'200, 12,
             {.kind = Contingency::kOco, .leg = 1, .type = OrderType::kStop, .stop = 1'050});
  const int64_t held = venue.held(kAlice, kUsd);
  take = Leg(Side::kBuy, 990, 10, {.kind = Contingency::kOco, .leg = 2});
  EXPECT_EQ(venue.held(kAlice, kUsd), held);
  venue.Order(venue.bob, Side::kSell, 990, 10);
  EXPECT_EQ(CanceledFor(stop), CancelReason::kGroup);
  EXPECT_EQ(venue.held(kAlice, kUsd), 0);
}

TEST_F(GroupsTest, CancelingOneLegCancelsTheOther) {
  SellOco(10);
  venue.Cancel(venue.alice, take);
  EXPECT_EQ(CanceledFor(take), CancelReason::kRequest);
  EXPECT_EQ(CanceledFor(stop), CancelReason::kGroup);
  EXPECT_EQ(venue.held(kAlice, kBtc), 0);
  SellOco(10);  // The number is free again.
  EXPECT_NE(stop, OrderId{});
}

TEST_F(GroupsTest, ARejectedLegCancelsTheOthers) {
  take = Leg(Side::kSell, 1'050, 10, {.kind = Contingency::kOco, .leg = 1});
  Leg(Side::kSell, 0, 10,
      {.kind = Contingency::kOco, .leg = 2, .type = OrderType::kStop, .stop = 950});
  EXPECT_EQ(venue.reject_reason(), RejectReason::kBadTick);
  EXPECT_EQ(CanceledFor(take), CancelReason::kGroup);
  EXPECT_EQ(venue.held(kAlice, kBtc), 0);
}

TEST_F(GroupsTest, LegsOfAGroupCannotBeReplaced) {
  SellOco(10);
  venue.Replace(venue.alice, take, 1'060, 10);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kNotReplaceable);
}

struct BadLeg {
  const char* name;
  Contingency kind;
  uint8_t leg;
  Side side;
  int64_t price;
  uint32_t group;
};

TEST_F(GroupsTest, BadGroups) {
  const std::vector<BadLeg> rows = {
      {"no number", Contingency::kOco, 1, Side::kSell, 1'050, 0},
      {"no leg", Contingency::kOco, 0, Side::kSell, 1'050, 7},
      {"third leg of two", Contingency::kOco, 3, Side::kSell, 1'050, 7},
      {"second without the first", Contingency::kOco, 2, Side::kSell, 1'050, 7},
      {"two limit orders of one side", Contingency::kOco, 2, Side::kSell, 1'060, 8},
      {"they would cross", Contingency::kOco, 2, Side::kBuy, 1'050, 8},
      {"another kind", Contingency::kOto, 2, Side::kBuy, 940, 8},
      {"the first twice", Contingency::kOco, 1, Side::kSell, 1'050, 8},
  };
  for (const BadLeg& row : rows) {
    Leg(Side::kSell, 1'050, 10, {.kind = Contingency::kOco, .leg = 1, .group = 8});
    Leg(row.side, row.price, 10, {.kind = row.kind, .leg = row.leg, .group = row.group});
    EXPECT_EQ(venue.reject_reason(), RejectReason::kBadGroup) << row.name;
    venue.MassCancel(venue.alice, MassCancelScope::kSession, MassCancelTrigger::kRequest);
    EXPECT_EQ(venue.held(kAlice, kBtc), 0);
  }
}

TEST_F(GroupsTest, OtoStartsItsSecondOrderWhenTheFirstIsCompletelyFilled) {
  const OrderId entry = Leg(Side::kBuy, 990, 10, {.kind = Contingency::kOto, .leg = 1});
  const OrderId exit = Leg(Side::kSell, 1'050, 10, {.kind = Contingency::kOto, .leg = 2});
  EXPECT_EQ(venue.core.book_top(kBtcUsd).bid_price.value, 990);
  EXPECT_EQ(venue.held(kAlice, kBtc), 0);  // Nothing is held for what waits.
  venue.Order(venue.bob, Side::kSell, 990, 4);
  EXPECT_EQ(venue.core.book_top(kBtcUsd).ask_price.value, 1'100);
  venue.Order(venue.bob, Side::kSell, 990, 6);
  EXPECT_EQ(venue.core.book_top(kBtcUsd).ask_price.value, 1'050);
  EXPECT_FALSE(IsOpen(entry));
  EXPECT_EQ(venue.held(kAlice, kBtc), 10'000);
  venue.Order(venue.bob, Side::kBuy, 1'050, 10);
  EXPECT_FALSE(IsOpen(exit));
}

TEST_F(GroupsTest, OtoEndsWhenItsFirstOrderIsCanceled) {
  const OrderId entry = Leg(Side::kBuy, 990, 10, {.kind = Contingency::kOto, .leg = 1});
  const OrderId exit = Leg(Side::kSell, 1'050, 10, {.kind = Contingency::kOto, .leg = 2});
  venue.Order(venue.bob, Side::kSell, 990, 4);
  venue.Cancel(venue.alice, entry);
  EXPECT_EQ(CanceledFor(exit), CancelReason::kGroup);
}

TEST_F(GroupsTest, OtoThatCannotPayForItsSecondOrderEnds) {
  Leg(Side::kBuy, 990, 10, {.kind = Contingency::kOto, .leg = 1});
  const OrderId exit = Leg(Side::kBuy, 990'000, 90, {.kind = Contingency::kOto, .leg = 2});
  venue.Order(venue.alice, Side::kBuy, 910'000, 1, {.time_in_force = TimeInForce::kFok});
  for (int i = 0; i < 2; ++i) {
    venue.Order(venue.alice, Side::kBuy, 890, 5'000);
    venue.Order(venue.alice, Side::kBuy, 890, 5'000);
    venue.Order(venue.alice, Side::kBuy, 890, 5'000);
  }
  venue.Order(venue.bob, Side::kSell, 990, 10);
  EXPECT_EQ(CanceledFor(exit), CancelReason::kGroup);
}

TEST_F(GroupsTest, OtocoIsABracket) {
  Leg(Side::kBuy, 990, 10, {.kind = Contingency::kOtoco, .leg = 1});
  take = Leg(Side::kSell, 1'050, 10, {.kind = Contingency::kOtoco, .leg = 2});
  stop = Leg(Side::kSell, 800, 10,
             {.kind = Contingency::kOtoco, .leg = 3, .type = OrderType::kStop, .stop = 950});
  venue.Order(venue.bob, Side::kSell, 990, 10);
  EXPECT_EQ(venue.core.book_top(kBtcUsd).ask_price.value, 1'050);
  EXPECT_EQ(venue.held(kAlice, kBtc), 10'000);
  Print(945);
  EXPECT_EQ(CanceledFor(take), CancelReason::kGroup);
  EXPECT_EQ(Triggered(), std::vector<uint64_t>{Raw(stop)});
  EXPECT_EQ(venue.held(kAlice, kBtc), 0);
}

TEST_F(GroupsTest, AStopThatIsReachedWhenItStartsTriggersAtOnce) {
  Leg(Side::kBuy, 990, 10, {.kind = Contingency::kOto, .leg = 1});
  stop = Leg(Side::kSell, 800, 10,
             {.kind = Contingency::kOto, .leg = 2, .type = OrderType::kStop, .stop = 995});
  ASSERT_NE(stop, OrderId{});
  venue.Order(venue.bob, Side::kSell, 990, 10);
  EXPECT_EQ(Triggered(), std::vector<uint64_t>{Raw(stop)});
}

TEST_F(GroupsTest, DisconnectEndsTheWholeGroup) {
  SellOco(10);
  venue.MassCancel(venue.alice, MassCancelScope::kSession, MassCancelTrigger::kDisconnect);
  EXPECT_EQ(venue.held(kAlice, kBtc), 0);
  EXPECT_FALSE(IsOpen(stop));
}

// What the sliding leg gives back the other one may need: it was counting on it.
TEST_F(GroupsTest, ALegThatSlidesLeavesTheStopItsFunds) {
  const OrderId limit = Send(venue.alice, Side::kBuy, 1'190, 10, [](NewOrderCommand& order) {
    order.flags = kOrderFlagPostOnly | kOrderFlagSlide;
    order.contingency = Contingency::kOco;
    order.group_leg = 1;
    order.group_id = 7;
  });
  const OrderId buy_stop =
      Leg(Side::kBuy, 1'180, 10,
          {.kind = Contingency::kOco, .leg = 2, .type = OrderType::kStop, .stop = 1'100});
  ASSERT_NE(venue.FindEvent(EventType::kOrderRestated), nullptr);
  EXPECT_EQ(venue.FindEvent(EventType::kOrderRestated)->restated.price.value, 1'099);
  EXPECT_EQ(venue.held(kAlice, kUsd), 1'180 * 10 * 10 + 23);  // The larger of the two needs.
  venue.Order(venue.bob, Side::kBuy, 1'100, 1);
  EXPECT_EQ(CanceledFor(limit), CancelReason::kGroup);
  EXPECT_EQ(Triggered(), std::vector<uint64_t>{Raw(buy_stop)});
  EXPECT_EQ(venue.held(kAlice, kUsd), 0);
}

}  // namespace
}  // namespace tally
