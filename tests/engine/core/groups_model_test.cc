// Random groups among random orders, judged by what their definitions say must never happen.
// TALLY_SEED replays a failure.

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>

#include <gtest/gtest.h>

#include "tests/engine/core/random_flow.h"
#include "tests/engine/core/test_venue.h"

namespace tally {
namespace {

uint64_t GroupsSeed() { return SeedOr(20'260'614); }

struct PlainLeg {
  int64_t quantity = 0;
  int64_t traded = 0;
  bool open = false;
  bool triggered = false;
  bool reduced = false;  // By self-trade prevention.
  bool ended = false;

  bool touched() const { return traded > 0 || triggered || reduced; }
  bool filled() const { return traded == quantity && quantity > 0; }
};

struct PlainGroup {
  Contingency kind = Contingency::kNone;
  uint32_t arrived = 0;
  bool rejected = false;
  PlainLeg legs[3];

  uint32_t count() const { return kind == Contingency::kOtoco ? 3 : 2; }
};

class GroupsModelTest : public ::testing::Test {
 protected:
  GroupsModelTest() : random(GroupsSeed()) {
    CoreLimits limits = FlowLimits();
    limits.open_orders = 400;
    limits.open_orders_per_account = 300;
    limits.order_groups = 40;
    venue = std::make_unique<TestVenue>(limits);
    SetUpFlow(*venue);
    for (uint32_t account = 1; account <= 4; ++account) {
      venue->Deposit(AccountId{account}, kBtc, 2'000'000);
      venue->Deposit(AccountId{account}, kUsd, 20'000'000);
    }
  }

  int64_t Uniform(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  }
  Side AnySide() { return Uniform(0, 1) == 0 ? Side::kBuy : Side::kSell; }

  Command PlainOrder() {
    const SessionIndex session{static_cast<uint32_t>(Uniform(1, 6))};
    const Side side = AnySide();
    OrderOptions options;
    options.self_trade_prevention = SelfTradePrevention{static_cast<uint8_t>(Uniform(1, 5))};
    const int64_t price = 1'000 + Uniform(-15, 15);
    return venue->OrderCommand(session, side, price, Uniform(1, 20), options);
  }

  Command CancelSome() {
    const SessionIndex session{static_cast<uint32_t>(Uniform(1, 6))};
    Command command = venue->FromSession(session, CommandType::kCancelOrder);
    const auto id = static_cast<int64_t>(Raw(venue->last_order_id)) - Uniform(0, 80);
    command.cancel_order.target.order_id = OrderId{static_cast<uint64_t>(std::max<int64_t>(1, id))};
    return command;
  }

  Command NextLeg() {
    Command command = venue->OrderCommand(leg_session, AnySide(), 0, Uniform(1, 20));
    NewOrderCommand& order = command.new_order;
    const bool buy = order.side == Side::kBuy;
    order.price = {1'000 + (buy ? Uniform(-12, 2) : Uniform(-2, 12))};
    if (Uniform(0, 1) == 0) {
      order.type = Uniform(0, 1) == 0 ? OrderType::kStop : OrderType::kStopLimit;
      order.stop_price = {1'000 + (buy ? Uniform(1, 12) : Uniform(-12, -1))};
      order.price = {buy ? 1'030 : 970};
    }
    order.contingency = kind;
    order.group_id = group_id;
    order.group_leg = ++leg;
    if (leg == (kind == Contingency::kOtoco ? 3 : 2)) {
      leg = 0;
    }
    return command;
  }

  Command Next() {
    if (leg != 0) {
      return NextLeg();
    }
    const int64_t roll = Uniform(0, 99);
    if (roll < 20) {
      kind = static_cast<Contingency>(Uniform(1, 3));
      ++group_id;
      leg_session = SessionIndex{static_cast<uint32_t>(Uniform(1, 6))};
      return NextLeg();
    }
    return roll < 35 ? CancelSome() : PlainOrder();
  }

  void Take(const Command& command, const Event& event) {
    const bool leg_command = command.type == CommandType::kNewOrder &&
                             command.new_order.contingency != Contingency::kNone;
    if (leg_command && event.type == EventType::kOrderAccepted) {
      PlainGroup& group = groups[command.new_order.group_id];
      group.kind = command.new_order.contingency;
      PlainLeg& row = group.legs[group.arrived++];
      row.quantity = command.new_order.quantity.value;
      row.open = true;
      legs[event.order_id] = {command.new_order.group_id, group.arrived - 1};
    } else if (leg_command && event.type == EventType::kOrderRejected) {
      groups[command.new_order.group_id].rejected = true;
    }
    const auto found = legs.find(event.order_id);
    if (found == legs.end()) {
      return;
    }
    PlainGroup& group = groups[found->second.first];
    PlainLeg& row = group.legs[found->second.second];
    if (event.type == EventType::kOrderFilled) {
      row.traded = event.filled.cumulative.value;
      row.open = event.filled.leaves.value > 0;
      row.ended = !row.open;
      ++fills;
    } else if (event.type == EventType::kOrderTriggered) {
      row.triggered = true;
    } else if (event.type == EventType::kOrderCanceled && event.canceled.leaves.value > 0) {
      row.reduced = true;
    } else if (event.type == EventType::kOrderCanceled) {
      row.open = false;
      row.ended = true;
      canceled_by_group += event.canceled.reason == CancelReason::kGroup ? 1 : 0;
    }
  }

  // Two legs that exclude each other.
  static void CheckExclusive(const PlainLeg& a, const PlainLeg& b) {
    ASSERT_FALSE(a.touched() && b.touched());
    ASSERT_FALSE(a.touched() && b.open);
    ASSERT_FALSE(b.touched() && a.open);
    ASSERT_FALSE(a.ended && b.open && !b.touched());
    ASSERT_FALSE(b.ended && a.open && !a.touched());
  }

  static void CheckGroup(const PlainGroup& group) {
    const bool complete = group.arrived == group.count() && !group.rejected;
    bool any_open = false;
    for (const PlainLeg& row : group.legs) {
      any_open |= row.open;
      ASSERT_FALSE(!complete && row.touched()) << "legs wait for the last one";
    }
    ASSERT_FALSE(group.rejected && any_open) << "a rejected leg ends the others";
    if (!complete) {
      return;
    }
    if (group.kind == Contingency::kOco) {
      CheckExclusive(group.legs[0], group.legs[1]);
      return;
    }
    const PlainLeg& first = group.legs[0];
    for (uint32_t i = 1; i < group.count(); ++i) {
      ASSERT_FALSE(group.legs[i].touched() && !first.filled()) << "starts after the first";
      ASSERT_FALSE(group.legs[i].open && first.ended && !first.filled());
    }
    if (group.kind == Contingency::kOtoco) {
      CheckExclusive(group.legs[1], group.legs[2]);
    }
  }

  std::mt19937_64 random;
  std::unique_ptr<TestVenue> venue;
  std::map<uint32_t, PlainGroup> groups;
  std::map<OrderId, std::pair<uint32_t, uint32_t>> legs;
  SessionIndex leg_session{};
  Contingency kind = Contingency::kNone;
  uint32_t group_id = 0;
  uint8_t leg = 0;
  int fills = 0;
  int canceled_by_group = 0;
};

TEST_F(GroupsModelTest, LegsDoWhatTheirGroupAllows) {
  for (int step = 0; step < 15'000; ++step) {
    SCOPED_TRACE(testing::Message() << "seed " << GroupsSeed() << " step " << step);
    const Command command = Next();
    venue->Send(command);
    for (const Event& event : venue->events) {
      Take(command, event);
    }
    for (auto row = groups.begin(); row != groups.end();) {
      ASSERT_NO_FATAL_FAILURE(CheckGroup(row->second)) << "group " << row->first;
      bool open = row->first == group_id;
      for (const PlainLeg& one : row->second.legs) {
        open |= one.open;
      }
      row = open ? std::next(row) : groups.erase(row);
    }
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(fills, 300);
  EXPECT_GT(canceled_by_group, 150);
}

}  // namespace
}  // namespace tally
