#include "gateway/session/public_book.h"

#include <map>
#include <random>
#include <vector>

#include "gtest/gtest.h"

#include "gateway/engine_adapter.h"

namespace tally::gateway {
namespace {

struct Shown {
  uint64_t id;
  Side side;
  int64_t price;
  int64_t quantity;
};

// A slow, obvious core: displayed orders in the order of their arrival at their place.
class SlowBook {
 public:
  std::vector<Shown> orders;

  Event Delta(BookAction action, const Shown& order, bool kept_priority) {
    Event event = MakeEvent(EventType::kBookDelta);
    event.order_id = OrderId{order.id};
    event.side = Raw(order.side);
    event.book_delta.price = {order.price};
    event.book_delta.quantity = {action == BookAction::kRemove ? 0 : order.quantity};
    event.book_delta.action = action;
    event.book_delta.kept_priority = kept_priority ? 1 : 0;
    event.book_delta.book_sequence = ++sequence_;
    return event;
  }

  // Best price first, at a price as they arrived.
  std::vector<Shown> Sorted(Side side) const {
    std::vector<Shown> sorted;
    std::copy_if(orders.begin(), orders.end(), std::back_inserter(sorted),
                 [&](const Shown& order) { return order.side == side; });
    std::stable_sort(sorted.begin(), sorted.end(), [&](const Shown& a, const Shown& b) {
      return side == Side::kBuy ? a.price > b.price : a.price < b.price;
    });
    return sorted;
  }

 private:
  uint64_t sequence_ = 0;
};

void ExpectSame(const SlowBook& slow, const PublicBook& book) {
  std::vector<Shown> expected = slow.Sorted(Side::kBuy);
  const std::vector<Shown> asks = slow.Sorted(Side::kSell);
  expected.insert(expected.end(), asks.begin(), asks.end());
  const std::vector<wire::BookEntry> orders = book.Orders();
  ASSERT_EQ(orders.size(), expected.size());
  std::vector<std::array<int64_t, 4>> levels;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    ASSERT_EQ(orders[i].order_id(), expected[i].id);
    ASSERT_EQ(orders[i].price(), expected[i].price);
    ASSERT_EQ(orders[i].quantity(), expected[i].quantity);
    const auto side = static_cast<int64_t>(Raw(expected[i].side));
    if (levels.empty() || levels.back()[0] != side || levels.back()[1] != expected[i].price) {
      levels.push_back({side, expected[i].price, 0, 0});
    }
    levels.back()[2] += expected[i].quantity;
    ++levels.back()[3];
  }
  const std::vector<wire::BookEntry> shown = book.Levels();
  ASSERT_EQ(shown.size(), levels.size());
  for (std::size_t i = 0; i < levels.size(); ++i) {
    ASSERT_EQ(static_cast<int64_t>(shown[i].side()), levels[i][0]);
    ASSERT_EQ(shown[i].price(), levels[i][1]);
    ASSERT_EQ(shown[i].quantity(), levels[i][2]);
    ASSERT_EQ(static_cast<int64_t>(shown[i].order_count()), levels[i][3]);
  }
}

TEST(PublicBookTest, FollowsRandomDeltas) {
  std::mt19937_64 random(11);
  const auto below = [&](uint64_t bound) { return random() % bound; };
  SlowBook slow;
  PublicBook book;
  uint64_t last_id = 0;
  for (int step = 0; step < 5'000; ++step) {
    const uint64_t kind = slow.orders.empty() ? 0 : below(4);
    if (kind == 0) {
      const Side side = below(2) == 0 ? Side::kBuy : Side::kSell;
      slow.orders.push_back({++last_id, side, static_cast<int64_t>(100 + below(8)),
                             static_cast<int64_t>(1 + below(20))});
      book.Apply(slow.Delta(BookAction::kAdd, slow.orders.back(), false));
    } else {
      const auto at = slow.orders.begin() + static_cast<std::ptrdiff_t>(below(slow.orders.size()));
      if (kind == 1) {
        book.Apply(slow.Delta(BookAction::kRemove, *at, false));
        slow.orders.erase(at);
      } else {
        at->quantity = static_cast<int64_t>(1 + below(20));
        const bool kept = kind == 2;
        const Shown changed = *at;
        if (!kept) {
          slow.orders.erase(at);
          slow.orders.push_back(changed);
        }
        book.Apply(slow.Delta(BookAction::kChange, changed, kept));
      }
    }
    if (step % 50 == 0) {
      ASSERT_NO_FATAL_FAILURE(ExpectSame(slow, book)) << "step " << step;
    }
  }
  ExpectSame(slow, book);
  EXPECT_EQ(book.sequence(), 5'000u);
}

TEST(PublicBookTest, GoesOnFromWhatWasRecovered) {
  RecoveredBook recovered;
  recovered.delta_sequence = 41;
  recovered.orders = {{OrderId{7}, Side::kBuy, {100}, {5}}, {OrderId{8}, Side::kBuy, {100}, {6}}};
  PublicBook book;
  book.Restore(recovered);
  EXPECT_EQ(book.sequence(), 41u);
  ASSERT_EQ(book.Orders().size(), 2u);
  EXPECT_EQ(book.Orders()[0].order_id(), 7u);
  EXPECT_EQ(book.Levels()[0].quantity(), 11);
}

// The configuration switched the deltas of a book off, or on: that happens before a gateway
// listens.
TEST(PublicBookTest, WhatDefinitionsTookBackBeforeTheStartIsGone) {
  const RecoveredOrder bid{OrderId{7}, Side::kBuy, {100}, {5}};
  const RecoveredOrder ask{OrderId{8}, Side::kSell, {101}, {6}};
  RecoveredState state;
  state.books.push_back({.instrument = InstrumentId{1},
                         .top = {},
                         .phase = {},
                         .has_deltas = true,
                         .delta_sequence = 41,
                         .scheduled_ns = 0,
                         .orders = {bid, ask}});
  const auto apply = [&](BookAction action, const RecoveredOrder& order, int64_t quantity) {
    Event event = MakeEvent(EventType::kBookDelta);
    event.instrument = InstrumentId{1};
    event.order_id = order.order_id;
    event.side = Raw(order.side);
    event.book_delta.action = action;
    event.book_delta.price = order.price;
    event.book_delta.quantity = {quantity};
    event.book_delta.book_sequence = state.books[0].delta_sequence + 1;
    AddToRecovered(event, &state);
  };
  apply(BookAction::kChange, bid, 3);
  PublicBook book;
  book.Restore(state.books[0]);
  ASSERT_EQ(book.Orders().size(), 2u);
  EXPECT_EQ(book.Orders()[0].quantity(), 3);
  apply(BookAction::kRemove, bid, 0);
  apply(BookAction::kRemove, ask, 0);
  book.Restore(state.books[0]);
  EXPECT_EQ(book.Orders().size(), 0u);
  EXPECT_EQ(book.sequence(), 44u);
  apply(BookAction::kAdd, ask, 6);
  book.Restore(state.books[0]);
  ASSERT_EQ(book.Orders().size(), 1u);
  EXPECT_EQ(book.Orders()[0].order_id(), 8u);
}

}  // namespace
}  // namespace tally::gateway
