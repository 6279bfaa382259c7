#include "engine/core/internal/kill_switch.h"

#include "engine/core/internal/mass_cancel.h"

namespace tally::core::internal {
namespace {

// The switch that the command names; null, with the reason, if there is none.
bool* FindSwitch(State& state, const Command& command, RejectReason& reason) {
  switch (command.kill_switch.scope) {
    case KillScope::kAccount: {
      risk::Account* const account = state.accounts.Find(command.account);
      reason = RejectReason::kUnknownAccount;
      return account == nullptr ? nullptr : &account->kill_switch;
    }
    case KillScope::kSession: {
      Session* const session = state.sessions.Find(command.kill_switch.session);
      reason = RejectReason::kUnknownSession;
      return session == nullptr ? nullptr : &session->kill_switch;
    }
    case KillScope::kVenue:
      return &state.venue_kill_switch;
  }
  reason = RejectReason::kBadDefinition;
  return nullptr;
}

CancelScope ScopeOf(const State& state, const Command& command) {
  switch (command.kill_switch.scope) {
    case KillScope::kAccount:
      return {.account = command.account};
    case KillScope::kSession:
      return {.account = state.sessions[command.kill_switch.session].account,
              .session = command.kill_switch.session};
    case KillScope::kVenue:
      break;
  }
  return {};
}

// Of the switch, not of the command: a session's switch names its account.
Event KillSwitchedEventOf(const State& state, const Command& command, uint32_t canceled) {
  Event event = MakeEvent(EventType::kKillSwitched);
  event.account = ScopeOf(state, command).account;
  if (command.kill_switch.scope == KillScope::kSession) {
    event.session = command.kill_switch.session;  // Not a report: no report_sequence.
  }
  event.kill_switched = {.canceled_count = canceled,
                         .scope = command.kill_switch.scope,
                         .engaged = command.kill_switch.engaged,
                         .reserved = {}};
  return event;
}

}  // namespace

void HandleKillSwitch(Context context) {
  State& state = context.state;
  const Command& command = context.command;
  RejectReason reason = RejectReason::kBadDefinition;
  bool* const kill_switch =
      command.kill_switch.engaged > 1 ? nullptr : FindSwitch(state, command, reason);
  if (kill_switch == nullptr) {
    context.emit.Reject(EventType::kCommandRejected, reason);
    return;
  }
  const bool engage = command.kill_switch.engaged == 1;
  state.kill_switch_count += static_cast<uint32_t>(engage) - static_cast<uint32_t>(*kill_switch);
  *kill_switch = engage;
  const uint32_t canceled = engage ? CancelAll(context, ScopeOf(state, command),
                                               CancelReason::kKillSwitch, state.mass_cancels)
                                   : 0;
  Event event = KillSwitchedEventOf(state, command, canceled);
  context.emit.Publish(event);
  context.emit.Done();
  if (engage) {
    EndTurns(context, state.mass_cancels);
  }
}

bool KillSwitchIsOn(const State& state, AccountId account, SessionIndex session) {
  const risk::Account* const owner = state.accounts.Find(account);
  const Session* const from = state.sessions.Find(session);
  return state.venue_kill_switch || (owner != nullptr && owner->kill_switch) ||
         (from != nullptr && from->kill_switch);
}

void PutKillSwitches(const State& state, StateWriter& out) {
  out.Put(state.kill_switch_count);
  if (state.venue_kill_switch) {
    out.Put(uint32_t{Raw(KillScope::kVenue)});
    out.Put(uint32_t{0});
  }
  for (uint32_t row = 1; row <= state.accounts.capacity(); ++row) {
    const risk::Account* const account = state.accounts.Find(AccountId{row});
    if (account != nullptr && account->kill_switch) {
      out.Put(uint32_t{Raw(KillScope::kAccount)});
      out.Put(row);
    }
  }
  for (uint32_t row = 1; row <= state.sessions.count(); ++row) {
    if (state.sessions[SessionIndex{row}].kill_switch) {
      out.Put(uint32_t{Raw(KillScope::kSession)});
      out.Put(row);
    }
  }
}

}  // namespace tally::core::internal
