#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <string_view>

namespace tally {

// A string of at most N bytes held inside a fixed-size record, padded with zero bytes, so that
// equal strings are equal bytes. N bytes are used whole: there is no terminator.
template <std::size_t N>
struct FixedString {
  std::array<char, N> bytes{};

  // Keeps the first N bytes of a longer text: callers check the length where text enters.
  static constexpr FixedString From(std::string_view text) {
    FixedString result;
    std::copy_n(text.begin(), std::min(N, text.size()), result.bytes.begin());
    return result;
  }

  constexpr std::string_view view() const {
    return {bytes.data(),
            static_cast<std::size_t>(std::find(bytes.begin(), bytes.end(), '\0') - bytes.begin())};
  }

  friend constexpr auto operator<=>(const FixedString&, const FixedString&) = default;
};

using Symbol = FixedString<16>;

}  // namespace tally
