// FixHub: orders, cancels and replacements that do not reach the core.

#include "gateway/fix/hub.h"
#include "gateway/fix/report_text.h"
#include "gateway/fix/values.h"
#include "gateway/fix/writer.h"

namespace tally::gateway::fix {

// An order that does not reach the core.
void FixHub::RejectOrder(Connection* connection, const Message& message, int reason,
                         std::string_view text, Instant now) {
  connection->session->NoteRefused(message.Get(tag::kClOrdID));
  counters_.messages_rejected.Add();
  std::string body;
  std::string exec_id = "G";
  exec_id += std::to_string(now.wall_ns) + "-" + std::to_string(++next_exec_id_);
  FieldWriter(&body)
      .Add(tag::kOrderID, "NONE")
      .Add(tag::kClOrdID, message.Get(tag::kClOrdID))
      .Add(tag::kExecID, exec_id)
      .Add(tag::kExecType, '8')
      .Add(tag::kOrdStatus, '8')
      .Number(tag::kOrdRejReason, reason)
      .Add(tag::kSymbol, message.Get(tag::kSymbol))
      .Add(tag::kSide, message.Get(tag::kSide))
      .Add(tag::kOrderQty, message.Get(tag::kOrderQty))
      .Add(tag::kOrdType, message.Get(tag::kOrdType))
      .Add(tag::kPrice, message.Get(tag::kPrice))
      .Add(tag::kLeavesQty, '0')
      .Add(tag::kCumQty, '0')
      .Add(tag::kAvgPx, '0')
      .Add(tag::kTransactTime, UtcText(now.wall_ns).view())
      .Add(tag::kText, text);
  SendApplication(connection, "8", body, now);
}

// A cancel or replace that does not reach the core.
void FixHub::RejectCancel(Connection* connection, const Message& message, int reason,
                          std::string_view text, Instant now) {
  counters_.messages_rejected.Add();
  const OrderRecord* const order = connection->session->orders.Find(message.Get(tag::kOrigClOrdID));
  std::string body;
  FieldWriter writer(&body);
  if (order != nullptr && Raw(order->order_id) != 0) {
    writer.Count(tag::kOrderID, Raw(order->order_id));
  } else {
    writer.Add(tag::kOrderID, "NONE");
  }
  writer.Add(tag::kClOrdID, message.Get(tag::kClOrdID))
      .Add(tag::kOrigClOrdID, message.Find(tag::kOrigClOrdID).value_or("NONE"))
      .Add(tag::kOrdStatus, order == nullptr ? '8' : StatusOf(*order))
      .Add(tag::kTransactTime, UtcText(now.wall_ns).view())
      .Add(tag::kCxlRejResponseTo, message.type() == "F" ? '1' : '2')
      .Number(tag::kCxlRejReason, reason)
      .Add(tag::kText, text);
  SendApplication(connection, "9", body, now);
}

}  // namespace tally::gateway::fix
