// Hidden, pegged, sliding and dormant orders.

#include <gtest/gtest.h>

#include "tests/engine/book/book_script.h"

namespace tally {
namespace {

TEST(HiddenOrderTest, TradesByPriceAndAfterWhatIsDisplayed) {
  ExpectRows({
      {"it is in no level", R"(
         sell 1 5@100 hidden -> resting 5
         sell 2 5@101 -> resting 5
         book -> | 100:(1*5) 101:2*5)"},
      {"a better price trades first all the same", R"(
         sell 1 5@101 -> resting 5
         sell 2 5@100 hidden -> resting 5
         buy 3 7@101 -> trade 2 5@100 0/2, trade 1 2@101 3/0, filled)"},
      {"at one price it waits for the displayed ones, older or not", R"(
         sell 1 5@100 hidden -> resting 5
         sell 2 5@100 -> resting 5
         buy 3 7@100 -> trade 2 5@100 0/2, trade 1 2@100 3/0, filled)"},
      {"and for all parts of an iceberg there", R"(
         sell 1 5@100 hidden -> resting 5
         sell 2 4@100 display=2 -> resting 4
         buy 3 5@100 -> trade 2 2@100 2/3, show 2 2/2, trade 2 2@100 0/1, trade 1 1@100 4/0,
             filled)"},
      {"time decides between hidden ones", R"(
         sell 1 5@100 hidden -> resting 5
         sell 2 5@100 hidden -> resting 5
         buy 3 6@100 -> trade 1 5@100 0/1, trade 2 1@100 4/0, filled
         book -> | 100:(2*4))"},
      {"a hidden order takes like any other", R"(
         sell 1 5@100 -> resting 5
         buy 2 8@101 hidden -> trade 1 5@100 0/3, resting 3
         book -> 101:(2*3) |)"},
      {"hidden against hidden", R"(
         sell 1 5@100 hidden -> resting 5
         buy 2 8@101 hidden -> trade 1 5@100 0/3, resting 3)"},
      {"fill or kill counts it", R"(
         sell 1 5@100 hidden -> resting 5
         buy 2 6@100 fok -> reject FOK_UNFILLABLE
         buy 3 5@100 fok -> trade 1 5@100 0/0, filled)"},
      {"a market order finds it", R"(
         sell 1 5@100 hidden -> resting 5
         buy 2 3@100 market -> trade 1 3@100 2/0, filled
         buy 3 3@99 market -> reject MARKET_NO_LIQUIDITY)"},
      {"only what may rest can be hidden", R"(
         buy 1 5@100 hidden ioc -> reject UNSUPPORTED
         buy 2 5@100 hidden fok -> reject UNSUPPORTED
         buy 3 5@100 hidden market -> reject UNSUPPORTED)"},
  });
}

TEST(HiddenOrderTest, ReplaceAndSelfTradePreventionAreThoseOfAnyOrder) {
  ExpectRows({
      {"less keeps the place", R"(
         sell 1 5@100 hidden -> resting 5
         sell 2 5@100 hidden -> resting 5
         replace 1 3@100 -> kept, resting 3
         book -> | 100:(1*3),(2*5))"},
      {"more loses it", R"(
         sell 1 5@100 hidden -> resting 5
         sell 2 5@100 hidden -> resting 5
         replace 1 6@100 -> moved, resting 6
         book -> | 100:(2*5),(1*6))"},
      {"into the other side", R"(
         buy 1 5@99 -> resting 5
         sell 2 8@100 hidden -> resting 8
         replace 2 8@99 -> moved, trade 1 5@99 0/3, resting 3
         book -> | 99:(2*3))"},
      {"a plain order into a hidden one", R"(
         sell 1 5@100 hidden -> resting 5
         buy 2 8@99 -> resting 8
         replace 2 8@100 -> moved, trade 1 5@100 0/3, resting 3)"},
      {"oldest", R"(
         sell 1 5@100 hidden own=7 -> resting 5
         sell 2 5@100 hidden -> resting 5
         buy 3 8@100 own=7 stp=oldest -> cancel 1 5 oldest, trade 2 5@100 0/3, resting 3)"},
      {"decrement leaves it where it is", R"(
         sell 1 5@100 hidden own=7 -> resting 5
         sell 2 5@100 hidden -> resting 5
         buy 3 2@100 own=7 stp=decrement ->
             cancel 1 2 decrement left 3, cancel self 2 decrement, canceled
         book -> | 100:(1*3),(2*5))"},
      {"newest counts for fill or kill in the order in which they would be met", R"(
         sell 1 5@100 hidden own=7 -> resting 5
         sell 2 5@100 -> resting 5
         sell 3 5@101 -> resting 5
         buy 4 5@101 own=7 stp=newest fok -> trade 2 5@100 0/0, filled
         buy 5 1@101 own=7 stp=newest fok -> reject FOK_UNFILLABLE)"},
      {"what is passed over is not met", R"(
         sell 1 5@100 aon own=7 -> resting 5
         sell 2 3@101 -> resting 3
         buy 3 3@101 own=7 stp=newest -> trade 2 3@101 0/0, filled
         buy 4 5@101 own=7 stp=newest -> cancel self 5 newest, canceled
         book -> | 100:(1*5))"},
      {"cancel", R"(
         sell 1 5@100 hidden -> resting 5
         cancel 1 -> canceled 5
         cancel 1 -> unknown
         book -> |)"},
  });
}

// A post-only order neither takes dark orders nor tells that they are there.
TEST(PostOnlyTest, LooksAtDisplayedOrdersOnly) {
  ExpectRows({
      {"it rests across a hidden order", R"(
         sell 1 5@100 hidden -> resting 5
         buy 2 5@100 post -> resting 5
         buy 3 5@101 post -> resting 5
         book -> 101:3*5 100:2*5 | 100:(1*5))"},
      {"both trade with the next who comes", R"(
         sell 1 5@100 hidden -> resting 5
         buy 2 5@100 post -> resting 5
         sell 3 2@100 -> trade 2 2@100 3/0, filled
         buy 4 2@100 -> trade 1 2@100 3/0, filled)"},
      {"a hidden post-only order", R"(
         sell 1 5@100 -> resting 5
         buy 2 5@100 hidden post -> reject POST_ONLY_WOULD_CROSS
         buy 3 5@100 hidden slide -> slid 99, resting 5
         book -> 99:(3*5) | 100:1*5)"},
  });
}

TEST(PostOnlyTest, SlideMovesItOneTickOffTheOtherSide) {
  ExpectRows({
      {"a buy", R"(
         sell 1 5@100 -> resting 5
         sell 2 5@101 -> resting 5
         buy 3 5@101 slide -> slid 99, resting 5
         book -> 99:3*5 | 100:1*5 101:2*5)"},
      {"a sell", R"(
         buy 1 5@100 -> resting 5
         sell 2 5@90 slide -> slid 101, resting 5
         book -> 100:1*5 | 101:2*5)"},
      {"no need to", R"(
         sell 1 5@100 -> resting 5
         buy 2 5@99 slide -> resting 5
         buy 3 5@98 slide -> resting 5
         book -> 99:2*5 98:3*5 | 100:1*5)"},
      {"behind those who are there", R"(
         sell 1 5@100 -> resting 5
         buy 2 5@99 -> resting 5
         buy 3 5@105 slide -> slid 99, resting 5
         book -> 99:2*5,3*5 | 100:1*5)"},
      {"once: it does not follow the market back", R"(
         sell 1 5@100 -> resting 5
         buy 2 5@105 slide -> slid 99, resting 5
         cancel 1 -> canceled 5
         book -> 99:2*5 |)"},
      {"off the displayed price, whatever is dark before it", R"(
         sell 1 5@98 hidden -> resting 5
         sell 2 5@100 -> resting 5
         buy 3 5@100 slide -> slid 99, resting 5
         book -> 99:3*5 | 98:(1*5) 100:2*5)"},
      {"no price is left", R"(
         sell 1 5@1 -> resting 5
         buy 2 5@1 slide -> reject POST_ONLY_WOULD_CROSS
         cancel 1 -> canceled 5
         buy 3 5@281474976710656 -> resting 5
         sell 4 5@100 slide -> reject POST_ONLY_WOULD_CROSS)"},
      {"an iceberg", R"(
         sell 1 5@100 -> resting 5
         buy 2 9@100 slide display=2 -> slid 99, resting 9
         book -> 99:2*2/9 | 100:1*5)"},
      {"a replace slides again", R"(
         sell 1 5@100 -> resting 5
         buy 2 5@90 slide -> resting 5
         replace 2 5@102 -> moved, slid 99, resting 5
         replace 2 4@99 -> kept, resting 4
         book -> 99:2*4 | 100:1*5)"},
      {"before self-trade prevention", R"(
         sell 1 5@100 own=7 -> resting 5
         buy 2 5@100 own=7 stp=oldest slide -> slid 99, resting 5)"},
      {"only limit orders that may rest", R"(
         buy 1 5@100 slide ioc -> reject UNSUPPORTED
         buy 2 5@100 slide fok -> reject UNSUPPORTED
         buy 3 5@100 slide market -> reject UNSUPPORTED)"},
  });
}

TEST(PeggedOrderTest, RestsDarkAndTradesWhenItsPriceIsMoved) {
  ExpectRows({
      {"it is not in the best price", R"(
         buy 1 5@99 -> resting 5
         buy 2 5@100 peg -> resting 5
         book -> 100:(2*5) 99:1*5 |)"},
      {"a new price loses its place and meets dark orders", R"(
         sell 1 5@101 hidden -> resting 5
         buy 2 5@100 peg -> resting 5
         buy 3 5@101 -> trade 1 5@101 0/0, filled
         sell 4 3@101 hidden -> resting 3
         replace 2 5@101 -> moved, trade 4 3@101 0/2, resting 2
         book -> 101:(2*2) |)"},
      {"without a price to follow it is dormant", R"(
         buy 1 5@100 peg -> resting 5
         buy 2 5@100 peg -> resting 5
         park 1 -> dormant
         book -> 100:(2*5) |
         enter 1 -> resting 5
         book -> 100:(2*5),(1*5) |)"},
      {"combinations without meaning", R"(
         buy 1 5@100 peg ioc -> reject UNSUPPORTED
         buy 2 5@100 peg post -> reject UNSUPPORTED
         buy 3 5@100 peg min=2 -> reject UNSUPPORTED
         buy 4 5@100 peg market -> reject UNSUPPORTED
         buy 5 5@100 peg hidden -> resting 5)"},
  });
}

TEST(DormantOrderTest, IsOpenButInNoLadder) {
  ExpectRows({
      {"it neither trades nor is seen", R"(
         park sell 1 5@100 -> dormant
         book -> |
         buy 2 5@100 -> resting 5)"},
      {"it enters as a new order would", R"(
         park sell 1 5@100 -> dormant
         buy 2 3@100 -> resting 3
         enter 1 -> trade 2 3@100 0/2, resting 2
         book -> | 100:1*2
         cancel 1 -> canceled 2)"},
      {"and may fill, or end", R"(
         park sell 1 5@100 -> dormant
         park sell 2 5@100 -> dormant
         buy 3 8@100 -> resting 8
         enter 1 -> trade 3 5@100 3/0, filled
         enter 2 ioc -> trade 3 3@100 0/2, cancel self 2 ioc, canceled
         enter 2 -> unknown)"},
      {"a rejected one stays dormant", R"(
         park buy 1 5@100 post -> dormant
         sell 2 5@100 -> resting 5
         enter 1 -> reject POST_ONLY_WOULD_CROSS
         book -> | 100:2*5
         cancel 2 -> canceled 5
         enter 1 -> resting 5)"},
      {"with every attribute it was parked with", R"(
         park buy 1 9@100 display=2 -> dormant
         park buy 2 9@100 hidden -> dormant
         park buy 3 9@100 slide -> dormant
         sell 4 1@100 -> resting 1
         enter 3 -> slid 99, resting 9
         enter 2 -> trade 4 1@100 0/8, resting 8
         enter 1 -> resting 9
         book -> 100:1*2/9,(2*8) 99:3*9 |)"},
      {"new terms in place", R"(
         park buy 1 9@100 display=2 -> dormant
         replace 1 20@101 display=5 -> kept, resting 20
         enter 1 -> resting 20
         book -> 101:1*5/20 |)"},
      {"canceled, it is gone", R"(
         park buy 1 9@100 -> dormant
         cancel 1 -> canceled 9
         cancel 1 -> unknown
         enter 1 -> unknown)"},
      {"a resting one can be parked, with what is left of it", R"(
         sell 1 9@100 display=4 -> resting 9
         buy 2 5@100 -> trade 1 4@100 5/1, show 1 4/5, trade 1 1@100 4/0, filled
         park 1 -> dormant
         book -> |
         enter 1 -> resting 4
         book -> | 100:1*4/4)"},
      {"what is left may be less than it displays at a time", R"(
         sell 1 9@100 display=4 -> resting 9
         buy 2 8@100 -> trade 1 4@100 5/4, show 1 4/5, trade 1 4@100 1/0, show 1 1/1, filled
         park 1 -> dormant
         enter 1 -> resting 1)"},
      {"self-trade prevention applies when it enters", R"(
         sell 1 5@100 own=7 -> resting 5
         park buy 2 5@100 own=7 stp=newest -> dormant
         enter 2 -> cancel self 5 newest, canceled
         enter 2 -> unknown)"},
  });
}

TEST(DormantOrderTest, TakesARecordOfThePool) {
  BookScript book(2);
  constexpr char kScript[] = R"(
      park buy 1 5@100 -> dormant
      buy 2 5@100 -> resting 5
      buy 3 5@100 -> reject CAPACITY
      enter 1 -> resting 5
      cancel 2 -> canceled 5
      buy 3 5@100 -> resting 5)";
  EXPECT_EQ(book.Run(kScript), NormalizeScript(kScript));
}

}  // namespace
}  // namespace tally
