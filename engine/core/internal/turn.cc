#include "engine/core/internal/turn.h"

#include <algorithm>

#include "engine/core/internal/auction.h"
#include "engine/core/internal/bands.h"
#include "engine/core/internal/groups.h"
#include "engine/core/internal/match_listener.h"
#include "engine/core/internal/pegs.h"
#include "engine/core/internal/protection.h"
#include "engine/core/internal/triggers.h"

namespace tally::core::internal {
namespace {

constexpr uint32_t kFeaturesOfMarket = kFeatureStops | kFeaturePegs | kFeatureAllOrNone;
constexpr uint32_t kFeaturesOfTurns = kFeaturesOfMarket | kFeaturePhase | kFeatureRules;

void RefillSteps(State& state) {
  TurnQueue& turns = state.turns;
  if (turns.steps_of != state.last_command_sequence) {
    turns.steps_of = state.last_command_sequence;
    turns.steps_left = state.limits.cascade_steps_max;
  }
}

void Spend(State& state, uint32_t steps) {
  state.turns.steps_left -= std::min(state.turns.steps_left, steps);
}

bool MovedStops(Context& context, InstrumentId instrument) {
  if ((context.state.book(instrument).features & kFeatureStops) == 0) {
    return false;
  }
  Spend(context.state, MoveTrailingStops(context, instrument));
  return TriggerNext(context, instrument);
}

bool Traded(Context& context, InstrumentId instrument) {
  const uint32_t features = context.state.book(instrument).features;
  if ((features & kFeaturesOfMarket) == 0) {
    return false;
  }
  const TradingPhase phase = context.state.phase(instrument);
  if (phase != TradingPhase::kContinuous) {
    return phase == TradingPhase::kBatchAuction &&
           (context.state.market(instrument).rules.flags & kRulesFlagBatchStops) != 0 &&
           MovedStops(context, instrument);
  }
  if ((features & kFeatureAllOrNone) != 0 && ExecuteNextAllOrNone(context, instrument)) {
    return true;
  }
  return MovedStops(context, instrument) ||
         ((features & kFeaturePegs) != 0 && RepriceNextPeg(context, instrument));
}

// The first step that has something to do. False if none has, or may.
bool TakeStep(Context& venue, InstrumentId instrument) {
  State& state = venue.state;
  if (CancelTripped(venue, instrument) || ResolveNextGroup(venue, DueQueue::kCancels)) {
    return true;
  }
  if ((state.book(instrument).features & kFeatureRules) != 0 && EnforceRules(venue, instrument)) {
    return true;
  }
  if (state.turns.steps_left == 0) {
    QueueTurn(state, instrument);
    return false;
  }
  return ResolveNextGroup(venue, DueQueue::kStarts) || Traded(venue, instrument);
}

// What happens in the turn answers nobody's command.
void TakeSteps(Context& context, InstrumentId instrument) {
  State& state = context.state;
  const Command nobody = MakeCommand(CommandType::kTimer);
  Context venue = {.state = state, .command = nobody, .emit = context.emit};
  RefillSteps(state);
  state.turns.current = instrument;
  while (TakeStep(venue, instrument)) {
    Spend(state, 1);
  }
  state.turns.current = InstrumentId{};
  PublishIndicative(context, instrument);
}

void EndOneTurn(Context& context, InstrumentId instrument) {
  const State& state = context.state;
  // One branch for all.
  if (((state.book(instrument).features & kFeaturesOfTurns) |
       static_cast<uint32_t>(state.groups.has_due()) |
       static_cast<uint32_t>(state.maker_groups.has_due())) != 0) [[unlikely]] {
    TakeSteps(context, instrument);
  }
  PublishBookTop(context, instrument);
}

// Each instrument that waits now, once, as long as there are steps left.
void EndQueuedTurns(Context& context) {
  State& state = context.state;
  for (uint32_t count = state.turns.size(); count > 0 && state.turns.steps_left > 0; --count) {
    const InstrumentId instrument = state.turns.Pop();
    state.book(instrument).turn_is_queued = false;
    EndOneTurn(context, instrument);
  }
}

}  // namespace

void EndTurn(Context& context, InstrumentId instrument) {
  EndOneTurn(context, instrument);
  if (!context.state.turns.empty()) [[unlikely]] {
    EndQueuedTurns(context);
  }
}

void QueueTurn(State& state, InstrumentId instrument) {
  const bool over = state.turns.current != instrument || state.turns.steps_left == 0;
  BookState& book = state.book(instrument);
  if (over && !book.turn_is_queued) {
    book.turn_is_queued = true;
    state.turns.Push(instrument);
  }
}

void ResumeTurns(Context& context) {
  RefillSteps(context.state);
  EndQueuedTurns(context);
}

void PutTurns(const State& state, StateWriter& out) {
  state.turns.ForEach([&](InstrumentId instrument) { out.Put(instrument); });
  out.Put(uint32_t{0});
}

}  // namespace tally::core::internal
