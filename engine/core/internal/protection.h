#pragma once

#include "engine/core/internal/context.h"
#include "engine/core/internal/state_writer.h"
#include "engine/reject_reason.h"

namespace tally::core::internal {

// Market-maker protection; docs/semantics/market-makers.md.
void HandleDefineProtection(Context context);
void HandleResetProtection(Context context);

// Bits of OrderRecord::flags that make an order of the command's account one of a group; 0 with
// kUnknownMakerGroup if the account has no such group.
struct Membership {
  RejectReason reason;
  uint32_t record_flags;
};
Membership FindMembership(const State& state, AccountId account, uint16_t maker_group);

// The group of an order whose record has kRecordProtected.
inline uint32_t MakerGroupRow(const OrderRecord& record) {
  return record.flags >> kRecordMakerGroupShift;
}
inline bool ProtectionTripped(const State& state, uint32_t record_flags) {
  return (record_flags & kRecordProtected) != 0 &&
         state.maker_groups[record_flags >> kRecordMakerGroupShift].tripped;
}

// Counts a fill of an order with kRecordProtected, and trips its group if a limit is reached. What
// is open of the group is canceled by CancelTripped(), before anything else can trade with it.
void CountFill(State& state, const OrderRecord& record, Side side, QuantityLots quantity);

// For every group tripped since the last call: cancels all its orders (kProtection) and reports it
// (kProtectionTripped). Publishes what changed of the other books, not of `instrument`, whose turn
// is being ended, and queues their turns: stops and pegs follow their prices. False if there was
// none.
bool CancelTripped(Context& context, InstrumentId instrument);

// The list of groups in the canonical state.
void PutMakerGroups(const State& state, StateWriter& out);

}  // namespace tally::core::internal
