#pragma once

#include "engine/core/internal/cancel_list.h"
#include "engine/core/internal/context.h"

namespace tally::core::internal {

// Which open orders; a field that is 0 or false does not narrow the scope.
struct CancelScope {
  AccountId account{};
  SessionIndex session{};
  InstrumentId instrument{};
  uint8_t side = 0;
  bool quotes_only = false;
  uint16_t maker_group = 0;  // Of `account`.
};

// Cancels every open order in the scope, dormant ones too: instruments ascending, bids before asks,
// best price first, then by priority. Returns how many. `list` is overwritten with what it found,
// so that the caller can end the turn of each instrument (EndTurns) when it has answered.
// Cost: O(n log n) in the orders of the account, or of all accounts if the scope names none.
uint32_t CancelAll(Context& context, const CancelScope& scope, CancelReason reason,
                   CancelList& list);

// EndTurn() for every instrument in the list, ascending.
void EndTurns(Context& context, CancelList& list);

}  // namespace tally::core::internal
