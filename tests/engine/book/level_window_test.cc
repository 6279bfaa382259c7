#include "engine/book/internal/level_window.h"

#include <map>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace tally {
namespace {

using internal::kNilSlot;
using internal::LevelWindow;
using internal::WindowPool;

// One group of words and part of it, all of it, several groups.
constexpr uint32_t kSizes[] = {512, 1'024, 2'048, 4'096, 8'192, 65'536};

class LevelWindowTest : public ::testing::TestWithParam<uint32_t> {
 protected:
  void Put(uint64_t key, uint32_t level) {
    window_.Put(key, level);
    expected_[key] = level;
  }
  void Remove(uint64_t key) {
    window_.Remove(key);
    expected_.erase(key);
  }
  void CheckKeysFrom(uint64_t first) const {
    for (const auto& [key, level] : expected_) {
      ASSERT_EQ(window_.KeyAtOrAfter(first), key);
      ASSERT_EQ(window_.At(key), level);
      first = key + 1;
    }
  }

  const uint32_t size_ = GetParam();
  WindowPool pool_{1, size_};
  LevelWindow window_ = pool_.Acquire();
  std::map<uint64_t, uint32_t> expected_;
};

INSTANTIATE_TEST_SUITE_P(Sizes, LevelWindowTest, ::testing::ValuesIn(kSizes),
                         [](const auto& size) { return std::to_string(size.param); });

// The range begins at every kind of place, so that it goes round the end of the array, and moves on
// by 64 keys as that of a ladder does.
TEST_P(LevelWindowTest, AgreesWithAnOrderedMapWhileItMoves) {
  std::mt19937_64 random(size_);
  uint64_t first = (uint64_t{1} << 40) + 64 * (random() % 1'000);
  for (int step = 0; step < 40'000 && !HasFailure(); ++step) {
    const uint64_t key = first + random() % (random() % 4 == 0 ? size_ : 200);
    // Sparse for a while, then dense: whole words and groups are empty, or none.
    const uint64_t count_max = step / 4'000 % 2 == 0 ? 5 : 300;
    if (window_.At(key) == kNilSlot && expected_.size() < count_max) {
      Put(key, static_cast<uint32_t>(step));
    } else if (expected_.contains(key)) {
      Remove(key);
    }
    if (expected_.size() >= 2 && random() % 3 == 0) {
      const uint64_t best = expected_.begin()->first;
      expected_.erase(best);
      ASSERT_EQ(window_.RemoveFirst(best), expected_.begin()->first);
    }
    if (random() % 16 == 0) {
      first += 64;
      while (!expected_.empty() && expected_.begin()->first < first) {
        Remove(expected_.begin()->first);
      }
    }
    CheckKeysFrom(first);
    if (step % 64 == 0) {
      window_.CheckInvariants();
    }
  }
}

// The next key is in the same word, in a later one, or round the end in an earlier one: the same
// one it cannot be, because a range of keys begins with a whole word.
TEST_P(LevelWindowTest, FindsTheOnlyOtherKeyWhereverTheTwoAre) {
  std::vector<uint64_t> places = {0, 1, 63, 64, 65, 127, 128};
  for (uint64_t place = 512; place < size_; place *= 2) {
    places.insert(places.end(), {place - 1, place, place + 1});
  }
  places.insert(places.end(), {size_ - 65, size_ - 64, size_ - 1});
  const uint64_t start = uint64_t{3} * size_;
  for (const uint64_t from : places) {
    for (const uint64_t to : places) {
      if (from / 64 == to / 64 && from >= to) {
        continue;
      }
      const uint64_t key = start + from;
      const uint64_t next = start + to + (to < from ? size_ : 0);
      window_.Put(key, 1);
      window_.Put(next, 2);
      ASSERT_EQ(window_.KeyAtOrAfter(key), key);
      ASSERT_EQ(window_.KeyAtOrAfter(key + 1), next) << from << " " << to;
      ASSERT_EQ(window_.RemoveFirst(key), next) << from << " " << to;
      window_.CheckInvariants();
      ASSERT_EQ(window_.KeyAtOrAfter(key), next) << from << " " << to;
      ASSERT_EQ(window_.KeyAtOrAfter(next + 1), next + size_) << "round to itself";
      window_.Remove(next);
    }
  }
}

TEST_P(LevelWindowTest, IsFullAndEmptyAgain) {
  const uint64_t first = uint64_t{5} * size_ + 192;
  for (uint32_t i = 0; i < size_; ++i) {
    window_.Put(first + i, i);
  }
  window_.CheckInvariants();
  for (uint32_t i = 0; i < size_ - 1; ++i) {
    ASSERT_EQ(window_.At(first + i), i);
    ASSERT_EQ(window_.RemoveFirst(first + i), first + i + 1);
  }
  window_.Remove(first + size_ - 1);
  window_.CheckInvariants();
  EXPECT_EQ(window_.At(first), kNilSlot);
}

TEST_P(LevelWindowTest, ThoseOfAPoolDoNotOverlap) {
  WindowPool pool(3, size_);
  LevelWindow windows[] = {pool.Acquire(), pool.Acquire(), pool.Acquire()};
  EXPECT_FALSE(pool.Acquire().exists());
  for (uint32_t i = 0; i < size_; ++i) {
    windows[0].Put(i, i);
    windows[2].Put(i, i);
  }
  for (uint32_t i = 0; i < size_; ++i) {
    ASSERT_EQ(windows[1].At(i), kNilSlot);
    windows[1].Put(i, size_ + i);
  }
  for (uint32_t i = 0; i < size_; ++i) {
    windows[0].Remove(i);
    windows[2].Remove(i);
    ASSERT_EQ(windows[1].At(i), size_ + i);
  }
  for (const LevelWindow& window : windows) {
    window.CheckInvariants();
  }
}

TEST(LevelWindowPoolTest, AWindowTakesLittleMoreThanFourBytesAPlaceInWholeCacheLines) {
  for (const std::size_t size : kSizes) {
    EXPECT_EQ(LevelWindow::SizeBytes(size) % 64, 0U);
    EXPECT_LE(LevelWindow::SizeBytes(size), 64 + 4 * size + size / 4) << size;
    WindowPool pool(2, static_cast<uint32_t>(size));
    EXPECT_EQ(pool.touched_bytes(), 0U);
    pool.Acquire();
    EXPECT_EQ(pool.touched_bytes(), LevelWindow::SizeBytes(size));
  }
  EXPECT_EQ(LevelWindow::SizeBytes(2'048), 8'512U);
}

TEST(LevelWindowPoolDeathTest, RefusesSizesThatItsBitmapsDoNotFit) {
  for (const uint32_t size : {0U, 256U, 1'000U, 2'047U, 524'288U}) {
    EXPECT_DEATH(WindowPool(1, size), "size") << size;
  }
}

}  // namespace
}  // namespace tally
