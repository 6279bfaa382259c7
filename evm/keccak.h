#pragma once

#include <initializer_list>

#include "evm/bytes.h"

namespace tally::evm {

// Keccak-256 as Ethereum uses it (the padding of the SHA-3 competition, not of FIPS 202).
// About 1 us for 128 bytes.
Hash32 Keccak256(ByteView data);
// Of the concatenation of the parts.
Hash32 Keccak256(std::initializer_list<ByteView> parts);

}  // namespace tally::evm
