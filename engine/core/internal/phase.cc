#include "engine/core/internal/phase.h"

#include <algorithm>

#include "engine/core/internal/auction.h"
#include "engine/core/internal/bands.h"
#include "engine/core/internal/lifetime.h"
#include "engine/core/internal/turn.h"

namespace tally::core::internal {
namespace {

bool IsPhase(TradingPhase phase) {
  return phase >= TradingPhase::kPreOpen && phase <= TradingPhase::kBatchAuction;
}

// A call ends and its book is uncrossed when any other phase begins, but a halt only interrupts
// it: halts never trade. Continuous trading never begins with a crossed book.
bool EndsWithAuction(TradingPhase from, TradingPhase to) {
  if (from == to || to == TradingPhase::kHalt) {
    return false;
  }
  return IsCall(from) || to == TradingPhase::kContinuous;
}

// What the auctions left, or never came for.
void CancelLeftovers(Context& context, InstrumentId instrument, TradingPhase from,
                     const PhaseChange& change) {
  const TradingPhase to = change.phase;
  const bool resumes = to == TradingPhase::kContinuous || to == TradingPhase::kClosed;
  if (to != TradingPhase::kHalt && (IsCall(from) || resumes)) {
    CancelAuctionOrders(context, instrument, TimeInForce::kAtTheOpen);
  }
  if ((from == TradingPhase::kClosingAuction && to != TradingPhase::kHalt) ||
      to == TradingPhase::kClosed) {
    CancelAuctionOrders(context, instrument, TimeInForce::kAtTheClose);
  }
  if (to == TradingPhase::kClosed) {
    ExpireDayOrders(context, instrument, change.steps);
  }
}

// Nothing matches outside of continuous trading: the book is in a call even where the phase is not.
void SetBookMode(State& state, InstrumentId instrument, TradingPhase phase) {
  BookState& book = state.book(instrument);
  if (phase == TradingPhase::kContinuous) {
    if (book.book.in_call()) {
      book.book.EndCall();
    }
    book.features &= ~kFeaturePhase;
  } else {
    if (!book.book.in_call()) {
      book.book.BeginCall();
    }
    book.features |= kFeaturePhase;
  }
}

void PublishPhase(Context& context, InstrumentId instrument, TradingPhase previous,
                  PhaseReason reason) {
  const Market& market = context.state.market(instrument);
  Event event = MakeEvent(EventType::kPhaseChanged);
  event.instrument = instrument;
  event.phase_changed = {.until_ns = market.until_ns,
                         .reference_price = market.reference_price,
                         .last_price = context.state.book(instrument).last_price,
                         .phase = market.phase,
                         .previous = previous,
                         .reason = reason,
                         .reserved = {}};
  context.emit.Publish(event);
}

// Day orders that the command which closed the instrument had no steps left for. They cannot trade.
bool HasEndedDay(const State& state, InstrumentId instrument) {
  return state.phase(instrument) == TradingPhase::kClosed &&
         state.book(instrument).day_orders.front() != kNoOrder;
}

// After a change of some phase. O(instruments), but so seldom.
void FindDeadline(State& state) {
  state.phase_deadline_ns = 0;
  const auto consider = [&](int64_t time_ns) {
    if (time_ns != 0 && (state.phase_deadline_ns == 0 || time_ns < state.phase_deadline_ns)) {
      state.phase_deadline_ns = time_ns;
    }
  };
  for (uint32_t row = 1; row <= state.markets.size(); ++row) {
    const Market& market = state.market(InstrumentId{row});
    consider(market.until_ns);
    consider(market.next_batch_ns);
    consider(HasEndedDay(state, InstrumentId{row}) ? 1 : 0);
  }
}

// kUnsupported, kBadDefinition.
RejectReason CheckSetPhase(const State& state, const SetPhaseCommand& command) {
  if (!IsPhase(command.phase)) {
    return RejectReason::kUnsupported;
  }
  const bool ends = command.until_ns != 0;
  if (ends && (command.until_ns <= state.time_ns || !IsPhase(command.next))) {
    return RejectReason::kBadDefinition;
  }
  const int64_t reference = command.reference_price.value;
  const bool sound =
      reference >= 0 && reference <= kMaxPriceTicks && (command.flags & ~kSetPhaseFlagsKnown) == 0;
  return sound ? RejectReason::kNone : RejectReason::kBadDefinition;
}

// A batch auction needs its interval.
RejectReason CheckInstrument(const State& state, InstrumentId instrument,
                             const SetPhaseCommand& command) {
  const bool batches = command.phase == TradingPhase::kBatchAuction ||
                       (command.until_ns != 0 && command.next == TradingPhase::kBatchAuction);
  return batches && state.market(instrument).rules.batch_interval_ns == 0
             ? RejectReason::kBadDefinition
             : RejectReason::kNone;
}

// Calls visit(InstrumentId) for the instrument, or if it is 0 for every defined one, ascending.
template <typename Visitor>
void ForEachInstrument(const State& state, InstrumentId instrument, Visitor visit) {
  if (instrument != InstrumentId{}) {
    visit(instrument);
    return;
  }
  for (uint32_t row = 1; row <= state.instruments.capacity(); ++row) {
    if (state.instruments.Find(InstrumentId{row}) != nullptr) {
      visit(InstrumentId{row});
    }
  }
}

PhaseChange Scheduled(const State& state, const Market& market, uint32_t* steps) {
  PhaseChange change = {.phase = market.next, .reason = PhaseReason::kSchedule, .steps = steps};
  // The auction after a halt has the duration of every other one that nobody scheduled.
  if (market.next == TradingPhase::kVolatilityAuction && market.rules.volatility_call_ns != 0) {
    change.until_ns = Later(state.time_ns, market.rules.volatility_call_ns);
  }
  return change;
}

// By the clock no auction trades out of its band: the call goes on for some time, as often as the
// rules say, then until an operator ends it if they say so. Whether it goes on.
bool ExtendCall(Context& context, InstrumentId instrument, TradingPhase next) {
  State& state = context.state;
  Market& market = state.market(instrument);
  if (!IsCall(market.phase) || !EndsWithAuction(market.phase, next) ||
      !AuctionIsOutOfBand(state, instrument)) {
    return false;
  }
  const bool again = market.extensions < market.rules.auction_extensions_max;
  if (!again && (market.rules.flags & kRulesFlagHoldAuction) == 0) {
    return false;
  }
  if (again) {
    ++market.extensions;
  }
  market.until_ns = again ? Later(state.time_ns, market.rules.volatility_call_ns) : 0;
  market.next = again ? next : TradingPhase::kContinuous;
  PublishPhase(context, instrument, market.phase, PhaseReason::kExtension);
  FindDeadline(state);
  return true;
}

// Likewise a batch, until the next one is due.
bool PutBatchOff(Context& context, InstrumentId instrument) {
  Market& market = context.state.market(instrument);
  const bool again = market.extensions < market.rules.auction_extensions_max;
  if ((!again && (market.rules.flags & kRulesFlagHoldAuction) == 0) ||
      !AuctionIsOutOfBand(context.state, instrument)) {
    market.extensions = 0;
    return false;
  }
  if (again) {
    ++market.extensions;
  }
  PublishPhase(context, instrument, market.phase, PhaseReason::kExtension);
  return true;
}

// The batches of an instrument keep their rhythm, however late the timer is.
void UncrossBatch(Context& context, InstrumentId instrument) {
  Market& market = context.state.market(instrument);
  const int64_t interval_ns = market.rules.batch_interval_ns;
  const int64_t time_ns = context.state.time_ns;
  const int64_t late_ns = (time_ns - market.next_batch_ns) % interval_ns;
  market.next_batch_ns = Later(time_ns - late_ns, interval_ns);
  if (!PutBatchOff(context, instrument)) {
    RunAuction(context, instrument);
    CancelAuctionOrders(context, instrument, TimeInForce::kAtTheOpen);
  }
}

// Does what is due in one instrument by now. Whether there was anything.
bool AdvancePhase(Context& context, InstrumentId instrument, uint32_t* steps) {
  State& state = context.state;
  const Market& market = state.market(instrument);
  if (HasEndedDay(state, instrument)) {
    ExpireDayOrders(context, instrument, steps);
    return true;
  }
  if (market.until_ns != 0 && market.until_ns <= state.time_ns) {
    --*steps;
    if (!ExtendCall(context, instrument, market.next)) {
      BeginPhase(context, instrument, Scheduled(state, market, steps));
    }
    return true;
  }
  if (market.next_batch_ns != 0 && market.next_batch_ns <= state.time_ns) {
    --*steps;
    UncrossBatch(context, instrument);
    return true;
  }
  return false;
}

}  // namespace

void BeginPhase(Context& context, InstrumentId instrument, const PhaseChange& change) {
  State& state = context.state;
  Market& market = state.market(instrument);
  const TradingPhase previous = market.phase;
  if (previous == TradingPhase::kClosed && change.phase != previous) {
    ExpireDayOrders(context, instrument, nullptr);  // Before anything can trade again.
  }
  const bool traded = EndsWithAuction(previous, change.phase) && RunAuction(context, instrument);
  if (previous != change.phase) {
    CancelLeftovers(context, instrument, previous, change);
    market.extensions = 0;
    market.next_batch_ns = change.phase == TradingPhase::kBatchAuction
                               ? Later(state.time_ns, market.rules.batch_interval_ns)
                               : 0;
  }
  market.phase = change.phase;
  market.until_ns = change.until_ns;
  market.next = change.until_ns == 0 ? TradingPhase::kContinuous : change.next;
  SetBookMode(state, instrument, change.phase);
  PublishPhase(context, instrument, previous, change.reason);
  if (previous != change.phase) {
    if (change.phase == TradingPhase::kClosingAuction) {
      EnterAtTheClose(context, instrument);
    }
    market.indicative = {};
    market.breaker = {};
    if (traded) {
      RecordTrade(state, instrument, market.reference_price);
    }
  }
  UpdateCollar(state, instrument);
  FindDeadline(state);
}

void HandleSetPhase(Context context) {
  State& state = context.state;
  const SetPhaseCommand& command = context.command.set_phase;
  const InstrumentId target = context.command.instrument;
  RejectReason reason = target != InstrumentId{} && state.instruments.Find(target) == nullptr
                            ? RejectReason::kUnknownInstrument
                            : CheckSetPhase(state, command);
  if (reason == RejectReason::kNone) {
    ForEachInstrument(state, target, [&](InstrumentId instrument) {
      reason = std::max(reason, CheckInstrument(state, instrument, command));
    });
  }
  if (reason != RejectReason::kNone) {
    context.emit.Reject(EventType::kCommandRejected, reason);
    return;
  }
  const bool scheduled = (command.flags & kSetPhaseFlagScheduled) != 0;
  uint32_t steps =
      (command.flags & kSetPhaseFlagBounded) == 0 ? UINT32_MAX : state.limits.cascade_steps_max;
  ForEachInstrument(state, target, [&](InstrumentId instrument) {
    if (command.reference_price != PriceTicks{}) {
      state.market(instrument).reference_price = command.reference_price;
    }
    if (scheduled) {
      state.market(instrument).scheduled_ns = state.time_ns;
    }
    if (!scheduled || !ExtendCall(context, instrument, command.phase)) {
      BeginPhase(context, instrument,
                 {.phase = command.phase,
                  .next = command.next,
                  .until_ns = command.until_ns,
                  .steps = &steps});
    }
  });
  context.emit.Done();
  ForEachInstrument(state, target, [&](InstrumentId instrument) { EndTurn(context, instrument); });
}

void AdvancePhases(Context& context, uint32_t* steps) {
  State& state = context.state;
  if (state.phase_deadline_ns == 0 || state.phase_deadline_ns > state.time_ns) {
    return;
  }
  ForEachInstrument(state, InstrumentId{}, [&](InstrumentId instrument) {
    if (*steps > 0 && AdvancePhase(context, instrument, steps)) {
      EndTurn(context, instrument);
    }
  });
  FindDeadline(state);
}

int64_t NextPhaseEnd(const State& state) { return state.phase_deadline_ns; }

RejectReason CheckPhaseTakes(TradingPhase phase, const NewOrderCommand& order) {
  const TimeInForce tif = order.time_in_force;
  const bool at_once =
      tif == TimeInForce::kIoc || tif == TimeInForce::kFok || order.min_quantity != QuantityLots{};
  const bool opens = tif == TimeInForce::kAtTheOpen;
  bool takes = true;
  switch (phase) {
    case TradingPhase::kPreOpen:
    case TradingPhase::kOpeningAuction:
      takes = !at_once && order.type != OrderType::kPegged;
      break;
    case TradingPhase::kContinuous:
      takes = !opens;
      break;
    case TradingPhase::kVolatilityAuction:
    case TradingPhase::kClosingAuction:
    case TradingPhase::kBatchAuction:
      takes = !at_once && !opens && order.type != OrderType::kPegged;
      break;
    case TradingPhase::kHalt:
    case TradingPhase::kClosed:
      takes = false;  // CheckHalt() came before.
      break;
  }
  return takes ? RejectReason::kNone : RejectReason::kPhaseForbids;
}

}  // namespace tally::core::internal
