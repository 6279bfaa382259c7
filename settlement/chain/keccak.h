#pragma once

#include "evm/keccak.h"
#include "settlement/chain/bytes.h"

namespace tally::settlement {

using evm::Keccak256;

}  // namespace tally::settlement
