// Calls and collars of OrderBook: when it does not match as prices say.

#include <algorithm>

#include "base/assert.h"
#include "engine/book/order_book.h"

namespace tally {

void OrderBook::SetGate(const Gate& gate) {
  gate_ = gate;
  // What is special about a gated book is that plain matching does not know the gate.
  const uint32_t flag = gate.kind == GateKind::kOpen ? 0 : kGated;
  for (uint32_t& specials : specials_) {
    specials = (specials & ~kGated) | flag;
  }
}

void OrderBook::BeginCall() { SetGate({.kind = GateKind::kCall}); }

void OrderBook::EndCall() {
  CHECK(in_call());
  CHECK(ladders_[kBids].empty() || ladders_[kAsks].empty() || best_bid().price < best_ask().price);
  SetGate({});
}

void OrderBook::SetCollar(PriceTicks low, PriceTicks high) {
  CHECK(!in_call());
  CHECK(low.value >= 0 && low <= high && high.value <= kMaxPriceTicks);
  SetGate({.kind = GateKind::kCollar, .low = low, .high = high});
}

void OrderBook::ClearCollar() {
  CHECK(!in_call());
  SetGate({});
}

Equilibrium OrderBook::FindEquilibrium(PriceTicks reference) const {
  return tally::FindEquilibrium(AuctionLevels(*this, kBids), AuctionLevels(*this, kAsks),
                                reference);
}

uint64_t OrderBook::GatedKey(uint32_t side, uint64_t limit_key) const {
  const uint32_t makers_side = 1 - side;
  const uint64_t best_key =
      std::min(ladders_[makers_side].best_key(), dark_[makers_side].best_key());
  const PriceTicks nearest = side == kBids ? gate_.low : gate_.high;
  const PriceTicks furthest = side == kBids ? gate_.high : gate_.low;
  // Makers only get worse: if the best one is too good, nothing trades.
  if (gate_.kind == GateKind::kCall || best_key < KeyOf(makers_side, nearest.value)) {
    return kNothingKey;
  }
  return std::min(limit_key, KeyOf(makers_side, furthest.value));
}

uint32_t OrderBook::BeyondCollar(Taker taker, PriceTicks price) const {
  if (gate_.kind != GateKind::kCollar) {
    return internal::kNilSlot;
  }
  taker.limit_key = KeyOf(1 - taker.side, price.value);
  uint32_t dark = FirstDark(1 - taker.side);
  return NextMaker(taker, &dark);
}

bool OrderBook::StopAtCollar(const Taker& taker, const IncomingOrder& order, PriceTicks price) {
  if (taker.leaves == 0 || order.post_only || order.all_or_none) {
    return false;
  }
  const uint32_t beyond = BeyondCollar(taker, price);
  if (beyond == internal::kNilSlot) {
    return false;
  }
  gate_.reached = true;
  gate_.reached_at = pool_->View(OrderHandle{beyond}).price;
  return true;
}

}  // namespace tally
