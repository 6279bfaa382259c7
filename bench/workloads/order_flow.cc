#include "bench/workloads/order_flow.h"

#include <algorithm>
#include <deque>
#include <random>

#include "base/assert.h"
#include "bench/workloads/null_listener.h"

namespace tally {
namespace {

// Runs the flow through real books while it makes it, to know which orders are open.
class FlowMaker {
 public:
  explicit FlowMaker(const OrderFlowOptions& options)
      : options_(options),
        random_(options.seed),
        pool_({.capacity = 2 * options.resting_orders + 1'000}) {
    for (uint32_t i = 0; i < options.instruments; ++i) {
      books_.emplace_back(&pool_);
      mids_.push_back(kFirstPrice + 997 * i);
    }
  }

  OrderFlow Make() {
    OrderFlow flow{.warm_up = {},
                   .commands = {},
                   .instruments = options_.instruments,
                   .open_orders_max = pool_.capacity()};
    while (pool_.used_count() < options_.resting_orders) {
      flow.warm_up.push_back(NewOrder(Below(options_.instruments), false, TimeInForce::kGtc));
    }
    flow.commands.reserve(options_.commands);
    while (flow.commands.size() < options_.commands) {
      flow.commands.push_back(Next());
    }
    return flow;
  }

 private:
  struct Open {
    OrderId id;
    uint32_t instrument;
    QuantityLots total;
  };

  static constexpr int64_t kFirstPrice = 100'000;
  static constexpr int64_t kDriftMax = 2'000;  // Ticks the mid may move from where it started.

  uint32_t Below(uint64_t limit) { return static_cast<uint32_t>(random_() % limit); }

  FlowCommand Next() {
    const uint32_t instrument = Below(options_.instruments);
    const uint32_t dice = Below(100);
    if (dice < options_.mix.cancel) {
      return Cancel();
    }
    if (dice < options_.mix.cancel + options_.mix.move) {
      return Move();
    }
    if (dice < options_.mix.cancel + options_.mix.move + options_.mix.ioc) {
      return NewOrder(instrument, true, TimeInForce::kIoc);
    }
    // Each order that crosses takes about one resting order away. The share of them steers the
    // number of resting orders, which stays within 1 % of what was asked for.
    const bool crowded = pool_.used_count() > options_.resting_orders;
    return NewOrder(instrument, Below(100) < (crowded ? 60U : 5U), TimeInForce::kGtc);
  }

  // Near the mid of the instrument, on the own side of it or across.
  PriceTicks RandomPrice(uint32_t instrument, Side side, bool crosses) {
    int64_t& mid = mids_[instrument];
    if (Below(16) == 0) {
      const int64_t home = kFirstPrice + 997 * instrument;
      mid = std::clamp(mid + (Below(2) == 0 ? 1 : -1), home - kDriftMax, home + kDriftMax);
    }
    // A product of two uniform numbers: most orders near the mid, some up to 496 ticks away.
    int64_t distance = 1 + Below(64) * Below(64) / 8;
    if (crosses) {
      distance = -(1 + distance / 16);
    }
    return {mid + (side == Side::kBuy ? -distance : distance)};
  }

  FlowCommand NewOrder(uint32_t instrument, bool crosses, TimeInForce time_in_force) {
    const Side side = Below(2) == 0 ? Side::kBuy : Side::kSell;
    FlowCommand command{.kind = FlowKind::kSubmit,
                        .instrument = instrument,
                        .order = {.id = OrderId{++last_id_},
                                  .owner = OrderOwner{1 + Below(options_.owners)},
                                  .price = RandomPrice(instrument, side, crosses),
                                  .quantity = {1 + Below(100)},
                                  .side = side,
                                  .time_in_force = time_in_force}};
    NullListener listener;
    const BookResult result = books_[instrument].Submit(command.order, listener);
    CHECK(result.outcome != BookOutcome::kRejected);  // A rejected command would cost nothing.
    if (result.outcome == BookOutcome::kResting) {
      open_.push_back({command.order.id, instrument, command.order.quantity});
    }
    return command;
  }

  // A uniformly chosen open order, the least friendly choice for the caches; it leaves open_.
  Open TakeOpen() {
    while (true) {
      CHECK(!open_.empty());
      const std::size_t at = Below(open_.size());
      const Open chosen = open_[at];
      open_[at] = open_.back();
      open_.pop_back();
      if (pool_.Find(chosen.id) != kNoOrder) {
        return chosen;
      }
    }
  }

  FlowCommand Cancel() {
    const Open chosen = TakeOpen();
    books_[chosen.instrument].Cancel(pool_.Find(chosen.id));
    return {
        .kind = FlowKind::kCancel,
        .instrument = chosen.instrument,
        .order = {.id = chosen.id, .owner = {}, .price = {}, .quantity = {}, .side = Side::kBuy}};
  }

  FlowCommand Move() {
    const Open chosen = TakeOpen();
    const OrderHandle handle = pool_.Find(chosen.id);
    const Side side = pool_.side(handle);
    FlowCommand command{.kind = FlowKind::kReplace,
                        .instrument = chosen.instrument,
                        .order = {.id = chosen.id,
                                  .owner = pool_.owner(handle),
                                  .price = RandomPrice(chosen.instrument, side, Below(100) < 2),
                                  .quantity = pool_.leaves(handle),
                                  .side = side},
                        .total = chosen.total};
    NullListener listener;
    const BookResult result = books_[chosen.instrument].Replace(handle, command.order.price,
                                                                command.order.quantity, listener);
    CHECK(result.outcome != BookOutcome::kRejected);
    if (result.outcome == BookOutcome::kResting) {
      open_.push_back(chosen);
    }
    return command;
  }

  OrderFlowOptions options_;
  std::mt19937_64 random_;
  OrderPool pool_;
  std::deque<OrderBook> books_;
  std::vector<int64_t> mids_;
  std::vector<Open> open_;  // Orders that rested; some of them have traded meanwhile.
  uint64_t last_id_ = 0;
};

}  // namespace

OrderFlow MakeOrderFlow(const OrderFlowOptions& options) { return FlowMaker(options).Make(); }

}  // namespace tally
