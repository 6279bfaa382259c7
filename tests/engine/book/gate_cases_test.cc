// The hard invariants of the public conformance gate (flash1-dev/matching-engine-benchmark), each
// under the name it has there; the last one, deep_recursive_sweep_5000, is in order_book_test.cc.

#include <gtest/gtest.h>

#include "tests/engine/book/book_script.h"

namespace tally {
namespace {

TEST(GateCasesTest, CancelsLoseNoOrderBehindThem) {
  ExpectRows({
      {"cancel_middle_then_sweep", R"(
         sell 1 5@100 -> resting 5
         sell 2 5@100 -> resting 5
         sell 3 5@100 -> resting 5
         cancel 2 -> canceled 5
         buy 4 10@100 -> trade 1 5@100 0/5, trade 3 5@100 0/0, filled)"},
      {"cancel_head_then_sweep", R"(
         sell 1 5@100 -> resting 5
         sell 2 5@100 -> resting 5
         cancel 1 -> canceled 5
         buy 3 5@100 -> trade 2 5@100 0/0, filled)"},
      {"deep_fifo_scattered_cancel", R"(
         sell 1 1@100 -> resting 1
         sell 2 1@100 -> resting 1
         sell 3 1@100 -> resting 1
         sell 4 1@100 -> resting 1
         sell 5 1@100 -> resting 1
         sell 6 1@100 -> resting 1
         cancel 1 -> canceled 1
         cancel 4 -> canceled 1
         cancel 6 -> canceled 1
         buy 7 4@100 -> trade 2 1@100 0/3, trade 3 1@100 0/2, trade 5 1@100 0/1, resting 1)"},
      {"two_level_cancel_sell_priority", R"(
         sell 1 5@100 -> resting 5
         sell 2 5@101 -> resting 5
         sell 3 5@100 -> resting 5
         cancel 1 -> canceled 5
         buy 4 10@101 -> trade 3 5@100 0/5, trade 2 5@101 0/0, filled)"},
      {"cancel_best_level_minimal_reprobe", R"(
         buy 1 5@100 -> resting 5
         buy 2 5@99 -> resting 5
         cancel 1 -> canceled 5
         book -> 99:2*5 |
         sell 3 5@99 -> trade 2 5@99 0/0, filled)"},
      {"cancel_best_ask_minimal_reprobe", R"(
         sell 1 5@100 -> resting 5
         sell 2 5@101 -> resting 5
         cancel 1 -> canceled 5
         book -> | 101:2*5
         buy 3 5@100 -> resting 5)"},
      {"cancel_empties_entire_side_then_refill", R"(
         sell 1 5@100 -> resting 5
         sell 2 5@101 -> resting 5
         cancel 1 -> canceled 5
         cancel 2 -> canceled 5
         buy 3 5@105 -> resting 5
         sell 4 5@106 -> resting 5
         book -> 105:3*5 | 106:4*5)"},
  });
}

TEST(GateCasesTest, SweepsStopWhereTheyShould) {
  ExpectRows({
      {"multi_level_ioc_sweep", R"(
         sell 1 5@100 -> resting 5
         sell 2 5@101 -> resting 5
         sell 3 5@103 -> resting 5
         buy 4 20@102 ioc -> trade 1 5@100 0/15, trade 2 5@101 0/10, cancel self 10 ioc, canceled
         book -> | 103:3*5)"},
      {"exact_multilevel_boundary", R"(
         sell 1 5@100 -> resting 5
         sell 2 5@101 -> resting 5
         sell 3 5@102 -> resting 5
         buy 4 10@102 -> trade 1 5@100 0/5, trade 2 5@101 0/0, filled
         book -> | 102:3*5)"},
      {"limit_order_stops_at_own_price", R"(
         sell 1 5@100 -> resting 5
         sell 2 5@101 -> resting 5
         buy 3 8@100 -> trade 1 5@100 0/3, resting 3
         book -> 100:3*3 | 101:2*5)"},
      {"ioc_partial_fill_must_not_rest", R"(
         sell 1 3@100 -> resting 3
         buy 2 5@100 ioc -> trade 1 3@100 0/2, cancel self 2 ioc, canceled
         book -> |
         sell 3 2@100 -> resting 2)"},
      {"sweep_residual_becomes_bbo", R"(
         sell 1 5@100 -> resting 5
         buy 2 9@101 -> trade 1 5@100 0/4, resting 4
         book -> 101:2*4 |)"},
      {"post_sweep_book_health", R"(
         sell 1 5@100 -> resting 5
         sell 2 5@102 -> resting 5
         buy 3 5@99 -> resting 5
         buy 4 5@100 -> trade 1 5@100 0/0, filled
         book -> 99:3*5 | 102:2*5
         buy 5 1@102 -> trade 2 1@102 4/0, filled
         sell 6 1@99 -> trade 3 1@99 4/0, filled
         book -> 99:3*4 | 102:2*4)"},
      {"phantom_trade_exact_exhaust", R"(
         sell 1 5@100 -> resting 5
         buy 2 5@100 -> trade 1 5@100 0/0, filled
         buy 3 5@100 -> resting 5
         book -> 100:3*5 |)"},
      {"taker_price_both_directions", R"(
         sell 1 5@100 -> resting 5
         buy 2 5@110 -> trade 1 5@100 0/0, filled
         buy 3 5@100 -> resting 5
         sell 4 5@90 -> trade 3 5@100 0/0, filled)"},
  });
}

TEST(GateCasesTest, PriorityIsPriceThenTime) {
  ExpectRows({
      {"fifo_priority", R"(
         sell 1 5@100 -> resting 5
         sell 2 5@100 -> resting 5
         buy 3 5@100 -> trade 1 5@100 0/0, filled)"},
      {"fifo_same_price_multi_aggressor", R"(
         sell 1 5@100 -> resting 5
         sell 2 5@100 -> resting 5
         buy 3 3@100 -> trade 1 3@100 2/0, filled
         buy 4 3@100 -> trade 1 2@100 0/1, trade 2 1@100 4/0, filled
         buy 5 4@100 -> trade 2 4@100 0/0, filled)"},
      {"same_level_full_double_consume", R"(
         sell 1 5@100 -> resting 5
         sell 2 5@100 -> resting 5
         buy 3 10@100 -> trade 1 5@100 0/5, trade 2 5@100 0/0, filled
         book -> |)"},
      {"price_priority_both_sides_reverse_arrival", R"(
         sell 1 5@102 -> resting 5
         sell 2 5@101 -> resting 5
         buy 3 5@98 -> resting 5
         buy 4 5@99 -> resting 5
         buy 5 10@102 -> trade 2 5@101 0/5, trade 1 5@102 0/0, filled
         sell 6 10@98 -> trade 4 5@99 0/5, trade 3 5@98 0/0, filled)"},
  });
}

TEST(GateCasesTest, ModifiedOrdersMatchAndTheirSiblingsSurvive) {
  ExpectRows({
      {"modify_into_cross", R"(
         sell 1 5@100 -> resting 5
         buy 2 5@99 -> resting 5
         replace 2 5@100 -> moved, trade 1 5@100 0/0, filled
         book -> |)"},
      {"modify_into_cross_price_improvement", R"(
         sell 1 5@100 -> resting 5
         buy 2 5@99 -> resting 5
         replace 2 5@105 -> moved, trade 1 5@100 0/0, filled
         buy 3 5@100 -> resting 5
         sell 4 5@101 -> resting 5
         replace 4 5@95 -> moved, trade 3 5@100 0/0, filled)"},
      {"modify_shared_level_sibling_survives", R"(
         buy 1 5@100 -> resting 5
         buy 2 5@100 -> resting 5
         buy 3 5@100 -> resting 5
         replace 2 5@99 -> moved, resting 5
         sell 4 15@99 -> trade 1 5@100 0/10, trade 3 5@100 0/5, trade 2 5@99 0/0, filled)"},
      {"modify_partially_filled_residual", R"(
         sell 1 10@100 -> resting 10
         buy 2 4@100 -> trade 1 4@100 6/0, filled
         replace 1 3@101 -> moved, resting 3
         buy 3 5@101 -> trade 1 3@101 0/2, resting 2)"},
      {"partial_fill_then_cancel", R"(
         sell 1 10@100 -> resting 10
         buy 2 4@100 -> trade 1 4@100 6/0, filled
         cancel 1 -> canceled 6
         buy 3 5@100 -> resting 5)"},
      {"partial_fill_exact_residual_drain", R"(
         sell 1 10@100 -> resting 10
         buy 2 4@100 -> trade 1 4@100 6/0, filled
         buy 3 6@100 -> trade 1 6@100 0/0, filled
         book -> |)"},
  });
}

TEST(GateCasesTest, WhatIsNotOpenIsUnknownAndItsIdIsFree) {
  ExpectRows({
      {"full_fill_then_stale_cancel", R"(
         sell 1 5@100 -> resting 5
         buy 2 5@100 -> trade 1 5@100 0/0, filled
         cancel 1 -> unknown
         cancel 2 -> unknown)"},
      {"stale_modify_after_full_fill", R"(
         sell 1 5@100 -> resting 5
         buy 2 5@100 -> trade 1 5@100 0/0, filled
         replace 1 5@101 -> unknown
         book -> |)"},
      {"stale_ops_after_cancel", R"(
         sell 1 5@100 -> resting 5
         cancel 1 -> canceled 5
         cancel 1 -> unknown
         replace 1 5@100 -> unknown
         buy 2 5@100 -> resting 5)"},
      {"cancel_never_issued_id", R"(
         cancel 99 -> unknown
         sell 1 5@100 -> resting 5
         cancel 2 -> unknown
         book -> | 100:1*5)"},
      {"reuse_id_after_cancel", R"(
         sell 1 5@100 -> resting 5
         cancel 1 -> canceled 5
         buy 1 7@99 -> resting 7
         sell 2 7@99 -> trade 1 7@99 0/0, filled)"},
      {"reuse_id_after_full_fill", R"(
         sell 1 5@100 -> resting 5
         buy 2 5@100 -> trade 1 5@100 0/0, filled
         sell 1 3@101 -> resting 3
         cancel 1 -> canceled 3)"},
      {"wide_in_domain_price_ceiling", R"(
         sell 1 5@281474976710656 -> resting 5
         buy 2 5@1 -> resting 5
         buy 3 5@281474976710656 -> trade 1 5@281474976710656 0/0, filled
         sell 4 5@1 -> trade 2 5@1 0/0, filled)"},
      {"large_order_id_ceiling", R"(
         sell 18446744073709551614 5@100 -> resting 5
         buy 1 2@100 -> trade 18446744073709551614 2@100 3/0, filled
         cancel 18446744073709551614 -> canceled 3)"},
  });
}

}  // namespace
}  // namespace tally
