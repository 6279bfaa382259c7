#include "tests/support/allocation_guard.h"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace tally {
namespace {

// Relaxed: a counter that publishes nothing else.
std::atomic<uint64_t> allocation_count{0};

void* Allocate(std::size_t size_bytes, std::size_t alignment) {
  allocation_count.fetch_add(1, std::memory_order_relaxed);
  // aligned_alloc wants a multiple of the alignment.
  const std::size_t rounded = (size_bytes + alignment - 1) / alignment * alignment;
  void* memory = alignment <= alignof(std::max_align_t) ? std::malloc(size_bytes)
                                                        : std::aligned_alloc(alignment, rounded);
  if (memory == nullptr) {
    std::abort();
  }
  return memory;
}

}  // namespace

uint64_t AllocationCount() { return allocation_count.load(std::memory_order_relaxed); }

}  // namespace tally

// The array and sized forms of the library end in these; the nothrow form does not where a
// sanitizer brings its own.
void* operator new(std::size_t size_bytes) {
  return tally::Allocate(size_bytes, alignof(std::max_align_t));
}
void* operator new(std::size_t size_bytes, const std::nothrow_t&) noexcept {
  return tally::Allocate(size_bytes, alignof(std::max_align_t));
}
void* operator new(std::size_t size_bytes, std::align_val_t alignment) {
  return tally::Allocate(size_bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
