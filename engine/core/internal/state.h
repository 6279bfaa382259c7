#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/types.h"
#include "base/zeroed_array.h"
#include "engine/book/order_book.h"
#include "engine/book/order_pool.h"
#include "engine/book/trigger_book.h"
#include "engine/core/core.h"
#include "engine/core/internal/cancel_list.h"
#include "engine/core/internal/expiry_queue.h"
#include "engine/core/internal/group_table.h"
#include "engine/core/internal/looks.h"
#include "engine/core/internal/maker_groups.h"
#include "engine/core/internal/market.h"
#include "engine/core/internal/nonce_window.h"
#include "engine/core/internal/order_list.h"
#include "engine/core/internal/order_table.h"
#include "engine/core/internal/quote_table.h"
#include "engine/core/internal/session_table.h"
#include "engine/core/internal/settlement.h"
#include "engine/core/internal/signed_terms.h"
#include "engine/core/internal/turn_queue.h"
#include "engine/limits.h"
#include "engine/risk/account_table.h"
#include "engine/risk/asset_table.h"
#include "engine/risk/exposure_table.h"
#include "engine/risk/fee_schedule.h"
#include "engine/risk/instrument_table.h"
#include "engine/risk/ledger.h"

namespace tally::core::internal {

inline constexpr int64_t kBasisPoints = 10'000;  // In one whole.

// The range of the trades with which the stops were not compared yet; all zero: none.
struct Prints {
  PriceTicks low;
  PriceTicks high;
};

// Orders that follow a best price, oldest first.
struct PegState {
  PegList orders;
  uint32_t count = 0;
  // The displayed best prices for which the orders before `next` are where they should be; 0: that
  // side was empty.
  PriceTicks bid;
  PriceTicks ask;
  OrderHandle next = kNoOrder;
};

// The orders that wait for a price or follow one. Apart, so that the books of plain orders lie
// close together.
struct Following {
  explicit Following(TriggerPool* triggers) : stops(triggers) {}
  TriggerBook stops;
  Prints prints;
  PegState pegs;
  uint32_t trailing_orders = 0;  // Open ones that were not triggered.
};

struct BookState {
  BookState(OrderPool* pool, TriggerPool* triggers)
      : book(pool), following(std::make_unique<Following>(triggers)) {}
  OrderBook book;
  BookTopEvent top{};           // As last published.
  PriceTicks last_price;        // Of the last trade; 0: none.
  uint32_t features = 0;        // kFeature... of market.h.
  uint64_t delta_sequence = 0;  // Of the last kBookDelta.
  // Open orders by what ends or starts them, oldest first.
  LifetimeList day_orders;
  LifetimeList at_the_open;
  LifetimeList at_the_close;
  DormantList dormant_orders;
  bool turn_is_queued = false;
  std::unique_ptr<Following> following;
};

struct RememberedHash {
  CommandSequence at{};
  Sha256Digest hash{};
};

// Hashes kept for marks that are still on their way through the journal.
inline constexpr std::size_t kRememberedHashes = 16;

// Everything a core knows. Plain data: the handlers beside it hold the rules.
class State {
 public:
  explicit State(const CoreLimits& core_limits);

  // The instrument must be defined or at least within the limits.
  BookState& book(InstrumentId id) { return books[Raw(id) - 1]; }
  const BookState& book(InstrumentId id) const { return books[Raw(id) - 1]; }
  Market& market(InstrumentId id) { return markets[Raw(id) - 1]; }
  const Market& market(InstrumentId id) const { return markets[Raw(id) - 1]; }
  TradingPhase phase(InstrumentId id) const {
    return (book(id).features & kFeaturePhase) == 0 ? TradingPhase::kContinuous : market(id).phase;
  }

  const CoreLimits limits;

  risk::AssetTable assets;
  risk::AccountTable accounts;
  risk::InstrumentTable instruments;
  risk::FeeSchedule fees;
  risk::Ledger ledger;
  risk::ExposureTable exposures;
  SessionTable sessions;
  ZeroedArray<Authorization> authorizations;  // By session, from 1.
  ZeroedArray<NonceWindow> nonces;            // By account, from 1.

  OrderPool pool;
  TriggerPool triggers;
  std::vector<BookState> books;  // By instrument, from 1.
  std::vector<Market> markets;   // Likewise.
  // When a phase ends or a batch is due next, 0: never. Follows from the markets.
  int64_t phase_deadline_ns = 0;
  OrderTable orders;
  ExpiryQueue expiry;

  // Scratch of one command, empty between commands as far as anyone is concerned. Two, because the
  // turn that follows a mass cancel may trip a market maker's protection.
  CancelList mass_cancels;
  CancelList protection_cancels;
  MakerGroupTable maker_groups;
  QuoteTable quotes;
  GroupTable groups;
  TurnQueue turns;

  CommandSequence last_command_sequence{};
  EventSequence next_event_sequence{1};
  int64_t time_ns = 0;
  OrderId next_order_id{1};
  TradeId next_trade_id{1};
  uint64_t next_priority = 1;  // Not in the canonical state: the order of the books implies it.

  bool venue_kill_switch = false;
  uint32_t kill_switch_count = 0;  // Engaged ones of the venue, its accounts and sessions.

  std::vector<ChainProgress> chains;  // Ascending chain id, at most kMaxChains.
  uint64_t last_settled_batch = 0;
  EventSequence last_settled_event{};
  Settlement settlement;

  // Not in the canonical state: they change no event.
  Looks looks;
  std::array<RememberedHash, kRememberedHashes> hashes{};
  std::size_t next_hash = 0;
  uint64_t commands_until_hash = 0;
  std::optional<Divergence> divergence;
  uint64_t unverified_marks = 0;
};

// Writes the canonical state; docs/formats/state.md is the layout.
void SerializeState(const State& state, StateSink& sink);
Sha256Digest HashState(const State& state);

}  // namespace tally::core::internal
