#include "engine/core/internal/market.h"

#include "engine/core/internal/state_writer.h"

namespace tally::core::internal {
namespace {

constexpr int kScheduled = 256;

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
  out.Put(rules.flags | uint32_t{rules.auction_extensions_max} << 8 |
          uint32_t{rules.auction_band_bp} << 16);
}

}  // namespace

void PutMarket(const Market& market, StateWriter& out) {
  out.Put(static_cast<uint16_t>(Raw(market.phase) | market.extensions << 8));
  // Bytes above those of old journals are zero there.
  out.Put(static_cast<uint16_t>(Raw(market.next) | (market.scheduled_ns == 0 ? 0 : kScheduled)));
  out.Put(market.until_ns);
  out.Put(market.next_batch_ns);
  out.Put(market.reference_price);
  if (market.scheduled_ns != 0) {
    out.Put(market.scheduled_ns);
  }
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
