// kMassCancel, and the cancels of kill switches and market-maker protection.

#include "engine/core/internal/mass_cancel.h"

#include <algorithm>

#include "engine/core/internal/order_handler.h"
#include "engine/core/internal/protection.h"
#include "engine/core/internal/turn.h"

namespace tally::core::internal {
namespace {

bool InScope(const State& state, const CancelScope& scope, const OrderRecord& record, Side side) {
  return (scope.session == SessionIndex{} || scope.session == record.session) &&
         (scope.instrument == InstrumentId{} || scope.instrument == record.instrument) &&
         (scope.side == 0 || scope.side == Raw(side)) &&
         (scope.maker_group == 0 ||
          ((record.flags & kRecordProtected) != 0 &&
           state.maker_groups[MakerGroupRow(record)].maker_group == scope.maker_group)) &&
         (!scope.quotes_only || (record.flags & kRecordQuote) != 0);
}

void AddOrdersOf(const State& state, AccountId account, const CancelScope& scope,
                 CancelList& list) {
  state.orders.ForEachOfAccount(account, [&](OrderHandle handle) {
    const OrderRecord& record = state.orders[handle];
    const OrderView view = state.pool.View(handle);
    if (!InScope(state, scope, record, view.side)) {
      return;
    }
    const int64_t price = view.price.value;
    list.Add({.instrument = record.instrument,
              .side = view.side,
              .handle = handle,
              .id = view.id,
              .price_rank = view.side == Side::kBuy ? -price : price,
              .priority = record.priority});
  });
}

void AddEveryOrder(const State& state, const CancelScope& scope, CancelList& list) {
  for (uint32_t row = 1; row <= state.accounts.capacity(); ++row) {
    const risk::Account* const account = state.accounts.Find(AccountId{row});
    if (account != nullptr && account->open_orders != 0) {
      AddOrdersOf(state, AccountId{row}, scope, list);
    }
  }
}

bool MassCancelIsKnown(const MassCancelCommand& command) {
  return (command.scope == MassCancelScope::kSession ||
          command.scope == MassCancelScope::kAccount) &&
         (command.trigger == MassCancelTrigger::kRequest ||
          command.trigger == MassCancelTrigger::kDisconnect) &&
         command.side <= Raw(Side::kSell) && command.quotes_only <= 1;
}

RejectReason CheckMassCancel(const Context& context, AccountId account) {
  const State& state = context.state;
  if (!MassCancelIsKnown(context.command.mass_cancel)) {
    return RejectReason::kUnsupported;
  }
  if (state.accounts.Find(account) == nullptr) {
    return RejectReason::kUnknownAccount;
  }
  const InstrumentId instrument = context.command.instrument;
  if (instrument != InstrumentId{} && state.instruments.Find(instrument) == nullptr) {
    return RejectReason::kUnknownInstrument;
  }
  const uint16_t maker_group = context.command.mass_cancel.maker_group;
  return maker_group == 0 ? RejectReason::kNone
                          : FindMembership(state, account, maker_group).reason;
}

}  // namespace

uint32_t CancelAll(Context& context, const CancelScope& scope, CancelReason reason,
                   CancelList& list) {
  State& state = context.state;
  list.Clear();
  if (scope.account == AccountId{}) {
    AddEveryOrder(state, scope, list);
  } else {
    AddOrdersOf(state, scope.account, scope, list);
  }
  std::sort(list.victims().begin(), list.victims().end());
  uint32_t canceled = 0;
  for (const Victim& victim : list.victims()) {
    // One cancel may end another order, e.g. the other one of a group.
    if (state.pool.Contains(victim.handle) && state.pool.id(victim.handle) == victim.id) {
      CancelOpen(context, victim.handle, reason);
      ++canceled;
    }
  }
  return canceled;
}

void EndTurns(Context& context, CancelList& list) {
  InstrumentId ended{};
  for (const Victim& victim : list.victims()) {
    if (victim.instrument != ended) {
      ended = victim.instrument;
      EndTurn(context, ended);
    }
  }
}

void HandleMassCancel(Context context) {
  State& state = context.state;
  const MassCancelCommand& command = context.command.mass_cancel;
  const AccountId account = state.sessions[context.command.session].account;
  if (RejectReason reason = CheckMassCancel(context, account); reason != RejectReason::kNone) {
    context.emit.Reject(EventType::kCommandRejected, reason);
    return;
  }
  const bool requested = command.trigger == MassCancelTrigger::kRequest;
  const uint32_t canceled = CancelAll(
      context,
      {.account = account,
       .session =
           command.scope == MassCancelScope::kSession ? context.command.session : SessionIndex{},
       .instrument = context.command.instrument,
       .side = command.side,
       .quotes_only = command.quotes_only == 1,
       .maker_group = command.maker_group},
      requested ? CancelReason::kMassCancel : CancelReason::kDisconnect, state.mass_cancels);
  if (requested) {
    Event event = MakeEvent(EventType::kMassCancelDone);
    event.account = account;
    event.instrument = context.command.instrument;
    event.side = command.side;
    event.mass_cancel_done = {.canceled_count = canceled, .reserved = {}};
    context.emit.Answer(event);
  }
  EndTurns(context, state.mass_cancels);
}

}  // namespace tally::core::internal
