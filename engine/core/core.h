#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/sha256.h"
#include "engine/command.h"
#include "engine/event.h"
#include "engine/limits.h"
#include "engine/risk/account_table.h"
#include "engine/risk/asset_table.h"
#include "engine/risk/exposure_table.h"
#include "engine/risk/fee_schedule.h"
#include "engine/risk/instrument_table.h"
#include "engine/risk/ledger.h"

namespace tally::core {

namespace internal {
class State;
}

// Of the canonical state (docs/formats/state.md); journaled with each hash of it.
inline constexpr uint32_t kStateVersion = 2;

// A session as the core knows it; survives reconnects, never removed. What every command needs is
// in the first cache line.
struct alignas(64) Session {
  SessionIndex index{};
  AccountId account{};  // 0: an operator or relayer session, which cannot trade.
  uint64_t session_id = 0;
  uint64_t last_client_sequence = 0;  // The last one applied; the next command carries this + 1.
  uint64_t next_report_sequence = 1;
  ClientOrderId last_client_order_id{};
  bool kill_switch = false;  // Engaged: cancels only.
  std::array<uint8_t, 32> public_key{};
};

struct DepthLevel {
  PriceTicks price;
  QuantityLots quantity;
  uint32_t order_count = 0;
};

// What is displayed of an order.
struct DepthOrder {
  OrderId id{};
  PriceTicks price;
  QuantityLots quantity;
  friend bool operator==(const DepthOrder&, const DepthOrder&) = default;
};

// How far the transfers of one vault have been applied.
struct ChainProgress {
  uint64_t chain_id = 0;
  uint64_t last_deposit_index = 0;
  uint64_t last_withdrawal_index = 0;
};

// A state hash in the journal that this core does not reproduce.
struct Divergence {
  CommandSequence at{};           // The command after which the hashes differ.
  CommandSequence detected_by{};  // The kStateHashMark that carried the other hash.
};

// Takes the canonical state in pieces, in order, on the thread that asks for it.
class StateSink {
 public:
  virtual ~StateSink() = default;
  virtual void Append(const void* data, std::size_t size_bytes) = 0;
};

// One matching core: sessions, accounts, balances and books, as a pure function of its commands.
// For each command: de-duplicate, validate, reserve, match, apply, emit.
//
// Thread safety: none; one thread owns it (the match stage). The constructor allocates everything
// for the limits; Apply does not allocate on the order path once the books are warm.
//
// Invariants, after every Apply: for every asset the sum of balances equals deposits minus
// withdrawals; an account's held funds equal the holds of its open orders and of disputes; no book
// in continuous trading is crossed; command and event sequences are contiguous from 1. The outcome
// depends on nothing but the limits and the commands applied: no clock, randomness, I/O or
// unordered iteration.
//
// Order of the events of one command: the answer (kOrderAccepted, kOrderReplaced ...); for each
// match kOrderFilled of the maker, kOrderFilled of the taker, kTrade; self-trade cancels where they
// happen; the canceled remainder; kMassCancelDone, kQuoteDone, kKillSwitched or kCommandDone; what
// follows from all that (tripped protections, groups, phases, triggered stops, moved orders:
// internal/turn.h); kIndicative of a call, kBookTop for each book whose best price or quantity
// changed, instruments ascending; kStateHash where one is due.
class Core {
 public:
  explicit Core(const CoreLimits& limits);
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  // Applies the next command; command.sequence must be last_command_sequence() + 1. Whatever its
  // bytes are, it is applied or rejected by events, never a failure.
  void Apply(const Command& command, EventSink& sink);
  // Applies the first of one or more commands that are at hand, and starts loading what those
  // behind it will touch: the same outcome, sooner.
  void ApplyFirst(std::span<const Command> upcoming, EventSink& sink);

  CommandSequence last_command_sequence() const;  // 0 before the first.
  EventSequence next_event_sequence() const;
  int64_t time_ns() const;  // Effective time: the largest timestamp so far.
  const CoreLimits& limits() const;
  // The earliest time at which a kTimer would do something; 0: never. It may be in the past.
  int64_t next_deadline_ns() const;

  // Sessions are 1..session_count().
  uint32_t session_count() const;
  const Session* session(SessionIndex index) const;  // Null if there is none.
  const Session* FindSession(AccountId account, uint64_t session_id) const;

  const risk::AssetTable& assets() const;
  const risk::InstrumentTable& instruments() const;
  const risk::AccountTable& accounts() const;
  const risk::Ledger& ledger() const;
  const risk::ExposureTable& exposures() const;

  // The best levels as kBookTop last published them; all zero for an unknown instrument.
  BookTopEvent book_top(InstrumentId instrument) const;
  // The best levels of one side, best first; returns how many were written.
  std::size_t BookDepth(InstrumentId instrument, Side side, std::span<DepthLevel> levels) const;
  // Likewise order by order, in priority order: what a book made of kBookDelta events contains.
  std::size_t BookOrders(InstrumentId instrument, Side side, std::span<DepthOrder> orders) const;
  uint32_t open_order_count() const;

  // The phase as kPhaseChanged would tell it now; all zero for an unknown instrument.
  PhaseChangedEvent phase(InstrumentId instrument) const;
  // When its phase was last set by the clock (kSetPhaseFlagScheduled); 0: never.
  int64_t scheduled_ns(InstrumentId instrument) const;
  DefineRulesCommand rules(InstrumentId instrument) const;
  const risk::FeeSchedule& fees() const;
  // Null if there is none.
  const DefineProtectionCommand* protection(AccountId account, uint16_t maker_group) const;
  uint64_t book_delta_sequence(InstrumentId instrument) const;  // Of the last kBookDelta.

  std::span<const ChainProgress> chains() const;  // Ascending chain id.
  uint64_t last_settled_batch() const;            // 0 before the first.
  EventSequence last_settled_event() const;
  // The last final batch that told its trades, then the others of which a status was told, by id.
  std::vector<BatchStatusEvent> BatchStatuses() const;
  // What the account gave of the asset that is not settled; 0 while the asset has no limit.
  Quanta UnsettledDebit(AccountId account, AssetId asset) const;
  // Of the account's held funds, those in dispute.
  Quanta Disputed(AccountId account, AssetId asset) const;

  // The first mark whose hash was not ours; the owner of the core decides what to do about it.
  std::optional<Divergence> divergence() const;
  // Marks for which this core remembers no hash to compare with (too old).
  uint64_t unverified_marks() const;

  // Walks everything and CHECKs the invariants. O(orders + accounts * assets); for tests and tools.
  void CheckInvariants() const;

  // The canonical state, docs/formats/state.md: everything that can influence a later event.
  // Cost: linear in sessions, balances and open orders.
  void SerializeState(StateSink& sink) const;
  // SHA-256 of the canonical state; after an Apply that emitted kStateHash, the same value.
  Sha256Digest StateHash() const;

 private:
  std::unique_ptr<internal::State> state_;
};

}  // namespace tally::core
