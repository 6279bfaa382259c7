#include "engine/core/internal/market.h"

#include "engine/core/internal/state_writer.h"

namespace tally::core::internal {
namespace {

void PutRules(const DefineRulesCommand& rules, StateWriter& out) {
  out.Put(rules.static_band_bp);
  out.Put(rules.dynamic_band_bp);
  out.Put(rules.fat_finger_bp);
  out.Put(rules.breaker_bp);
  out.Put(rules.breaker_window_ns);
  out.Put(rules.breaker_halt_ns);
  out.Put(rules.volatility_call_ns);
  out.Put(rules.batch_interval_ns);
  out.Put(rules.order_quantity_max);
  out.Put(rules.order_notional_max);
  out.Put(uint32_t{rules.flags});
}

}  // namespace

void PutMarket(const Market& market, StateWriter& out) {
  out.Put(uint16_t{Raw(market.phase)});
  out.Put(uint16_t{Raw(market.next)});
  out.Put(market.until_ns);
  out.Put(market.next_batch_ns);
  out.Put(market.reference_price);
  PutRules(market.rules, out);
  for (const BreakerWindow::Slot& slot : market.breaker.slots) {
    if (slot.number != 0) {
      out.Put(slot.number);
      out.Put(slot.low);
      out.Put(slot.high);
    }
  }
  out.Put(int64_t{0});
}

}  // namespace tally::core::internal
