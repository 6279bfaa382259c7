#pragma once

#include <array>
#include <cstdint>
#include <utility>

#include "base/prefetch.h"
#include "base/types.h"
#include "base/zeroed_array.h"
#include "engine/book/order_pool.h"
#include "engine/core/internal/client_order_index.h"
#include "engine/core/internal/signed_terms.h"
#include "engine/limits.h"
#include "engine/risk/holds.h"
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
  uint32_t flags;  // kRecord...
};
static_assert(sizeof(OrderRecord) == 64);

// Bits of OrderRecord::flags. An order without any of them is a plain limit order, and the order
// path pays for the others with one test of the whole word.
inline constexpr uint32_t kRecordHasDetail = 1;  // OrderTable::detail() of it is valid.
inline constexpr uint32_t kRecordInGroup = 2;    // Another order depends on this one.
inline constexpr uint32_t kRecordQuote = 4;      // A side of a quote.
inline constexpr uint32_t kRecordProtected = 8;  // Its fills count for its market-maker group.
inline constexpr uint32_t kRecordMinimumFee = 16;
inline constexpr uint32_t kRecordSigned = 32;  // OrderDetail::signed_terms are present.
// From here on a number: the entry of a quote's side, and of a protected order the row of its
// group.
inline constexpr uint32_t kRecordQuoteEntryShift = 11;
inline constexpr uint32_t kRecordMakerGroupShift = 16;
static_assert(kMaxQuoteEntries <= 1U << (kRecordMakerGroupShift - kRecordQuoteEntryShift));

// Links of an OrderList: handle + 1; 0 ends the list.
struct OrderLink {
  uint32_t next;
  uint32_t previous;
};

// What a dormant order waits for.
enum class WaitsFor : uint8_t {
  kNothing = 0,    // It is not dormant.
  kClose = 1,      // The closing auction.
  kTrigger = 2,    // It is in the trigger book.
  kGroup = 3,      // The other orders of its group.
  kReference = 4,  // Pegged: a price to follow.
};

// What only some orders have; a row of another array, so that plain orders never touch it.
struct alignas(128) OrderDetail {
  PriceTicks limit;  // As the client gave it, where the book has another price.
  PriceTicks stop_price;
  QuantityLots display_quantity;
  int64_t expire_time_ns;
  QuantityLots displayed;  // Of an iceberg, as kBookDelta last said.
  int32_t offset;
  uint32_t slippage_ticks;
  uint32_t group;         // Row of the group table + 1.
  OrderLink of_lifetime;  // BookState::day_orders, at_the_open or at_the_close.
  OrderLink of_dormant;   // BookState::dormant_orders.
  OrderLink of_pegs;      // PegState::orders.
  uint16_t maker_group;
  OrderType type;  // As entered; a stop that was triggered is kMarket or kLimit.
  TimeInForce time_in_force;
  TriggerSource trigger;
  PegReference peg;
  TrailUnit trail_unit;
  uint8_t group_leg;
  uint8_t flags;  // kOrderFlag...
  WaitsFor waits_for;
  SignedTerms signed_terms;
  std::array<uint8_t, 8> reserved;
};
static_assert(sizeof(OrderDetail) == 128);

// The records of all open orders in an array parallel to the order pool, with an index by client
// order id and a list per account.
//
// Thread safety: none. Invariants: a record is linked iff its order rests. Cost: O(1), nothing is
// allocated after construction.
class OrderTable {
 public:
  explicit OrderTable(const CoreLimits& limits)
      : records_(std::size_t{limits.open_orders} + 1),
        details_(limits.open_orders, RowUse::kSparse),
        minimum_fees_(limits.open_orders, RowUse::kSparse),
        account_heads_(std::size_t{limits.accounts} + 1),
        index_(limits.open_orders) {}

  // Valid if the record has kRecordHasDetail.
  OrderDetail& detail(OrderHandle handle) { return details_[Raw(handle)]; }
  const OrderDetail& detail(OrderHandle handle) const { return details_[Raw(handle)]; }

  // Null unless the record has kRecordMinimumFee.
  risk::MinimumFee* minimum_fee(OrderHandle handle) {
    return const_cast<risk::MinimumFee*>(std::as_const(*this).minimum_fee(handle));
  }
  const risk::MinimumFee* minimum_fee(OrderHandle handle) const {
    return (records_[Raw(handle)].flags & kRecordMinimumFee) == 0 ? nullptr
                                                                  : &minimum_fees_[Raw(handle)];
  }
  // Gives an open order its fee account, or takes it away if there is no minimum.
  void SetMinimumFee(OrderHandle handle, const risk::MinimumFee& account);

  OrderRecord& operator[](OrderHandle handle) { return records_[Raw(handle)]; }
  const OrderRecord& operator[](OrderHandle handle) const { return records_[Raw(handle)]; }

  // Of a record in this table.
  OrderHandle HandleOf(const OrderRecord& record) const {
    return OrderHandle{static_cast<uint32_t>(&record - &records_[0])};
  }

  // kNoOrder if the session has no open order with this id.
  OrderHandle Find(SessionIndex session, ClientOrderId id) const {
    const ClientOrderKey key = {.session = session, .client_order_id = id};
    return index_.Find(key, HasKey{this, key});
  }

  // As Find() in steps: where the index looks for an order with this key first, and which order is
  // there, maybe another; the first row if there is none. No branch.
  uint32_t HomeOf(ClientOrderKey key) const { return index_.HomeOf(key); }
  void PrefetchHome(uint32_t home) const { index_.PrefetchHome(home); }
  OrderHandle FirstAt(uint32_t home) const {
    const uint32_t first = index_.FirstAt(home);
    return OrderHandle{RowAt(first)};
  }

  // Start loading what Insert() will touch: its account's place, and the order that it will be next
  // to in its account (which needs the place to be there).
  void Prefetch(AccountId account) const { tally::Prefetch(&account_heads_[Raw(account)]); }
  void PrefetchYoungest(AccountId account) const { PrefetchLinked(account_heads_[Raw(account)]); }

  // Of an order that is about to be changed or removed: its record; its place in the index and
  // those next to it in its account (which needs the record). Any handle of the pool will do.
  void Prefetch(OrderHandle handle) const { tally::Prefetch(&records_[Raw(handle)]); }
  void PrefetchNeighbours(OrderHandle handle) const {
    const OrderRecord& record = records_[Raw(handle)];
    PrefetchHome(HomeOf(KeyOf(record)));
    PrefetchLinked(record.next_of_account);
    PrefetchLinked(record.previous_of_account);
  }

  // The record of the order that will get this handle, if it rests; kNoOrder: none will. All zero.
  OrderRecord& Draft(OrderHandle handle) {
    OrderRecord& record = records_[handle == kNoOrder ? records_.size() - 1 : Raw(handle)];
    record = {};
    return record;
  }

  // Links the order, whose record is complete but for the links.
  void Insert(OrderHandle handle);
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
  struct HasKey {
    const OrderTable* table;
    ClientOrderKey key;
    bool operator()(OrderHandle handle) const {
      const OrderRecord& record = (*table)[handle];
      return (record.client_order_id == key.client_order_id) & (record.session == key.session);
    }
  };

  static ClientOrderKey KeyOf(const OrderRecord& record) {
    return {.session = record.session, .client_order_id = record.client_order_id};
  }

  // Of a link; the first row if it ends the list. No branch.
  static uint32_t RowAt(uint32_t link) { return link - uint32_t{link != 0}; }
  void PrefetchLinked(uint32_t link) const { tally::Prefetch(&records_[RowAt(link)]); }

  // The two sides of a quote share a client order id; they are found by their entry.
  static bool IsIndexed(const OrderRecord& record) { return (record.flags & kRecordQuote) == 0; }

  ZeroedArray<OrderRecord> records_;  // The last one is of no order.
  ZeroedArray<OrderDetail> details_;
  ZeroedArray<risk::MinimumFee> minimum_fees_;
  ZeroedArray<uint32_t> account_heads_;
  ClientOrderIndex index_;
};

}  // namespace tally::core::internal
