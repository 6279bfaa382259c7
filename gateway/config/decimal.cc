#include "gateway/config/decimal.h"

#include <limits>

#include "absl/strings/str_cat.h"

#include "base/status.h"

namespace tally::gateway {
namespace {

constexpr int kDigitsMax = 18;

}  // namespace

absl::StatusOr<Decimal> ParseDecimal(std::string_view text) {
  Decimal value;
  int digits = 0;
  bool point = false;
  for (const char character : text) {
    if (character == '.' && !point) {
      point = true;
    } else if (character >= '0' && character <= '9' && ++digits <= kDigitsMax) {
      value.mantissa = value.mantissa * 10 + (character - '0');
      value.scale += point ? 1 : 0;
    } else {
      digits = 0;
      break;
    }
  }
  if (digits == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", ToAbsl(text), "\" is not a decimal number; write digits like \"0.01\""));
  }
  while (value.scale > 0 && value.mantissa % 10 == 0) {
    value.mantissa /= 10;
    --value.scale;
  }
  return value;
}

absl::StatusOr<int64_t> ToUnits(const Decimal& value, int decimals) {
  if (value.scale > decimals && value.mantissa != 0) {
    return absl::InvalidArgumentError("it is finer than one unit");
  }
  __int128 units = value.mantissa;
  for (int power = value.scale; power < decimals; ++power) {
    units *= 10;
    if (units > std::numeric_limits<int64_t>::max()) {
      return absl::OutOfRangeError("it is too large");
    }
  }
  return static_cast<int64_t>(units);
}

Decimal Multiply(const Decimal& a, const Decimal& b) {
  __int128 mantissa = static_cast<__int128>(a.mantissa) * b.mantissa;
  int scale = a.scale + b.scale;
  while (scale > 0 && mantissa % 10 == 0) {
    mantissa /= 10;
    --scale;
  }
  // A product beyond int64 saturates, and ToUnits or a limit check refuses it.
  constexpr __int128 kMax = std::numeric_limits<int64_t>::max();
  return {static_cast<int64_t>(mantissa > kMax ? kMax : mantissa), scale};
}

}  // namespace tally::gateway
