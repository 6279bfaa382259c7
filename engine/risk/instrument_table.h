#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "engine/command.h"
#include "engine/limits.h"
#include "engine/reject_reason.h"
#include "engine/risk/account_table.h"
#include "engine/risk/asset_table.h"

namespace tally::risk {

// What an order pays, in 1e-6 of the notional. An order keeps the rates that were in force when it
// was accepted or last replaced, so that a later change of fees never exceeds its hold.
struct FeeRates {
  int32_t maker = 0;  // Negative: a rebate.
  int32_t taker = 0;
  // What no fill costs more than; not negative. Not a max of three, which goes through memory.
  constexpr int32_t Highest() const { return std::max(std::max(maker, taker), 0); }
  friend constexpr bool operator==(const FeeRates&, const FeeRates&) = default;
};

// Only makers get rebates, and never more than the taker of the same schedule pays.
bool FeesAreSound(FeeRates rates);

struct Instrument {
  bool defined = false;
  Symbol symbol;
  Quanta tick_quanta;
  Quanta lot_quanta;
  PriceTicks price_max;
  QuantityLots quantity_min;
  QuantityLots quantity_max;
  Quanta notional_min;
  Quanta notional_max;
  FeeRates fees;
  AccountId fee_account{};
  AssetId base_asset{};
  AssetId quote_asset{};
};

// The instruments of a core, by id from 1: dense, fixed capacity, never removed.
//
// Thread safety: none, one writer. Invariants: assets, tick and lot of a defined instrument never
// change; its limits are within those of engine/limits.h, so that notional, fee and base quanta of
// an order that passed CheckOrder never wrap. Cost: O(1), no allocation after construction.
class InstrumentTable {
 public:
  explicit InstrumentTable(uint32_t capacity)
      : capacity_(capacity), instruments_(std::size_t{capacity} + 1) {}

  // Defines the instrument or changes the symbol, limits, fees and fee account of a known one.
  // Reasons, in order: kCapacity, kUnknownAsset, kUnknownAccount (fee account), kBadDefinition.
  RejectReason Define(InstrumentId id, const DefineInstrumentCommand& definition,
                      const AssetTable& assets, const AccountTable& accounts);

  // Null for an instrument that is not defined.
  const Instrument* Find(InstrumentId id) const {
    return Raw(id) <= capacity_ && instruments_[Raw(id)].defined ? &instruments_[Raw(id)] : nullptr;
  }

  uint32_t capacity() const { return capacity_; }

 private:
  const uint32_t capacity_;
  std::vector<Instrument> instruments_;  // Row 0 is never defined.
};

}  // namespace tally::risk
