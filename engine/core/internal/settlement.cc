// Batches on their way; disputes.cc and exposure.cc have the rest.

#include "engine/core/internal/settlement.h"

#include <algorithm>

#include "engine/core/internal/context.h"
#include "engine/core/internal/state_writer.h"

namespace tally::core::internal {
namespace {

// Tells this part of the canonical state from the rows before it.
constexpr uint32_t kSettlementPart = 0xfffffffe;

OpenBatch& RowOf(State& state, uint64_t batch_id) {
  return state.settlement.batches[batch_id % kMaxOpenBatches];
}

BatchStatusEvent StatusOf(const BatchStatusCommand& command) {
  return {.batch_id = command.batch_id,
          .last_trade = command.trade_count == 0 ? TradeId{} : command.last_trade,
          .transaction_hash = command.transaction_hash,
          .trade_count = command.trade_count,
          .status = command.status,
          .reserved = {}};
}

bool Same(const BatchStatusEvent& a, const BatchStatusEvent& b) {
  return a.batch_id == b.batch_id && a.last_trade == b.last_trade && a.status == b.status &&
         a.transaction_hash == b.transaction_hash && a.trade_count == b.trade_count;
}

void PublishStatus(Context& context, const BatchStatusEvent& status) {
  Event event = MakeEvent(EventType::kBatchStatus);
  event.batch_status = status;
  context.emit.Publish(event);
}

// kBadDefinition, kOutOfOrderBatch: ranges that cannot be those of the batch.
RejectReason CheckBatch(const State& state, const BatchStatusCommand& batch) {
  if (batch.status < SettlementStatus::kPending || batch.status > SettlementStatus::kFailed) {
    return RejectReason::kBadDefinition;
  }
  const uint64_t settled = state.last_settled_batch;
  const uint64_t limit = batch.status == SettlementStatus::kFinal ? 1 : kMaxOpenBatches;
  const bool in_reach = batch.batch_id != 0 && batch.batch_id - settled <= limit;
  const bool in_log =
      batch.last_event >= state.last_settled_event && batch.last_event < state.next_event_sequence;
  const bool traded = batch.trade_count == 0 || (batch.last_trade < state.next_trade_id &&
                                                 Raw(batch.last_trade) >= batch.trade_count);
  return in_reach && in_log && traded ? RejectReason::kNone : RejectReason::kOutOfOrderBatch;
}

void Settle(Context& context, const BatchSettledCommand& batch) {
  State& state = context.state;
  state.last_settled_batch = batch.batch_id;
  state.last_settled_event = batch.last_event;
  RowOf(state, batch.batch_id) = {};
  Event event = MakeEvent(EventType::kBatchSettled);
  event.batch_settled = {.batch_id = batch.batch_id,
                         .last_event = batch.last_event,
                         .transaction_hash = batch.transaction_hash};
  context.emit.Publish(event);
}

void PutStatus(const BatchStatusEvent& status, StateWriter& out) {
  out.Put(status.last_trade);
  out.Bytes(status.transaction_hash.data(), status.transaction_hash.size());
  out.Put(status.trade_count);
  out.Put(uint32_t{Raw(status.status)});
}

void PutBatches(const State& state, StateWriter& out) {
  out.Put(state.settlement.settled.batch_id);
  PutStatus(state.settlement.settled, out);
  for (uint64_t i = 1; i <= kMaxOpenBatches; ++i) {
    const uint64_t id = state.last_settled_batch + i;
    const OpenBatch& batch = state.settlement.batches[id % kMaxOpenBatches];
    if (batch.batch_id == id) {
      out.Put(id);
      out.Put(batch.last_event);
      PutStatus(batch.status, out);
    }
  }
  out.Put(uint64_t{0});
}

}  // namespace

void HandleBatchSettled(Context context) {
  State& state = context.state;
  const BatchSettledCommand& batch = context.command.batch_settled;
  if (batch.batch_id != 0 && batch.batch_id <= state.last_settled_batch) {
    return context.emit.Done(kEventFlagDuplicate);
  }
  if (batch.batch_id != state.last_settled_batch + 1 ||
      batch.last_event < state.last_settled_event ||
      batch.last_event >= state.next_event_sequence) {
    return Reject(context, RejectReason::kOutOfOrderBatch);
  }
  Settle(context, batch);
  context.emit.Done();
}

void HandleBatchStatus(Context context) {
  State& state = context.state;
  const BatchStatusCommand& batch = context.command.batch_status;
  if (batch.batch_id != 0 && batch.batch_id <= state.last_settled_batch) {
    return context.emit.Done(kEventFlagDuplicate);
  }
  if (const RejectReason reason = CheckBatch(state, batch); reason != RejectReason::kNone) {
    return Reject(context, reason);
  }
  const BatchStatusEvent status = StatusOf(batch);
  OpenBatch& row = RowOf(state, batch.batch_id);
  if (batch.status == SettlementStatus::kFinal) {
    Settle(context, {.batch_id = batch.batch_id,
                     .last_event = batch.last_event,
                     .block_number = batch.block_number,
                     .transaction_hash = batch.transaction_hash});
    state.settlement.settled = status.trade_count == 0 ? state.settlement.settled : status;
  } else if (row.last_event == batch.last_event && Same(row.status, status)) {
    return context.emit.Done(kEventFlagDuplicate);
  } else {
    row = {.batch_id = batch.batch_id, .last_event = batch.last_event, .status = status};
  }
  PublishStatus(context, status);
  context.emit.Done();
}

void PutSettlement(const State& state, StateWriter& out) {
  const Settlement& settlement = state.settlement;
  const bool has_batch =
      std::any_of(settlement.batches.begin(), settlement.batches.end(),
                  [&](const OpenBatch& row) { return row.batch_id > state.last_settled_batch; });
  bool has_rows = has_batch || settlement.settled.batch_id != 0 || !settlement.disputes.empty();
  for (uint32_t asset = 0; asset < state.assets.capacity() && !has_rows; ++asset) {
    has_rows = state.exposures.Find(AccountId{}, AssetId{static_cast<uint16_t>(asset)}) != nullptr;
  }
  if (has_rows) {
    out.Put(kSettlementPart);
    PutBatches(state, out);
    PutDisputes(state, out);
    PutExposures(state, out);
  }
}

}  // namespace tally::core::internal
