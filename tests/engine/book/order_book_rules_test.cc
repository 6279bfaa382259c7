// Fill or kill, self-trade prevention and replace: the rules with most ways to get them wrong.

#include <gtest/gtest.h>

#include "tests/engine/book/book_script.h"

namespace tally {
namespace {

TEST(OrderBookTest, FillOrKillCountsTheWholeReachableQuantity) {
  ExpectRows({
      {"over several makers and levels", R"(
         sell 1 2@100 -> resting 2
         sell 2 2@100 -> resting 2
         sell 3 2@101 -> resting 2
         buy 4 6@101 fok -> trade 1 2@100 0/4, trade 2 2@100 0/2, trade 3 2@101 0/0, filled)"},
      {"one lot short in total", R"(
         sell 1 2@100 -> resting 2
         sell 2 3@101 -> resting 3
         buy 3 6@101 fok -> reject FOK_UNFILLABLE
         book -> | 100:1*2 101:2*3)"},
      {"quantity beyond its price does not count", R"(
         sell 1 2@100 -> resting 2
         sell 2 9@102 -> resting 9
         buy 3 3@101 fok -> reject FOK_UNFILLABLE)"},
      {"a partial fill of the last maker is enough", R"(
         sell 1 9@100 -> resting 9
         buy 2 3@100 fok -> trade 1 3@100 6/0, filled)"},
      {"a selling one", R"(
         buy 1 2@100 -> resting 2
         buy 2 2@99 -> resting 2
         sell 3 4@100 fok -> reject FOK_UNFILLABLE
         sell 4 4@99 fok -> trade 1 2@100 0/2, trade 2 2@99 0/0, filled)"},
      {"own orders count if nothing prevents the self-trade", R"(
         sell 1 5@100 own=7 -> resting 5
         buy 2 5@100 own=7 fok -> trade 1 5@100 0/0, filled)"},
      {"oldest: own orders do not count, those behind them do", R"(
         sell 1 5@100 own=7 -> resting 5
         sell 2 5@100 -> resting 5
         buy 3 6@100 own=7 stp=oldest fok -> reject FOK_UNFILLABLE
         buy 4 5@100 own=7 stp=oldest fok -> cancel 1 5 oldest, trade 2 5@100 0/0, filled)"},
      {"newest, both and decrement: nothing behind the first own order counts", R"(
         sell 1 2@100 -> resting 2
         sell 2 5@100 own=7 -> resting 5
         sell 3 5@100 -> resting 5
         buy 4 3@100 own=7 stp=newest fok -> reject FOK_UNFILLABLE
         buy 5 3@100 own=7 stp=both fok -> reject FOK_UNFILLABLE
         buy 6 3@100 own=7 stp=decrement fok -> reject FOK_UNFILLABLE
         buy 7 2@100 own=7 stp=newest fok -> trade 1 2@100 0/0, filled)"},
  });
}

TEST(OrderBookTest, TheIncomingOrderDecidesHowASelfTradeIsPrevented) {
  ExpectRows({
      {"none trades with itself", R"(
         sell 1 5@100 own=7 stp=newest -> resting 5
         buy 2 5@100 own=7 -> trade 1 5@100 0/0, filled)"},
      {"newest: the incoming order goes, whatever its type", R"(
         sell 1 5@100 own=7 -> resting 5
         buy 2 5@100 own=7 stp=newest -> cancel self 5 newest, canceled
         buy 3 5@100 own=7 stp=newest ioc -> cancel self 5 newest, canceled
         buy 4 5@100 own=7 stp=newest market -> cancel self 5 newest, canceled
         book -> | 100:1*5)"},
      {"newest after trades with others", R"(
         sell 1 5@100 -> resting 5
         sell 2 5@100 own=7 -> resting 5
         sell 3 5@100 -> resting 5
         buy 4 20@100 own=7 stp=newest -> trade 1 5@100 0/15, cancel self 15 newest, canceled
         book -> | 100:2*5,3*5)"},
      {"oldest: resting orders go until the rest trades or rests", R"(
         sell 1 5@100 own=7 -> resting 5
         sell 2 5@100 -> resting 5
         sell 3 5@101 own=7 -> resting 5
         buy 4 8@101 own=7 stp=oldest ->
             cancel 1 5 oldest, trade 2 5@100 0/3, cancel 3 5 oldest, resting 3
         book -> 101:4*3 |)"},
      {"oldest with an IOC order does not leave it resting", R"(
         sell 1 5@100 own=7 -> resting 5
         buy 2 8@100 own=7 stp=oldest ioc -> cancel 1 5 oldest, cancel self 8 ioc, canceled
         book -> |)"},
      {"both", R"(
         sell 1 5@100 own=7 -> resting 5
         sell 2 5@100 -> resting 5
         buy 3 8@100 own=7 stp=both -> cancel 1 5 both, cancel self 8 both, canceled
         book -> | 100:2*5)"},
      {"decrement: the incoming order is smaller", R"(
         sell 1 5@100 own=7 -> resting 5
         sell 2 5@100 -> resting 5
         buy 3 3@100 own=7 stp=decrement ->
             cancel 1 3 decrement left 2, cancel self 3 decrement, canceled
         book -> | 100:1*2,2*5)"},
      {"decrement: the incoming order is larger and goes on", R"(
         sell 1 5@100 own=7 -> resting 5
         sell 2 1@100 -> resting 1
         buy 3 8@100 own=7 stp=decrement ->
             cancel 1 5 decrement, cancel self 5 decrement left 3, trade 2 1@100 0/2, resting 2
         book -> 100:3*2 |)"},
      {"decrement: equal quantities end both", R"(
         sell 1 5@100 own=7 -> resting 5
         buy 2 5@100 own=7 stp=decrement ->
             cancel 1 5 decrement, cancel self 5 decrement, canceled
         book -> |)"},
      {"others in between are untouched by the mode", R"(
         sell 1 1@100 own=8 stp=both -> resting 1
         sell 2 1@100 own=7 stp=both -> resting 1
         sell 3 1@100 own=8 -> resting 1
         buy 4 2@100 own=7 stp=oldest ->
             trade 1 1@100 0/1, cancel 2 1 oldest, trade 3 1@100 0/0, filled)"},
      {"no self-trade where prices do not meet", R"(
         sell 1 5@101 own=7 -> resting 5
         buy 2 5@100 own=7 stp=both -> resting 5)"},
  });
}

TEST(OrderBookTest, ReplaceKeepsPriorityOnlyForLessAtTheSamePrice) {
  ExpectRows({
      {"less keeps", R"(
         sell 1 5@100 -> resting 5
         sell 2 5@100 -> resting 5
         replace 1 3@100 -> kept, resting 3
         book -> | 100:1*3,2*5)"},
      {"the same keeps", R"(
         sell 1 5@100 -> resting 5
         sell 2 5@100 -> resting 5
         replace 1 5@100 -> kept, resting 5
         book -> | 100:1*5,2*5)"},
      {"more loses", R"(
         sell 1 5@100 -> resting 5
         sell 2 5@100 -> resting 5
         replace 1 6@100 -> moved, resting 6
         book -> | 100:2*5,1*6)"},
      {"another price loses, and back again too", R"(
         sell 1 5@100 -> resting 5
         sell 2 5@100 -> resting 5
         replace 1 5@101 -> moved, resting 5
         replace 1 5@100 -> moved, resting 5
         book -> | 100:2*5,1*5)"},
      {"a sibling at the shared level survives", R"(
         buy 1 5@100 -> resting 5
         buy 2 5@100 -> resting 5
         replace 1 5@99 -> moved, resting 5
         sell 3 10@99 -> trade 2 5@100 0/5, trade 1 5@99 0/0, filled)"},
      {"into the other side matches at the maker's price", R"(
         sell 1 5@100 -> resting 5
         buy 2 5@90 -> resting 5
         replace 2 5@110 -> moved, trade 1 5@100 0/0, filled
         book -> |
         cancel 2 -> unknown)"},
      {"a selling one, too", R"(
         buy 1 5@100 -> resting 5
         sell 2 5@110 -> resting 5
         replace 2 5@90 -> moved, trade 1 5@100 0/0, filled)"},
      {"what does not match rests under the same id", R"(
         sell 1 2@100 -> resting 2
         buy 2 5@90 -> resting 5
         replace 2 5@100 -> moved, trade 1 2@100 0/3, resting 3
         cancel 2 -> canceled 3)"},
      {"a partly filled order", R"(
         sell 1 5@100 -> resting 5
         sell 2 5@100 -> resting 5
         buy 3 2@100 -> trade 1 2@100 3/0, filled
         replace 1 2@100 -> kept, resting 2
         replace 1 3@100 -> moved, resting 3
         book -> | 100:2*5,1*3)"},
      {"post-only stays with the order", R"(
         sell 1 5@100 -> resting 5
         buy 2 5@90 post -> resting 5
         replace 2 5@100 -> reject POST_ONLY_WOULD_CROSS
         book -> 90:2*5 | 100:1*5
         replace 2 5@99 -> moved, resting 5)"},
      {"self-trade prevention stays with the order: newest", R"(
         sell 1 5@100 own=7 -> resting 5
         buy 2 5@90 own=7 stp=newest -> resting 5
         replace 2 5@100 -> moved, cancel self 5 newest, canceled
         book -> | 100:1*5)"},
      {"self-trade prevention stays with the order: oldest", R"(
         sell 1 5@100 own=7 -> resting 5
         buy 2 5@90 own=7 stp=oldest -> resting 5
         replace 2 5@100 -> moved, cancel 1 5 oldest, resting 5
         book -> 100:2*5 |)"},
      {"self-trade prevention stays with the order: decrement", R"(
         sell 1 3@100 own=7 -> resting 3
         buy 2 5@90 own=7 stp=decrement -> resting 5
         replace 2 5@100 ->
             moved, cancel 1 3 decrement, cancel self 3 decrement left 2, resting 2
         book -> 100:2*2 |)"},
  });
}

}  // namespace
}  // namespace tally
