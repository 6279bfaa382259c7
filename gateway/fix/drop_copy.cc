#include "gateway/fix/drop_copy.h"

#include "base/assert.h"
#include "engine/reject_reason.h"
#include "gateway/fix/message.h"
#include "gateway/fix/report_text.h"
#include "gateway/fix/report_writer.h"
#include "gateway/fix/values.h"
#include "gateway/fix/writer.h"

namespace tally::gateway::fix {
namespace {

// A drop copy keeps orders by their order id: client order ids are those of many sessions.
ClientOrderId KeyOf(const Event& event) { return ClientOrderId{Raw(event.order_id)}; }

char OrdTypeOf(OrderType type) {
  return type == OrderType::kTrailingStop || type == OrderType::kPegged
             ? 'P'
             : static_cast<char>('0' + static_cast<int>(type));
}

char TimeInForceOf(TimeInForce time_in_force) {
  return time_in_force == TimeInForce::kDay
             ? '0'
             : static_cast<char>('0' + static_cast<int>(time_in_force));
}

OrderRecord NewRecord(const Event& event, const CopyOrigin& origin) {
  OrderRecord order;
  order.client_order_id = KeyOf(event);
  order.order_id = event.order_id;
  order.instrument = event.instrument;
  order.side = event.side == 0 ? '1' : static_cast<char>('0' + event.side);
  order.cl_ord_id = ClientId(origin.cl_ord_id);
  if (event.type == EventType::kOrderAccepted) {
    order.ord_type = OrdTypeOf(event.accepted.order_type);
    order.time_in_force = TimeInForceOf(event.accepted.time_in_force);
  } else if (origin.order != nullptr) {
    order.ord_type = origin.order->ord_type;
    order.time_in_force = origin.order->time_in_force;
    order.price = origin.order->price;
    order.quantity = origin.order->quantity;
  } else if (event.type == EventType::kOrderFilled) {
    order.quantity = {event.filled.cumulative.value + event.filled.leaves.value};
  }
  return order;
}

// An order that the core did not take has no order id to keep it by.
void WriteRejected(const FixInstruments& instruments, const Event& event, const CopyOrigin& origin,
                   std::string* body) {
  OrderRecord order = NewRecord(event, origin);
  order.leaves = {};
  FieldWriter writer(body);
  writer.Add(tag::kOrderID, "NONE")
      .Add(tag::kClOrdID, origin.cl_ord_id)
      .Count(tag::kExecID, Raw(event.sequence))
      .Add(tag::kExecType, '8')
      .Add(tag::kOrdStatus, '8')
      .Number(tag::kOrdRejReason, OrdRejReasonOf(event.rejected.reason))
      .Add(tag::kText, RejectReasonName(event.rejected.reason));
  AppendOrder(order, instruments.Find(order.instrument), &writer);
  writer.Add(tag::kTransactTime, UtcText(event.timestamp_ns).view());
}

}  // namespace

bool IsExecution(const Event& event) {
  switch (event.type) {
    case EventType::kOrderAccepted:
    case EventType::kOrderRejected:
    case EventType::kOrderFilled:
    case EventType::kOrderCanceled:
    case EventType::kOrderReplaced:
    case EventType::kOrderTriggered:
    case EventType::kOrderRestated:
      return true;
    default:
      return false;
  }
}

void WriteCopy(const FixInstruments& instruments, const Event& event, const CopyOrigin& origin,
               FixSession* session, std::string* body) {
  body->clear();
  if (event.type == EventType::kOrderRejected) {
    WriteRejected(instruments, event, origin, body);
  } else {
    const OrderRecord* const known = session->orders.Find(KeyOf(event));
    OrderRecord order = known == nullptr ? NewRecord(event, origin) : *known;
    if (event.type == EventType::kOrderReplaced) {
      order.orig_cl_ord_id = order.cl_ord_id;
      order.cl_ord_id = ClientId(origin.cl_ord_id);
      order.closed = 0;
    }
    if (known == nullptr || event.type == EventType::kOrderReplaced) {
      session->PutOrder(order);
    }
    Event copy = event;
    copy.client_order_id = KeyOf(event);
    copy.client_sequence = 0;  // Another session's.
    if (event.type == EventType::kOrderReplaced) {
      copy.replaced.original_client_order_id = {};  // The order has kept its id.
    }
    ReportWriter writer(instruments, session, copy);
    CHECK(writer.Write() == "8");
    *body = writer.body();
  }
  FieldWriter(body)
      .Count(tag::kAccount, Raw(event.account))
      .Add(tag::kOriginSession, origin.session);
}

}  // namespace tally::gateway::fix
