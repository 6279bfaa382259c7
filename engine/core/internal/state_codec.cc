// The canonical state, byte by byte as in docs/formats/state.md.

#include <array>
#include <bit>

#include "engine/core/internal/fees.h"
#include "engine/core/internal/groups.h"
#include "engine/core/internal/kill_switch.h"
#include "engine/core/internal/pegs.h"
#include "engine/core/internal/protection.h"
#include "engine/core/internal/settlement.h"
#include "engine/core/internal/signatures.h"
#include "engine/core/internal/state.h"
#include "engine/core/internal/state_writer.h"
#include "engine/core/internal/triggers.h"
#include "engine/core/internal/turn.h"

namespace tally::core::internal {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::array<char, 8> kMagic = {'T', 'A', 'L', 'L', 'Y', 'S', 'T', '2'};

void PutCounters(const State& state, StateWriter& out) {
  const CoreLimits& limits = state.limits;
  out.Put(limits.assets);
  out.Put(limits.instruments);
  out.Put(limits.accounts);
  out.Put(limits.sessions);
  out.Put(limits.open_orders);
  out.Put(limits.open_orders_per_account);
  out.Put(limits.order_groups);
  out.Put(limits.maker_groups);
  out.Put(limits.pegged_orders_per_instrument);
  out.Put(limits.cascade_steps_max);
  out.Put(limits.state_hash_interval);
  out.Put(state.last_command_sequence);
  out.Put(state.next_event_sequence);
  out.Put(state.time_ns);
  out.Put(state.next_order_id);
  out.Put(state.next_trade_id);
  out.Put(state.last_settled_batch);
  out.Put(state.last_settled_event);
}

void PutAssets(const State& state, StateWriter& out) {
  for (uint32_t row = 0; row < state.assets.capacity(); ++row) {
    const AssetId id{static_cast<uint16_t>(row)};
    if (const risk::Asset* asset = state.assets.Find(id); asset != nullptr) {
      out.Put(row);
      out.Put(uint32_t{asset->quantum_decimals});
      out.Put(asset->chain_units_per_quantum);
      out.Bytes(&asset->symbol, sizeof(asset->symbol));
    }
  }
  out.Put(UINT32_MAX);
}

void PutAccounts(const State& state, StateWriter& out) {
  for (uint32_t row = 1; row <= state.accounts.capacity(); ++row) {
    if (const risk::Account* account = state.accounts.Find(AccountId{row}); account != nullptr) {
      out.Put(row);
      out.Put((account->enabled ? 1U : 0U) | (account->must_sign ? 2U : 0U));
      out.Bytes(account->owner.data(), account->owner.size());
      out.Put(account->owner_group);
      out.Put(uint32_t{account->fee_class});
    }
  }
  out.Put(UINT32_MAX);
}

void PutInstruments(const State& state, StateWriter& out) {
  for (uint32_t row = 1; row <= state.instruments.capacity(); ++row) {
    const risk::Instrument* const instrument = state.instruments.Find(InstrumentId{row});
    if (instrument == nullptr) {
      continue;
    }
    out.Put(row);
    out.Put(instrument->fee_account);
    out.Bytes(&instrument->symbol, sizeof(instrument->symbol));
    out.Put(instrument->tick_quanta);
    out.Put(instrument->lot_quanta);
    out.Put(instrument->price_max);
    out.Put(instrument->quantity_min);
    out.Put(instrument->quantity_max);
    out.Put(instrument->notional_min);
    out.Put(instrument->notional_max);
    out.Put(instrument->fees.maker);
    out.Put(instrument->fees.taker);
    out.Put(instrument->base_asset);
    out.Put(instrument->quote_asset);
    out.Put(uint32_t{0});
  }
  out.Put(UINT32_MAX);
}

void PutBalances(const State& state, StateWriter& out) {
  for (uint32_t account = 1; account <= state.accounts.capacity(); ++account) {
    if (state.accounts.Find(AccountId{account}) == nullptr) {
      continue;
    }
    for (uint32_t asset = 0; asset < state.assets.capacity(); ++asset) {
      const risk::Balance& balance =
          state.ledger.balance(AccountId{account}, AssetId{static_cast<uint16_t>(asset)});
      if (balance != risk::Balance{}) {
        out.Put(account);
        out.Put(asset);
        out.Put(balance.available);
        out.Put(balance.held);
      }
    }
  }
  out.Put(UINT32_MAX);
}

void PutChains(const State& state, StateWriter& out) {
  out.Put(static_cast<uint32_t>(state.chains.size()));
  for (const ChainProgress& chain : state.chains) {
    out.Put(chain.chain_id);
    out.Put(chain.last_deposit_index);
    out.Put(chain.last_withdrawal_index);
  }
}

void PutSessions(const State& state, StateWriter& out) {
  out.Put(state.sessions.count());
  for (uint32_t row = 1; row <= state.sessions.count(); ++row) {
    const Session& session = state.sessions[SessionIndex{row}];
    out.Put(session.account);
    out.Put(session.session_id);
    out.Bytes(session.public_key.data(), session.public_key.size());
    out.Put(session.last_client_sequence);
    out.Put(session.next_report_sequence);
    out.Put(session.last_client_order_id);
  }
}

void PutDetail(const OrderDetail& detail, StateWriter& out) {
  out.Put(detail.limit);
  out.Put(detail.stop_price);
  out.Put(detail.display_quantity);
  out.Put(detail.expire_time_ns);
  out.Put(detail.offset);
  out.Put(detail.slippage_ticks);
  out.Put(detail.maker_group);
  out.Put(detail.type);
  out.Put(detail.time_in_force);
  out.Put(detail.trigger);
  out.Put(detail.peg);
  out.Put(detail.trail_unit);
  out.Put(detail.group_leg);
  out.Put(detail.flags);
  out.Put(detail.waits_for);
}

void PutOrder(const State& state, OrderHandle handle, StateWriter& out) {
  const OrderView view = state.pool.View(handle);
  const OrderRecord& record = state.orders[handle];
  out.Put(view.id);
  out.Put(record.client_order_id);
  out.Put(record.session);
  out.Put(record.account);
  out.Put(view.price);
  out.Put(view.leaves);
  out.Put(record.cumulative);
  out.Put(record.held);
  out.Put(record.fees.maker);
  out.Put(record.fees.taker);
  out.Put(view.displayed);
  out.Put(view.owner);
  out.Put(uint16_t{Raw(view.self_trade_prevention)});
  out.Put(uint16_t{view.post_only ? uint16_t{1} : uint16_t{0}});
  out.Put(record.flags);
  if ((record.flags & kRecordHasDetail) != 0) {
    PutDetail(state.orders.detail(handle), out);
  }
  if (const risk::MinimumFee* const fee = state.orders.minimum_fee(handle); fee != nullptr) {
    out.Put(fee->minimum);
    out.Put(fee->accrued);
    out.Put(fee->paid);
  }
  if ((record.flags & kRecordSigned) != 0) {
    const SignedTerms& terms = state.orders.detail(handle).signed_terms;
    out.Put(terms.expiry_s);
    out.Put(terms.max_fee_hundredths_bp);
  }
}

void PutSide(const State& state, const OrderBook& book, Side side, StateWriter& out) {
  out.Put(book.order_count(side));
  book.ForEachOrder(side, [&](OrderHandle handle) { PutOrder(state, handle, out); });
}

void PutDormant(const State& state, const BookState& book, StateWriter& out) {
  for (OrderHandle handle = book.dormant_orders.front(); handle != kNoOrder;
       handle = DormantList::Next(state.orders, handle)) {
    PutOrder(state, handle, out);
  }
  out.Put(uint64_t{0});
}

void PutBooks(const State& state, StateWriter& out) {
  for (uint32_t row = 1; row <= state.instruments.capacity(); ++row) {
    if (state.instruments.Find(InstrumentId{row}) == nullptr) {
      continue;
    }
    const BookState& book = state.book(InstrumentId{row});
    out.Put(row);
    out.Put(book.top.book_sequence);
    out.Put(book.last_price);
    PutMarket(state.market(InstrumentId{row}), out);
    out.Put(book.delta_sequence);
    PutSide(state, book.book, Side::kBuy, out);
    PutSide(state, book.book, Side::kSell, out);
    PutDormant(state, book, out);
    PutTriggers(state, book, out);
    PutPegs(state, book, out);
  }
  out.Put(UINT32_MAX);
}

class HashSink final : public StateSink {
 public:
  void Append(const void* data, std::size_t size_bytes) override { hash_.Update(data, size_bytes); }
  Sha256Digest Finish() { return hash_.Finish(); }

 private:
  Sha256 hash_;
};

}  // namespace

void SerializeState(const State& state, StateSink& sink) {
  StateWriter out(sink);
  out.Bytes(kMagic.data(), kMagic.size());
  PutCounters(state, out);
  PutAssets(state, out);
  PutAccounts(state, out);
  PutInstruments(state, out);
  PutBalances(state, out);
  PutChains(state, out);
  PutSessions(state, out);
  PutFees(state, out);
  PutKillSwitches(state, out);
  PutMakerGroups(state, out);
  PutBooks(state, out);
  PutGroups(state, out);
  PutTurns(state, out);
  PutNonces(state, out);
  PutAuthorizations(state, out);
  PutSettlement(state, out);
  out.Flush();
}

Sha256Digest HashState(const State& state) {
  HashSink sink;
  SerializeState(state, sink);
  return sink.Finish();
}

}  // namespace tally::core::internal
