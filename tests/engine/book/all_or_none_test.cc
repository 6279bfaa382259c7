// All-or-none orders: completely, in one go, or not at all. They rest dark.

#include <gtest/gtest.h>

#include "tests/engine/book/book_script.h"

namespace tally {
namespace {

TEST(AllOrNoneTest, AnIncomingOneTradesCompletelyOrRests) {
  ExpectRows({
      {"too little on the other side", R"(
         sell 1 5@100 -> resting 5
         sell 2 5@101 -> resting 5
         buy 3 6@100 aon -> resting 6
         book -> 100:(3*6) | 100:1*5 101:2*5)"},
      {"enough at one price", R"(
         sell 1 5@100 -> resting 5
         buy 2 3@100 aon -> trade 1 3@100 2/0, filled)"},
      {"enough over several levels, each at the maker's price", R"(
         sell 1 2@100 -> resting 2
         sell 2 2@101 -> resting 2
         sell 3 4@102 -> resting 4
         buy 4 7@102 aon ->
             trade 1 2@100 0/5, trade 2 2@101 0/3, trade 3 3@102 1/0, filled)"},
      {"one lot short over several levels", R"(
         sell 1 2@100 -> resting 2
         sell 2 2@101 -> resting 2
         buy 3 5@102 aon -> resting 5
         book -> 102:(3*5) | 100:1*2 101:2*2)"},
      {"what is not displayed counts", R"(
         sell 1 9@100 display=2 -> resting 9
         sell 2 3@100 hidden -> resting 3
         buy 3 12@100 aon -> trade 1 2@100 7/10, show 1 2/7, trade 1 2@100 5/8, show 1 2/5,
             trade 1 2@100 3/6, show 1 2/3, trade 1 2@100 1/4, show 1 1/1, trade 1 1@100 0/3,
             trade 2 3@100 0/0, filled)"},
      {"a selling one", R"(
         buy 1 2@100 -> resting 2
         buy 2 2@99 -> resting 2
         sell 3 4@99 aon -> trade 1 2@100 0/2, trade 2 2@99 0/0, filled)"},
      {"own orders do not count where they must not trade", R"(
         sell 1 5@100 own=7 -> resting 5
         sell 2 5@100 -> resting 5
         buy 3 6@100 own=7 stp=oldest aon -> resting 6
         buy 4 5@100 own=7 stp=newest aon -> resting 5
         book -> 100:(3*6),(4*5) | 100:1*5,2*5)"},
  });
}

TEST(AllOrNoneTest, ARestingOneIsPassedOverByASmallerOrder) {
  ExpectRows({
      {"and keeps its place", R"(
         sell 1 5@100 aon -> resting 5
         sell 2 5@100 aon -> resting 5
         buy 3 4@100 ioc -> cancel self 4 ioc, canceled
         buy 4 5@100 -> trade 1 5@100 0/0, filled
         book -> | 100:(2*5))"},
      {"a smaller one behind it trades", R"(
         sell 1 9@100 aon -> resting 9
         sell 2 4@100 aon -> resting 4
         buy 3 4@100 -> trade 2 4@100 0/0, filled
         book -> | 100:(1*9))"},
      {"a worse price trades", R"(
         sell 1 9@100 aon -> resting 9
         sell 2 4@101 -> resting 4
         buy 3 6@101 -> trade 2 4@101 0/2, resting 2
         book -> 101:3*2 | 100:(1*9))"},
      {"displayed orders trade first at its price", R"(
         sell 1 5@100 aon -> resting 5
         sell 2 4@100 -> resting 4
         buy 3 5@100 -> trade 2 4@100 0/1, resting 1
         book -> 100:3*1 | 100:(1*5))"},
      {"a better price of it trades first", R"(
         sell 1 5@100 aon -> resting 5
         sell 2 4@101 -> resting 4
         buy 3 6@101 -> trade 1 5@100 0/1, trade 2 1@101 3/0, filled)"},
      {"several of them and a plain one", R"(
         sell 1 1@100 aon -> resting 1
         sell 2 1@100 aon -> resting 1
         sell 3 7@100 -> resting 7
         buy 4 9@100 -> trade 3 7@100 0/2, trade 1 1@100 0/1, trade 2 1@100 0/0, filled)"},
      {"two at a better price, then a plain one", R"(
         buy 1 7@99 -> resting 7
         buy 2 1@100 aon -> resting 1
         buy 3 1@100 aon -> resting 1
         sell 4 4@99 ->
             trade 2 1@100 0/3, trade 3 1@100 0/2, trade 1 2@99 5/0, filled)"},
      {"it does not stand in for displayed liquidity", R"(
         sell 1 9@100 aon -> resting 9
         buy 2 3@100 post -> resting 3
         sell 3 1@100 ioc -> trade 2 1@100 2/0, filled
         book -> 100:2*2 | 100:(1*9))"},
      {"a market order finds nothing else", R"(
         sell 1 9@100 aon -> resting 9
         buy 2 3@100 market -> reject MARKET_NO_LIQUIDITY
         buy 3 10@100 market -> trade 1 9@100 0/1, cancel self 1 ioc, canceled)"},
      {"fill or kill passes over it too", R"(
         sell 1 9@100 aon -> resting 9
         sell 2 4@101 -> resting 4
         buy 3 5@101 fok -> reject FOK_UNFILLABLE
         buy 4 4@101 fok -> trade 2 4@101 0/0, filled
         buy 5 9@101 fok -> trade 1 9@100 0/0, filled)"},
  });
}

// Both sides all-or-none. One incoming order meets any number of resting ones, in their priority;
// the venue does not look for sets of orders on both sides that would fit.
TEST(AllOrNoneTest, AgainstAllOrNone) {
  ExpectRows({
      {"one and one, equal", R"(
         buy 1 5@100 aon -> resting 5
         sell 2 5@100 aon -> trade 1 5@100 0/0, filled)"},
      {"one and one, the incoming smaller", R"(
         buy 1 5@100 aon -> resting 5
         sell 2 4@100 aon -> resting 4
         execute -> none
         book -> 100:(1*5) | 100:(2*4))"},
      {"one and one, the incoming larger", R"(
         buy 1 5@100 aon -> resting 5
         sell 2 6@100 aon -> resting 6
         execute -> none)"},
      {"two bids, one ask", R"(
         buy 1 1@100 aon -> resting 1
         buy 2 2@100 aon -> resting 2
         sell 3 3@100 aon -> trade 1 1@100 0/2, trade 2 2@100 0/0, filled)"},
      {"one bid, two asks: the second makes it executable", R"(
         buy 1 3@100 aon -> resting 3
         sell 2 1@100 aon -> resting 1
         execute -> none
         sell 3 2@100 aon -> resting 2
         execute -> 1 trade 2 1@100 0/2, trade 3 2@100 0/0, filled
         book -> |)"},
      {"one bid, two plain asks", R"(
         buy 1 3@100 aon -> resting 3
         sell 2 1@100 -> resting 1
         execute -> none
         sell 3 2@100 -> resting 2
         execute -> 1 trade 2 1@100 0/2, trade 3 2@100 0/0, filled
         book -> |)"},
      {"two and two that fit only together do not trade", R"(
         buy 1 1@100 aon -> resting 1
         buy 2 4@100 aon -> resting 4
         sell 3 3@100 aon -> resting 3
         sell 4 2@100 aon -> resting 2
         execute -> none
         book -> 100:(1*1),(2*4) | 100:(3*3),(4*2))"},
      {"greedy: an earlier order may use up what a later one needed", R"(
         sell 1 4@100 -> resting 4
         sell 2 4@100 aon -> resting 4
         buy 3 6@100 aon -> resting 6
         buy 4 8@100 aon -> trade 1 4@100 0/4, trade 2 4@100 0/0, filled)"},
  });
}

TEST(AllOrNoneTest, ExecutesAsSoonAsTheBookAllows) {
  ExpectRows({
      {"at the prices of those who came to rest", R"(
         buy 1 5@101 aon -> resting 5
         sell 2 3@100 -> resting 3
         sell 3 3@101 -> resting 3
         execute -> 1 trade 2 3@100 0/2, trade 3 2@101 1/0, filled
         execute -> none
         book -> | 101:3*1)"},
      {"best price first, then the oldest", R"(
         buy 1 2@100 aon -> resting 2
         buy 2 2@101 aon -> resting 2
         buy 3 2@101 aon -> resting 2
         sell 4 1@100 -> resting 1
         sell 5 1@100 -> resting 1
         execute -> 2 trade 4 1@100 0/1, trade 5 1@100 0/0, filled
         execute -> none)"},
      {"a smaller one behind a larger one", R"(
         buy 1 9@100 aon -> resting 9
         buy 2 2@100 aon -> resting 2
         sell 3 1@100 -> resting 1
         sell 4 1@100 -> resting 1
         execute -> 2 trade 3 1@100 0/1, trade 4 1@100 0/0, filled)"},
      {"after a replace of the other side", R"(
         buy 1 5@100 aon -> resting 5
         sell 2 4@100 -> resting 4
         execute -> none
         replace 2 4@99 -> moved, resting 4
         execute -> none
         sell 3 1@100 -> resting 1
         execute -> 1 trade 2 4@99 0/1, trade 3 1@100 0/0, filled)"},
      {"either side: what was too much for the incoming one may take it itself", R"(
         sell 1 2@100 -> resting 2
         sell 2 5@100 aon -> resting 5
         buy 3 5@100 aon -> resting 5
         execute -> 2 trade 3 5@100 0/0, filled
         execute -> none
         book -> | 100:1*2)"},
      {"not against its owner", R"(
         buy 1 5@100 aon own=7 stp=newest -> resting 5
         sell 2 3@100 own=7 -> resting 3
         sell 3 3@100 own=7 -> resting 3
         execute -> none
         sell 4 5@99 -> trade 1 5@100 0/0, filled)"},
  });
}

TEST(AllOrNoneTest, ReplaceIsAnEntryOfTheNewTerms) {
  ExpectRows({
      {"a smaller quantity keeps the place and may become executable", R"(
         buy 1 4@100 aon -> resting 4
         buy 2 4@100 aon -> resting 4
         sell 3 2@100 -> resting 2
         replace 1 2@100 -> kept, resting 2
         execute -> 1 trade 3 2@100 0/0, filled)"},
      {"a better price reaches more", R"(
         buy 1 2@100 aon -> resting 2
         sell 2 1@100 -> resting 1
         sell 3 1@101 -> resting 1
         execute -> none
         replace 1 2@101 -> moved, trade 2 1@100 0/1, trade 3 1@101 0/0, filled)"},
      {"a plain order that grows meets one", R"(
         buy 1 1@100 -> resting 1
         sell 2 2@100 aon -> resting 2
         replace 1 2@100 -> moved, trade 2 2@100 0/0, filled)"},
      {"larger and still not fillable: behind the others", R"(
         buy 1 4@100 aon -> resting 4
         buy 2 4@100 aon -> resting 4
         replace 1 5@100 -> moved, resting 5
         book -> 100:(2*4),(1*5) |)"},
      {"cancel", R"(
         buy 1 4@100 aon -> resting 4
         cancel 1 -> canceled 4
         book -> |)"},
  });
}

TEST(AllOrNoneTest, CombinationsWithoutMeaningAreRejected) {
  ExpectRows({
      {"it is fill-or-kill that never rests", R"(
         buy 1 5@100 aon ioc -> reject UNSUPPORTED
         buy 2 5@100 aon fok -> reject UNSUPPORTED
         buy 3 5@100 aon market -> reject UNSUPPORTED)"},
      {"it takes when it can, and completely", R"(
         buy 1 5@100 aon post -> reject UNSUPPORTED
         buy 2 5@100 aon slide -> reject UNSUPPORTED
         buy 3 5@100 aon min=2 -> reject UNSUPPORTED
         buy 4 5@100 aon peg -> reject UNSUPPORTED)"},
      {"hidden adds nothing to it", R"(
         buy 1 5@100 aon hidden -> resting 5
         book -> 100:(1*5) |)"},
  });
}

TEST(AllOrNoneTest, ASideHoldsALimitedNumberOfThem) {
  BookScript script(2'000);
  for (uint32_t i = 1; i <= kMaxAllOrNoneOrders; ++i) {
    ASSERT_EQ(script.Execute("buy " + std::to_string(i) + " 2@100 aon"), "resting 2");
  }
  EXPECT_EQ(script.Execute("buy 1001 2@100 aon"), "reject CAPACITY");
  EXPECT_EQ(script.Execute("sell 1002 1@101 aon"), "resting 1");
  EXPECT_EQ(script.Execute("buy 1003 2@100 hidden"), "resting 2");
  // All of them are passed over.
  EXPECT_EQ(script.Execute("sell 1004 1@100"), "trade 1003 1@100 1/0, filled");
  EXPECT_EQ(script.Execute("cancel 500"), "canceled 2");
  EXPECT_EQ(script.Execute("buy 1005 2@100 aon"), "resting 2");
}

// The bound of the search is part of the rules: it must be the same on every machine.
TEST(AllOrNoneTest, TheSearchForAnExecutableOneIsBounded) {
  BookScript script(10'000);
  ASSERT_EQ(script.Execute("buy 1 9000@2000 aon"), "resting 9000");
  ASSERT_EQ(script.Execute("buy 2 2000@2000 aon"), "resting 2000");
  constexpr uint32_t kSells = OrderBook::kExecutableSearchMax;
  for (uint32_t i = 0; i < kSells; ++i) {
    ASSERT_EQ(script.Execute("sell " + std::to_string(100 + i) + " 1@100"), "resting 1");
  }
  // The order itself and 1,023 others.
  EXPECT_EQ(script.Execute("replace 2 1023@2000").substr(0, 4), "kept");
  EXPECT_EQ(script.Execute("execute"), "none");  // All of them were looked at for order 1.
  EXPECT_EQ(script.Execute("cancel 1"), "canceled 9000");
  EXPECT_EQ(script.Execute("execute").substr(0, 13), "2 trade 100 1");
  EXPECT_EQ(script.Execute("buy 3 1024@2000 aon"), "resting 1024");
  for (uint32_t i = 1; i < kSells; ++i) {
    ASSERT_EQ(script.Execute("sell " + std::to_string(2'000 + i) + " 1@100"), "resting 1");
  }
  EXPECT_EQ(script.Execute("execute"), "none");
}

}  // namespace
}  // namespace tally
