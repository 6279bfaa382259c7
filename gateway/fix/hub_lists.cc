// FixHub: order lists. A list is one message and two or three orders of a group of the core.

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "gateway/fix/hub.h"
#include "gateway/fix/list_rules.h"
#include "gateway/fix/report_text.h"
#include "gateway/fix/values.h"
#include "gateway/fix/writer.h"

namespace tally::gateway::fix {
namespace {

constexpr std::size_t kListOrdersMax = 3;

// ListStatusType (429) and ListOrderStatus (431).
constexpr char kTypeAcknowledged = '1';
constexpr char kTypeResponse = '2';
constexpr char kTypeAllDone = '5';
constexpr char kStatusExecuting = '3';
constexpr char kStatusAllDone = '6';
constexpr char kStatusRejected = '7';

struct ListFault {
  std::string_view text;
  std::size_t order = 0;  // At fault, from 0.
  int reason = 99;        // Its OrdRejReason.
};

struct ListStatus {
  std::string_view list_id;
  char type = kTypeResponse;
  char status = kStatusExecuting;
  std::string_view contingency{};
  std::string_view text{};
  std::size_t orders = 0;
};

void BeginListStatus(const ListStatus& status, Instant now, FieldWriter* writer) {
  writer->Add(tag::kListID, status.list_id)
      .Add(tag::kListStatusType, status.type)
      .Add(tag::kNoRpts, '1')
      .Add(tag::kListOrderStatus, status.status)
      .Add(tag::kRptSeq, '1')
      .Add(tag::kListStatusText, status.text)
      .Add(tag::kTransactTime, UtcText(now.wall_ns).view())
      .Add(tag::kContingencyType, status.contingency)
      .Count(tag::kTotNoOrders, status.orders)
      .Count(tag::kNoOrders, status.orders);
}

uint64_t NumberOf(std::string_view text) {
  uint64_t number = 0;
  return ParseNumber(text, &number) ? number : 0;
}

std::vector<std::span<const Field>> OrdersOf(const Message& message) {
  const MessageRule& rule = *FindMessage(message.type());
  return EntriesOf(message.fields(), *FindGroup(rule, OrdinalOf(tag::kNoOrders)));
}

}  // namespace

// One entry for each order as its messages have told it so far.
void FixHub::SendListStatus(Connection* connection, const ListRecord& list, ListReport report,
                            Instant now) {
  FixSession& session = *connection->session;
  std::string body;
  FieldWriter writer(&body);
  BeginListStatus({.list_id = list.list_id,
                   .type = report.type,
                   .status = report.status,
                   .contingency = std::string_view(&list.contingency, 1),
                   .orders = list.count},
                  now, &writer);
  for (uint64_t i = 0; i < list.count; ++i) {
    const OrderRecord* const known = session.orders.Find(ClientOrderId{Raw(list.first) + i});
    const OrderRecord order = known == nullptr ? OrderRecord{} : *known;
    const FixInstrument* const instrument = config_.instruments->Find(order.instrument);
    const auto quantity = [&](QuantityLots lots) {
      return instrument == nullptr ? std::string("0") : instrument->QuantityText(lots.value);
    };
    const QuantityLots leaves = order.closed != 0 ? QuantityLots{} : order.leaves;
    const QuantityLots canceled =
        order.closed != 0 ? order.quantity - order.cumulative : QuantityLots{};
    writer.Add(tag::kClOrdID, known == nullptr ? "[N/A]" : std::string_view(order.cl_ord_id))
        .Add(tag::kCumQty, quantity(order.cumulative))
        .Add(tag::kOrdStatus, StatusOf(order))
        .Add(tag::kLeavesQty, quantity(leaves))
        .Add(tag::kCxlQty, quantity(canceled))
        .Add(tag::kAvgPx, instrument == nullptr ? "0"
                                                : instrument->AveragePriceText(
                                                      order.notional, order.cumulative.value));
  }
  SendApplication(connection, "N", body, now);
}

// Of a list that does not reach the core: every order of it is refused.
void FixHub::RejectList(Connection* connection, const Message& message, const Refusal& refusal,
                        std::size_t order_at_fault, Instant now) {
  counters_.messages_rejected.Add();
  connection->session->NoteRefused(message.Get(tag::kListID));
  const auto orders = OrdersOf(message);
  std::string body;
  FieldWriter writer(&body);
  BeginListStatus({.list_id = message.Get(tag::kListID),
                   .type = kTypeResponse,
                   .status = kStatusRejected,
                   .contingency = message.Get(tag::kContingencyType),
                   .text = refusal.text,
                   .orders = orders.size()},
                  now, &writer);
  for (std::size_t i = 0; i < orders.size(); ++i) {
    entry_message_.Extract(message, orders[i]);
    writer.Add(tag::kClOrdID, entry_message_.Get(tag::kClOrdID))
        .Add(tag::kCumQty, '0')
        .Add(tag::kOrdStatus, '8')
        .Add(tag::kLeavesQty, '0')
        .Add(tag::kCxlQty, '0')
        .Add(tag::kAvgPx, '0');
    if (i == order_at_fault) {
      writer.Number(tag::kOrdRejReason, refusal.reason).Add(tag::kText, refusal.text);
    }
  }
  SendApplication(connection, "N", body, now);
}

void FixHub::HandleNewOrderList(Connection* connection, const Message& message, Instant now) {
  FixSession& session = *connection->session;
  const std::string_view list_id = message.Get(tag::kListID);
  const auto entries = OrdersOf(message);
  const auto refuse = [&](std::string_view text, std::size_t order = 0, int reason = 99) {
    RejectList(connection, message, {reason, text}, order, now);
  };
  if (!IsClientId(list_id)) {
    return refuse("BAD_LIST_ID");
  }
  if (session.lists.Find(list_id) != nullptr) {
    return refuse("DUPLICATE_LIST_ID");
  }
  if (NumberOf(message.Get(tag::kTotNoOrders)) != entries.size()) {
    return refuse("TOT_NO_ORDERS_IS_ANOTHER_NUMBER");
  }
  const Contingency contingency = ContingencyOf(message.Get(tag::kContingencyType), entries.size());
  if (contingency == Contingency::kNone) {
    return refuse("CONTINGENCY_TAKES_ANOTHER_NUMBER_OF_ORDERS");
  }
  if (!session.throttle.Take(now.mono_ns, static_cast<uint32_t>(entries.size()))) {
    return refuse("THROTTLED");
  }
  if (IsStale(message, now)) {
    return refuse("STALE", 0, 8);
  }
  std::array<PreparedOrder, kListOrdersMax> prepared;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    entry_message_.Extract(message, entries[i]);
    prepared[i] = PrepareOrder(session, entry_message_, now);
    if (const DecodedOrder& decoded = prepared[i].decoded; !decoded.refusal.empty()) {
      return refuse(decoded.refusal, i, decoded.reason);
    }
  }
  if (const Refusal fault = CheckList(message, contingency, prepared); !fault.text.empty()) {
    return refuse(fault.text, static_cast<std::size_t>(fault.reason));
  }
  SubmitList(&session, message, contingency, prepared, now);
}

// What the orders are to one another. `reason` of the refusal: the order at fault, from 0.
FixHub::Refusal FixHub::CheckList(const Message& message, Contingency contingency,
                                  std::span<const PreparedOrder> prepared) {
  const auto entries = OrdersOf(message);
  std::vector<std::string> names;
  std::vector<NewOrderCommand> orders;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const int at = static_cast<int>(i);
    entry_message_.Extract(message, entries[i]);
    names.emplace_back(entry_message_.Get(tag::kClOrdID));
    orders.push_back(prepared[i].decoded.order);
    if (NumberOf(entry_message_.Get(tag::kListSeqNo)) != i + 1) {
      return {at, "LIST_SEQ_NO_OUT_OF_ORDER"};
    }
    if (prepared[i].instrument != prepared[0].instrument) {
      return {at, "LIST_OF_SEVERAL_SYMBOLS"};
    }
    if (std::count(names.begin(), names.end(), names.back()) > 1) {
      return {at, "DUPLICATE_CL_ORD_ID"};
    }
  }
  return {0, FaultOfList(contingency, orders)};
}

// All orders of the list become commands one behind the other, and the core gets all or none.
void FixHub::SubmitList(FixSession* session, const Message& message, Contingency contingency,
                        std::span<PreparedOrder> prepared, Instant now) {
  const auto entries = OrdersOf(message);
  const ClientOrderId first{session->last_client_order_id + 1};
  for (std::size_t i = 0; i < entries.size(); ++i) {
    NewOrderCommand& order = prepared[i].decoded.order;
    order.contingency = contingency;
    order.group_id = static_cast<uint32_t>(Raw(first) % UINT32_MAX) + 1;
    order.group_leg = static_cast<uint8_t>(i + 1);
    entry_message_.Extract(message, entries[i]);
    SubmitOrder(session, entry_message_, prepared[i], /*follows=*/i != 0, now);
  }
  session->PutList({.first = first,
                    .count = static_cast<uint8_t>(entries.size()),
                    .stage = ListStage::kSent,
                    .contingency = message.Get(tag::kContingencyType)[0],
                    .list_id = std::string(message.Get(tag::kListID))});
}

// Says what a report changed for the list of its order.
void FixHub::UpdateList(Connection* connection, ClientOrderId id, Instant now) {
  FixSession& session = *connection->session;
  const ListRecord* const found = session.lists.FindByOrder(id);
  if (found == nullptr || found->stage == ListStage::kDone) {
    return;
  }
  ListRecord list = *found;
  uint64_t answered = 0;
  uint64_t refused = 0;
  uint64_t closed = 0;
  for (uint64_t i = 0; i < list.count; ++i) {
    const OrderRecord* const order = session.orders.Find(ClientOrderId{Raw(list.first) + i});
    const bool done = order == nullptr || order->closed != 0;
    const bool accepted = order == nullptr || Raw(order->order_id) != 0;
    answered += done || accepted ? 1U : 0U;
    refused += done && !accepted ? 1U : 0U;
    closed += done ? 1U : 0U;
  }
  if (closed == list.count) {
    list.stage = ListStage::kDone;
    session.PutList(list);
    SendListStatus(connection, list,
                   refused != 0 ? ListReport{kTypeResponse, kStatusRejected}
                                : ListReport{kTypeAllDone, kStatusAllDone},
                   now);
  } else if (list.stage == ListStage::kSent && answered == list.count && refused == 0) {
    list.stage = ListStage::kExecuting;
    session.PutList(list);
    SendListStatus(connection, list, {kTypeAcknowledged, kStatusExecuting}, now);
  }
}

void FixHub::SendUnknownList(Connection* connection, const Message& message, Instant now) {
  std::string body;
  FieldWriter writer(&body);
  BeginListStatus({.list_id = message.Get(tag::kListID),
                   .type = kTypeResponse,
                   .status = kStatusRejected,
                   .text = "UNKNOWN_LIST"},
                  now, &writer);
  SendApplication(connection, "N", body, now);
}

void FixHub::HandleListCancel(Connection* connection, const Message& message, Instant now) {
  FixSession& session = *connection->session;
  const ListRecord* const list = session.lists.Find(message.Get(tag::kListID));
  if (list == nullptr) {
    SendUnknownList(connection, message, now);
    return;
  }
  bool follows = false;
  for (uint64_t i = 0; i < list->count; ++i) {
    const ClientOrderId id{Raw(list->first) + i};
    const OrderRecord* const order = session.orders.Find(id);
    if (order == nullptr || order->closed != 0) {
      continue;
    }
    Command command = MakeCommand(CommandType::kCancelOrder);
    command.cancel_order.target.client_order_id = id;
    Publish(&session, command, MakeRequest(message), std::exchange(follows, true));
  }
  if (!follows) {
    SendListStatus(connection, *list, {kTypeResponse, kStatusAllDone}, now);
  }
}

void FixHub::HandleListStatus(Connection* connection, const Message& message, Instant now) {
  const ListRecord* const list = connection->session->lists.Find(message.Get(tag::kListID));
  if (list == nullptr) {
    SendUnknownList(connection, message, now);
    return;
  }
  SendListStatus(
      connection, *list,
      {kTypeResponse, list->stage == ListStage::kDone ? kStatusAllDone : kStatusExecuting}, now);
}

}  // namespace tally::gateway::fix
