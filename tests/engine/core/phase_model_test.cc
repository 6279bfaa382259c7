// Random orders, phases, rules and timers: what the core publishes is what the reference auction
// makes of the orders that its reports say are there. TALLY_SEED replays a failure.

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/engine/book/reference_auction.h"
#include "tests/engine/core/phase_venue.h"

namespace tally {
namespace {

using P = TradingPhase;
constexpr int64_t kPriceMax = 130;

CoreLimits ModelLimits() {
  CoreLimits limits = SmallLimits();
  limits.open_orders = 400;
  limits.open_orders_per_account = 150;
  return limits;
}

bool IsCallPhase(P phase) {
  return phase == P::kOpeningAuction || phase == P::kVolatilityAuction ||
         phase == P::kClosingAuction || phase == P::kBatchAuction;
}

// The open orders as the reports tell of them, in the order of their places.
class Mirror {
 public:
  void Apply(const Event& event, P phase) {
    if (event.type == EventType::kOrderAccepted) {
      Accept(event, phase);
      return;
    }
    const auto found = Find(Raw(event.order_id));
    if (found == orders_.end()) {
      return;
    }
    if (event.type == EventType::kOrderFilled) {
      found->order.leaves = event.filled.leaves.value;
    } else if (event.type == EventType::kOrderCanceled) {
      found->order.leaves = event.canceled.leaves.value;
    } else if (event.type == EventType::kOrderReplaced) {
      found->order.price = event.replaced.price.value;
      found->order.leaves = event.replaced.leaves.value;
      MoveToEnd(found, event.replaced.kept_priority != 0);
    } else if (event.type == EventType::kOrderRestated) {
      found->order.price = event.restated.price.value;
      found->order.leaves = event.restated.leaves.value;
      MoveToEnd(found, event.restated.kept_priority != 0);
    }
  }

  void RemoveDone() {
    std::erase_if(orders_, [](const Row& row) { return row.order.leaves == 0; });
  }

  // The closing auction begins.
  void EnterAtTheClose() {
    for (std::size_t i = 0, count = orders_.size(); i < count; ++i) {
      if (orders_[i].dormant) {
        orders_[i].dormant = false;
        orders_.push_back(orders_[i]);
        orders_[i].order.leaves = 0;
      }
    }
    RemoveDone();
  }

  std::vector<AuctionOrder> orders() const {
    std::vector<AuctionOrder> orders;
    for (const Row& row : orders_) {
      if (!row.dormant) {
        orders.push_back(row.order);
      }
    }
    return orders;
  }
  std::size_t count() const { return orders_.size(); }
  uint64_t id(std::size_t at) const { return orders_[at].order.id; }
  uint32_t owner(std::size_t at) const { return orders_[at].order.owner; }

 private:
  struct Row {
    AuctionOrder order;
    bool dormant;
  };
  std::vector<Row>::iterator Find(uint64_t id) {
    return std::find_if(orders_.begin(), orders_.end(),
                        [&](const Row& row) { return row.order.id == id; });
  }
  void MoveToEnd(std::vector<Row>::iterator row, bool kept) {
    if (!kept) {
      std::rotate(row, row + 1, orders_.end());
    }
  }
  void Accept(const Event& event, P phase) {
    const OrderAcceptedEvent& accepted = event.accepted;
    const uint8_t dark_flags = kOrderFlagHidden | kOrderFlagAllOrNone;
    orders_.push_back({.order = {.id = Raw(event.order_id),
                                 .owner = Raw(event.account),
                                 .side = Side{event.side},
                                 .price = accepted.price.value,
                                 .leaves = accepted.quantity.value,
                                 .self_trade_prevention = accepted.self_trade_prevention,
                                 .dark = (accepted.order_flags & dark_flags) != 0,
                                 .takes_part = (accepted.order_flags & kOrderFlagAllOrNone) == 0},
                       .dormant = accepted.time_in_force == TimeInForce::kAtTheClose &&
                                  phase != P::kClosingAuction});
  }

  std::vector<Row> orders_;
};

class PhaseModelTest : public ::testing::Test, protected PhaseVenue {
 protected:
  PhaseModelTest() : PhaseVenue(ModelLimits()) {
    DefineRules({.volatility_call_ns = 300, .batch_interval_ns = 500, .flags = kRulesFlagHidden});
  }

  int64_t Uniform(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random() % static_cast<uint64_t>(high - low + 1));
  }
  bool Percent(int64_t percent) { return Uniform(1, 100) <= percent; }

  Command RandomOrder() {
    OrderOptions options;
    options.self_trade_prevention = static_cast<SelfTradePrevention>(Uniform(1, 5));
    const int64_t kind = Uniform(1, 20);
    const TimeInForce tifs[] = {TimeInForce::kIoc, TimeInForce::kFok, TimeInForce::kAtTheOpen,
                                TimeInForce::kAtTheClose, TimeInForce::kDay};
    if (kind <= 5) {
      options.time_in_force = tifs[kind - 1];
    } else if (kind <= 8) {
      const uint8_t flags[] = {kOrderFlagPostOnly, kOrderFlagHidden, kOrderFlagAllOrNone};
      options.flags = flags[kind - 6];
    } else if (kind == 9) {
      options.type = OrderType::kMarket;
      options.time_in_force = TimeInForce::kIoc;
    }
    const int64_t quantity = Uniform(1, 20);
    Command command = venue.OrderCommand(Percent(50) ? venue.alice : venue.bob,
                                         Percent(50) ? Side::kBuy : Side::kSell, Uniform(90, 110),
                                         quantity, options);
    if (kind == 10 || kind == 11) {
      command.new_order.display_quantity = {Uniform(1, quantity)};
    }
    return command;
  }

  Command RandomChange() {
    const std::size_t at =
        static_cast<std::size_t>(Uniform(0, static_cast<int64_t>(mirror.count()) - 1));
    const SessionIndex session = mirror.owner(at) == Raw(kAlice) ? venue.alice : venue.bob;
    Command command = venue.FromSession(session, CommandType::kCancelOrder);
    command.cancel_order.target.order_id = OrderId{mirror.id(at)};
    if (Percent(40)) {
      command.type = CommandType::kReplaceOrder;
      command.replace_order = {
          .target = {.order_id = OrderId{mirror.id(at)}, .client_order_id = {}},
          .new_client_order_id =
              ClientOrderId{Raw(venue.core.session(session)->last_client_order_id) + 1},
          .price = {Uniform(90, 110)},
          .quantity = {Uniform(1, 25)},
          .display_quantity = {},
          .stop_price = {}};
    }
    return command;
  }

  Command RandomPhase() {
    Command command = MakeCommand(CommandType::kSetPhase);
    command.instrument = kBtcUsd;
    command.set_phase.phase =
        Percent(40) ? P::kContinuous : static_cast<TradingPhase>(Uniform(1, 8));
    command.set_phase.reference_price = {Percent(20) ? Uniform(95, 105) : 0};
    if (Percent(20)) {
      command.set_phase.until_ns = venue.time_ns + Uniform(2, 800);
      command.set_phase.next = static_cast<TradingPhase>(Uniform(1, 8));
    }
    return command;
  }

  void RandomRules() {
    const bool on = Percent(60);
    rules = {.static_band_bp = on ? static_cast<uint32_t>(Uniform(0, 1'000)) : 0,
             .dynamic_band_bp = on ? static_cast<uint32_t>(Uniform(0, 800)) : 0,
             .breaker_bp = Percent(30) ? static_cast<uint32_t>(Uniform(200, 900)) : 0,
             .breaker_window_ns = 400,
             .breaker_halt_ns = 200,
             .volatility_call_ns = 300,
             .batch_interval_ns = 500,
             .flags = kRulesFlagHidden};
    DefineRules(rules);
  }

  // A command, and the events of it followed one by one.
  void Step() {
    const int64_t dice = Uniform(1, 100);
    if (dice > 98) {
      RandomRules();
      return;
    }
    Command command = RandomOrder();
    if (dice > 92) {
      command = RandomPhase();
    } else if (dice > 86) {
      command = MakeCommand(CommandType::kTimer);
      venue.time_ns += Uniform(1, 400);
    } else if (dice > 65 && mirror.count() > 0) {
      command = RandomChange();
    }
    const PriceTicks reference_before = reference;
    if (command.type == CommandType::kSetPhase &&
        command.set_phase.reference_price != PriceTicks{}) {
      pending_reference = command.set_phase.reference_price;
    }
    last_before = last;
    venue.Send(command);
    if (venue.reject_reason() != RejectReason::kNone) {
      reference = reference_before;
    } else if (pending_reference != PriceTicks{}) {
      reference = pending_reference;
    }
    pending_reference = {};
    Follow();
  }

  void Follow() {
    for (std::size_t at = 0; at < venue.events.size(); ++at) {
      const Event& event = venue.events[at];
      const bool auction_begins =
          expected.empty() && ((event.type == EventType::kOrderFilled &&
                                event.filled.liquidity == Liquidity::kAuction) ||
                               IsAuctionCancel(event));
      if (auction_begins) {
        RunReference();
      }
      Take(event);
    }
    ASSERT_TRUE(expected.empty()) << expected.front();
    mirror.RemoveDone();
    ASSERT_EQ(venue.core.open_order_count(), mirror.count());
    CheckIndicative();
  }

  // Self-trade prevention in continuous trading cancels, too: but not in these phases.
  bool IsAuctionCancel(const Event& event) const {
    return event.type == EventType::kOrderCanceled && phase != P::kContinuous &&
           event.canceled.reason >= CancelReason::kSelfTradeNewest &&
           event.canceled.reason <= CancelReason::kSelfTradeDecrement;
  }

  void RunReference() {
    const PriceTicks at = reference == PriceTicks{} ? last : reference;
    const AuctionResult result = RunAuction(mirror.orders(), at.value, kPriceMax);
    expected.assign(result.events.rbegin(), result.events.rend());
    auction_price = result.equilibrium.price;
    ++auctions;
  }

  void Expect(const std::string& line) {
    ASSERT_FALSE(expected.empty()) << line;
    ASSERT_EQ(line, expected.back());
    expected.pop_back();
  }

  void Take(const Event& event) {
    if (IsAuctionCancel(event)) {
      Expect("cancel " + std::to_string(Raw(event.order_id)) + " " +
             std::to_string(event.canceled.canceled.value) + " left " +
             std::to_string(event.canceled.leaves.value));
    } else if (event.type == EventType::kOrderFilled &&
               event.filled.liquidity == Liquidity::kAuction) {
      if (event.side == Raw(Side::kBuy)) {
        buyer = Raw(event.order_id);
      } else {
        Expect("cross " + std::to_string(buyer) + " " + std::to_string(Raw(event.order_id)) + " " +
               std::to_string(event.filled.quantity.value) + "@" +
               std::to_string(event.filled.price.value));
      }
      reference = event.filled.price;
    } else if (event.type == EventType::kOrderFilled &&
               event.filled.liquidity == Liquidity::kTaker) {
      // A resting all-or-none order that became executable: a step of its own, with a band of its
      // own.
      if (event.client_sequence == 0 && event.order_id != executed) {
        last_before = last;
      }
      executed = event.order_id;
    } else if (event.type == EventType::kTrade) {
      last = event.trade.price;
      CheckBands(event);
    } else if (event.type == EventType::kPhaseChanged) {
      TakePhase(event.phase_changed);
    } else if (event.type == EventType::kIndicative) {
      indicative = event.indicative;
    }
    mirror.Apply(event, phase);
  }

  void TakePhase(const PhaseChangedEvent& change) {
    ASSERT_EQ(change.previous, phase);
    ASSERT_EQ(change.reference_price, reference);
    ASSERT_EQ(change.last_price, last);
    mirror.RemoveDone();
    const bool begins = phase != change.phase;
    phase = change.phase;
    if (begins) {
      indicative = {};
      ++phases[phase];
      if (phase == P::kClosingAuction) {
        mirror.EnterAtTheClose();
      }
    }
    reasons[change.reason] += 1;
  }

  void CheckBands(const Event& trade) {
    if (trade.side == 0) {
      return;
    }
    ASSERT_EQ(phase, P::kContinuous);
    const int64_t price = trade.trade.price.value;
    const int64_t fixed = reference.value * rules.static_band_bp / 10'000;
    const int64_t moving = last_before.value * rules.dynamic_band_bp / 10'000;
    const bool no_fixed = rules.static_band_bp == 0 || reference.value == 0;
    const bool no_moving = rules.dynamic_band_bp == 0 || last_before.value == 0;
    const bool apart =
        !no_fixed && !no_moving && std::abs(reference.value - last_before.value) > fixed + moving;
    ASSERT_TRUE(no_fixed || std::abs(price - reference.value) <= fixed) << price;
    ASSERT_TRUE(no_moving || apart || std::abs(price - last_before.value) <= moving) << price;
  }

  void CheckIndicative() {
    if (!IsCallPhase(phase)) {
      return;
    }
    std::vector<PriceQuantity> bids;
    std::vector<PriceQuantity> asks;
    for (const AuctionOrder& order : mirror.orders()) {
      if (order.takes_part) {
        (order.side == Side::kBuy ? bids : asks).push_back({order.price, order.leaves});
      }
    }
    const PriceTicks at = reference == PriceTicks{} ? last : reference;
    const Equilibrium now = TryEveryPrice(bids, asks, at.value, kPriceMax);
    ASSERT_EQ(indicative.price, now.price);
    ASSERT_EQ(indicative.quantity, now.quantity);
    ASSERT_EQ(indicative.surplus, now.surplus);
    ASSERT_EQ(indicative.surplus_side, now.surplus_side);
  }

  std::mt19937_64 random;
  Mirror mirror;
  RuleOptions rules;
  P phase = P::kContinuous;
  PriceTicks reference;
  PriceTicks pending_reference;
  PriceTicks last;
  PriceTicks last_before;
  OrderId executed{};
  PriceTicks auction_price;
  IndicativeEvent indicative{};
  std::vector<std::string> expected;  // Of the auction that runs, the next line last.
  uint64_t buyer = 0;
  int auctions = 0;
  std::map<P, int> phases;
  std::map<PhaseReason, int> reasons;
};

TEST_F(PhaseModelTest, AuctionsPhasesAndBandsAreThoseOfTheReference) {
  const char* const text = std::getenv("TALLY_SEED");
  const uint64_t seed = text != nullptr ? std::strtoull(text, nullptr, 10) : 20'260'501;
  random.seed(seed);
  for (int step = 0; step < 15'000; ++step) {
    SCOPED_TRACE(testing::Message() << "seed " << seed << " step " << step);
    Step();
    if (HasFatalFailure()) {
      return;
    }
  }
  EXPECT_GT(auctions, 150);
  EXPECT_EQ(phases.size(), 8u);
  EXPECT_EQ(reasons.size(), 5u);

  core::Core copy(ModelLimits());
  CollectingSink sink;
  for (const Command& command : venue.commands) {
    copy.Apply(command, sink);
  }
  EXPECT_EQ(copy.StateHash(), venue.core.StateHash());
  EXPECT_EQ(copy.next_event_sequence(), venue.core.next_event_sequence());
}

}  // namespace
}  // namespace tally
