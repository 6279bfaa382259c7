#pragma once

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/strings/escaping.h"

#include "base/status.h"

namespace tally::gateway {

inline bool IsHex(std::string_view text, std::size_t digits) {
  return text.size() == digits && std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::isxdigit(c) != 0;
         });
}

// With or without "0x".
template <std::size_t N>
std::optional<std::array<uint8_t, N>> ParseHex(std::string_view text) {
  if (text.starts_with("0x")) {
    text.remove_prefix(2);
  }
  if (!IsHex(text, 2 * N)) {
    return std::nullopt;
  }
  const std::string bytes = absl::HexStringToBytes(ToAbsl(text));
  std::array<uint8_t, N> result{};
  std::copy(bytes.begin(), bytes.end(), result.begin());
  return result;
}

}  // namespace tally::gateway
