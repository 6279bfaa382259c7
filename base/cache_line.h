#pragma once

#include <cstddef>

namespace tally {

// Two hot fields of different writers sit at least this far apart. The value is fixed (not
// std::hardware_destructive_interference_size, which GCC warns is unstable in headers): 64 bytes is
// the line of x86-64 and of most AArch64 server cores.
inline constexpr std::size_t kCacheLineBytes = 64;

// Adjacent-line prefetch on x86-64 pulls lines in pairs, so fields written by different threads
// are padded to two lines, as in the LMAX Disruptor and Aeron.
inline constexpr std::size_t kFalseSharingBytes = 2 * kCacheLineBytes;

}  // namespace tally
