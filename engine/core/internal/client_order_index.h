#pragma once

#include <cstdint>

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
// Thread safety: none. Never iterated, so its layout cannot influence an event.
class ClientOrderIndex {
 public:
  explicit ClientOrderIndex(uint32_t open_orders_max);

  OrderHandle Find(ClientOrderKey key) const;  // kNoOrder if there is none.
  void Insert(ClientOrderKey key, OrderHandle handle);
  void Erase(ClientOrderKey key);
  void Prefetch(ClientOrderKey key) const { tally::Prefetch(&slots_[Home(key)]); }

 private:
  struct Slot {
    ClientOrderId client_order_id;
    SessionIndex session;
    uint32_t handle_plus_1;  // 0: empty.

    ClientOrderKey key() const { return {.session = session, .client_order_id = client_order_id}; }
  };
  static_assert(sizeof(Slot) == 16, "four to a cache line");

  std::size_t Home(ClientOrderKey key) const;
  std::size_t Next(std::size_t slot) const { return (slot + 1) & mask_; }

  std::size_t mask_;
  ZeroedArray<Slot> slots_;
};

}  // namespace tally::core::internal
