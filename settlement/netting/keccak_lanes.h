#pragma once

#include "evm/keccak_lanes.h"
#include "settlement/chain/bytes.h"

namespace tally::settlement {

using evm::KeccakMany;

}  // namespace tally::settlement
