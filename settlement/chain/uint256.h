#pragma once

// 256-bit integers of the EVM. Only values that need the width use them (wei, ABI words); quanta
// stay Quanta.

#include <string>
#include <string_view>

#include <boost/multiprecision/cpp_int.hpp>

#include "settlement/chain/bytes.h"

namespace tally::settlement {

using Uint256 = boost::multiprecision::number<boost::multiprecision::cpp_int_backend<
    256, 256, boost::multiprecision::unsigned_magnitude, boost::multiprecision::unchecked, void>>;

Hash32 ToWord(const Uint256& value);         // 32 bytes, big endian.
Uint256 FromBigEndian(ByteView bytes);       // At most 32 bytes.
Bytes ToMinimalBytes(const Uint256& value);  // No leading zero; empty for 0 (RLP's integer).

// JSON-RPC quantities: "0x0", "0x1f": no leading zeros.
std::string ToQuantity(const Uint256& value);
absl::StatusOr<Uint256> ParseQuantity(std::string_view text);
absl::StatusOr<uint64_t> ParseQuantity64(std::string_view text);

}  // namespace tally::settlement
