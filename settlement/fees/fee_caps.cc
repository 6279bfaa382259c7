#include "settlement/fees/fee_caps.h"

#include <algorithm>

#include "base/assert.h"
#include "settlement/fees/settle_timing.h"

namespace tally::settlement {

uint32_t CapPermille(std::span<const CapStep> table, uint64_t blocks) {
  CHECK(!table.empty());
  const auto step = std::find_if(table.begin(), table.end(),
                                 [&](const CapStep& row) { return row.blocks >= blocks; });
  return step == table.end() ? table.back().permille : step->permille;
}

std::vector<CapStep> LearnCaps(std::span<const uint64_t> base_fees_wei,
                               std::span<const uint32_t> horizons, uint32_t quantile_permille) {
  std::vector<CapStep> table;
  for (const uint32_t horizon : horizons) {
    std::vector<uint32_t> ratios;
    for (std::size_t t = 0; t + horizon < base_fees_wei.size(); ++t) {
      const uint64_t from = std::max<uint64_t>(base_fees_wei[t], 1);
      const auto to = static_cast<unsigned __int128>(base_fees_wei[t + horizon]) * 1000;
      ratios.push_back(static_cast<uint32_t>((to + from - 1) / from));
    }
    if (ratios.empty()) {
      continue;
    }
    const auto place =
        ratios.begin() + static_cast<std::ptrdiff_t>(RankOf(quantile_permille, ratios.size()) - 1);
    std::nth_element(ratios.begin(), place, ratios.end());
    table.push_back({.blocks = horizon, .permille = *place});
  }
  return table;
}

}  // namespace tally::settlement
