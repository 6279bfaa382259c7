#include "engine/core/internal/client_order_index.h"

#include <bit>

#include "base/assert.h"

namespace tally::core::internal {

ClientOrderIndex::ClientOrderIndex(uint32_t open_orders_max)
    : mask_(std::bit_ceil(2 * std::size_t{open_orders_max} + 2) - 1), slots_(mask_ + 1) {}

std::size_t ClientOrderIndex::Home(ClientOrderKey key) const {
  // Client ids count up per session: a multiplicative hash (Fibonacci, 2^64 / golden ratio) of the
  // pair spreads both.
  const uint64_t mixed =
      (Raw(key.client_order_id) + Raw(key.session) * 0x9e3779b97f4a7c15U) * 0xbf58476d1ce4e5b9U;
  return static_cast<std::size_t>(mixed ^ (mixed >> 32)) & mask_;
}

OrderHandle ClientOrderIndex::Find(ClientOrderKey key) const {
  for (std::size_t slot = Home(key); slots_[slot].handle_plus_1 != 0; slot = Next(slot)) {
    if (slots_[slot].key() == key) {
      return OrderHandle{slots_[slot].handle_plus_1 - 1};
    }
  }
  return kNoOrder;
}

void ClientOrderIndex::Insert(ClientOrderKey key, OrderHandle handle) {
  std::size_t slot = Home(key);
  while (slots_[slot].handle_plus_1 != 0) {
    CHECK(slots_[slot].key() != key);
    slot = Next(slot);
  }
  slots_[slot] = {.client_order_id = key.client_order_id,
                  .session = key.session,
                  .handle_plus_1 = Raw(handle) + 1};
}

void ClientOrderIndex::Erase(ClientOrderKey key) {
  std::size_t hole = Home(key);
  while (slots_[hole].key() != key) {
    CHECK(slots_[hole].handle_plus_1 != 0);
    hole = Next(hole);
  }
  // Move back every later slot of the run whose home is not between the hole and itself.
  for (std::size_t slot = Next(hole); slots_[slot].handle_plus_1 != 0; slot = Next(slot)) {
    const std::size_t home = Home(slots_[slot].key());
    if (((slot - home) & mask_) >= ((slot - hole) & mask_)) {
      slots_[hole] = slots_[slot];
      hole = slot;
    }
  }
  slots_[hole] = {};
}

}  // namespace tally::core::internal
