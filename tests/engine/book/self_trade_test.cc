// Self-trade prevention: every mode with every kind of incoming order, in the situations that go
// wrong most often.

#include <gtest/gtest.h>

#include "tests/engine/book/book_script.h"

namespace tally {
namespace {

// The owner's order first, another's behind it.
TEST(SelfTradeTest, EveryModeWithEveryKindOfIncomingOrder) {
  ExpectRows({
      {"newest, limit", R"(
         sell 1 5@100 own=7 -> resting 5
         sell 2 5@100 -> resting 5
         buy 3 8@100 own=7 stp=newest -> cancel self 8 newest, canceled
         book -> | 100:1*5,2*5)"},
      {"newest, market", R"(
         sell 1 5@100 own=7 -> resting 5
         sell 2 5@100 -> resting 5
         buy 3 8@100 own=7 stp=newest market -> cancel self 8 newest, canceled
         book -> | 100:1*5,2*5)"},
      {"newest, IOC", R"(
         sell 1 5@100 own=7 -> resting 5
         sell 2 5@100 -> resting 5
         buy 3 8@100 own=7 stp=newest ioc -> cancel self 8 newest, canceled
         book -> | 100:1*5,2*5)"},
      {"newest, FOK", R"(
         sell 1 5@100 own=7 -> resting 5
         sell 2 5@100 -> resting 5
         buy 3 5@100 own=7 stp=newest fok -> reject FOK_UNFILLABLE
         book -> | 100:1*5,2*5)"},
      {"newest, triggered stop", R"(
         sell 1 5@100 own=7 -> resting 5
         sell 2 5@100 -> resting 5
         park buy 3 8@100 own=7 stp=newest -> dormant
         enter 3 ioc -> cancel self 8 newest, canceled
         book -> | 100:1*5,2*5)"},
      {"oldest, limit", R"(
         sell 1 5@100 own=7 -> resting 5
         sell 2 5@100 -> resting 5
         buy 3 8@100 own=7 stp=oldest -> cancel 1 5 oldest, trade 2 5@100 0/3, resting 3
         book -> 100:3*3 |)"},
      {"oldest, market", R"(
         sell 1 5@100 own=7 -> resting 5
         sell 2 5@100 -> resting 5
         buy 3 8@100 own=7 stp=oldest market ->
             cancel 1 5 oldest, trade 2 5@100 0/3, cancel self 3 ioc, canceled
         book -> |)"},
      {"oldest, IOC", R"(
         sell 1 5@100 own=7 -> resting 5
         sell 2 5@100 -> resting 5
         buy 3 4@100 own=7 stp=oldest ioc -> cancel 1 5 oldest, trade 2 4@100 1/0, filled
         book -> | 100:2*1)"},
      {"oldest, FOK", R"(
         sell 1 5@100 own=7 -> resting 5
         sell 2 5@100 -> resting 5
         buy 3 5@100 own=7 stp=oldest fok -> cancel 1 5 oldest, trade 2 5@100 0/0, filled
         book -> |)"},
      {"oldest, triggered stop", R"(
         sell 1 5@100 own=7 -> resting 5
         sell 2 5@100 -> resting 5
         park buy 3 8@100 own=7 stp=oldest -> dormant
         enter 3 -> cancel 1 5 oldest, trade 2 5@100 0/3, resting 3)"},
      {"both, limit", R"(
         sell 1 5@100 own=7 -> resting 5
         sell 2 5@100 -> resting 5
         buy 3 8@100 own=7 stp=both -> cancel 1 5 both, cancel self 8 both, canceled
         book -> | 100:2*5)"},
      {"both, market", R"(
         sell 1 5@100 own=7 -> resting 5
         sell 2 5@100 -> resting 5
         buy 3 8@100 own=7 stp=both market -> cancel 1 5 both, cancel self 8 both, canceled
         book -> | 100:2*5)"},
      {"both, IOC", R"(
         sell 1 5@100 own=7 -> resting 5
         sell 2 5@100 -> resting 5
         buy 3 8@100 own=7 stp=both ioc -> cancel 1 5 both, cancel self 8 both, canceled
         book -> | 100:2*5)"},
      {"both, FOK", R"(
         sell 1 5@100 own=7 -> resting 5
         sell 2 5@100 -> resting 5
         buy 3 5@100 own=7 stp=both fok -> reject FOK_UNFILLABLE
         book -> | 100:1*5,2*5)"},
      {"both, triggered stop", R"(
         sell 1 5@100 own=7 -> resting 5
         sell 2 5@100 -> resting 5
         park buy 3 8@100 own=7 stp=both -> dormant
         enter 3 ioc -> cancel 1 5 both, cancel self 8 both, canceled
         book -> | 100:2*5)"},
      {"decrement, limit", R"(
         sell 1 5@100 own=7 -> resting 5
         sell 2 5@100 -> resting 5
         buy 3 8@100 own=7 stp=decrement ->
             cancel 1 5 decrement, cancel self 5 decrement left 3, trade 2 3@100 2/0, filled)"},
      {"decrement, market and IOC: what is left of the rest is an IOC remainder", R"(
         sell 1 5@100 own=7 -> resting 5
         sell 2 1@100 -> resting 1
         buy 3 8@100 own=7 stp=decrement market -> cancel 1 5 decrement,
             cancel self 5 decrement left 3, trade 2 1@100 0/2, cancel self 2 ioc, canceled)"},
      {"decrement, FOK", R"(
         sell 1 5@100 own=7 -> resting 5
         sell 2 9@100 -> resting 9
         buy 3 8@100 own=7 stp=decrement fok -> reject FOK_UNFILLABLE)"},
      {"decrement, triggered stop", R"(
         sell 1 5@100 own=7 -> resting 5
         park buy 3 5@100 own=7 stp=decrement -> dormant
         enter 3 -> cancel 1 5 decrement, cancel self 5 decrement, canceled
         enter 3 -> unknown)"},
  });
}

TEST(SelfTradeTest, OthersInFrontTradeFirst) {
  ExpectRows({
      {"newest: partial fill, then the end", R"(
         sell 1 3@100 -> resting 3
         sell 2 5@101 own=7 -> resting 5
         buy 3 8@101 own=7 stp=newest -> trade 1 3@100 0/5, cancel self 5 newest, canceled
         book -> | 101:2*5)"},
      {"newest, and never reached", R"(
         sell 1 3@100 -> resting 3
         sell 2 5@100 own=7 -> resting 5
         buy 3 3@100 own=7 stp=newest -> trade 1 3@100 0/0, filled
         book -> | 100:2*5)"},
      {"both after a fill", R"(
         sell 1 3@100 -> resting 3
         sell 2 5@100 own=7 -> resting 5
         buy 3 8@100 own=7 stp=both ->
             trade 1 3@100 0/5, cancel 2 5 both, cancel self 5 both, canceled
         book -> |)"},
      {"oldest, interleaved at one price", R"(
         sell 1 1@100 own=7 -> resting 1
         sell 2 1@100 -> resting 1
         sell 3 1@100 own=7 -> resting 1
         sell 4 1@100 -> resting 1
         buy 5 2@100 own=7 stp=oldest -> cancel 1 1 oldest, trade 2 1@100 0/1,
             cancel 3 1 oldest, trade 4 1@100 0/0, filled)"},
      {"decrement over several own orders", R"(
         sell 1 2@100 own=7 -> resting 2
         sell 2 1@100 -> resting 1
         sell 3 2@101 own=7 -> resting 2
         buy 4 6@101 own=7 stp=decrement -> cancel 1 2 decrement, cancel self 2 decrement left 4,
             trade 2 1@100 0/3, cancel 3 2 decrement, cancel self 2 decrement left 1, resting 1
         book -> 101:4*1 |)"},
      {"a partly filled own order counts with what is left of it", R"(
         sell 1 5@100 own=7 -> resting 5
         buy 2 3@100 -> trade 1 3@100 2/0, filled
         buy 3 4@100 own=7 stp=decrement ->
             cancel 1 2 decrement, cancel self 2 decrement left 2, resting 2)"},
      {"what is left does not rest after newest", R"(
         sell 1 3@100 -> resting 3
         sell 2 1@100 own=7 -> resting 1
         buy 3 9@100 own=7 stp=newest -> trade 1 3@100 0/6, cancel self 6 newest, canceled
         book -> | 100:2*1)"},
      {"a selling order", R"(
         buy 1 5@100 own=7 -> resting 5
         buy 2 5@99 -> resting 5
         sell 3 7@99 own=7 stp=oldest -> cancel 1 5 oldest, trade 2 5@99 0/2, resting 2
         book -> | 99:3*2)"},
  });
}

TEST(SelfTradeTest, AnIncomingOrderThatMayNotTradeDoesNotPreventAnything) {
  ExpectRows({
      {"all-or-none rests beside its owner's order", R"(
         sell 1 5@100 own=7 -> resting 5
         buy 2 5@100 own=7 stp=both aon -> resting 5
         book -> 100:(2*5) | 100:1*5)"},
      {"minimum quantity", R"(
         sell 1 5@100 own=7 -> resting 5
         buy 2 5@100 own=7 stp=both min=1 -> reject MIN_QTY_UNFILLABLE
         book -> | 100:1*5)"},
      {"post-only", R"(
         sell 1 5@100 own=7 hidden -> resting 5
         buy 2 5@100 own=7 stp=both post -> resting 5
         book -> 100:2*5 | 100:(1*5))"},
      {"another owner with the same mode", R"(
         sell 1 5@100 own=8 stp=both -> resting 5
         buy 2 5@100 own=7 stp=both -> trade 1 5@100 0/0, filled)"},
  });
}

}  // namespace
}  // namespace tally
