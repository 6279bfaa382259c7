// The rule of the auction price: published examples as rows, and every price tried one by one.

#include "engine/book/equilibrium.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "tests/engine/book/reference_auction.h"

namespace tally {
namespace {

using Step = PriceQuantity;

class VectorCursor {
 public:
  explicit VectorCursor(const std::vector<Step>* steps) : steps_(steps) {}
  bool done() const { return at_ == steps_->size(); }
  int64_t price() const { return (*steps_)[at_].price; }
  int64_t quantity() const { return (*steps_)[at_].quantity; }
  void Next() { ++at_; }

 private:
  const std::vector<Step>* steps_;
  std::size_t at_ = 0;
};

Equilibrium Find(const std::vector<Step>& bids, const std::vector<Step>& asks, int64_t reference) {
  return FindEquilibrium(VectorCursor(&bids), VectorCursor(&asks), PriceTicks{reference});
}

struct Row {
  const char* what;
  std::vector<Step> bids;
  std::vector<Step> asks;
  int64_t reference;
  int64_t price;
  int64_t quantity;
  int64_t surplus;  // Positive: of buyers.
};

const Row kRows[] = {
    {"empty", {}, {}, 100, 0, 0, 0},
    {"one side", {{100, 10}}, {}, 100, 0, 0, 0},
    {"not crossed", {{99, 10}}, {{100, 10}}, 100, 0, 0, 0},
    {"one price", {{100, 10}}, {{100, 10}}, 5, 100, 10, 0},
    {"exact match: the reference between the limits", {{105, 10}}, {{95, 10}}, 101, 101, 10, 0},
    {"exact match: the reference above", {{105, 10}}, {{95, 10}}, 200, 105, 10, 0},
    {"exact match: the reference below", {{105, 10}}, {{95, 10}}, 1, 95, 10, 0},
    {"exact match, no reference: the middle", {{105, 10}}, {{95, 10}}, 0, 100, 10, 0},
    {"the middle is rounded down", {{104, 10}}, {{95, 10}}, 0, 99, 10, 0},
    {"exact match ends above the next bid", {{105, 10}, {100, 5}}, {{95, 10}}, 96, 101, 10, 0},
    {"exact match ends below the next ask", {{105, 10}}, {{95, 10}, {100, 5}}, 104, 99, 10, 0},
    {"surplus of buyers: the highest", {{105, 30}, {101, 5}}, {{95, 10}}, 90, 105, 10, 20},
    {"surplus of sellers: the lowest", {{105, 10}}, {{95, 30}, {99, 5}}, 110, 95, 10, -20},
    {"no exact price: the smaller surplus, of buyers",
     {{105, 10}, {100, 5}},
     {{95, 10}, {101, 6}},
     104,
     100,
     10,
     5},
    {"no exact price: the smaller surplus, of sellers",
     {{105, 10}, {100, 7}},
     {{95, 10}, {101, 6}},
     96,
     101,
     10,
     -6},
    // BNB Beacon Chain documentation, match-examples.md. 5.1 and 5.2 and 6.x are the ones whose
    // reference rules are also ours.
    {"BNB 1", {{100, 150}, {98, 150}}, {{98, 250}, {97, 50}}, 0, 98, 300, 0},
    {"BNB 2", {{100, 150}, {99, 50}, {97, 300}}, {{96, 100}, {97, 200}}, 0, 97, 300, 200},
    {"BNB 3",
     {{102, 300}, {100, 100}, {99, 200}, {98, 300}},
     {{96, 1000}, {97, 250}, {98, 250}},
     0,
     96,
     900,
     -100},
    {"BNB 4",
     {{102, 30}, {101, 10}, {99, 50}, {96, 15}},
     {{95, 50}, {97, 50}, {98, 10}},
     0,
     97,
     90,
     -10},
    {"BNB 5.1", {{102, 10}, {97, 10}}, {{95, 50}}, 80, 95, 20, -30},
    {"BNB 6.1", {{100, 25}, {97, 25}}, {{95, 25}, {98, 25}}, 99, 99, 25, -25},
    {"BNB 6.2", {{100, 25}, {97, 25}}, {{95, 25}, {98, 25}}, 97, 97, 25, 25},
};

TEST(EquilibriumTest, RowsOfTheTable) {
  for (const Row& row : kRows) {
    SCOPED_TRACE(row.what);
    std::vector<Step> asks = row.asks;
    std::sort(asks.begin(), asks.end(), [](Step a, Step b) { return a.price < b.price; });
    const Equilibrium found = Find(row.bids, asks, row.reference);
    EXPECT_EQ(found.price.value, row.price);
    EXPECT_EQ(found.quantity.value, row.quantity);
    const int64_t sign = found.surplus_side == Raw(Side::kSell) ? -1 : 1;
    EXPECT_EQ(found.surplus.value * sign, row.surplus);
    EXPECT_EQ(found, TryEveryPrice(row.bids, asks, row.reference, 200));
  }
}

TEST(EquilibriumTest, EveryPriceTriedGivesTheSame) {
  const char* const text = std::getenv("TALLY_SEED");
  const uint64_t seed = text != nullptr ? std::strtoull(text, nullptr, 10) : 20'260'301;
  std::mt19937_64 random(seed);
  const auto uniform = [&](int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random() % static_cast<uint64_t>(high - low + 1));
  };
  int traded = 0;
  for (int round = 0; round < 100'000; ++round) {
    SCOPED_TRACE(testing::Message() << "seed " << seed << " round " << round);
    const int64_t spread = uniform(2, 20);
    const int64_t quantity_max = uniform(1, 6);  // Small: exact matches are the hard cases.
    std::map<int64_t, int64_t> sides[2];
    for (std::map<int64_t, int64_t>& side : sides) {
      for (int64_t i = uniform(0, 6); i > 0; --i) {
        side[uniform(1, spread)] += uniform(1, quantity_max);
      }
    }
    std::vector<Step> bids;
    for (auto level = sides[0].rbegin(); level != sides[0].rend(); ++level) {
      bids.push_back({level->first, level->second});
    }
    std::vector<Step> asks;
    for (const auto& [price, quantity] : sides[1]) {
      asks.push_back({price, quantity});
    }
    const int64_t reference = uniform(0, spread + 2);
    const Equilibrium found = Find(bids, asks, reference);
    ASSERT_EQ(found, TryEveryPrice(bids, asks, reference, spread + 2));
    traded += found.quantity.value > 0 ? 1 : 0;
  }
  EXPECT_GT(traded, 50'000);
}

}  // namespace
}  // namespace tally
