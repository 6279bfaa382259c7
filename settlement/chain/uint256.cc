#include "settlement/chain/uint256.h"

#include <limits>

#include "base/assert.h"
#include "base/status.h"

namespace tally::settlement {

Hash32 ToWord(const Uint256& value) {
  Hash32 word;
  Uint256 rest = value;
  for (std::size_t i = 32; i-- > 0;) {
    word.bytes[i] = static_cast<uint8_t>(static_cast<uint64_t>(rest & 0xff));
    rest >>= 8;
  }
  return word;
}

Uint256 FromBigEndian(ByteView bytes) {
  CHECK(bytes.size() <= 32);
  Uint256 value = 0;
  for (uint8_t byte : bytes) {
    value = (value << 8) | byte;
  }
  return value;
}

Bytes ToMinimalBytes(const Uint256& value) {
  const Hash32 word = ToWord(value);
  std::size_t first = 0;
  while (first < 32 && word.bytes[first] == 0) {
    ++first;
  }
  return {word.bytes.begin() + static_cast<std::ptrdiff_t>(first), word.bytes.end()};
}

std::string ToQuantity(const Uint256& value) {
  const std::string hex = Hex(View(ToWord(value))).substr(2);
  const std::size_t first = hex.find_first_not_of('0');
  return "0x" + (first == std::string::npos ? std::string("0") : hex.substr(first));
}

absl::StatusOr<Uint256> ParseQuantity(std::string_view text) {
  if (!text.starts_with("0x") || text.size() < 3 || text.size() > 66) {
    return absl::InvalidArgumentError("not a hexadecimal quantity");
  }
  std::string digits(text.substr(2));
  if (digits.size() % 2 != 0) {
    digits.insert(digits.begin(), '0');
  }
  ASSIGN_OR_RETURN(Bytes bytes, ParseHex(digits));
  return FromBigEndian(bytes);
}

absl::StatusOr<uint64_t> ParseQuantity64(std::string_view text) {
  ASSIGN_OR_RETURN(Uint256 value, ParseQuantity(text));
  if (value > std::numeric_limits<uint64_t>::max()) {
    return absl::OutOfRangeError("quantity does not fit 64 bits");
  }
  return static_cast<uint64_t>(value);
}

}  // namespace tally::settlement
