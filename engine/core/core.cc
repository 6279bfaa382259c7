#include "engine/core/core.h"

#include <algorithm>

#include "base/assert.h"
#include "engine/core/internal/bands.h"
#include "engine/core/internal/context.h"
#include "engine/core/internal/fees.h"
#include "engine/core/internal/invariants.h"
#include "engine/core/internal/kill_switch.h"
#include "engine/core/internal/lifetime.h"
#include "engine/core/internal/lookahead.h"
#include "engine/core/internal/order_handler.h"
#include "engine/core/internal/phase.h"
#include "engine/core/internal/protection.h"
#include "engine/core/internal/quotes.h"
#include "engine/core/internal/settlement.h"
#include "engine/core/internal/signatures.h"
#include "engine/core/internal/state.h"
#include "engine/core/internal/turn.h"
#include "engine/core/internal/venue_handler.h"

namespace tally::core {
namespace {

using internal::Context;

// Whether the command goes on to its handler: its session is known and its turn has come.
bool TakeClientSequence(Context& context) {
  const Command& command = context.command;
  Session* const session = context.state.sessions.Find(command.session);
  if (session == nullptr) {
    context.emit.RejectUnnumbered(RejectReason::kUnknownSession);
    return false;
  }
  if (command.client_sequence == 0) {
    return true;  // On behalf of the session, e.g. its cancel on disconnect: nothing to count.
  }
  if (command.client_sequence <= session->last_client_sequence) {
    Event event = MakeEvent(EventType::kDuplicateCommand);
    event.session = session->index;
    event.account = session->account;
    event.client_sequence = command.client_sequence;
    context.emit.Publish(event);
    return false;
  }
  if (command.client_sequence != session->last_client_sequence + 1) {
    context.emit.RejectUnnumbered(RejectReason::kSequenceGap);
    return false;
  }
  session->last_client_sequence = command.client_sequence;
  return true;
}

void Dispatch(const Context& context) {
  if (context.command.type == CommandType::kNewOrder) {  // Predicted better than a jump by table.
    return internal::HandleNewOrder(context);
  }
  switch (context.command.type) {
    case CommandType::kNewOrder:  // See above.
      break;
    case CommandType::kCancelOrder:
      return internal::HandleCancelOrder(context);
    case CommandType::kReplaceOrder:
      return internal::HandleReplaceOrder(context);
    case CommandType::kMassCancel:
      return internal::HandleMassCancel(context);
    case CommandType::kOrderQuery:
      return internal::HandleOrderQuery(context);
    case CommandType::kAccountQuery:
      return internal::HandleAccountQuery(context);
    case CommandType::kOpenSession:
      return internal::HandleOpenSession(context);
    case CommandType::kDefineAsset:
      return internal::HandleDefineAsset(context);
    case CommandType::kDefineInstrument:
      return internal::HandleDefineInstrument(context);
    case CommandType::kDefineAccount:
      return internal::HandleDefineAccount(context);
    case CommandType::kStateHashMark:
      return internal::HandleStateHashMark(context);
    case CommandType::kDeposit:
      return internal::HandleDeposit(context);
    case CommandType::kWithdraw:
      return internal::HandleWithdraw(context);
    case CommandType::kBatchSettled:
      return internal::HandleBatchSettled(context);
    case CommandType::kBatchStatus:
      return internal::HandleBatchStatus(context);
    case CommandType::kDispute:
      return internal::HandleDispute(context);
    case CommandType::kDefineExposure:
      return internal::HandleDefineExposure(context);
    case CommandType::kQuote:
      return internal::HandleQuote(context);
    case CommandType::kSignOrder:
      return internal::HandleSignOrder(context);
    case CommandType::kTimer:
      return internal::HandleTimer(context);
    case CommandType::kDefineFees:
      return internal::HandleDefineFees(context);
    case CommandType::kDefineProtection:
      return internal::HandleDefineProtection(context);
    case CommandType::kResetProtection:
      return internal::HandleResetProtection(context);
    case CommandType::kSetPhase:
      return internal::HandleSetPhase(context);
    case CommandType::kDefineRules:
      return internal::HandleDefineRules(context);
    case CommandType::kKillSwitch:
      return internal::HandleKillSwitch(context);
  }
  context.emit.Reject(EventType::kCommandRejected, RejectReason::kUnsupported);
}

bool NeedsSession(CommandType type) {
  return Raw(type) < Raw(CommandType::kOpenSession);  // Everything from trading sessions.
}

}  // namespace

Core::Core(const CoreLimits& limits) : state_(std::make_unique<internal::State>(limits)) {}
Core::~Core() = default;

void Core::Apply(const Command& command, EventSink& sink) {
  internal::State& state = *state_;
  CHECK(Raw(command.sequence) == Raw(state.last_command_sequence) + 1);
  state.last_command_sequence = command.sequence;
  state.time_ns = std::max(state.time_ns, command.timestamp_ns);

  internal::Emitter emit(state, command, sink);
  Context context = {.state = state, .command = command, .emit = emit};
  if (!state.turns.empty()) [[unlikely]] {
    internal::ResumeTurns(context);
  }
  const bool from_session = command.session != SessionIndex{} || NeedsSession(command.type);
  if (!from_session || TakeClientSequence(context)) {
    Dispatch(context);
  }
  if (state.settlement.short_holds != 0) [[unlikely]] {
    internal::HoldDisputed(state);
  }

  if (--state.commands_until_hash == 0) [[unlikely]] {
    state.commands_until_hash = state.limits.state_hash_interval;
    // Numbered before hashing, so that the hash is also that of the state after this event.
    Event& event = emit.Begin(EventType::kStateHash);
    const Sha256Digest hash = StateHash();
    event.state_hash.state_hash = hash;
    state.hashes[state.next_hash] = {.at = command.sequence, .hash = hash};
    state.next_hash = (state.next_hash + 1) % state.hashes.size();
  }
  sink.Settle();
}

void Core::ApplyFirst(std::span<const Command> upcoming, EventSink& sink) {
  internal::LookAhead(*state_, upcoming);
  Apply(upcoming.front(), sink);
}

CommandSequence Core::last_command_sequence() const { return state_->last_command_sequence; }
EventSequence Core::next_event_sequence() const { return state_->next_event_sequence; }
int64_t Core::next_deadline_ns() const {
  const int64_t expiry_ns = internal::NextExpiry(*state_);
  const int64_t phase_ns = internal::NextPhaseEnd(*state_);
  return expiry_ns == 0 || phase_ns == 0 ? expiry_ns + phase_ns : std::min(expiry_ns, phase_ns);
}
int64_t Core::time_ns() const { return state_->time_ns; }
const CoreLimits& Core::limits() const { return state_->limits; }

uint32_t Core::session_count() const { return state_->sessions.count(); }
const Session* Core::session(SessionIndex index) const {
  return std::as_const(state_->sessions).Find(index);
}
const Session* Core::FindSession(AccountId account, uint64_t session_id) const {
  return state_->sessions.Find(account, session_id);
}

const risk::AssetTable& Core::assets() const { return state_->assets; }
const risk::InstrumentTable& Core::instruments() const { return state_->instruments; }
const risk::AccountTable& Core::accounts() const { return state_->accounts; }
const risk::Ledger& Core::ledger() const { return state_->ledger; }
const risk::ExposureTable& Core::exposures() const { return state_->exposures; }

BookTopEvent Core::book_top(InstrumentId instrument) const {
  return state_->instruments.Find(instrument) == nullptr ? BookTopEvent{}
                                                         : state_->book(instrument).top;
}

std::size_t Core::BookDepth(InstrumentId instrument, Side side,
                            std::span<DepthLevel> levels) const {
  if (state_->instruments.Find(instrument) == nullptr) {
    return 0;
  }
  std::size_t count = 0;
  state_->book(instrument)
      .book.ForEachLevel(side, static_cast<uint32_t>(levels.size()), [&](const BookLevel& level) {
        levels[count++] = {
            .price = level.price, .quantity = level.quantity, .order_count = level.order_count};
      });
  return count;
}

std::size_t Core::BookOrders(InstrumentId instrument, Side side,
                             std::span<DepthOrder> orders) const {
  if (state_->instruments.Find(instrument) == nullptr) {
    return 0;
  }
  std::size_t count = 0;
  state_->book(instrument).book.ForEachOrder(side, [&](OrderHandle handle) {
    const OrderView view = state_->pool.View(handle);
    if (view.place == OrderPlace::kDisplayed && count < orders.size()) {
      orders[count++] = {.id = view.id, .price = view.price, .quantity = view.displayed};
    }
  });
  return count;
}

uint32_t Core::open_order_count() const { return state_->pool.used_count(); }
std::span<const ChainProgress> Core::chains() const { return state_->chains; }
uint64_t Core::last_settled_batch() const { return state_->last_settled_batch; }
EventSequence Core::last_settled_event() const { return state_->last_settled_event; }
std::optional<Divergence> Core::divergence() const { return state_->divergence; }
uint64_t Core::unverified_marks() const { return state_->unverified_marks; }

void Core::CheckInvariants() const { internal::CheckInvariants(*state_); }
void Core::SerializeState(StateSink& sink) const { internal::SerializeState(*state_, sink); }
Sha256Digest Core::StateHash() const { return internal::HashState(*state_); }

}  // namespace tally::core
