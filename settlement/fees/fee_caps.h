#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace tally::settlement {

// How far the base fee may rise within so many blocks, as a quantile of what it did: fee(t + h) is
// at most `permille` thousandths of fee(t).
struct CapStep {
  uint32_t blocks = 0;
  uint32_t permille = 0;
  friend bool operator==(const CapStep&, const CapStep&) = default;
};

// The 99 % quantiles of 17,500 blocks of mainnet; `tally fee-backtest` prints them, and how often
// they held in the blocks after those. The worst case is 1.125^h, 19 times the fee after 25 blocks:
// a cap that high binds money for nothing.
constexpr std::array<CapStep, 8> kMainnetCaps = {
    {{1, 1125}, {2, 1266}, {3, 1283}, {5, 1316}, {10, 1376}, {25, 1516}, {75, 1893}, {300, 3313}}};

// The step of the smallest horizon that is at least `blocks`, or the last one. `table` ascends and
// is not empty.
uint32_t CapPermille(std::span<const CapStep> table, uint64_t blocks);

// The table of these horizons: of all ratios fee(t + h) / fee(t), rounded up to thousandths, the
// one at the quantile (nearest rank). Horizons with no pair of blocks are left out.
std::vector<CapStep> LearnCaps(std::span<const uint64_t> base_fees_wei,
                               std::span<const uint32_t> horizons, uint32_t quantile_permille);

}  // namespace tally::settlement
