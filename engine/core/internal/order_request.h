#pragma once

#include <cstdint>

#include "base/types.h"
#include "engine/command.h"
#include "engine/core/internal/order_attributes.h"
#include "engine/core/internal/order_table.h"
#include "engine/risk/holds.h"

namespace tally::core::internal {

// A new order on its way in: what was asked for, and what the checks found out about it. Session,
// account and instrument are those of the command that brought it.
struct OrderRequest {
  // A signed order that may rest is not plain: it has an end.
  explicit OrderRequest(const NewOrderCommand& asked_for, bool is_signed = false)
      : order(asked_for),
        plain(IsPlain(asked_for) && (!is_signed || IsImmediate(asked_for.time_in_force))),
        price(asked_for.price) {}

  risk::MinimumFee NewMinimumFee() const {
    return {.minimum = minimum_fee,
            .accrued = {},
            .paid = {},
            .rate_cap_hundredths_bp = signed_terms.rate_cap()};
  }

  const NewOrderCommand& order;
  const bool plain;
  const risk::Instrument* instrument = nullptr;  // Set by the check of the parties.
  PriceTicks price;     // The worst price it may trade at, for which funds are held; 0: unknown.
  PriceTicks stop;      // Of a stop: where it is now; 0: unknown.
  risk::FeeRates fees;  // Set with `hold`.
  Quanta minimum_fee{};
  Quanta hold{};
  SignedTerms signed_terms{};
  uint32_t flags = 0;  // OrderRecord::flags.
};

}  // namespace tally::core::internal
