#pragma once

// A price-time-priority order book of one instrument. docs/order-book.md has the rules.

#include <concepts>
#include <cstdint>

#include "base/types.h"
#include "engine/book/internal/price_ladder.h"
#include "engine/book/order_pool.h"
#include "engine/event.h"
#include "engine/reject_reason.h"

namespace tally {

struct IncomingOrder {
  OrderId id;
  OrderOwner owner;
  PriceTicks
      price;  // Limit; for a market order the worst price it may trade at. 0 .. kMaxPriceTicks.
  QuantityLots quantity;  // 1 .. kMaxQuantityLots.
  Side side;
  OrderType type = OrderType::kLimit;
  TimeInForce time_in_force = TimeInForce::kGtc;  // A market order is kIoc or kFok; kGtc is kIoc.
  SelfTradePrevention self_trade_prevention = SelfTradePrevention::kNone;
  bool post_only = false;  // Limit kGtc only.
};

struct Fill {
  OrderHandle maker;
  PriceTicks price;  // The maker's.
  QuantityLots quantity;
  QuantityLots maker_leaves;  // 0: this is the last callback about the maker.
  QuantityLots taker_leaves;
};

// Quantity that left an order other than by a trade.
struct Cancellation {
  OrderHandle order;  // kNoOrder for the remainder of a submitted order, which never had a handle.
  QuantityLots canceled;
  QuantityLots leaves;  // 0: the order ends. Not 0 only for kSelfTradeDecrement.
  CancelReason reason;
};

// The pool has no price for the order between OnReplaced and the end of Replace().
struct Replacement {
  OrderHandle order;
  PriceTicks price;
  QuantityLots leaves;
  bool kept_priority;
};

// Receives what a command does, in order. Called synchronously; may read the pool, must not
// change a book of it. Inlined: implement in a header or in the
// calling file.
template <typename T>
concept BookListener = requires(T listener, const IncomingOrder& order, const Fill& fill,
                                const Cancellation& cancellation, const Replacement& replacement) {
  // Submit() will have an effect. Before every other callback.
  listener.OnAccepted(order);
  // Replace() will have an effect. Before every other callback.
  listener.OnReplaced(replacement);
  listener.OnFill(fill);
  listener.OnMakerCanceled(cancellation);  // Self-trade prevention took (from) a resting order.
  listener.OnTakerCanceled(cancellation);  // ... the incoming one; or an IOC remainder.
};

enum class BookOutcome : uint8_t {
  kRejected,  // No effect, no callback.
  kFilled,    // Completely executed.
  kResting,
  kCanceled,  // What was not executed is canceled; OnTakerCanceled said so.
};

struct BookResult {
  BookOutcome outcome;
  RejectReason reject_reason;  // kNone unless kRejected.
  OrderHandle handle;          // The order if kResting, else kNoOrder.
  QuantityLots leaves;         // Of the order if kResting, else 0.
};

// Best price of a side. quantity is 0 if the side is empty.
struct BookLevel {
  PriceTicks price;
  QuantityLots quantity;
  uint32_t order_count;
  friend bool operator==(const BookLevel&, const BookLevel&) = default;
};

// Thread safety: none; see OrderPool. Every book of a pool must be destroyed before it.
// Invariants: after every command best bid < best ask; a level exists iff an order rests at its
// price, and its quantity is the sum of theirs; orders of a level are in the order in which they
// got their price (or last lost priority).
// Units: ticks and lots. The caller keeps the sum of quantities of a level below 2^63 (in a core
// the conservation of funds does).
// Cost: no allocation. O(1) for a resting order at a known price and for a cancel; a new or emptied
// price level costs at most 9 steps down a radix tree; + O(1) per fill. A FOK order adds a walk
// over the levels it needs (over the orders, if its self-trade prevention is on).
class OrderBook {
 public:
  explicit OrderBook(OrderPool* pool) : pool_(pool) {}
  OrderBook(const OrderBook&) = delete;
  OrderBook& operator=(const OrderBook&) = delete;
  OrderBook(OrderBook&&) = default;
  ~OrderBook() = default;

  // Rejects, in this order: kUnsupported (post_only that cannot rest), kPostOnlyWouldCross,
  // kFokUnfillable, kMarketNoLiquidity, kCapacity (it may rest and the pool is full).
  template <BookListener Listener>
  BookResult Submit(const IncomingOrder& order, Listener& listener);

  // Removes an open order of this book; returns its leaves. The handle is free afterwards.
  QuantityLots Cancel(OrderHandle handle);

  // Gives an open order of this book a new price and new leaves (1 .. kMaxQuantityLots). Fewer or
  // the same leaves at the same price keep its priority; otherwise it is taken out and comes back
  // as an incoming limit GTC order with the same id, handle, owner and attributes, so it may match.
  // Rejects, leaving the order as it was: kPostOnlyWouldCross.
  template <BookListener Listener>
  BookResult Replace(OrderHandle handle, PriceTicks price, QuantityLots leaves, Listener& listener);

  bool empty() const { return ladders_[kBids].empty() && ladders_[kAsks].empty(); }
  BookLevel best_bid() const { return Best(kBids); }
  BookLevel best_ask() const { return Best(kAsks); }
  uint32_t level_count(Side side) const { return ladders_[IndexOf(side)].level_count(); }
  uint32_t order_count(Side side) const { return order_counts_[IndexOf(side)]; }

  // Calls visit(const BookLevel&) for the best `depth` levels, best first.
  template <typename Visitor>
  void ForEachLevel(Side side, uint32_t depth, Visitor visit) const;

  // Calls visit(OrderHandle) for every order of a side in priority order. `visit` may Cancel() the
  // order it is given, nothing else.
  template <typename Visitor>
  void ForEachOrder(Side side, Visitor visit) const;

  // Walks everything and CHECKs the invariants. O(orders); for tests and tools.
  void CheckInvariants() const;

 private:
  using Ladder = internal::PriceLadder;
  using Level = internal::PriceLevel;
  using Order = OrderPool::Order;

  // A side as an index of ladders_ and order_counts_. Code below computes with it where a branch
  // on it would be mispredicted every other time.
  static constexpr uint32_t kBids = 0;
  static constexpr uint32_t kAsks = 1;
  static uint32_t IndexOf(Side side) { return side == Side::kBuy ? kBids : kAsks; }

  // The incoming order while it matches.
  struct Taker {
    OrderHandle handle;  // kNoOrder unless it is being replaced.
    OrderOwner owner;
    SelfTradePrevention self_trade_prevention;
    uint32_t side;
    uint64_t limit_key;  // The highest key of the other side that it trades with.
    int64_t leaves;
    bool canceled;
  };

  static bool MayRest(const IncomingOrder& order) {
    return order.time_in_force == TimeInForce::kGtc && order.type == OrderType::kLimit;
  }
  static uint64_t KeyOf(uint32_t side, int64_t price) {
    return static_cast<uint64_t>(price) ^ internal::KeyMask(side);
  }
  static int64_t PriceOf(uint32_t side, uint64_t key) {
    return static_cast<int64_t>(key ^ internal::KeyMask(side));
  }

  // Whether the best order of `makers` can trade with a limit in their key.
  bool Crosses(const Ladder& makers, uint64_t limit_key) const {
    return !makers.empty() && pool_->ladders_.levels[makers.best()].key <= limit_key;
  }
  RejectReason CheckSubmit(const IncomingOrder& order) const;
  bool Fillable(const IncomingOrder& order) const;
  bool FillableByOthers(const IncomingOrder& order) const;

  template <typename Listener>
  void Match(Taker& taker, Listener& listener);
  template <typename Listener>
  void PreventSelfTrade(uint32_t maker_slot, Taker& taker, Listener& listener);

  void Link(uint32_t slot, uint64_t key);
  void Unlink(uint32_t slot);
  void Free(uint32_t slot);

  BookLevel Best(uint32_t side) const {
    return ladders_[side].empty() ? BookLevel{} : LevelView(side, ladders_[side].best());
  }
  BookLevel LevelView(uint32_t side, uint32_t at) const {
    const Level& level = pool_->ladders_.levels[at];
    return {{PriceOf(side, level.key)}, {static_cast<int64_t>(level.quantity)}, level.order_count};
  }
  void CheckSide(Side side) const;

  OrderPool* pool_;
  Ladder ladders_[2];
  uint32_t order_counts_[2] = {0, 0};
};

}  // namespace tally

#include "engine/book/internal/order_book_inl.h"  // IWYU pragma: keep
