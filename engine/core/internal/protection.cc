#include "engine/core/internal/protection.h"

#include <algorithm>
#include <cstdlib>

#include "engine/core/internal/auction.h"
#include "engine/core/internal/mass_cancel.h"
#include "engine/core/internal/match_listener.h"
#include "engine/core/internal/turn.h"

namespace tally::core::internal {
namespace {

// Far beyond any limit that is not "none", so that counters saturate instead of wrapping.
constexpr int64_t kCounterMax = INT64_MAX / 4;

void Restart(MakerGroup& group) {
  group.quantity = 0;
  group.net = 0;
  group.count = 0;
}

bool WindowEnded(const MakerGroup& group, int64_t time_ns) {
  return group.limits.window_ns != 0 && time_ns - group.window_start_ns >= group.limits.window_ns;
}

bool Reached(int64_t counted, int64_t limit) { return limit != 0 && counted >= limit; }

bool LimitReached(const MakerGroup& group) {
  return Reached(group.quantity, group.limits.quantity_max.value) ||
         Reached(std::abs(group.net), group.limits.delta_max.value) ||
         Reached(group.count, group.limits.count_max);
}

bool IsSound(const DefineProtectionCommand& limits) {
  return limits.maker_group != 0 && limits.window_ns >= 0 && limits.quantity_max.value >= 0 &&
         limits.quantity_max.value <= kCounterMax && limits.delta_max.value >= 0 &&
         limits.delta_max.value <= kCounterMax;
}

RejectReason CheckDefinition(const State& state, const Command& command) {
  if (state.accounts.Find(command.account) == nullptr) {
    return RejectReason::kUnknownAccount;
  }
  const DefineProtectionCommand& limits = command.define_protection;
  if (!IsSound(limits)) {
    return RejectReason::kBadDefinition;
  }
  const bool known =
      state.maker_groups.Find(command.account, limits.maker_group) != MakerGroupTable::kNoRow;
  return known || !state.maker_groups.full() ? RejectReason::kNone : RejectReason::kCapacity;
}

void ReportTripped(Context& context, const MakerGroup& group, uint32_t canceled) {
  Event event = MakeEvent(EventType::kProtectionTripped);
  event.account = group.account;
  event.protection_tripped = {.quantity = {group.quantity},
                              .delta = {group.net},
                              .count = group.count,
                              .canceled_count = canceled,
                              .maker_group = group.maker_group,
                              .reserved = {}};
  context.emit.Report(group.trip_session, event);
}

}  // namespace

void HandleDefineProtection(Context context) {
  State& state = context.state;
  const Command& command = context.command;
  if (RejectReason reason = CheckDefinition(state, command); reason != RejectReason::kNone) {
    context.emit.Reject(EventType::kCommandRejected, reason);
    return;
  }
  const uint16_t maker_group = command.define_protection.maker_group;
  uint32_t row = state.maker_groups.Find(command.account, maker_group);
  if (row == MakerGroupTable::kNoRow) {
    row = state.maker_groups.Add(command.account, maker_group);
  }
  state.maker_groups[row].limits = command.define_protection;
  state.maker_groups[row].limits.reserved = {};
  Event event = MakeEvent(EventType::kProtectionDefined);
  event.account = command.account;
  event.protection_defined = {.maker_group = maker_group, .reserved = {}};
  context.emit.Publish(event);
  context.emit.Done();
}

void HandleResetProtection(Context context) {
  State& state = context.state;
  const AccountId account = state.sessions[context.command.session].account;
  const uint32_t row =
      state.maker_groups.Find(account, context.command.reset_protection.maker_group);
  if (row == MakerGroupTable::kNoRow) {
    context.emit.Reject(EventType::kCommandRejected, RejectReason::kUnknownMakerGroup);
    return;
  }
  state.maker_groups[row].tripped = false;
  Restart(state.maker_groups[row]);
  context.emit.Done();
}

Membership FindMembership(const State& state, AccountId account, uint16_t maker_group) {
  const uint32_t row = state.maker_groups.Find(account, maker_group);
  if (row == MakerGroupTable::kNoRow) {
    return {.reason = RejectReason::kUnknownMakerGroup, .record_flags = 0};
  }
  return {.reason = RejectReason::kNone,
          .record_flags = kRecordProtected | row << kRecordMakerGroupShift};
}

void CountFill(State& state, const OrderRecord& record, Side side, QuantityLots quantity) {
  const uint32_t row = MakerGroupRow(record);
  MakerGroup& group = state.maker_groups[row];
  if (group.count == 0 || WindowEnded(group, state.time_ns)) {
    Restart(group);
    group.window_start_ns = state.time_ns;
  }
  const int64_t signed_lots = side == Side::kBuy ? quantity.value : -quantity.value;
  group.quantity = std::min(group.quantity + quantity.value, kCounterMax);
  group.net = std::clamp(group.net + signed_lots, -kCounterMax, kCounterMax);
  group.count += group.count == UINT32_MAX ? 0 : 1;
  if (!group.tripped && LimitReached(group)) {
    group.tripped = true;
    group.trip_session = record.session;
    state.maker_groups.MarkDue(row);
  }
}

bool CancelTripped(Context& context, InstrumentId instrument) {
  State& state = context.state;
  if (!state.maker_groups.has_due()) [[likely]] {
    return false;
  }
  while (state.maker_groups.has_due()) {
    MakerGroup& group = state.maker_groups[state.maker_groups.TakeDue()];
    const uint32_t canceled =
        CancelAll(context, {.account = group.account, .maker_group = group.maker_group},
                  CancelReason::kProtection, state.protection_cancels);
    ReportTripped(context, group, canceled);
    InstrumentId published = instrument;
    for (const Victim& victim : state.protection_cancels.victims()) {
      if (victim.instrument != published && victim.instrument != instrument) {
        published = victim.instrument;
        PublishIndicative(context, published);
        PublishBookTop(context, published);
        QueueTurn(state, published);
      }
    }
  }
  return true;
}

void PutMakerGroups(const State& state, StateWriter& out) {
  out.Put(static_cast<uint32_t>(state.maker_groups.groups().size()));
  for (const MakerGroup& group : state.maker_groups.groups()) {
    out.Put(group.account);
    out.Put(uint32_t{group.maker_group});
    out.Put(group.limits.window_ns);
    out.Put(group.limits.quantity_max);
    out.Put(group.limits.delta_max);
    out.Put(group.limits.count_max);
    out.Put(group.count);
    out.Put(group.count == 0 ? int64_t{0} : group.window_start_ns);
    out.Put(group.quantity);
    out.Put(group.net);
    out.Put(uint32_t{group.tripped ? 1U : 0U});
    out.Put(uint32_t{0});
  }
}

}  // namespace tally::core::internal
