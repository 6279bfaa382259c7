// Whom an incoming order would meet in an OrderBook with icebergs and dark orders, and how far it
// would come.

#include <algorithm>

#include "engine/book/order_book.h"

namespace tally {

uint32_t OrderBook::FirstDark(uint32_t side) const {
  return dark_[side].empty() ? internal::kNilSlot : pool_->ladders_.levels[dark_[side].best()].head;
}

uint32_t OrderBook::NextDark(uint32_t slot) const {
  const Order& order = pool_->orders_[slot];
  if (order.next != internal::kNilSlot) {
    return order.next;
  }
  const uint32_t worse = dark_[order.is_sell].NextWorse(pool_->ladders_, order.level);
  return worse == internal::kNilSlot ? worse : pool_->ladders_.levels[worse].head;
}

uint32_t OrderBook::NextMaker(const Taker& taker, uint32_t* dark) const {
  const Ladder& shown = ladders_[1 - taker.side];
  const auto& levels = pool_->ladders_.levels;
  const uint64_t shown_key = shown.empty() ? UINT64_MAX : levels[shown.best()].key;
  for (; *dark != internal::kNilSlot; *dark = NextDark(*dark)) {
    const uint64_t dark_key = levels[pool_->orders_[*dark].level].key;
    if (dark_key >= shown_key || dark_key > taker.limit_key) {
      break;
    }
    // What is too large for the taker now stays so: the taker only shrinks.
    if (!IsAllOrNone(*dark) || pool_->orders_[*dark].leaves <= taker.leaves) {
      return *dark;
    }
  }
  return shown_key <= taker.limit_key ? levels[shown.best()].head : internal::kNilSlot;
}

bool OrderBook::WouldTrade(const Taker& taker, int64_t wanted) const {
  uint32_t unlimited = UINT32_MAX;
  return WouldTrade(taker, wanted, &unlimited);
}

bool OrderBook::WouldTrade(Taker taker, int64_t wanted, uint32_t* steps) const {
  const Ladder& shown = ladders_[1 - taker.side];
  const Ladder& dark = dark_[1 - taker.side];
  const auto& levels = pool_->ladders_.levels;
  uint32_t shown_at = shown.best();
  uint32_t dark_at = dark.best();
  while (wanted > 0 && taker.leaves > 0 && *steps > 0) {
    const uint64_t shown_key = shown_at == internal::kNilSlot ? UINT64_MAX : levels[shown_at].key;
    const uint64_t dark_key = dark_at == internal::kNilSlot ? UINT64_MAX : levels[dark_at].key;
    if (std::min(shown_key, dark_key) > taker.limit_key) {
      return false;
    }
    const bool takes_dark = dark_key < shown_key;
    uint32_t& at = takes_dark ? dark_at : shown_at;
    ProbeLevel(at, taker, wanted, steps);
    at = (takes_dark ? dark : shown).NextWorse(pool_->ladders_, at);
  }
  return wanted <= 0;
}

// A level trades in two rounds: what its orders display, then what they refresh. Orders of the
// taker's owner are met, and dealt with, in the first one.
void OrderBook::ProbeLevel(uint32_t at, Taker& taker, int64_t& wanted, uint32_t* steps) const {
  const auto trade = [&](int64_t quantity) {
    const int64_t traded = std::min(quantity, taker.leaves);
    taker.leaves -= traded;
    wanted -= traded;
  };
  int64_t refreshed = 0;
  uint32_t slot = pool_->ladders_.levels[at].head;
  for (; slot != internal::kNilSlot && taker.leaves > 0 && *steps > 0; --*steps) {
    const Order& maker = pool_->orders_[slot];
    const int64_t maker_leaves = TotalLeaves(slot);
    if (IsAllOrNone(slot) && maker_leaves > taker.leaves) {
      // Passed over.
    } else if (maker.owner == taker.owner &&
               taker.self_trade_prevention != SelfTradePrevention::kNone) {
      taker.leaves -= CutOf(taker.self_trade_prevention, maker_leaves, taker.leaves).from_taker;
    } else {
      trade(maker.leaves);
      refreshed += std::min(maker_leaves - maker.leaves, taker.leaves);
    }
    slot = maker.next;
  }
  trade(refreshed);
}

OrderHandle OrderBook::FindExecutable(Side order_side) const {
  const uint32_t side = IndexOf(order_side);
  if (all_or_none_counts_[side] == 0) {
    return kNoOrder;
  }
  const uint64_t best_key = std::min(ladders_[1 - side].best_key(), dark_[1 - side].best_key());
  uint32_t steps = kExecutableSearchMax;
  for (uint32_t slot = FirstDark(side); slot != internal::kNilSlot && steps > 0;
       slot = NextDark(slot)) {
    const uint64_t key = pool_->ladders_.levels[pool_->orders_[slot].level].key;
    if (best_key > KeyOf(1 - side, PriceOf(side, key))) {
      break;  // It meets nobody, and the orders behind it have worse prices.
    }
    --steps;
    if (!IsAllOrNone(slot)) {
      continue;
    }
    const IncomingOrder order = AsIncoming(slot);
    const Taker taker = TakerOf(OrderHandle{slot}, order, order.price);
    if (WouldTrade(taker, taker.leaves, &steps)) {
      return OrderHandle{slot};
    }
  }
  return kNoOrder;
}

}  // namespace tally
