// Icebergs: a part is displayed, the rest follows part by part from the end of the queue.

#include <gtest/gtest.h>

#include "tests/engine/book/book_script.h"

namespace tally {
namespace {

TEST(IcebergTest, TheNextPartIsShownAtTheEndOfTheQueue) {
  ExpectRows({
      {"only the displayed part is in the level", R"(
         sell 1 20@100 display=5 -> resting 20
         sell 2 3@100 -> resting 3
         book -> | 100:1*5/20,2*3)"},
      {"a partial fill of the displayed part keeps the place", R"(
         sell 1 20@100 display=5 -> resting 20
         sell 2 3@100 -> resting 3
         buy 3 2@100 -> trade 1 2@100 18/0, filled
         book -> | 100:1*3/18,2*3)"},
      {"a refresh goes behind those who wait", R"(
         sell 1 20@100 display=5 -> resting 20
         sell 2 3@100 -> resting 3
         buy 3 5@100 -> trade 1 5@100 15/0, show 1 5/15, filled
         book -> | 100:2*3,1*5/15
         buy 4 4@100 -> trade 2 3@100 0/1, trade 1 1@100 14/0, filled)"},
      {"one incoming order meets several parts", R"(
         sell 1 12@100 display=5 -> resting 12
         sell 2 3@100 -> resting 3
         buy 3 14@100 -> trade 1 5@100 7/9, show 1 5/7, trade 2 3@100 0/6,
             trade 1 5@100 2/1, show 1 2/2, trade 1 1@100 1/0, filled
         book -> | 100:1*1/1)"},
      {"the last part is what is left", R"(
         sell 1 7@100 display=5 -> resting 7
         buy 2 5@100 -> trade 1 5@100 2/0, show 1 2/2, filled
         buy 3 5@100 ioc -> trade 1 2@100 0/3, cancel self 3 ioc, canceled
         book -> |)"},
      {"two icebergs take turns", R"(
         sell 1 4@100 display=2 -> resting 4
         sell 2 4@100 display=2 -> resting 4
         buy 3 7@100 -> trade 1 2@100 2/5, show 1 2/2, trade 2 2@100 2/3, show 2 2/2,
             trade 1 2@100 0/1, trade 2 1@100 1/0, filled)"},
      {"an order that displays all of itself is an ordinary one", R"(
         sell 1 5@100 display=5 -> resting 5
         sell 2 5@100 -> resting 5
         buy 3 6@100 -> trade 1 5@100 0/1, trade 2 1@100 4/0, filled)"},
      {"a worse price waits until the better one is used up, reserves included", R"(
         sell 1 6@100 display=2 -> resting 6
         sell 2 5@101 -> resting 5
         buy 3 8@101 -> trade 1 2@100 4/6, show 1 2/4, trade 1 2@100 2/4, show 1 2/2,
             trade 1 2@100 0/2, trade 2 2@101 3/0, filled)"},
      {"a cancel returns all of it", R"(
         sell 1 20@100 display=5 -> resting 20
         buy 2 7@100 -> trade 1 5@100 15/2, show 1 5/15, trade 1 2@100 13/0, filled
         cancel 1 -> canceled 13
         book -> |)"},
  });
}

TEST(IcebergTest, ExecutedPlusRestingIsWhatWasSubmitted) {
  ExpectRows({
      {"an aggressive one trades with all it has and shows a part of the rest", R"(
         sell 1 8@100 -> resting 8
         buy 2 20@100 display=5 -> trade 1 8@100 0/12, resting 12
         book -> 100:2*5/12 |
         cancel 2 -> canceled 12)"},
      {"less than a part is left", R"(
         sell 1 18@100 -> resting 18
         buy 2 20@100 display=5 -> trade 1 18@100 0/2, resting 2
         book -> 100:2*2/2 |)"},
      {"it may fill completely", R"(
         sell 1 20@100 -> resting 20
         buy 2 20@100 display=5 -> trade 1 20@100 0/0, filled)"},
      {"iceberg against iceberg", R"(
         sell 1 9@100 display=2 -> resting 9
         buy 2 12@100 display=5 -> trade 1 2@100 7/10, show 1 2/7, trade 1 2@100 5/8, show 1 2/5,
             trade 1 2@100 3/6, show 1 2/3, trade 1 2@100 1/4, show 1 1/1, trade 1 1@100 0/3,
             resting 3
         book -> 100:2*3/3 |)"},
      {"fill or kill counts what is not displayed", R"(
         sell 1 20@100 display=5 -> resting 20
         buy 2 21@100 fok -> reject FOK_UNFILLABLE
         buy 3 6@100 fok -> trade 1 5@100 15/1, show 1 5/15, trade 1 1@100 14/0, filled)"},
      {"a post-only one, which would trade and which does not", R"(
         sell 1 5@100 -> resting 5
         buy 2 20@100 display=5 post -> reject POST_ONLY_WOULD_CROSS
         buy 3 20@99 display=5 post -> resting 20
         book -> 99:3*5/20 | 100:1*5)"},
  });
}

TEST(IcebergTest, DisplayQuantityMustMakeSense) {
  ExpectRows({
      {"at most the quantity", R"(
         buy 1 5@100 display=6 -> reject BAD_DISPLAY_QTY
         buy 2 5@100 display=-1 -> reject BAD_DISPLAY_QTY)"},
      {"a hundred parts at most", R"(
         buy 1 501@100 display=5 -> reject BAD_DISPLAY_QTY
         buy 2 500@100 display=5 -> resting 500
         replace 2 501@100 -> reject BAD_DISPLAY_QTY
         replace 2 500@100 display=4 -> reject BAD_DISPLAY_QTY
         book -> 100:2*5/500 |)"},
      {"the largest quantities", R"(
         buy 1 4503599627370496@100 display=1 -> reject BAD_DISPLAY_QTY
         buy 2 4503599627370496@100 display=4503599627370495 -> resting 4503599627370496
         sell 3 4503599627370496@100 ->
             trade 2 4503599627370495@100 1/1, show 2 1/1, trade 2 1@100 0/0, filled)"},
      {"only of what may rest", R"(
         buy 1 5@100 display=2 ioc -> reject UNSUPPORTED
         buy 2 5@100 display=2 fok -> reject UNSUPPORTED
         buy 3 5@100 display=2 market -> reject UNSUPPORTED)"},
      {"not of what is dark anyway", R"(
         buy 1 5@100 display=2 hidden -> reject UNSUPPORTED
         buy 2 5@100 display=2 aon -> reject UNSUPPORTED
         buy 3 5@100 display=2 peg -> reject UNSUPPORTED)"},
  });
}

TEST(IcebergTest, ReplaceKeepsPriorityIfNothingGrows) {
  ExpectRows({
      {"less: the part that is not displayed shrinks first", R"(
         sell 1 20@100 display=5 -> resting 20
         sell 2 5@100 -> resting 5
         replace 1 7@100 -> kept, resting 7
         book -> | 100:1*5/7,2*5
         replace 1 3@100 -> kept, resting 3
         book -> | 100:1*3/3,2*5)"},
      {"more loses it and shows a full part", R"(
         sell 1 20@100 display=5 -> resting 20
         sell 2 5@100 -> resting 5
         buy 3 2@100 -> trade 1 2@100 18/0, filled
         replace 1 19@100 -> moved, resting 19
         book -> | 100:2*5,1*5/19)"},
      {"displaying less keeps it", R"(
         sell 1 20@100 display=5 -> resting 20
         sell 2 5@100 -> resting 5
         replace 1 20@100 display=3 -> kept, resting 20
         book -> | 100:1*3/20,2*5)"},
      {"displaying more loses it", R"(
         sell 1 20@100 display=5 -> resting 20
         sell 2 5@100 -> resting 5
         replace 1 20@100 display=6 -> moved, resting 20
         book -> | 100:2*5,1*6/20)"},
      {"a part that has begun to trade is not filled up", R"(
         sell 1 20@100 display=5 -> resting 20
         buy 2 4@100 -> trade 1 4@100 16/0, filled
         replace 1 10@100 -> kept, resting 10
         book -> | 100:1*1/10)"},
      {"another price, with what it displays", R"(
         sell 1 20@100 display=5 -> resting 20
         replace 1 20@101 -> moved, resting 20
         book -> | 101:1*5/20)"},
      {"into the other side", R"(
         buy 1 8@99 -> resting 8
         sell 2 20@100 display=5 -> resting 20
         replace 2 20@99 display=4 -> moved, trade 1 8@99 0/12, resting 12
         book -> | 99:2*4/12)"},
      {"a plain order does not become one", R"(
         sell 1 20@100 -> resting 20
         replace 1 20@100 display=5 -> reject BAD_DISPLAY_QTY
         book -> | 100:1*20)"},
  });
}

TEST(IcebergTest, SelfTradePreventionSeesTheWholeOrder) {
  ExpectRows({
      {"oldest cancels all of it", R"(
         sell 1 20@100 display=5 own=7 -> resting 20
         buy 2 8@100 own=7 stp=oldest -> cancel 1 20 oldest, resting 8)"},
      {"decrement takes from what is not displayed first, and the place stays", R"(
         sell 1 20@100 display=5 own=7 -> resting 20
         sell 2 5@100 -> resting 5
         buy 3 8@100 own=7 stp=decrement ->
             cancel 1 8 decrement left 12, cancel self 8 decrement, canceled
         book -> | 100:1*5/12,2*5
         buy 4 9@100 own=7 stp=decrement ->
             cancel 1 9 decrement left 3, cancel self 9 decrement, canceled
         book -> | 100:1*3/3,2*5)"},
      {"newest meets the own order before the refreshed part of another's", R"(
         sell 1 20@100 display=5 -> resting 20
         sell 2 5@100 own=7 -> resting 5
         buy 3 6@100 own=7 stp=newest fok -> reject FOK_UNFILLABLE
         buy 4 6@100 own=7 stp=newest ->
             trade 1 5@100 15/1, show 1 5/15, cancel self 1 newest, canceled
         book -> | 100:2*5,1*5/15)"},
      {"oldest steps over it and counts the reserve behind it", R"(
         sell 1 20@100 display=5 -> resting 20
         sell 2 5@100 own=7 -> resting 5
         buy 3 21@100 own=7 stp=oldest fok -> reject FOK_UNFILLABLE
         buy 4 6@100 own=7 stp=oldest fok ->
             trade 1 5@100 15/1, show 1 5/15, cancel 2 5 oldest, trade 1 1@100 14/0, filled)"},
      {"an own refreshed part, in the same command", R"(
         sell 1 6@100 display=2 own=7 -> resting 6
         buy 2 3@100 -> trade 1 2@100 4/1, show 1 2/4, trade 1 1@100 3/0, filled
         buy 3 3@100 own=7 stp=both -> cancel 1 3 both, cancel self 3 both, canceled
         book -> |)"},
  });
}

}  // namespace
}  // namespace tally
