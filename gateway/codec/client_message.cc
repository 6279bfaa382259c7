#include "gateway/codec/client_message.h"

#include <cstring>

#include "base/assert.h"
#include "gateway/codec/body_decoder.h"

namespace tally::gateway {
namespace {

using wire::ErrorCode;
using wire::MessageType;

// Our frames are one table deep; the verifier's own defaults are for trusted data.
constexpr flatbuffers::uoffset_t kVerifierDepthMax = 4;
constexpr flatbuffers::uoffset_t kVerifierTablesMax = 8;

constexpr uint8_t kFeedKindsKnown =
    static_cast<uint8_t>(wire::FeedKind::BBO) | static_cast<uint8_t>(wire::FeedKind::TRADES) |
    static_cast<uint8_t>(wire::FeedKind::PHASE) | static_cast<uint8_t>(wire::FeedKind::INDICATIVE) |
    static_cast<uint8_t>(wire::FeedKind::LEVELS) | static_cast<uint8_t>(wire::FeedKind::ORDERS);

// The number of fields in the table's vtable that are present, the header not counted; also those
// of a newer schema. Call after verification.
int CountBodies(const wire::Frame& frame) {
  const auto* const bytes = reinterpret_cast<const uint8_t*>(&frame);
  const uint8_t* const vtable = bytes - flatbuffers::ReadScalar<flatbuffers::soffset_t>(bytes);
  const auto size = flatbuffers::ReadScalar<flatbuffers::voffset_t>(vtable);
  int count = 0;
  for (flatbuffers::voffset_t field = wire::Frame::VT_HDR + 2; field + 2 <= size;
       field = static_cast<flatbuffers::voffset_t>(field + 2)) {
    count += flatbuffers::ReadScalar<flatbuffers::voffset_t>(vtable + field) != 0 ? 1 : 0;
  }
  return count;
}

ErrorCode DecodeTransfer(CommandType type, const wire::ChainTransfer& body, Command* command) {
  if (!AllZero(body.reserved())) {
    return ErrorCode::BAD_VALUE;
  }
  *command = MakeCommand(type);
  command->account = AccountId{body.account()};
  command->chain_transfer = {.index = body.index(),
                             .chain_id = body.chain_id(),
                             .amount = {body.amount()},
                             .transaction_hash = Copy(body.transaction_hash()),
                             .log_index = body.log_index(),
                             .asset = AssetId{body.asset()},
                             .reserved = {}};
  return ErrorCode::OK;
}

ErrorCode DecodeBatchSettled(const wire::BatchSettled& body, Command* command) {
  *command = MakeCommand(CommandType::kBatchSettled);
  command->batch_settled = {.batch_id = body.batch_id(),
                            .last_event = EventSequence{body.last_event()},
                            .block_number = body.block_number(),
                            .transaction_hash = Copy(body.transaction_hash())};
  return ErrorCode::OK;
}

ErrorCode DecodeSubscription(const wire::Subscribe& body, ClientMessage* message) {
  if (body.kinds() == 0 || (body.kinds() & ~kFeedKindsKnown) != 0 || !AllZero(body.reserved())) {
    return ErrorCode::BAD_VALUE;
  }
  message->instrument = InstrumentId{body.instrument()};
  message->feed_kinds = body.kinds();
  return ErrorCode::OK;
}

ErrorCode DecodeLogon(const wire::Logon& body, ClientMessage* message) {
  if (!InRange(body.cancel_on_disconnect(), wire::CancelOnDisconnect::NONE,
               wire::CancelOnDisconnect::SESSION) ||
      body.session_id() == 0 || !AllZero(body.reserved())) {
    return ErrorCode::BAD_VALUE;
  }
  message->logon = body;
  return ErrorCode::OK;
}

ErrorCode DecodeLogout(const wire::Logout& body, ClientMessage* message) {
  if (body.keep_orders() > 1 || !AllZero(body.reserved())) {
    return ErrorCode::BAD_VALUE;
  }
  message->keep_orders = body.keep_orders() == 1;
  return ErrorCode::OK;
}

// The body that the header names, decoded by `decode`; BAD_FRAME if another one is there.
template <typename Body, typename Decode>
ErrorCode With(const Body* body, Decode&& decode) {
  return body == nullptr ? ErrorCode::BAD_FRAME : decode(*body);
}

ErrorCode DecodeHeartbeatOrTest(const wire::Frame& frame, ClientMessage* message) {
  const auto decode = [message](const auto& body) {
    message->correlation = body.correlation();
    return ErrorCode::OK;
  };
  return message->type == MessageType::HEARTBEAT ? With(frame.heartbeat(), decode)
                                                 : With(frame.test_request(), decode);
}

template <typename Body>
ErrorCode DecodeReference(CommandType type, const Body* body, Command* command) {
  return With(body, [&](const Body& named) {
    return DecodeOrderReference(
        type, {OrderId{named.order_id()}, ClientOrderId{named.client_order_id()}}, command);
  });
}

ErrorCode DecodeOperatorBody(const wire::Frame& frame, ClientMessage* message) {
  const auto decode = [&](const auto* body, auto function) {
    return body == nullptr ? ErrorCode::BAD_FRAME : function(*body, &message->command);
  };
  switch (message->type) {
    case MessageType::BATCH_STATUS:
      return decode(frame.batch_status(), DecodeBatchStatus);
    case MessageType::DISPUTE:
      return decode(frame.dispute(), DecodeDispute);
    case MessageType::SET_PHASE:
      return decode(frame.set_phase(), DecodeSetPhase);
    case MessageType::DEFINE_RULES:
      return decode(frame.define_rules(), DecodeDefineRules);
    case MessageType::DEFINE_FEES:
      return decode(frame.define_fees(), DecodeDefineFees);
    case MessageType::DEFINE_PROTECTION:
      return decode(frame.define_protection(), DecodeDefineProtection);
    case MessageType::DEFINE_ACCOUNT:
      return decode(frame.define_account(), DecodeDefineAccount);
    case MessageType::DEFINE_EXPOSURE:
      return decode(frame.define_exposure(), DecodeDefineExposure);
    case MessageType::KILL_SWITCH:
      message->kill_session_id =
          frame.kill_switch() == nullptr ? 0 : frame.kill_switch()->session_id();
      return decode(frame.kill_switch(), DecodeKillSwitch);
    default:  // Of the server, or a number that our schema does not have.
      return ErrorCode::UNSUPPORTED_TYPE;
  }
}

ErrorCode DecodeCommandBody(const wire::Frame& frame, ClientMessage* message) {
  Command* const command = &message->command;
  const auto decode = [&](const auto* body, auto function) {
    return body == nullptr ? ErrorCode::BAD_FRAME : function(*body, command);
  };
  const auto transfer = [&](const wire::ChainTransfer* body, CommandType type) {
    return With(body, [&](const auto& b) { return DecodeTransfer(type, b, command); });
  };
  switch (message->type) {
    case MessageType::NEW_ORDER:
      return decode(frame.new_order(), DecodeNewOrder);
    case MessageType::NEW_ORDER_FULL:
      return decode(frame.new_order_full(), DecodeNewOrderFull);
    case MessageType::CANCEL:
      return DecodeReference(CommandType::kCancelOrder, frame.cancel(), command);
    case MessageType::ORDER_QUERY:
      return DecodeReference(CommandType::kOrderQuery, frame.order_query(), command);
    case MessageType::REPLACE:
      return decode(frame.replace(), DecodeReplace);
    case MessageType::REPLACE_FULL:
      return decode(frame.replace_full(), DecodeReplaceFull);
    case MessageType::MASS_CANCEL:
      return decode(frame.mass_cancel(), DecodeMassCancel);
    case MessageType::MASS_CANCEL_FULL:
      return decode(frame.mass_cancel_full(), DecodeMassCancelFull);
    case MessageType::QUOTE:
      return decode(frame.quote(), DecodeQuote);
    case MessageType::RESET_PROTECTION:
      return decode(frame.reset_protection(), DecodeResetProtection);
    case MessageType::SIGN_ORDER:
      message->signed_side =
          frame.sign_order() == nullptr ? Side{} : static_cast<Side>(frame.sign_order()->side());
      return decode(frame.sign_order(), DecodeSignOrder);
    case MessageType::ACCOUNT_QUERY:
      return With(frame.account_query(), [&](const auto& body) {
        *command = MakeCommand(CommandType::kAccountQuery);
        return body.reserved() == 0 ? ErrorCode::OK : ErrorCode::BAD_VALUE;
      });
    case MessageType::DEPOSIT:
      return transfer(frame.deposit(), CommandType::kDeposit);
    case MessageType::WITHDRAW:
      return transfer(frame.withdraw(), CommandType::kWithdraw);
    case MessageType::BATCH_SETTLED:
      return decode(frame.batch_settled(), DecodeBatchSettled);
    default:  // No command of a session's own.
      return DecodeOperatorBody(frame, message);
  }
}

ErrorCode DecodeBody(const wire::Frame& frame, ClientMessage* message) {
  switch (message->type) {
    case MessageType::LOGON:
      return With(frame.logon(), [&](const auto& body) { return DecodeLogon(body, message); });
    case MessageType::HEARTBEAT:
    case MessageType::TEST_REQUEST:
      return DecodeHeartbeatOrTest(frame, message);
    case MessageType::LOGOUT:
      return With(frame.logout(), [&](const auto& body) { return DecodeLogout(body, message); });
    case MessageType::SUBSCRIBE:
    case MessageType::UNSUBSCRIBE:
      return With(message->type == MessageType::SUBSCRIBE ? frame.subscribe() : frame.unsubscribe(),
                  [&](const auto& body) { return DecodeSubscription(body, message); });
    default:  // Commands, or nothing that we take.
      return DecodeCommandBody(frame, message);
  }
}

}  // namespace

bool IsCommand(MessageType type) {
  const auto raw = static_cast<uint16_t>(type);
  return (raw >= 10 && raw < 20) || (raw >= 60 && raw < 70) || (raw >= 80 && raw < 100);
}

ErrorCode DecodeClientFrame(std::span<const uint8_t> frame, ClientMessage* message) {
  DCHECK(reinterpret_cast<uintptr_t>(frame.data()) % 8 == 0);
  message->type = MessageType::NONE;
  message->seq = 0;
  // 12: prefix, root offset and identifier, which the verifier reads unchecked in a shorter buffer.
  if (frame.size() < 12 || frame.size() > kClientFrameBytesMax + 4) {
    return ErrorCode::BAD_FRAME;
  }
  flatbuffers::Verifier verifier(frame.data(), frame.size(), kVerifierDepthMax, kVerifierTablesMax);
  if (!wire::VerifySizePrefixedFrameBuffer(verifier)) {
    return ErrorCode::BAD_FRAME;
  }
  const wire::Frame& root = *wire::GetSizePrefixedFrame(frame.data());
  const wire::Hdr* const hdr = root.hdr();
  if (hdr == nullptr) {
    return ErrorCode::BAD_FRAME;
  }
  message->type = hdr->type();
  message->seq = hdr->seq();
  if (CountBodies(root) != 1) {
    return ErrorCode::BAD_FRAME;
  }
  if (const ErrorCode code = DecodeBody(root, message); code != ErrorCode::OK) {
    return code;
  }
  const bool seq_ok = (message->seq != 0) == IsCommand(message->type);
  if (!seq_ok || hdr->flags() != 0 || hdr->reserved() != 0) {
    return ErrorCode::BAD_VALUE;
  }
  message->command.client_sequence = message->seq;
  return ErrorCode::OK;
}

std::array<uint8_t, kLogonSignedBytes> LogonSignedBytes(std::span<const uint8_t, 32> nonce,
                                                        const wire::Logon& logon) {
  std::array<uint8_t, kLogonSignedBytes> bytes{};
  std::memcpy(bytes.data(), "TALLY-LOGON-V1", 14);
  std::memcpy(bytes.data() + 16, nonce.data(), nonce.size());
  const std::array<uint64_t, 4> numbers{logon.key_id(), logon.session_id(), logon.resume_from(),
                                        static_cast<uint64_t>(logon.client_time_ns())};
  std::memcpy(bytes.data() + 48, numbers.data(), sizeof(numbers));
  return bytes;
}

}  // namespace tally::gateway
