#pragma once

#include <array>
#include <cstdint>

#include "base/types.h"
#include "engine/book/order_pool.h"

namespace tally::core::internal {

// What a command will probably do, by what its bytes say.
enum class LookKind : uint8_t { kOther, kNew, kCancel, kReplace };

// What LookAhead() found out about a command on its way. Nothing of it is checked, but the numbers
// name rows that there are.
struct Look {
  CommandSequence of{};  // Of which command; 0: of none yet.
  PriceTicks price;
  uint32_t home;      // Of the client order id that it names, in the index of them.
  OrderHandle order;  // What a cancel or replace names, or kNoOrder.
  AccountId account;
  InstrumentId instrument;
  LookKind kind;
  Side side;
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
