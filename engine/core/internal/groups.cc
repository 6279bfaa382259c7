#include "engine/core/internal/groups.h"

#include <algorithm>

#include "base/assert.h"
#include "engine/core/internal/dormant.h"
#include "engine/core/internal/market_entry.h"
#include "engine/core/internal/match_listener.h"
#include "engine/core/internal/order_handler.h"
#include "engine/core/internal/triggers.h"
#include "engine/core/internal/turn.h"

namespace tally::core::internal {
namespace {

using Leg = OrderGroup::Leg;

// Legs are orders that can wait and rest.
bool MayBeLeg(const NewOrderCommand& order) {
  const bool type = order.type == OrderType::kLimit || IsStop(order.type);
  return type && !IsImmediate(order.time_in_force) && !IsAuctionOnly(order.time_in_force) &&
         order.min_quantity == QuantityLots{};
}

// The leg that arrived just before and excludes this one, or null.
const Leg* Excluded(const State& state, const Context& context, const NewOrderCommand& order) {
  const bool second = order.contingency == Contingency::kOco && order.group_leg == 2;
  const bool third = order.contingency == Contingency::kOtoco && order.group_leg == 3;
  const uint32_t row = second || third ? state.groups.Find(context.command.session, order.group_id)
                                       : GroupTable::kNoRow;
  return row == GroupTable::kNoRow ? nullptr : &state.groups[row].legs[order.group_leg - 2U];
}

// Of one side at most one may rest, the other is a stop; a buy and a sell must not be able to trade
// with one another.
bool MayExclude(const State& state, OrderHandle first, const NewOrderCommand& order) {
  const bool stops = IsStop(order.type) || IsStop(state.orders.detail(first).type);
  const OrderView view = state.pool.View(first);
  if (view.side == order.side || stops) {
    return stops;
  }
  return order.side == Side::kBuy ? order.price < view.price : view.price < order.price;
}

uint32_t RowOf(const State& state, OrderHandle handle) {
  return state.orders.detail(handle).group - 1;
}

Leg& LegOf(State& state, OrderHandle handle) {
  const OrderDetail& detail = state.orders.detail(handle);
  return state.groups[detail.group - 1].legs[detail.group_leg - 1U];
}

// The order is on its own from now on.
void Detach(State& state, Leg& leg) {
  if (leg.is_open != 0) {
    state.orders[leg.order].flags &= ~kRecordInGroup;
    state.orders.detail(leg.order).group = 0;
    leg.is_open = 0;
  }
}

// The group ends: what is open of it and was not touched is canceled, unless it is `spared`.
void EndGroup(Context& context, uint32_t row, OrderHandle spared) {
  State& state = context.state;
  const OrderGroup group = state.groups[row];
  for (Leg& leg : state.groups[row].legs) {
    Detach(state, leg);
  }
  state.groups.Remove(row);
  for (const Leg& leg : group.legs) {
    if (leg.is_open != 0 && leg.order != spared) {
      CancelOpen(context, leg.order, CancelReason::kGroup);
    }
  }
  QueueTurn(state, group.instrument);
}

OrderHandle TouchedLeg(const OrderGroup& group) {
  for (const Leg& leg : group.legs) {
    if (leg.is_open != 0 && leg.touched != 0) {
      return leg.order;
    }
  }
  return kNoOrder;
}

Quanta NeedOf(const State& state, OrderHandle handle) {
  const OrderRecord& record = state.orders[handle];
  const OrderView view = state.pool.View(handle);
  return risk::HoldAmount(*state.instruments.Find(record.instrument),
                          {.side = view.side,
                           .price = view.price,
                           .leaves = view.leaves,
                           .fees = record.fees,
                           .minimum_fee = state.orders.minimum_fee(handle)});
}

// Holds what an order that waited without funds needs, with what `other` holds already if they
// exclude each other on one side. False if that is not available.
bool HoldForLeg(State& state, OrderHandle handle, const Leg* other) {
  OrderRecord& record = state.orders[handle];
  const Side side = state.pool.side(handle);
  const risk::Instrument& instrument = *state.instruments.Find(record.instrument);
  Quanta need = NeedOf(state, handle);
  if (other != nullptr && other->is_open != 0 && state.pool.side(other->order) == side) {
    need = std::max(Quanta{}, need - state.orders[other->order].held);
  }
  if (!state.ledger.Hold(record.account, risk::HoldAsset(instrument, side), need)) {
    return false;
  }
  record.held = need;
  return true;
}

// Two legs of one side hold the larger of their needs once. The one that may trade has what it
// needs, the other one the difference.
void GatherHold(State& state, const OrderGroup& group, OrderHandle handle) {
  OrderRecord& record = state.orders[handle];
  for (const Leg& leg : group.legs) {
    if (leg.is_open != 0 && leg.order != handle &&
        state.pool.side(leg.order) == state.pool.side(handle)) {
      OrderRecord& other = state.orders[leg.order];
      const Quanta missing = NeedOf(state, handle) - record.held;
      const Quanta moved = std::clamp(missing, Quanta{}, other.held);
      other.held -= moved;
      record.held += moved;
    }
  }
}

// The leg goes to the market or waits for its trigger.
void StartLeg(Context& context, OrderHandle handle) {
  State& state = context.state;
  if (IsStop(state.orders.detail(handle).type)) {
    AwaitTrigger(state, handle);
  } else {
    EnterDormant(context, handle);
  }
}

// A leg whose turn came with the execution of the first one. False if it cannot start.
bool ReleaseLeg(Context& context, uint32_t row, uint32_t index, const Leg* other) {
  State& state = context.state;
  const OrderHandle handle = state.groups[row].legs[index].order;
  const OrderRecord& record = state.orders[handle];
  return state.accounts.Find(record.account)->enabled && PrepareTrigger(state, handle) &&
         HoldForLeg(state, handle, other);
}

// Starts the legs from `first` on, as long as nothing happens to the group.
void StartLegs(Context& context, uint32_t row, uint32_t first) {
  State& state = context.state;
  OrderGroup& group = state.groups[row];
  const uint32_t count = LegCount(group.kind);
  for (uint32_t index = first; index < count && group.is_due == 0; ++index) {
    const OrderHandle order = group.legs[index].order;
    if (!IsStop(state.orders.detail(order).type)) {
      GatherHold(state, group, order);
    }
    StartLeg(context, order);
  }
}

// The first order is executed: the others get their funds and start, or all end.
void ReleaseOthers(Context& context, uint32_t row) {
  State& state = context.state;
  OrderGroup& group = state.groups[row];
  const uint32_t count = LegCount(group.kind);
  for (uint32_t index = 1; index < count; ++index) {
    if (!ReleaseLeg(context, row, index, index == 1 ? nullptr : &group.legs[1])) {
      EndGroup(context, row, kNoOrder);
      return;
    }
  }
  const InstrumentId instrument = group.instrument;
  if (group.kind == Contingency::kOto) {
    const OrderHandle second = group.legs[1].order;
    Detach(state, group.legs[1]);
    state.groups.Remove(row);
    StartLeg(context, second);
  } else {
    group.stage = GroupStage::kOneCancels;
    StartLegs(context, row, 1);
  }
  QueueTurn(state, instrument);
}

void StartGroup(Context& context, uint32_t row) {
  OrderGroup& group = context.state.groups[row];
  QueueTurn(context.state, group.instrument);
  if (group.kind == Contingency::kOco) {
    group.stage = GroupStage::kOneCancels;
    StartLegs(context, row, 0);
  } else {
    group.stage = GroupStage::kFirst;
    StartLeg(context, group.legs[0].order);
  }
}

void Resolve(Context& context, uint32_t row) {
  const OrderGroup& group = context.state.groups[row];
  if (group.broken != 0) {
    EndGroup(context, row, group.stage == GroupStage::kOneCancels ? TouchedLeg(group) : kNoOrder);
    return;
  }
  switch (group.stage) {
    case GroupStage::kFree:
      CHECK(false);
      break;
    case GroupStage::kCollecting:
      StartGroup(context, row);
      break;
    case GroupStage::kFirst:
      ReleaseOthers(context, row);
      break;
    case GroupStage::kOneCancels:
      EndGroup(context, row, TouchedLeg(group));
      break;
  }
}

}  // namespace

RejectReason CheckGroup(const Context& context, OrderRequest& request) {
  const NewOrderCommand& order = request.order;
  if (order.contingency == Contingency::kNone) [[likely]] {
    return RejectReason::kNone;
  }
  const State& state = context.state;
  if (order.group_id == 0 || order.group_leg == 0 ||
      order.group_leg > LegCount(order.contingency) || !MayBeLeg(order)) {
    return RejectReason::kBadGroup;
  }
  const uint32_t row = state.groups.Find(context.command.session, order.group_id);
  if (order.group_leg == 1 || row == GroupTable::kNoRow) {
    return order.group_leg == 1 && row == GroupTable::kNoRow ? RejectReason::kNone
                                                             : RejectReason::kBadGroup;
  }
  const OrderGroup& group = state.groups[row];
  const bool next = group.stage == GroupStage::kCollecting && group.broken == 0 &&
                    group.kind == order.contingency && group.arrived + 1 == order.group_leg &&
                    group.instrument == context.command.instrument;
  if (!next) {
    return RejectReason::kBadGroup;
  }
  const Leg* const excluded = Excluded(state, context, order);
  return excluded != nullptr && !MayExclude(state, excluded->order, order) ? RejectReason::kBadGroup
                                                                           : RejectReason::kNone;
}

RejectReason CheckGroupRoom(const Context& context, const OrderRequest& request) {
  return request.order.contingency != Contingency::kNone && request.order.group_leg == 1 &&
                 context.state.groups.full()
             ? RejectReason::kCapacity
             : RejectReason::kNone;
}

Quanta HoldOfLeg(const Context& context, const OrderRequest& request, Quanta need) {
  if (request.order.contingency == Contingency::kNone) [[likely]] {
    return need;
  }
  if (WaitsForFirst(request.order)) {
    return {};
  }
  const State& state = context.state;
  const Leg* const excluded = Excluded(state, context, request.order);
  if (excluded == nullptr || state.pool.side(excluded->order) != request.order.side) {
    return need;
  }
  return std::max(Quanta{}, need - state.orders[excluded->order].held);
}

void JoinGroup(Context& context, const NewOrderCommand& order, OrderHandle handle) {
  State& state = context.state;
  const SessionIndex session = context.command.session;
  uint32_t row = state.groups.Find(session, order.group_id);
  if (row == GroupTable::kNoRow) {
    row = state.groups.Add(session, order.group_id);
    state.groups[row].kind = order.contingency;
    state.groups[row].stage = GroupStage::kCollecting;
    state.groups[row].instrument = context.command.instrument;
  }
  OrderGroup& group = state.groups[row];
  group.legs[order.group_leg - 1U] = {
      .order = handle, .is_open = 1, .touched = 0, .quantity = order.quantity};
  state.orders.detail(handle).group = row + 1;
  state.orders[handle].flags |= kRecordInGroup;
  if (++group.arrived == LegCount(group.kind)) {
    state.groups.MarkDue(row);
  }
}

InstrumentId BreakGroup(Context& context, const NewOrderCommand& order) {
  State& state = context.state;
  if (order.contingency == Contingency::kNone) [[likely]] {
    return InstrumentId{};
  }
  const uint32_t row = state.groups.Find(context.command.session, order.group_id);
  if (row == GroupTable::kNoRow || state.groups[row].stage != GroupStage::kCollecting) {
    return InstrumentId{};
  }
  state.groups[row].broken = 1;
  state.groups.MarkDue(row);
  return state.groups[row].instrument;
}

void NoteLegTouched(State& state, OrderHandle handle) {
  LegOf(state, handle).touched = 1;
  const uint32_t row = RowOf(state, handle);
  if (state.groups[row].stage == GroupStage::kOneCancels) {
    state.groups.MarkDue(row);
  }
}

void NoteLegEnded(State& state, OrderHandle handle) {
  Leg& leg = LegOf(state, handle);
  const uint32_t row = RowOf(state, handle);
  const bool filled = state.orders[handle].cumulative >= leg.quantity;
  leg.is_open = 0;
  if (!filled) {
    state.groups[row].broken = 1;
  }
  state.groups.MarkDue(row);
}

void PassHoldOn(State& state, OrderHandle handle, Quanta need) {
  OrderRecord& record = state.orders[handle];
  const OrderGroup& group = state.groups[RowOf(state, handle)];
  if (group.stage != GroupStage::kOneCancels) {
    return;
  }
  for (const Leg& leg : group.legs) {
    if (leg.is_open != 0 && leg.order != handle &&
        state.pool.side(leg.order) == state.pool.side(handle)) {
      OrderRecord& other = state.orders[leg.order];
      const Quanta missing = NeedOf(state, leg.order) - other.held - need;
      const Quanta moved = std::clamp(missing, Quanta{}, record.held - need);
      record.held -= moved;
      other.held += moved;
    }
  }
}

void LeaveOco(Context& context, OrderHandle handle) {
  State& state = context.state;
  if ((state.orders[handle].flags & kRecordInGroup) == 0) {
    return;
  }
  const uint32_t row = RowOf(state, handle);
  OrderGroup& group = state.groups[row];
  if (group.stage != GroupStage::kOneCancels) {
    return;
  }
  GatherHold(state, group, handle);
  CHECK(group.is_due == 0);
  EndGroup(context, row, handle);
}

bool ResolveNextGroup(Context& context, DueQueue queue) {
  GroupTable& groups = context.state.groups;
  if (!groups.has_due(queue)) {
    return false;
  }
  Resolve(context, groups.PopDue(queue));
  return true;
}

void PutGroups(const State& state, StateWriter& out) {
  state.groups.ForEach([&](uint32_t row) {
    const OrderGroup& group = state.groups[row];
    out.Put(group.session);
    out.Put(group.group_id);
    out.Put(group.instrument);
    out.Put(group.kind);
    out.Put(group.stage);
    out.Put(group.arrived);
    out.Put(group.broken);
    for (const Leg& leg : group.legs) {
      out.Put(leg.is_open != 0 ? state.pool.id(leg.order) : OrderId{});
      out.Put(leg.quantity);
      out.Put(uint32_t{leg.touched});
    }
  });
  out.Put(uint32_t{0});
  for (const DueQueue queue : {DueQueue::kCancels, DueQueue::kStarts}) {
    state.groups.ForEachDue(queue, [&](uint32_t row) {
      out.Put(state.groups[row].session);
      out.Put(state.groups[row].group_id);
    });
    out.Put(uint32_t{0});
  }
}

}  // namespace tally::core::internal
