#include "tools/flow/order_life.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>

namespace tally::flow {
namespace {

// Rows of one match are received within 35 ms of each other in the recording; a market order that
// walks the book takes up to 200 ms for a level.
constexpr int64_t kDecreaseWindowMs = 3'000;
constexpr int64_t kRemainderWindowMs = 250;
// A market buy is sized in money: what it cannot buy for less than this is dropped.
constexpr int64_t kRemainderTickLots = 200'000'000;  // 0.02 USD.

int StageOf(const RecordedRow& row) { return static_cast<int>(row.kind); }

bool Crosses(const RecordedRow& order, PriceTicks price) {
  return order.side == Side::kBuy ? order.price >= price : order.price <= price;
}

class Attributor {
 public:
  Attributor(std::span<const RecordedRow> rows, std::vector<OrderLife>* lives,
             std::vector<Decrease>* decreases)
      : rows_(rows), lives_(*lives), decreases_(*decreases) {}

  FlowTrade Attribute(std::size_t trade_row) {
    const RecordedRow& row = rows_[trade_row];
    FlowTrade trade{row.time_ms, row.id, row.price, row.amount, 0, 0};
    const uint64_t buy = FindOrder(trade_row, Side::kBuy);
    const uint64_t sell = FindOrder(trade_row, Side::kSell);
    if (buy != 0 && sell != 0) {
      trade.maker = std::min(buy, sell);
      trade.taker = std::max(buy, sell);
    }
    return trade;
  }

 private:
  // The order of that side that traded in `trade_row`, 0 if there is none.
  uint64_t FindOrder(std::size_t trade_row, Side side) {
    OrderLife* life = FindDecrease(trade_row, side);
    if (life == nullptr) {
      life = FindRemainder(trade_row, side);
    }
    if (life == nullptr) {
      return 0;
    }
    life->traded += rows_[trade_row].amount;
    return life->id;
  }

  OrderLife* FindDecrease(std::size_t trade_row, Side side) {
    const RecordedRow& trade = rows_[trade_row];
    Decrease* best = nullptr;
    // An exact decrease before one of unknown size, then the nearest in time, then the first.
    const auto rank = [&](const Decrease& d) {
      return std::pair(d.amount.value == 0, std::abs(rows_[d.row].time_ms - trade.time_ms));
    };
    for (Decrease& decrease : decreases_) {
      const RecordedRow& row = rows_[decrease.row];
      const bool fits =
          decrease.amount.value == 0 ? row.price == trade.price : decrease.amount == trade.amount;
      if (!decrease.traded && row.side == side && fits && Crosses(row, trade.price) &&
          std::abs(row.time_ms - trade.time_ms) <= kDecreaseWindowMs &&
          (best == nullptr || rank(decrease) < rank(*best))) {
        best = &decrease;
      }
    }
    if (best == nullptr) {
      return nullptr;
    }
    best->traded = true;
    return &lives_[best->life];
  }

  // A money-sized order that was deleted with slightly more than it traded.
  OrderLife* FindRemainder(std::size_t trade_row, Side side) {
    const RecordedRow& trade = rows_[trade_row];
    OrderLife* best = nullptr;
    int64_t best_ms = kRemainderWindowMs + 1;
    for (OrderLife& life : lives_) {
      const RecordedRow& row = rows_[life.rows.back()];
      const int64_t distance_ms = std::abs(row.time_ms - trade.time_ms);
      const int64_t rest_lots = row.amount.value - trade.amount.value;
      if (life.deleted && life.side == side && Crosses(row, trade.price) && rest_lots >= 0 &&
          rest_lots * trade.price.value <= kRemainderTickLots && distance_ms < best_ms) {
        best = &life;
        best_ms = distance_ms;
      }
    }
    if (best != nullptr) {
      best->money_sized = true;
    }
    return best;
  }

  const std::span<const RecordedRow> rows_;
  std::vector<OrderLife>& lives_;
  std::vector<Decrease>& decreases_;
};

}  // namespace

std::vector<OrderLife> CollectLives(std::span<const RecordedRow> rows) {
  std::map<uint64_t, OrderLife> lives;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].kind == RowKind::kTrade) {
      continue;
    }
    OrderLife& life = lives[rows[i].id];
    life.rows.push_back(i);
    life.created |= rows[i].kind == RowKind::kCreated;
    life.deleted |= rows[i].kind == RowKind::kDeleted;
  }
  std::vector<OrderLife> result;
  result.reserve(lives.size());
  for (auto& [id, life] : lives) {
    life.id = id;
    life.first_row = life.rows.front();
    life.last_row = life.rows.back();
    life.side = rows[life.first_row].side;
    std::stable_sort(life.rows.begin(), life.rows.end(), [&](std::size_t a, std::size_t b) {
      return StageOf(rows[a]) < StageOf(rows[b]);
    });
    result.push_back(std::move(life));
  }
  return result;
}

std::vector<Decrease> CollectDecreases(std::span<const RecordedRow> rows,
                                       std::span<const OrderLife> lives) {
  std::vector<Decrease> decreases;
  for (std::size_t i = 0; i < lives.size(); ++i) {
    std::optional<QuantityLots> before;
    for (const std::size_t row : lives[i].rows) {
      const QuantityLots after = rows[row].amount;
      const bool unknown = !before && rows[row].kind != RowKind::kCreated &&
                           (rows[row].kind == RowKind::kChanged || after.value == 0);
      if (unknown) {
        decreases.push_back({row, i, QuantityLots{0}, false});
      } else if (before && after < *before) {
        decreases.push_back({row, i, *before - after, false});
      }
      before = after;
    }
  }
  return decreases;
}

std::vector<FlowTrade> AttributeTrades(std::span<const RecordedRow> rows,
                                       std::vector<OrderLife>* lives,
                                       std::vector<Decrease>* decreases) {
  std::vector<std::size_t> trade_rows;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].kind == RowKind::kTrade) {
      trade_rows.push_back(i);
    }
  }
  // By trade id: the exchange numbered them in the order in which they happened.
  std::sort(trade_rows.begin(), trade_rows.end(),
            [&](std::size_t a, std::size_t b) { return rows[a].id < rows[b].id; });
  Attributor attributor(rows, lives, decreases);
  std::vector<FlowTrade> trades;
  trades.reserve(trade_rows.size());
  for (const std::size_t row : trade_rows) {
    trades.push_back(attributor.Attribute(row));
  }
  return trades;
}

}  // namespace tally::flow
