#pragma once

#include "engine/core/internal/context.h"
#include "engine/core/internal/state_writer.h"
#include "engine/risk/fee_schedule.h"

namespace tally::core::internal {

// kDefineFees; docs/semantics/fees.md.
void HandleDefineFees(Context context);

// What a new order of the account pays from now on. Cost: one test while there is no schedule.
inline risk::FeeTerms FeesOf(const State& state, AccountId account, InstrumentId id,
                             const risk::Instrument& instrument) {
  if (state.fees.empty()) [[likely]] {
    return {.rates = instrument.fees, .minimum_fee = {}};
  }
  return state.fees.TermsOf(state.accounts[account].fee_class, id, instrument);
}

// The fee account of an open order once it is replaced under `terms`: an order that has traded
// keeps its minimum, so that no charge is ever taken back.
inline risk::MinimumFee AfterReplace(const State& state, OrderHandle handle,
                                     const risk::FeeTerms& terms,
                                     const SignedTerms& signed_terms = {}) {
  risk::MinimumFee result = {.minimum = terms.minimum_fee, .accrued = {}, .paid = {}};
  if (state.orders[handle].cumulative.value != 0) {
    const risk::MinimumFee* const account = state.orders.minimum_fee(handle);
    result = account == nullptr ? risk::MinimumFee{} : *account;
  }
  result.rate_cap_hundredths_bp = signed_terms.rate_cap();
  return result;
}

// The schedule in the canonical state.
void PutFees(const State& state, StateWriter& out);

}  // namespace tally::core::internal
