#pragma once

namespace tally {

// Starts loading the cache line at `address`, to be written soon; any address is harmless.
// A call that only prefetches has no effect as far as GCC is concerned, which is why it removes it
// where it does not inline it: the empty statement keeps it.
inline void Prefetch(const void* address) {
  __builtin_prefetch(address, 1);
  asm volatile("" : : "r"(address));
}

}  // namespace tally
