#include "engine/core/internal/lookahead.h"

#include "engine/risk/holds.h"

namespace tally::core::internal {
namespace {

// In commands. Memory takes some 100 ns and a command as long, so that one would do; the distances
// leave room for a memory that is busy. Each look uses what the one before it loaded.
constexpr std::size_t kFarthest = 24;
constexpr std::size_t kFar = 12;
constexpr std::size_t kMiddle = 8;
constexpr std::size_t kNear = 4;
constexpr std::size_t kNearest = 2;

// An order, its record, its level and its places in the indexes are some 150 bytes. With fewer open
// orders than the first the rows are in the caches anyway; with fewer than the second most are.
constexpr uint32_t kOpenOrdersSome = 4'096;
constexpr uint32_t kOpenOrdersMany = 16'384;

// The target is the first field of both.
static_assert(offsetof(ReplaceOrderCommand, target) == offsetof(CancelOrderCommand, target));

// What a command will probably do, by what its bytes say: nothing of it is checked.
enum class Kind : uint8_t { kOther, kNew, kCancel, kReplace };

Kind KindOf(const State& state, const Command& command) {
  if (state.instruments.Find(command.instrument) == nullptr ||
      Raw(command.account) > state.limits.accounts) {
    return Kind::kOther;
  }
  if (command.type == CommandType::kNewOrder) {
    return Kind::kNew;
  }
  if (command.type == CommandType::kCancelOrder) {
    return Kind::kCancel;
  }
  return command.type == CommandType::kReplaceOrder ? Kind::kReplace : Kind::kOther;
}

ClientOrderKey KeyOf(const Command& command, ClientOrderId id) {
  return {.session = command.session, .client_order_id = id};
}

// The order that a cancel or a replace names, as far as it is known.
OrderHandle TargetOf(const State& state, const Command& command) {
  const OrderReference& target = command.cancel_order.target;
  return target.order_id == OrderId{} ? state.orders.Guess(KeyOf(command, target.client_order_id))
                                      : state.pool.Find(target.order_id);
}

void PrefetchBalance(const State& state, const Command& command, Side side) {
  const risk::Instrument& instrument = *state.instruments.Find(command.instrument);
  state.ledger.Prefetch(command.account, risk::HoldAsset(instrument, side));
}

// Its places in the tables that commands name by number.
void LookFar(const State& state, const Command& command, Kind kind) {
  state.sessions.Prefetch(command.session);
  state.accounts.Prefetch(command.account);
  if (kind == Kind::kNew) {
    const NewOrderCommand& order = command.new_order;
    state.orders.Prefetch(command.account);
    state.orders.Prefetch(KeyOf(command, order.client_order_id));
    PrefetchBalance(state, command, order.side);
    state.book(command.instrument).book.PrefetchPlace(order.side, order.price);
    return;
  }
  const OrderReference& target = command.cancel_order.target;
  if (target.order_id == OrderId{}) {
    state.orders.Prefetch(KeyOf(command, target.client_order_id));
  } else {
    state.pool.Prefetch(target.order_id);
  }
  if (kind == Kind::kReplace) {
    state.orders.Prefetch(KeyOf(command, command.replace_order.new_client_order_id));
  } else {
    state.orders.Prefetch(command.account);
  }
}

// What those say.
void LookMiddle(const State& state, const Command& command, Kind kind) {
  if (kind == Kind::kNew) {
    const NewOrderCommand& order = command.new_order;
    state.orders.PrefetchYoungest(command.account);
    state.book(command.instrument).book.PrefetchLevel(order.side, order.price);
  } else if (const OrderHandle handle = TargetOf(state, command); handle != kNoOrder) {
    state.pool.Prefetch(handle);
    state.orders.Prefetch(handle);
  }
}

// What is next to it.
void LookNear(const State& state, const Command& command, Kind kind) {
  if (kind == Kind::kNew) {
    const NewOrderCommand& order = command.new_order;
    state.book(command.instrument).book.Prefetch(order.side, order.price);
    return;
  }
  const OrderHandle handle = TargetOf(state, command);
  if (handle == kNoOrder) {
    return;
  }
  const Side side = state.pool.side(handle);
  state.pool.PrefetchNeighbours(handle);
  PrefetchBalance(state, command, side);
  if (kind == Kind::kReplace) {
    state.book(command.instrument).book.PrefetchPlace(side, command.replace_order.price);
  } else {
    state.orders.PrefetchNeighbours(handle);
  }
}

// The price that it leaves, and that to which it goes.
void LookNext(const State& state, const Command& command, Kind kind) {
  if (kind == Kind::kNew) {
    return;
  }
  const OrderHandle handle = TargetOf(state, command);
  if (handle == kNoOrder) {
    return;
  }
  const Side side = state.pool.side(handle);
  const OrderBook& book = state.book(command.instrument).book;
  book.PrefetchPlace(side, state.pool.price(handle));
  if (kind == Kind::kReplace) {
    book.Prefetch(side, command.replace_order.price);
  }
}

using Look = void (*)(const State&, const Command&, Kind);

template <Look kLook>
void LookAt(const State& state, std::span<const Command> upcoming, std::size_t distance) {
  if (upcoming.size() > distance) {
    const Command& command = upcoming[distance];
    if (const Kind kind = KindOf(state, command); kind != Kind::kOther) {
      kLook(state, command, kind);
    }
  }
}

// The command itself: another processor wrote it, and what follows reads it.
void PrefetchCommand(std::span<const Command> upcoming) {
  if (upcoming.size() > kFarthest) {
    const auto* const bytes = reinterpret_cast<const std::byte*>(&upcoming[kFarthest]);
    Prefetch(bytes);
    Prefetch(bytes + sizeof(Command) / 2);
  }
}

// The key of the order that a command makes or names. No branch: one of three commands is a cancel.
ClientOrderKey NamedBy(const Command& command) {
  const bool is_new = command.type == CommandType::kNewOrder;
  const ClientOrderId* const id =
      is_new ? &command.new_order.client_order_id : &command.cancel_order.target.client_order_id;
  return KeyOf(command, *id);
}

// With some open orders a look must cost less than the few misses that are left: only what a
// command waits for, one row after the other, to find its order; whatever it does and without a
// branch.
void LookForOrder(const State& state, std::span<const Command> upcoming) {
  if (upcoming.size() > kMiddle) {
    const Command& command = upcoming[kMiddle];
    state.sessions.Prefetch(command.session);
    state.orders.Prefetch(NamedBy(command));
  }
  if (upcoming.size() > kNear) {
    const OrderHandle handle = state.orders.FirstGuess(NamedBy(upcoming[kNear]));
    state.pool.Prefetch(handle);
    state.orders.Prefetch(handle);
  }
  if (upcoming.size() > kNearest) {
    state.pool.PrefetchPlaces(state.orders.FirstGuess(NamedBy(upcoming[kNearest])));
  }
}

}  // namespace

void LookAhead(const State& state, std::span<const Command> upcoming) {
  PrefetchCommand(upcoming);
  const uint32_t open_orders = state.pool.used_count();
  if (open_orders < kOpenOrdersSome) {
    return;
  }
  if (open_orders < kOpenOrdersMany) {
    LookForOrder(state, upcoming);
    return;
  }
  LookAt<LookFar>(state, upcoming, kFar);
  LookAt<LookMiddle>(state, upcoming, kMiddle);
  LookAt<LookNear>(state, upcoming, kNear);
  LookAt<LookNext>(state, upcoming, kNearest);
}

}  // namespace tally::core::internal
