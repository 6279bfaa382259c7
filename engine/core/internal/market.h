#pragma once

// What an instrument does with orders, beside its book: phase, rules, prices to measure from.

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/types.h"
#include "engine/command.h"
#include "engine/event.h"

namespace tally::core::internal {

class StateWriter;

// Bits of BookState::features. 0: continuous trading without any rule, which is all that the plain
// order path asks.
inline constexpr uint32_t kFeaturePhase = 1;      // Not in continuous trading.
inline constexpr uint32_t kFeatureRules = 2;      // A band, limit or breaker is on.
inline constexpr uint32_t kFeatureHidden = 4;     // kRulesFlagHidden.
inline constexpr uint32_t kFeatureBookDelta = 8;  // kRulesFlagBookDelta.
// Stops wait; orders are pegged; an all-or-none order was taken at some time. What these need after
// a command, other instruments do not pay for.
inline constexpr uint32_t kFeatureStops = 16;
inline constexpr uint32_t kFeaturePegs = 32;
inline constexpr uint32_t kFeatureAllOrNone = 64;

// The lowest and highest trade price of the last breaker_window_ns, in slots of a 16th of it: what
// is forgotten is between 15 and 16 slots old. Cost: O(slots), once per command that traded.
struct BreakerWindow {
  static constexpr uint32_t kSlots = 16;
  struct Slot {
    int64_t number;  // time_ns / slot length; 0: empty.
    PriceTicks low;
    PriceTicks high;
  };
  std::array<Slot, kSlots> slots;  // Row number % kSlots.
};

// All zero but the phase: an instrument that was just defined.
struct Market {
  TradingPhase phase = TradingPhase::kContinuous;
  TradingPhase next = TradingPhase::kContinuous;  // Begins at until_ns.
  int64_t until_ns = 0;                           // 0: no end.
  int64_t next_batch_ns = 0;                      // kBatchAuction: the next uncrossing; else 0.
  int64_t scheduled_ns = 0;                       // Of the last kSetPhase by the clock; 0: none.
  PriceTicks reference_price;                     // Of the last auction, or as set; 0: none.
  uint8_t extensions = 0;                         // Of the call that runs; of a batch: put off.
  IndicativeEvent indicative{};                   // As last published; all zero outside a call.
  DefineRulesCommand rules{};
  BreakerWindow breaker{};
};

// `duration_ns` after `time_ns`, which the journal may hold at its very end.
constexpr int64_t Later(int64_t time_ns, int64_t duration_ns) {
  return time_ns + std::min(duration_ns, INT64_MAX - time_ns);
}

// Part of the canonical state.
void PutMarket(const Market& market, StateWriter& out);

// Phases in which orders rest without matching until the book is uncrossed.
constexpr bool IsCall(TradingPhase phase) {
  switch (phase) {
    case TradingPhase::kOpeningAuction:
    case TradingPhase::kVolatilityAuction:
    case TradingPhase::kClosingAuction:
    case TradingPhase::kBatchAuction:
      return true;
    case TradingPhase::kPreOpen:
    case TradingPhase::kContinuous:
    case TradingPhase::kHalt:
    case TradingPhase::kClosed:
      return false;
  }
  return false;
}

}  // namespace tally::core::internal
