#include "tools/flow/flow.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "absl/strings/str_cat.h"

#include "tools/flow/order_life.h"

namespace tally::flow {
namespace {

// One order of ours, with the row at which each step happens.
struct Plan {
  const OrderLife* life = nullptr;
  PriceTicks limit;
  QuantityLots quantity;
  bool market = false;
  struct Change {
    std::size_t row = 0;
    QuantityLots total;
  };
  std::vector<Change> changes{};
  bool cancel = false;
};

// SplitMix64: spreads consecutive order ids over the accounts.
uint64_t Mix(uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

class Builder {
 public:
  Builder(std::span<const RecordedRow> rows, const FlowOptions& options)
      : rows_(rows), options_(options), lives_(CollectLives(rows)) {}

  absl::StatusOr<Flow> Build() {
    decreases_ = CollectDecreases(rows_, lives_);
    flow_.trades = AttributeTrades(rows_, &lives_, &decreases_);
    for (const FlowTrade& trade : flow_.trades) {
      flow_.trades_unattributed += trade.maker == 0 ? 1 : 0;
    }
    for (std::size_t i = 0; i < lives_.size(); ++i) {
      plans_.push_back(MakePlan(i));
    }
    AssignAccounts();
    EmitSteps();
    FundAccounts();
    return std::move(flow_);
  }

 private:
  Plan MakePlan(std::size_t index) {
    const OrderLife& life = lives_[index];
    const RecordedRow& first = rows_[life.rows.front()];
    const RecordedRow& last = rows_[life.rows.back()];
    Plan plan{.life = &life, .limit = first.price, .quantity = first.amount};
    if (!life.created) {
      plan.quantity = last.amount + life.traded;
    }
    PriceTicks price = first.price;
    for (std::size_t i = 1; i < life.rows.size(); ++i) {
      const RecordedRow& row = rows_[life.rows[i]];
      if (row.price != price) {
        plan.market = true;
        price = row.price;
        plan.limit =
            life.side == Side::kBuy ? std::max(plan.limit, price) : std::min(plan.limit, price);
      }
    }
    plan.market |= life.money_sized;
    AddChanges(index, &plan);
    const QuantityLots total = plan.changes.empty() ? plan.quantity : plan.changes.back().total;
    if (life.money_sized) {
      plan.quantity = life.traded;
      plan.changes.clear();
    } else {
      plan.cancel = life.deleted && life.traded < total;
    }
    return plan;
  }

  // Decreases without a trade: the size of a market order that was taken anew at another price is
  // known when it is sent; anything else is a replace.
  void AddChanges(std::size_t index, Plan* plan) {
    QuantityLots total = plan->quantity;
    for (auto decrease =
             std::lower_bound(decreases_.begin(), decreases_.end(), index,
                              [](const Decrease&d, std::size_t life) { return d.life < life; });
         decrease != decreases_.end() && decrease->life == index; ++decrease) {
      const bool deletion = rows_[decrease->row].kind == RowKind::kDeleted;
      if (decrease->traded || deletion || decrease->amount.value == 0) {
        continue;
      }
      total -= decrease->amount;
      if (plan->market) {
        plan->quantity = total;
      } else if (total.value > 0) {
        plan->changes.push_back({decrease->row, total});
      }
    }
  }

  AccountId AccountAt(uint64_t offset) const {
    return AccountId{Raw(options_.first_account) +
                     static_cast<uint32_t>(offset % options_.account_count)};
  }

  // By the hash of the order id; a taker moves on until it differs from every maker it met.
  void AssignAccounts() {
    std::map<uint64_t, uint64_t> offsets;
    for (const OrderLife& life : lives_) {
      offsets[life.id] = Mix(life.id) % options_.account_count;
    }
    std::map<uint64_t, std::vector<uint64_t>> partners;
    for (const FlowTrade& trade : flow_.trades) {
      if (trade.maker != 0) {
        partners[trade.taker].push_back(trade.maker);
        partners[trade.maker].push_back(trade.taker);
      }
    }
    for (const auto& [order, others] : partners) {  // Ascending: makers settle before takers.
      const auto clashes = [&, &others = others](uint64_t offset) {
        return std::any_of(others.begin(), others.end(),
                           [&](uint64_t other) { return offsets[other] == offset; });
      };
      uint64_t& offset = offsets[order];
      for (uint32_t tries = 0; tries < options_.account_count && clashes(offset); ++tries) {
        offset = (offset + 1) % options_.account_count;
      }
    }
    for (const auto& [order, offset] : offsets) {
      accounts_[order] = AccountAt(offset);
    }
  }

  void EmitSteps() {
    struct Placed {
      int64_t row;  // -1: before the first.
      FlowStep step;
    };
    std::vector<Placed> placed;
    const int64_t first_ms = rows_.empty() ? 0 : rows_.front().time_ms;
    for (const Plan& plan : plans_) {
      const OrderLife& life = *plan.life;
      if (plan.quantity.value == 0) {
        continue;  // Seen only when it was gone, and no trade tells how much it was.
      }
      FlowStep step{.time_ms = life.created ? rows_[life.first_row].time_ms : first_ms,
                    .action = FlowAction::kNew,
                    .seed = !life.created,
                    .order = life.id,
                    .account = accounts_[life.id],
                    .side = life.side,
                    .price = plan.limit,
                    .quantity = plan.quantity};
      placed.push_back({life.created ? static_cast<int64_t>(life.first_row) : -1, step});
      step.seed = false;
      step.action = FlowAction::kReplace;
      for (const Plan::Change& change : plan.changes) {
        step.time_ms = rows_[change.row].time_ms;
        step.quantity = change.total;
        placed.push_back({static_cast<int64_t>(change.row), step});
      }
      if (plan.cancel) {
        step.action = FlowAction::kCancel;
        step.time_ms = rows_[life.last_row].time_ms;
        step.quantity = QuantityLots{0};
        placed.push_back({static_cast<int64_t>(life.last_row), step});
      }
      ++flow_.orders;
      flow_.seed_orders += life.created ? 0 : 1;
      flow_.market_orders += plan.market ? 1 : 0;
    }
    // Stable: the seed stays in the order of ids, an order's steps in theirs.
    std::stable_sort(placed.begin(), placed.end(),
                     [](const Placed& a, const Placed& b) { return a.row < b.row; });
    for (const Placed& each : placed) {
      flow_.steps.push_back(each.step);
    }
  }

  __int128 Need(const FlowStep& step, QuantityLots lots) const {
    if (step.side == Side::kSell) {
      return __int128{lots.value} * options_.lot_quanta.value;
    }
    const __int128 notional = __int128{lots.value} * step.price.value * options_.tick_quanta.value;
    return notional + notional * options_.fee_hundredths_bp_max / 1'000'000 + 1;
  }

  // Deposits cover the holds of the orders open at a time plus everything spent before; proceeds
  // are not counted on, so funds suffice even where our book trades in another order.
  void FundAccounts() {
    struct Purse {
      std::array<__int128, 2> used{};  // Base, quote.
      std::array<__int128, 2> peak{};
    };
    std::map<AccountId, Purse> purses;
    std::map<uint64_t, FlowStep> open;
    std::map<uint64_t, QuantityLots> traded;
    for (const OrderLife& life : lives_) {
      traded[life.id] = life.traded;
    }
    for (const FlowStep& step : flow_.steps) {
      Purse& purse = purses[step.account];
      const std::size_t asset = step.side == Side::kSell ? 0 : 1;
      if (step.action == FlowAction::kNew) {
        open[step.order] = step;
        purse.used[asset] += Need(step, step.quantity);
      } else if (step.action == FlowAction::kCancel) {
        const FlowStep& order = open[step.order];
        const QuantityLots rest = order.quantity - traded[step.order];
        purse.used[asset] -= rest.value > 0 ? Need(order, rest) : 0;
      }
      purse.peak[asset] = std::max(purse.peak[asset], purse.used[asset]);
    }
    for (const auto& [account, purse] : purses) {
      flow_.deposits.push_back({account, RoundUp(purse.peak[0]), RoundUp(purse.peak[1])});
    }
  }

  // To a whole 0.01 BTC or 0.0001 USD, so that deposits look like deposits.
  static Quanta RoundUp(__int128 quanta) {
    constexpr int64_t kUnit = 1'000'000;
    return Quanta{static_cast<int64_t>((quanta + kUnit - 1) / kUnit * kUnit)};
  }

  const std::span<const RecordedRow> rows_;
  const FlowOptions options_;
  std::vector<OrderLife> lives_;
  std::vector<Decrease> decreases_;
  std::vector<Plan> plans_;
  std::map<uint64_t, AccountId> accounts_;
  Flow flow_;
};

absl::Status Check(std::span<const RecordedRow> rows, const FlowOptions& options) {
  if (options.account_count < 2 || options.tick_quanta.value < 1 || options.lot_quanta.value < 1 ||
      options.fee_hundredths_bp_max < 0 || options.fee_hundredths_bp_max > 1'000'000) {
    return absl::InvalidArgumentError(
        "flow options: at least 2 accounts, 1 tick quantum, 1 lot quantum, fee 0 to 100 %");
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const RecordedRow& row = rows[i];
    const bool must_be_positive = row.kind == RowKind::kCreated || row.kind == RowKind::kTrade;
    if (row.price.value <= 0 || (must_be_positive && row.amount.value <= 0)) {
      return absl::InvalidArgumentError(
          absl::StrCat("row ", i + 1, ": price and amount must be positive"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Flow> BuildFlow(std::span<const RecordedRow> rows, const FlowOptions& options) {
  if (absl::Status status = Check(rows, options); !status.ok()) {
    return status;
  }
  return Builder(rows, options).Build();
}

TradeComparison CompareTrades(std::span<const FlowTrade> ours,
                              std::span<const FlowTrade> recorded) {
  TradeComparison result{.recorded = recorded.size(), .ours = ours.size()};
  std::map<std::pair<PriceTicks, QuantityLots>, std::size_t> by_price;
  std::map<std::tuple<PriceTicks, QuantityLots, uint64_t, uint64_t>, std::size_t> by_orders;
  for (const FlowTrade& trade : recorded) {
    ++by_price[{trade.price, trade.quantity}];
    ++by_orders[{trade.price, trade.quantity, trade.maker, trade.taker}];
    result.recorded_lots += trade.quantity;
  }
  for (const FlowTrade& trade : ours) {
    result.our_lots += trade.quantity;
    if (auto it = by_price.find({trade.price, trade.quantity});
        it != by_price.end() && it->second > 0) {
      --it->second;
      ++result.matched;
    }
    if (auto it = by_orders.find({trade.price, trade.quantity, trade.maker, trade.taker});
        it != by_orders.end() && it->second > 0) {
      --it->second;
      ++result.matched_orders;
    }
  }
  return result;
}

}  // namespace tally::flow
