// kDispute, and what it holds.

#include <algorithm>

#include "base/assert.h"
#include "engine/core/internal/context.h"
#include "engine/core/internal/settlement.h"
#include "engine/core/internal/state_writer.h"

namespace tally::core::internal {
namespace {

Dispute* FindDispute(State& state, const DisputeCommand& command) {
  auto& disputes = state.settlement.disputes;
  const auto found = std::find_if(disputes.begin(), disputes.end(), [&](const Dispute& row) {
    return row.batch_id == command.batch_id && row.culprit == command.culprit;
  });
  return found == disputes.end() ? nullptr : &*found;
}

// Room for one more, the oldest resolved one forgotten if need be; null if all are open.
Dispute* OpenDispute(State& state, const DisputeCommand& command) {
  auto& disputes = state.settlement.disputes;
  if (disputes.size() == kMaxDisputes) {
    const auto oldest = std::find_if(disputes.begin(), disputes.end(),
                                     [](const Dispute& row) { return row.resolved; });
    if (oldest == disputes.end()) {
      return nullptr;
    }
    disputes.erase(oldest);
  }
  disputes.push_back(
      {.batch_id = command.batch_id, .culprit = command.culprit, .steps = 0, .resolved = false});
  return &disputes.back();
}

void PublishDispute(Context& context, const Dispute& dispute, const DisputeHold* hold,
                    DisputeAction action) {
  Event event = MakeEvent(EventType::kDispute);
  event.account = hold == nullptr ? AccountId{} : hold->account;
  event.dispute = {.batch_id = dispute.batch_id,
                   .amount = hold == nullptr ? Quanta{} : hold->amount,
                   .held = hold == nullptr ? Quanta{} : hold->held,
                   .culprit = dispute.culprit,
                   .steps = dispute.steps,
                   .asset = hold == nullptr ? AssetId{} : hold->asset,
                   .action = action,
                   .resolved = dispute.resolved ? uint8_t{1} : uint8_t{0},
                   .reserved = {}};
  context.emit.Publish(event);
}

// Takes as much as there is; the rest when there is more.
void TakeMore(State& state, DisputeHold& hold) {
  const Quanta available = state.ledger.balance(hold.account, hold.asset).available;
  const Quanta more = std::min(available, hold.amount - hold.held);
  if (more.value > 0) {
    CHECK(state.ledger.Hold(hold.account, hold.asset, more));
    hold.held += more;
  }
}

RejectReason CheckHold(const Context& context, const DisputeCommand& command) {
  const State& state = context.state;
  if (state.accounts.Find(context.command.account) == nullptr) {
    return RejectReason::kUnknownAccount;
  }
  if (state.assets.Find(command.asset) == nullptr) {
    return RejectReason::kUnknownAsset;
  }
  if (command.amount.value <= 0 || command.amount.value > kMaxBalanceQuanta) {
    return RejectReason::kBadAmount;
  }
  return state.settlement.holds.size() == kMaxDisputeHolds ? RejectReason::kCapacity
                                                           : RejectReason::kNone;
}

RejectReason CheckBreak(const Context& context, const DisputeCommand& command) {
  const Session* const session = context.state.sessions.Find(command.session);
  if (session == nullptr || session->account != context.command.account) {
    return RejectReason::kUnknownSession;
  }
  if (context.state.instruments.Find(context.command.instrument) == nullptr) {
    return RejectReason::kUnknownInstrument;
  }
  return command.trade_id == TradeId{} || command.trade_id >= context.state.next_trade_id ||
                 command.side > Raw(Side::kSell)
             ? RejectReason::kBadDefinition
             : RejectReason::kNone;
}

void HoldForDispute(Context& context, const Dispute& dispute) {
  const DisputeCommand& command = context.command.dispute;
  Settlement& settlement = context.state.settlement;
  settlement.holds.push_back({.batch_id = dispute.batch_id,
                              .culprit = dispute.culprit,
                              .account = context.command.account,
                              .asset = command.asset,
                              .amount = command.amount,
                              .held = {}});
  DisputeHold& hold = settlement.holds.back();
  TakeMore(context.state, hold);
  settlement.short_holds += hold.held < hold.amount ? 1 : 0;
  PublishDispute(context, dispute, &hold, DisputeAction::kHold);
}

void ReportBroken(Context& context, const Dispute& dispute) {
  const DisputeCommand& command = context.command.dispute;
  Event event = MakeEvent(EventType::kTradeBroken);
  event.account = context.command.account;
  event.instrument = context.command.instrument;
  event.order_id = command.order_id;
  event.client_order_id = command.client_order_id;
  event.side = command.side;
  event.trade_broken = {.batch_id = command.batch_id,
                        .trade_id = command.trade_id,
                        .price = command.price,
                        .quantity = command.quantity,
                        .culprit = command.culprit,
                        .step = dispute.steps,
                        .reserved = {}};
  context.emit.Report(command.session, event);
}

// What was done before; who lost count learns how far the dispute is.
void Repeat(Context& context, const Dispute& dispute) {
  if (context.command.dispute.step == 1) {
    PublishDispute(context, dispute, nullptr, DisputeAction::kNone);
  }
  context.emit.Done(kEventFlagDuplicate);
}

void TakeStep(Context& context, Dispute* dispute) {
  State& state = context.state;
  const DisputeCommand& command = context.command.dispute;
  const uint32_t next = dispute == nullptr ? 1 : dispute->steps + 1;
  if (dispute != nullptr && command.step != 0 && (command.step < next || dispute->resolved)) {
    return Repeat(context, *dispute);
  }
  const bool hold = command.action == DisputeAction::kHold;
  RejectReason reason = command.step != next ? RejectReason::kOutOfOrderDispute
                        : hold               ? CheckHold(context, command)
                                             : CheckBreak(context, command);
  if (reason == RejectReason::kNone && dispute == nullptr) {
    dispute = OpenDispute(state, command);
    reason = dispute == nullptr ? RejectReason::kCapacity : RejectReason::kNone;
  }
  if (reason != RejectReason::kNone) {
    return Reject(context, reason);
  }
  ++dispute->steps;
  hold ? HoldForDispute(context, *dispute) : ReportBroken(context, *dispute);
  context.emit.Done();
}

void Resolve(Context& context, Dispute* dispute) {
  if (dispute == nullptr) {
    return Reject(context, RejectReason::kOutOfOrderDispute);
  }
  if (dispute->resolved) {
    return context.emit.Done(kEventFlagDuplicate);
  }
  dispute->resolved = true;
  Settlement& settlement = context.state.settlement;
  const auto belongs = [&](const DisputeHold& hold) {
    return hold.batch_id == dispute->batch_id && hold.culprit == dispute->culprit;
  };
  for (const DisputeHold& hold : settlement.holds) {
    if (belongs(hold)) {
      context.state.ledger.Release(hold.account, hold.asset, hold.held);
      settlement.short_holds -= hold.held < hold.amount ? 1 : 0;
      PublishDispute(context, *dispute, &hold, DisputeAction::kResolve);
    }
  }
  std::erase_if(settlement.holds, belongs);
  PublishDispute(context, *dispute, nullptr, DisputeAction::kResolve);
  context.emit.Done();
}

}  // namespace

void HandleDispute(Context context) {
  const DisputeCommand& command = context.command.dispute;
  Dispute* const dispute = FindDispute(context.state, command);
  switch (command.action) {
    case DisputeAction::kHold:
    case DisputeAction::kBreakTrade:
      return TakeStep(context, dispute);
    case DisputeAction::kResolve:
      return Resolve(context, dispute);
    case DisputeAction::kNone:
      break;
  }
  Reject(context, RejectReason::kBadDefinition);
}

void HoldDisputed(State& state) {
  for (DisputeHold& hold : state.settlement.holds) {
    if (hold.held < hold.amount) {
      TakeMore(state, hold);
      state.settlement.short_holds -= hold.held == hold.amount ? 1 : 0;
    }
  }
}

Quanta DisputedOf(const State& state, AccountId account, AssetId asset) {
  Quanta sum;
  for (const DisputeHold& hold : state.settlement.holds) {
    if (hold.account == account && hold.asset == asset) {
      sum += hold.held;
    }
  }
  return sum;
}

void PutDisputes(const State& state, StateWriter& out) {
  out.Put(static_cast<uint32_t>(state.settlement.disputes.size()));
  for (const Dispute& dispute : state.settlement.disputes) {
    out.Put(dispute.batch_id);
    out.Put(dispute.culprit);
    out.Put(dispute.steps | (dispute.resolved ? 1U << 31 : 0U));
  }
  out.Put(static_cast<uint32_t>(state.settlement.holds.size()));
  for (const DisputeHold& hold : state.settlement.holds) {
    out.Put(hold.batch_id);
    out.Put(hold.culprit);
    out.Put(hold.account);
    out.Put(uint32_t{Raw(hold.asset)});
    out.Put(hold.amount);
    out.Put(hold.held);
  }
}

}  // namespace tally::core::internal
