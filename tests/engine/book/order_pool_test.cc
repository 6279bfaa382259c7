#include "engine/book/order_pool.h"

#include <deque>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "bench/workloads/order_flow.h"
#include "engine/book/order_book.h"

namespace tally {
namespace {

struct SilentListener {
  void OnAccepted(const IncomingOrder&) {}
  void OnReplaced(const Replacement&) {}
  void OnFill(const Fill&) {}
  void OnMakerCanceled(const Cancellation&) {}
  void OnTakerCanceled(const Cancellation&) {}
};

class OrderPoolTest : public ::testing::Test {
 protected:
  static BookResult Submit(OrderBook& book, OrderId id, Side side, int64_t quantity,
                           int64_t price) {
    SilentListener listener;
    return book.Submit(
        {.id = id, .owner = {}, .price = {price}, .quantity = {quantity}, .side = side}, listener);
  }
};

TEST_F(OrderPoolTest, AnIdThatCarriesItsSlotFindsTheOrder) {
  OrderPool pool({.capacity = 3, .index_order_ids = false, .ids_carry_slots = true});
  OrderBook book(&pool);
  std::vector<OrderId> ids;
  for (int i = 0; i < 3; ++i) {
    ids.push_back(pool.MakeId());
    const BookResult result = Submit(book, ids.back(), Side::kBuy, 1, 100 + i);
    EXPECT_EQ(pool.Find(ids.back()), result.handle);
  }
  EXPECT_LT(Raw(ids[0]), Raw(ids[1]));
  EXPECT_LT(Raw(ids[1]), Raw(ids[2]));
  book.Cancel(pool.Find(ids[1]));
  EXPECT_EQ(pool.Find(ids[1]), kNoOrder);
  const OrderId reused = pool.MakeId();
  EXPECT_EQ(Submit(book, reused, Side::kBuy, 1, 100).outcome, BookOutcome::kResting);
  EXPECT_EQ(pool.Find(ids[1]), kNoOrder);  // The slot is the same, the order is not.
  EXPECT_NE(pool.Find(reused), kNoOrder);
  EXPECT_EQ(pool.Find(OrderId{}), kNoOrder);
  EXPECT_EQ(pool.Find(OrderId{~uint64_t{0}}), kNoOrder);
}

TEST_F(OrderPoolTest, GuessesAreRightIfThereIsAnOrder) {
  for (const bool ids_carry_slots : {false, true}) {
    OrderPool pool({.capacity = 5,
                    .index_order_ids = !ids_carry_slots,
                    .ids_carry_slots = ids_carry_slots,
                    .windows = 2});
    OrderBook book(&pool);
    std::vector<OrderId> ids;
    for (uint64_t i = 0; i < 4; ++i) {
      ids.push_back(ids_carry_slots ? pool.MakeId() : OrderId{i + 1});
      const int64_t price = (i < 2 ? 100 : 200) + static_cast<int64_t>(i);
      Submit(book, ids.back(), i < 2 ? Side::kBuy : Side::kSell, 1, price);
      EXPECT_EQ(pool.Guess(ids.back()), pool.Find(ids.back()));
    }
    EXPECT_EQ(book.GuessFirst(Side::kBuy), pool.Find(ids[1]));
    EXPECT_EQ(book.GuessFirst(Side::kSell), pool.Find(ids[2]));
    EXPECT_EQ(book.GuessSide({201}), Side::kBuy);
    EXPECT_EQ(book.GuessSide({202}), Side::kSell);
  }
}

TEST_F(OrderPoolTest, GuessesAreRowsOfThePoolWhateverIsThere) {
  constexpr uint32_t kCapacity = 5;
  for (const bool ids_carry_slots : {false, true}) {
    OrderPool pool({.capacity = kCapacity,
                    .index_order_ids = !ids_carry_slots,
                    .ids_carry_slots = ids_carry_slots});
    OrderBook book(&pool);
    const auto expect_rows = [&] {
      for (const Side side : {Side::kBuy, Side::kSell, Side{}}) {
        EXPECT_LT(Raw(book.GuessFirst(side)), kCapacity);
        for (const int64_t price : {INT64_MIN, int64_t{-1}, int64_t{0}, INT64_MAX}) {
          book.PrefetchPlace(side, {price});
          book.PrefetchLevel(side, {price});
          book.PrefetchLast(side, {price});
        }
      }
      for (const uint64_t id : {0, 1, 2, 5, 6, 7, 1'000}) {
        EXPECT_LT(Raw(pool.Guess(OrderId{id})), kCapacity);
      }
      for (uint32_t row = 0; row < kCapacity; ++row) {
        pool.PrefetchNeighbours(OrderHandle{row});
      }
    };
    expect_rows();
    // A level that a dark order leaves has no order, and it is the first of the pool.
    SilentListener listener;
    const BookResult dark = book.Submit({.id = ids_carry_slots ? pool.MakeId() : OrderId{1},
                                         .owner = {},
                                         .price = {100},
                                         .quantity = {1},
                                         .side = Side::kBuy,
                                         .hidden = true},
                                        listener);
    ASSERT_EQ(dark.outcome, BookOutcome::kResting);
    expect_rows();
    book.Cancel(dark.handle);
    expect_rows();
  }
}

TEST_F(OrderPoolTest, AnIdStaysGoodWhenItsOrderTradesBeforeItRests) {
  OrderPool pool({.capacity = 8, .index_order_ids = false, .ids_carry_slots = true});
  OrderBook book(&pool);
  for (int i = 0; i < 5; ++i) {
    Submit(book, pool.MakeId(), Side::kSell, 1, 100 + i);
  }
  const OrderId id = pool.MakeId();
  const BookResult result = Submit(book, id, Side::kBuy, 10, 103);  // Frees four slots first.
  EXPECT_EQ(result.outcome, BookOutcome::kResting);
  EXPECT_EQ(pool.Find(id), result.handle);
  book.CheckInvariants();
}

TEST_F(OrderPoolTest, AFullPoolTakesWhatIsFreed) {
  OrderPool pool({.capacity = 2, .index_order_ids = false, .ids_carry_slots = true});
  OrderBook book(&pool);
  const OrderId first = pool.MakeId();
  Submit(book, first, Side::kBuy, 1, 10);
  Submit(book, pool.MakeId(), Side::kBuy, 1, 11);
  EXPECT_TRUE(pool.full());
  EXPECT_EQ(Submit(book, pool.MakeId(), Side::kBuy, 1, 12).reject_reason, RejectReason::kCapacity);
  book.Cancel(pool.Find(first));
  EXPECT_FALSE(pool.full());
  EXPECT_EQ(Submit(book, pool.MakeId(), Side::kBuy, 1, 12).outcome, BookOutcome::kResting);
  EXPECT_EQ(pool.used_count(), 2U);
}

// What the limits of memory per order and per level mean: 64 bytes each.
TEST_F(OrderPoolTest, ABookSpreadOverAMillionTicksCostsWhatRestsInIt) {
  constexpr uint32_t kOrders = 10'000;
  OrderPool pool({.capacity = kOrders, .index_order_ids = false, .ids_carry_slots = true});
  OrderBook book(&pool);
  std::mt19937_64 random(1);
  for (uint32_t i = 0; i < kOrders; ++i) {
    Submit(book, pool.MakeId(), Side::kBuy, 1, static_cast<int64_t>(random() % 1'000'000));
  }
  const uint64_t levels = book.level_count(Side::kBuy);
  EXPECT_GT(levels, kOrders * 9 / 10);
  EXPECT_LE(pool.touched_bytes(), 64 * (kOrders + levels));
}

TEST_F(OrderPoolTest, ADenseBookCostsLittleMoreThanItsOrders) {
  constexpr uint32_t kOrders = 10'000;
  OrderPool pool({.capacity = kOrders,
                  .index_order_ids = false,
                  .ids_carry_slots = true,
                  .windows = 2,
                  .prefault = true});
  OrderBook book(&pool);
  for (uint32_t i = 0; i < kOrders; ++i) {
    Submit(book, pool.MakeId(), Side::kBuy, 1, 100'000 + i % 500);
  }
  EXPECT_LE(pool.touched_bytes(), 64 * kOrders);
}

// Pools as a core has them, filled as in bench/book.
TEST_F(OrderPoolTest, ALevelCostsAtMost64BytesWindowsIncluded) {
  for (const uint32_t instruments : {1U, 10U}) {
    const OrderFlow flow = MakeOrderFlow({.instruments = instruments,
                                          .resting_orders = instruments == 1 ? 10'000U : 19'500U,
                                          .commands = 0});
    OrderPool pool({.capacity = flow.open_orders_max, .windows = 2 * instruments});
    std::deque<OrderBook> books;
    for (uint32_t i = 0; i < instruments; ++i) {
      books.emplace_back(&pool);
    }
    SilentListener listener;
    for (const FlowCommand& command : flow.warm_up) {
      books[command.instrument].Submit(command.order, listener);
    }
    uint64_t levels = 0;
    for (const OrderBook& book : books) {
      levels += book.level_count(Side::kBuy) + book.level_count(Side::kSell);
    }
    EXPECT_LE(pool.level_bytes(), 64 * levels) << instruments;
  }
}

}  // namespace
}  // namespace tally
