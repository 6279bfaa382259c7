#pragma once

// Requests for the usual orders; set further fields of what they return.

#include <span>
#include <vector>

#include "sdk/requests.h"

namespace tally::sdk {

struct OrderBasics {
  InstrumentId instrument{};
  Side side{};
  QuantityLots quantity{};
};

NewOrderRequest LimitOrder(const OrderBasics& basics, PriceTicks limit);

// Trades at once, at no worse price than `worst`; the rest is canceled.
NewOrderRequest MarketOrder(const OrderBasics& basics, PriceTicks worst);
// As MarketOrder, at most that many ticks off the best price at entry.
NewOrderRequest MarketOrderWithin(const OrderBasics& basics, uint32_t slippage_ticks);

struct StopTerms {
  PriceTicks stop_price{};
  TriggerSource trigger = TriggerSource::kLastTrade;
};
// A market order once the trigger reaches the stop price.
NewOrderRequest StopOrder(const OrderBasics& basics, const StopTerms& stop, PriceTicks worst);
NewOrderRequest StopLimitOrder(const OrderBasics& basics, const StopTerms& stop, PriceTicks limit);

struct TrailTerms {
  int32_t distance = 0;
  TrailUnit unit = TrailUnit::kTicks;
  TriggerSource trigger = TriggerSource::kLastTrade;
};
NewOrderRequest TrailingStopOrder(const OrderBasics& basics, const TrailTerms& trail,
                                  PriceTicks worst);

// Shows `display` at a time.
NewOrderRequest IcebergOrder(const OrderBasics& basics, PriceTicks limit, QuantityLots display);

struct PegTerms {
  PegReference reference = PegReference::kPrimary;
  int32_t offset_ticks = 0;
};
NewOrderRequest PeggedOrder(const OrderBasics& basics, const PegTerms& peg, PriceTicks limit);

// Good until a time (ns since the Unix epoch, UTC).
NewOrderRequest Until(NewOrderRequest order, int64_t expire_time_ns);

// The same ladder on both sides: `levels` entries from 0, the first at `bid` and `ask`, each `step`
// further out.
struct LadderTerms {
  InstrumentId instrument{};
  uint16_t maker_group = 0;
  PriceTicks bid{};
  PriceTicks ask{};
  PriceTicks step{};
  QuantityLots quantity{};
  uint16_t levels = 1;
};
std::vector<QuoteRequest> MakeLadder(const LadderTerms& terms);

}  // namespace tally::sdk
