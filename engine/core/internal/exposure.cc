// Limits of what is not settled.

#include "engine/core/internal/context.h"
#include "engine/core/internal/settlement.h"
#include "engine/core/internal/state_writer.h"

namespace tally::core::internal {
namespace {

void PutExposureRow(const State& state, uint32_t account, uint32_t asset, StateWriter& out) {
  const AssetId asset_id{static_cast<uint16_t>(asset)};
  const risk::ExposureRow* const row = state.exposures.Find(AccountId{account}, asset_id);
  const Quanta* const limit = state.exposures.FindLimit(AccountId{account}, asset_id);
  const bool unsettled = row != nullptr && row->count != 0 &&
                         row->sums[row->count - 1].last_event > state.last_settled_event;
  if (limit == nullptr && !unsettled) {
    return;
  }
  out.Put(account);
  out.Put(asset);
  out.Put(limit == nullptr ? Quanta{-1} : *limit);
  for (uint32_t i = 0; unsettled && i < row->count; ++i) {
    if (row->sums[i].last_event > state.last_settled_event) {
      out.Put(row->sums[i].last_event);
      out.Put(row->sums[i].amount);
    }
  }
  out.Put(uint64_t{0});
}

}  // namespace

void HandleDefineExposure(Context context) {
  State& state = context.state;
  const DefineExposureCommand& definition = context.command.define_exposure;
  const AccountId account = context.command.account;
  RejectReason reason = account != AccountId{} && state.accounts.Find(account) == nullptr
                            ? RejectReason::kUnknownAccount
                        : state.assets.Find(definition.asset) == nullptr
                            ? RejectReason::kUnknownAsset
                            : state.exposures.Define(account, definition);
  if (reason != RejectReason::kNone) {
    return context.emit.Reject(EventType::kCommandRejected, reason);
  }
  Event event = MakeEvent(EventType::kExposureDefined);
  event.account = account;
  event.exposure_defined = {.limit = definition.limit,
                            .asset = definition.asset,
                            .removed = definition.remove,
                            .reserved = {}};
  context.emit.Publish(event);
  context.emit.Done();
}

RejectReason CheckExposure(const State& state, const OrderHold& hold) {
  const Quanta* const limit =
      hold.new_hold <= hold.old_hold ? nullptr : state.exposures.LimitOf(hold.account, hold.asset);
  if (limit == nullptr) {
    return RejectReason::kNone;
  }
  const Quanta in_orders = state.ledger.balance(hold.account, hold.asset).held -
                           DisputedOf(state, hold.account, hold.asset) - hold.old_hold;
  const __int128 after =
      static_cast<__int128>(
          state.exposures.Unsettled(hold.account, hold.asset, state.last_settled_event).value) +
      in_orders.value + hold.new_hold.value;
  return after > limit->value ? RejectReason::kExposureLimit : RejectReason::kNone;
}

void PutExposures(const State& state, StateWriter& out) {
  for (uint32_t asset = 0; asset < state.assets.capacity(); ++asset) {
    if (state.exposures.Find(AccountId{}, AssetId{static_cast<uint16_t>(asset)}) == nullptr) {
      continue;
    }
    PutExposureRow(state, 0, asset, out);
    for (uint32_t account = 1; account <= state.accounts.capacity(); ++account) {
      if (state.accounts.Find(AccountId{account}) != nullptr) {
        PutExposureRow(state, account, asset, out);
      }
    }
  }
  out.Put(UINT32_MAX);
}

}  // namespace tally::core::internal
