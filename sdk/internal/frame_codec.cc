#include "sdk/internal/frame_codec.h"

#include <cstring>
#include <string_view>

#include "base/assert.h"

namespace tally::sdk::internal {
namespace {

using wire::MessageType;

Symbol ToSymbol(const flatbuffers::Array<uint8_t, 16>* bytes) {
  return Symbol::From({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
}

template <typename Integer>
uint8_t* Put(uint8_t* to, Integer value) {
  std::memcpy(to, &value, sizeof(value));  // Little-endian hosts only, as everywhere.
  return to + sizeof(value);
}

ErrorCode ToCode(wire::ErrorCode code) { return static_cast<ErrorCode>(code); }
Side ToSide(wire::Side side) { return static_cast<Side>(side); }

void Fill(const wire::Accepted& body, Report* report) {
  report->client_order_id = ClientOrderId{body.client_order_id()};
  report->order_id = OrderId{body.order_id()};
  report->price = {body.price()};
  report->quantity = {body.quantity()};
  report->leaves = {body.quantity()};
  report->engine_ns = body.engine_ns();
  report->instrument = InstrumentId{body.instrument()};
  report->side = ToSide(body.side());
}

void Fill(const wire::Rejected& body, Report* report) {
  report->client_order_id = ClientOrderId{body.client_order_id()};
  report->engine_ns = body.engine_ns();
  report->instrument = InstrumentId{body.instrument()};
  report->side = ToSide(body.side());
  report->code = ToCode(body.code());
}

void Fill(const wire::Fill& body, Report* report) {
  report->client_order_id = ClientOrderId{body.client_order_id()};
  report->order_id = OrderId{body.order_id()};
  report->trade_id = TradeId{body.trade_id()};
  report->event_sequence = EventSequence{body.event_sequence()};
  report->price = {body.price()};
  report->quantity = {body.quantity()};
  report->leaves = {body.leaves()};
  report->cumulative = {body.cumulative()};
  report->fee = {body.fee()};
  report->engine_ns = body.engine_ns();
  report->instrument = InstrumentId{body.instrument()};
  report->side = ToSide(body.side());
  report->liquidity = static_cast<Liquidity>(body.liquidity());
}

void Fill(const wire::Canceled& body, Report* report) {
  report->client_order_id = ClientOrderId{body.client_order_id()};
  report->order_id = OrderId{body.order_id()};
  report->quantity = {body.canceled()};
  report->leaves = {body.leaves()};
  report->cumulative = {body.cumulative()};
  report->engine_ns = body.engine_ns();
  report->instrument = InstrumentId{body.instrument()};
  report->side = ToSide(body.side());
  report->cancel_reason = static_cast<CancelReason>(body.reason());
}

void Fill(const wire::Replaced& body, Report* report) {
  report->client_order_id = ClientOrderId{body.client_order_id()};
  report->original_client_order_id = ClientOrderId{body.original_client_order_id()};
  report->order_id = OrderId{body.order_id()};
  report->price = {body.price()};
  report->quantity = {body.quantity()};
  report->leaves = {body.leaves()};
  report->engine_ns = body.engine_ns();
  report->instrument = InstrumentId{body.instrument()};
  report->side = ToSide(body.side());
  report->kept_priority = body.kept_priority() != 0;
}

void Fill(const wire::CancelReject& body, Report* report) {
  report->client_order_id = ClientOrderId{body.client_order_id()};
  report->order_id = OrderId{body.order_id()};
  report->engine_ns = body.engine_ns();
  report->code = ToCode(body.code());
}

void Fill(const wire::MassCancelDone& body, Report* report) {
  report->engine_ns = body.engine_ns();
  report->canceled_count = body.canceled_count();
  report->instrument = InstrumentId{body.instrument()};
}

void Fill(const wire::OrderState& body, Report* report) {
  report->client_order_id = ClientOrderId{body.client_order_id()};
  report->order_id = OrderId{body.order_id()};
  report->price = {body.price()};
  report->quantity = {body.quantity()};
  report->leaves = {body.leaves()};
  report->cumulative = {body.cumulative()};
  report->engine_ns = body.engine_ns();
  report->instrument = InstrumentId{body.instrument()};
  report->side = ToSide(body.side());
}

void Fill(const wire::Balance& body, Report* report) {
  report->account = AccountId{body.account()};
  report->asset = AssetId{body.asset()};
  report->available = {body.available()};
  report->held = {body.held()};
  report->engine_ns = body.engine_ns();
}

void Fill(const wire::CommandDone& body, Report* report) { report->engine_ns = body.engine_ns(); }

void Fill(const wire::CommandRejected& body, Report* report) {
  report->engine_ns = body.engine_ns();
  report->code = ToCode(body.code());
}

// Whether the body that the type names is there.
bool HasBody(const wire::Frame& frame) {
  switch (frame.hdr()->type()) {
    case MessageType::HELLO:
      return frame.hello() != nullptr;
    case MessageType::LOGON_ACK:
      return frame.logon_ack() != nullptr;
    case MessageType::HEARTBEAT:
      return frame.heartbeat() != nullptr;
    case MessageType::TEST_REQUEST:
      return frame.test_request() != nullptr;
    case MessageType::LOGOUT:
      return frame.logout() != nullptr;
    case MessageType::SESSION_REJECT:
      return frame.session_reject() != nullptr;
    case MessageType::ACCEPTED:
      return frame.accepted() != nullptr;
    case MessageType::REJECTED:
      return frame.rejected() != nullptr;
    case MessageType::FILL:
      return frame.fill() != nullptr;
    case MessageType::CANCELED:
      return frame.canceled() != nullptr;
    case MessageType::REPLACED:
      return frame.replaced() != nullptr;
    case MessageType::CANCEL_REJECT:
      return frame.cancel_reject() != nullptr;
    case MessageType::MASS_CANCEL_DONE:
      return frame.mass_cancel_done() != nullptr;
    case MessageType::ORDER_STATE:
      return frame.order_state() != nullptr;
    case MessageType::BALANCE:
      return frame.balance() != nullptr;
    case MessageType::COMMAND_DONE:
      return frame.command_done() != nullptr;
    case MessageType::COMMAND_REJECTED:
      return frame.command_rejected() != nullptr;
    case MessageType::TRADE:
      return frame.trade() != nullptr;
    case MessageType::BBO:
      return frame.bbo() != nullptr;
    case MessageType::INSTRUMENT_DEF:
      return frame.instrument_def() != nullptr;
    default:  // The enum is the server's and grows; a type we do not know is not looked into.
      return true;
  }
}

}  // namespace

void FrameEncoder::Copy(uint64_t sequence, MessageType type, EncodedFrame* frame) const {
  CHECK(builder_.GetSize() <= kClientFrameBytesMax);
  frame->sequence = sequence;
  frame->type = type;
  frame->size_bytes = static_cast<uint16_t>(builder_.GetSize());
  std::memcpy(frame->bytes.data(), builder_.GetBufferPointer(), builder_.GetSize());
}

const wire::Frame* DecodeFrame(std::span<const uint8_t> bytes) {
  flatbuffers::Verifier verifier(bytes.data(), bytes.size(), /*max_depth=*/4, /*max_tables=*/8);
  if (!wire::VerifySizePrefixedFrameBuffer(verifier)) {
    return nullptr;
  }
  const wire::Frame* frame = wire::GetSizePrefixedFrame(bytes.data());
  return frame->hdr() != nullptr && HasBody(*frame) ? frame : nullptr;
}

bool DecodeReport(const wire::Frame& frame, Report* report) {
  const wire::Hdr& hdr = *frame.hdr();
  *report = Report{};
  report->type = static_cast<ReportType>(hdr.type());
  report->sequence = hdr.seq();
  report->client_sequence = hdr.ack();
  report->replayed = (hdr.flags() & static_cast<uint16_t>(wire::HdrFlag::REPLAY)) != 0;
  report->last = (hdr.flags() & static_cast<uint16_t>(wire::HdrFlag::LAST)) != 0;
  switch (report->type) {
    case ReportType::kAccepted:
      Fill(*frame.accepted(), report);
      return true;
    case ReportType::kRejected:
      Fill(*frame.rejected(), report);
      return true;
    case ReportType::kFill:
      Fill(*frame.fill(), report);
      return true;
    case ReportType::kCanceled:
      Fill(*frame.canceled(), report);
      return true;
    case ReportType::kReplaced:
      Fill(*frame.replaced(), report);
      return true;
    case ReportType::kCancelReject:
      Fill(*frame.cancel_reject(), report);
      return true;
    case ReportType::kMassCancelDone:
      Fill(*frame.mass_cancel_done(), report);
      return true;
    case ReportType::kOrderState:
      Fill(*frame.order_state(), report);
      return true;
    case ReportType::kBalance:
      Fill(*frame.balance(), report);
      return true;
    case ReportType::kCommandDone:
      Fill(*frame.command_done(), report);
      return true;
    case ReportType::kCommandRejected:
      Fill(*frame.command_rejected(), report);
      return true;
  }
  return false;
}

MarketTrade DecodeTrade(const wire::Trade& trade) {
  return {.instrument = InstrumentId{trade.instrument()},
          .trade_id = TradeId{trade.trade_id()},
          .price = {trade.price()},
          .quantity = {trade.quantity()},
          .aggressor = ToSide(trade.aggressor()),
          .engine_ns = trade.engine_ns()};
}

BookTop DecodeBookTop(const wire::Bbo& bbo) {
  return {.instrument = InstrumentId{bbo.instrument()},
          .bid_price = {bbo.bid_price()},
          .bid_quantity = {bbo.bid_quantity()},
          .ask_price = {bbo.ask_price()},
          .ask_quantity = {bbo.ask_quantity()},
          .book_sequence = bbo.book_sequence(),
          .engine_ns = bbo.engine_ns()};
}

Instrument DecodeInstrument(const wire::InstrumentDef& definition) {
  return {.instrument = InstrumentId{definition.instrument()},
          .symbol = ToSymbol(definition.symbol()),
          .base_symbol = ToSymbol(definition.base_symbol()),
          .quote_symbol = ToSymbol(definition.quote_symbol()),
          .tick_quanta = {definition.tick_quanta()},
          .lot_quanta = {definition.lot_quanta()},
          .price_max = {definition.price_max()},
          .quantity_min = {definition.quantity_min()},
          .quantity_max = {definition.quantity_max()},
          .notional_min = {definition.notional_min()},
          .notional_max = {definition.notional_max()},
          .maker_fee_hundredths_bp = definition.maker_fee_hundredths_bp(),
          .taker_fee_hundredths_bp = definition.taker_fee_hundredths_bp(),
          .base_asset = AssetId{definition.base_asset()},
          .quote_asset = AssetId{definition.quote_asset()},
          .base_decimals = definition.base_decimals(),
          .quote_decimals = definition.quote_decimals()};
}

std::array<uint8_t, 80> LogonBytes(const LogonStatement& statement) {
  constexpr std::string_view kDomain = "TALLY-LOGON-V1";
  static_assert(kDomain.size() <= 16);
  std::array<uint8_t, 80> bytes{};
  std::memcpy(bytes.data(), kDomain.data(), kDomain.size());
  std::memcpy(bytes.data() + 16, statement.nonce.data(), statement.nonce.size());
  uint8_t* to = bytes.data() + 48;
  to = Put(to, statement.key_id);
  to = Put(to, statement.session_id);
  to = Put(to, statement.resume_from);
  to = Put(to, statement.client_time_ns);
  CHECK(to == bytes.data() + bytes.size());
  return bytes;
}

bool IsAnswer(MessageType command, ReportType report) {
  if (report == ReportType::kCommandRejected) {
    return true;
  }
  switch (command) {
    case MessageType::NEW_ORDER:
      return report == ReportType::kAccepted || report == ReportType::kRejected;
    case MessageType::CANCEL:
      // kCommandDone: the order was of another session of the account, which gets the kCanceled.
      return report == ReportType::kCanceled || report == ReportType::kCancelReject ||
             report == ReportType::kCommandDone;
    case MessageType::REPLACE:
      return report == ReportType::kReplaced || report == ReportType::kCancelReject;
    case MessageType::MASS_CANCEL:
      return report == ReportType::kMassCancelDone;
    case MessageType::ORDER_QUERY:
      return report == ReportType::kOrderState || report == ReportType::kCancelReject;
    case MessageType::ACCOUNT_QUERY:
      return report == ReportType::kBalance;  // The one flagged last; the caller looks.
    case MessageType::DEPOSIT:
    case MessageType::WITHDRAW:
    case MessageType::BATCH_SETTLED:
      return report == ReportType::kCommandDone;
    default:  // Not a command.
      return false;
  }
}

}  // namespace tally::sdk::internal
