#include "tools/demo_venue/market.h"

#include "tools/demo_venue/settings.h"

namespace tally::demo {
namespace {

void SampleSide(const std::map<int64_t, int64_t>& levels, const DepthMap& depth,
                std::vector<double>* column) {
  column->assign(depth.rows, 0);
  for (auto level = levels.lower_bound(depth.price_low); level != levels.end(); ++level) {
    const auto row = static_cast<std::size_t>((level->first - depth.price_low) / depth.price_step);
    if (row >= depth.rows) {
      return;
    }
    (*column)[row] += static_cast<double>(level->second) * kBtcPerLot;
  }
}

}  // namespace

void Market::Send(const flow::FlowStep& step) {
  Add(step.order, {step.side, step.price, step.quantity});
}

void Market::Accept(uint64_t recorded, OrderId order) {
  order_of_[recorded] = order;
  recorded_of_[Raw(order)] = recorded;
}

void Market::OnReport(const sdk::Report& report) {
  const auto known = recorded_of_.find(Raw(report.order_id));
  if (known == recorded_of_.end()) {
    return;
  }
  const uint64_t recorded = known->second;
  if (report.type == sdk::ReportType::kFill) {
    AddTrade(recorded, report);
  }
  const auto resting = resting_.find(recorded);
  const bool changes = report.type == sdk::ReportType::kFill ||
                       report.type == sdk::ReportType::kCanceled ||
                       report.type == sdk::ReportType::kReplaced;
  if (resting == resting_.end() || !changes) {
    return;
  }
  Resting order = resting->second;
  order.leaves = report.leaves;
  order.price = report.type == sdk::ReportType::kReplaced ? report.price : order.price;
  Remove(recorded);
  if (order.leaves.value > 0) {
    Add(recorded, order);
  }
}

bool Market::MightTrade(Side side, PriceTicks price) const {
  if (side == Side::kBuy) {
    return !asks_.empty() && asks_.begin()->first <= price.value;
  }
  return !bids_.empty() && bids_.rbegin()->first >= price.value;
}

std::optional<OrderId> Market::FindOrder(uint64_t recorded) const {
  const auto found = order_of_.find(recorded);
  return found == order_of_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<PriceTicks> Market::best_bid() const {
  return bids_.empty() ? std::nullopt : std::optional(PriceTicks{bids_.rbegin()->first});
}

std::optional<PriceTicks> Market::best_ask() const {
  return asks_.empty() ? std::nullopt : std::optional(PriceTicks{asks_.begin()->first});
}

void Market::SampleDepth(DepthMap* depth) const {
  depth->times_ms.push_back(time_ms_);
  SampleSide(bids_, *depth, &depth->bids.emplace_back());
  SampleSide(asks_, *depth, &depth->asks.emplace_back());
}

std::vector<flow::FlowTrade> Market::Trades() const {
  std::vector<flow::FlowTrade> trades;
  for (const auto& [id, trade] : trades_) {
    trades.push_back(trade);
  }
  return trades;
}

void Market::Add(uint64_t recorded, const Resting& order) {
  resting_[recorded] = order;
  LevelsOf(order.side)[order.price.value] += order.leaves.value;
}

void Market::Remove(uint64_t recorded) {
  const auto found = resting_.find(recorded);
  if (found == resting_.end()) {
    return;
  }
  const Resting order = found->second;
  resting_.erase(found);
  Levels& levels = LevelsOf(order.side);
  const auto level = levels.find(order.price.value);
  level->second -= order.leaves.value;
  if (level->second == 0) {
    levels.erase(level);
  }
}

// Both sides report a trade; the first report to be read makes the entry.
void Market::AddTrade(uint64_t recorded, const sdk::Report& fill) {
  flow::FlowTrade& trade = trades_[Raw(fill.trade_id)];
  if (trade.trade_id == 0) {
    trade.time_ms = time_ms_;
    trade.trade_id = Raw(fill.trade_id);
    trade.price = fill.price;
    trade.quantity = fill.quantity;
  }
  (fill.liquidity == Liquidity::kMaker ? trade.maker : trade.taker) = recorded;
}

}  // namespace tally::demo
