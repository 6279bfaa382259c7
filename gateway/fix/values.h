#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tally::gateway::fix {

// Digits only: no sign, no space. False if it is not that or does not fit.
template <typename Number>
bool ParseNumber(std::string_view text, Number* number) {
  if (text.empty() || text[0] < '0' || text[0] > '9') {
    return false;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

// A decimal as FIX writes it: digits with at most one point, a minus in front, leading and trailing
// zeros as one likes; no plus, no exponent. value = mantissa * 10^-scale.
struct FixDecimal {
  int64_t mantissa = 0;
  int scale = 0;
};
// Whether the text has that form; it may still be too long for ParseFixDecimal.
bool IsFixDecimal(std::string_view text);
// Nothing if it does not have 18 digits or fewer, leading and trailing zeros not counted.
std::optional<FixDecimal> ParseFixDecimal(std::string_view text);

// YYYYMMDD-HH:MM:SS with 0, 3, 6 or 9 digits of a second, UTC, a leap second allowed, as
// nanoseconds since the epoch.
std::optional<int64_t> ParseUtcTimestamp(std::string_view text);
bool IsUtcDate(std::string_view text);

// As above with microseconds; the text stays valid as long as the object.
class UtcText {
 public:
  explicit UtcText(int64_t ns);
  std::string_view view() const { return {text_.data(), text_.size()}; }

 private:
  std::array<char, 24> text_;
};

// mantissa * 10^-scale, all `scale` digits written.
std::string DecimalText(__int128 mantissa, int scale);

}  // namespace tally::gateway::fix
