#pragma once

// The rules of docs/order-book.md written down as plainly as possible: what OrderBook is compared
// with. Slow on purpose.

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/types.h"
#include "engine/book/order_book.h"
#include "tests/model/book_events.h"

namespace tally {

struct ReferenceResult {
  BookOutcome outcome;
  RejectReason reject_reason = RejectReason::kNone;
  QuantityLots leaves{};  // If kResting.
  friend bool operator==(const ReferenceResult&, const ReferenceResult&) = default;
};

// Thread safety: none. Copyable. Cost: an order that asks what it could trade (FOK, all-or-none,
// minimum quantity) copies the book to try itself on the copy.
class ReferenceBook {
 public:
  // `capacity`: open orders, both sides together.
  explicit ReferenceBook(uint32_t capacity) : capacity_(capacity) {}

  // What is left of an open order, as if it came in now.
  static IncomingOrder ToIncoming(const BookOrder& order, Side side);

  // Append what happens to `events`.
  ReferenceResult Submit(const IncomingOrder& order, std::vector<BookEvent>* events);
  ReferenceResult Replace(OrderId id, const ReplaceTerms& terms, std::vector<BookEvent>* events);
  ReferenceResult Replace(OrderId id, PriceTicks price, QuantityLots leaves,
                          std::vector<BookEvent>* events) {
    return Replace(id, {.price = price, .leaves = leaves}, events);
  }
  // The leaves, or nothing if no such order is open.
  std::optional<QuantityLots> Cancel(OrderId id);

  // Dormant orders.
  void Park(const IncomingOrder& order);
  void Park(OrderId id);
  ReferenceResult Enter(const IncomingOrder& order, std::vector<BookEvent>* events);

  // The first all-or-none order of a side that could trade now.
  std::optional<OrderId> FindExecutable(Side side) const;
  ReferenceResult Execute(OrderId id, std::vector<BookEvent>* events);

  bool Contains(OrderId id) const { return locations_.contains(id) || dormant_.contains(id); }
  bool IsDormant(OrderId id) const { return dormant_.contains(id); }
  BookOrder Find(OrderId id) const;
  Side SideOf(OrderId id) const;
  std::size_t order_count() const { return locations_.size() + dormant_.size(); }
  // In priority order.
  std::vector<BookOrder> Orders(Side side) const;
  std::vector<BookLevel> Levels(Side side) const;

 private:
  using Queue = std::list<BookOrder>;  // Oldest first.
  // How much a buyer (seller) is last in the line: minus the bid, or the ask; then what is
  // displayed before what is dark.
  using Place = std::pair<int64_t, bool>;
  using Prices = std::map<Place, Queue>;
  struct Location {
    Side side;
    Place place;
  };
  struct Incoming {
    BookOrder order;
    Side side;
    bool canceled = false;  // By self-trade prevention.
  };

  static Place PlaceOf(Side side, const BookOrder& order) {
    return {side == Side::kBuy ? -order.price.value : order.price.value, order.dark()};
  }
  Prices& prices(Side side) { return side == Side::kBuy ? bids_ : asks_; }
  const Prices& prices(Side side) const { return side == Side::kBuy ? bids_ : asks_; }

  static BookOrder ToOrder(const IncomingOrder& order);
  // Lets the order show as much as it may.
  static void Display(BookOrder* order);

  RejectReason Check(const IncomingOrder& order, bool is_new) const;
  std::optional<PriceTicks> EntryPrice(const IncomingOrder& order) const;
  QuantityLots Tradable(const IncomingOrder& order) const;
  ReferenceResult Admit(const IncomingOrder& order, PriceTicks price,
                        std::vector<BookEvent>* events);
  BookOrder& Resting(OrderId id);
  // The next order that the incoming one meets, or null.
  BookOrder* NextMaker(const Incoming& incoming);
  void Match(Incoming* incoming, std::vector<BookEvent>* events);
  void Trade(Incoming* incoming, BookOrder* maker, std::vector<BookEvent>* events);
  void PreventSelfTrade(Incoming* incoming, BookOrder* maker, std::vector<BookEvent>* events);
  void Refresh(BookOrder* order, std::vector<BookEvent>* events);

  uint32_t capacity_;
  Prices bids_;
  Prices asks_;
  std::map<OrderId, Location> locations_;
  std::map<OrderId, std::pair<BookOrder, Side>> dormant_;
};

}  // namespace tally
