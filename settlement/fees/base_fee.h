#pragma once

#include <cstdint>

namespace tally::settlement {

// A block as far as its price goes. Fees are wei per gas.
struct BlockFees {
  uint64_t number = 0;
  uint64_t timestamp_s = 0;
  uint64_t gas_used = 0;
  uint64_t gas_limit = 0;
  uint64_t base_fee_wei = 0;
};

// The base fee of the block after it, exactly (EIP-1559, elasticity 2, denominator 8): what the
// next block costs is known, and only later ones have to be guessed. The gas limit must not be 0.
uint64_t NextBaseFee(const BlockFees& block);

}  // namespace tally::settlement
