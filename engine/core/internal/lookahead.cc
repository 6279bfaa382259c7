#include "engine/core/internal/lookahead.h"

#include <cstring>

#include "base/branchless.h"

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

// What follows has no branch that depends on what the next command is, as nobody can predict that:
// one of three is a cancel. So each look is at rows that there are, whatever they are of.

ClientOrderKey KeyOf(const Command& command, ClientOrderId id) {
  return {.session = command.session, .client_order_id = id};
}

// The key of the order that a command makes or names.
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

// The id by which a cancel or a replace names an order, or 0. Who uses them uses them always.
OrderId NamedId(const Command& command) {
  return Choose(command.type == CommandType::kNewOrder, OrderId{},
                command.cancel_order.target.order_id);
}

// Whether the command is of one of these types, and what it names by number is there.
bool IsAboutOrder(const State& state, const Command& command) {
  const bool is_about_order =
      ((command.type == CommandType::kNewOrder) | (command.type == CommandType::kCancelOrder) |
       (command.type == CommandType::kReplaceOrder)) != 0;
  return is_about_order && state.instruments.Find(command.instrument) != nullptr &&
         Raw(command.account) <= state.limits.accounts;
}

// What an order there holds; any asset if nobody looked at the command before.
AssetId HoldAsset(const State& state, InstrumentId id, Side side) {
  const risk::Instrument* const instrument = state.instruments.Find(id);
  return instrument == nullptr
             ? AssetId{}
             : Choose(side == Side::kBuy, instrument->quote_asset, instrument->base_asset);
}

// Its places in the tables that commands name by number.
void LookFar(State& state, const Command& command, Look& look) {
  if (!IsAboutOrder(state, command)) [[unlikely]] {
    return;
  }
  const bool is_new = command.type == CommandType::kNewOrder;
  const bool is_replace = command.type == CommandType::kReplaceOrder;
  state.sessions.Prefetch(command.session);
  state.accounts.Prefetch(command.account);
  state.orders.Prefetch(command.account);
  look.account = command.account;
  look.instrument = command.instrument;
  look.home = state.orders.HomeOf(NamedBy(command));
  state.orders.PrefetchHome(look.home);
  if (const OrderId id = NamedId(command); id != OrderId{}) [[unlikely]] {
    state.pool.Prefetch(id);
  }
  const uint32_t new_home =
      state.orders.HomeOf(KeyOf(command, command.replace_order.new_client_order_id));
  state.orders.PrefetchHome(Choose(is_replace, new_home, look.home));
  const OrderBook& book = state.book(look.instrument).book;
  look.price = {Choose(is_new, command.new_order.price.value,
                       Choose(is_replace, command.replace_order.price.value, int64_t{0}))};
  look.side = Choose(is_new, command.new_order.side, book.GuessSide(look.price));
  state.ledger.Prefetch(look.account, HoldAsset(state, look.instrument, look.side));
  book.PrefetchPlace(look.side, look.price);
}

// What those say: the order that is named, or the first that a new one may trade with.
void LookMiddle(State& state, const Command& command, Look& look) {
  const OrderBook& book = state.book(look.instrument).book;
  look.order =
      Choose(command.type == CommandType::kNewOrder,
             book.GuessFirst(Opposite(command.new_order.side)), state.orders.FirstAt(look.home));
  if (const OrderId id = NamedId(command); id != OrderId{}) [[unlikely]] {
    look.order = state.pool.Guess(id);
  }
  state.pool.Prefetch(look.order);
  state.orders.Prefetch(look.order);
  state.orders.PrefetchYoungest(look.account);
  book.PrefetchLevel(look.side, look.price);
}

// What is next to it.
void LookNear(State& state, const Look& look) {
  state.pool.PrefetchNeighbours(look.order);
  state.orders.PrefetchNeighbours(look.order);
  state.ledger.Prefetch(state.orders[look.order].account,
                        HoldAsset(state, look.instrument, state.pool.side(look.order)));
  state.book(look.instrument).book.PrefetchLast(look.side, look.price);
}

// The command itself: another processor wrote it, and what follows reads it.
void PrefetchCommand(std::span<const Command> upcoming) {
  if (upcoming.size() > kFarthest) {
    const auto* const bytes = reinterpret_cast<const std::byte*>(&upcoming[kFarthest]);
    Prefetch(bytes);
    Prefetch(bytes + sizeof(Command) / 2);
  }
}

// With some open orders a look must cost less than the few misses that are left: only what a
// command waits for, one row after the other, to find its order.
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
    look.order = state.orders.FirstAt(look.home);
    state.pool.Prefetch(look.order);
    state.orders.Prefetch(look.order);
  }
  if (upcoming.size() > kNearest) {
    state.pool.PrefetchPlaces(state.looks[next + kNearest].order);
  }
}

// With many, all that commands will touch. Apart, so that the others save no registers for it.
[[gnu::noinline]] void LookForAll(State& state, std::span<const Command> upcoming) {
  const uint64_t next = Raw(state.last_command_sequence) + 1;
  if (upcoming.size() > kFar) {
    LookFar(state, upcoming[kFar], state.looks[next + kFar]);
  }
  if (upcoming.size() > kMiddle) {
    LookMiddle(state, upcoming[kMiddle], state.looks[next + kMiddle]);
  }
  if (upcoming.size() > kNear) {
    LookNear(state, state.looks[next + kNear]);
  }
}

}  // namespace

void LookAhead(State& state, std::span<const Command> upcoming) {
  PrefetchCommand(upcoming);
  const uint32_t open_orders = state.pool.used_count();
  if (open_orders < kOpenOrdersSome) {
    return;
  }
  if (upcoming.size() <= kNearest) [[unlikely]] {
    // At the command itself: maybe nobody did.
    LookFar(state, upcoming[0], state.looks[Raw(state.last_command_sequence) + 1]);
  }
  if (open_orders < kOpenOrdersMany) {
    LookForOrder(state, upcoming);
    return;
  }
  LookForAll(state, upcoming);
}

}  // namespace tally::core::internal
