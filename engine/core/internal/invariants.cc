#include "engine/core/internal/invariants.h"

#include <vector>

#include "base/assert.h"
#include "engine/core/internal/kill_switch.h"
#include "engine/core/internal/lifetime.h"
#include "engine/core/internal/match_listener.h"
#include "engine/core/internal/protection.h"
#include "engine/core/internal/quotes.h"

namespace tally::core::internal {
namespace {

// What the lists must add up to.
struct Counts {
  uint32_t open = 0;
  uint32_t dormant = 0;
  uint32_t ending = 0;  // By themselves, at a time.
};

// The legs of a group may share a hold; every other order holds exactly what it needs.
bool HoldsByItself(const OrderRecord& record) { return (record.flags & kRecordInGroup) == 0; }

// A side of a quote is found by its entry; a group that tripped and a scope whose kill switch is
// engaged have nothing open.
void CheckMakers(const State& state, OrderHandle handle, Side side) {
  const OrderRecord& record = state.orders[handle];
  if ((record.flags & kRecordQuote) != 0) {
    CHECK(state.quotes.Find(QuoteKeyOf(record), side) == handle);
  }
  CHECK(!ProtectionTripped(state, record.flags));
  CHECK(CheckKillSwitch(state, record.account, record.session) == RejectReason::kNone);
  const risk::MinimumFee* const fee = state.orders.minimum_fee(handle);
  CHECK(fee == nullptr || fee->minimum.value > 0);
}

// The fees of a signed order are bounded by what it keeps of its signature.
void CheckSignedTerms(const State& state, OrderHandle handle) {
  const uint32_t flags = state.orders[handle].flags;
  const SignedTerms terms =
      (flags & kRecordHasDetail) == 0 ? SignedTerms{} : state.orders.detail(handle).signed_terms;
  CHECK(terms.present() == ((flags & kRecordSigned) != 0));
  CHECK(terms.Allow(state.orders[handle].fees));
  const risk::MinimumFee* const fee = state.orders.minimum_fee(handle);
  CHECK(fee == nullptr || fee->rate_cap_hundredths_bp == terms.rate_cap());
}

void CheckOrder(const State& state, OrderHandle handle, Counts& counts) {
  const OrderRecord& record = state.orders[handle];
  CHECK(state.pool.Contains(handle));
  const OrderView view = state.pool.View(handle);
  const risk::Instrument& instrument = *state.instruments.Find(record.instrument);
  CHECK(view.leaves.value > 0);
  CHECK(view.displayed <= view.leaves);
  CHECK(record.held.value >= 0);
  if (HoldsByItself(record)) {
    CHECK(record.held ==
          risk::HoldAmount(instrument, {.side = view.side,
                                        .price = HoldPrice(state, handle, view.price),
                                        .leaves = view.leaves,
                                        .fees = record.fees,
                                        .minimum_fee = state.orders.minimum_fee(handle)}));
  }
  CheckMakers(state, handle, view.side);
  const bool has_detail = (record.flags & kRecordHasDetail) != 0;
  ++counts.open;
  counts.dormant += view.place == OrderPlace::kDormant ? 1 : 0;
  counts.ending += has_detail && ExpiryOf(state.orders.detail(handle)) != 0 ? 1 : 0;
  CHECK(has_detail || view.place == OrderPlace::kDisplayed);
  CheckSignedTerms(state, handle);
}

void CheckAccount(const State& state, AccountId account, Counts& counts) {
  std::vector<int64_t> held(state.assets.capacity());
  uint32_t open = 0;
  state.orders.ForEachOfAccount(account, [&](OrderHandle handle) {
    const OrderRecord& record = state.orders[handle];
    CHECK(record.account == account);
    CheckOrder(state, handle, counts);
    const risk::Instrument& instrument = *state.instruments.Find(record.instrument);
    held[Raw(risk::HoldAsset(instrument, state.pool.side(handle)))] += record.held.value;
    ++open;
  });
  CHECK(open == state.accounts.Find(account)->open_orders);
  for (const DisputeHold& hold : state.settlement.holds) {
    held[Raw(hold.asset)] += hold.account == account ? hold.held.value : 0;
  }
  for (uint32_t asset = 0; asset < state.assets.capacity(); ++asset) {
    const AssetId id{static_cast<uint16_t>(asset)};
    CHECK(state.ledger.balance(account, id).held.value == held[asset]);
  }
}

uint32_t DormantCount(const State& state, const BookState& book) {
  uint32_t count = 0;
  for (OrderHandle handle = book.dormant_orders.front(); handle != kNoOrder;
       handle = DormantList::Next(state.orders, handle)) {
    CHECK(state.pool.place(handle) == OrderPlace::kDormant);
    ++count;
  }
  return count;
}

// What is in dispute is held, or the account has nothing more of it.
void CheckDisputes(const State& state) {
  uint32_t short_holds = 0;
  for (const DisputeHold& hold : state.settlement.holds) {
    CHECK(hold.held.value >= 0 && hold.held <= hold.amount);
    const bool is_short = hold.held < hold.amount;
    short_holds += is_short ? 1 : 0;
    CHECK(!is_short || state.ledger.balance(hold.account, hold.asset).available == Quanta{});
  }
  CHECK(short_holds == state.settlement.short_holds);
}

}  // namespace

void CheckInvariants(const State& state) {
  Counts counts;
  for (uint32_t row = 1; row <= state.accounts.capacity(); ++row) {
    if (state.accounts.Find(AccountId{row}) != nullptr) {
      CheckAccount(state, AccountId{row}, counts);
    }
  }
  CHECK(counts.open == state.pool.used_count());
  CHECK(counts.ending == state.expiry.count());
  uint32_t dormant = 0;
  for (const BookState& book : state.books) {
    book.book.CheckInvariants();
    dormant += DormantCount(state, book);
  }
  CHECK(dormant == counts.dormant);
  CheckDisputes(state);
}

}  // namespace tally::core::internal
