#pragma once

// What goes into an order book and what comes out of it. docs/order-book.md has the rules.

#include <concepts>
#include <cstdint>

#include "base/types.h"
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
  bool slide = false;      // Of a post-only order: moved off a price that would trade.
  bool hidden = false;     // Limit kGtc only, as the three below.
  bool all_or_none = false;
  bool pegged = false;  // Rests dark as a hidden order does; whoever submits it keeps its price.
  QuantityLots display_quantity{};  // Iceberg: 1 .. quantity, shown at a time. 0: not one.
  QuantityLots min_quantity{};      // Limit only: must trade at once, or nothing does. 0: none.
};

// The new terms of a replaced order.
struct ReplaceTerms {
  PriceTicks price;
  QuantityLots leaves;              // 1 .. kMaxQuantityLots.
  QuantityLots display_quantity{};  // 0: as it was. Only of an iceberg.
};

struct Fill {
  OrderHandle maker;
  PriceTicks price;  // The maker's.
  QuantityLots quantity;
  QuantityLots maker_leaves;  // With what is not displayed. 0: the last callback about the maker.
  QuantityLots taker_leaves;
};

// Quantity that left an order other than by a trade.
struct Cancellation {
  OrderHandle order;  // kNoOrder for the remainder of a submitted order, which never had a handle.
  QuantityLots canceled;
  QuantityLots leaves;  // 0: the order ends. Not 0 only for kSelfTradeDecrement, and in an auction
                        // for what will trade.
  CancelReason reason;
};

// The pool has no price for the order between OnReplaced and the end of Replace().
struct Replacement {
  OrderHandle order;
  PriceTicks price;
  QuantityLots leaves;
  bool kept_priority;
};

// The next part of an iceberg is displayed, at the end of the queue at its price.
struct Refresh {
  OrderHandle order;
  QuantityLots displayed;
  QuantityLots leaves;
};

// A callback that a listener need not have:
//   OnEntered(OrderHandle, const IncomingOrder&)  Enter() or Execute() will have an effect.
//   OnSlid(PriceTicks)             The order accepted (replaced, entered) just before gets this
//                                  price instead of its own.
//   OnRefreshed(const Refresh&)    After the OnFill that took all that was displayed.
//
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

// A trade of a call auction. An order that is completely executed is still open in this callback,
// its last one.
struct Cross {
  OrderHandle buy;
  OrderHandle sell;
  PriceTicks price;  // One price for all trades of the auction.
  QuantityLots quantity;
  QuantityLots buy_leaves;
  QuantityLots sell_leaves;
};

// Receives what Uncross() does: first what self-trade prevention cancels, then the trades.
template <typename T>
concept AuctionListener = requires(T listener, const Cross& cross,
                                   const Cancellation& cancellation) {
  listener.OnCross(cross);
  listener.OnMakerCanceled(cancellation);
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

// A price of a side: what is displayed there. quantity is 0 if the side is empty.
struct BookLevel {
  PriceTicks price;
  QuantityLots quantity;
  uint32_t order_count;
  friend bool operator==(const BookLevel&, const BookLevel&) = default;
};

}  // namespace tally
