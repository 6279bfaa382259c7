#include "sdk/orders.h"

namespace tally::sdk {
namespace {

NewOrderRequest Order(const OrderBasics& basics, OrderType type, PriceTicks price) {
  return {.instrument = basics.instrument,
          .side = basics.side,
          .price = price,
          .quantity = basics.quantity,
          .type = type};
}

}  // namespace

NewOrderRequest LimitOrder(const OrderBasics& basics, PriceTicks limit) {
  return Order(basics, OrderType::kLimit, limit);
}

NewOrderRequest MarketOrder(const OrderBasics& basics, PriceTicks worst) {
  NewOrderRequest order = Order(basics, OrderType::kMarket, worst);
  order.time_in_force = TimeInForce::kIoc;
  return order;
}

NewOrderRequest MarketOrderWithin(const OrderBasics& basics, uint32_t slippage_ticks) {
  NewOrderRequest order = MarketOrder(basics, {});
  order.slippage_ticks = slippage_ticks;
  return order;
}

NewOrderRequest StopOrder(const OrderBasics& basics, const StopTerms& stop, PriceTicks worst) {
  NewOrderRequest order = Order(basics, OrderType::kStop, worst);
  order.stop_price = stop.stop_price;
  order.trigger = stop.trigger;
  return order;
}

NewOrderRequest StopLimitOrder(const OrderBasics& basics, const StopTerms& stop, PriceTicks limit) {
  NewOrderRequest order = StopOrder(basics, stop, limit);
  order.type = OrderType::kStopLimit;
  return order;
}

NewOrderRequest TrailingStopOrder(const OrderBasics& basics, const TrailTerms& trail,
                                  PriceTicks worst) {
  NewOrderRequest order = Order(basics, OrderType::kTrailingStop, worst);
  order.offset = trail.distance;
  order.trail_unit = trail.unit;
  order.trigger = trail.trigger;
  return order;
}

NewOrderRequest IcebergOrder(const OrderBasics& basics, PriceTicks limit, QuantityLots display) {
  NewOrderRequest order = LimitOrder(basics, limit);
  order.display_quantity = display;
  return order;
}

NewOrderRequest PeggedOrder(const OrderBasics& basics, const PegTerms& peg, PriceTicks limit) {
  NewOrderRequest order = Order(basics, OrderType::kPegged, limit);
  order.peg = peg.reference;
  order.offset = peg.offset_ticks;
  return order;
}

NewOrderRequest Until(NewOrderRequest order, int64_t expire_time_ns) {
  order.time_in_force = TimeInForce::kGtd;
  order.expire_time_ns = expire_time_ns;
  return order;
}

std::vector<QuoteRequest> MakeLadder(const LadderTerms& terms) {
  std::vector<QuoteRequest> ladder;
  for (uint16_t level = 0; level < terms.levels; ++level) {
    ladder.push_back({.instrument = terms.instrument,
                      .entry = level,
                      .maker_group = terms.maker_group,
                      .bid_price = {terms.bid.value - level * terms.step.value},
                      .bid_quantity = terms.quantity,
                      .ask_price = {terms.ask.value + level * terms.step.value},
                      .ask_quantity = terms.quantity});
  }
  return ladder;
}

}  // namespace tally::sdk
