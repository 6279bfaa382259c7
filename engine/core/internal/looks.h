#pragma once

#include <array>
#include <cstdint>

#include "base/types.h"
#include "engine/book/order_pool.h"

namespace tally::core::internal {

// What LookAhead() found out about a command on its way, or, where it did not look, about one
// before it. Nothing of it is checked, but the numbers name rows that there are.
struct Look {
  PriceTicks price{};   // Of a new order, or a new price.
  uint32_t home = 0;    // Where the index of client order ids looks first.
  OrderHandle order{};  // The order that is named or, of a new one, the first it may trade with.
  AccountId account{};
  InstrumentId instrument{1};
  Side side = Side::kBuy;
};

// The looks at the commands that come next, by their sequence: more places than LookAhead() looks
// ahead.
class Looks {
 public:
  static constexpr std::size_t kPlaces = 16;

  Look& operator[](uint64_t sequence) { return looks_[sequence % kPlaces]; }

 private:
  std::array<Look, kPlaces> looks_{};
};

}  // namespace tally::core::internal
