#pragma once

// A venue with verbs for stops, groups and pegged orders, and a third trader who makes the market.

#include <functional>

#include <gtest/gtest.h>

#include "tests/engine/core/test_venue.h"

namespace tally {

inline constexpr AccountId kCarol{3};

class FollowVenue : public ::testing::Test {
 protected:
  explicit FollowVenue(const CoreLimits& limits = SmallLimits()) : venue(limits) {
    venue.SetUp();
    venue.DefineAccount(kCarol);
    venue.Deposit(kCarol, kBtc, 1'000'000'000);
    venue.Deposit(kCarol, kUsd, 1'000'000'000);
    carol = venue.Open(kCarol, 33);
  }

  using Change = std::function<void(NewOrderCommand&)>;

  // The id of the order, 0 if it was rejected.
  OrderId Send(SessionIndex session, Side side, int64_t price, int64_t quantity,
               const Change& change) {
    Command command = venue.OrderCommand(session, side, price, quantity);
    change(command.new_order);
    venue.Send(command);
    const Event* const accepted = venue.FindEvent(EventType::kOrderAccepted);
    return accepted == nullptr ? OrderId{} : accepted->order_id;
  }

  // A market order with `worst` as its worst price from `stop` on.
  OrderId StopOrder(SessionIndex session, Side side, int64_t stop, int64_t worst,
                    int64_t quantity) {
    return Send(session, side, worst, quantity, [&](NewOrderCommand& order) {
      order.type = OrderType::kStop;
      order.stop_price = {stop};
    });
  }
  OrderId StopLimit(SessionIndex session, Side side, int64_t stop, int64_t limit,
                    int64_t quantity) {
    return Send(session, side, limit, quantity, [&](NewOrderCommand& order) {
      order.type = OrderType::kStopLimit;
      order.stop_price = {stop};
    });
  }
  OrderId Trailing(SessionIndex session, Side side, int32_t offset, int64_t worst,
                   int64_t quantity) {
    return Send(session, side, worst, quantity, [&](NewOrderCommand& order) {
      order.type = OrderType::kTrailingStop;
      order.offset = offset;
      order.trail_unit = TrailUnit::kTicks;
    });
  }

  // Carol sells one lot to Bob at `price`, which must be between the best prices.
  void Print(int64_t price) {
    venue.Order(carol, Side::kSell, price, 1);
    venue.Order(venue.bob, Side::kBuy, price, 1);
    ASSERT_NE(venue.FindEvent(EventType::kTrade), nullptr);
  }

  // Ids of the orders of the events of a type, in order.
  std::vector<uint64_t> Orders(EventType type) const {
    std::vector<uint64_t> ids;
    for (const Event& event : venue.events) {
      if (event.type == type) {
        ids.push_back(Raw(event.order_id));
      }
    }
    return ids;
  }
  std::vector<uint64_t> Triggered() const { return Orders(EventType::kOrderTriggered); }
  bool IsOpen(OrderId id) {
    Command command = venue.FromSession(venue.alice, CommandType::kOrderQuery);
    command.order_query.target.order_id = id;
    venue.Send(command);
    return venue.FindEvent(EventType::kOrderState) != nullptr;
  }

  TestVenue venue;
  SessionIndex carol{};
};

}  // namespace tally
