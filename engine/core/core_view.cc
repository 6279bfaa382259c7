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

int64_t Core::scheduled_ns(InstrumentId instrument) const {
  return state_->instruments.Find(instrument) == nullptr ? 0
                                                         : state_->market(instrument).scheduled_ns;
}

DefineRulesCommand Core::rules(InstrumentId instrument) const {
  return state_->instruments.Find(instrument) == nullptr ? DefineRulesCommand{}
                                                         : state_->market(instrument).rules;
}

std::vector<BatchStatusEvent> Core::BatchStatuses() const {
  std::vector<BatchStatusEvent> statuses;
  if (state_->settlement.settled.batch_id != 0) {
    statuses.push_back(state_->settlement.settled);
  }
  for (uint64_t id = state_->last_settled_batch + 1;
       id <= state_->last_settled_batch + kMaxOpenBatches; ++id) {
    const internal::OpenBatch& row = state_->settlement.batches[id % kMaxOpenBatches];
    if (row.batch_id == id) {
      statuses.push_back(row.status);
    }
  }
  return statuses;
}

Quanta Core::UnsettledDebit(AccountId account, AssetId asset) const {
  return state_->exposures.Unsettled(account, asset, state_->last_settled_event);
}

Quanta Core::Disputed(AccountId account, AssetId asset) const {
  return internal::DisputedOf(*state_, account, asset);
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
