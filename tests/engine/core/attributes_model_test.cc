// Random orders of every attribute, stops, pegs and groups: after every command the same reports in
// the same order, the same balances and the same book as ReferenceMarket has. TALLY_SEED replays a
// failure.

#include <cstdlib>
#include <iterator>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "tests/engine/core/random_flow.h"
#include "tests/engine/core/reference_market.h"
#include "tests/engine/core/test_venue.h"

namespace tally {
namespace {

uint64_t AttributesSeed() { return SeedOr(20'260'616); }

CoreLimits RoomyLimits() {
  CoreLimits limits = FlowLimits();
  limits.open_orders = 2'000;
  limits.open_orders_per_account = 2'000;
  limits.order_groups = 1'000;
  return limits;
}

DefineInstrumentCommand Terms() {
  DefineInstrumentCommand terms = BtcUsdTerms();
  terms.notional_min = {0};
  return terms;
}

// What the random orders of a run are like, in percent.
struct Mix {
  const char* name;
  int groups;  // Of new orders, how many begin a group.
  int stops;
  int pegs;
  int attributes;  // Hidden, iceberg, all-or-none, slide, minimum quantity.
  int self_trade;
  int64_t spread;  // Prices around the middle.
  int64_t money;   // Of each account; little: many orders find no funds.
};

constexpr Mix kMixes[] = {
    {"attributes", 0, 0, 0, 70, 40, 8, 100'000'000},
    {"attributes and pegs", 0, 0, 15, 50, 30, 8, 100'000'000},
    {"stops", 0, 30, 0, 20, 20, 15, 100'000'000},
    {"groups", 20, 10, 0, 10, 20, 12, 100'000'000},
    {"groups of special orders", 20, 10, 0, 60, 40, 8, 100'000'000},
    {"little money", 15, 15, 5, 30, 30, 10, 3'000'000},
    {"everything", 10, 15, 8, 40, 30, 10, 20'000'000},
};

class AttributesModel {
 public:
  AttributesModel(const Mix& mix, uint64_t seed)
      : venue(RoomyLimits()), mix_(mix), random_(seed), reference_(2'000, Terms()) {
    SetUpFlow(venue);
    for (uint32_t account = 1; account <= 4; ++account) {
      for (const AssetId asset : {kBtc, kUsd}) {
        venue.Deposit(AccountId{account}, asset, mix.money);
      }
    }
    Command rules = MakeCommand(CommandType::kDefineRules);
    rules.instrument = kBtcUsd;
    rules.define_rules.flags = kRulesFlagHidden;
    venue.Send(rules);
    for (uint32_t account = 1; account <= 4; ++account) {
      for (const AssetId asset : {kBtc, kUsd}) {
        reference_.Move(AccountId{account}, asset, venue.available(AccountId{account}, asset));
      }
    }
  }

  void Step() {
    const Command command = Next();
    const OrderId next_id{Raw(venue.last_order_id) + 1};
    std::vector<std::string> expected;
    if (command.type == CommandType::kNewOrder) {
      expected = reference_.New(command, next_id);
    } else {
      expected = command.type == CommandType::kReplaceOrder ? reference_.Replace(command)
                                                            : reference_.Cancel(command);
    }
    venue.Send(command);
    ASSERT_EQ(DescribeEvents(venue.events), expected);
    for (const Event& event : venue.events) {
      ++seen[event.type];
      by_group +=
          event.type == EventType::kOrderCanceled && event.canceled.reason == CancelReason::kGroup
              ? 1
              : 0;
    }
    CompareBalances();
    CompareBook();
  }

  TestVenue venue;
  std::map<EventType, int> seen;
  int by_group = 0;

 private:
  int64_t Uniform(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random_);
  }
  bool Percent(int percent) { return Uniform(1, 100) <= percent; }
  SessionIndex AnySession() { return SessionIndex{static_cast<uint32_t>(Uniform(1, 6))}; }
  // Mostly an open one, and mostly from its own session.
  Command AboutSomeOrder(CommandType type) {
    SessionIndex session = AnySession();
    OrderId id{
        static_cast<uint64_t>(Uniform(1, 1 + static_cast<int64_t>(Raw(venue.last_order_id))))};
    if (!reference_.orders().empty() && Percent(95)) {
      const auto count = static_cast<int64_t>(reference_.orders().size());
      const auto order = std::next(reference_.orders().begin(), Uniform(0, count - 1));
      id = order->first;
      session = Percent(95) ? order->second.session : session;
    }
    Command command = venue.FromSession(session, type);
    command.cancel_order.target.order_id = id;
    return command;
  }

  Command Next() {
    if (leg_ != 0) {
      return NextLeg();
    }
    if (Percent(20)) {
      return AboutSomeOrder(CommandType::kCancelOrder);
    }
    if (Percent(15)) {
      return Replace();
    }
    if (Percent(mix_.groups)) {
      kind_ = static_cast<Contingency>(Uniform(1, 3));
      ++group_id_;
      session_ = AnySession();
      return NextLeg();
    }
    Command command = Order(AnySession());
    if (Percent(mix_.pegs)) {
      MakePeg(&command.new_order);
    } else if (Percent(mix_.stops)) {
      MakeStop(&command.new_order);
    } else {
      MakeImmediate(&command.new_order);
    }
    AddAttributes(&command.new_order);
    return command;
  }

  Command Replace() {
    Command command = AboutSomeOrder(CommandType::kReplaceOrder);
    const uint64_t last_id = Raw(venue.core.session(command.session)->last_client_order_id);
    command.replace_order = {.target = command.cancel_order.target,
                             .new_client_order_id = ClientOrderId{last_id + 1},
                             .price = {1'000 + Uniform(-mix_.spread, mix_.spread)},
                             .quantity = {Uniform(1, 30)},
                             .display_quantity = {Percent(15) ? Uniform(1, 12) : 0},
                             .stop_price = {Percent(15) ? 1'000 + Uniform(-20, 20) : 0}};
    return command;
  }

  Command Order(SessionIndex session) {
    const Side side = Percent(50) ? Side::kBuy : Side::kSell;
    OrderOptions options;
    if (Percent(mix_.self_trade)) {
      options.self_trade_prevention = static_cast<SelfTradePrevention>(Uniform(2, 5));
    }
    const int64_t away = Uniform(-mix_.spread / 2, mix_.spread);
    return venue.OrderCommand(session, side, 1'000 + (side == Side::kBuy ? -away : away),
                              Uniform(1, 30), options);
  }

  void MakeImmediate(NewOrderCommand* order) {
    constexpr TimeInForce kTimes[] = {TimeInForce::kIoc, TimeInForce::kFok};
    if (Percent(15)) {
      order->time_in_force = kTimes[Uniform(0, 1)];
      order->type = Percent(40) ? OrderType::kMarket : OrderType::kLimit;
    }
  }

  void MakePeg(NewOrderCommand* order) {
    order->type = OrderType::kPegged;
    order->peg = static_cast<PegReference>(Uniform(1, 3));
    order->offset = static_cast<int32_t>(Uniform(-4, 4));
    order->price = {order->side == Side::kBuy ? 1'000 + Uniform(-5, 20) : 1'000 - Uniform(-5, 20)};
  }

  void MakeStop(NewOrderCommand* order) {
    const bool buy = order->side == Side::kBuy;
    order->type = Percent(50) ? OrderType::kStop : OrderType::kStopLimit;
    order->trigger = static_cast<TriggerSource>(Uniform(0, 2));
    order->stop_price = {1'000 + (buy ? Uniform(-2, 15) : Uniform(-15, 2))};
    order->price = {order->stop_price.value + (buy ? Uniform(-2, 12) : Uniform(-12, 2))};
  }

  // Combinations that are accepted: the others are the matter of order_attributes_test.cc.
  void AddAttributes(NewOrderCommand* order) {
    const bool limit = order->type == OrderType::kLimit;
    const bool rests = order->time_in_force == TimeInForce::kGtc;
    if (!Percent(mix_.attributes) || !(limit || order->type == OrderType::kStopLimit)) {
      return;
    }
    const int64_t kind = Uniform(0, 5);
    if (kind == 0 && limit && order->time_in_force != TimeInForce::kFok &&
        order->contingency == Contingency::kNone) {
      order->min_quantity = {Uniform(1, order->quantity.value)};
    } else if (kind == 1 && limit && rests) {
      order->flags = Percent(60) ? kOrderFlagPostOnly | kOrderFlagSlide : kOrderFlagPostOnly;
    } else if (kind == 2 && rests) {
      order->flags = kOrderFlagHidden;
    } else if (kind == 3 && rests) {
      order->flags = kOrderFlagAllOrNone;
    } else if (kind >= 4 && rests) {
      order->display_quantity = {Uniform(1, order->quantity.value)};
    }
  }

  Command NextLeg() {
    Command command = Order(session_);
    NewOrderCommand& order = command.new_order;
    if (Percent(45)) {
      MakeStop(&order);
    }
    order.contingency = kind_;
    order.group_id = group_id_;
    AddAttributes(&order);
    order.group_leg = ++leg_;
    if (leg_ == (kind_ == Contingency::kOtoco ? 3 : 2) || Percent(3)) {
      leg_ = 0;
    }
    if (Percent(3)) {  // In the wrong order.
      order.group_leg = static_cast<uint8_t>(Uniform(1, kind_ == Contingency::kOtoco ? 3 : 2));
    }
    return command;
  }

  void CompareBalances() {
    for (uint32_t account : {1U, 2U, 3U, 4U, Raw(kFees)}) {
      for (const AssetId asset : {kBtc, kUsd}) {
        ASSERT_EQ(venue.held(AccountId{account}, asset),
                  reference_.held(AccountId{account}, asset));
        ASSERT_EQ(venue.available(AccountId{account}, asset),
                  reference_.available(AccountId{account}, asset));
      }
    }
  }

  // What is displayed, order by order; what is dark shows in balances, counts and trades.
  void CompareBook() {
    ASSERT_EQ(venue.core.open_order_count(), reference_.orders().size());
    for (const Side side : {Side::kBuy, Side::kSell}) {
      std::vector<core::DepthOrder> orders(2'000);
      orders.resize(venue.core.BookOrders(kBtcUsd, side, orders));
      std::vector<core::DepthOrder> expected;
      for (const BookOrder& order : reference_.book(kBtcUsd).Orders(side)) {
        if (!order.dark()) {
          expected.push_back({.id = order.id, .price = order.price, .quantity = order.displayed});
        }
      }
      ASSERT_EQ(orders, expected);
    }
  }

  const Mix& mix_;
  std::mt19937_64 random_;
  ReferenceMarket reference_;
  SessionIndex session_{};
  Contingency kind_ = Contingency::kNone;
  uint32_t group_id_ = 0;
  uint8_t leg_ = 0;
};

TEST(AttributesModelTest, ReportsBalancesAndBooksAreThoseOfTheReference) {
  constexpr int kSteps = 2'000;
  std::map<EventType, int> seen;
  int by_group = 0;
  for (const Mix& mix : kMixes) {
    AttributesModel model(mix, AttributesSeed());
    for (int step = 0; step < kSteps; ++step) {
      SCOPED_TRACE(testing::Message()
                   << mix.name << ", TALLY_SEED=" << AttributesSeed() << ", step " << step);
      model.Step();
      ASSERT_FALSE(testing::Test::HasFailure());
    }
    EXPECT_GT(model.seen[EventType::kTrade], 150) << mix.name;
    for (const auto& [type, count] : model.seen) {
      seen[type] += count;
    }
    by_group += model.by_group;
  }
  EXPECT_GT(seen[EventType::kOrderRestated], 500);
  EXPECT_GT(seen[EventType::kOrderTriggered], 150);
  EXPECT_GT(seen[EventType::kOrderReplaced], 300);
  EXPECT_GT(seen[EventType::kOrderRejected], 300);
  EXPECT_GT(by_group, 150);
}

}  // namespace
}  // namespace tally
