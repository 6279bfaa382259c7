#include "settlement/fees/backtest.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"

namespace tally::settlement {
namespace {

constexpr std::array<uint32_t, 9> kQuantiles = {100, 150, 200, 250, 300, 350, 400, 450, 500};
constexpr std::array<uint32_t, 5> kForecastBlocks = {1, 5, 25, 75, 300};
constexpr uint64_t kFillsPerBlock = 5;
constexpr uint64_t kWeiPerGwei = 1'000'000'000;

using Fees = std::span<const uint64_t>;

// Of one arrival block to the next: [begin, end), all of whose deadlines are inside the record.
struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// Of every block, how many of the prices in its trailing window are below its own.
std::vector<uint32_t> RanksIn(Fees fees, std::size_t window) {
  std::vector<uint32_t> ranks(fees.size());
  std::vector<uint64_t> sorted;
  for (std::size_t t = 0; t < fees.size(); ++t) {
    if (t >= window) {
      sorted.erase(std::lower_bound(sorted.begin(), sorted.end(), fees[t - window]));
    }
    const auto place = std::lower_bound(sorted.begin(), sorted.end(), fees[t]);
    ranks[t] = static_cast<uint32_t>(place - sorted.begin());
    sorted.insert(place, fees[t]);
  }
  return ranks;
}

struct Played {
  uint64_t paid_wei = 0;
  uint64_t waited = 0;
};

// As IsTimeToSettle() decides, block after block.
Played Play(const TimingPolicy& policy, Fees fees, const std::vector<uint32_t>& ranks,
            const Range& range) {
  const std::size_t window = WindowBlocks(policy);
  std::vector<std::size_t> low_enough(policy.deadline_blocks + 1);
  for (uint32_t age = 0; age <= policy.deadline_blocks; ++age) {
    const uint32_t urgency = UrgencyPermille(policy, {.age_blocks = age});
    low_enough[age] =
        urgency == kPermille ? window + 1 : RankOf(QuantilePermille(policy, urgency), window);
  }
  Played played;
  for (std::size_t t = range.begin; t < range.end; ++t) {
    std::size_t age = 0;
    while (ranks[t + age] >= low_enough[age]) {
      ++age;
    }
    played.paid_wei += fees[t + age];
    played.waited += age;
  }
  return played;
}

DeadlineResult PlayDeadline(TimingPolicy policy, Fees fees) {
  const std::size_t half = fees.size() / 2;
  const std::size_t deadline = policy.deadline_blocks;
  const std::vector<uint32_t> ranks = RanksIn(fees, WindowBlocks(policy));
  const Range second{.begin = half, .end = fees.size() - deadline};
  DeadlineResult result;
  result.deadline_blocks = policy.deadline_blocks;
  result.arrivals = second.end - second.begin;
  const Played ours = Play(policy, fees, ranks, second);
  result.policy_wei = ours.paid_wei;
  result.policy_waited = ours.waited;
  uint64_t least_wei = 0;
  for (const uint32_t quantile : kQuantiles) {
    policy.quantile_permille = quantile;
    const Played first =
        Play(policy, fees, ranks, {.begin = WindowBlocks(policy) - 1, .end = half - deadline});
    if (least_wei == 0 || first.paid_wei < least_wei) {
      least_wei = first.paid_wei;
      result.trained_permille = quantile;
    }
  }
  policy.quantile_permille = result.trained_permille;
  const Played trained = Play(policy, fees, ranks, second);
  result.trained_wei = trained.paid_wei;
  result.trained_waited = trained.waited;
  for (std::size_t t = second.begin; t < second.end; ++t) {
    const auto* from = fees.data() + t;
    result.at_once_wei += fees[t];
    result.clairvoyant_wei += *std::min_element(from, from + deadline + 1);
  }
  return result;
}

// Entries that so many fills of a retail mix net to: 20,000 accounts and 20 markets by Zipf's law,
// market makers on most trades. Between the measured points along straight lines.
uint64_t EntriesOf(uint64_t fills) {
  constexpr std::array<std::pair<uint64_t, uint64_t>, 5> kMeasured = {
      {{0, 0}, {1, 3}, {100, 196}, {1'000, 1'328}, {10'000, 8'189}}};
  for (std::size_t i = 1; i < kMeasured.size(); ++i) {
    const auto [below_fills, below] = kMeasured[i - 1];
    const auto [above_fills, above] = kMeasured[i];
    if (fills <= above_fills) {
      return below + (above - below) * (fills - below_fills) / (above_fills - below_fills);
    }
  }
  return kMeasured.back().second;
}

StreamResult PlayStream(const TimingPolicy& policy, Fees fees) {
  StreamResult result;
  result.deadline_blocks = policy.deadline_blocks;
  const std::size_t window = WindowBlocks(policy);
  const auto gas_of = [&](uint64_t fills) {
    return policy.gas_fixed + policy.gas_per_entry * EntriesOf(fills);
  };
  const auto cost_gwei = [&](uint64_t fills, uint64_t fee_wei) {
    return static_cast<uint64_t>(static_cast<unsigned __int128>(gas_of(fills)) * fee_wei /
                                 kWeiPerGwei);
  };
  uint64_t age = 0;
  uint64_t fixed_age = 0;
  for (std::size_t t = fees.size() / 2; t < fees.size(); ++t, ++age, ++fixed_age) {
    result.at_once_gwei += cost_gwei(kFillsPerBlock, fees[t]);
    ++result.at_once_batches;
    const bool is_last = t + 1 == fees.size();
    const uint64_t fills = kFillsPerBlock * (age + 1);
    const OpenWork work{.age_blocks = age, .entries = EntriesOf(fills)};
    if (is_last || IsTimeToSettle(policy, fees.subspan(t + 1 - window, window), work)) {
      result.policy_gwei += cost_gwei(fills, fees[t]);
      ++result.policy_batches;
      age = static_cast<uint64_t>(-1);
    }
    if (is_last || fixed_age == policy.deadline_blocks) {
      result.at_deadline_gwei += cost_gwei(kFillsPerBlock * (fixed_age + 1), fees[t]);
      fixed_age = static_cast<uint64_t>(-1);
    }
  }
  return result;
}

// Deviation of the logarithm from its exponential mean (over about 2 h blocks), and what part of it
// is left after h blocks, by least squares on the first half. For a report: no money is computed.
ForecastResult Forecast(Fees fees, uint32_t blocks) {
  const std::size_t half = fees.size() / 2;
  const double weight = 1.0 / (2.0 * std::max<double>(blocks, 10));
  std::vector<double> mean(fees.size());
  std::vector<double> log_fee(fees.size());
  for (std::size_t t = 0; t < fees.size(); ++t) {
    log_fee[t] = std::log(static_cast<double>(std::max<uint64_t>(fees[t], 1)));
    mean[t] = t == 0 ? log_fee[t] : mean[t - 1] + weight * (log_fee[t] - mean[t - 1]);
  }
  double covariance = 0;
  double variance = 0;
  for (std::size_t t = 0; t + blocks < half; ++t) {
    const double deviation = log_fee[t] - mean[t];
    covariance += deviation * (log_fee[t + blocks] - mean[t]);
    variance += deviation * deviation;
  }
  const double left = variance > 0 ? covariance / variance : 1;
  double persistence = 0;
  double model = 0;
  std::size_t count = 0;
  for (std::size_t t = half; t + blocks < fees.size(); ++t, ++count) {
    const auto came = static_cast<double>(fees[t + blocks]);
    const double forecast = std::exp(mean[t] + left * (log_fee[t] - mean[t]));
    persistence += std::abs(static_cast<double>(fees[t]) - came) / came;
    model += std::abs(forecast - came) / came;
  }
  const double scale = 10'000.0 / static_cast<double>(std::max<std::size_t>(count, 1));
  return {.blocks = blocks,
          .persistence = static_cast<uint64_t>(std::lround(persistence * scale)),
          .model = static_cast<uint64_t>(std::lround(model * scale))};
}

std::vector<CapResult> PlayCaps(Fees fees) {
  std::array<uint32_t, kMainnetCaps.size()> horizons{};
  std::transform(kMainnetCaps.begin(), kMainnetCaps.end(), horizons.begin(),
                 [](const CapStep& step) { return step.blocks; });
  const std::size_t half = fees.size() / 2;
  std::vector<CapResult> results;
  for (const CapStep& cap : LearnCaps(fees.first(half), horizons, /*quantile_permille=*/990)) {
    CapResult result{.cap = cap, .covered_permille = 0, .worst_case_permille = kPermille};
    uint64_t covered = 0;
    uint64_t count = 0;
    for (std::size_t t = half; t + cap.blocks < fees.size(); ++t, ++count) {
      covered += static_cast<unsigned __int128>(fees[t]) * cap.permille >=
                         static_cast<unsigned __int128>(fees[t + cap.blocks]) * kPermille
                     ? 1
                     : 0;
    }
    result.covered_permille = count == 0 ? 0 : covered * kPermille / count;
    for (uint32_t i = 0; i < cap.blocks && result.worst_case_permille < 1'000'000; ++i) {
      result.worst_case_permille += result.worst_case_permille / 8;
    }
    results.push_back(result);
  }
  return results;
}

absl::Status CheckBlocks(std::span<const BlockFees> blocks, const BacktestOptions& options) {
  for (std::size_t i = 1; i < blocks.size(); ++i) {
    if (blocks[i].number != blocks[i - 1].number + 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("block ", blocks[i - 1].number, " is followed by ", blocks[i].number));
    }
  }
  for (const BlockFees& block : blocks) {
    if (block.gas_limit < 2 || block.gas_used > block.gas_limit) {
      return absl::InvalidArgumentError(absl::StrCat("block ", block.number, " uses ",
                                                     block.gas_used, " gas of a limit of ",
                                                     block.gas_limit));
    }
  }
  for (const uint32_t deadline : options.deadlines) {
    const std::size_t needed =
        2 * std::size_t{deadline} * (options.policy.window_deadlines + 1) + 2;
    if (deadline == 0 || blocks.size() < needed) {
      return absl::InvalidArgumentError(absl::StrCat("a deadline of ", deadline,
                                                     " blocks needs a record of ", needed,
                                                     " and not ", blocks.size()));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<BacktestReport> RunBacktest(std::span<const BlockFees> blocks,
                                           const BacktestOptions& options) {
  if (absl::Status status = CheckBlocks(blocks, options); !status.ok()) {
    return status;
  }
  BacktestReport report;
  report.blocks = blocks.size();
  report.first_block = blocks.empty() ? 0 : blocks.front().number;
  std::vector<uint64_t> fees(blocks.size());
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    fees[i] = blocks[i].base_fee_wei;
    const bool is_wrong = i > 0 && NextBaseFee(blocks[i - 1]) != fees[i];
    report.transitions_wrong += is_wrong ? 1 : 0;
  }
  for (const uint32_t deadline : options.deadlines) {
    TimingPolicy policy = options.policy;
    policy.deadline_blocks = deadline;
    report.deadlines.push_back(PlayDeadline(policy, fees));
    report.streams.push_back(PlayStream(policy, fees));
  }
  for (const uint32_t ahead : kForecastBlocks) {
    if (2 * std::size_t{ahead} + 2 <= fees.size()) {
      report.forecasts.push_back(Forecast(fees, ahead));
    }
  }
  report.caps = PlayCaps(fees);
  return report;
}

}  // namespace tally::settlement
