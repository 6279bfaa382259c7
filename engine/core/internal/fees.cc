#include "engine/core/internal/fees.h"

namespace tally::core::internal {

void HandleDefineFees(Context context) {
  State& state = context.state;
  const DefineFeesCommand& definition = context.command.define_fees;
  const InstrumentId id = context.command.instrument;
  const bool known = id == InstrumentId{} || state.instruments.Find(id) != nullptr;
  const RejectReason reason =
      known ? state.fees.Define(id, definition) : RejectReason::kUnknownInstrument;
  if (reason != RejectReason::kNone) {
    context.emit.Reject(EventType::kCommandRejected, reason);
    return;
  }
  Event event = MakeEvent(EventType::kFeesDefined);
  event.instrument = id;
  event.fees_defined = {.minimum_fee = definition.minimum_fee,
                        .maker_fee_hundredths_bp = definition.maker_fee_hundredths_bp,
                        .taker_fee_hundredths_bp = definition.taker_fee_hundredths_bp,
                        .fee_class = definition.fee_class,
                        .removed = definition.remove,
                        .reserved = {}};
  context.emit.Publish(event);
  context.emit.Done();
}

void PutFees(const State& state, StateWriter& out) {
  out.Put(state.fees.row_count());
  if (state.fees.empty()) {
    return;
  }
  for (uint32_t fee_class = 0; fee_class < kMaxFeeClasses; ++fee_class) {
    for (uint32_t row = 0; row <= state.instruments.capacity(); ++row) {
      const risk::FeeTerms* const terms = state.fees.Find(fee_class, InstrumentId{row});
      if (terms != nullptr) {
        out.Put(fee_class);
        out.Put(row);
        out.Put(terms->minimum_fee);
        out.Put(terms->rates.maker);
        out.Put(terms->rates.taker);
      }
    }
  }
}

}  // namespace tally::core::internal
