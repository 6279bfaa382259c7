#include "engine/core/internal/lookahead.h"

#include <cstring>

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

static_assert(kFar < Looks::kPlaces);

// The target is the first field of both.
static_assert(offsetof(ReplaceOrderCommand, target) == offsetof(CancelOrderCommand, target));

LookKind KindOf(const State& state, const Command& command) {
  if (state.instruments.Find(command.instrument) == nullptr ||
      Raw(command.account) > state.limits.accounts) {
    return LookKind::kOther;
  }
  if (command.type == CommandType::kNewOrder) {
    return LookKind::kNew;
  }
  if (command.type == CommandType::kCancelOrder) {
    return LookKind::kCancel;
  }
  return command.type == CommandType::kReplaceOrder ? LookKind::kReplace : LookKind::kOther;
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

void PrefetchBalance(const State& state, const Look& look) {
  const risk::Instrument& instrument = *state.instruments.Find(look.instrument);
  state.ledger.Prefetch(look.account, risk::HoldAsset(instrument, look.side));
}

// Its places in the tables that commands name by number.
void LookFar(const State& state, const Command& command, Look& look) {
  state.sessions.Prefetch(command.session);
  state.accounts.Prefetch(command.account);
  if (look.kind == LookKind::kNew) {
    const NewOrderCommand& order = command.new_order;
    look.side = order.side;
    look.price = order.price;
    state.orders.Prefetch(command.account);
    state.orders.Prefetch(KeyOf(command, order.client_order_id));
    PrefetchBalance(state, look);
    state.book(look.instrument).book.PrefetchPlace(order.side, order.price);
    return;
  }
  const OrderReference& target = command.cancel_order.target;
  if (target.order_id == OrderId{}) {
    state.orders.Prefetch(KeyOf(command, target.client_order_id));
  } else {
    state.pool.Prefetch(target.order_id);
  }
  if (look.kind == LookKind::kReplace) {
    look.price = command.replace_order.price;
    state.orders.Prefetch(KeyOf(command, command.replace_order.new_client_order_id));
  } else {
    state.orders.Prefetch(command.account);
  }
}

// What those say.
void LookMiddle(const State& state, const Command& command, Look& look) {
  if (look.kind == LookKind::kNew) {
    state.orders.PrefetchYoungest(look.account);
    state.book(look.instrument).book.PrefetchLevel(look.side, look.price);
    return;
  }
  look.order = TargetOf(state, command);
  if (look.order != kNoOrder) {
    state.pool.Prefetch(look.order);
    state.orders.Prefetch(look.order);
  }
}

// What is next to it.
void LookNear(const State& state, const Command&, Look& look) {
  if (look.kind == LookKind::kNew) {
    state.book(look.instrument).book.Prefetch(look.side, look.price);
    return;
  }
  if (look.order == kNoOrder) {
    return;
  }
  look.side = state.pool.side(look.order);
  state.pool.PrefetchNeighbours(look.order);
  PrefetchBalance(state, look);
  if (look.kind == LookKind::kReplace) {
    state.book(look.instrument).book.PrefetchPlace(look.side, look.price);
  } else {
    state.orders.PrefetchNeighbours(look.order);
  }
}

// The price that it leaves, and that to which it goes.
void LookNext(const State& state, const Command&, Look& look) {
  if (look.kind == LookKind::kNew || look.order == kNoOrder) {
    return;
  }
  const OrderBook& book = state.book(look.instrument).book;
  book.PrefetchPlace(look.side, state.pool.price(look.order));
  if (look.kind == LookKind::kReplace) {
    book.Prefetch(look.side, look.price);
  }
}

using LookFunction = void (*)(const State&, const Command&, Look&);

// The first look at a command says what the others are about.
template <LookFunction kLook>
void LookAt(State& state, std::span<const Command> upcoming, std::size_t distance) {
  if (upcoming.size() <= distance) {
    return;
  }
  const Command& command = upcoming[distance];
  const uint64_t sequence = Raw(state.last_command_sequence) + 1 + distance;
  Look& look = state.looks[sequence];
  if constexpr (kLook == LookFar) {
    look.of = CommandSequence{sequence};
    look.kind = KindOf(state, command);
    look.account = command.account;
    look.instrument = command.instrument;
    look.order = kNoOrder;
  } else if (Raw(look.of) != sequence) {
    return;
  }
  if (look.kind != LookKind::kOther) {
    kLook(state, command, look);
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
  constexpr std::size_t kOfTarget = offsetof(OrderReference, client_order_id);
  static_assert(offsetof(NewOrderCommand, client_order_id) == 0);
  static_assert(offsetof(CancelOrderCommand, target) == 0);
  const auto names = static_cast<std::size_t>(command.type != CommandType::kNewOrder);
  ClientOrderId id;
  std::memcpy(&id, reinterpret_cast<const std::byte*>(&command.new_order) + names * kOfTarget,
              sizeof(id));
  return KeyOf(command, id);
}

// With some open orders a look must cost less than the few misses that are left: only what a
// command waits for, one row after the other, to find its order; whatever it does and without a
// branch. What is found of a command that nobody looked at is of one before it, and no harm.
void LookForOrder(State& state, std::span<const Command> upcoming) {
  const uint64_t next = Raw(state.last_command_sequence) + 1;
  if (upcoming.size() > kMiddle) {
    const Command& command = upcoming[kMiddle];
    state.sessions.Prefetch(command.session);
    uint32_t& home = state.looks[next + kMiddle].home;
    home = state.orders.HomeOf(NamedBy(command));
    state.orders.PrefetchHome(home);
  }
  if (upcoming.size() > kNear) {
    Look& look = state.looks[next + kNear];
    look.first = state.orders.FirstAt(look.home);
    state.pool.Prefetch(look.first);
    state.orders.Prefetch(look.first);
  }
  if (upcoming.size() > kNearest) {
    state.pool.PrefetchPlaces(state.looks[next + kNearest].first);
  }
}

// With many, all that commands will touch. Apart, so that the others save no registers for it.
[[gnu::noinline]] void LookForAll(State& state, std::span<const Command> upcoming) {
  LookAt<LookFar>(state, upcoming, kFar);
  LookAt<LookMiddle>(state, upcoming, kMiddle);
  LookAt<LookNear>(state, upcoming, kNear);
  LookAt<LookNext>(state, upcoming, kNearest);
}

}  // namespace

void LookAhead(State& state, std::span<const Command> upcoming) {
  PrefetchCommand(upcoming);
  const uint32_t open_orders = state.pool.used_count();
  if (open_orders < kOpenOrdersSome) {
    return;
  }
  if (upcoming.size() <= kNearest) [[unlikely]] {
    LookAt<LookFar>(state, upcoming, 0);  // At the command itself: maybe nobody did.
  }
  if (open_orders < kOpenOrdersMany) {
    LookForOrder(state, upcoming);
    return;
  }
  LookForAll(state, upcoming);
}

}  // namespace tally::core::internal
