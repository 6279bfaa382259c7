#include "engine/risk/fee_schedule.h"

#include "base/assert.h"

namespace tally::risk {

FeeSchedule::FeeSchedule(uint32_t instruments)
    : instruments_(instruments),
      rows_(static_cast<Row*>(
          std::calloc(kMaxFeeClasses * (std::size_t{instruments} + 1), sizeof(Row)))) {
  CHECK(rows_ != nullptr);
}

RejectReason FeeSchedule::Define(InstrumentId id, const DefineFeesCommand& definition) {
  const FeeRates rates = {.maker = definition.maker_fee_hundredths_bp,
                          .taker = definition.taker_fee_hundredths_bp};
  if (definition.fee_class >= kMaxFeeClasses || Raw(id) > instruments_ || definition.remove > 1) {
    return RejectReason::kBadDefinition;
  }
  Row& row = rows_[IndexOf(definition.fee_class, id)];
  if (definition.remove == 1) {
    if (row.defined == 0) {
      return RejectReason::kBadDefinition;
    }
    --row_count_;
    row = {};
    return RejectReason::kNone;
  }
  if (!FeesAreSound(rates) || definition.minimum_fee.value < 0 ||
      definition.minimum_fee.value > kMaxNotionalQuanta) {
    return RejectReason::kBadDefinition;
  }
  row_count_ += row.defined == 0 ? 1 : 0;
  row = {.terms = {.rates = rates, .minimum_fee = definition.minimum_fee}, .defined = 1};
  return RejectReason::kNone;
}

const FeeTerms* FeeSchedule::Find(uint32_t fee_class, InstrumentId id) const {
  if (fee_class >= kMaxFeeClasses || Raw(id) > instruments_) {
    return nullptr;
  }
  const Row& row = rows_[IndexOf(fee_class, id)];
  return row.defined == 0 ? nullptr : &row.terms;
}

FeeTerms FeeSchedule::TermsOf(uint32_t fee_class, InstrumentId id,
                              const Instrument& instrument) const {
  if (const FeeTerms* own = Find(fee_class, id); own != nullptr) {
    return *own;
  }
  const FeeTerms* const of_class = Find(fee_class, InstrumentId{});
  return of_class != nullptr ? *of_class : FeeTerms{.rates = instrument.fees, .minimum_fee = {}};
}

}  // namespace tally::risk
