#pragma once

#include <cstdint>
#include <vector>

namespace tally::settlement {

// What the market asks. Wei per gas.
struct FeeQuote {
  uint64_t base_fee_wei = 0;  // Of the next block, exactly.
  uint64_t tip_wei = 0;       // Paid by half of recent gas.
  uint64_t tip_high_wei = 0;  // More than most pay (85 %); 0: not known.
};

// Base fees of consecutive blocks, wei per gas; the last one is the block's after the newest.
struct FeeHistory {
  uint64_t first_block = 0;
  std::vector<uint64_t> base_fees_wei;
};

}  // namespace tally::settlement
