#pragma once

// The rules of docs/order-book.md written down as plainly as possible: what OrderBook is compared
// with. Slow on purpose.

#include <cstdint>
#include <list>
#include <map>
#include <optional>
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

// Thread safety: none. Copyable. Cost: a FOK order copies the book to try itself on the copy.
class ReferenceBook {
 public:
  // `capacity`: open orders, both sides together.
  explicit ReferenceBook(uint32_t capacity) : capacity_(capacity) {}

  // Append what happens to `events`.
  ReferenceResult Submit(const IncomingOrder& order, std::vector<BookEvent>* events);
  ReferenceResult Replace(OrderId id, PriceTicks price, QuantityLots leaves,
                          std::vector<BookEvent>* events);
  // The leaves, or nothing if no such order is open.
  std::optional<QuantityLots> Cancel(OrderId id);

  bool Contains(OrderId id) const { return locations_.contains(id); }
  BookOrder Find(OrderId id) const;
  std::size_t order_count() const { return locations_.size(); }
  // In priority order.
  std::vector<BookOrder> Orders(Side side) const;
  std::vector<BookLevel> Levels(Side side) const;

 private:
  using Queue = std::list<BookOrder>;  // Oldest first.
  // Keyed by how much a buyer (seller) is last in the line: minus the bid, or the ask.
  using Prices = std::map<int64_t, Queue>;
  struct Location {
    Side side;
    int64_t key;
  };
  struct Incoming {
    BookOrder order;
    Side side;
    bool canceled;  // By self-trade prevention.
  };

  static int64_t Key(Side side, PriceTicks price) {
    return side == Side::kBuy ? -price.value : price.value;
  }
  Prices& prices(Side side) { return side == Side::kBuy ? bids_ : asks_; }
  const Prices& prices(Side side) const { return side == Side::kBuy ? bids_ : asks_; }

  bool WouldTrade(Side side, PriceTicks limit) const;
  bool WouldFillCompletely(const IncomingOrder& order) const;
  void Match(Incoming* incoming, std::vector<BookEvent>* events);
  void Trade(Incoming* incoming, BookOrder* maker, std::vector<BookEvent>* events);
  void PreventSelfTrade(Incoming* incoming, BookOrder* maker, std::vector<BookEvent>* events);
  void Rest(const Incoming& incoming);

  uint32_t capacity_;
  Prices bids_;
  Prices asks_;
  std::map<OrderId, Location> locations_;
};

}  // namespace tally
