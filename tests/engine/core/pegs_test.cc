// Pegged and all-or-none orders; docs/semantics/pegs.md.

#include <vector>

#include <gtest/gtest.h>

#include "tests/engine/core/follow_venue.h"

namespace tally {
namespace {

class PegsTest : public FollowVenue {
 protected:
  PegsTest() {
    Command rules = MakeCommand(CommandType::kDefineRules);
    rules.instrument = kBtcUsd;
    rules.define_rules.flags = kRulesFlagHidden;
    venue.Send(rules);
  }

  OrderId Peg(Side side, PegReference peg, int32_t offset, int64_t limit, int64_t quantity = 10) {
    return Send(venue.alice, side, limit, quantity, [&](NewOrderCommand& order) {
      order.type = OrderType::kPegged;
      order.peg = peg;
      order.offset = offset;
    });
  }
  // The price of the last restatement of the last command, 0 if there was none.
  int64_t Restated() const {
    int64_t price = 0;
    for (const Event& event : venue.events) {
      if (event.type == EventType::kOrderRestated) {
        EXPECT_EQ(event.restated.reason, RestateReason::kPeg);
        EXPECT_EQ(event.restated.displayed.value, 0);
        price = event.restated.price.value;
      }
    }
    return price;
  }
};

TEST_F(PegsTest, APeggedOrderFollowsAndIsNotShown) {
  venue.Order(carol, Side::kBuy, 900, 10);
  venue.Order(carol, Side::kSell, 1'000, 10);
  Peg(Side::kBuy, PegReference::kPrimary, 0, 950);
  EXPECT_EQ(venue.EventTypes(), "Accepted OrderRestated");
  EXPECT_EQ(Restated(), 900);
  EXPECT_EQ(venue.core.book_top(kBtcUsd).bid_quantity.value, 10);
  venue.Order(carol, Side::kBuy, 910, 10);
  EXPECT_EQ(Restated(), 910);
  venue.Order(carol, Side::kBuy, 970, 10);
  EXPECT_EQ(Restated(), 950);  // Its limit.
  venue.Order(carol, Side::kBuy, 971, 10);
  EXPECT_EQ(Restated(), 0);  // It is where it should be.
}

struct PegRow {
  const char* name;
  Side side;
  PegReference peg;
  int32_t offset;
  int64_t limit;
  int64_t price;  // With 900 bid and 1,001 offered.
};

TEST_F(PegsTest, Prices) {
  venue.Order(carol, Side::kBuy, 900, 10);
  venue.Order(carol, Side::kSell, 1'001, 10);
  const std::vector<PegRow> rows = {
      {"primary", Side::kBuy, PegReference::kPrimary, 0, 2'000, 900},
      {"primary sell", Side::kSell, PegReference::kPrimary, 0, 1, 1'001},
      {"primary, more aggressive", Side::kBuy, PegReference::kPrimary, 5, 2'000, 905},
      {"primary, less aggressive", Side::kSell, PegReference::kPrimary, 5, 1, 1'006},
      {"never where it would take", Side::kBuy, PegReference::kPrimary, 500, 2'000, 1'000},
      {"market stays off the other side", Side::kBuy, PegReference::kMarket, 0, 2'000, 1'000},
      {"market", Side::kSell, PegReference::kMarket, 30, 1, 930},
      {"middle, rounded down for a bid", Side::kBuy, PegReference::kMid, 0, 2'000, 950},
      {"middle, rounded up for an offer", Side::kSell, PegReference::kMid, 0, 1, 951},
      {"limit of a sell order", Side::kSell, PegReference::kMid, 0, 980, 980},
  };
  for (const PegRow& row : rows) {
    const OrderId order = Peg(row.side, row.peg, row.offset, row.limit);
    EXPECT_EQ(Restated(), row.price) << row.name;
    venue.Cancel(venue.alice, order);
  }
}

TEST_F(PegsTest, Rejects) {
  Peg(Side::kBuy, PegReference::kNone, 0, 900);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kBadPeg);
  Peg(Side::kBuy, PegReference::kPrimary, 2'000'000, 900);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kBadPeg);
}

TEST_F(PegsTest, WithoutAReferenceItWaits) {
  const OrderId order = Peg(Side::kBuy, PegReference::kPrimary, 0, 950);
  EXPECT_EQ(venue.EventTypes(), "Accepted");
  EXPECT_GT(venue.held(kAlice, kUsd), 0);
  const OrderId bid = venue.Order(carol, Side::kBuy, 900, 10);
  EXPECT_EQ(Restated(), 900);
  venue.Cancel(carol, bid);
  ASSERT_NE(venue.FindEvent(EventType::kOrderRestated), nullptr);
  EXPECT_EQ(Restated(), 0);  // Out of the book again.
  venue.Cancel(venue.alice, order);
  EXPECT_EQ(venue.held(kAlice, kUsd), 0);
}

TEST_F(PegsTest, MovedPegsTradeWithOneAnother) {
  venue.Order(carol, Side::kBuy, 900, 10);
  venue.Order(carol, Side::kSell, 1'000, 10);
  Peg(Side::kBuy, PegReference::kMid, 0, 2'000, 5);
  Send(venue.bob, Side::kSell, 100, 5, [](NewOrderCommand& order) {
    order.type = OrderType::kPegged;
    order.peg = PegReference::kMid;
  });
  EXPECT_EQ(venue.EventTypes(), "Accepted OrderRestated Filled Filled Trade");
  EXPECT_EQ(venue.FindEvent(EventType::kTrade)->trade.price.value, 950);
  EXPECT_EQ(venue.held(kAlice, kUsd), 0);
}

TEST_F(PegsTest, EachMoveLosesPriority) {
  venue.Order(carol, Side::kBuy, 900, 10);
  venue.Order(carol, Side::kSell, 1'000, 10);
  const OrderId first = Peg(Side::kBuy, PegReference::kPrimary, 0, 2'000, 5);
  const OrderId second = Peg(Side::kBuy, PegReference::kPrimary, 0, 2'000, 5);
  venue.Order(carol, Side::kBuy, 905, 10);
  EXPECT_EQ(Orders(EventType::kOrderRestated), (std::vector<uint64_t>{Raw(first), Raw(second)}));
}

TEST_F(PegsTest, AllOrNoneTradesAsSoonAsItCan) {
  const OrderId order = Send(venue.alice, Side::kBuy, 1'000, 10,
                             [](NewOrderCommand& wanted) { wanted.flags = kOrderFlagAllOrNone; });
  venue.Order(carol, Side::kSell, 1'000, 6);
  EXPECT_EQ(venue.FindEvent(EventType::kTrade), nullptr);
  venue.Order(carol, Side::kSell, 990, 4);
  EXPECT_EQ(venue.EventTypes(), "Accepted Filled Filled Trade Filled Filled Trade BookTop");
  EXPECT_FALSE(IsOpen(order));
  EXPECT_EQ(venue.held(kAlice, kUsd), 0);
}

}  // namespace
}  // namespace tally
