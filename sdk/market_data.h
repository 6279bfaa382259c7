#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/fixed_string.h"
#include "base/types.h"

namespace tally::sdk {

// What to subscribe to.
struct Feeds {
  bool book_top = false;    // BookTop; a slow reader gets only the newest.
  bool trades = false;      // MarketTrade, every one.
  bool phase = false;       // PhaseChange, every one.
  bool indicative = false;  // Indicative; a slow reader gets only the newest.
  bool levels = false;      // L2: a BookSnapshot, then every BookLevel.
  bool orders = false;      // L3: a BookSnapshot, then every BookOrder.
};

// Numbers of the wire's SettlementStatus.
enum class SettlementStatus : uint8_t { kPending = 1, kMined = 2, kFinal = 3, kFailed = 4 };

// How far the trades first_trade .. last_trade are, those of kTradeBroken reports excepted. A trade
// of which nothing was told is pending; if these are final, so are all before them.
struct TradesStatus {
  uint64_t batch_id = 0;
  TradeId first_trade{};
  TradeId last_trade{};
  SettlementStatus status{};
  std::array<uint8_t, 32> transaction_hash{};  // Zero: none, or not known.
  int64_t engine_ns = 0;                       // 0: as it was when the client came.
};

// Funds of the account that cannot be used while trades of theirs are in dispute.
struct DisputeStatus {
  uint64_t batch_id = 0;
  AccountId account{};
  AssetId asset{};
  Quanta amount{};
  Quanta held{};  // Of `amount`.
  bool resolved = false;
  int64_t engine_ns = 0;
};

struct MarketTrade {
  InstrumentId instrument{};
  TradeId trade_id{};
  PriceTicks price{};
  QuantityLots quantity{};
  Side aggressor{};  // 0 in an auction.
  int64_t engine_ns = 0;
};

// A quantity of 0: the side is empty.
struct BookTop {
  InstrumentId instrument{};
  PriceTicks bid_price{};
  QuantityLots bid_quantity{};
  PriceTicks ask_price{};
  QuantityLots ask_quantity{};
  uint64_t book_sequence = 0;  // Contiguous per instrument; a jump: conflated.
  int64_t engine_ns = 0;
};

// Numbers of the wire's PhaseReason.
enum class PhaseReason : uint8_t {
  kNone = 0,
  kCommand = 1,
  kSchedule = 2,
  kStaticBand = 3,
  kDynamicBand = 4,
  kBreaker = 5,
  kExtension = 6,  // The same call goes on: its price is out of its band.
};

struct PhaseChange {
  InstrumentId instrument{};
  TradingPhase phase{};
  TradingPhase previous{};
  PhaseReason reason{};
  int64_t until_ns = 0;  // 0: open end.
  PriceTicks reference_price{};
  PriceTicks last_price{};
  int64_t engine_ns = 0;
};

// What the auction would do now. Quantity 0: nothing would trade.
struct Indicative {
  InstrumentId instrument{};
  PriceTicks price{};
  QuantityLots quantity{};
  QuantityLots surplus{};
  Side surplus_side{};  // 0: no surplus.
  int64_t engine_ns = 0;
};

struct BookEntry {
  OrderId order_id{};  // 0 in an L2 snapshot.
  Side side{};
  PriceTicks price{};
  QuantityLots quantity{};
  uint32_t order_count = 0;
};

// Replaces what was known of the book; the next delta has book_sequence + 1. Bids, then asks, best
// price first; in an L3 snapshot the orders of a price in their priority.
struct BookSnapshot {
  InstrumentId instrument{};
  bool orders = false;  // L3; else L2.
  uint64_t book_sequence = 0;
  int64_t engine_ns = 0;
  std::vector<BookEntry> entries{};
};

// L2: what a price level is from now on; quantity 0: gone.
struct BookLevel {
  InstrumentId instrument{};
  Side side{};
  PriceTicks price{};
  QuantityLots quantity{};
  uint32_t order_count = 0;
  uint64_t book_sequence = 0;
  int64_t engine_ns = 0;
};

// Numbers of the wire's BookAction.
enum class BookAction : uint8_t { kAdd = 1, kChange = 2, kRemove = 3 };

// L3: what an order is from now on. Without kept_priority it is the last at its price.
struct BookOrder {
  InstrumentId instrument{};
  OrderId order_id{};
  Side side{};
  BookAction action{};
  PriceTicks price{};
  QuantityLots quantity{};
  bool kept_priority = false;
  uint64_t book_sequence = 0;
  int64_t engine_ns = 0;
};

struct Instrument {
  InstrumentId instrument{};
  Symbol symbol{};
  Symbol base_symbol{};
  Symbol quote_symbol{};
  Quanta tick_quanta{};  // Quote quanta per lot for each tick of price.
  Quanta lot_quanta{};   // Base quanta per lot.
  PriceTicks price_max{};
  QuantityLots quantity_min{};
  QuantityLots quantity_max{};
  Quanta notional_min{};
  Quanta notional_max{};
  int32_t maker_fee_hundredths_bp = 0;
  int32_t taker_fee_hundredths_bp = 0;
  AssetId base_asset{};
  AssetId quote_asset{};
  uint8_t base_decimals = 0;
  uint8_t quote_decimals = 0;
};

}  // namespace tally::sdk
