#include "gateway/fix/trade_book.h"

#include <algorithm>
#include <utility>

namespace tally::gateway::fix {
namespace {

// Batches whose transaction is remembered after they are final.
constexpr std::size_t kFinalBatches = 4'096;

}  // namespace

bool TradeFilter::Matches(const TradeSide& trade) const {
  return std::find(accounts.begin(), accounts.end(), trade.account) != accounts.end() &&
         (trade_id == TradeId{} || trade_id == trade.trade_id) &&
         (order_id == OrderId{} || order_id == trade.order_id) &&
         (instrument == InstrumentId{} || instrument == trade.instrument) &&
         trade.time_ns >= since_ns && (side == 0 || side == trade.side);
}

TradeBook::TradeBook(std::set<AccountId> accounts, std::vector<BatchStatusEvent> batches,
                     std::size_t trades_max)
    : accounts_(std::move(accounts)),
      trades_max_(trades_max),
      batches_(std::move(batches), kFinalBatches) {}

TradeBook::Range TradeBook::Apply(const Event& event) {
  if (event.type == EventType::kBatchStatus) {
    const BatchStatusEvent& status = event.batch_status;
    batches_.Update(status);
    return status.trade_count == 0
               ? Range{}
               : Range{.first = TradeId{Raw(status.last_trade) - status.trade_count + 1},
                       .last = status.last_trade};
  }
  if (!accounts_.contains(event.account)) {
    return {};
  }
  if (event.type == EventType::kTradeBroken) {
    Break(event);
    return {.first = event.trade_broken.trade_id, .last = event.trade_broken.trade_id};
  }
  Add(event);
  return {.first = event.filled.trade_id, .last = event.filled.trade_id};
}

void TradeBook::Recover(std::vector<Event> reports) {
  std::sort(reports.begin(), reports.end(),
            [](const Event& a, const Event& b) { return a.sequence < b.sequence; });
  for (const Event& event : reports) {
    if (event.type == EventType::kOrderFilled || event.type == EventType::kTradeBroken) {
      Apply(event);
    }
  }
}

void TradeBook::Add(const Event& fill) {
  if (trades_.size() == trades_max_) {
    trades_.pop_front();
  }
  trades_.push_back({.trade_id = fill.filled.trade_id,
                     .account = fill.account,
                     .session = fill.session,
                     .instrument = fill.instrument,
                     .order_id = fill.order_id,
                     .client_order_id = fill.client_order_id,
                     .price = fill.filled.price,
                     .quantity = fill.filled.quantity,
                     .fee = fill.filled.fee,
                     .time_ns = fill.timestamp_ns,
                     .side = fill.side});
}

void TradeBook::Break(const Event& event) {
  const TradeId trade = event.trade_broken.trade_id;
  for (std::size_t i = Find(trade); i < trades_.size() && trades_[i].trade_id == trade; ++i) {
    trades_[i].broken = trades_[i].broken || trades_[i].account == event.account;
  }
}

BatchStatusEvent TradeBook::StatusOf(const TradeSide& trade) const {
  BatchStatusEvent status = batches_.Find(trade.trade_id);
  if (trade.broken) {
    status.status = SettlementStatus::kFailed;
  }
  return status;
}

std::size_t TradeBook::Find(TradeId trade) const {
  const auto at =
      std::lower_bound(trades_.begin(), trades_.end(), trade,
                       [](const TradeSide& row, TradeId wanted) { return row.trade_id < wanted; });
  return static_cast<std::size_t>(at - trades_.begin());
}

}  // namespace tally::gateway::fix
