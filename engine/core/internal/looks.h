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
  OrderHandle order;  // What a cancel or replace names, or kNoOrder.
  // With some orders open: where the index of client order ids looks first, and the row that it
  // names there. Whatever they are of, there is such a place and such a row.
  uint32_t home;
  OrderHandle first;
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
