#include "base/histogram.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace tally {
namespace {

constexpr uint32_t kQuantiles[] = {1, 100'000, 500'000, 900'000, 990'000, 999'000, 1'000'000};

int64_t SortedValueAt(const std::vector<int64_t>& sorted, uint32_t per_million) {
  const uint64_t rank =
      std::max<uint64_t>(1, (sorted.size() * uint64_t{per_million} + 999'999) / 1'000'000);
  return sorted[rank - 1];
}

TEST(HistogramTest, SmallValuesAreExact) {
  Histogram histogram;
  std::vector<int64_t> values;
  for (int64_t value = 0; value < 256; ++value) {
    histogram.Record(value);
    values.push_back(value);
  }
  for (const uint32_t quantile : kQuantiles) {
    EXPECT_EQ(histogram.ValueAt(quantile), SortedValueAt(values, quantile)) << quantile;
  }
}

TEST(HistogramTest, QuantilesAreThoseOfTheSortedSamplesWithinABucket) {
  for (const uint64_t seed : {1, 2, 3, 4, 5}) {
    std::mt19937_64 random(seed);
    Histogram histogram;
    std::vector<int64_t> values;
    for (int i = 0; i < 20'000; ++i) {
      // Spread over many powers of two, as latencies are.
      const int64_t value = static_cast<int64_t>(random() >> (random() % 63 + 1));
      histogram.Record(value);
      values.push_back(value);
    }
    std::sort(values.begin(), values.end());
    for (const uint32_t quantile : kQuantiles) {
      const int64_t exact = SortedValueAt(values, quantile);
      const int64_t reported = histogram.ValueAt(quantile);
      EXPECT_GE(reported, exact) << "seed " << seed << " quantile " << quantile;
      EXPECT_LE(reported - exact, exact / 128) << "seed " << seed << " quantile " << quantile;
    }
    EXPECT_EQ(histogram.min(), values.front());
    EXPECT_EQ(histogram.max(), values.back());
  }
}

TEST(HistogramTest, EveryPowerOfTwoAndItsNeighboursFindABucket) {
  for (int bit = 0; bit < 63; ++bit) {
    for (const int64_t offset : {-1, 0, 1}) {
      const int64_t value = (int64_t{1} << bit) + offset;
      Histogram histogram;
      histogram.Record(value);
      histogram.Record(std::numeric_limits<int64_t>::max());
      const int64_t reported = histogram.ValueAt(500'000);
      EXPECT_GE(reported, value);
      EXPECT_LE(reported - value, value / 128);
    }
  }
}

TEST(HistogramTest, AnEmptyOneIsAllZero) {
  const Histogram histogram;
  EXPECT_EQ(histogram.ValueAt(500'000), 0);
  EXPECT_EQ(histogram.min(), 0);
  EXPECT_EQ(histogram.max(), 0);
  EXPECT_EQ(histogram.mean(), 0);
}

TEST(HistogramTest, MergingIsRecordingInOne) {
  Histogram a, b, both;
  for (int64_t value = 0; value < 1000; ++value) {
    (value % 3 == 0 ? a : b).Record(value * value);
    both.Record(value * value);
  }
  a.Merge(b);
  a.Merge(Histogram());
  EXPECT_EQ(a.count(), both.count());
  EXPECT_EQ(a.mean(), both.mean());
  for (const uint32_t quantile : kQuantiles) {
    EXPECT_EQ(a.ValueAt(quantile), both.ValueAt(quantile));
  }
  a.Reset();
  EXPECT_EQ(a.count(), 0u);
  EXPECT_EQ(a.ValueAt(1'000'000), 0);
}

TEST(HistogramTest, ANegativeValueCountsAsZero) {
  Histogram histogram;
  histogram.Record(-5);
  EXPECT_EQ(histogram.max(), 0);
  EXPECT_EQ(histogram.count(), 1u);
}

}  // namespace
}  // namespace tally
