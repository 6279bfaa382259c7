#pragma once

// What an order book reports, as comparable values named by order id instead of by handle.

#include <cstdint>
#include <string>
#include <vector>

#include "base/types.h"
#include "engine/book/order_book.h"

namespace tally {

enum class BookEventKind : uint8_t {
  kAccepted = 1,
  kReplaced = 2,
  kFilled = 3,
  kMakerCanceled = 4,
  kTakerCanceled = 5,
  kEntered = 6,
  kSlid = 7,
  kRefreshed = 8,  // `quantity` is what is displayed.
};

struct BookEvent {
  BookEventKind kind;
  OrderId order{};  // The maker of a fill; else whom the event is about.
  PriceTicks price{};
  QuantityLots quantity{};
  QuantityLots leaves{};        // Of `order`.
  QuantityLots taker_leaves{};  // kFilled only.
  CancelReason reason{};
  bool kept_priority = false;
  friend bool operator==(const BookEvent&, const BookEvent&) = default;
};

// One line for a failure message.
std::string ToString(const BookEvent& event);

// The state of one open order. Lists of these, in priority order, are the state of a book.
struct BookOrder {
  OrderId id;
  OrderOwner owner;
  PriceTicks price;
  QuantityLots leaves;
  SelfTradePrevention self_trade_prevention;
  bool post_only;
  bool slide = false;
  bool hidden = false;
  bool all_or_none = false;
  bool pegged = false;
  QuantityLots display_quantity{};
  QuantityLots displayed{};
  friend bool operator==(const BookOrder&, const BookOrder&) = default;

  bool dark() const { return hidden || all_or_none || pegged; }
};

BookOrder ToBookOrder(const OrderView& view);

// Collects the events of an OrderBook. `command` must be set to the id of the order that the next
// command is about.
class BookRecorder {
 public:
  explicit BookRecorder(const OrderPool* pool) : pool_(pool) {}

  OrderId command{};
  std::vector<BookEvent> events;

  void OnAccepted(const IncomingOrder& order);
  void OnReplaced(const Replacement& replacement);
  void OnFill(const Fill& fill);
  void OnMakerCanceled(const Cancellation& cancellation);
  void OnTakerCanceled(const Cancellation& cancellation);
  void OnEntered(OrderHandle handle, const IncomingOrder& order);
  void OnSlid(PriceTicks price);
  void OnRefreshed(const Refresh& refresh);

 private:
  const OrderPool* pool_;
};
static_assert(BookListener<BookRecorder>);

// The orders that rest on a side in priority order, read through the public views.
std::vector<BookOrder> OrdersOf(const OrderPool& pool, const OrderBook& book, Side side);

}  // namespace tally
