#pragma once

#include "evm/private_key.h"
#include "settlement/chain/bytes.h"

namespace tally::settlement {

using evm::EcdsaSignature;
using evm::PrivateKey;
using evm::RecoverAddress;

}  // namespace tally::settlement
