#pragma once

// Byte strings of the chain side: addresses, 32-byte words and hexadecimal text.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tally::evm {

inline constexpr std::size_t kWordBytes = 32;

using Bytes = std::vector<uint8_t>;
using ByteView = std::span<const uint8_t>;

struct Address {
  std::array<uint8_t, 20> bytes{};
  friend auto operator<=>(const Address&, const Address&) = default;
};

struct Hash32 {
  std::array<uint8_t, 32> bytes{};
  friend auto operator<=>(const Hash32&, const Hash32&) = default;
};

inline ByteView View(const Address& address) { return address.bytes; }
inline ByteView View(const Hash32& hash) { return hash.bytes; }
inline ByteView View(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

void AppendBytes(Bytes* out, ByteView more);
// Appends `value` as `width` bytes, most significant first; the high bytes are cut or zero.
void AppendBigEndian(Bytes* out, uint64_t value, std::size_t width);

// "0x" and lower-case digits.
std::string Hex(ByteView bytes);
inline std::string Hex(const Address& address) { return Hex(View(address)); }
inline std::string Hex(const Hash32& hash) { return Hex(View(hash)); }

// Accepts upper and lower case, with or without "0x". kInvalidArgument otherwise.
absl::StatusOr<Bytes> ParseHex(std::string_view text);
absl::StatusOr<Address> ParseAddress(std::string_view text);
absl::StatusOr<Hash32> ParseHash(std::string_view text);

}  // namespace tally::evm
