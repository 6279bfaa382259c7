#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash.h"

#include "gateway/fix/id_index.h"
#include "gateway/fix/session_records.h"

namespace tally::gateway::fix {

// The orders of one session by the core's client order id and by ClOrdID: every open one, and of
// those that are done the newest.
//
// Thread safety: none. Invariant: a ClOrdID names at most one order. Pointers stay valid until the
// order is removed. Cost: the records come from chunks, so that one more order is no call of the
// allocator; what was removed is used again.
class OrderStore {
 public:
  explicit OrderStore(std::size_t closed_max) : closed_max_(closed_max) {}

  OrderRecord* Find(ClientOrderId id);
  OrderRecord* Find(std::string_view cl_ord_id);
  // The last one of those that an order was replaced by.
  OrderRecord* Find(OrderId id);

  // Adds the order, or overwrites the one with its client order id.
  OrderRecord* Put(const OrderRecord& order);
  void Remove(ClientOrderId id);

  template <typename Visit>
  void ForEach(Visit&& visit) const {
    by_id_.ForEach(visit);
  }
  std::size_t size() const { return by_id_.size(); }

 private:
  static constexpr std::size_t kChunkRecords = 256;

  // The order is done; it may be forgotten when there are too many of those.
  void NoteClosed(ClientOrderId id);
  // The order has another name from now on, or none.
  void Forget(OrderRecord* order);
  void Name(OrderRecord* order);
  OrderRecord* Allocate();

  // An order under its own ClOrdID, with its hash: the table grows without a look at the orders.
  struct Named {
    explicit Named(OrderRecord* named)
        : order(named), hash(absl::HashOf(std::string_view(named->cl_ord_id))) {}
    OrderRecord* order;
    std::size_t hash;
  };
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(const Named& named) const { return named.hash; }
    std::size_t operator()(std::string_view name) const { return absl::HashOf(name); }
  };
  struct NameEqual {
    using is_transparent = void;
    static std::string_view NameOf(const Named& named) { return named.order->cl_ord_id; }
    static std::string_view NameOf(std::string_view name) { return name; }
    bool operator()(const auto& a, const auto& b) const { return NameOf(a) == NameOf(b); }
  };

  const std::size_t closed_max_;
  std::vector<std::unique_ptr<OrderRecord[]>> chunks_;
  std::size_t chunk_used_ = kChunkRecords;  // Of the last one.
  std::vector<OrderRecord*> free_;
  IdIndex<OrderRecord> by_id_;
  absl::flat_hash_set<Named, NameHash, NameEqual> by_cl_ord_id_;
  IdIndex<OrderRecord> by_order_id_;
  std::deque<ClientOrderId> closed_;  // The oldest first.
};

}  // namespace tally::gateway::fix
