#pragma once

// The memory of all order books of a core: one record per open order.

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/assert.h"
#include "base/branchless.h"
#include "base/prefetch.h"
#include "base/types.h"
#include "base/zeroed_array.h"
#include "engine/book/internal/order_index.h"
#include "engine/book/internal/price_ladder.h"
#include "engine/book/internal/slot_pool.h"
#include "engine/limits.h"

namespace tally {

// Names an open order from the moment it rests until the last callback about it. Dense in
// [0, OrderPool::capacity()): data of the caller goes in arrays parallel to the pool. Reused.
enum class OrderHandle : uint32_t {};
inline constexpr OrderHandle kNoOrder{internal::kNilSlot};

// Self-trade prevention compares these; the book gives them no other meaning.
enum class OrderOwner : uint32_t {};

// Where an open order is. A dark order can trade but is not shown: hidden, all-or-none and pegged
// ones. A dormant order waits outside of its book for OrderBook::Enter().
enum class OrderPlace : uint8_t { kDisplayed, kDark, kDormant };

// What is known of an open order, copied out of the pool.
struct OrderView {
  OrderId id;
  OrderOwner owner;
  PriceTicks price;
  QuantityLots leaves;  // All of it, shown or not. Positive, except in the last callback about it.
  Side side;
  SelfTradePrevention self_trade_prevention;
  bool post_only;
  bool slide = false;
  bool hidden = false;
  bool all_or_none = false;
  bool pegged = false;
  OrderPlace place = OrderPlace::kDisplayed;
  QuantityLots displayed{};         // 0 unless kDisplayed, and while an iceberg is refreshed.
  QuantityLots display_quantity{};  // Of an iceberg, else 0.
};

struct OrderPoolOptions {
  uint32_t capacity;  // Open orders, 1 .. kMaxOpenOrdersPerCore.
  // Keep an index from OrderId to handle, for Find(). Ids of open orders must then be distinct.
  bool index_order_ids = true;
  // Ids come from MakeId() and say where the order is: Find() needs no index, and an order no
  // memory beside its record. Not together with index_order_ids.
  bool ids_carry_slots = false;
  // Sides of books that get a window: an array over `window_ticks` prices (a power of two, 512 ..
  // 262,144) that follows the best price and makes commands there faster. The first sides that get
  // an order have one each; the others, and prices outside, use a tree. 4 bytes per tick, whatever
  // rests there: choose about as many as most orders are away from the best price.
  uint32_t windows = 0;
  uint32_t window_ticks = 2'048;
  // Touch all memory at construction, so that no command waits for a page.
  bool prefault = false;
};

// Thread safety: none; a pool and its books belong to one thread.
// Memory: all of it is reserved at construction, some 180 bytes of address space per order (up to
// 12 more with the index), enough for one price level per order; pages are used as needed.
// Cost: every operation is O(1) and allocates nothing.
class OrderPool {
 public:
  explicit OrderPool(const OrderPoolOptions& options);
  OrderPool(const OrderPool&) = delete;
  OrderPool& operator=(const OrderPool&) = delete;

  uint32_t capacity() const { return orders_.capacity(); }
  uint32_t used_count() const { return orders_.used_count(); }
  bool full() const { return orders_.full(); }

  // The handle of the order that is put into the pool next, whatever is freed before; kNoOrder if
  // the pool is full.
  OrderHandle next() const { return OrderHandle{orders_.next()}; }

  // Memory that was ever used. For orders: 32 bytes each, and the index, which is counted whole
  // (8 to 12 bytes per order of the capacity). For prices: 32 bytes per level and, where one is
  // outside the windows, some 30 of a tree; windows are counted whole.
  std::size_t touched_bytes() const { return order_bytes() + level_bytes(); }
  std::size_t order_bytes() const {
    return orders_.touched_bytes() + (index_ == nullptr ? 0 : index_->size_bytes());
  }
  std::size_t level_bytes() const { return ladders_.touched_bytes(); }

  // Whether `handle` names an open order now (a stale handle may name another one).
  bool Contains(OrderHandle handle) const {
    return Raw(handle) < orders_.fresh() && orders_[Raw(handle)].leaves > 0;
  }

  // The id to give to the order that is put into the pool next (into any of its books). Increases
  // strictly from call to call; an order that does not rest may have it, too. Requires
  // ids_carry_slots. Of the 64 bits of an id those that number the slots leave the rest to a
  // counter: 2^44 orders with a capacity of 2^20.
  OrderId MakeId() {
    CHECK(slot_mask_ != 0 && ++last_id_ <= ~uint64_t{0} >> slot_bits_);
    return OrderId{last_id_ << slot_bits_ | (orders_.next() & slot_mask_)};
  }

  // The open order with this id, or kNoOrder. Requires index_order_ids or ids_carry_slots.
  OrderHandle Find(OrderId id) const {
    if (slot_mask_ != 0) {
      const OrderHandle handle{static_cast<uint32_t>(Raw(id) & slot_mask_)};
      return Contains(handle) && this->id(handle) == id ? handle : kNoOrder;
    }
    CHECK(index_ != nullptr);
    return OrderHandle{index_->Find(id, HasId{this, id})};
  }

  // As Find(), but any row of the pool if there is none, and maybe of another order. No branch.
  OrderHandle Guess(OrderId id) const {
    const uint32_t slot =
        slot_mask_ != 0 ? static_cast<uint32_t>(Raw(id) & slot_mask_) : index_->GuessAt(id);
    return OrderHandle{Choose(slot < capacity(), slot, 0U)};
  }

  // Start loading what an operation on the order will touch: its place in the index; the order;
  // those next to it and its price level (which needs the order to be there).
  void Prefetch(OrderId id) const {
    if (slot_mask_ != 0) {
      Prefetch(OrderHandle{static_cast<uint32_t>(Raw(id) & slot_mask_)});
    } else {
      index_->Prefetch(id);
    }
  }
  void Prefetch(OrderHandle handle) const { tally::Prefetch(&orders_[Raw(handle)]); }
  // Any handle below capacity() will do for these two.
  void PrefetchNeighbours(OrderHandle handle) const {
    PrefetchPlaces(handle);
    const Order& order = orders_[Raw(handle)];
    PrefetchLinked(order.next, handle);
    PrefetchLinked(order.previous, handle);
  }
  void PrefetchPlaces(OrderHandle handle) const {
    const Order& order = orders_[Raw(handle)];
    tally::Prefetch(&ladders_.levels[order.level]);
    if (index_ != nullptr) {
      index_->Prefetch(order.id);
    }
  }

  // All require an open order, or one in its last callback.
  OrderView View(OrderHandle handle) const;
  OrderId id(OrderHandle handle) const { return orders_[Raw(handle)].id; }
  OrderOwner owner(OrderHandle handle) const { return orders_[Raw(handle)].owner; }
  QuantityLots leaves(OrderHandle handle) const {
    const Order& order = orders_[Raw(handle)];
    return {order.leaves + (order.is_special == 0 ? 0 : specials_[Raw(handle)].reserve)};
  }
  OrderPlace place(OrderHandle handle) const {
    return orders_[Raw(handle)].is_special == 0 ? OrderPlace::kDisplayed
                                                : specials_[Raw(handle)].place;
  }
  // Of an order that rests, i.e. not one that is dormant.
  PriceTicks price(OrderHandle handle) const {
    const Order& order = orders_[Raw(handle)];
    return {
        static_cast<int64_t>(ladders_.levels[order.level].key ^ internal::KeyMask(order.is_sell))};
  }
  Side side(OrderHandle handle) const {
    static_assert(static_cast<int>(Side::kBuy) == 1 && static_cast<int>(Side::kSell) == 2);
    return static_cast<Side>(1 + orders_[Raw(handle)].is_sell);
  }

 private:
  friend class OrderBook;

  // Two to a cache line; the price is the level's.
  struct Order {
    OrderId id;
    int64_t leaves;  // 0 in a free slot. Of an iceberg what is displayed.
    uint32_t next;   // Towards the tail (younger); kNilSlot at the end.
    uint32_t previous;
    OrderOwner owner;
    uint32_t level : 26;
    uint32_t self_trade_prevention : 3;
    uint32_t is_sell : 1;
    uint32_t is_post_only : 1;
    uint32_t is_special : 1;  // There is a SpecialOrder.
  };
  static_assert(sizeof(Order) == 32);
  static_assert(kMaxOpenOrdersPerCore <= 1U << 26, "levels are numbered in 26 bits");

  // What only icebergs, dark, sliding and dormant orders have: a row of another array, so that
  // plain orders neither touch it nor pay for it.
  struct SpecialOrder {
    int64_t reserve;  // Iceberg: what is left beside the displayed part.
    int64_t display;  // Iceberg: displayed at a time; else 0.
    int64_t price;    // Of a dormant order, which has no level to say it.
    OrderPlace place;
    bool slide;
    bool hidden;
    bool all_or_none;
    bool pegged;
  };
  static_assert(sizeof(SpecialOrder) == 32);

  struct HasId {
    const OrderPool* pool;
    OrderId id;
    bool operator()(uint32_t slot) const { return pool->orders_[slot].id == id; }
  };

  // No branch, and at the end of a list an address that is there: others cost a walk in vain.
  void PrefetchLinked(uint32_t link, OrderHandle of) const {
    tally::Prefetch(&orders_[Choose(link == internal::kNilSlot, Raw(of), link)]);
  }

  internal::SlotPool<Order, &Order::next> orders_;
  ZeroedArray<SpecialOrder> specials_;  // By slot.
  internal::LadderPool ladders_;
  std::unique_ptr<internal::OrderIndex> index_;  // Null unless index_order_ids.
  // Of an id; 0 unless ids_carry_slots.
  uint64_t slot_mask_;
  uint32_t slot_bits_;
  uint64_t last_id_ = 0;
};

}  // namespace tally
