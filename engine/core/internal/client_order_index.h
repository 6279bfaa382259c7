#pragma once

#include <cstdint>

#include "base/assert.h"
#include "base/prefetch.h"
#include "base/types.h"
#include "base/zeroed_array.h"
#include "engine/book/order_pool.h"

namespace tally::core::internal {

struct ClientOrderKey {
  SessionIndex session;
  ClientOrderId client_order_id;
  friend constexpr bool operator==(const ClientOrderKey&, const ClientOrderKey&) = default;
};

// (session, client order id) of every open order -> its handle. Open addressing with linear
// probing, at most half full, and backward-shift deletion, so there are no tombstones and no
// rehash, ever: the cost of a call does not depend on the history.
//
// An entry has a hash instead of the key, so that eight fit a cache line; has_key(handle) must tell
// whether an entry with the right hash is of the key in question. The caller looks at the order
// next anyway.
//
// Thread safety: none. Never iterated, so its layout cannot influence an event.
class ClientOrderIndex {
 public:
  explicit ClientOrderIndex(uint32_t open_orders_max);

  // kNoOrder if there is none.
  template <typename HasKey>
  OrderHandle Find(ClientOrderKey key, HasKey has_key) const {
    const uint32_t tag = TagOf(key);
    for (uint32_t slot = tag & mask_; slots_[slot].handle_plus_1 != 0; slot = Next(slot)) {
      const OrderHandle handle{slots_[slot].handle_plus_1 - 1};
      if (slots_[slot].tag == tag && has_key(handle)) {
        return handle;
      }
    }
    return kNoOrder;
  }

  // Requires that the key is not in it; that is checked along the probe.
  template <typename HasKey>
  void Insert(ClientOrderKey key, OrderHandle handle, HasKey has_key) {
    const uint32_t tag = TagOf(key);
    uint32_t slot = tag & mask_;
    for (; slots_[slot].handle_plus_1 != 0; slot = Next(slot)) {
      CHECK(slots_[slot].tag != tag || !has_key(OrderHandle{slots_[slot].handle_plus_1 - 1}));
    }
    slots_[slot] = {.tag = tag, .handle_plus_1 = Raw(handle) + 1};
  }

  // Requires that the key is in it with this handle.
  void Erase(ClientOrderKey key, OrderHandle handle);

  // The first place of the key, and what is there: a handle + 1, mostly its own, or 0. No branch.
  uint32_t HomeOf(ClientOrderKey key) const { return TagOf(key) & mask_; }
  void PrefetchHome(uint32_t home) const { tally::Prefetch(&slots_[home]); }
  uint32_t FirstAt(uint32_t home) const { return slots_[home].handle_plus_1; }

 private:
  struct Slot {
    uint32_t tag;            // The home is its low bits.
    uint32_t handle_plus_1;  // 0: empty.
  };
  static_assert(sizeof(Slot) == 8, "eight to a cache line");

  static uint32_t TagOf(ClientOrderKey key) {
    // Client ids count up per session: a multiplicative hash (Fibonacci, 2^64 / golden ratio) of
    // the pair spreads both.
    const uint64_t mixed =
        (Raw(key.client_order_id) + Raw(key.session) * 0x9e3779b97f4a7c15U) * 0xbf58476d1ce4e5b9U;
    return static_cast<uint32_t>(mixed ^ (mixed >> 32));
  }
  uint32_t Next(uint32_t slot) const { return (slot + 1) & mask_; }

  uint32_t mask_;
  ZeroedArray<Slot> slots_;
};

}  // namespace tally::core::internal
