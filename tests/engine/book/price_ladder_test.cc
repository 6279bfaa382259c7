#include "engine/book/internal/price_ladder.h"

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/types.h"
#include "engine/limits.h"

namespace tally {
namespace {

using internal::kNilSlot;
using internal::LadderPool;
using internal::PriceLadder;

// A ladder beside a std::map with the same levels.
class LadderModel {
 public:
  explicit LadderModel(uint32_t capacity, uint32_t window_keys = 0)
      : pool_(capacity, window_keys == 0 ? 0 : 1, window_keys) {}

  void Insert(uint64_t key) {
    const uint32_t level = ladder_.FindOrInsert(pool_, key);
    const auto [at, inserted] = expected_.emplace(key, level);
    ASSERT_EQ(at->second, level);
  }
  void Erase(uint64_t key) {
    ladder_.Erase(pool_, expected_.at(key));
    expected_.erase(key);
  }
  void Check() const {
    ladder_.CheckInvariants(pool_);
    ASSERT_EQ(ladder_.level_count(), expected_.size());
    for (const auto& [key, level] : expected_) {
      ASSERT_EQ(ladder_.Find(pool_, key), level);
      ASSERT_TRUE(ladder_.Find(pool_, key + 1) == kNilSlot || expected_.contains(key + 1));
    }
    std::vector<uint64_t> keys;
    for (uint32_t level = ladder_.best(); level != kNilSlot;
         level = ladder_.NextWorse(pool_, level)) {
      keys.push_back(pool_.levels[level].key);
    }
    std::vector<uint64_t> expected;
    for (const auto& [key, level] : expected_) {
      expected.push_back(key);
    }
    ASSERT_EQ(keys, expected);
  }
  bool Contains(uint64_t key) const { return expected_.contains(key); }
  const LadderPool& pool() const { return pool_; }
  bool InWindow(uint64_t key) const {
    return pool_.levels[expected_.at(key)].parent == kNilSlot - 1;
  }
  std::size_t tree_count() const {
    return static_cast<std::size_t>(
        std::count_if(expected_.begin(), expected_.end(),
                      [this](const auto& at) { return !InWindow(at.first); }));
  }

 private:
  LadderPool pool_;
  PriceLadder ladder_;
  std::map<uint64_t, uint32_t> expected_;
};

void RunRandom(uint64_t center, uint64_t spread, uint32_t window_keys, uint32_t seed) {
  constexpr uint32_t kCapacity = 300;
  std::mt19937_64 random(seed);
  LadderModel model(kCapacity, window_keys);
  std::uniform_int_distribution<uint64_t> keys(center - spread, center + spread);
  std::vector<uint64_t> present;
  for (int step = 0; step < 4'000 && !testing::Test::HasFailure(); ++step) {
    const bool insert = present.empty() || (present.size() < kCapacity && random() % 100 < 55);
    if (insert) {
      const uint64_t key = keys(random);
      if (!model.Contains(key)) {
        present.push_back(key);
      }
      model.Insert(key);
    } else {
      const std::size_t at = random() % present.size();
      model.Erase(present[at]);
      present[at] = present.back();
      present.pop_back();
    }
    if (window_keys <= 8'192 || step % 32 == 0) {  // Looks at every place.
      model.Check();
    }
    ASSERT_LT(model.pool().nodes.used_count(), std::max<std::size_t>(1, present.size()));
  }
}

TEST(PriceLadderTest, AgreesWithAnOrderedMapAtEveryScale) {
  struct LadderRow {
    uint64_t center;
    uint64_t spread;
  };
  constexpr uint64_t kHalf = kMaxPriceTicks / 2;
  for (const LadderRow& row : {LadderRow{40, 40}, LadderRow{4'096, 70}, LadderRow{1'000'000, 3'000},
                               LadderRow{1'000'000, 30'000}, LadderRow{uint64_t{1} << 42, 200},
                               LadderRow{kHalf, 200}, LadderRow{kHalf, kHalf}}) {
    SCOPED_TRACE(std::to_string(row.center) + " +- " + std::to_string(row.spread));
    for (const uint32_t window_keys : {0U, 512U, 1'024U, 2'048U, 4'096U, 8'192U, 65'536U}) {
      SCOPED_TRACE(window_keys);
      RunRandom(row.center, row.spread, window_keys, 1);
      RunRandom(row.center, row.spread, window_keys, 2);
    }
  }
}

// The market walks: levels are added ahead of it and removed behind it, in both directions, so that
// the window moves all the time, and jumps to where it has never been.
void RunMarket(uint32_t window_keys) {
  const uint64_t stride = std::min(40U, window_keys / 128);
  const uint64_t spread = std::min(600U, window_keys / 2);
  std::mt19937_64 random(7);
  LadderModel model(400, window_keys);
  uint64_t center = 1'000'000;
  std::vector<uint64_t> present;
  for (int step = 0; step < 6'000 && !testing::Test::HasFailure(); ++step) {
    center += step / 1'500 % 2 == 0 ? random() % stride : -(random() % stride);
    if (step < 5'000 && random() % 500 == 0) {
      center += random() % 20'000;
    }
    const uint64_t key = center + random() % spread;
    if (!model.Contains(key)) {
      present.push_back(key);
    }
    model.Insert(key);
    while (present.size() > 100 + random() % 200) {
      const std::size_t at = random() % 3 == 0 ? random() % present.size() : 0;
      model.Erase(present[at]);
      present.erase(present.begin() + static_cast<std::ptrdiff_t>(at));
    }
    if (step % 16 == 0) {
      model.Check();
    }
  }
  EXPECT_LT(model.tree_count(), 50U);
}

// Some levels stay behind, so that the window is never empty and cannot begin anew.
TEST(PriceLadderTest, AWindowFollowsABetterPriceThatIsFurtherAwayThanItsSize) {
  for (const uint32_t window_keys : {512U, 1'024U, 2'048U, 4'096U}) {
    SCOPED_TRACE(window_keys);
    LadderModel model(400, window_keys);
    for (uint64_t key = 1'000'000; key < 1'000'100; ++key) {
      model.Insert(key);
    }
    constexpr uint64_t kBetter = 1'000'000 - 3'000;
    for (int i = 0; i < 70; ++i) {
      model.Insert(kBetter);
      model.Erase(kBetter);
    }
    for (uint64_t key = kBetter; key < kBetter + 100; ++key) {
      model.Insert(key);
      ASSERT_TRUE(model.InWindow(key));
    }
    model.Check();
    EXPECT_EQ(model.tree_count(), window_keys == 4'096 ? 0U : 100U);
  }
}

TEST(PriceLadderTest, TheWindowFollowsAWalkingAndJumpingMarket) {
  for (const uint32_t window_keys : {512U, 1'024U, 2'048U, 4'096U, 65'536U}) {
    SCOPED_TRACE(window_keys);
    RunMarket(window_keys);
  }
}

// Prices chosen so that every radix step has a fork: the most nodes a set of levels can need.
TEST(PriceLadderTest, WorstCaseOfNodesStaysBelowTheNumberOfLevels) {
  LadderModel model(49);
  for (int bit = 0; bit <= 48; ++bit) {
    model.Insert(uint64_t{1} << bit);
    model.Check();
  }
  EXPECT_LT(model.pool().nodes.used_count(), 49U);
  for (int bit = 0; bit <= 48; ++bit) {
    model.Erase(uint64_t{1} << bit);
    model.Check();
  }
  EXPECT_EQ(model.pool().nodes.used_count(), 0U);
  EXPECT_EQ(model.pool().levels.used_count(), 0U);
}

}  // namespace
}  // namespace tally
