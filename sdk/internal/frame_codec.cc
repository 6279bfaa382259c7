#include "sdk/internal/frame_codec.h"

#include <cstring>
#include <string_view>

#include "base/assert.h"

namespace tally::sdk::internal {
namespace {

using wire::MessageType;

template <typename Integer>
uint8_t* Put(uint8_t* to, Integer value) {
  std::memcpy(to, &value, sizeof(value));  // Little-endian hosts only, as everywhere.
  return to + sizeof(value);
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
    case MessageType::TRIGGERED:
      return frame.triggered() != nullptr;
    case MessageType::RESTATED:
      return frame.restated() != nullptr;
    case MessageType::QUOTE_DONE:
      return frame.quote_done() != nullptr;
    case MessageType::PROTECTION_TRIPPED:
      return frame.protection_tripped() != nullptr;
    case MessageType::TRADE_BROKEN:
      return frame.trade_broken() != nullptr;
    case MessageType::TRADES_STATUS:
      return frame.trades_status() != nullptr;
    case MessageType::DISPUTE_STATUS:
      return frame.dispute_status() != nullptr;
    case MessageType::PHASE:
      return frame.phase() != nullptr;
    case MessageType::INDICATIVE:
      return frame.indicative() != nullptr;
    case MessageType::BOOK_SNAPSHOT:
      return frame.book_snapshot() != nullptr && frame.book_entries() != nullptr;
    case MessageType::BOOK_LEVEL:
      return frame.book_level() != nullptr;
    case MessageType::BOOK_ORDER:
      return frame.book_order() != nullptr;
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
    case MessageType::NEW_ORDER_FULL:
      return report == ReportType::kAccepted || report == ReportType::kRejected;
    case MessageType::CANCEL:
      // kCommandDone: the order was of another session of the account, which gets the kCanceled.
      return report == ReportType::kCanceled || report == ReportType::kCancelReject ||
             report == ReportType::kCommandDone;
    case MessageType::REPLACE:
    case MessageType::REPLACE_FULL:
      return report == ReportType::kReplaced || report == ReportType::kCancelReject;
    case MessageType::MASS_CANCEL:
    case MessageType::MASS_CANCEL_FULL:
      return report == ReportType::kMassCancelDone;
    case MessageType::ORDER_QUERY:
      return report == ReportType::kOrderState || report == ReportType::kCancelReject;
    case MessageType::ACCOUNT_QUERY:
      return report == ReportType::kBalance;  // The one flagged last; the caller looks.
    case MessageType::QUOTE:
      return report == ReportType::kQuoteDone;
    case MessageType::DEPOSIT:
    case MessageType::WITHDRAW:
    case MessageType::BATCH_SETTLED:
    case MessageType::RESET_PROTECTION:
    case MessageType::SET_PHASE:
    case MessageType::DEFINE_RULES:
    case MessageType::DEFINE_FEES:
    case MessageType::DEFINE_PROTECTION:
    case MessageType::KILL_SWITCH:
    case MessageType::DEFINE_ACCOUNT:
    case MessageType::BATCH_STATUS:
    case MessageType::DISPUTE:
    case MessageType::DEFINE_EXPOSURE:
      return report == ReportType::kCommandDone;
    default:  // Not a command.
      return false;
  }
}

}  // namespace tally::sdk::internal
