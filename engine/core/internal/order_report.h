#pragma once

#include "engine/core/internal/context.h"

namespace tally::core::internal {

// A report about an order, to its session; 0 as client sequence: unsolicited.
struct OrderReport {
  EventType type;
  OrderId id;
  Side side;
  uint64_t client_sequence;
};
inline Event& Begin(const Context& context, const OrderRecord& record, const OrderReport& report) {
  Event& event = context.emit.BeginReport(report.type, record.session, report.client_sequence);
  event.order_id = report.id;
  event.client_order_id = record.client_order_id;
  event.account = record.account;
  event.instrument = record.instrument;
  event.side = Raw(report.side);
  return event;
}

}  // namespace tally::core::internal
