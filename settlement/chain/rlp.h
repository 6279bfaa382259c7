#pragma once

// Recursive Length Prefix, Ethereum Yellow Paper appendix B: only what transactions need.

#include "settlement/chain/bytes.h"
#include "settlement/chain/uint256.h"

namespace tally::settlement {

Bytes RlpString(ByteView bytes);
Bytes RlpInteger(const Uint256& value);
// `payload` is the concatenation of encoded items.
Bytes RlpList(ByteView payload);

// Reads the items of one list of strings (nested lists come back undecoded, header included).
// kInvalidArgument if `encoded` is not exactly one canonical list.
absl::StatusOr<std::vector<Bytes>> RlpDecodeList(ByteView encoded);

}  // namespace tally::settlement
