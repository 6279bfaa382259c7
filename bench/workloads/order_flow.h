#pragma once

// Streams of order commands for benchmarks, made once from a fixed seed.

#include <cstdint>
#include <vector>

#include "base/types.h"
#include "engine/book/order_book.h"

namespace tally {

enum class FlowKind : uint8_t { kSubmit = 1, kCancel = 2, kReplace = 3 };

// One command. A cancel or a replace names an order by id; it may have traded meanwhile.
struct FlowCommand {
  FlowKind kind;
  uint32_t instrument;  // From 0.
  // Of kCancel only the id counts; of kReplace the id, the new price and the new leaves.
  IncomingOrder order;
  QuantityLots total{};  // Of kReplace: the new leaves and what is executed.
};

// In percent; the rest are limit orders that may rest.
struct FlowMix {
  uint32_t ioc;
  uint32_t cancel;
  uint32_t move;  // A new price on the same side, the same quantity.
};

// A bot market: most commands add and take away.
inline constexpr FlowMix kCancelHeavyMix = {.ioc = 5, .cancel = 32, .move = 0};
// The mix that exchange-core's own tests run (its README: 9 % GTC, 3 % IOC, 6 % cancel, 82 % move),
// with three of the moves made limit orders, so that the number of open orders stays.
inline constexpr FlowMix kMoveHeavyMix = {.ioc = 3, .cancel = 6, .move = 79};

struct OrderFlowOptions {
  FlowMix mix = kCancelHeavyMix;
  uint32_t instruments = 1;
  uint32_t resting_orders = 10'000;  // In all books together, reached before the flow starts.
  uint32_t commands = 1'000'000;
  uint32_t owners = 1'000;
  uint64_t seed = 1;
};

struct OrderFlow {
  std::vector<FlowCommand> warm_up;  // Builds the resting orders.
  std::vector<FlowCommand> commands;
  uint32_t instruments;
  uint32_t open_orders_max;  // A pool of this capacity never rejects the flow.
};

// Commands in the given mix around a price that walks at random; prices lie within some hundred
// ticks of it, most of them close, and enough of them cross that the number of resting orders stays
// about where it started. Cancels and moves name open orders.
OrderFlow MakeOrderFlow(const OrderFlowOptions& options);

}  // namespace tally
