#include "gateway/codec/frame_encoder.h"

#include "base/assert.h"

namespace tally::gateway {
namespace {

using wire::MessageType;

static_assert(static_cast<int>(wire::CancelReason::REPLACED) ==
              static_cast<int>(CancelReason::kReplaced));
static_assert(static_cast<int>(wire::Liquidity::TAKER) == static_cast<int>(Liquidity::kTaker));
static_assert(static_cast<int>(wire::OrderStatus::PARTIALLY_FILLED) ==
              static_cast<int>(OrderStatus::kPartiallyFilled));

constexpr std::size_t kBuilderBytes = 4096;

wire::Side WireSide(const Event& event) { return static_cast<wire::Side>(event.side); }

wire::ErrorCode WireCode(RejectReason reason) { return static_cast<wire::ErrorCode>(Raw(reason)); }

wire::Accepted MakeAccepted(const Event& event) {
  const OrderAcceptedEvent& e = event.accepted;
  return {Raw(event.client_order_id),
          Raw(event.order_id),
          e.price.value,
          e.quantity.value,
          event.timestamp_ns,
          Raw(event.instrument),
          WireSide(event),
          static_cast<wire::OrderType>(e.order_type),
          static_cast<wire::TimeInForce>(e.time_in_force),
          e.order_flags};
}

wire::Rejected MakeRejected(const Event& event) {
  return {Raw(event.client_order_id),      event.timestamp_ns,         Raw(event.instrument),
          WireCode(event.rejected.reason), wire::Outcome::NOT_APPLIED, WireSide(event)};
}

wire::Fill MakeFill(const Event& event) {
  const OrderFilledEvent& e = event.filled;
  return {Raw(event.client_order_id),
          Raw(event.order_id),
          Raw(e.trade_id),
          Raw(event.sequence),
          e.price.value,
          e.quantity.value,
          e.leaves.value,
          e.cumulative.value,
          e.fee.value,
          event.timestamp_ns,
          Raw(event.instrument),
          WireSide(event),
          static_cast<wire::Liquidity>(e.liquidity)};
}

wire::Canceled MakeCanceled(const Event& event) {
  const OrderCanceledEvent& e = event.canceled;
  return {Raw(event.client_order_id),
          Raw(event.order_id),
          e.canceled.value,
          e.leaves.value,
          e.cumulative.value,
          event.timestamp_ns,
          Raw(event.instrument),
          WireSide(event),
          static_cast<wire::CancelReason>(e.reason)};
}

wire::Replaced MakeReplaced(const Event& event) {
  const OrderReplacedEvent& e = event.replaced;
  return {Raw(event.client_order_id),
          Raw(e.original_client_order_id),
          Raw(event.order_id),
          e.price.value,
          e.quantity.value,
          e.leaves.value,
          event.timestamp_ns,
          Raw(event.instrument),
          WireSide(event),
          e.kept_priority};
}

wire::CancelReject MakeCancelReject(const Event& event) {
  return {Raw(event.client_order_id),
          Raw(event.order_id),
          event.timestamp_ns,
          ToMessageType(event.rejected.rejected_type),
          WireCode(event.rejected.reason),
          wire::Outcome::NOT_APPLIED};
}

wire::OrderState MakeOrderState(const Event& event) {
  const OrderStateEvent& e = event.order_state;
  return {Raw(event.client_order_id),
          Raw(event.order_id),
          e.price.value,
          e.quantity.value,
          e.leaves.value,
          e.cumulative.value,
          event.timestamp_ns,
          Raw(event.instrument),
          WireSide(event),
          static_cast<wire::OrderStatus>(e.status)};
}

wire::CommandRejected MakeCommandRejected(const Event& event) {
  return {event.timestamp_ns, ToMessageType(event.rejected.rejected_type),
          WireCode(event.rejected.reason), wire::Outcome::NOT_APPLIED};
}

}  // namespace

MessageType ToMessageType(CommandType type) {
  switch (type) {
    case CommandType::kNewOrder:
      return MessageType::NEW_ORDER;
    case CommandType::kCancelOrder:
      return MessageType::CANCEL;
    case CommandType::kReplaceOrder:
      return MessageType::REPLACE;
    case CommandType::kMassCancel:
      return MessageType::MASS_CANCEL;
    case CommandType::kOrderQuery:
      return MessageType::ORDER_QUERY;
    case CommandType::kAccountQuery:
      return MessageType::ACCOUNT_QUERY;
    case CommandType::kDeposit:
      return MessageType::DEPOSIT;
    case CommandType::kWithdraw:
      return MessageType::WITHDRAW;
    case CommandType::kBatchSettled:
      return MessageType::BATCH_SETTLED;
    case CommandType::kOpenSession:
    case CommandType::kDefineAsset:
    case CommandType::kDefineInstrument:
    case CommandType::kDefineAccount:
    case CommandType::kStateHashMark:
    case CommandType::kQuote:
    case CommandType::kResetProtection:
    case CommandType::kTimer:
    case CommandType::kSetPhase:
    case CommandType::kDefineRules:
    case CommandType::kDefineFees:
    case CommandType::kDefineProtection:
    case CommandType::kKillSwitch:
      return MessageType::NONE;  // Not commands of a client.
  }
  return MessageType::NONE;
}

FrameEncoder::FrameEncoder() : builder_(kBuilderBytes) {}

template <typename Add>
void FrameEncoder::Write(MessageType type, const HdrFields& fields, Output* output, Add&& add) {
  const wire::Hdr hdr(fields.seq, fields.ack, fields.send_ns, type, fields.flags, 0);
  builder_.Clear();
  wire::FrameBuilder frame(builder_);
  frame.add_hdr(&hdr);
  add(frame);
  wire::FinishSizePrefixedFrameBuffer(builder_, frame.Finish());
  const uint8_t* const bytes = builder_.GetBufferPointer();
  output->insert(output->end(), bytes, bytes + builder_.GetSize());
}

void FrameEncoder::Hello(const Header& header, const wire::Hello& body, Output* output) {
  Write(MessageType::HELLO, {.ack = header.ack, .send_ns = header.send_ns}, output,
        [&](auto& frame) { frame.add_hello(&body); });
}

void FrameEncoder::LogonAck(const Header& header, const wire::LogonAck& body, Output* output) {
  Write(MessageType::LOGON_ACK, {.ack = header.ack, .send_ns = header.send_ns}, output,
        [&](auto& frame) { frame.add_logon_ack(&body); });
}

void FrameEncoder::Heartbeat(const Header& header, uint64_t correlation, Output* output) {
  const wire::Heartbeat body(correlation);
  Write(MessageType::HEARTBEAT, {.ack = header.ack, .send_ns = header.send_ns}, output,
        [&](auto& frame) { frame.add_heartbeat(&body); });
}

void FrameEncoder::TestRequest(const Header& header, uint64_t correlation, Output* output) {
  const wire::TestRequest body(correlation);
  Write(MessageType::TEST_REQUEST, {.ack = header.ack, .send_ns = header.send_ns}, output,
        [&](auto& frame) { frame.add_test_request(&body); });
}

void FrameEncoder::Logout(const Header& header, wire::ErrorCode code, Output* output) {
  const wire::Logout body(code, 0);
  Write(MessageType::LOGOUT, {.ack = header.ack, .send_ns = header.send_ns}, output,
        [&](auto& frame) { frame.add_logout(&body); });
}

void FrameEncoder::SessionReject(const Header& header, const wire::SessionReject& body,
                                 Output* output) {
  Write(MessageType::SESSION_REJECT, {.ack = header.ack, .send_ns = header.send_ns}, output,
        [&](auto& frame) { frame.add_session_reject(&body); });
}

void FrameEncoder::InstrumentDef(const Header& header, const wire::InstrumentDef& body,
                                 Output* output) {
  Write(MessageType::INSTRUMENT_DEF, {.ack = header.ack, .send_ns = header.send_ns}, output,
        [&](auto& frame) { frame.add_instrument_def(&body); });
}

void FrameEncoder::Report(const Event& event, bool replay, int64_t send_ns, Output* output) {
  CHECK(event.report_sequence != 0);
  unsigned flags = replay ? static_cast<unsigned>(wire::HdrFlag::REPLAY) : 0;
  if ((event.flags & kEventFlagLast) != 0) {
    flags |= static_cast<unsigned>(wire::HdrFlag::LAST);
  }
  if ((event.flags & kEventFlagDuplicate) != 0) {
    flags |= static_cast<unsigned>(wire::HdrFlag::DUPLICATE);
  }
  const HdrFields hdr{.seq = event.report_sequence,
                      .ack = event.client_sequence,
                      .send_ns = send_ns,
                      .flags = static_cast<uint16_t>(flags)};
  const auto write = [&](MessageType type, const auto& body, auto add) {
    Write(type, hdr, output, [&](auto& frame) { (frame.*add)(&body); });
  };
  using Builder = wire::FrameBuilder;
  const int64_t time = event.timestamp_ns;
  switch (event.type) {
    case EventType::kOrderAccepted:
      return write(MessageType::ACCEPTED, MakeAccepted(event), &Builder::add_accepted);
    case EventType::kOrderRejected:
      return write(MessageType::REJECTED, MakeRejected(event), &Builder::add_rejected);
    case EventType::kOrderFilled:
      return write(MessageType::FILL, MakeFill(event), &Builder::add_fill);
    case EventType::kOrderCanceled:
      return write(MessageType::CANCELED, MakeCanceled(event), &Builder::add_canceled);
    case EventType::kOrderReplaced:
      return write(MessageType::REPLACED, MakeReplaced(event), &Builder::add_replaced);
    case EventType::kCancelRejected:
      return write(MessageType::CANCEL_REJECT, MakeCancelReject(event),
                   &Builder::add_cancel_reject);
    case EventType::kMassCancelDone:
      return write(
          MessageType::MASS_CANCEL_DONE,
          wire::MassCancelDone(time, event.mass_cancel_done.canceled_count, Raw(event.instrument)),
          &Builder::add_mass_cancel_done);
    case EventType::kOrderState:
      return write(MessageType::ORDER_STATE, MakeOrderState(event), &Builder::add_order_state);
    case EventType::kBalance:
      return write(MessageType::BALANCE,
                   wire::Balance(event.balance.available.value, event.balance.held.value, time,
                                 Raw(event.account), Raw(event.balance.asset)),
                   &Builder::add_balance);
    case EventType::kCommandRejected:
      return write(MessageType::COMMAND_REJECTED, MakeCommandRejected(event),
                   &Builder::add_command_rejected);
    case EventType::kCommandDone:
      return write(MessageType::COMMAND_DONE, wire::CommandDone(time), &Builder::add_command_done);
    case EventType::kTrade:
    case EventType::kBookTop:
    case EventType::kSessionOpened:
    case EventType::kAssetDefined:
    case EventType::kInstrumentDefined:
    case EventType::kAccountDefined:
    case EventType::kDeposited:
    case EventType::kWithdrawn:
    case EventType::kBatchSettled:
    case EventType::kWithdrawRefused:
    case EventType::kStateHash:
    case EventType::kDuplicateCommand:
    case EventType::kOrderTriggered:
    case EventType::kOrderRestated:
    case EventType::kQuoteDone:
    case EventType::kProtectionTripped:
    case EventType::kPhaseChanged:
    case EventType::kIndicative:
    case EventType::kBookDelta:
    case EventType::kRulesDefined:
    case EventType::kFeesDefined:
    case EventType::kProtectionDefined:
    case EventType::kKillSwitched:
      break;
  }
  CHECK(false && "an event with a report sequence that is no report");
}

void FrameEncoder::Trade(const Event& event, int64_t send_ns, Output* output) {
  const wire::Trade body(Raw(event.trade.trade_id), event.trade.price.value,
                         event.trade.quantity.value, event.timestamp_ns, Raw(event.instrument),
                         WireSide(event));
  Write(MessageType::TRADE, {.send_ns = send_ns}, output,
        [&](auto& frame) { frame.add_trade(&body); });
}

void FrameEncoder::Bbo(InstrumentId instrument, int64_t engine_ns, const BookTopEvent& top,
                       int64_t send_ns, Output* output) {
  const wire::Bbo body(top.bid_price.value, top.bid_quantity.value, top.ask_price.value,
                       top.ask_quantity.value, top.book_sequence, engine_ns, Raw(instrument), 0);
  Write(MessageType::BBO, {.send_ns = send_ns}, output, [&](auto& frame) { frame.add_bbo(&body); });
}

}  // namespace tally::gateway
