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
  explicit OrderRequest(const NewOrderCommand& asked_for)
      : order(asked_for), plain(IsPlain(asked_for)), price(asked_for.price) {}

  const NewOrderCommand& order;
  const bool plain;                              // IsPlain(order).
  const risk::Instrument* instrument = nullptr;  // Set by the check of the parties.
  PriceTicks price;     // The worst price it may trade at, for which funds are held; 0: unknown.
  PriceTicks stop;      // Of a stop: where it is now; 0: unknown.
  risk::FeeRates fees;  // Set with `hold`.
  Quanta minimum_fee{};
  Quanta hold{};
  uint32_t flags = 0;  // OrderRecord::flags.
};

}  // namespace tally::core::internal
