#include "engine/book/internal/order_index.h"

#include <map>
#include <numeric>
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
  std::vector<OrderId> id_of_slot(kCapacity);
  std::vector<uint32_t> free_slots(kCapacity);
  std::iota(free_slots.begin(), free_slots.end(), 0);
  const auto find = [&](OrderId id) {
    return index.Find(id, [&](uint32_t slot) { return id_of_slot[slot] == id; });
  };
  std::vector<OrderId> ids;
  for (uint32_t step = 0; step < 50'000; ++step) {
    if (ids.empty() || (ids.size() < kCapacity && random() % 2 == 0)) {
      const OrderId id{next_id(random)};
      const uint32_t slot = free_slots.back();
      if (expected.emplace(id, slot).second) {
        id_of_slot[slot] = id;
        index.Insert(id, slot, [&](uint32_t other) { return id_of_slot[other] == id; });
        ids.push_back(id);
        free_slots.pop_back();
      }
    } else {
      const std::size_t at = random() % ids.size();
      const uint32_t slot = expected.at(ids[at]);
      index.Erase(ids[at], slot);
      free_slots.push_back(slot);
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

TEST(OrderIndexTest, AgreesWithAMapForIdsThatMeetRoundAfterRound) {
  RunRandom([id = uint64_t{0}](std::mt19937_64&) mutable { return id += 1'024; });
}

TEST(OrderIndexTest, HasRoomForTheLargestSlotsAndNeedsAtMost12BytesEach) {
  for (const uint32_t capacity : {1U, 2U, 3U, 1'000U, 1'024U, 1'025U, 1U << 20}) {
    OrderIndex index(capacity);
    EXPECT_LE(index.size_bytes(), std::size_t{capacity} * 12);
    for (uint32_t slot = 0; slot < capacity; ++slot) {
      index.Insert(OrderId{1'000 + slot}, slot, [](uint32_t) { return false; });
    }
    const uint32_t last = capacity - 1;
    EXPECT_EQ(index.Find(OrderId{1'000 + last}, [&](uint32_t slot) { return slot == last; }), last);
  }
}

TEST(OrderIndexDeathTest, RefusesAnIdTwiceAndAnUnknownOne) {
  OrderIndex index(4);
  index.Insert(OrderId{5}, 1, [](uint32_t) { return false; });
  EXPECT_DEATH(index.Insert(OrderId{5}, 2, [](uint32_t slot) { return slot == 1; }), "Find");
  EXPECT_DEATH(index.Erase(OrderId{6}, 2), "kFollowed");
}

}  // namespace
}  // namespace tally
