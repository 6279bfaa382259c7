#include "engine/core/internal/client_order_index.h"

#include <bit>

#include "engine/limits.h"

namespace tally::core::internal {

static_assert(kMaxOpenOrdersPerCore < 1U << 30, "a slot has a number of 32 bits");

ClientOrderIndex::ClientOrderIndex(uint32_t open_orders_max)
    : mask_(std::bit_ceil(2 * open_orders_max + 2) - 1), slots_(std::size_t{mask_} + 1) {}

void ClientOrderIndex::Erase(ClientOrderKey key, OrderHandle handle) {
  uint32_t hole = TagOf(key) & mask_;
  while (slots_[hole].handle_plus_1 != Raw(handle) + 1) {
    CHECK(slots_[hole].handle_plus_1 != 0);
    hole = Next(hole);
  }
  // Move back every later slot of the run whose home is not between the hole and itself.
  for (uint32_t slot = Next(hole); slots_[slot].handle_plus_1 != 0; slot = Next(slot)) {
    if (((slot - slots_[slot].tag) & mask_) >= ((slot - hole) & mask_)) {
      slots_[hole] = slots_[slot];
      hole = slot;
    }
  }
  slots_[hole] = {};
}

}  // namespace tally::core::internal
