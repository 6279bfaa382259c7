#include "settlement/fees/base_fee.h"

#include <algorithm>

#include "base/assert.h"

namespace tally::settlement {
namespace {

constexpr uint64_t kElasticity = 2;
constexpr uint64_t kChangeDenominator = 8;

}  // namespace

uint64_t NextBaseFee(const BlockFees& block) {
  const uint64_t target = block.gas_limit / kElasticity;
  CHECK(target > 0);
  const bool is_above = block.gas_used > target;
  const uint64_t distance = is_above ? block.gas_used - target : target - block.gas_used;
  // The order of the divisions is the standard's: each rounds down.
  const auto change = static_cast<uint64_t>(static_cast<unsigned __int128>(block.base_fee_wei) *
                                            distance / target / kChangeDenominator);
  return is_above ? block.base_fee_wei + std::max<uint64_t>(change, 1)
                  : block.base_fee_wei - change;
}

}  // namespace tally::settlement
