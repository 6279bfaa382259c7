// The orders of a session against plain maps, under random additions, changes and removals.

#include "gateway/fix/order_store.h"

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace tally::gateway::fix {
namespace {

constexpr std::size_t kClosedMax = 50;

class PlainStore {
 public:
  void Put(const OrderRecord& order) {
    const uint64_t id = Raw(order.client_order_id);
    const auto known = orders_.find(id);
    const bool was_closed = known != orders_.end() && known->second.closed != 0;
    const OrderId number = known == orders_.end() ? OrderId{} : known->second.order_id;
    if (known == orders_.end() || NameOf(known->second) != NameOf(order)) {
      if (known != orders_.end()) {
        Unname(known->second);
      }
      names_[NameOf(order)] = id;
    }
    orders_[id] = order;
    if (order.order_id != number) {
      uint64_t& numbered = numbers_[Raw(order.order_id)];
      numbered = std::max(numbered, id);
    }
    if (order.closed != 0 && !was_closed) {
      closed_.push_back(id);
      if (closed_.size() > kClosedMax) {
        Remove(closed_.front());
        closed_.pop_front();
      }
    }
  }

  void Remove(uint64_t id) {
    const auto found = orders_.find(id);
    if (found == orders_.end()) {
      return;
    }
    Unname(found->second);
    if (ByNumber(Raw(found->second.order_id)) == id) {
      numbers_.erase(Raw(found->second.order_id));
    }
    orders_.erase(found);
  }

  // 0 if there is none.
  uint64_t ByName(const std::string& name) const { return In(names_, name); }
  uint64_t ByNumber(uint64_t number) const { return In(numbers_, number); }
  const std::map<uint64_t, OrderRecord>& orders() const { return orders_; }

 private:
  static std::string NameOf(const OrderRecord& order) {
    return std::string(std::string_view(order.cl_ord_id));
  }
  static uint64_t In(const auto& map, const auto& key) {
    const auto found = map.find(key);
    return found == map.end() ? 0 : found->second;
  }
  void Unname(const OrderRecord& order) {
    const auto named = names_.find(NameOf(order));
    if (named != names_.end() && named->second == Raw(order.client_order_id)) {
      names_.erase(named);
    }
  }

  std::map<uint64_t, OrderRecord> orders_;
  std::map<std::string, uint64_t> names_;
  std::map<uint64_t, uint64_t> numbers_;
  std::deque<uint64_t> closed_;
};

uint64_t IdOf(const OrderRecord* order) {
  return order == nullptr ? 0 : Raw(order->client_order_id);
}

TEST(OrderStoreTest, FindsWhatPlainMapsFind) {
  std::mt19937_64 random(3);
  OrderStore store(kClosedMax);
  PlainStore plain;
  uint64_t last_id = 0;
  uint64_t last_number = 0;
  const auto random_name = [&] {
    return "a-name-longer-than-short-" + std::to_string(random() % 300);
  };
  for (int step = 0; step < 30'000; ++step) {
    OrderRecord order;
    const uint64_t known = last_id == 0 ? 0 : 1 + random() % last_id;
    const auto found = plain.orders().find(known);
    if (random() % 3 == 0 || found == plain.orders().end()) {
      last_id += 1 + (random() % 20 == 0 ? random() % 100 : 0);  // Mostly neighbours.
      order.client_order_id = ClientOrderId{last_id};
      order.cl_ord_id = ClientId(random_name());
    } else if (random() % 8 == 0) {
      store.Remove(ClientOrderId{known});
      plain.Remove(known);
      continue;
    } else {
      order = found->second;
      if (Raw(order.order_id) == 0) {
        // Accepted: with a number of its own, or with that of the order it replaced.
        last_number += random() % 4 == 0 ? 0 : 1 + random() % 3;
        order.order_id = OrderId{last_number};
      } else if (random() % 4 == 0) {
        order.closed = 1;
      } else if (random() % 4 == 0) {
        order.cl_ord_id = ClientId(random_name());
      }
      order.leaves.value = step;
    }
    const OrderRecord* const put = store.Put(order);
    plain.Put(order);
    ASSERT_TRUE(IdOf(put) == Raw(order.client_order_id) || order.closed != 0) << step;

    const std::string name = random_name();
    ASSERT_EQ(IdOf(store.Find(std::string_view(name))), plain.ByName(name)) << step;
    const uint64_t number = 1 + random() % (last_number + 1);
    ASSERT_EQ(IdOf(store.Find(OrderId{number})), plain.ByNumber(number)) << step;
    ASSERT_EQ(store.size(), plain.orders().size()) << step;
  }
  std::set<uint64_t> visited;
  store.ForEach([&](const OrderRecord& order) {
    const auto expected = plain.orders().find(Raw(order.client_order_id));
    ASSERT_NE(expected, plain.orders().end());
    EXPECT_EQ(order.leaves, expected->second.leaves);
    EXPECT_TRUE(visited.insert(expected->first).second);
  });
  EXPECT_EQ(visited.size(), plain.orders().size());
  for (uint64_t id = 0; id <= last_id; ++id) {
    EXPECT_EQ(IdOf(store.Find(ClientOrderId{id})), plain.orders().contains(id) ? id : 0);
  }
}

}  // namespace
}  // namespace tally::gateway::fix
