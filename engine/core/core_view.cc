// Core: what it knows of an instrument, for its owner to show.

#include "engine/core/core.h"
#include "engine/core/internal/state.h"

namespace tally::core {

PhaseChangedEvent Core::phase(InstrumentId instrument) const {
  if (state_->instruments.Find(instrument) == nullptr) {
    return {};
  }
  const internal::Market& market = state_->market(instrument);
  return {.until_ns = market.until_ns,
          .reference_price = market.reference_price,
          .last_price = state_->book(instrument).last_price,
          .phase = state_->phase(instrument),
          .previous = state_->phase(instrument),
          .reason = PhaseReason::kCommand,
          .reserved = {}};
}

DefineRulesCommand Core::rules(InstrumentId instrument) const {
  return state_->instruments.Find(instrument) == nullptr ? DefineRulesCommand{}
                                                         : state_->market(instrument).rules;
}

const risk::FeeSchedule& Core::fees() const { return state_->fees; }

const DefineProtectionCommand* Core::protection(AccountId account, uint16_t maker_group) const {
  const uint32_t row = state_->maker_groups.Find(account, maker_group);
  return row == internal::MakerGroupTable::kNoRow ? nullptr : &state_->maker_groups[row].limits;
}

uint64_t Core::book_delta_sequence(InstrumentId instrument) const {
  return state_->instruments.Find(instrument) == nullptr ? 0
                                                         : state_->book(instrument).delta_sequence;
}

}  // namespace tally::core
