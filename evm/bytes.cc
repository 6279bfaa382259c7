#include "evm/bytes.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

#include "base/sha256.h"
#include "base/status.h"

namespace tally::evm {
namespace {

int DigitValue(char digit) {
  if (digit >= '0' && digit <= '9') {
    return digit - '0';
  }
  if (digit >= 'a' && digit <= 'f') {
    return digit - 'a' + 10;
  }
  if (digit >= 'A' && digit <= 'F') {
    return digit - 'A' + 10;
  }
  return -1;
}

template <typename Fixed>
absl::StatusOr<Fixed> ParseFixed(std::string_view text, std::string_view what) {
  ASSIGN_OR_RETURN(Bytes bytes, ParseHex(text));
  Fixed result;
  if (bytes.size() != result.bytes.size()) {
    return absl::InvalidArgumentError(absl::StrCat(ToAbsl(what), " must have ", result.bytes.size(),
                                                   " bytes, got ", bytes.size()));
  }
  std::copy(bytes.begin(), bytes.end(), result.bytes.begin());
  return result;
}

}  // namespace

void AppendBytes(Bytes* out, ByteView more) { out->insert(out->end(), more.begin(), more.end()); }

void AppendBigEndian(Bytes* out, uint64_t value, std::size_t width) {
  for (std::size_t i = width; i-- > 0;) {
    out->push_back(i < 8 ? static_cast<uint8_t>(value >> (8 * i)) : uint8_t{0});
  }
}

std::string Hex(ByteView bytes) { return "0x" + ToHex(bytes.data(), bytes.size()); }

absl::StatusOr<Bytes> ParseHex(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X")) {
    text.remove_prefix(2);
  }
  if (text.size() % 2 != 0) {
    return absl::InvalidArgumentError("hexadecimal text has an odd number of digits");
  }
  Bytes bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = DigitValue(text[i]);
    const int low = DigitValue(text[i + 1]);
    if (high < 0 || low < 0) {
      return absl::InvalidArgumentError(absl::StrCat("not a hexadecimal digit at ", i));
    }
    bytes.push_back(static_cast<uint8_t>(high << 4 | low));
  }
  return bytes;
}

absl::StatusOr<Address> ParseAddress(std::string_view text) {
  return ParseFixed<Address>(text, "an address");
}

absl::StatusOr<Hash32> ParseHash(std::string_view text) {
  return ParseFixed<Hash32>(text, "a hash");
}

}  // namespace tally::evm
