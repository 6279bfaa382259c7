#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

#include "settlement/fees/base_fee.h"
#include "settlement/fees/fee_caps.h"
#include "settlement/fees/settle_timing.h"

namespace tally::settlement {

// What the timing and fee policies would have done on recorded blocks. Everything that is learned
// is learned on the first half of them and reported on the second. Sums are exact.

// Work that arrives at every block of the second half in turn, each settled by its deadline.
struct DeadlineResult {
  uint32_t deadline_blocks = 0;
  uint32_t trained_permille = 0;  // The quantile that was cheapest on the first half.
  uint64_t arrivals = 0;
  // Sums over the arrivals, wei per gas and blocks.
  uint64_t at_once_wei = 0;
  uint64_t policy_wei = 0;  // Of TimingPolicy as it is.
  uint64_t policy_waited = 0;
  uint64_t trained_wei = 0;  // With the trained quantile.
  uint64_t trained_waited = 0;
  uint64_t clairvoyant_wei = 0;  // The least price until the deadline, known in advance.
};

// A stream of fills that is netted while it waits: 5 fills a block of a retail mix.
struct StreamResult {
  uint32_t deadline_blocks = 0;
  uint64_t policy_batches = 0;
  uint64_t at_once_batches = 0;
  // Gas times price, gwei.
  uint64_t policy_gwei = 0;
  uint64_t at_once_gwei = 0;
  uint64_t at_deadline_gwei = 0;  // Every deadline_blocks, whatever the price.
};

// Mean absolute errors of forecasts of the base fee, hundredths of a per cent.
struct ForecastResult {
  uint32_t blocks = 0;
  uint64_t persistence = 0;  // It stays as it is.
  uint64_t model = 0;        // It returns to its recent mean as far as it did in the first half.
};

struct CapResult {
  CapStep cap;                       // Learned on the first half.
  uint64_t covered_permille = 0;     // Of the blocks of the second half.
  uint64_t worst_case_permille = 0;  // 1.125^blocks, at most a million.
};

struct BacktestReport {
  uint64_t first_block = 0;
  uint64_t blocks = 0;
  uint64_t transitions_wrong = 0;  // Where NextBaseFee() is not what came.
  std::vector<DeadlineResult> deadlines;
  std::vector<StreamResult> streams;
  std::vector<ForecastResult> forecasts;
  std::vector<CapResult> caps;
};

struct BacktestOptions {
  std::vector<uint32_t> deadlines = {5, 25, 75, 300};
  TimingPolicy policy{};  // But for its deadline.
};

// `blocks`: consecutive. kInvalidArgument if they are not, or too few for any of the deadlines:
// each needs its window in the first half. Cost: about a second for 35,000 blocks.
absl::StatusOr<BacktestReport> RunBacktest(std::span<const BlockFees> blocks,
                                           const BacktestOptions& options);

}  // namespace tally::settlement
