// The backtest on 600 recorded blocks, against a slow computation of the same sums.

#include "settlement/fees/backtest.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "tools/tally/block_fees_file.h"

namespace tally::settlement {
namespace {

std::vector<BlockFees> Recorded() {
  auto blocks = ReadBlockFees(TALLY_MAINNET_BLOCKS);
  EXPECT_TRUE(blocks.ok()) << blocks.status();
  return blocks.ok() ? *std::move(blocks) : std::vector<BlockFees>();
}

TEST(BacktestTest, EveryRecordedBaseFeeFollowsFromTheBlockBefore) {
  const std::vector<BlockFees> blocks = Recorded();
  ASSERT_EQ(blocks.size(), 600u);
  EXPECT_EQ(blocks[0].number, 12'984'000u);
  for (std::size_t i = 1; i < blocks.size(); ++i) {
    EXPECT_EQ(NextBaseFee(blocks[i - 1]), blocks[i].base_fee_wei) << blocks[i].number;
  }
}

// What the policy is, in so many words: sort the window, look up the quantile, compare.
struct Slow {
  uint64_t paid_wei = 0;
  uint64_t waited = 0;
};
Slow PlaySlowly(const std::vector<BlockFees>& blocks, std::size_t deadline, double quantile,
                std::size_t from, std::size_t to) {
  Slow slow;
  for (std::size_t t = from; t < to; ++t) {
    for (std::size_t age = 0;; ++age) {
      std::vector<uint64_t> window;
      for (std::size_t i = t + age + 1 - 4 * deadline; i <= t + age; ++i) {
        window.push_back(blocks[i].base_fee_wei);
      }
      std::sort(window.begin(), window.end());
      // In whole thousandths, as the policy counts.
      const double used =
          std::floor(1000.0 * static_cast<double>(age) / static_cast<double>(deadline));
      const double urgency = used <= 500 ? 0 : std::floor((used - 500) * 1000 / 500);
      const double wanted = quantile + std::floor((1000 - quantile) * urgency / 1000);
      const auto rank = static_cast<std::size_t>(
          std::max(1.0, std::ceil(wanted * static_cast<double>(window.size()) / 1000)));
      if (age == deadline || blocks[t + age].base_fee_wei <= window[rank - 1]) {
        slow.paid_wei += blocks[t + age].base_fee_wei;
        slow.waited += age;
        break;
      }
    }
  }
  return slow;
}

TEST(BacktestTest, SumsAreThoseOfASlowComputation) {
  const std::vector<BlockFees> blocks = Recorded();
  const auto report = RunBacktest(blocks, {.deadlines = {5, 25, 40}});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->transitions_wrong, 0u);
  for (const DeadlineResult& row : report->deadlines) {
    SCOPED_TRACE(row.deadline_blocks);
    const std::size_t deadline = row.deadline_blocks;
    const std::size_t end = blocks.size() - deadline;
    const Slow ours = PlaySlowly(blocks, deadline, 350, 300, end);
    EXPECT_EQ(row.arrivals, end - 300);
    EXPECT_EQ(row.policy_wei, ours.paid_wei);
    EXPECT_EQ(row.policy_waited, ours.waited);
    const Slow trained = PlaySlowly(blocks, deadline, row.trained_permille, 300, end);
    EXPECT_EQ(row.trained_wei, trained.paid_wei);
    EXPECT_EQ(row.trained_waited, trained.waited);
    // No quantile was cheaper on the first half than the one that was chosen there.
    const std::size_t begin = 4 * deadline - 1;
    const Slow chosen = PlaySlowly(blocks, deadline, row.trained_permille, begin, 300 - deadline);
    for (double quantile = 100; quantile <= 500; quantile += 50) {
      EXPECT_LE(chosen.paid_wei,
                PlaySlowly(blocks, deadline, quantile, begin, 300 - deadline).paid_wei);
    }
    uint64_t at_once = 0;
    uint64_t clairvoyant = 0;
    for (std::size_t t = 300; t < end; ++t) {
      at_once += blocks[t].base_fee_wei;
      uint64_t least = blocks[t].base_fee_wei;
      for (std::size_t i = t; i <= t + deadline; ++i) {
        least = std::min(least, blocks[i].base_fee_wei);
      }
      clairvoyant += least;
    }
    EXPECT_EQ(row.at_once_wei, at_once);
    EXPECT_EQ(row.clairvoyant_wei, clairvoyant);
    EXPECT_LE(clairvoyant, row.policy_wei);
  }
}

TEST(BacktestTest, CapsAndForecastsAreThoseOfASlowComputation) {
  const std::vector<BlockFees> blocks = Recorded();
  const auto report = RunBacktest(blocks, {.deadlines = {5}});
  ASSERT_TRUE(report.ok()) << report.status();
  for (const CapResult& row : report->caps) {
    uint64_t above = 0;
    uint64_t covered = 0;
    uint64_t count = 0;
    const auto exceeds = [&](std::size_t t) {
      return blocks[t + row.cap.blocks].base_fee_wei * 1000 >
             blocks[t].base_fee_wei * row.cap.permille;
    };
    for (std::size_t t = 0; t + row.cap.blocks < 300; ++t) {
      above += exceeds(t) ? 1 : 0;
    }
    EXPECT_LE(100 * above, 300 - row.cap.blocks);  // At most one in a hundred.
    for (std::size_t t = 300; t + row.cap.blocks < 600; ++t, ++count) {
      covered += exceeds(t) ? 0 : 1;
    }
    EXPECT_EQ(row.covered_permille, count == 0 ? 0 : 1000 * covered / count) << row.cap.blocks;
  }
  for (const ForecastResult& row : report->forecasts) {
    double error = 0;
    std::size_t count = 0;
    for (std::size_t t = 300; t + row.blocks < 600; ++t, ++count) {
      const auto now = static_cast<double>(blocks[t].base_fee_wei);
      const auto then = static_cast<double>(blocks[t + row.blocks].base_fee_wei);
      error += std::abs(now / then - 1);
    }
    EXPECT_NEAR(static_cast<double>(row.persistence), 10'000 * error / static_cast<double>(count),
                1)
        << row.blocks;
  }
}

TEST(BacktestTest, AConstantPriceIsNeitherBeatenNorForecastWrongly) {
  std::vector<BlockFees> blocks(200);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    blocks[i] = {.number = i,
                 .timestamp_s = 12 * i,
                 .gas_used = 15,
                 .gas_limit = 30,
                 .base_fee_wei = 1'000'000'000};
  }
  const auto report = RunBacktest(blocks, {.deadlines = {10}});
  ASSERT_TRUE(report.ok()) << report.status();
  const DeadlineResult& row = report->deadlines.at(0);
  EXPECT_EQ(row.arrivals, 90u);
  EXPECT_EQ(row.policy_wei, 90'000'000'000u);
  EXPECT_EQ(row.at_once_wei, 90'000'000'000u);
  EXPECT_EQ(row.clairvoyant_wei, 90'000'000'000u);
  EXPECT_EQ(row.policy_waited, 0u);
  // The stream waits all the same: nine batches of 55 fills and one of the last 5 are cheaper than
  // 100 of 5. 5 fills net to 10 entries, 55 to 108.
  const StreamResult& stream = report->streams.at(0);
  EXPECT_EQ(stream.at_once_batches, 100u);
  EXPECT_EQ(stream.at_once_gwei, 100u * (51'000 + 5'900 * 10));
  EXPECT_EQ(stream.policy_batches, 10u);
  EXPECT_EQ(stream.policy_gwei, 9u * (51'000 + 5'900 * 108) + (51'000 + 5'900 * 10));
  EXPECT_EQ(stream.policy_gwei, stream.at_deadline_gwei);
  for (const ForecastResult& forecast : report->forecasts) {
    EXPECT_EQ(forecast.persistence, 0u);
    EXPECT_EQ(forecast.model, 0u);
  }
}

TEST(BacktestTest, RefusesWhatItCannotUse) {
  std::vector<BlockFees> blocks = Recorded();
  EXPECT_EQ(RunBacktest(blocks, {.deadlines = {75}}).status().code(),
            absl::StatusCode::kInvalidArgument);  // Needs 752 blocks.
  EXPECT_EQ(RunBacktest(blocks, {.deadlines = {0}}).status().code(),
            absl::StatusCode::kInvalidArgument);
  blocks.erase(blocks.begin() + 7);
  EXPECT_EQ(RunBacktest(blocks, {.deadlines = {5}}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tally::settlement
