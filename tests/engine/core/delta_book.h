#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <vector>

#include "engine/core/core.h"
#include "engine/event.h"

namespace tally {

// What a client knows who has nothing but the kBookDelta events of an instrument: the displayed
// orders in priority order (L3), and the levels (L2) as the events give them. Checks on the way
// that the numbers are contiguous and that each event makes sense after the ones before.
class DeltaBook {
 public:
  // Returns what is wrong with the event, or "".
  std::string Apply(const Event& event);

  std::vector<core::DepthOrder> Orders(Side side) const;
  std::vector<core::DepthLevel> Levels(Side side) const;

 private:
  struct Level {
    QuantityLots quantity;
    uint32_t order_count = 0;
    std::list<core::DepthOrder> orders;
  };
  // Best price first: bids by their negative price.
  using Levels3 = std::map<int64_t, Level>;

  static int64_t RankOf(Side side, PriceTicks price) {
    return side == Side::kBuy ? -price.value : price.value;
  }
  Levels3& levels(Side side) { return sides_[side == Side::kBuy ? 0 : 1]; }
  const Levels3& levels(Side side) const { return sides_[side == Side::kBuy ? 0 : 1]; }

  uint64_t sequence_ = 0;
  Levels3 sides_[2];
};

}  // namespace tally
