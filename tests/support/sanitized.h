#pragma once

#include <cstddef>

namespace tally {

// Whether a sanitizer makes this build slow. What is tried everywhere without one is then tried at
// some places: the code is the same at all of them.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

// From byte to byte of a file that is damaged or cut at each of them.
inline constexpr std::size_t kByteStride = kSanitized ? 13 : 1;

}  // namespace tally
