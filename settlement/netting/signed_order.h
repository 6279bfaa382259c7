#pragma once

#include "evm/signed_order.h"
#include "settlement/chain/bytes.h"
#include "settlement/chain/private_key.h"

namespace tally::settlement {

using evm::AppendInt96Word;
using evm::AppendOrderWords;
using evm::AppendUint96Word;
using evm::CompactSignature;
using evm::FromCompactSignature;
using evm::FullSignature;
using evm::kOrderWords;
using evm::OrderDomain;
using evm::SignedOrder;

}  // namespace tally::settlement
