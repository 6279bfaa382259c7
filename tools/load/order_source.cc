#include "tools/load/order_source.h"

#include <algorithm>

namespace tally::load {

OrderSource::OrderSource(const LoadOptions& options, uint64_t seed)
    : options_(options), random_(seed) {}

absl::StatusOr<sdk::CommandTicket> OrderSource::Send(sdk::Client* client) {
  if (open_.size() >= options_.open_orders_max) {
    return SendCancel(client);
  }
  const uint64_t roll = Below(100);
  const LoadMix& mix = options_.mix;
  if (!open_.empty() && roll < mix.cancel_percent) {
    return SendCancel(client);
  }
  if (!open_.empty() && roll < mix.cancel_percent + mix.replace_percent) {
    return SendReplace(client);
  }
  return SendNew(client, roll >= 100 - mix.aggressive_percent);
}

// Buys rest below the middle, sells above it.
PriceTicks OrderSource::RestingPrice(Side side) {
  const int64_t away = 1 + static_cast<int64_t>(Below(options_.price_spread));
  return {options_.price.value + (side == Side::kBuy ? -away : away)};
}

absl::StatusOr<sdk::CommandTicket> OrderSource::SendNew(sdk::Client* client, bool aggressive) {
  const Side side = Below(2) == 0 ? Side::kBuy : Side::kSell;
  sdk::NewOrderRequest order{.instrument = options_.instrument,
                             .side = side,
                             .price = RestingPrice(aggressive ? Opposite(side) : side)};
  order.quantity = {
      1 + static_cast<int64_t>(Below(static_cast<uint64_t>(options_.quantity_max.value)))};
  if (aggressive) {
    order.time_in_force = TimeInForce::kIoc;
  }
  return client->NewOrder(order);
}

absl::StatusOr<sdk::CommandTicket> OrderSource::SendCancel(sdk::Client* client) {
  const std::size_t at = Below(open_.size());
  auto ticket = client->Cancel({.order_id = open_[at].order});
  if (ticket.ok()) {
    open_[at] = open_.back();
    open_.pop_back();
  }
  return ticket;
}

absl::StatusOr<sdk::CommandTicket> OrderSource::SendReplace(sdk::Client* client) {
  const Open& order = open_[Below(open_.size())];
  // Instrument and side are for clients that sign their orders.
  return client->Replace({.target = {.order_id = order.order},
                          .price = RestingPrice(order.side),
                          .quantity = options_.quantity_max,
                          .instrument = options_.instrument,
                          .side = order.side});
}

void OrderSource::Observe(const sdk::Report& report) {
  switch (report.type) {
    case sdk::ReportType::kAccepted:
      open_.push_back({report.order_id, report.side});
      return;
    case sdk::ReportType::kFill:
    case sdk::ReportType::kCanceled:
      if (report.leaves.value == 0) {
        Forget(report.order_id);
      }
      return;
    case sdk::ReportType::kRejected:
    case sdk::ReportType::kReplaced:
    case sdk::ReportType::kCancelReject:
    case sdk::ReportType::kMassCancelDone:
    case sdk::ReportType::kTriggered:
    case sdk::ReportType::kRestated:
    case sdk::ReportType::kQuoteDone:
    case sdk::ReportType::kProtectionTripped:
    case sdk::ReportType::kOrderState:
    case sdk::ReportType::kBalance:
    case sdk::ReportType::kCommandDone:
    case sdk::ReportType::kTradeBroken:
    case sdk::ReportType::kCommandRejected:
      return;
  }
}

void OrderSource::Forget(OrderId order) {
  const auto found = std::find_if(open_.begin(), open_.end(),
                                  [&](const Open& open) { return open.order == order; });
  if (found != open_.end()) {
    *found = open_.back();
    open_.pop_back();
  }
}

}  // namespace tally::load
