#pragma once

#include <array>
#include <cstdint>

#include "base/types.h"
#include "base/zeroed_array.h"
#include "engine/book/order_pool.h"
#include "engine/limits.h"

namespace tally::core::internal {

struct QuoteKey {
  SessionIndex session;
  InstrumentId instrument;
  uint32_t entry;  // Below kMaxQuoteEntries.
  friend constexpr bool operator==(const QuoteKey&, const QuoteKey&) = default;
};

// The open orders of every quote entry. Open addressing with linear probing, at most half full as
// each row has an open order, and backward-shift deletion: no tombstones and no rehash, ever.
//
// Thread safety: none. Invariants: a row exists iff a side of its entry is open. Never iterated, so
// its layout cannot influence an event. Cost: O(1), nothing is allocated after construction.
class QuoteTable {
 public:
  explicit QuoteTable(uint32_t open_orders_max);

  OrderHandle Find(const QuoteKey& key, Side side) const;  // kNoOrder if it is not open.
  void Insert(const QuoteKey& key, Side side, OrderHandle handle);
  void Erase(const QuoteKey& key, Side side);  // Requires that it is open.

 private:
  struct Row {
    SessionIndex session;
    uint32_t instrument_entry;
    std::array<uint32_t, 2> handles_plus_1;  // Bid, ask; 0: none. Both 0: an empty row.

    bool empty() const { return handles_plus_1[0] == 0 && handles_plus_1[1] == 0; }
  };
  static_assert(sizeof(Row) == 16, "four to a cache line");

  static uint32_t SideIndex(Side side) { return side == Side::kBuy ? 0 : 1; }
  static uint32_t Pack(const QuoteKey& key) {
    return Raw(key.instrument) * kMaxQuoteEntries + key.entry;
  }
  std::size_t Home(SessionIndex session, uint32_t instrument_entry) const;
  std::size_t Next(std::size_t row) const { return (row + 1) & mask_; }
  std::size_t Locate(const QuoteKey& key) const;  // Its row, or the empty one where it belongs.
  void RemoveRow(std::size_t hole);

  std::size_t mask_;
  ZeroedArray<Row> rows_;
};
static_assert(uint64_t{kMaxInstruments} * kMaxQuoteEntries + kMaxQuoteEntries <= UINT32_MAX);

}  // namespace tally::core::internal
