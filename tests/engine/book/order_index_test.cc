#include "engine/book/internal/order_index.h"

#include <map>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace tally {
namespace {

using internal::kNilSlot;
using internal::OrderIndex;

// `next_id` gives the ids that are inserted; all found ids are compared after every batch.
template <typename NextId>
void RunRandom(NextId next_id) {
  constexpr uint32_t kCapacity = 500;
  std::mt19937_64 random(7);
  OrderIndex index(kCapacity);
  std::map<OrderId, uint32_t> expected;
  std::vector<OrderId> ids;
  for (uint32_t step = 0; step < 50'000; ++step) {
    if (ids.empty() || (ids.size() < kCapacity && random() % 2 == 0)) {
      const OrderId id{next_id(random)};
      if (expected.emplace(id, step).second) {
        index.Insert(id, step);
        ids.push_back(id);
      }
    } else {
      const std::size_t at = random() % ids.size();
      index.Erase(ids[at]);
      expected.erase(ids[at]);
      ASSERT_EQ(index.Find(ids[at]), kNilSlot);
      ids[at] = ids.back();
      ids.pop_back();
    }
    if (step % 100 == 0) {
      for (const auto& [id, slot] : expected) {
        ASSERT_EQ(index.Find(id), slot);
      }
    }
  }
}

TEST(OrderIndexTest, AgreesWithAMapForIdsInSequence) {
  RunRandom([id = uint64_t{0}](std::mt19937_64&) mutable { return ++id; });
}

TEST(OrderIndexTest, AgreesWithAMapForRandomIds) {
  RunRandom([](std::mt19937_64& random) { return random(); });
}

TEST(OrderIndexTest, AgreesWithAMapForIdsThatCollide) {
  RunRandom([](std::mt19937_64& random) { return (random() % 1'000) << 40; });
}

TEST(OrderIndexDeathTest, RefusesAnIdTwiceAndAnUnknownOne) {
  OrderIndex index(4);
  index.Insert(OrderId{5}, 1);
  EXPECT_DEATH(index.Insert(OrderId{5}, 2), "id");
  EXPECT_DEATH(index.Erase(OrderId{6}), "slot");
}

}  // namespace
}  // namespace tally
