#include "engine/core/internal/quote_table.h"

#include <bit>

#include "base/assert.h"

namespace tally::core::internal {

QuoteTable::QuoteTable(uint32_t open_orders_max)
    : mask_(std::bit_ceil(2 * std::size_t{open_orders_max} + 2) - 1), rows_(mask_ + 1) {}

std::size_t QuoteTable::Home(SessionIndex session, uint32_t instrument_entry) const {
  const uint64_t key = uint64_t{Raw(session)} << 32 | instrument_entry;
  const uint64_t mixed = (key ^ (key >> 29)) * 0xbf58476d1ce4e5b9U;
  return static_cast<std::size_t>(mixed ^ (mixed >> 32)) & mask_;
}

std::size_t QuoteTable::Locate(const QuoteKey& key) const {
  const uint32_t instrument_entry = Pack(key);
  std::size_t row = Home(key.session, instrument_entry);
  while (!rows_[row].empty() &&
         (rows_[row].session != key.session || rows_[row].instrument_entry != instrument_entry)) {
    row = Next(row);
  }
  return row;
}

OrderHandle QuoteTable::Find(const QuoteKey& key, Side side) const {
  const uint32_t handle_plus_1 = rows_[Locate(key)].handles_plus_1[SideIndex(side)];
  return handle_plus_1 == 0 ? kNoOrder : OrderHandle{handle_plus_1 - 1};
}

void QuoteTable::Insert(const QuoteKey& key, Side side, OrderHandle handle) {
  Row& row = rows_[Locate(key)];
  CHECK(row.handles_plus_1[SideIndex(side)] == 0);
  row.session = key.session;
  row.instrument_entry = Pack(key);
  row.handles_plus_1[SideIndex(side)] = Raw(handle) + 1;
}

void QuoteTable::Erase(const QuoteKey& key, Side side) {
  const std::size_t at = Locate(key);
  CHECK(rows_[at].handles_plus_1[SideIndex(side)] != 0);
  rows_[at].handles_plus_1[SideIndex(side)] = 0;
  if (rows_[at].empty()) {
    RemoveRow(at);
  }
}

// Moves back every later row of the run whose home is not between the hole and itself.
void QuoteTable::RemoveRow(std::size_t hole) {
  for (std::size_t row = Next(hole); !rows_[row].empty(); row = Next(row)) {
    const std::size_t home = Home(rows_[row].session, rows_[row].instrument_entry);
    if (((row - home) & mask_) >= ((row - hole) & mask_)) {
      rows_[hole] = rows_[row];
      hole = row;
    }
  }
  rows_[hole] = {};
}

}  // namespace tally::core::internal
