// FixHub: questions about orders.

#include <vector>

#include "gateway/fix/hub.h"
#include "gateway/fix/report_text.h"
#include "gateway/fix/report_writer.h"
#include "gateway/fix/values.h"
#include "gateway/fix/writer.h"

namespace tally::gateway::fix {
namespace {

// What fits the send queue at once.
constexpr std::size_t kMassStatusMax = 10'000;

}  // namespace

void FixHub::HandleStatus(Connection* connection, const Message& message, Instant now) {
  FixSession& session = *connection->session;
  const auto target = FindTarget(session, message);
  if (!target.has_value()) {
    std::string body;
    FieldWriter writer(&body);
    writer.Add(tag::kOrderID, "NONE")
        .Add(tag::kClOrdID, message.Get(tag::kClOrdID))
        .Add(tag::kOrdStatusReqID, message.Get(tag::kOrdStatusReqID))
        .Add(tag::kExecID, "0")
        .Add(tag::kExecType, 'I')
        .Add(tag::kOrdStatus, '8')
        .Number(tag::kOrdRejReason, 5);
    writer.Add(tag::kSymbol, message.Find(tag::kSymbol).value_or("[N/A]"))
        .Add(tag::kSide, message.Find(tag::kSide).value_or("1"))
        .Add(tag::kLeavesQty, '0')
        .Add(tag::kCumQty, '0')
        .Add(tag::kAvgPx, '0')
        .Add(tag::kTransactTime, UtcText(now.wall_ns).view())
        .Add(tag::kText, "UNKNOWN_ORDER");
    SendApplication(connection, "8", body, now);
    return;
  }
  RequestRecord request = MakeRequest(message);
  request.orig_cl_ord_id = message.Get(tag::kOrdStatusReqID);
  Command command = MakeCommand(CommandType::kOrderQuery);
  command.order_query.target = target->reference;
  Publish(&session, command, std::move(request));
}

// The session's open orders as its messages have told them so far.
void FixHub::HandleMassStatus(Connection* connection, const Message& message, Instant now) {
  const bool one_symbol = message.Get(tag::kMassStatusReqType) == "1";
  const std::string_view symbol = message.Get(tag::kSymbol);
  const std::string_view side = message.Get(tag::kSide);
  std::vector<const OrderRecord*> open;
  connection->session->orders.ForEach([&](const OrderRecord& order) {
    const FixInstrument* const instrument = config_.instruments->Find(order.instrument);
    if (!order.closed && Raw(order.order_id) != 0 && instrument != nullptr &&
        (!one_symbol || instrument->symbol == symbol) && (side.empty() || side[0] == order.side)) {
      open.push_back(&order);
    }
  });
  if (open.size() > kMassStatusMax) {
    SendBusinessReject(connection, message, 0, "TOO_MANY_OPEN_ORDERS", now);
    return;
  }
  std::string body;
  FieldWriter writer(&body);
  for (std::size_t i = 0; i < open.size(); ++i) {
    const OrderRecord& order = *open[i];
    body.clear();
    writer.Count(tag::kOrderID, Raw(order.order_id))
        .Add(tag::kClOrdID, order.cl_ord_id)
        .Add(tag::kMassStatusReqID, message.Get(tag::kMassStatusReqID))
        .Count(tag::kTotNumReports, open.size())
        .Add(tag::kLastRptRequested, i + 1 == open.size() ? 'Y' : 'N')
        .Add(tag::kExecID, '0')
        .Add(tag::kExecType, 'I')
        .Add(tag::kOrdStatus, StatusOf(order));
    AppendOrder(order, config_.instruments->Find(order.instrument), &writer);
    writer.Add(tag::kTransactTime, UtcText(now.wall_ns).view());
    SendApplication(connection, "8", body, now);
  }
  if (open.empty()) {
    writer.Add(tag::kOrderID, "NONE")
        .Add(tag::kMassStatusReqID, message.Get(tag::kMassStatusReqID))
        .Add(tag::kTotNumReports, '0')
        .Add(tag::kLastRptRequested, 'Y')
        .Add(tag::kExecID, '0')
        .Add(tag::kExecType, 'I')
        .Add(tag::kOrdStatus, '8')
        .Number(tag::kOrdRejReason, 5)
        .Add(tag::kSymbol, symbol.empty() ? "[N/A]" : symbol)
        .Add(tag::kSide, side.empty() ? "1" : side)
        .Add(tag::kLeavesQty, '0')
        .Add(tag::kCumQty, '0')
        .Add(tag::kAvgPx, '0')
        .Add(tag::kTransactTime, UtcText(now.wall_ns).view())
        .Add(tag::kText, "NO_OPEN_ORDERS");
    SendApplication(connection, "8", body, now);
  }
}

}  // namespace tally::gateway::fix
