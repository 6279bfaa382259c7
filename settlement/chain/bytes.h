#pragma once

#include "evm/bytes.h"

namespace tally::settlement {

using evm::Address;
using evm::AppendBigEndian;
using evm::AppendBytes;
using evm::Bytes;
using evm::ByteView;
using evm::Hash32;
using evm::Hex;
using evm::kWordBytes;
using evm::ParseAddress;
using evm::ParseHash;
using evm::ParseHex;
using evm::View;

}  // namespace tally::settlement
