#pragma once

// A price-time-priority order book of one instrument. docs/order-book.md has the rules.

#include <cstdint>
#include <optional>

#include "base/prefetch.h"
#include "base/types.h"
#include "engine/book/book_types.h"
#include "engine/book/equilibrium.h"
#include "engine/book/internal/price_ladder.h"
#include "engine/book/order_pool.h"

namespace tally {

// Thread safety: none; see OrderPool. Every book of a pool must be destroyed before it.
// Invariants: after every command best bid < best ask of what is displayed; a level exists iff an
// order rests at its price, and its quantity is the sum of what they display; orders of a level are
// in the order in which they got their price (or last lost priority).
// Dark orders are in ladders of their own: between two orders of one price the displayed one trades
// first. Everything that only icebergs and dark orders need is in internal/special_*; a book
// without them pays for it with one test per command.
// Units: ticks and lots. The caller keeps the sum of quantities of a level below 2^63 (in a core
// the conservation of funds does).
// Cost: no allocation. O(1) for a resting order at a known price and for a cancel; a new or emptied
// price level costs at most 13 steps down a radix tree; + O(1) per fill. A FOK order adds a walk
// over the levels it needs (over the orders, if its self-trade prevention is on or if icebergs or
// dark orders rest on the other side).
class OrderBook {
 public:
  explicit OrderBook(OrderPool* pool) : pool_(pool) {}
  OrderBook(const OrderBook&) = delete;
  OrderBook& operator=(const OrderBook&) = delete;
  OrderBook(OrderBook&&) = default;
  ~OrderBook() = default;

  // Rejects, in this order: kUnsupported (attributes that contradict each other),
  // kBadDisplayQuantity, kBadMinQuantity, kPostOnlyWouldCross, kFokUnfillable,
  // kMinQuantityUnfillable, kMarketNoLiquidity, kCapacity (it may rest and the pool is full).
  template <BookListener Listener>
  BookResult Submit(const IncomingOrder& order, Listener& listener);

  // As Submit() for an order that is in the pool already, dormant. A rejected one stays dormant.
  template <BookListener Listener>
  BookResult Enter(OrderHandle handle, const IncomingOrder& order, Listener& listener);

  // Puts an order into the pool, dormant. Requires a pool that is not full.
  OrderHandle Park(const IncomingOrder& order);

  // Takes a resting order of this book out of it; it is dormant from then on.
  void Park(OrderHandle handle);

  // Removes an open order of this book, which may be dormant (in no list of the caller's any more);
  // returns its leaves. The handle is free afterwards.
  QuantityLots Cancel(OrderHandle handle);

  // Gives an open order of this book a new price and new leaves (1 .. kMaxQuantityLots). Fewer or
  // the same leaves at the same price keep its priority; otherwise it is taken out and comes back
  // as an incoming limit GTC order with the same id, handle, owner and attributes, so it may match.
  // A dormant order gets the new terms and stays dormant.
  // Rejects, leaving the order as it was: kBadDisplayQuantity, kPostOnlyWouldCross.
  template <BookListener Listener>
  BookResult Replace(OrderHandle handle, const ReplaceTerms& terms, Listener& listener);
  template <BookListener Listener>
  BookResult Replace(OrderHandle handle, PriceTicks price, QuantityLots leaves,
                     Listener& listener) {
    return Replace(handle, ReplaceTerms{.price = price, .leaves = leaves}, listener);
  }

  // Start loading what an order at `price` will touch if it comes to rest: the place of its level;
  // the level (which needs the place to be there); the last order there (which needs the level).
  void PrefetchPlace(Side side, PriceTicks price) const {
    ladders_[IndexOf(side)].PrefetchPlace(KeyOf(IndexOf(side), price.value));
  }
  void PrefetchLevel(Side side, PriceTicks price) const {
    tally::Prefetch(&GuessLevel(side, price));
  }
  void PrefetchLast(Side side, PriceTicks price) const {
    tally::Prefetch(&pool_->orders_[GuessLevel(side, price).tail]);
  }

  // The side on which an order at `price` would rest.
  Side GuessSide(PriceTicks price) const {
    const bool buys = KeyOf(kAsks, price.value) < ladders_[kAsks].best_key();
    return Choose(buys, Side::kBuy, Side::kSell);
  }
  // The order that one on the other side would trade with first; any if there is none.
  OrderHandle GuessFirst(Side side) const {
    // A level that is no more may have none.
    const uint32_t head = pool_->ladders_.levels[ladders_[IndexOf(side)].GuessBest()].head;
    return Choose(head == internal::kNilSlot, OrderHandle{}, OrderHandle{head});
  }

  // No order slides beyond this price; kMaxPriceTicks until it is set.
  void SetPriceMax(PriceTicks price_max) { price_max_ = price_max; }

  // The resting all-or-none order of a side, first in priority, that could trade completely now, or
  // kNoOrder. Looks at kExecutableSearchMax orders at most. O(1) if the side has none.
  OrderHandle FindExecutable(Side side) const;

  // Lets what FindExecutable() found trade, as an incoming order.
  template <BookListener Listener>
  BookResult Execute(OrderHandle handle, Listener& listener);

  // A call: from BeginCall() to EndCall() nothing trades. Limit orders rest whatever is on the
  // other side (post-only ones, too), so that what is displayed may be crossed; FOK, market and
  // minimum quantity orders find nothing. EndCall() requires that nothing displayed is crossed:
  // Uncross().
  void BeginCall();
  void EndCall();
  bool in_call() const { return gate_.kind == GateKind::kCall; }

  // What Uncross() would do now, but for self-trade prevention. O(levels in the crossed range);
  // O(orders in it) if there are icebergs or dark orders.
  Equilibrium FindEquilibrium(PriceTicks reference) const;

  // Requires in_call(). Executes at the price of FindEquilibrium() what can be, in price-time
  // priority, displayed before dark at one price; icebergs with all they have, what they do not
  // display first. All-or-none and pegged orders do not take part. Before that, pairs of orders of
  // one owner that would trade are dealt with as the self-trade mode of the one with the higher
  // id says. Returns what was executed. Cost: O(orders that trade or are canceled).
  template <AuctionListener Listener>
  Equilibrium Uncross(PriceTicks reference, Listener& listener);

  // Outside a call: nothing trades below `low` or above `high`. An order that would is stopped:
  // what may rest does, crossing the other side (so the caller begins a call before the next
  // command), the rest is canceled (kPriceBand). A FOK order is kFokUnfillable.
  void SetCollar(PriceTicks low, PriceTicks high);
  void ClearCollar();
  // Whether an order was stopped since SetCollar().
  bool collar_reached() const { return gate_.reached; }
  // The price at which the last one of them would have gone on.
  PriceTicks collar_reached_at() const { return gate_.reached_at; }

  const OrderPool& pool() const { return *pool_; }

  // No order rests here, displayed or dark.
  bool empty() const { return order_count(Side::kBuy) == 0 && order_count(Side::kSell) == 0; }
  BookLevel best_bid() const { return Best(kBids); }
  BookLevel best_ask() const { return Best(kAsks); }
  // The orders at one price.
  BookLevel LevelAt(Side side, PriceTicks price) const;
  uint32_t level_count(Side side) const { return ladders_[IndexOf(side)].level_count(); }
  // Of the orders that rest on a side, displayed or dark.
  uint32_t order_count(Side side) const {
    return order_counts_[IndexOf(side)] + dark_counts_[IndexOf(side)];
  }

  // Calls visit(const BookLevel&) for the best `depth` displayed levels, best first.
  template <typename Visitor>
  void ForEachLevel(Side side, uint32_t depth, Visitor visit) const;

  // Calls visit(OrderHandle) for every order that rests on a side, displayed or dark, in priority
  // order. `visit` may Cancel() or Park() the order it is given, nothing else.
  template <typename Visitor>
  void ForEachOrder(Side side, Visitor visit) const;

  // Walks everything and CHECKs the invariants. O(orders); for tests and tools.
  void CheckInvariants() const;

  static constexpr uint32_t kExecutableSearchMax = 1'024;

 private:
  using Ladder = internal::PriceLadder;
  using Level = internal::PriceLevel;
  using Order = OrderPool::Order;

  // A side as an index of ladders_ and order_counts_. Code below computes with it where a branch
  // on it would be mispredicted every other time.
  static constexpr uint32_t kBids = 0;
  static constexpr uint32_t kAsks = 1;
  static uint32_t IndexOf(Side side) { return side == Side::kBuy ? kBids : kAsks; }

  using SpecialOrder = OrderPool::SpecialOrder;

  // The incoming order while it matches.
  struct Taker {
    OrderHandle handle;  // kNoOrder unless it is in the pool already.
    OrderOwner owner;
    SelfTradePrevention self_trade_prevention;
    uint32_t side;
    uint64_t limit_key;  // The highest key of the other side that it trades with.
    int64_t leaves;
    bool canceled;
  };

  // Not with &&: the compiler would read both bytes as one word, and if they were just written one
  // by one, that read waits until they are in the cache.
  static bool MayRest(const IncomingOrder& order) {
    const auto is_gtc = static_cast<uint32_t>(order.time_in_force == TimeInForce::kGtc);
    const auto is_limit = static_cast<uint32_t>(order.type == OrderType::kLimit);
    return (is_gtc & is_limit) != 0;
  }
  static uint64_t KeyOf(uint32_t side, int64_t price) {
    return static_cast<uint64_t>(price) ^ internal::KeyMask(side);
  }
  static int64_t PriceOf(uint32_t side, uint64_t key) {
    return static_cast<int64_t>(key ^ internal::KeyMask(side));
  }

  const Level& GuessLevel(Side side, PriceTicks price) const {
    const uint32_t at = ladders_[IndexOf(side)].GuessLevel(KeyOf(IndexOf(side), price.value));
    return pool_->ladders_.levels[at];
  }

  // Whether the best order of `makers` can trade with a limit in their key.
  bool Crosses(const Ladder& makers, uint64_t limit_key) const {
    return makers.best_key() <= limit_key;
  }
  // Whether CheckSubmit() could reject the order for other reasons than a full pool.
  static bool NeedsCheck(const IncomingOrder& order) {
    return order.post_only | (order.type != OrderType::kLimit) |
           (order.time_in_force == TimeInForce::kFok);
  }
  RejectReason CheckSubmit(const IncomingOrder& order) const;
  bool Fillable(const IncomingOrder& order) const;
  bool FillableByOthers(const IncomingOrder& order) const;

  template <typename Listener>
  void Match(Taker& taker, Listener& listener);
  template <typename Listener>
  void PreventSelfTrade(uint32_t maker_slot, Taker& taker, Listener& listener);

  uint32_t NewOrder(const IncomingOrder& order, int64_t leaves);
  uint32_t NewSlot(OrderId id);
  // Where the order in a slot stands.
  struct Place {
    uint32_t level;
    uint32_t previous;
  };
  Order RecordOf(const IncomingOrder& order, int64_t leaves, const Place& place) const;
  Place Join(uint32_t slot, uint32_t side, uint64_t key, int64_t leaves);
  void Link(uint32_t slot, uint32_t side, uint64_t key, int64_t leaves);
  void Unlink(uint32_t slot, int64_t leaves);
  void Free(uint32_t slot);
  // The list of a level, without its quantity.
  uint32_t* LinkAt(uint32_t slot, uint32_t Order::*link, uint32_t* end);
  void Append(uint32_t at, uint32_t slot);
  void Detach(uint32_t slot);

  // From here to IsAllOrNone(): internal/special_orders.cc, special_walk.cc and
  // special_orders_inl.h.
  bool NeedsSpecialPath(const IncomingOrder& order) const {
    return (specials_[1 - IndexOf(order.side)] != 0) | order.slide | order.hidden |
           order.all_or_none | order.pegged |
           ((order.display_quantity.value | order.min_quantity.value) != 0);
  }
  template <typename Listener>
  BookResult EnterSpecial(OrderHandle handle, const IncomingOrder& order, Listener& listener);
  template <typename Listener>
  BookResult ReplaceSpecial(uint32_t slot, const ReplaceTerms& terms, Listener& listener);
  template <typename Listener>
  void MatchSpecial(Taker& taker, Listener& listener);
  template <typename Listener>
  void TradeSpecial(uint32_t maker_slot, Taker& taker, Listener& listener);
  template <typename Listener>
  BookResult MatchAndRest(OrderHandle handle, const IncomingOrder& order, PriceTicks price,
                          Listener& listener);

  // What self-trade prevention takes away from the two orders.
  struct SelfTradeCut {
    int64_t from_maker;
    int64_t from_taker;
    CancelReason reason;
  };
  static SelfTradeCut CutOf(SelfTradePrevention mode, int64_t maker_leaves, int64_t taker_leaves);

  QuantityLots CancelSpecial(uint32_t slot);
  RejectReason CheckSpecial(const IncomingOrder& order, OrderHandle handle) const;
  RejectReason CheckReplace(const OrderView& before, const IncomingOrder& order) const;
  static bool KeepsPlace(const OrderView& before, const IncomingOrder& order);
  std::optional<PriceTicks> EntryPrice(const IncomingOrder& order) const;
  Taker TakerOf(OrderHandle handle, const IncomingOrder& order, PriceTicks price) const;
  // Whether `taker` would trade `wanted` lots or more. Exact: it follows what MatchSpecial() would
  // do. Counts the orders it looks at down from *steps and gives up (false) at 0.
  bool WouldTrade(Taker taker, int64_t wanted, uint32_t* steps) const;
  bool WouldTrade(const Taker& taker, int64_t wanted) const;
  void ProbeLevel(uint32_t at, Taker& taker, int64_t& wanted, uint32_t* steps) const;
  // The order that `taker` meets next. `*dark` is the first dark order not passed over yet.
  uint32_t NextMaker(const Taker& taker, uint32_t* dark) const;
  uint32_t FirstDark(uint32_t side) const;
  uint32_t NextDark(uint32_t slot) const;
  IncomingOrder AsIncoming(uint32_t slot) const;
  // Makes the order of a slot that is in no ladder rest, or dormant.
  void Rest(uint32_t slot, const IncomingOrder& order, PriceTicks price, int64_t leaves);
  void MakeDormant(uint32_t slot, const IncomingOrder& order);
  struct Standing {
    PriceTicks price;
    int64_t leaves;
    OrderPlace place;
  };
  void WriteTerms(uint32_t slot, const IncomingOrder& order, const Standing& standing);
  void CountSpecial(uint32_t slot, uint32_t difference);
  // Takes an order out of its ladder, whatever it is; its leaves stay.
  void TakeOut(uint32_t slot);
  // Takes quantity away from an order where it stands, from what is not displayed first.
  void Reduce(uint32_t slot, int64_t quantity);
  void AmendInPlace(uint32_t slot, const IncomingOrder& order);
  void ShowNextPart(uint32_t slot);
  int64_t TotalLeaves(uint32_t slot) const { return pool_->leaves(OrderHandle{slot}).value; }
  bool IsAllOrNone(uint32_t slot) const {
    return pool_->orders_[slot].is_special != 0 && pool_->specials_[slot].all_or_none;
  }

  BookLevel Best(uint32_t side) const {
    return ladders_[side].empty() ? BookLevel{} : LevelView(side, ladders_[side].best());
  }
  BookLevel LevelView(uint32_t side, uint32_t at) const {
    const Level& level = pool_->ladders_.levels[at];
    return {{PriceOf(side, level.key)}, {static_cast<int64_t>(level.quantity)}, level.order_count};
  }
  // internal/auction.cc and auction_inl.h.
  enum class GateKind : uint8_t { kOpen, kCollar, kCall };
  struct Gate {
    GateKind kind = GateKind::kOpen;
    bool reached = false;
    PriceTicks low{};  // Of a collar.
    PriceTicks high{};
    PriceTicks reached_at{};
  };
  class AuctionOrders;
  class AuctionLevels;
  void SetGate(const Gate& gate);
  // How far an order of `side` may match that may match up to limit_key; and the answer in a call,
  // where prices are positive.
  static constexpr uint64_t kNothingKey = 0;
  uint64_t GatedKey(uint32_t side, uint64_t limit_key) const;
  // The order that `taker`, limited to `price`, would trade with if it were not for the collar, or
  // kNilSlot.
  uint32_t BeyondCollar(Taker taker, PriceTicks price) const;
  // Notes that an order which may take was stopped by the collar, if it was.
  bool StopAtCollar(const Taker& taker, const IncomingOrder& order, PriceTicks price);
  template <typename Listener>
  void PreventAuctionSelfTrades(Listener& listener);
  template <typename Listener>
  void CancelInAuction(uint32_t slot, int64_t quantity, CancelReason reason, Listener& listener);
  template <typename Listener>
  void CrossOrders(const Equilibrium& equilibrium, Listener& listener);

  void CheckSide(Side side) const;
  void CheckLadder(const Ladder& ladder, uint32_t side, OrderPlace place) const;

  OrderPool* pool_;
  Ladder ladders_[2];
  uint32_t order_counts_[2] = {0, 0};
  // Icebergs and dark orders of a side: what plain matching does not know. 0 in a plain book.
  // kGated is added while there is a gate.
  static constexpr uint32_t kGated = 1U << 31;
  uint32_t specials_[2] = {0, 0};
  uint32_t dark_counts_[2] = {0, 0};
  uint32_t all_or_none_counts_[2] = {0, 0};
  Ladder dark_[2] = {Ladder::TreeOnly(), Ladder::TreeOnly()};
  Gate gate_;
  PriceTicks price_max_{kMaxPriceTicks};
};

}  // namespace tally

#include "engine/book/internal/auction_inl.h"         // IWYU pragma: keep
#include "engine/book/internal/order_book_inl.h"      // IWYU pragma: keep
#include "engine/book/internal/special_orders_inl.h"  // IWYU pragma: keep
