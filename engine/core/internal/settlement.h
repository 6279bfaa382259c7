#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/types.h"
#include "engine/command.h"
#include "engine/event.h"
#include "engine/limits.h"
#include "engine/reject_reason.h"
#include "engine/risk/instrument_table.h"

namespace tally::core::internal {

struct Context;
class State;
class StateWriter;

// The last status told of a batch that is not final.
struct OpenBatch {
  uint64_t batch_id;  // 0: none.
  EventSequence last_event;
  BatchStatusEvent status;
};

struct Dispute {
  uint64_t batch_id;
  AccountId culprit;
  uint32_t steps;  // Taken.
  bool resolved;
};

struct DisputeHold {
  uint64_t batch_id;  // With `culprit`, the dispute.
  AccountId culprit;
  AccountId account;
  AssetId asset;
  Quanta amount;
  Quanta held;  // In the ledger; less than `amount` only while nothing is available.
};

// What is between the engine and the chain: batches under way, and trades that the vault refuses
// (docs/semantics/settlement-status.md). Room is reserved at the start.
struct Settlement {
  Settlement() {
    disputes.reserve(kMaxDisputes);
    holds.reserve(kMaxDisputeHolds);
  }

  BatchStatusEvent settled{};  // Of the last final batch that told its trades.
  std::array<OpenBatch, kMaxOpenBatches> batches{};  // Row: batch id modulo the size.
  std::vector<Dispute> disputes;                     // In the order of their beginning.
  std::vector<DisputeHold> holds;                    // Of open disputes, likewise.
  uint32_t short_holds = 0;                          // Those with less than their amount.
};

// kBatchSettled, kBatchStatus.
void HandleBatchSettled(Context context);
void HandleBatchStatus(Context context);

// kDispute.
void HandleDispute(Context context);
// Holds what became available of what is in dispute; the end of every command.
void HoldDisputed(State& state);
// Of the account's held funds in the asset, those in dispute. Cost: linear in holds.
Quanta DisputedOf(const State& state, AccountId account, AssetId asset);

// kDefineExposure.
void HandleDefineExposure(Context context);
// kExposureLimit if the account's order, which holds `old_hold` now, may not hold `new_hold`.
struct OrderHold {
  AccountId account;
  AssetId asset;
  Quanta old_hold;
  Quanta new_hold;
};
RejectReason CheckExposure(const State& state, const OrderHold& hold);

// The part of the canonical state; nothing if nothing of it was ever used.
void PutSettlement(const State& state, StateWriter& out);
void PutDisputes(const State& state, StateWriter& out);
void PutExposures(const State& state, StateWriter& out);

}  // namespace tally::core::internal
