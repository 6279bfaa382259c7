#pragma once

#include "engine/command.h"
#include "engine/reject_reason.h"

namespace tally::core::internal {

// Whether an order says nothing but what PlainOrder says, as nearly all do: a limit or market order
// without any attribute that another check or an OrderDetail would be about.
bool IsPlain(const NewOrderCommand& order);

// kUnsupported and kBadTimeInForce: whether the attributes of an order have a meaning together,
// whatever the state of the venue and whatever their values. docs/semantics/orders.md has the
// table.
RejectReason CheckAttributes(const NewOrderCommand& order);
// The same of an order that IsPlain(), in fewer steps.
RejectReason CheckPlainAttributes(const NewOrderCommand& order);

// The venue, the instrument and the order decide together: kHiddenNotAllowed (unless `hidden_ok`),
// kReduceOnly, kBadDisplayQuantity, kBadMinQuantity. Requires that CheckAttributes() said kNone.
RejectReason CheckVisibility(const NewOrderCommand& order, bool hidden_ok);

// The order types that wait for a trigger.
constexpr bool IsStop(OrderType type) {
  return type == OrderType::kStop || type == OrderType::kStopLimit ||
         type == OrderType::kTrailingStop;
}

// What a stop compares its price with, if it does not say: the last trade.
constexpr TriggerSource SourceOf(TriggerSource trigger) {
  return trigger == TriggerSource::kNone ? TriggerSource::kLastTrade : trigger;
}

// What is not filled at once is canceled.
constexpr bool IsImmediate(TimeInForce time_in_force) {
  return time_in_force == TimeInForce::kIoc || time_in_force == TimeInForce::kFok;
}

constexpr bool IsAuctionOnly(TimeInForce time_in_force) {
  return time_in_force == TimeInForce::kAtTheOpen || time_in_force == TimeInForce::kAtTheClose;
}

}  // namespace tally::core::internal
