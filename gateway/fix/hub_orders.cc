// FixHub: application messages from clients become commands.

#include <algorithm>
#include <cctype>

#include "base/assert.h"
#include "base/clock.h"
#include "base/status.h"
#include "gateway/fix/hub.h"
#include "gateway/fix/order_decoder.h"
#include "gateway/fix/order_signature.h"
#include "gateway/fix/report_text.h"
#include "gateway/fix/values.h"
#include "gateway/fix/writer.h"

namespace tally::gateway::fix {
namespace {

bool IsAccountOf(const FixSession& session, const Message& message) {
  const auto account = message.Find(tag::kAccount);
  uint32_t number = 0;
  return !account.has_value() ||
         (ParseNumber(*account, &number) && AccountId{number} == session.config.account);
}

uint8_t SideOf(const Message& message) {
  const std::string_view side = message.Get(tag::kSide);
  return side.empty() ? uint8_t{0} : static_cast<uint8_t>(side[0] - '0');
}

}  // namespace

bool IsClientId(std::string_view text) {
  return !text.empty() && text.size() <= ClientId::kBytesMax &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > ' ' && c < 0x7f; });
}

void FixHub::HandleApplication(Connection* connection, const Message& message, Instant now) {
  FixSession& session = *connection->session;
  const auto kind = static_cast<unsigned>(session.config.kind);
  if ((FindMessage(message.type())->session_kinds >> kind & 1U) == 0) {
    SendBusinessReject(connection, message, 6, "NOT_FOR_THIS_KIND_OF_SESSION", now);
    return;
  }
  const std::string_view name = message.Get(message.type() == "E" ? tag::kListID : tag::kClOrdID);
  // Sent again under a new number, and answered the first time.
  if (message.IsYes(tag::kPossResend) &&
      (session.orders.Find(name) != nullptr || session.lists.Find(name) != nullptr ||
       session.refused.contains(std::string(name)))) {
    return;
  }
  switch (message.type()[0]) {
    case 'D':
      HandleNewOrder(connection, message, now);
      return;
    case 'F':
      HandleCancel(connection, message, now);
      return;
    case 'G':
      HandleReplace(connection, message, now);
      return;
    case 'q':
      HandleMassCancel(connection, message, now);
      return;
    case 'H':
      HandleStatus(connection, message, now);
      return;
    case 'E':
      HandleNewOrderList(connection, message, now);
      return;
    case 'K':
      HandleListCancel(connection, message, now);
      return;
    case 'i':
      HandleMassQuote(connection, message, now);
      return;
    case 'Z':
      HandleQuoteCancel(connection, message, now);
      return;
    case 'M':
      if (message.type() == "MZ") {
        HandleProtectionReset(connection, message);
        return;
      }
      HandleListStatus(connection, message, now);
      return;
    case 'x':
    case 'c':
    case 'e':
    case 'g':
      HandleReferenceRequest(connection, message, now);
      return;
    case 'V':
      HandleMarketDataRequest(connection, message, now);
      return;
    default:
      if (message.type() == "AD") {
        HandleTradeRequest(connection, message, now);
        return;
      }
      CHECK(message.type() == "AF");
      HandleMassStatus(connection, message, now);
  }
}

RequestRecord FixHub::MakeRequest(const Message& message) {
  RequestRecord request;
  CHECK(ParseNumber(message.Get(tag::kMsgSeqNum), &request.in_sequence));
  request.type = message.type()[0];
  request.cl_ord_id = message.Get(tag::kClOrdID);
  request.orig_cl_ord_id = message.Get(tag::kOrigClOrdID);
  request.order_id = message.Get(tag::kOrderID);
  return request;
}

// The log has the request before the ring has the command: Commit() does both. `follows`: the
// message made another command before this one.
void FixHub::Publish(FixSession* session, Command command, RequestRecord request, bool follows) {
  request.client_sequence = ++session->client_sequence;
  command.session = session->index;
  command.account = session->config.account;
  command.client_sequence = session->client_sequence;
  session->AddRequest(std::move(request));
  if (follows) {
    session->AddFollower(command);
  }
  commands_.push_back(command);
}

// A signed order is two commands, of which only the second has an answer.
void FixHub::PublishOrder(FixSession* session, OrderToPublish order, Instant now) {
  if (order.sign.has_value()) {
    SignedIntent intent{.sign = MakeCommand(CommandType::kSignOrder), .side = order.side};
    intent.sign.account = session->config.account;
    intent.sign.instrument = order.command.instrument;
    intent.sign.sign_order = *order.sign;
    intent.sign.sign_order.client_order_id = order.request.client_order_id;
    order.command.account = session->config.account;
    MarkSigned(config_.verifier, now.wall_ns, &intent, &order.command);
    RequestRecord signing = order.request;
    signing.detail = kSigningDetail;
    signing.client_order_id = {};
    Publish(session, intent.sign, std::move(signing), order.follows);
    order.follows = true;
  }
  Publish(session, order.command, std::move(order.request), order.follows);
}

// Whether the message says that it is too late for it now.
bool FixHub::IsStale(const Message& message, Instant now) const {
  const auto until = ParseUtcTimestamp(message.Get(tag::kValidUntilTime));
  if (until.has_value() && now.wall_ns > *until) {
    return true;
  }
  uint32_t window_ms = 0;
  if (!ParseNumber(message.Get(tag::kRecvWindow), &window_ms)) {
    return false;
  }
  const std::string_view sent =
      message.Find(tag::kOrigSendingTime).value_or(message.Get(tag::kSendingTime));
  const auto sent_ns = ParseUtcTimestamp(sent);
  return sent_ns.has_value() && now.wall_ns > *sent_ns + int64_t{window_ms} * kNsPerMs;
}

// What speaks against an order, as far as the gateway knows; else the order.
FixHub::PreparedOrder FixHub::PrepareOrder(const FixSession& session, const Message& message,
                                           Instant now) const {
  PreparedOrder prepared;
  const auto refuse = [&](int reason, std::string_view text) {
    prepared.decoded.reason = reason;
    prepared.decoded.refusal = text;
    return prepared;
  };
  prepared.instrument = config_.instruments->Find(message.Get(tag::kSymbol));
  if (prepared.instrument == nullptr) {
    return refuse(1, "UNKNOWN_SYMBOL");
  }
  if (!IsClientId(message.Get(tag::kClOrdID))) {
    return refuse(99, "BAD_CL_ORD_ID");
  }
  if (const_cast<OrderStore&>(session.orders).Find(message.Get(tag::kClOrdID)) != nullptr) {
    return refuse(6, "DUPLICATE_CL_ORD_ID");
  }
  if (!IsAccountOf(session, message)) {
    return refuse(15, "UNKNOWN_ACCOUNT");
  }
  if (IsStale(message, now)) {
    return refuse(8, "STALE");
  }
  const DecodedSignature signature = DecodeSignature(message);
  if (!signature.refusal.empty()) {
    return refuse(99, signature.refusal);
  }
  prepared.sign = signature.sign;
  prepared.decoded = DecodeNewOrder(message, *prepared.instrument,
                                    {.self_trade_prevention = session.config.self_trade_prevention,
                                     .slippage_ticks = config_.options.market_slippage_ticks});
  return prepared;
}

// Makes the order's command, in which order_ is as it reaches the core. `follows`: as in Publish.
ClientOrderId FixHub::SubmitOrder(FixSession* session, const Message& message,
                                  const PreparedOrder& prepared, bool follows, Instant now) {
  const FixInstrument& instrument = *prepared.instrument;
  Command command = MakeCommand(CommandType::kNewOrder);
  command.instrument = instrument.id;
  command.new_order = prepared.decoded.order;
  command.new_order.client_order_id = ClientOrderId{++session->last_client_order_id};
  RequestRecord request = MakeRequest(message);
  request.instrument = instrument.id;
  request.client_order_id = command.new_order.client_order_id;
  session->PutOrder({.client_order_id = command.new_order.client_order_id,
                     .instrument = instrument.id,
                     .side = message.Get(tag::kSide)[0],
                     .ord_type = message.Get(tag::kOrdType)[0],
                     .time_in_force = prepared.decoded.time_in_force,
                     .price = command.new_order.price,
                     .stop_price = command.new_order.stop_price,
                     .quantity = command.new_order.quantity,
                     .cumulative = {},
                     .leaves = command.new_order.quantity,
                     .cl_ord_id = ClientId(message.Get(tag::kClOrdID)),
                     .orig_cl_ord_id = {}});
  const ClientOrderId id = command.new_order.client_order_id;
  PublishOrder(session,
               {.command = command,
                .request = std::move(request),
                .sign = prepared.sign,
                .side = command.new_order.side,
                .follows = follows},
               now);
  return id;
}

void FixHub::HandleNewOrder(Connection* connection, const Message& message, Instant now) {
  FixSession& session = *connection->session;
  if (!session.throttle.Take(now.mono_ns)) {
    RejectOrder(connection, message, 99, "THROTTLED", now);
    return;
  }
  const PreparedOrder prepared = PrepareOrder(session, message, now);
  if (!prepared.decoded.refusal.empty()) {
    RejectOrder(connection, message, prepared.decoded.reason, prepared.decoded.refusal, now);
    return;
  }
  SubmitOrder(&session, message, prepared, /*follows=*/false, now);
}

// The order that F, G and H name by OrderID or by the ClOrdID of another message. Nothing: nobody
// knows of such an order.
std::optional<FixHub::Target> FixHub::FindTarget(const FixSession& session,
                                                 const Message& message) const {
  const bool status = message.type() == "H";
  const std::string_view named = message.Get(status ? tag::kClOrdID : tag::kOrigClOrdID);
  Target target;
  if (!named.empty()) {
    target.order = const_cast<OrderStore&>(session.orders).Find(named);
    if (target.order != nullptr) {
      target.reference.client_order_id = target.order->client_order_id;
      return target;
    }
  }
  uint64_t order_id = 0;
  if (!ParseNumber(message.Get(tag::kOrderID), &order_id) || order_id == 0) {
    return std::nullopt;
  }
  target.order = const_cast<OrderStore&>(session.orders).Find(OrderId{order_id});
  if (target.order != nullptr) {
    target.reference.client_order_id = target.order->client_order_id;
  } else {
    target.reference.order_id = OrderId{order_id};
  }
  return target;
}

void FixHub::HandleCancel(Connection* connection, const Message& message, Instant now) {
  FixSession& session = *connection->session;
  const auto target = FindTarget(session, message);
  if (!target.has_value()) {
    RejectCancel(connection, message, 1, "UNKNOWN_ORDER", now);
    return;
  }
  Command command = MakeCommand(CommandType::kCancelOrder);
  command.cancel_order.target = target->reference;
  Publish(&session, command, MakeRequest(message));
}

// What speaks against a replacement, as far as the gateway knows; empty: nothing.
FixHub::Refusal FixHub::CheckReplace(const FixSession& session, const Message& message,
                                     const OrderRecord* order, Instant now) const {
  const std::string_view cl_ord_id = message.Get(tag::kClOrdID);
  const FixInstrument* const instrument = config_.instruments->Find(message.Get(tag::kSymbol));
  if (instrument == nullptr) {
    return {99, "UNKNOWN_SYMBOL"};
  }
  if (!IsClientId(cl_ord_id)) {
    return {99, "BAD_CL_ORD_ID"};
  }
  if (const_cast<OrderStore&>(session.orders).Find(cl_ord_id) != nullptr) {
    return {6, "DUPLICATE_CL_ORD_ID"};
  }
  if (!IsAccountOf(session, message)) {
    return {99, "UNKNOWN_ACCOUNT"};
  }
  if (IsStale(message, now)) {
    return {99, "STALE"};
  }
  if (order == nullptr) {
    return {};
  }
  if (order->instrument != instrument->id) {
    return {99, "SYMBOL_CANNOT_CHANGE"};
  }
  if (order->side != message.Get(tag::kSide)[0]) {
    return {99, "SIDE_CANNOT_CHANGE"};
  }
  if (order->ord_type != message.Get(tag::kOrdType)[0]) {
    return {99, "ORD_TYPE_CANNOT_CHANGE"};
  }
  const auto time_in_force = message.Find(tag::kTimeInForce);
  if (time_in_force.has_value() && (*time_in_force)[0] != order->time_in_force) {
    return {99, "TIME_IN_FORCE_CANNOT_CHANGE"};
  }
  return {};
}

void FixHub::HandleReplace(Connection* connection, const Message& message, Instant now) {
  FixSession& session = *connection->session;
  const auto target = FindTarget(session, message);
  if (!target.has_value()) {
    RejectCancel(connection, message, 1, "UNKNOWN_ORDER", now);
    return;
  }
  if (!session.throttle.Take(now.mono_ns)) {
    RejectCancel(connection, message, 99, "THROTTLED", now);
    return;
  }
  if (const Refusal refusal = CheckReplace(session, message, target->order, now);
      !refusal.text.empty()) {
    RejectCancel(connection, message, refusal.reason, refusal.text, now);
    return;
  }
  const FixInstrument& instrument = *config_.instruments->Find(message.Get(tag::kSymbol));
  const DecodedReplace decoded = DecodeReplace(message, instrument);
  const DecodedSignature signature = DecodeSignature(message);
  if (!decoded.refusal.empty() || !signature.refusal.empty()) {
    RejectCancel(connection, message, 99,
                 decoded.refusal.empty() ? signature.refusal : decoded.refusal, now);
    return;
  }
  Command command = MakeCommand(CommandType::kReplaceOrder);
  command.instrument = instrument.id;
  command.replace_order = decoded.replace;
  command.replace_order.target = target->reference;
  if (target->order != nullptr && message.Get(tag::kPrice).empty()) {
    command.replace_order.price = target->order->price;
  }
  command.replace_order.new_client_order_id = ClientOrderId{++session.last_client_order_id};
  RequestRecord request = MakeRequest(message);
  request.instrument = instrument.id;
  request.client_order_id = command.replace_order.new_client_order_id;
  PutReplacement(&session, message, target->order, request);
  PublishOrder(&session,
               {.command = command,
                .request = std::move(request),
                .sign = signature.sign,
                .side = static_cast<Side>(SideOf(message)),
                .follows = false},
               now);
}

// What the order will be, if the core says so.
void FixHub::PutReplacement(FixSession* session, const Message& message, const OrderRecord* old,
                            const RequestRecord& request) {
  OrderRecord order = old != nullptr ? *old : OrderRecord{};
  order.orig_cl_ord_id = order.cl_ord_id.empty() ? message.Get(tag::kOrigClOrdID) : order.cl_ord_id;
  order.client_order_id = request.client_order_id;
  order.order_id = {};
  order.cl_ord_id = ClientId(message.Get(tag::kClOrdID));
  order.instrument = request.instrument;
  order.side = message.Get(tag::kSide)[0];
  order.ord_type = message.Get(tag::kOrdType)[0];
  order.closed = 0;
  session->PutOrder(order);
}

void FixHub::HandleMassCancel(Connection* connection, const Message& message, Instant now) {
  FixSession& session = *connection->session;
  RequestRecord request = MakeRequest(message);
  request.detail = message.Get(tag::kMassCancelRequestType)[0];
  Command command = MakeCommand(CommandType::kMassCancel);
  const auto refuse = [&](char reason, std::string_view text) {
    std::string body;
    FieldWriter(&body)
        .Add(tag::kClOrdID, request.cl_ord_id)
        .Add(tag::kOrderID, "NONE")
        .Add(tag::kMassCancelRequestType, request.detail)
        .Add(tag::kMassCancelResponse, '0')
        .Add(tag::kMassCancelRejectReason, reason)
        .Add(tag::kTransactTime, UtcText(now.wall_ns).view())
        .Add(tag::kText, text);
    SendApplication(connection, "r", body, now);
  };
  if (request.detail == '1') {
    const FixInstrument* const instrument = config_.instruments->Find(message.Get(tag::kSymbol));
    if (instrument == nullptr) {
      refuse('1', "UNKNOWN_SYMBOL");
      return;
    }
    command.instrument = instrument->id;
    request.instrument = instrument->id;
  }
  uint16_t group = 0;
  if (const auto text = message.Find(tag::kMarketMakerGroup);
      text.has_value() && !ParseNumber(*text, &group)) {
    SendReject(connection, message, SessionReject::kValueOutOfRange, tag::kMarketMakerGroup, now);
    return;
  }
  command.mass_cancel.scope = MassCancelScope::kSession;
  command.mass_cancel.trigger = MassCancelTrigger::kRequest;
  command.mass_cancel.side = SideOf(message);
  command.mass_cancel.maker_group = group;
  Publish(&session, command, std::move(request));
}

}  // namespace tally::gateway::fix
