#include "engine/core/internal/lookahead.h"

#include "engine/risk/holds.h"

namespace tally::core::internal {
namespace {

// In commands. Memory takes some 100 ns and a command as long, so that one would do; the distances
// leave room for a memory that is busy.
constexpr std::size_t kFar = 12;
constexpr std::size_t kMiddle = 8;
constexpr std::size_t kNear = 4;

// With fewer open orders than this the rows are in the second-level cache anyway (an order, its
// record, its level and its places in the indexes are some 150 bytes).
constexpr uint32_t kOpenOrdersMin = 16'384;

bool NamesOrder(CommandType type) {
  return type == CommandType::kCancelOrder || type == CommandType::kReplaceOrder;
}

// The target is the first field of both.
static_assert(offsetof(ReplaceOrderCommand, target) == offsetof(CancelOrderCommand, target));

OrderHandle Find(const State& state, const Command& command) {
  const OrderReference& target = command.cancel_order.target;
  return target.order_id == OrderId{} ? state.orders.Find(command.session, target.client_order_id)
                                      : state.pool.Find(target.order_id);
}

void LookFar(const State& state, const Command& command) {
  state.sessions.Prefetch(command.session);
  if (command.type == CommandType::kNewOrder) {
    state.orders.Prefetch(command.account, {.session = command.session,
                                            .client_order_id = command.new_order.client_order_id});
    if (const risk::Instrument* instrument = state.instruments.Find(command.instrument);
        instrument != nullptr && Raw(command.account) <= state.limits.accounts) {
      state.ledger.Prefetch(command.account, risk::HoldAsset(*instrument, command.new_order.side));
    }
  } else if (NamesOrder(command.type)) {
    const OrderReference& target = command.cancel_order.target;
    if (target.order_id == OrderId{}) {
      state.orders.Prefetch(
          command.account, {.session = command.session, .client_order_id = target.client_order_id});
    } else {
      state.pool.Prefetch(target.order_id);
    }
  }
}

void LookMiddle(const State& state, const Command& command) {
  if (NamesOrder(command.type)) {
    if (const OrderHandle handle = Find(state, command); handle != kNoOrder) {
      state.pool.Prefetch(handle);
      state.orders.Prefetch(handle);
    }
  }
}

void LookNear(const State& state, const Command& command) {
  if (command.type == CommandType::kNewOrder) {
    if (state.instruments.Find(command.instrument) != nullptr) {
      state.book(command.instrument).book.Prefetch(command.new_order.side, command.new_order.price);
    }
  } else if (NamesOrder(command.type)) {
    if (const OrderHandle handle = Find(state, command); handle != kNoOrder) {
      state.orders.PrefetchNeighbours(handle);
      state.pool.PrefetchNeighbours(handle);
    }
  }
}

}  // namespace

void LookAhead(const State& state, std::span<const Command> upcoming) {
  if (state.pool.used_count() < kOpenOrdersMin) {
    return;
  }
  if (upcoming.size() > kFar) {
    LookFar(state, upcoming[kFar]);
  }
  if (upcoming.size() > kMiddle) {
    LookMiddle(state, upcoming[kMiddle]);
  }
  if (upcoming.size() > kNear) {
    LookNear(state, upcoming[kNear]);
  }
}

}  // namespace tally::core::internal
