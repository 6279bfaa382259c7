// Call auctions and collars of OrderBook: rules as examples, and random calls against the
// reference.

#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/engine/book/reference_auction.h"

namespace tally {
namespace {

using Lines = std::vector<std::string>;
constexpr auto kDecrement = SelfTradePrevention::kDecrementAndCancel;

class AuctionTest : public ::testing::Test {
 protected:
  struct Recorder {
    OrderPool* pool;
    Lines lines{};

    void OnAccepted(const IncomingOrder&) {}
    void OnReplaced(const Replacement&) {}
    void OnFill(const Fill& fill) {
      lines.push_back("fill " + Id(fill.maker) + " " + std::to_string(fill.quantity.value) + "@" +
                      std::to_string(fill.price.value));
    }
    void OnMakerCanceled(const Cancellation& cancellation) {
      lines.push_back("cancel " + Id(cancellation.order) + " " +
                      std::to_string(cancellation.canceled.value) + " left " +
                      std::to_string(cancellation.leaves.value));
    }
    void OnTakerCanceled(const Cancellation& cancellation) {
      lines.push_back("cancel self " + std::to_string(cancellation.canceled.value) + " " +
                      (cancellation.reason == CancelReason::kPriceBand ? "band" : "other"));
    }
    void OnCross(const Cross& cross) {
      lines.push_back("cross " + Id(cross.buy) + " " + Id(cross.sell) + " " +
                      std::to_string(cross.quantity.value) + "@" +
                      std::to_string(cross.price.value));
      EXPECT_EQ(pool->leaves(cross.buy), cross.buy_leaves);
      EXPECT_EQ(pool->leaves(cross.sell), cross.sell_leaves);
    }
    std::string Id(OrderHandle handle) const { return std::to_string(Raw(pool->id(handle))); }
  };

  BookResult Submit(IncomingOrder order) {
    order.id = OrderId{++last_id};
    if (order.owner == OrderOwner{}) {
      order.owner = OrderOwner{1'000 + static_cast<uint32_t>(last_id)};
    }
    const BookResult result = book.Submit(order, recorder);
    book.CheckInvariants();
    return result;
  }
  BookResult Buy(int64_t quantity, int64_t price, uint32_t owner = 0,
                 SelfTradePrevention mode = SelfTradePrevention::kNone) {
    return Submit({.id = {},
                   .owner = OrderOwner{owner},
                   .price = {price},
                   .quantity = {quantity},
                   .side = Side::kBuy,
                   .self_trade_prevention = mode});
  }
  BookResult Sell(int64_t quantity, int64_t price, uint32_t owner = 0,
                  SelfTradePrevention mode = SelfTradePrevention::kNone) {
    return Submit({.id = {},
                   .owner = OrderOwner{owner},
                   .price = {price},
                   .quantity = {quantity},
                   .side = Side::kSell,
                   .self_trade_prevention = mode});
  }
  Lines Uncross(int64_t reference = 0) {
    recorder.lines.clear();
    book.Uncross(PriceTicks{reference}, recorder);
    book.CheckInvariants();
    book.EndCall();
    book.CheckInvariants();
    return recorder.lines;
  }
  // Of both sides in priority order: id*leaves.
  std::string Orders() const {
    std::string text;
    for (const Side side : {Side::kBuy, Side::kSell}) {
      book.ForEachOrder(side, [&](OrderHandle handle) {
        text += std::to_string(Raw(pool.id(handle))) + "*" +
                std::to_string(pool.leaves(handle).value) + " ";
      });
      text += side == Side::kBuy ? "| " : "";
    }
    return text;
  }

  OrderPool pool{{.capacity = 1'000}};
  OrderBook book{&pool};
  Recorder recorder{&pool};
  uint64_t last_id = 0;
};

TEST_F(AuctionTest, NothingTradesWhileACallRuns) {
  book.BeginCall();
  Sell(10, 100);
  EXPECT_EQ(Buy(10, 105).outcome, BookOutcome::kResting);
  EXPECT_EQ(book.best_bid().price.value, 105);
  EXPECT_EQ(book.best_ask().price.value, 100);
  EXPECT_TRUE(recorder.lines.empty());
  EXPECT_EQ(book.FindEquilibrium({102}).price.value, 102);
}

TEST_F(AuctionTest, OrdersThatMustTradeAtOnceFindNothing) {
  book.BeginCall();
  Sell(10, 100);
  IncomingOrder order = {
      .id = {}, .owner = {}, .price = {105}, .quantity = {5}, .side = Side::kBuy};
  order.time_in_force = TimeInForce::kFok;
  EXPECT_EQ(Submit(order).reject_reason, RejectReason::kFokUnfillable);
  order.time_in_force = TimeInForce::kIoc;
  EXPECT_EQ(Submit(order).outcome, BookOutcome::kCanceled);
  order.type = OrderType::kMarket;
  EXPECT_EQ(Submit(order).reject_reason, RejectReason::kMarketNoLiquidity);
  order.type = OrderType::kLimit;
  order.time_in_force = TimeInForce::kGtc;
  order.min_quantity = {1};
  EXPECT_EQ(Submit(order).reject_reason, RejectReason::kMinQuantityUnfillable);
}

TEST_F(AuctionTest, PostOnlyOrdersRestAcrossTheOtherSide) {
  book.BeginCall();
  Sell(10, 100);
  EXPECT_EQ(Submit({.id = {},
                    .owner = {},
                    .price = {105},
                    .quantity = {5},
                    .side = Side::kBuy,
                    .post_only = true})
                .outcome,
            BookOutcome::kResting);
  EXPECT_EQ(Uncross(), (Lines{"cross 2 1 5@100"}));
}

TEST_F(AuctionTest, EveryTradeIsAtOnePriceInPriceTimePriority) {
  book.BeginCall();
  Buy(5, 101);
  Buy(5, 103);
  Buy(5, 103);
  Sell(4, 99);
  Sell(8, 98);
  EXPECT_EQ(Uncross(),
            (Lines{"cross 2 5 5@101", "cross 3 5 3@101", "cross 3 4 2@101", "cross 1 4 2@101"}));
  EXPECT_EQ(Orders(), "1*3 | ");
}

TEST_F(AuctionTest, ReplacedAndCanceledOrdersTakePartAsTheyAre) {
  book.BeginCall();
  const OrderHandle first = Buy(5, 103).handle;
  const OrderHandle second = Buy(5, 103).handle;
  Buy(5, 103);
  Sell(5, 100);
  book.Replace(first, {103}, {6}, recorder);  // Loses its place, and does not trade.
  book.Cancel(second);
  EXPECT_EQ(Uncross(), (Lines{"cross 3 4 5@103"}));
  EXPECT_EQ(Orders(), "1*6 | ");
}

TEST_F(AuctionTest, IcebergsTakePartWithAllTheyHave) {
  book.BeginCall();
  Submit({.id = {},
          .owner = {},
          .price = {103},
          .quantity = {30},
          .side = Side::kBuy,
          .display_quantity = {10}});
  Buy(10, 103);
  Sell(25, 100);
  EXPECT_EQ(book.FindEquilibrium({}), (Equilibrium{{103}, {25}, {15}, Raw(Side::kBuy)}));
  EXPECT_EQ(Uncross(), (Lines{"cross 1 3 25@103"}));
  EXPECT_EQ(Orders(), "1*5 2*10 | ");
  EXPECT_EQ(book.best_bid().quantity.value, 15);
}

TEST_F(AuctionTest, HiddenOrdersComeAfterDisplayedOnesAtTheirPrice) {
  book.BeginCall();
  Submit({.id = {},
          .owner = {},
          .price = {103},
          .quantity = {10},
          .side = Side::kBuy,
          .hidden = true});
  Buy(10, 103);
  Buy(10, 102);
  Sell(25, 100);
  EXPECT_EQ(Uncross(), (Lines{"cross 2 4 10@102", "cross 1 4 10@102", "cross 3 4 5@102"}));
}

TEST_F(AuctionTest, AllOrNoneAndPeggedOrdersDoNotTakePart) {
  book.BeginCall();
  Submit({.id = {},
          .owner = {},
          .price = {110},
          .quantity = {5},
          .side = Side::kBuy,
          .all_or_none = true});
  Submit(
      {.id = {}, .owner = {}, .price = {109}, .quantity = {5}, .side = Side::kBuy, .pegged = true});
  Buy(5, 103);
  Sell(5, 103);
  EXPECT_EQ(Uncross(110), (Lines{"cross 3 4 5@103"}));
  EXPECT_EQ(Orders(), "1*5 2*5 | ");
}

TEST_F(AuctionTest, TheYoungerOrderDecidesHowASelfTradeIsPrevented) {
  struct Case {
    SelfTradePrevention older;
    SelfTradePrevention younger;
    Lines lines;
  };
  using S = SelfTradePrevention;
  const Case cases[] = {
      {S::kCancelBoth, S::kNone, {"cross 1 2 6@100"}},
      {S::kNone, S::kCancelNewest, {"cancel 2 6 left 0", "cross 1 3 5@100"}},
      {S::kNone, S::kCancelOldest, {"cancel 1 10 left 0"}},
      {S::kNone, S::kCancelBoth, {"cancel 1 10 left 0", "cancel 2 6 left 0"}},
      {S::kNone,
       S::kDecrementAndCancel,
       {"cancel 1 6 left 4", "cancel 2 6 left 0", "cross 1 3 4@100"}},
  };
  for (const Case& row : cases) {
    SCOPED_TRACE(row.lines[0]);
    OrderPool own_pool({.capacity = 100});
    OrderBook own_book(&own_pool);
    Recorder own_recorder{&own_pool};
    own_book.BeginCall();
    own_book.Submit({.id = OrderId{1},
                     .owner = OrderOwner{7},
                     .price = {100},
                     .quantity = {10},
                     .side = Side::kBuy,
                     .self_trade_prevention = row.older},
                    own_recorder);
    own_book.Submit({.id = OrderId{2},
                     .owner = OrderOwner{7},
                     .price = {99},
                     .quantity = {6},
                     .side = Side::kSell,
                     .self_trade_prevention = row.younger},
                    own_recorder);
    if (row.younger != S::kNone) {
      own_book.Submit({.id = OrderId{3},
                       .owner = OrderOwner{8},
                       .price = {100},
                       .quantity = {5},
                       .side = Side::kSell},
                      own_recorder);
    }
    own_book.Uncross({}, own_recorder);
    own_book.EndCall();
    EXPECT_EQ(own_recorder.lines, row.lines);
  }
}

TEST_F(AuctionTest, WhatAPreventedSelfTradeLeavesStillTradesAtTheOnePrice) {
  book.BeginCall();
  Buy(100, 110, 7);
  Buy(50, 109);
  Sell(100, 108, 7, SelfTradePrevention::kCancelOldest);
  EXPECT_EQ(Uncross(), (Lines{"cancel 1 100 left 0", "cross 2 3 50@108"}));
}

TEST_F(AuctionTest, OnlyWhatWouldTradeWithItselfIsCanceled) {
  book.BeginCall();
  Buy(10, 110);
  Buy(10, 109, 7);
  Sell(15, 100, 7, kDecrement);
  // The seller trades 10 with the first buyer and meets its own order with the other 5.
  EXPECT_EQ(Uncross(), (Lines{"cancel 2 5 left 5", "cancel 3 5 left 10", "cross 1 3 10@110"}));
}

TEST_F(AuctionTest, ACollarStopsAnOrderAtItsPrices) {
  Sell(5, 100);
  Sell(5, 105);
  Sell(5, 106);
  book.SetCollar({95}, {105});
  EXPECT_EQ(Buy(20, 110).outcome, BookOutcome::kResting);
  EXPECT_EQ(recorder.lines, (Lines{"fill 1 5@100", "fill 2 5@105"}));
  EXPECT_TRUE(book.collar_reached());
  EXPECT_EQ(Orders(), "4*10 | 3*5 ");
  book.BeginCall();
  EXPECT_EQ(Uncross(), (Lines{"cross 4 3 5@110"}));
  EXPECT_FALSE(book.collar_reached());
}

TEST_F(AuctionTest, ACollarCancelsWhatMayNotRest) {
  Buy(5, 100);
  Buy(5, 94);
  book.SetCollar({95}, {105});
  IncomingOrder order = {
      .id = {}, .owner = {}, .price = {90}, .quantity = {20}, .side = Side::kSell};
  order.time_in_force = TimeInForce::kFok;
  order.quantity = {6};
  EXPECT_EQ(Submit(order).reject_reason, RejectReason::kFokUnfillable);
  EXPECT_FALSE(book.collar_reached());
  order.type = OrderType::kMarket;
  order.time_in_force = TimeInForce::kIoc;
  EXPECT_EQ(Submit(order).outcome, BookOutcome::kCanceled);
  EXPECT_EQ(recorder.lines, (Lines{"fill 1 5@100", "cancel self 1 band"}));
  EXPECT_TRUE(book.collar_reached());
  recorder.lines.clear();
  EXPECT_EQ(Submit(order).outcome, BookOutcome::kCanceled);  // Nothing inside: not a reject.
  EXPECT_EQ(recorder.lines, (Lines{"cancel self 6 band"}));
}

TEST_F(AuctionTest, ACollarStopsTradesThatWouldBeTooGood) {
  Sell(5, 90);
  book.SetCollar({95}, {105});
  EXPECT_EQ(Buy(5, 100).outcome, BookOutcome::kResting);
  EXPECT_TRUE(book.collar_reached());
}

TEST_F(AuctionTest, ACollarThatIsNotReachedChangesNothing) {
  Sell(5, 100);
  Sell(5, 104);
  book.SetCollar({95}, {105});
  EXPECT_EQ(Buy(7, 104).outcome, BookOutcome::kFilled);
  EXPECT_EQ(Buy(9, 104).outcome, BookOutcome::kResting);
  EXPECT_EQ(Buy(9, 200).outcome, BookOutcome::kResting);  // Nothing to trade with.
  EXPECT_FALSE(book.collar_reached());
  IncomingOrder post = {.id = {}, .owner = {}, .price = {90}, .quantity = {1}, .side = Side::kSell};
  post.post_only = true;
  EXPECT_EQ(Submit(post).reject_reason, RejectReason::kPostOnlyWouldCross);
  book.ClearCollar();
}

class RandomAuction : public AuctionTest {
 protected:
  int64_t Uniform(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random() % static_cast<uint64_t>(high - low + 1));
  }

  void Enter() {
    AuctionOrder order = {.id = last_id + 1,
                          .owner = static_cast<uint32_t>(Uniform(1, owners)),
                          .side = Uniform(0, 1) == 0 ? Side::kBuy : Side::kSell,
                          .price = Uniform(1, spread),
                          .leaves = Uniform(1, quantity_max),
                          .self_trade_prevention = static_cast<SelfTradePrevention>(Uniform(1, 5))};
    IncomingOrder incoming = {.id = {},
                              .owner = OrderOwner{order.owner},
                              .price = {order.price},
                              .quantity = {order.leaves},
                              .side = order.side,
                              .self_trade_prevention = order.self_trade_prevention};
    const int64_t kind = specials ? Uniform(1, 10) : 10;
    incoming.post_only = kind == 9;
    incoming.hidden = kind == 1;
    incoming.all_or_none = kind == 2;
    incoming.pegged = kind == 3;
    if (kind == 4 || kind == 5) {
      incoming.display_quantity = {Uniform(1, order.leaves)};
    }
    order.dark = kind <= 3;
    order.takes_part = kind != 2 && kind != 3;
    const BookResult result = Submit(incoming);
    ASSERT_EQ(result.outcome, BookOutcome::kResting);
    expected.push_back(order);
    handles.push_back(result.handle);
  }

  void ChangeOne() {
    if (expected.empty()) {
      return;
    }
    const std::size_t at =
        static_cast<std::size_t>(Uniform(0, static_cast<int64_t>(expected.size()) - 1));
    AuctionOrder order = expected[at];
    const OrderHandle handle = handles[at];
    if (Uniform(0, 1) == 0) {
      book.Cancel(handle);
      expected.erase(expected.begin() + static_cast<std::ptrdiff_t>(at));
      handles.erase(handles.begin() + static_cast<std::ptrdiff_t>(at));
      return;
    }
    if (order.dark || pool.View(handle).display_quantity.value != 0) {
      return;
    }
    order.price = Uniform(1, spread);  // With one lot more: always to the end of the line.
    order.leaves += 1;
    book.Replace(handle, {order.price}, {order.leaves}, recorder);
    expected.erase(expected.begin() + static_cast<std::ptrdiff_t>(at));
    handles.erase(handles.begin() + static_cast<std::ptrdiff_t>(at));
    expected.push_back(order);
    handles.push_back(handle);
  }

  void Check(int64_t reference) {
    const AuctionResult result = RunAuction(expected, reference, spread);
    recorder.lines.clear();
    const Equilibrium equilibrium = book.Uncross({reference}, recorder);
    book.CheckInvariants();
    ASSERT_EQ(equilibrium, result.equilibrium);
    ASSERT_EQ(recorder.lines, result.events);
    ASSERT_EQ(book.FindEquilibrium({reference}), Equilibrium{});
    std::vector<std::pair<uint64_t, int64_t>> left;
    for (const AuctionOrder& order : result.orders) {
      left.emplace_back(order.id, order.leaves);
    }
    std::vector<std::pair<uint64_t, int64_t>> found;
    for (const Side side : {Side::kBuy, Side::kSell}) {
      book.ForEachOrder(side, [&](OrderHandle handle) {
        found.emplace_back(Raw(pool.id(handle)), pool.leaves(handle).value);
      });
    }
    std::sort(left.begin(), left.end());
    std::sort(found.begin(), found.end());
    ASSERT_EQ(found, left);
    traded += equilibrium.quantity.value > 0 ? 1 : 0;
    for (const Side side : {Side::kBuy, Side::kSell}) {
      book.ForEachOrder(side, [&](OrderHandle handle) { book.Cancel(handle); });
    }
    expected.clear();
    handles.clear();
    book.EndCall();
  }

  std::mt19937_64 random;
  int64_t owners = 1;
  int64_t spread = 1;
  int64_t quantity_max = 1;
  bool specials = false;
  std::vector<AuctionOrder> expected;
  std::vector<OrderHandle> handles;
  int traded = 0;
};

TEST_F(RandomAuction, CallsEndAsThoseOfTheReference) {
  const char* const text = std::getenv("TALLY_SEED");
  const uint64_t seed = text != nullptr ? std::strtoull(text, nullptr, 10) : 20'260'401;
  random.seed(seed);
  for (int round = 0; round < 5'000; ++round) {
    SCOPED_TRACE(testing::Message() << "seed " << seed << " round " << round);
    owners = Uniform(1, 8);
    spread = Uniform(1, 30);
    quantity_max = Uniform(1, 12);
    specials = Uniform(0, 1) == 0;
    book.BeginCall();
    for (int64_t i = Uniform(0, 24); i > 0; --i) {
      ASSERT_NO_FATAL_FAILURE(Enter());
      if (Uniform(1, 5) == 1) {
        ChangeOne();
      }
    }
    ASSERT_NO_FATAL_FAILURE(Check(Uniform(0, spread + 1)));
  }
  EXPECT_GT(traded, 2'500);
}

}  // namespace
}  // namespace tally
