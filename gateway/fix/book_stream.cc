#include <algorithm>

#include "gateway/fix/market_data.h"

namespace tally::gateway::fix {
namespace {

char TypeOf(Side side) { return side == Side::kBuy ? entry_type::kBid : entry_type::kOffer; }

std::size_t IndexOf(Side side) { return side == Side::kBuy ? 0 : 1; }

// Whether the first price is the better one.
bool IsBetter(Side side, int64_t a, int64_t b) { return side == Side::kBuy ? a > b : a < b; }

}  // namespace

BookStream::BookStream(const DataWish& wish, const InstrumentFeed& feed)
    : kind_(wish.book), depth_(wish.depth), bids_(wish.bids), asks_(wish.asks) {
  if (kind_ != BookKind::kLevels || depth_ == 0) {
    return;
  }
  for (const Side side : {Side::kBuy, Side::kSell}) {
    std::vector<int64_t>& window = windows_[IndexOf(side)];
    for (auto level = feed.book.LevelBehind(side, std::nullopt);
         level.has_value() && window.size() < depth_;
         level = feed.book.LevelBehind(side, level->price)) {
      window.push_back(level->price);
    }
  }
}

bool BookStream::Serves(const DataWish& wish) const {
  return kind_ == wish.book && depth_ == wish.depth && bids_ == wish.bids && asks_ == wish.asks;
}

void BookStream::OnDelta(const Event& event, const InstrumentFeed& feed) {
  const BookDeltaEvent& delta = event.book_delta;
  const auto side = static_cast<Side>(event.side);
  if (kind_ == BookKind::kTop || !Wants(side)) {
    return;
  }
  if (kind_ == BookKind::kOrders) {
    const char action = delta.action == BookAction::kAdd      ? update_action::kNew
                        : delta.action == BookAction::kChange ? update_action::kChange
                                                              : update_action::kDelete;
    pending.Add({.action = action,
                 .type = TypeOf(side),
                 .id = Raw(event.order_id),
                 .price = delta.price.value,
                 .quantity = delta.quantity.value},
                *feed.instrument);
    return;
  }
  if (depth_ != 0) {
    MoveWindow(event, feed);
    return;
  }
  const bool first = delta.action == BookAction::kAdd && delta.level_order_count == 1;
  AddLevel(delta.level_order_count == 0 ? update_action::kDelete
           : first                      ? update_action::kNew
                                        : update_action::kChange,
           side,
           {.price = delta.price.value,
            .quantity = delta.level_quantity.value,
            .order_count = delta.level_order_count},
           *feed.instrument);
}

void BookStream::AddLevel(char action, Side side, const PublicBook::LevelView& level,
                          const FixInstrument& instrument) {
  pending.Add({.action = action,
               .type = TypeOf(side),
               .price = level.price,
               .quantity = level.quantity,
               .order_count = action == update_action::kDelete ? 0 : level.order_count},
              instrument);
}

// Levels enter and leave what the subscriber sees of the book.
void BookStream::MoveWindow(const Event& event, const InstrumentFeed& feed) {
  const BookDeltaEvent& delta = event.book_delta;
  const auto side = static_cast<Side>(event.side);
  const FixInstrument& instrument = *feed.instrument;
  const PublicBook::LevelView level{.price = delta.price.value,
                                    .quantity = delta.level_quantity.value,
                                    .order_count = delta.level_order_count};
  std::vector<int64_t>& window = windows_[IndexOf(side)];
  const auto at = std::lower_bound(window.begin(), window.end(), level.price,
                                   [side](int64_t a, int64_t b) { return IsBetter(side, a, b); });
  const bool inside = at != window.end() && *at == level.price;
  if (inside && level.order_count != 0) {
    AddLevel(update_action::kChange, side, level, instrument);
  } else if (inside) {
    AddLevel(update_action::kDelete, side, level, instrument);
    window.erase(at);
    const auto behind =
        feed.book.LevelBehind(side, window.empty() ? std::nullopt : std::optional(window.back()));
    if (behind.has_value()) {
      window.push_back(behind->price);
      AddLevel(update_action::kNew, side, *behind, instrument);
    }
  } else if (level.order_count != 0 && (at != window.end() || window.size() < depth_)) {
    window.insert(at, level.price);
    if (window.size() > depth_) {
      AddLevel(update_action::kDelete, side, {.price = window.back()}, instrument);
      window.pop_back();
    }
    AddLevel(update_action::kNew, side, level, instrument);
  }
}

void BookStream::OnTop(const BookTopEvent& before, const InstrumentFeed& feed) {
  if (kind_ != BookKind::kTop) {
    return;
  }
  const BookTopEvent& after = feed.top;
  TopSide(Side::kBuy, {before.bid_price.value, before.bid_quantity.value},
          {after.bid_price.value, after.bid_quantity.value}, *feed.instrument);
  TopSide(Side::kSell, {before.ask_price.value, before.ask_quantity.value},
          {after.ask_price.value, after.ask_quantity.value}, *feed.instrument);
}

// Price and quantity of one side.
void BookStream::TopSide(Side side, std::array<int64_t, 2> before, std::array<int64_t, 2> after,
                         const FixInstrument& instrument) {
  if (before == after || !Wants(side)) {
    return;
  }
  const bool moved = before[0] != after[0] || before[1] == 0 || after[1] == 0;
  if (moved && before[1] != 0) {
    AddLevel(update_action::kDelete, side, {.price = before[0]}, instrument);
  }
  if (after[1] != 0) {
    AddLevel(moved ? update_action::kNew : update_action::kChange, side,
             {.price = after[0], .quantity = after[1]}, instrument);
  }
}

}  // namespace tally::gateway::fix
