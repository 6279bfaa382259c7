#include "engine/core/internal/venue_handler.h"

#include <algorithm>

#include "base/assert.h"

namespace tally::core::internal {
namespace {

void PublishSessionOpened(Context& context, const Session& session) {
  Event event = MakeEvent(EventType::kSessionOpened);
  event.session = session.index;  // Not a report: it does not count in the session's stream.
  event.account = session.account;
  event.session_opened = {.session_id = session.session_id, .public_key = session.public_key};
  context.emit.Publish(event);
}

// Null if the chain is new and there is no room for it.
ChainProgress* FindOrAddChain(State& state, uint64_t chain_id) {
  const auto found =
      std::lower_bound(state.chains.begin(), state.chains.end(), chain_id,
                       [](const ChainProgress& row, uint64_t id) { return row.chain_id < id; });
  if (found != state.chains.end() && found->chain_id == chain_id) {
    return &*found;
  }
  if (state.chains.size() == kMaxChains) {
    return nullptr;
  }
  return &*state.chains.insert(found, ChainProgress{.chain_id = chain_id});
}

const ChainProgress* FindChain(const State& state, uint64_t chain_id) {
  for (const ChainProgress& row : state.chains) {
    if (row.chain_id == chain_id) {
      return &row;
    }
  }
  return nullptr;
}

enum class Turn : uint8_t { kNext, kDone, kEarly };

Turn TurnOf(uint64_t index, uint64_t last) {
  if (index == 0 || index > last + 1) {
    return Turn::kEarly;
  }
  return index <= last ? Turn::kDone : Turn::kNext;
}

void PublishTransfer(Context& context, EventType type, RejectReason reason) {
  const ChainTransferCommand& transfer = context.command.chain_transfer;
  const State& state = context.state;
  // A refused withdrawal may name what does not exist.
  const bool known = state.accounts.Find(context.command.account) != nullptr &&
                     state.assets.Find(transfer.asset) != nullptr;
  Event event = MakeEvent(type);
  event.account = context.command.account;
  event.transfer = {
      .index = transfer.index,
      .amount = transfer.amount,
      .balance = known ? state.ledger.balance(context.command.account, transfer.asset).available
                       : Quanta{},
      .chain_id = transfer.chain_id,
      .asset = transfer.asset,
      .reason = reason,
      .reserved = {}};
  context.emit.Publish(event);
}

RejectReason CheckTransferParties(const Context& context) {
  if (context.state.accounts.Find(context.command.account) == nullptr) {
    return RejectReason::kUnknownAccount;
  }
  return context.state.assets.Find(context.command.chain_transfer.asset) == nullptr
             ? RejectReason::kUnknownAsset
             : RejectReason::kNone;
}

}  // namespace

void HandleOpenSession(Context context) {
  State& state = context.state;
  const OpenSessionCommand& open = context.command.open_session;
  const AccountId account = context.command.account;
  if (account != AccountId{} && state.accounts.Find(account) == nullptr) {
    Reject(context, RejectReason::kUnknownAccount);
    return;
  }
  if (const Session* known = state.sessions.Find(account, open.session_id); known != nullptr) {
    if (known->public_key == open.public_key) {
      PublishSessionOpened(context, *known);
    } else {
      Reject(context, RejectReason::kBadDefinition);
    }
    return;
  }
  if (state.sessions.full()) {
    Reject(context, RejectReason::kCapacity);
    return;
  }
  PublishSessionOpened(context, state.sessions.Add(account, open));
}

void HandleDefineAsset(Context context) {
  const DefineAssetCommand& definition = context.command.define_asset;
  if (RejectReason reason = context.state.assets.Define(definition);
      reason != RejectReason::kNone) {
    Reject(context, reason);
    return;
  }
  Event event = MakeEvent(EventType::kAssetDefined);
  event.asset_defined = {.asset = definition.asset, .reserved = {}};
  context.emit.Publish(event);
  context.emit.Done();
}

void HandleDefineInstrument(Context context) {
  State& state = context.state;
  const InstrumentId id = context.command.instrument;
  if (RejectReason reason = state.instruments.Define(id, context.command.define_instrument,
                                                     state.assets, state.accounts);
      reason != RejectReason::kNone) {
    Reject(context, reason);
    return;
  }
  const risk::Instrument& instrument = *state.instruments.Find(id);
  state.book(id).book.SetPriceMax(instrument.price_max);
  Event event = MakeEvent(EventType::kInstrumentDefined);
  event.instrument = id;
  event.instrument_defined = {.tick_quanta = instrument.tick_quanta,
                              .lot_quanta = instrument.lot_quanta,
                              .maker_fee_hundredths_bp = instrument.fees.maker,
                              .taker_fee_hundredths_bp = instrument.fees.taker,
                              .fee_account = instrument.fee_account,
                              .base_asset = instrument.base_asset,
                              .quote_asset = instrument.quote_asset};
  context.emit.Publish(event);
  context.emit.Done();
}

void HandleDefineAccount(Context context) {
  if (RejectReason reason =
          context.state.accounts.Define(context.command.account, context.command.define_account);
      reason != RejectReason::kNone) {
    Reject(context, reason);
    return;
  }
  Event event = MakeEvent(EventType::kAccountDefined);
  event.account = context.command.account;
  context.emit.Publish(event);
  context.emit.Done();
}

void HandleStateHashMark(Context context) {
  State& state = context.state;
  const StateHashMarkCommand& mark = context.command.state_hash_mark;
  const auto found = std::find_if(
      state.hashes.begin(), state.hashes.end(),
      [&](const RememberedHash& row) { return row.at == mark.at && row.at != CommandSequence{}; });
  if (found == state.hashes.end() || mark.state_version != kStateVersion) {
    ++state.unverified_marks;  // Too old, or a hash of another layout of the state.
  } else if (found->hash != mark.state_hash && !state.divergence.has_value()) {
    state.divergence = Divergence{.at = mark.at, .detected_by = context.command.sequence};
  }
  context.emit.Done();
}

void HandleDeposit(Context context) {
  State& state = context.state;
  const ChainTransferCommand& transfer = context.command.chain_transfer;
  const ChainProgress* const known = FindChain(state, transfer.chain_id);
  const Turn turn = TurnOf(transfer.index, known == nullptr ? 0 : known->last_deposit_index);
  if (turn == Turn::kDone) {
    context.emit.Done(kEventFlagDuplicate);
    return;
  }
  RejectReason reason = turn == Turn::kEarly ? RejectReason::kOutOfOrderTransfer
                        : known == nullptr && state.chains.size() == kMaxChains
                            ? RejectReason::kCapacity
                            : CheckTransferParties(context);
  if (reason == RejectReason::kNone) {
    reason = state.ledger.Deposit(context.command.account, transfer.asset, transfer.amount);
  }
  if (reason != RejectReason::kNone) {
    Reject(context, reason);
    return;
  }
  FindOrAddChain(state, transfer.chain_id)->last_deposit_index = transfer.index;
  PublishTransfer(context, EventType::kDeposited, RejectReason::kNone);
  context.emit.Done();
}

void HandleWithdraw(Context context) {
  State& state = context.state;
  const ChainTransferCommand& transfer = context.command.chain_transfer;
  const ChainProgress* const known = FindChain(state, transfer.chain_id);
  const Turn turn = TurnOf(transfer.index, known == nullptr ? 0 : known->last_withdrawal_index);
  if (turn == Turn::kDone) {
    context.emit.Done(kEventFlagDuplicate);
    return;
  }
  if (turn == Turn::kEarly) {
    Reject(context, RejectReason::kOutOfOrderTransfer);
    return;
  }
  ChainProgress* const chain = FindOrAddChain(state, transfer.chain_id);
  if (chain == nullptr) {
    Reject(context, RejectReason::kCapacity);
    return;
  }
  // What cannot be paid uses up its index all the same: one bad request on the chain must not
  // block the withdrawals behind it.
  chain->last_withdrawal_index = transfer.index;
  RejectReason reason = CheckTransferParties(context);
  if (reason == RejectReason::kNone) {
    reason = state.ledger.Withdraw(context.command.account, transfer.asset, transfer.amount);
  }
  PublishTransfer(
      context, reason == RejectReason::kNone ? EventType::kWithdrawn : EventType::kWithdrawRefused,
      reason);
  context.emit.Done();
}

}  // namespace tally::core::internal
