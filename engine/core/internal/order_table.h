#pragma once

#include <cstdint>

#include "base/types.h"
#include "engine/book/order_pool.h"
#include "engine/core/internal/client_order_index.h"
#include "engine/core/internal/zeroed_array.h"
#include "engine/limits.h"
#include "engine/risk/instrument_table.h"

namespace tally::core::internal {

// What the core knows of an order besides what its book knows (OrderPool::View).
struct alignas(64) OrderRecord {
  ClientOrderId client_order_id;
  uint64_t priority;  // Grows each time an order (re)joins the end of a level; sorts mass cancels.
  QuantityLots cumulative;
  Quanta held;  // HoldAmount() of what is left, at all times between callbacks.
  risk::FeeRates fees;
  SessionIndex session;
  AccountId account;
  InstrumentId instrument;
  uint32_t next_of_account;  // Handle + 1; 0 ends the list.
  uint32_t previous_of_account;
};
static_assert(sizeof(OrderRecord) == 64);

// The records of all open orders in an array parallel to the order pool, with an index by client
// order id and a list per account.
//
// Thread safety: none. Invariants: a record is linked iff its order rests. Cost: O(1), nothing is
// allocated after construction.
class OrderTable {
 public:
  explicit OrderTable(const CoreLimits& limits)
      : records_(limits.open_orders),
        account_heads_(std::size_t{limits.accounts} + 1),
        index_(limits.open_orders) {}

  OrderRecord& operator[](OrderHandle handle) { return records_[Raw(handle)]; }
  const OrderRecord& operator[](OrderHandle handle) const { return records_[Raw(handle)]; }

  // kNoOrder if the session has no open order with this id.
  OrderHandle Find(SessionIndex session, ClientOrderId id) const {
    return index_.Find({.session = session, .client_order_id = id});
  }

  // Starts loading what Find() and Insert() of such an order will touch.
  void Prefetch(AccountId account, ClientOrderKey key) const {
    __builtin_prefetch(&account_heads_[Raw(account)]);
    index_.Prefetch(key);
  }

  void Insert(OrderHandle handle, const OrderRecord& record);
  void Remove(OrderHandle handle);
  void Rename(OrderHandle handle, ClientOrderId client_order_id);

  // Calls visit(OrderHandle) for the open orders of an account, youngest link first.
  template <typename Visitor>
  void ForEachOfAccount(AccountId account, Visitor visit) const {
    for (uint32_t link = account_heads_[Raw(account)]; link != 0;
         link = records_[link - 1].next_of_account) {
      visit(OrderHandle{link - 1});
    }
  }

 private:
  ZeroedArray<OrderRecord> records_;
  ZeroedArray<uint32_t> account_heads_;
  ClientOrderIndex index_;
};

}  // namespace tally::core::internal
