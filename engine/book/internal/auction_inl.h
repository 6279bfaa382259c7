#pragma once

// Call auctions of OrderBook; included by order_book.h alone.

#include <algorithm>
#include <cstdint>

#include "base/assert.h"
#include "engine/book/order_book.h"

namespace tally {

// The orders of a side that take part in an auction, in priority order: price, displayed before
// dark, time. All-or-none and pegged orders do not take part.
class OrderBook::AuctionOrders {
 public:
  AuctionOrders(const OrderBook& book, uint32_t side)
      : book_(&book), side_(side), shown_(First(book.ladders_[side])), dark_(book.FirstDark(side)) {
    SkipAbsent();
  }

  bool done() const { return slot() == internal::kNilSlot; }
  uint32_t slot() const { return TakesDark() ? dark_ : shown_; }
  int64_t price() const { return PriceOf(side_, KeyAt(slot())); }

  // The order that is left behind may be removed afterwards, not before.
  void Next() {
    if (TakesDark()) {
      dark_ = book_->NextDark(dark_);
      SkipAbsent();
    } else {
      shown_ = NextShown();
    }
  }

 private:
  uint32_t First(const Ladder& ladder) const {
    return ladder.empty() ? internal::kNilSlot : book_->pool_->ladders_.levels[ladder.best()].head;
  }
  uint64_t KeyAt(uint32_t slot) const {
    return book_->pool_->ladders_.levels[book_->pool_->orders_[slot].level].key;
  }
  bool TakesDark() const {
    return dark_ != internal::kNilSlot &&
           (shown_ == internal::kNilSlot || KeyAt(dark_) < KeyAt(shown_));
  }
  uint32_t NextShown() const {
    const Order& order = book_->pool_->orders_[shown_];
    if (order.next != internal::kNilSlot) {
      return order.next;
    }
    const internal::LadderPool& ladders = book_->pool_->ladders_;
    const uint32_t worse = book_->ladders_[side_].NextWorse(ladders, order.level);
    return worse == internal::kNilSlot ? worse : ladders.levels[worse].head;
  }
  void SkipAbsent() {
    while (dark_ != internal::kNilSlot &&
           (book_->pool_->specials_[dark_].all_or_none || book_->pool_->specials_[dark_].pegged)) {
      dark_ = book_->NextDark(dark_);
    }
  }

  const OrderBook* book_;
  uint32_t side_;
  uint32_t shown_;
  uint32_t dark_;
};

// The levels of a side as an auction sees them. Where every order is displayed completely a level
// knows its quantity; elsewhere it is added up from the orders.
class OrderBook::AuctionLevels {
 public:
  AuctionLevels(const OrderBook& book, uint32_t side)
      : book_(&book),
        side_(side),
        is_plain_((book.specials_[side] & ~kGated) == 0),
        level_(book.ladders_[side].best()),
        orders_(book, side) {
    Read();
  }

  bool done() const { return quantity_ == 0; }
  int64_t price() const { return price_; }
  int64_t quantity() const { return quantity_; }
  void Next() {
    if (is_plain_) {
      level_ = book_->ladders_[side_].NextWorse(book_->pool_->ladders_, level_);
    }
    Read();
  }

 private:
  void Read() {
    quantity_ = 0;
    if (is_plain_) {
      if (level_ != internal::kNilSlot) {
        const BookLevel view = book_->LevelView(side_, level_);
        price_ = view.price.value;
        quantity_ = view.quantity.value;
      }
      return;
    }
    if (!orders_.done()) {
      price_ = orders_.price();
    }
    for (; !orders_.done() && orders_.price() == price_; orders_.Next()) {
      quantity_ += book_->TotalLeaves(orders_.slot());
    }
  }

  const OrderBook* book_;
  uint32_t side_;
  bool is_plain_;
  uint32_t level_;  // If is_plain_.
  AuctionOrders orders_;
  int64_t price_ = 0;
  int64_t quantity_ = 0;  // 0: past the last level.
};

template <AuctionListener Listener>
Equilibrium OrderBook::Uncross(PriceTicks reference, Listener& listener) {
  CHECK(in_call());
  PreventAuctionSelfTrades(listener);
  const Equilibrium equilibrium = FindEquilibrium(reference);
  CrossOrders(equilibrium, listener);
  return equilibrium;
}

// Pairs the orders as the auction is going to, as long as their prices meet: whatever the price
// will be, no other pairs trade. What is canceled makes room for the next order in the line, so
// one walk is enough and every trade of the auction is between two owners.
template <typename Listener>
void OrderBook::PreventAuctionSelfTrades(Listener& listener) {
  AuctionOrders buy(*this, kBids);
  AuctionOrders sell(*this, kAsks);
  int64_t buy_left = buy.done() ? 0 : TotalLeaves(buy.slot());
  int64_t sell_left = sell.done() ? 0 : TotalLeaves(sell.slot());
  while (!buy.done() && !sell.done() && buy.price() >= sell.price()) {
    const uint32_t buy_slot = buy.slot();
    const uint32_t sell_slot = sell.slot();
    const bool buy_is_younger = pool_->orders_[buy_slot].id > pool_->orders_[sell_slot].id;
    const uint32_t younger = buy_is_younger ? buy_slot : sell_slot;
    const uint32_t older = buy_is_younger ? sell_slot : buy_slot;
    const auto mode =
        static_cast<SelfTradePrevention>(pool_->orders_[younger].self_trade_prevention);
    const int64_t trade = std::min(buy_left, sell_left);
    int64_t from_buy = trade;
    int64_t from_sell = trade;
    SelfTradeCut cut{};
    if (pool_->orders_[older].owner == pool_->orders_[younger].owner &&
        mode != SelfTradePrevention::kNone) {
      cut =
          CutOf(mode, buy_is_younger ? sell_left : buy_left, buy_is_younger ? buy_left : sell_left);
      from_buy = buy_is_younger ? cut.from_taker : cut.from_maker;
      from_sell = buy_is_younger ? cut.from_maker : cut.from_taker;
    }
    buy_left -= from_buy;
    sell_left -= from_sell;
    if (buy_left == 0) {
      buy.Next();
      buy_left = buy.done() ? 0 : TotalLeaves(buy.slot());
    }
    if (sell_left == 0) {
      sell.Next();
      sell_left = sell.done() ? 0 : TotalLeaves(sell.slot());
    }
    CancelInAuction(older, cut.from_maker, cut.reason, listener);
    CancelInAuction(younger, cut.from_taker, cut.reason, listener);
  }
}

template <typename Listener>
void OrderBook::CancelInAuction(uint32_t slot, int64_t quantity, CancelReason reason,
                                Listener& listener) {
  if (quantity == 0) {
    return;
  }
  Reduce(slot, quantity);
  const int64_t leaves = TotalLeaves(slot);
  listener.OnMakerCanceled(Cancellation{
      .order = OrderHandle{slot}, .canceled = {quantity}, .leaves = {leaves}, .reason = reason});
  if (leaves == 0) {
    TakeOut(slot);
    Free(slot);
  }
}

template <typename Listener>
void OrderBook::CrossOrders(const Equilibrium& equilibrium, Listener& listener) {
  AuctionOrders buy(*this, kBids);
  AuctionOrders sell(*this, kAsks);
  for (int64_t left = equilibrium.quantity.value; left > 0;) {
    const uint32_t buy_slot = buy.slot();
    const uint32_t sell_slot = sell.slot();
    const int64_t quantity = std::min({left, TotalLeaves(buy_slot), TotalLeaves(sell_slot)});
    left -= quantity;
    Reduce(buy_slot, quantity);
    Reduce(sell_slot, quantity);
    const Cross cross = {.buy = OrderHandle{buy_slot},
                         .sell = OrderHandle{sell_slot},
                         .price = equilibrium.price,
                         .quantity = {quantity},
                         .buy_leaves = {TotalLeaves(buy_slot)},
                         .sell_leaves = {TotalLeaves(sell_slot)}};
    if (cross.buy_leaves.value == 0) {
      buy.Next();
    }
    if (cross.sell_leaves.value == 0) {
      sell.Next();
    }
    listener.OnCross(cross);
    for (const OrderHandle order : {cross.buy, cross.sell}) {
      if (TotalLeaves(Raw(order)) == 0) {
        TakeOut(Raw(order));
        Free(Raw(order));
      }
    }
  }
}

}  // namespace tally
