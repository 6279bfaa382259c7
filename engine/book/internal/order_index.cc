#include "engine/book/internal/order_index.h"

#include <algorithm>
#include <bit>

namespace tally::internal {
namespace {

uint32_t SizeFor(uint32_t capacity) {
  CHECK(capacity > 0 && capacity <= 1U << 27);
  return std::bit_ceil(std::max(capacity, 8U) * 2);
}

}  // namespace

OrderIndex::OrderIndex(uint32_t capacity, bool prefault)
    : pages_(std::size_t{SizeFor(capacity)} * sizeof(Entry), prefault),
      entries_(reinterpret_cast<Entry*>(pages_.data())),
      mask_(SizeFor(capacity) - 1),
      shift_(32 - (static_cast<uint32_t>(std::popcount(mask_)) - kLineBits)) {}

}  // namespace tally::internal
