#pragma once

#include <cstdint>
#include <type_traits>

namespace tally {

// `a` if `condition`, else `b`: integers or enums, without a branch whatever the compiler thinks of
// it. For conditions that no processor can predict.
template <typename T>
requires(std::is_integral_v<T> || std::is_enum_v<T>) constexpr T Choose(bool condition, T a, T b) {
  const auto bits_of_a = static_cast<uint64_t>(a);
  const auto bits_of_b = static_cast<uint64_t>(b);
  return static_cast<T>(bits_of_b ^ ((bits_of_a ^ bits_of_b) & (0 - uint64_t{condition})));
}

}  // namespace tally
