// Random commands with stops, trailing stops, pegged orders and groups, in continuous trading: what
// the core makes of them is judged event by event by rules written down as plainly as possible.
// TALLY_SEED replays a failure.

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <tuple>

#include <gtest/gtest.h>

#include "tests/engine/core/delta_book.h"
#include "tests/engine/core/random_flow.h"
#include "tests/engine/core/test_venue.h"

namespace tally {
namespace {

uint64_t FollowSeed() { return SeedOr(20'260'613); }

// A stop that waits, and a pegged order.
struct Waiting {
  NewOrderCommand terms;
  TriggerSource source;
  int64_t stop;
  int64_t mark;  // 0: none yet.
  uint64_t arrival;

  bool trailing() const { return terms.type == OrderType::kTrailingStop; }
  bool buys() const { return terms.side == Side::kBuy; }
};
struct Pegged {
  NewOrderCommand terms;
  int64_t price;  // 0: not in the book.
  int64_t leaves;
};

// Follows the events of a core. Knows the rules, not how the core keeps them.
class PlainRules {
 public:
  void Take(const Command& command, const Event& event) {
    switch (event.type) {
      case EventType::kOrderAccepted:
        Accept(command.new_order, event);
        break;
      case EventType::kBookDelta:
        ASSERT_EQ(displayed.Apply(event), "");
        break;
      case EventType::kTrade:
        last = event.trade.price.value;
        low = low == 0 ? last : std::min(low, last);
        high = std::max(high, last);
        break;
      case EventType::kOrderFilled:
        if (const auto peg = pegs.find(event.order_id); peg != pegs.end()) {
          peg->second.leaves = event.filled.leaves.value;
        }
        break;
      case EventType::kOrderRestated:
        TakeRestated(event);
        break;
      case EventType::kOrderTriggered:
        TakeTriggered(event);
        break;
      case EventType::kOrderCanceled:
        stops.erase(event.order_id);
        pegs.erase(event.order_id);
        break;
      default:
        break;
    }
    std::erase_if(pegs, [](const auto& row) { return row.second.leaves == 0; });
  }

  void EndCommand() {
    Follow();
    ASSERT_EQ(FirstDue(), OrderId{});
    for (const auto& [id, peg] : pegs) {
      ASSERT_EQ(peg.price, PegPrice(peg.terms)) << "peg " << Raw(id);
    }
    for (const auto& [id, expected] : expected_stops) {
      ASSERT_EQ(stops.at(id).stop, expected) << "trailing stop " << Raw(id) << " did not move";
    }
    low = high = 0;
  }

  std::map<OrderId, Waiting> stops;
  std::map<OrderId, Pegged> pegs;
  DeltaBook displayed;
  int64_t last = 0;
  int64_t low = 0;  // Of the command.
  int64_t high = 0;
  int triggered = 0;
  int trailed = 0;
  int repriced = 0;

 private:
  int64_t Best(Side side) const {
    const auto levels = displayed.Levels(side);
    return levels.empty() ? 0 : levels.front().price.value;
  }
  int64_t Rise(TriggerSource source) const {
    return source == TriggerSource::kLastTrade ? last : Best(Side::kBuy);
  }
  int64_t Fall(TriggerSource source) const {
    return source == TriggerSource::kLastTrade ? last : Best(Side::kSell);
  }
  static int64_t Behind(const Waiting& row, int64_t price) {
    const int64_t distance = row.terms.trail_unit == TrailUnit::kTicks
                                 ? row.terms.offset
                                 : std::max<int64_t>(1, price * row.terms.offset / 10'000);
    return row.buys() ? price + distance : std::max<int64_t>(1, price - distance);
  }

  void Accept(const NewOrderCommand& terms, const Event& event) {
    if (terms.type == OrderType::kPegged) {
      pegs[event.order_id] = {.terms = terms, .price = 0, .leaves = terms.quantity.value};
    }
    if (terms.type != OrderType::kStop && terms.type != OrderType::kStopLimit &&
        terms.type != OrderType::kTrailingStop) {
      return;
    }
    Waiting row = {
        .terms = terms,
        .source = terms.trigger == TriggerSource::kNone ? TriggerSource::kLastTrade : terms.trigger,
        .stop = terms.stop_price.value,
        .mark = 0,
        .arrival = ++arrivals};
    if (row.trailing()) {
      row.mark = row.buys() ? Fall(row.source) : Rise(row.source);
      if (row.stop == 0) {
        row.stop = Behind(row, row.mark);
      }
    }
    ASSERT_EQ(event.accepted.stop_price.value, row.stop);
    stops[event.order_id] = row;
  }

  // What every trailing stop makes of the prices as they are now.
  void Follow() {
    for (auto& [id, row] : stops) {
      const int64_t price = row.buys() ? Fall(row.source) : Rise(row.source);
      const bool beyond = row.mark == 0 || (row.buys() ? price < row.mark : price > row.mark);
      if (!row.trailing() || price == 0 || !beyond) {
        continue;
      }
      row.mark = price;
      const int64_t stop = Behind(row, price);
      const auto found = expected_stops.find(id);
      const int64_t before = found == expected_stops.end() ? row.stop : found->second;
      if (row.buys() ? stop < before : stop > before) {
        expected_stops[id] = stop;
      }
    }
  }

  void TakeRestated(const Event& event) {
    const OrderRestatedEvent& restated = event.restated;
    if (restated.reason == RestateReason::kTrail) {
      Follow();
      const auto found = expected_stops.find(event.order_id);
      ASSERT_NE(found, expected_stops.end());
      ASSERT_EQ(found->second, restated.stop_price.value);
      expected_stops.erase(found);
      stops.at(event.order_id).stop = restated.stop_price.value;
      stops.at(event.order_id).arrival = ++arrivals;
      ++trailed;
    } else if (restated.reason == RestateReason::kPeg) {
      ASSERT_EQ(FirstDue(), OrderId{}) << "stops come before pegs";
      Pegged& peg = pegs.at(event.order_id);
      ASSERT_EQ(restated.price.value, PegPrice(peg.terms));
      ASSERT_NE(restated.price.value, peg.price);
      peg.price = restated.price.value;
      ++repriced;
    }
  }

  void TakeTriggered(const Event& event) {
    Follow();
    ASSERT_TRUE(expected_stops.empty()) << "trailing stops move first";
    ASSERT_EQ(event.order_id, FirstDue());
    const Waiting& row = stops.at(event.order_id);
    ASSERT_EQ(event.triggered.stop_price.value, row.stop);
    ASSERT_EQ(event.triggered.order_type,
              row.terms.type == OrderType::kStopLimit ? OrderType::kLimit : OrderType::kMarket);
    stops.erase(event.order_id);
    ++triggered;
  }

  bool IsDue(const Waiting& row) const {
    const bool prints = row.source == TriggerSource::kLastTrade && !row.trailing();
    const int64_t price =
        row.buys() ? (prints ? high : Rise(row.source)) : (prints ? low : Fall(row.source));
    return price != 0 && (row.buys() ? price >= row.stop : price <= row.stop);
  }

  // Last trade before best price, buys before sells, fixed before trailing; the price that is
  // reached first; the oldest there.
  OrderId FirstDue() const {
    using Rank = std::tuple<bool, bool, bool, int64_t, uint64_t>;
    OrderId first{};
    Rank best;
    for (const auto& [id, row] : stops) {
      const Rank rank = {row.source == TriggerSource::kBestPrice, !row.buys(), row.trailing(),
                         row.buys() ? row.stop : -row.stop, row.arrival};
      if (IsDue(row) && (first == OrderId{} || rank < best)) {
        first = id;
        best = rank;
      }
    }
    return first;
  }

  int64_t PegPrice(const NewOrderCommand& terms) const {
    const int64_t bid = Best(Side::kBuy);
    const int64_t ask = Best(Side::kSell);
    const bool buys = terms.side == Side::kBuy;
    int64_t price = 0;
    if (terms.peg == PegReference::kMid) {
      price = bid == 0 || ask == 0 ? 0 : (bid + ask + (buys ? 0 : 1)) / 2;
    } else {
      price = (terms.peg == PegReference::kPrimary) == buys ? bid : ask;
    }
    if (price == 0) {
      return 0;
    }
    price += terms.offset;
    if (buys) {
      price = std::min({price, terms.price.value, ask == 0 ? price : ask - 1});
    } else {
      price = std::max({price, terms.price.value, bid == 0 ? price : bid + 1});
    }
    return price < 1 ? 0 : price;
  }

  uint64_t arrivals = 0;
  std::map<OrderId, int64_t> expected_stops;  // Of those that must still say that they moved.
};

class FollowModelTest : public ::testing::Test {
 protected:
  FollowModelTest() : random(FollowSeed()) {
    CoreLimits limits = FlowLimits();
    limits.open_orders = 400;
    limits.open_orders_per_account = 300;
    venue = std::make_unique<TestVenue>(limits);
    SetUpFlow(*venue);
    for (uint32_t account = 1; account <= 4; ++account) {
      venue->Deposit(AccountId{account}, kBtc, 100'000'000);
      venue->Deposit(AccountId{account}, kUsd, 1'000'000'000);
    }
    Command rules = MakeCommand(CommandType::kDefineRules);
    rules.instrument = kBtcUsd;
    rules.define_rules.flags = kRulesFlagHidden | kRulesFlagBookDelta;
    venue->Send(rules);
  }

  int64_t Uniform(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  }

  void MakeStop(NewOrderCommand& order) {
    const bool buy = order.side == Side::kBuy;
    const int64_t kind = Uniform(0, 2);
    order.type = kind == 0   ? OrderType::kStop
                 : kind == 1 ? OrderType::kStopLimit
                             : OrderType::kTrailingStop;
    order.trigger = static_cast<TriggerSource>(Uniform(0, 2));
    order.stop_price = {1'000 + (buy ? Uniform(-5, 30) : Uniform(-30, 5))};
    order.price = {buy ? 1'100 : 900};
    if (order.type == OrderType::kTrailingStop) {
      order.stop_price = Uniform(0, 1) == 0 ? PriceTicks{} : order.stop_price;
      order.trail_unit = static_cast<TrailUnit>(Uniform(1, 2));
      order.offset = static_cast<int32_t>(order.trail_unit == TrailUnit::kTicks ? Uniform(1, 20)
                                                                                : Uniform(1, 200));
    }
    if (order.type == OrderType::kStopLimit) {
      order.price = {order.stop_price.value + Uniform(-5, 5)};
    }
  }

  Command Next() {
    const SessionIndex session{static_cast<uint32_t>(Uniform(1, 6))};
    const int64_t kind = Uniform(0, 99);
    if (kind < 12 && venue->last_order_id != OrderId{}) {
      Command command = venue->FromSession(session, CommandType::kCancelOrder);
      const auto id = static_cast<int64_t>(Raw(venue->last_order_id)) - Uniform(0, 60);
      command.cancel_order.target.order_id =
          OrderId{static_cast<uint64_t>(std::max<int64_t>(1, id))};
      return command;
    }
    const Side side = Uniform(0, 1) == 0 ? Side::kBuy : Side::kSell;
    const bool buy = side == Side::kBuy;
    OrderOptions options;
    int64_t price = 1'000 + (buy ? Uniform(-40, 3) : Uniform(-3, 40));
    if (kind < 30) {
      options.time_in_force = TimeInForce::kIoc;
      price = 1'000 + (buy ? Uniform(0, 40) : Uniform(-40, 0));
    }
    Command command = venue->OrderCommand(session, side, price, Uniform(1, 20), options);
    NewOrderCommand& order = command.new_order;
    if (kind >= 80) {
      MakeStop(order);
    } else if (kind >= 75) {
      order.type = OrderType::kPegged;
      order.peg = static_cast<PegReference>(Uniform(1, 3));
      order.offset = static_cast<int32_t>(Uniform(-5, 5));
      order.price = {buy ? 1'000 + Uniform(-10, 40) : 1'000 - Uniform(-10, 40)};
    }
    return command;
  }

  std::mt19937_64 random;
  std::unique_ptr<TestVenue> venue;
};

TEST_F(FollowModelTest, StopsAndPegsFollowTheRules) {
  PlainRules rules;
  for (int step = 0; step < 20'000; ++step) {
    SCOPED_TRACE(testing::Message() << "seed " << FollowSeed() << " step " << step);
    const Command command = Next();
    venue->Send(command);
    for (const Event& event : venue->events) {
      ASSERT_NO_FATAL_FAILURE(rules.Take(command, event));
    }
    ASSERT_NO_FATAL_FAILURE(rules.EndCommand());
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_GT(rules.triggered, 500);
  EXPECT_GT(rules.trailed, 200);
  EXPECT_GT(rules.repriced, 300);
}

}  // namespace
}  // namespace tally
