#include "engine/book/internal/order_index.h"

#include <bit>

namespace tally::internal {
namespace {

constexpr uint32_t kCapacityMax = 1U << 26;

// At least as many homes as orders. Twice as many are not faster: they are further apart.
uint32_t HomeBitsFor(uint32_t capacity) {
  CHECK(capacity > 0 && capacity <= kCapacityMax);
  return static_cast<uint32_t>(std::bit_width(capacity - 1));
}

}  // namespace

OrderIndex::OrderIndex(uint32_t capacity, bool prefault)
    : home_bits_(HomeBitsFor(capacity)),
      slot_bits_(static_cast<uint32_t>(std::bit_width(capacity))),
      home_mask_((1U << home_bits_) - 1),
      tag_mask_(~kFollowed & ~((1U << slot_bits_) - 1)),
      pages_((std::size_t{home_mask_} + 1 + capacity) * sizeof(uint32_t), prefault),
      homes_(reinterpret_cast<uint32_t*>(pages_.data())),
      next_(homes_ + home_mask_ + 1) {}

}  // namespace tally::internal
