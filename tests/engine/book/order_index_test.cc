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
  std::vector<OrderId> id_of_slot;  // Slots are numbered by step.
  const auto find = [&](OrderId id) {
    return index.Find(id, [&](uint32_t slot) { return id_of_slot[slot] == id; });
  };
  std::vector<OrderId> ids;
  for (uint32_t step = 0; step < 50'000; ++step) {
    id_of_slot.emplace_back();
    if (ids.empty() || (ids.size() < kCapacity && random() % 2 == 0)) {
      const OrderId id{next_id(random)};
      if (expected.emplace(id, step).second) {
        id_of_slot[step] = id;
        index.Insert(id, step, [&](uint32_t slot) { return id_of_slot[slot] == id; });
        ids.push_back(id);
      }
    } else {
      const std::size_t at = random() % ids.size();
      index.Erase(ids[at], expected.at(ids[at]));
      expected.erase(ids[at]);
      ASSERT_EQ(find(ids[at]), kNilSlot);
      ids[at] = ids.back();
      ids.pop_back();
    }
    if (step % 100 == 0) {
      for (const auto& [id, slot] : expected) {
        ASSERT_EQ(find(id), slot);
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
  index.Insert(OrderId{5}, 1, [](uint32_t) { return false; });
  EXPECT_DEATH(index.Insert(OrderId{5}, 2, [](uint32_t slot) { return slot == 1; }), "tag");
  EXPECT_DEATH(index.Erase(OrderId{6}, 2), "slot");
}

}  // namespace
}  // namespace tally
