#pragma once

#include <cstdint>
#include <string>

#include "gateway/fix/instruments.h"

namespace tally::gateway::fix {

// MDEntryType (269).
namespace entry_type {
inline constexpr char kBid = '0';
inline constexpr char kOffer = '1';
inline constexpr char kTrade = '2';
inline constexpr char kImbalance = 'A';
inline constexpr char kClearingPrice = 'Q';
}  // namespace entry_type

// MDUpdateAction (279).
namespace update_action {
inline constexpr char kNew = '0';
inline constexpr char kChange = '1';
inline constexpr char kDelete = '2';
}  // namespace update_action

// One entry of a W (without an action) or an X.
struct MarketDataEntry {
  char action = 0;
  char type = 0;
  uint64_t id = 0;           // Order or trade; 0: none.
  int64_t price = 0;         // Ticks; 0: none.
  int64_t quantity = 0;      // Lots; a deletion has none.
  uint32_t order_count = 0;  // Of a level; 0: not said.
  uint8_t side = 0;          // Aggressor or side of the imbalance; 0: none.
  int64_t time_ns = 0;       // Of a trade.
};

// The entries of a group as text.
struct MarketDataEntries {
  std::string text;
  uint32_t count = 0;

  void Add(const MarketDataEntry& entry, const FixInstrument& instrument);
  void Clear();
};

}  // namespace tally::gateway::fix
