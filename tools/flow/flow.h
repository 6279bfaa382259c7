#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

#include "base/types.h"
#include "tools/flow/recorded_row.h"

namespace tally::flow {

enum class FlowAction : uint8_t { kNew = 1, kCancel = 2, kReplace = 3 };

// One command to send. Every order is a limit order, good till canceled, self-trade prevention
// none (two orders that traded never share an account).
struct FlowStep {
  int64_t time_ms = 0;  // When the exchange told of it; the time of the first row for the seed.
  FlowAction action{};
  bool seed = false;   // kNew of an order that stood before the recording.
  uint64_t order = 0;  // Id in the recording.
  AccountId account{};
  Side side = Side::kBuy;
  PriceTicks price{};
  QuantityLots quantity{};  // kReplace: new total, executed included. kCancel: 0.
};

// A trade, of the recording or of a book that was fed the steps. Orders by recorded id.
struct FlowTrade {
  int64_t time_ms = 0;
  uint64_t trade_id = 0;
  PriceTicks price{};
  QuantityLots quantity{};
  uint64_t maker = 0;
  uint64_t taker = 0;
};

// What an account needs before the first step so that no order of it lacks funds.
struct FlowDeposit {
  AccountId account{};
  Quanta base{};
  Quanta quote{};
};

struct FlowOptions {
  uint32_t account_count = 400;  // Accounts first_account .. first_account + account_count - 1.
  AccountId first_account{1};
  // Of the instrument: with 1 and 1 a quote quantum is 1e-10 USD and a base quantum 1e-8 BTC.
  Quanta tick_quanta{1};
  Quanta lot_quanta{1};
  int64_t fee_hundredths_bp_max = 10'000;  // Fee that deposits must cover: 1 % of the notional.
};

struct Flow {
  std::vector<FlowStep> steps;
  std::vector<FlowTrade> trades;  // Recorded; maker and taker 0 where they could not be told.
  std::vector<FlowDeposit> deposits;
  uint32_t orders = 0;
  uint32_t seed_orders = 0;
  uint32_t market_orders = 0;        // Walked the book at changing prices, or were sized by money.
  uint32_t trades_unattributed = 0;  // Of `trades`: maker or taker unknown.
};

// The orders that a recording came from. Deterministic; README.md says by which rules.
// kInvalidArgument if the options or a row contradict themselves.
absl::StatusOr<Flow> BuildFlow(std::span<const RecordedRow> rows, const FlowOptions& options);

struct TradeComparison {
  std::size_t recorded = 0;
  std::size_t ours = 0;
  std::size_t matched = 0;         // Same price and quantity, each trade counted once.
  std::size_t matched_orders = 0;  // And the same two orders.
  QuantityLots recorded_lots{};
  QuantityLots our_lots{};
};

TradeComparison CompareTrades(std::span<const FlowTrade> ours, std::span<const FlowTrade> recorded);

}  // namespace tally::flow
