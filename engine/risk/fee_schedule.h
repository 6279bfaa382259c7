#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>

#include "engine/command.h"
#include "engine/limits.h"
#include "engine/reject_reason.h"
#include "engine/risk/instrument_table.h"

namespace tally::risk {

// What an order pays: its rates, and at least this much in total if it trades.
struct FeeTerms {
  FeeRates rates;
  Quanta minimum_fee;
  friend constexpr bool operator==(const FeeTerms&, const FeeTerms&) = default;
};

// The fees of account classes: a row per class and instrument, and per class one for every
// instrument without a row of its own. Where neither is defined, the instrument's own rates apply.
//
// Thread safety: none, one writer. Invariants: the rates of a row are as those of an instrument
// must be. Cost: O(1), no allocation after construction; pages of rows never used stay untouched.
class FeeSchedule {
 public:
  explicit FeeSchedule(uint32_t instruments);

  // Sets a row or, with definition.remove, takes it out. `id` 0 is the row for every instrument;
  // the caller has checked that any other is defined. kBadDefinition for a class that is not below
  // kMaxFeeClasses, unsound rates or minimum, or a row to remove that there is none of.
  RejectReason Define(InstrumentId id, const DefineFeesCommand& definition);

  bool empty() const { return row_count_ == 0; }
  uint32_t row_count() const { return row_count_; }

  // The row of exactly this class and instrument (0: for every one); null if there is none.
  const FeeTerms* Find(uint32_t fee_class, InstrumentId id) const;

  // What an account of the class pays. Requires a defined instrument.
  FeeTerms TermsOf(uint32_t fee_class, InstrumentId id, const Instrument& instrument) const;

 private:
  struct Row {
    FeeTerms terms;
    uint64_t defined;
  };
  struct Free {
    void operator()(Row* rows) const { std::free(rows); }
  };

  std::size_t IndexOf(uint32_t fee_class, InstrumentId id) const {
    return fee_class * (std::size_t{instruments_} + 1) + Raw(id);
  }

  const uint32_t instruments_;
  uint32_t row_count_ = 0;
  std::unique_ptr<Row[], Free> rows_;
};

}  // namespace tally::risk
