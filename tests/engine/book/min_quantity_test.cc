// Minimum quantity: so much at once on entry, or nothing.

#include <gtest/gtest.h>

#include "tests/engine/book/book_script.h"

namespace tally {
namespace {

TEST(MinQuantityTest, IsAConditionOfEntry) {
  ExpectRows({
      {"too little: no effect", R"(
         sell 1 3@100 -> resting 3
         buy 2 10@100 min=4 -> reject MIN_QTY_UNFILLABLE
         book -> | 100:1*3)"},
      {"enough: the rest rests as any order", R"(
         sell 1 4@100 -> resting 4
         buy 2 10@100 min=4 -> trade 1 4@100 0/6, resting 6
         sell 3 1@100 -> trade 2 1@100 5/0, filled)"},
      {"enough over several makers and levels", R"(
         sell 1 2@100 -> resting 2
         sell 2 2@101 -> resting 2
         buy 3 10@101 min=4 -> trade 1 2@100 0/8, trade 2 2@101 0/6, resting 6)"},
      {"beyond its price does not count", R"(
         sell 1 2@100 -> resting 2
         sell 2 2@102 -> resting 2
         buy 3 10@101 min=3 -> reject MIN_QTY_UNFILLABLE)"},
      {"IOC: the rest is canceled", R"(
         sell 1 4@100 -> resting 4
         buy 2 10@100 min=4 ioc -> trade 1 4@100 0/6, cancel self 6 ioc, canceled
         buy 3 10@100 min=1 ioc -> reject MIN_QTY_UNFILLABLE)"},
      {"on an empty side", R"(
         buy 1 10@100 min=1 -> reject MIN_QTY_UNFILLABLE)"},
      {"all of it, and once resting it is an ordinary order", R"(
         sell 1 4@100 -> resting 4
         buy 2 5@100 min=5 -> reject MIN_QTY_UNFILLABLE
         buy 3 4@100 min=4 -> trade 1 4@100 0/0, filled)"},
      {"dark orders and reserves count", R"(
         sell 1 4@100 display=1 -> resting 4
         sell 2 2@100 hidden -> resting 2
         sell 3 2@100 aon -> resting 2
         buy 4 9@100 min=9 -> reject MIN_QTY_UNFILLABLE
         buy 5 9@100 min=8 -> trade 1 1@100 3/8, show 1 1/3, trade 1 1@100 2/7, show 1 1/2,
             trade 1 1@100 1/6, show 1 1/1, trade 1 1@100 0/5, trade 2 2@100 0/3,
             trade 3 2@100 0/1, resting 1)"},
      {"an iceberg and a hidden order may have one", R"(
         sell 1 4@100 -> resting 4
         buy 2 9@100 min=2 display=2 -> trade 1 4@100 0/5, resting 5
         buy 3 9@100 min=2 hidden -> reject MIN_QTY_UNFILLABLE
         book -> 100:2*2/5 |)"},
      {"a replace is not an entry", R"(
         sell 1 4@100 -> resting 4
         buy 2 10@100 min=4 -> trade 1 4@100 0/6, resting 6
         replace 2 8@101 -> moved, resting 8)"},
  });
}

TEST(MinQuantityTest, WhatSelfTradePreventionTakesDoesNotCount) {
  ExpectRows({
      {"newest", R"(
         sell 1 2@100 -> resting 2
         sell 2 5@100 own=7 -> resting 5
         sell 3 5@100 -> resting 5
         buy 4 9@100 min=3 own=7 stp=newest -> reject MIN_QTY_UNFILLABLE
         buy 5 9@100 min=2 own=7 stp=newest ->
             trade 1 2@100 0/7, cancel self 7 newest, canceled)"},
      {"oldest", R"(
         sell 1 2@100 -> resting 2
         sell 2 5@100 own=7 -> resting 5
         sell 3 5@100 -> resting 5
         buy 4 9@100 min=8 own=7 stp=oldest -> reject MIN_QTY_UNFILLABLE
         buy 5 9@100 min=7 own=7 stp=oldest ->
             trade 1 2@100 0/7, cancel 2 5 oldest, trade 3 5@100 0/2, resting 2)"},
      {"decrement: what is left after it may still do", R"(
         sell 1 5@100 own=7 -> resting 5
         sell 2 9@100 -> resting 9
         buy 3 9@100 min=5 own=7 stp=decrement -> reject MIN_QTY_UNFILLABLE
         buy 4 9@100 min=4 own=7 stp=decrement ->
             cancel 1 5 decrement, cancel self 5 decrement left 4, trade 2 4@100 5/0, filled)"},
      {"decrement shrinks it below an all-or-none order", R"(
         sell 1 5@100 own=7 -> resting 5
         sell 2 9@100 aon -> resting 9
         buy 3 9@100 min=1 own=7 stp=decrement -> reject MIN_QTY_UNFILLABLE)"},
  });
}

TEST(MinQuantityTest, RejectsComeInTheirOrder) {
  ExpectRows({
      {"combinations without meaning", R"(
         buy 1 5@100 min=2 fok -> reject UNSUPPORTED
         buy 2 5@100 min=2 market -> reject UNSUPPORTED
         buy 3 5@100 min=2 post -> reject UNSUPPORTED
         buy 4 5@100 min=2 slide -> reject UNSUPPORTED)"},
      {"larger than the order, or negative", R"(
         buy 1 5@100 min=6 -> reject BAD_MIN_QTY
         buy 2 5@100 min=-1 -> reject BAD_MIN_QTY)"},
      {"the attributes before each other's values", R"(
         buy 1 5@100 min=6 display=6 -> reject BAD_DISPLAY_QTY
         buy 2 5@100 min=6 display=6 hidden -> reject UNSUPPORTED)"},
  });
}

}  // namespace
}  // namespace tally
