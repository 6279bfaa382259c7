#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"

namespace tally::gateway {

inline constexpr int64_t kUint32Max = 0xffff'ffff;

// Of a value that was checked to fit.
inline uint32_t Narrow(int64_t value) { return static_cast<uint32_t>(value); }

// An exact, non-negative decimal number: mantissa * 10^-scale.
struct Decimal {
  int64_t mantissa = 0;
  int scale = 0;
};

// Digits with at most one point, e.g. "0.01"; at most 18 digits. No sign, no exponent.
absl::StatusOr<Decimal> ParseDecimal(std::string_view text);

// value * 10^decimals as a whole number. kInvalidArgument if it is not whole, kOutOfRange if it
// does not fit.
absl::StatusOr<int64_t> ToUnits(const Decimal& value, int decimals);

Decimal Multiply(const Decimal& a, const Decimal& b);

}  // namespace tally::gateway
