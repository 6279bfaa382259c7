#include "engine/book/trigger_book.h"

#include <map>
#include <random>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "engine/limits.h"
#include "tests/support/allocation_guard.h"

namespace tally {
namespace {

constexpr TriggerSource kLast = TriggerSource::kLastTrade;
constexpr TriggerSource kBest = TriggerSource::kBestPrice;

class TriggerBookTest : public ::testing::Test {
 protected:
  void Add(uint32_t order, Side side, int64_t price, TriggerSource source = kLast) {
    book.Add(OrderHandle{order}, {.side = side, .source = source, .price = {price}});
  }
  OrderHandle Due(Side side, int64_t price, TriggerSource source = kLast) const {
    return book.FindDue(side, source, StopKind::kFixed, {price});
  }

  TriggerPool pool{100};
  TriggerBook book{&pool};
};

TEST_F(TriggerBookTest, BuyStopIsDueAtItsPriceAndAbove) {
  Add(1, Side::kBuy, 105);
  EXPECT_EQ(Due(Side::kBuy, 104), kNoOrder);
  EXPECT_EQ(Due(Side::kBuy, 105), OrderHandle{1});
  EXPECT_EQ(Due(Side::kBuy, 200), OrderHandle{1});
  EXPECT_EQ(Due(Side::kSell, 105), kNoOrder);
}

TEST_F(TriggerBookTest, SellStopIsDueAtItsPriceAndBelow) {
  Add(1, Side::kSell, 95);
  EXPECT_EQ(Due(Side::kSell, 96), kNoOrder);
  EXPECT_EQ(Due(Side::kSell, 95), OrderHandle{1});
  EXPECT_EQ(Due(Side::kSell, 1), OrderHandle{1});
}

TEST_F(TriggerBookTest, ThePriceThatIsReachedFirstComesFirstAndThenTheOldest) {
  Add(1, Side::kBuy, 107);
  Add(2, Side::kBuy, 105);
  Add(3, Side::kBuy, 105);
  Add(4, Side::kSell, 90);
  Add(5, Side::kSell, 95);
  std::vector<OrderHandle> order;
  book.ForEachStop(Side::kBuy, kLast, StopKind::kFixed,
                   [&](OrderHandle handle) { order.push_back(handle); });
  book.ForEachStop(Side::kSell, kLast, StopKind::kFixed,
                   [&](OrderHandle handle) { order.push_back(handle); });
  EXPECT_EQ(order, (std::vector<OrderHandle>{OrderHandle{2}, OrderHandle{3}, OrderHandle{1},
                                             OrderHandle{5}, OrderHandle{4}}));
  book.Remove(OrderHandle{2});
  EXPECT_EQ(Due(Side::kBuy, 110), OrderHandle{3});
}

TEST_F(TriggerBookTest, SourcesAreApart) {
  Add(1, Side::kBuy, 105, kBest);
  EXPECT_EQ(Due(Side::kBuy, 105), kNoOrder);
  EXPECT_EQ(Due(Side::kBuy, 105, kBest), OrderHandle{1});
  EXPECT_EQ(book.StopOf(OrderHandle{1}).source, kBest);
}

TEST_F(TriggerBookTest, TheHighestPriceThereIsCanBeAStop) {
  Add(1, Side::kBuy, kMaxPriceTicks);
  Add(2, Side::kSell, kMaxPriceTicks);
  EXPECT_EQ(Due(Side::kBuy, kMaxPriceTicks), OrderHandle{1});
  EXPECT_EQ(Due(Side::kSell, kMaxPriceTicks), OrderHandle{2});
  EXPECT_EQ(book.StopOf(OrderHandle{2}).price.value, kMaxPriceTicks);
}

TEST_F(TriggerBookTest, ATrailingOrderMovesWhenItsMarkIsPassed) {
  book.AddTrailing(OrderHandle{1}, {.side = Side::kSell, .source = kLast, .price = {95}}, {100});
  EXPECT_EQ(book.FindTrailing(Side::kSell, kLast, {100}), kNoOrder);
  EXPECT_EQ(book.FindTrailing(Side::kSell, kLast, {101}), OrderHandle{1});
  EXPECT_EQ(book.FindTrailing(Side::kBuy, kLast, {99}), kNoOrder);
  book.Remark(OrderHandle{1}, {101});
  book.Restop(OrderHandle{1}, {96});
  EXPECT_EQ(book.FindTrailing(Side::kSell, kLast, {101}), kNoOrder);
  EXPECT_EQ(Due(Side::kSell, 96), kNoOrder);
  EXPECT_EQ(book.FindDue(Side::kSell, kLast, StopKind::kTrailing, {96}), OrderHandle{1});
  EXPECT_EQ(book.MarkOf(OrderHandle{1}).value, 101);
  EXPECT_TRUE(book.IsTrailing(OrderHandle{1}));
  book.Remove(OrderHandle{1});
  EXPECT_TRUE(book.empty());
  EXPECT_EQ(book.trailing_count(), 0U);
}

TEST_F(TriggerBookTest, TheSamePriceAgainKeepsThePlace) {
  Add(1, Side::kBuy, 105);
  Add(2, Side::kBuy, 105);
  book.Restop(OrderHandle{1}, {105});
  EXPECT_EQ(Due(Side::kBuy, 105), OrderHandle{1});
  book.Restop(OrderHandle{1}, {106});
  book.Restop(OrderHandle{1}, {105});
  EXPECT_EQ(Due(Side::kBuy, 105), OrderHandle{2});
}

// Everything in a plain list.
struct PlainStop {
  Stop stop;
  uint64_t arrival;  // At its price.
  bool trailing;
  PriceTicks mark;
  uint64_t mark_arrival;
};

class PlainTriggers {
 public:
  std::map<uint32_t, PlainStop> stops;
  uint64_t arrivals = 0;

  OrderHandle Due(Side side, TriggerSource source, StopKind kind, int64_t price) const {
    return First(side, source, [&](const PlainStop& row) {
      const int64_t stop = row.stop.price.value;
      const bool due = (row.trailing == (kind == StopKind::kTrailing)) &&
                       (side == Side::kBuy ? price >= stop : price <= stop);
      return std::tuple(due, side == Side::kBuy ? stop : -stop, row.arrival);
    });
  }
  OrderHandle Trailing(Side side, TriggerSource source, int64_t price) const {
    return First(side, source, [&](const PlainStop& row) {
      const int64_t mark = row.mark.value;
      const bool moves = row.trailing && (side == Side::kSell ? price > mark : price < mark);
      return std::tuple(moves, side == Side::kSell ? mark : -mark, row.mark_arrival);
    });
  }

 private:
  template <typename Rank>
  OrderHandle First(Side side, TriggerSource source, Rank rank) const {
    OrderHandle best = kNoOrder;
    std::pair<int64_t, uint64_t> best_rank;
    for (const auto& [order, row] : stops) {
      const auto [takes_part, key, arrival] = rank(row);
      if (takes_part && row.stop.side == side && row.stop.source == source &&
          (best == kNoOrder || std::pair(key, arrival) < best_rank)) {
        best = OrderHandle{order};
        best_rank = {key, arrival};
      }
    }
    return best;
  }
};

TEST_F(TriggerBookTest, RandomCommandsGiveWhatAPlainListGives) {
  std::mt19937_64 random(11);
  PlainTriggers plain;
  const auto uniform = [&](uint64_t count) { return static_cast<int64_t>(random() % count); };
  for (int step = 0; step < 30'000; ++step) {
    const auto order = static_cast<uint32_t>(uniform(100));
    const auto found = plain.stops.find(order);
    if (found == plain.stops.end()) {
      PlainStop row = {.stop = {.side = uniform(2) == 0 ? Side::kBuy : Side::kSell,
                                .source = uniform(2) == 0 ? kLast : kBest,
                                .price = {uniform(40) + 80}},
                       .arrival = ++plain.arrivals,
                       .trailing = uniform(2) == 0,
                       .mark = {uniform(40) + 80},
                       .mark_arrival = plain.arrivals};
      plain.stops.emplace(order, row);
      if (row.trailing) {
        book.AddTrailing(OrderHandle{order}, row.stop, row.mark);
      } else {
        book.Add(OrderHandle{order}, row.stop);
      }
    } else if (PlainStop& row = found->second; uniform(2) == 0) {
      book.Remove(OrderHandle{order});
      plain.stops.erase(found);
    } else {
      const PriceTicks price{uniform(40) + 80};
      book.Restop(OrderHandle{order}, price);
      row.arrival = row.stop.price == price ? row.arrival : ++plain.arrivals;
      row.stop.price = price;
      if (row.trailing) {
        row.mark = {uniform(40) + 80};
        row.mark_arrival = ++plain.arrivals;
        book.Remark(OrderHandle{order}, row.mark);
        ASSERT_EQ(book.MarkOf(OrderHandle{order}), row.mark);
      }
      ASSERT_EQ(book.StopOf(OrderHandle{order}).price, price);
    }
    const int64_t price = uniform(44) + 78;
    for (const Side side : {Side::kBuy, Side::kSell}) {
      for (const TriggerSource source : {kLast, kBest}) {
        for (const StopKind kind : {StopKind::kFixed, StopKind::kTrailing}) {
          ASSERT_EQ(book.FindDue(side, source, kind, {price}), plain.Due(side, source, kind, price))
              << step;
        }
        ASSERT_EQ(book.FindTrailing(side, source, {price}), plain.Trailing(side, source, price))
            << step;
      }
    }
    ASSERT_EQ(book.count(), plain.stops.size());
  }
}

TEST_F(TriggerBookTest, NothingIsAllocated) {
  const AllocationGuard guard;
  for (uint32_t order = 0; order < 100; ++order) {
    book.AddTrailing(OrderHandle{order},
                     {.side = Side::kBuy, .source = kLast, .price = {1'000 + 977 * order}},
                     {500 + order});
  }
  for (uint32_t order = 0; order < 100; ++order) {
    book.Remove(OrderHandle{order});
  }
  EXPECT_EQ(guard.count(), 0U);
}

}  // namespace
}  // namespace tally
