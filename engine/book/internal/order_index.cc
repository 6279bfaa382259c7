#include "engine/book/internal/order_index.h"

#include <algorithm>
#include <bit>
#include <sys/mman.h>

namespace tally::internal {

OrderIndex::OrderIndex(uint32_t capacity) {
  CHECK(capacity > 0 && capacity <= 1U << 27);
  const uint32_t size = std::bit_ceil(std::max(capacity, 8U) * 2);
  mask_ = size - 1;
  shift_ = 32 - (static_cast<uint32_t>(std::countr_zero(size)) - kLineBits);
  const std::size_t size_bytes = std::size_t{size} * sizeof(Entry);
  void* memory =
      mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED);
  static_cast<void>(madvise(memory, size_bytes, MADV_HUGEPAGE));  // As in SlotPool.
  entries_ = static_cast<Entry*>(memory);
}

OrderIndex::~OrderIndex() {
  static_cast<void>(munmap(entries_, (std::size_t{mask_} + 1) * sizeof(Entry)));
}

}  // namespace tally::internal
