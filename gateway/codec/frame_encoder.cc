#include "gateway/codec/frame_encoder.h"

#include <algorithm>

#include "base/assert.h"
#include "gateway/codec/event_body.h"

namespace tally::gateway {
namespace {

using wire::MessageType;

constexpr std::size_t kBuilderBytes = 4096;

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
    case CommandType::kQuote:
      return MessageType::QUOTE;
    case CommandType::kResetProtection:
      return MessageType::RESET_PROTECTION;
    case CommandType::kSignOrder:
      return MessageType::SIGN_ORDER;
    case CommandType::kSetPhase:
      return MessageType::SET_PHASE;
    case CommandType::kDefineRules:
      return MessageType::DEFINE_RULES;
    case CommandType::kDefineFees:
      return MessageType::DEFINE_FEES;
    case CommandType::kDefineProtection:
      return MessageType::DEFINE_PROTECTION;
    case CommandType::kKillSwitch:
      return MessageType::KILL_SWITCH;
    case CommandType::kDefineAccount:
      return MessageType::DEFINE_ACCOUNT;
    case CommandType::kBatchStatus:
      return MessageType::BATCH_STATUS;
    case CommandType::kDispute:
      return MessageType::DISPUTE;
    case CommandType::kDefineExposure:
      return MessageType::DEFINE_EXPOSURE;
    case CommandType::kOpenSession:
    case CommandType::kDefineAsset:
    case CommandType::kDefineInstrument:
    case CommandType::kStateHashMark:
    case CommandType::kTimer:
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
  Finish(&frame, output);
}

void FrameEncoder::Finish(wire::FrameBuilder* frame, Output* output) {
  wire::FinishSizePrefixedFrameBuffer(builder_, frame->Finish());
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

// NOLINTNEXTLINE(readability-function-size): a line or two per type of report.
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
      return Write(MessageType::ACCEPTED, hdr, output, [&](auto& frame) {
        const wire::Accepted body = MakeAccepted(event);
        const wire::AcceptedDetails details = MakeAcceptedDetails(event);
        frame.add_accepted(&body);
        frame.add_accepted_details(&details);
      });
    case EventType::kOrderRejected:
      return write(MessageType::REJECTED, MakeRejected(event), &Builder::add_rejected);
    case EventType::kOrderFilled:
      return Write(MessageType::FILL, hdr, output, [&](auto& frame) {
        const wire::Fill body = MakeFill(event);
        const wire::FillDetails details = MakeFillDetails(event);
        frame.add_fill(&body);
        frame.add_fill_details(&details);
      });
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
    case EventType::kOrderTriggered:
      return write(MessageType::TRIGGERED, MakeTriggered(event), &Builder::add_triggered);
    case EventType::kOrderRestated:
      return write(MessageType::RESTATED, MakeRestated(event), &Builder::add_restated);
    case EventType::kQuoteDone:
      return write(MessageType::QUOTE_DONE, MakeQuoteDone(event), &Builder::add_quote_done);
    case EventType::kProtectionTripped:
      return write(MessageType::PROTECTION_TRIPPED, MakeProtectionTripped(event),
                   &Builder::add_protection_tripped);
    case EventType::kTradeBroken:
      return write(MessageType::TRADE_BROKEN, MakeTradeBroken(event), &Builder::add_trade_broken);
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
    case EventType::kOrderSigned:
    case EventType::kOrderSignature:
    case EventType::kPhaseChanged:
    case EventType::kIndicative:
    case EventType::kBookDelta:
    case EventType::kRulesDefined:
    case EventType::kFeesDefined:
    case EventType::kProtectionDefined:
    case EventType::kKillSwitched:
    case EventType::kExposureDefined:
    case EventType::kBatchStatus:
    case EventType::kDispute:
      break;
  }
  CHECK(false && "an event with a report sequence that is no report");
}

void FrameEncoder::TradesStatus(const BatchStatusEvent& status, int64_t engine_ns, int64_t send_ns,
                                Output* output) {
  const wire::TradesStatus body = MakeTradesStatus(status, engine_ns);
  Write(MessageType::TRADES_STATUS, {.send_ns = send_ns}, output,
        [&](auto& frame) { frame.add_trades_status(&body); });
}

void FrameEncoder::DisputeStatus(const Event& event, int64_t send_ns, Output* output) {
  const wire::DisputeStatus body = MakeDisputeStatus(event);
  Write(MessageType::DISPUTE_STATUS, {.send_ns = send_ns}, output,
        [&](auto& frame) { frame.add_dispute_status(&body); });
}

void FrameEncoder::Public(const Event& event, int64_t send_ns, Output* output) {
  const HdrFields hdr{.send_ns = send_ns};
  if (event.type == EventType::kTrade) {
    const wire::Trade body = MakeTrade(event);
    Write(MessageType::TRADE, hdr, output, [&](auto& frame) { frame.add_trade(&body); });
  } else if (event.type == EventType::kPhaseChanged) {
    const wire::Phase body = MakePhase(event);
    Write(MessageType::PHASE, hdr, output, [&](auto& frame) { frame.add_phase(&body); });
  } else {
    CHECK(event.type == EventType::kIndicative);
    const wire::Indicative body = MakeIndicative(event);
    Write(MessageType::INDICATIVE, hdr, output, [&](auto& frame) { frame.add_indicative(&body); });
  }
}

void FrameEncoder::BookLevel(const Event& event, int64_t send_ns, Output* output) {
  const wire::BookLevel body = MakeBookLevel(event);
  Write(MessageType::BOOK_LEVEL, {.send_ns = send_ns}, output,
        [&](auto& frame) { frame.add_book_level(&body); });
}

void FrameEncoder::BookOrder(const Event& event, int64_t send_ns, Output* output) {
  const wire::BookOrder body = MakeBookOrder(event);
  Write(MessageType::BOOK_ORDER, {.send_ns = send_ns}, output,
        [&](auto& frame) { frame.add_book_order(&body); });
}

void FrameEncoder::BookSnapshot(const BookSnapshotHead& head,
                                std::span<const wire::BookEntry> entries, int64_t send_ns,
                                Output* output) {
  const std::size_t total = entries.size();
  std::size_t first = 0;
  do {
    const auto part = entries.subspan(first, std::min(kSnapshotPartEntries, total - first));
    const bool last = first + part.size() == total;
    const wire::BookSnapshot body(head.book_sequence, head.engine_ns, Raw(head.instrument),
                                  static_cast<uint32_t>(total), static_cast<uint32_t>(first),
                                  head.kind);
    const uint16_t flags = last ? static_cast<uint16_t>(wire::HdrFlag::LAST) : uint16_t{0};
    const wire::Hdr hdr(0, 0, send_ns, MessageType::BOOK_SNAPSHOT, flags, 0);
    builder_.Clear();
    const auto vector = builder_.CreateVectorOfStructs(part.data(), part.size());
    wire::FrameBuilder frame(builder_);
    frame.add_hdr(&hdr);
    frame.add_book_snapshot(&body);
    frame.add_book_entries(vector);
    Finish(&frame, output);
    first += part.size();
  } while (first < total);
}

void FrameEncoder::Bbo(InstrumentId instrument, int64_t engine_ns, const BookTopEvent& top,
                       int64_t send_ns, Output* output) {
  const wire::Bbo body(top.bid_price.value, top.bid_quantity.value, top.ask_price.value,
                       top.ask_quantity.value, top.book_sequence, engine_ns, Raw(instrument), 0);
  Write(MessageType::BBO, {.send_ns = send_ns}, output, [&](auto& frame) { frame.add_bbo(&body); });
}

}  // namespace tally::gateway
