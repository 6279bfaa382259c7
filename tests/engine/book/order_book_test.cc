#include "engine/book/order_book.h"

#include <deque>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/engine/book/book_script.h"

namespace tally {
namespace {

TEST(OrderBookTest, BestPriceThenOldestTradesFirstAtTheMakersPrice) {
  ExpectRows({
      {"fifo at one price", R"(
         sell 1 5@100 -> resting 5
         sell 2 5@100 -> resting 5
         buy 3 7@100 -> trade 1 5@100 0/2, trade 2 2@100 3/0, filled
         book -> | 100:2*3)"},
      {"price before time, sells", R"(
         sell 1 5@102 -> resting 5
         sell 2 5@101 -> resting 5
         buy 3 10@102 -> trade 2 5@101 0/5, trade 1 5@102 0/0, filled)"},
      {"price before time, buys", R"(
         buy 1 5@99 -> resting 5
         buy 2 5@100 -> resting 5
         sell 3 10@99 -> trade 2 5@100 0/5, trade 1 5@99 0/0, filled)"},
      {"a buyer gets the better price of the maker", R"(
         sell 1 5@100 -> resting 5
         buy 2 5@120 -> trade 1 5@100 0/0, filled)"},
      {"a seller gets the better price of the maker", R"(
         buy 1 5@100 -> resting 5
         sell 2 5@80 -> trade 1 5@100 0/0, filled)"},
      {"a limit order stops at its own price and rests there", R"(
         sell 1 5@100 -> resting 5
         sell 2 5@101 -> resting 5
         buy 3 8@100 -> trade 1 5@100 0/3, resting 3
         book -> 100:3*3 | 101:2*5)"},
      {"a partial fill keeps the maker's place", R"(
         sell 1 10@100 -> resting 10
         sell 2 10@100 -> resting 10
         buy 3 4@100 -> trade 1 4@100 6/0, filled
         buy 4 8@100 -> trade 1 6@100 0/2, trade 2 2@100 8/0, filled)"},
      {"several aggressors at one level", R"(
         sell 1 3@100 -> resting 3
         sell 2 3@100 -> resting 3
         buy 3 3@100 -> trade 1 3@100 0/0, filled
         buy 4 3@100 -> trade 2 3@100 0/0, filled
         book -> |)"},
      {"an exact sweep over levels leaves no empty trade", R"(
         sell 1 2@100 -> resting 2
         sell 2 3@101 -> resting 3
         sell 3 4@103 -> resting 4
         buy 4 5@103 -> trade 1 2@100 0/3, trade 2 3@101 0/0, filled
         book -> | 103:3*4)"},
      {"what is left of a sweep becomes the best price", R"(
         sell 1 2@100 -> resting 2
         buy 2 1@90 -> resting 1
         buy 3 5@105 -> trade 1 2@100 0/3, resting 3
         book -> 105:3*3 90:2*1 |
         sell 4 4@90 -> trade 3 3@105 0/1, trade 2 1@90 0/0, filled
         book -> |)"},
      {"a market order trades up to its worst price and never rests", R"(
         sell 1 2@100 -> resting 2
         sell 2 2@101 -> resting 2
         buy 3 5@100 market -> trade 1 2@100 0/3, cancel self 3 ioc, canceled
         book -> | 101:2*2)"},
      {"an IOC remainder is canceled", R"(
         sell 1 2@100 -> resting 2
         buy 2 5@100 ioc -> trade 1 2@100 0/3, cancel self 3 ioc, canceled
         book -> |)"},
      {"an IOC order that meets nothing is accepted and canceled", R"(
         buy 1 5@100 ioc -> cancel self 5 ioc, canceled
         sell 2 5@101 -> resting 5
         buy 3 5@100 ioc -> cancel self 5 ioc, canceled)"},
      {"an IOC order that trades whole is filled", R"(
         sell 1 5@100 -> resting 5
         buy 2 5@100 ioc -> trade 1 5@100 0/0, filled)"},
  });
}

TEST(OrderBookTest, RejectsWithoutEffectInTheirOrder) {
  ExpectRows({
      {"post-only that would trade", R"(
         sell 1 5@100 -> resting 5
         buy 2 5@100 post -> reject POST_ONLY_WOULD_CROSS
         buy 3 5@99 post -> resting 5
         book -> 99:3*5 | 100:1*5)"},
      {"post-only on an empty side", R"(
         buy 1 5@100 post -> resting 5)"},
      {"post-only that cannot rest means nothing", R"(
         sell 1 5@100 -> resting 5
         buy 2 5@90 post ioc -> reject UNSUPPORTED
         buy 3 5@90 post fok -> reject UNSUPPORTED
         buy 4 5@90 post market -> reject UNSUPPORTED)"},
      {"post-only before self-trade prevention", R"(
         sell 1 5@100 own=7 -> resting 5
         buy 2 5@100 own=7 stp=oldest post -> reject POST_ONLY_WOULD_CROSS
         book -> | 100:1*5)"},
      {"a market order with nothing to trade with", R"(
         buy 1 5@200 market -> reject MARKET_NO_LIQUIDITY
         sell 2 5@100 -> resting 5
         buy 3 5@99 market -> reject MARKET_NO_LIQUIDITY
         sell 4 5@1 market -> reject MARKET_NO_LIQUIDITY)"},
      {"a market FOK order is a FOK order first", R"(
         buy 1 5@200 market fok -> reject FOK_UNFILLABLE)"},
  });
}

TEST(OrderBookTest, FullPoolRejectsOnlyWhatMayRest) {
  BookScript book(2);
  constexpr char kScript[] = R"(
      buy 1 5@100 -> resting 5
      buy 2 5@101 -> resting 5
      buy 3 5@102 -> reject CAPACITY
      sell 4 3@101 -> reject CAPACITY
      sell 5 3@101 ioc -> trade 2 3@101 2/0, filled
      replace 1 5@99 -> moved, resting 5
      cancel 2 -> canceled 2
      sell 6 3@105 -> resting 3)";
  EXPECT_EQ(book.Run(kScript), NormalizeScript(kScript));
}

TEST(OrderBookTest, CancelTakesExactlyOneOrder) {
  ExpectRows({
      {"the middle", R"(
         sell 1 1@100 -> resting 1
         sell 2 2@100 -> resting 2
         sell 3 3@100 -> resting 3
         cancel 2 -> canceled 2
         buy 4 9@100 ioc -> trade 1 1@100 0/8, trade 3 3@100 0/5, cancel self 5 ioc, canceled)"},
      {"the head", R"(
         sell 1 1@100 -> resting 1
         sell 2 2@100 -> resting 2
         sell 3 3@100 -> resting 3
         cancel 1 -> canceled 1
         buy 4 4@100 -> trade 2 2@100 0/2, trade 3 2@100 1/0, filled)"},
      {"the tail, and a newcomer behind", R"(
         sell 1 1@100 -> resting 1
         sell 2 2@100 -> resting 2
         cancel 2 -> canceled 2
         sell 3 3@100 -> resting 3
         book -> | 100:1*1,3*3
         buy 4 4@100 -> trade 1 1@100 0/3, trade 3 3@100 0/0, filled)"},
      {"scattered over a deep queue", R"(
         buy 1 1@100 -> resting 1
         buy 2 1@100 -> resting 1
         buy 3 1@100 -> resting 1
         buy 4 1@100 -> resting 1
         buy 5 1@100 -> resting 1
         buy 6 1@100 -> resting 1
         cancel 5 -> canceled 1
         cancel 2 -> canceled 1
         cancel 4 -> canceled 1
         book -> 100:1*1,3*1,6*1 |)"},
      {"the best level uncovers the next", R"(
         buy 1 1@100 -> resting 1
         buy 2 1@99 -> resting 1
         cancel 1 -> canceled 1
         sell 3 1@100 -> resting 1
         sell 4 1@99 -> trade 2 1@99 0/0, filled)"},
      {"a partly filled order: what is left", R"(
         sell 1 5@100 -> resting 5
         buy 2 3@100 -> trade 1 3@100 2/0, filled
         cancel 1 -> canceled 2
         book -> |)"},
      {"an emptied side has no phantom level", R"(
         sell 1 5@100 -> resting 5
         sell 2 5@101 -> resting 5
         cancel 1 -> canceled 5
         cancel 2 -> canceled 5
         buy 3 5@200 -> resting 5
         sell 4 5@201 -> resting 5
         book -> 200:3*5 | 201:4*5)"},
      {"twice, filled, or never seen", R"(
         sell 1 5@100 -> resting 5
         cancel 1 -> canceled 5
         cancel 1 -> unknown
         sell 2 5@100 -> resting 5
         buy 3 5@100 -> trade 2 5@100 0/0, filled
         cancel 2 -> unknown
         cancel 3 -> unknown
         replace 2 5@100 -> unknown
         cancel 99 -> unknown)"},
      {"an id can be used again after its order ended", R"(
         sell 1 5@100 -> resting 5
         cancel 1 -> canceled 5
         sell 1 4@101 -> resting 4
         buy 2 4@101 -> trade 1 4@101 0/0, filled
         sell 1 3@102 -> resting 3
         book -> | 102:1*3)"},
  });
}

TEST(OrderBookTest, TheWholePriceDomainWorks) {
  ExpectRows({
      {"the ends", R"(
         buy 1 5@0 -> resting 5
         sell 2 5@281474976710656 -> resting 5
         buy 3 5@281474976710655 -> resting 5
         buy 4 5@1 -> resting 5
         book -> 281474976710655:3*5 1:4*5 0:1*5 | 281474976710656:2*5
         buy 5 5@281474976710656 -> trade 2 5@281474976710656 0/0, filled
         sell 6 15@0 ->
             trade 3 5@281474976710655 0/10, trade 4 5@1 0/5, trade 1 5@0 0/0, filled
         book -> |)"},
      {"the largest ids and quantities", R"(
         buy 18446744073709551615 4503599627370496@100 own=7 -> resting 4503599627370496
         sell 9223372036854775808 4503599627370496@100 own=8 ->
             trade 18446744073709551615 4503599627370496@100 0/0, filled
         book -> |)"},
  });
}

TEST(OrderBookTest, SweepOfFiveThousandLevelsFillsEveryMakerInOrder) {
  BookScript script(6'000);
  for (int i = 0; i < 5'000; ++i) {
    const std::string id = std::to_string(i + 1);
    ASSERT_EQ(script.Execute("sell " + id + " 1@" + std::to_string(6'000 - i)), "resting 1");
  }
  const std::string answer = script.Execute("buy 9999 5000@6000 fok");
  EXPECT_EQ(answer.substr(0, 40), "trade 5000 1@1001 0/4999, trade 4999 1@1");
  EXPECT_EQ(answer.substr(answer.size() - 26), "trade 1 1@6000 0/0, filled");
  EXPECT_TRUE(script.book().empty());
  EXPECT_EQ(script.pool().used_count(), 0U);
}

TEST(OrderBookTest, BooksOfOnePoolDoNotMix) {
  OrderPool pool({.capacity = 100});
  OrderBook first(&pool);
  OrderBook second(&pool);
  BookRecorder recorder(&pool);
  const auto submit = [&](OrderBook& book, uint64_t id, Side side) {
    return book.Submit(IncomingOrder{.id = OrderId{id},
                                     .owner = OrderOwner{static_cast<uint32_t>(id)},
                                     .price = {100},
                                     .quantity = {5},
                                     .side = side},
                       recorder);
  };
  const BookResult buy = submit(first, 1, Side::kBuy);
  const BookResult sell = submit(second, 2, Side::kSell);
  EXPECT_EQ(buy.outcome, BookOutcome::kResting);
  EXPECT_EQ(sell.outcome, BookOutcome::kResting);
  EXPECT_NE(buy.handle, sell.handle);
  EXPECT_EQ(first.best_bid(), (BookLevel{{100}, {5}, 1}));
  EXPECT_EQ(first.best_ask(), BookLevel{});
  EXPECT_EQ(submit(second, 3, Side::kBuy).outcome, BookOutcome::kFilled);
  EXPECT_EQ(first.order_count(Side::kBuy), 1U);
  EXPECT_TRUE(second.empty());
  first.CheckInvariants();
  second.CheckInvariants();
}

TEST(OrderBookTest, VisitorMayCancelTheOrderItIsGiven) {
  BookScript script;
  for (int i = 1; i <= 20; ++i) {
    script.Execute("buy " + std::to_string(i) + " 1@" + std::to_string(100 + i % 5));
  }
  script.book().ForEachOrder(Side::kBuy, [&](OrderHandle handle) {
    if (Raw(script.pool().id(handle)) != 7) {
      script.book().Cancel(handle);
    }
  });
  EXPECT_EQ(script.Execute("book"), "102:7*1 | ");
  script.book().CheckInvariants();
}

TEST(OrderBookTest, LevelsAreVisitedBestFirstDownToTheDepth) {
  BookScript script;
  script.Execute("sell 1 5@101");
  script.Execute("sell 2 6@101");
  script.Execute("sell 3 7@9000");
  script.Execute("sell 4 8@100");
  std::vector<BookLevel> levels;
  script.book().ForEachLevel(Side::kSell, 2,
                             [&](const BookLevel& level) { levels.push_back(level); });
  EXPECT_EQ(levels, (std::vector<BookLevel>{{{100}, {8}, 1}, {{101}, {11}, 2}}));
  EXPECT_EQ(script.book().level_count(Side::kSell), 3U);
  EXPECT_EQ(script.book().order_count(Side::kSell), 4U);
}

TEST(OrderBookDeathTest, MisuseStopsTheProgram) {
  BookScript script;
  script.Execute("buy 1 5@100");
  const OrderHandle handle = script.pool().Find(OrderId{1});
  EXPECT_DEATH(script.Execute("buy 2 0@100"), "quantity");
  EXPECT_DEATH(script.Execute("buy 2 1@-1"), "price");
  EXPECT_DEATH(script.Execute("replace 1 0@100"), "leaves");
  EXPECT_DEATH(script.Execute("buy 1 5@100"), "id");  // Two open orders with one id.
  script.book().Cancel(handle);
  EXPECT_DEATH(script.book().Cancel(handle), "Contains");
}

}  // namespace
}  // namespace tally
