#include "engine/core/internal/quote_table.h"

#include <map>
#include <random>
#include <tuple>

#include <gtest/gtest.h>

namespace tally::core::internal {
namespace {

TEST(QuoteTableTest, FindsExactlyWhatIsOpen) {
  constexpr uint32_t kOpenMax = 200;
  QuoteTable table(kOpenMax);
  std::map<std::tuple<uint32_t, uint32_t, uint32_t, Side>, uint32_t> reference;
  std::mt19937 engine(7);
  const auto below = [&](uint32_t limit) { return static_cast<uint32_t>(engine() % limit); };
  for (int step = 0; step < 200'000; ++step) {
    const QuoteKey key = {.session = SessionIndex{below(6) + 1},
                          .instrument = InstrumentId{below(5) + 1},
                          .entry = below(kMaxQuoteEntries)};
    const Side side = below(2) == 0 ? Side::kBuy : Side::kSell;
    const auto reference_key =
        std::make_tuple(Raw(key.session), Raw(key.instrument), key.entry, side);
    const auto found = reference.find(reference_key);
    const OrderHandle expected = found == reference.end() ? kNoOrder : OrderHandle{found->second};
    ASSERT_EQ(table.Find(key, side), expected) << "step " << step;
    if (found != reference.end()) {
      table.Erase(key, side);
      reference.erase(found);
    } else if (reference.size() < kOpenMax) {
      const uint32_t handle = below(1'000);
      table.Insert(key, side, OrderHandle{handle});
      reference.emplace(reference_key, handle);
    }
  }
}

}  // namespace
}  // namespace tally::core::internal
