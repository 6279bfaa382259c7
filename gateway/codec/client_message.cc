#include "gateway/codec/client_message.h"

#include <algorithm>
#include <cstring>

#include "base/assert.h"

namespace tally::gateway {
namespace {

using wire::ErrorCode;
using wire::MessageType;

// Our frames are one table deep; the verifier's own defaults are for trusted data.
constexpr flatbuffers::uoffset_t kVerifierDepthMax = 4;
constexpr flatbuffers::uoffset_t kVerifierTablesMax = 8;

constexpr uint8_t kOrderFlagsKnown = static_cast<uint8_t>(wire::OrderFlag::POST_ONLY);
constexpr uint8_t kFeedKindsKnown =
    static_cast<uint8_t>(wire::FeedKind::BBO) | static_cast<uint8_t>(wire::FeedKind::TRADES);

static_assert(kOrderFlagPostOnly == kOrderFlagsKnown);
static_assert(static_cast<int>(wire::Side::BUY) == static_cast<int>(tally::Side::kBuy));
static_assert(static_cast<int>(wire::TimeInForce::FOK) == static_cast<int>(TimeInForce::kFok));
static_assert(static_cast<int>(wire::OrderType::LIMIT) == static_cast<int>(OrderType::kLimit));
static_assert(static_cast<int>(wire::SelfTradePrevention::DECREMENT_AND_CANCEL) ==
              static_cast<int>(SelfTradePrevention::kDecrementAndCancel));
static_assert(static_cast<int>(wire::MassCancelScope::ACCOUNT) ==
              static_cast<int>(MassCancelScope::kAccount));

template <uint16_t N>
bool AllZero(const flatbuffers::Array<uint8_t, N>* bytes) {
  return std::all_of(bytes->Data(), bytes->Data() + N, [](uint8_t byte) { return byte == 0; });
}

template <uint16_t N>
std::array<uint8_t, N> Copy(const flatbuffers::Array<uint8_t, N>* bytes) {
  std::array<uint8_t, N> result;
  std::memcpy(result.data(), bytes->Data(), N);
  return result;
}

bool ValidSide(wire::Side side) { return side == wire::Side::BUY || side == wire::Side::SELL; }

bool ValidTimeInForce(wire::TimeInForce value) {
  return value == wire::TimeInForce::GTC || value == wire::TimeInForce::IOC ||
         value == wire::TimeInForce::FOK;
}

template <typename Enum>
bool InRange(Enum value, Enum first, Enum last) {
  return value >= first && value <= last;
}

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

ErrorCode DecodeNewOrder(const wire::NewOrder& body, Command* command) {
  if (!ValidSide(body.side()) || !ValidTimeInForce(body.time_in_force()) ||
      !InRange(body.order_type(), wire::OrderType::MARKET, wire::OrderType::LIMIT) ||
      !InRange(body.self_trade_prevention(), wire::SelfTradePrevention::NONE,
               wire::SelfTradePrevention::DECREMENT_AND_CANCEL) ||
      (body.flags() & ~kOrderFlagsKnown) != 0 || !AllZero(body.reserved())) {
    return ErrorCode::BAD_VALUE;
  }
  *command = MakeCommand(CommandType::kNewOrder);
  command->instrument = InstrumentId{body.instrument()};
  command->new_order = MakeOrder(
      {.client_order_id = ClientOrderId{body.client_order_id()},
       .price = {body.price()},
       .quantity = {body.quantity()},
       .side = static_cast<Side>(body.side()),
       .type = static_cast<OrderType>(body.order_type()),
       .time_in_force = static_cast<TimeInForce>(body.time_in_force()),
       .self_trade_prevention = static_cast<SelfTradePrevention>(body.self_trade_prevention()),
       .flags = body.flags()});
  return ErrorCode::OK;
}

ErrorCode DecodeReplace(const wire::Replace& body, Command* command) {
  *command = MakeCommand(CommandType::kReplaceOrder);
  command->replace_order = {
      .target = {OrderId{body.order_id()}, ClientOrderId{body.client_order_id()}},
      .new_client_order_id = ClientOrderId{body.new_client_order_id()},
      .price = {body.price()},
      .quantity = {body.quantity()},
      .display_quantity = {},
      .stop_price = {}};
  return ErrorCode::OK;
}

ErrorCode DecodeMassCancel(const wire::MassCancel& body, Command* command) {
  if (!InRange(body.scope(), wire::MassCancelScope::SESSION, wire::MassCancelScope::ACCOUNT) ||
      !InRange(body.side(), wire::Side::NONE, wire::Side::SELL) || !AllZero(body.reserved())) {
    return ErrorCode::BAD_VALUE;
  }
  *command = MakeCommand(CommandType::kMassCancel);
  command->instrument = InstrumentId{body.instrument()};
  command->mass_cancel = {.scope = static_cast<MassCancelScope>(body.scope()),
                          .trigger = MassCancelTrigger::kRequest,
                          .side = static_cast<uint8_t>(body.side()),
                          .quotes_only = 0,
                          .maker_group = 0,
                          .reserved = {}};
  return ErrorCode::OK;
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

ErrorCode DecodeOrderReference(CommandType type, OrderReference target, Command* command) {
  *command = MakeCommand(type);
  // cancel_order and order_query have the same layout.
  static_assert(sizeof(CancelOrderCommand) == sizeof(OrderQueryCommand));
  command->cancel_order = {.target = target};
  return ErrorCode::OK;
}

// The body that the header names, decoded by `decode`; BAD_FRAME if another one is there.
template <typename Body, typename Decode>
ErrorCode With(const Body* body, Decode&& decode) {
  return body == nullptr ? ErrorCode::BAD_FRAME : decode(*body);
}

ErrorCode DecodeCancelOrQuery(const wire::Frame& frame, ClientMessage* message) {
  const auto decode = [&](CommandType type, const auto& body) {
    return DecodeOrderReference(
        type, {OrderId{body.order_id()}, ClientOrderId{body.client_order_id()}}, &message->command);
  };
  if (message->type == MessageType::CANCEL) {
    return With(frame.cancel(),
                [&](const auto& body) { return decode(CommandType::kCancelOrder, body); });
  }
  return With(frame.order_query(),
              [&](const auto& body) { return decode(CommandType::kOrderQuery, body); });
}

ErrorCode DecodeHeartbeatOrTest(const wire::Frame& frame, ClientMessage* message) {
  const auto decode = [message](const auto& body) {
    message->correlation = body.correlation();
    return ErrorCode::OK;
  };
  return message->type == MessageType::HEARTBEAT ? With(frame.heartbeat(), decode)
                                                 : With(frame.test_request(), decode);
}

ErrorCode DecodeBody(const wire::Frame& frame, ClientMessage* message) {
  Command* const command = &message->command;
  switch (message->type) {
    case MessageType::LOGON:
      return With(frame.logon(), [&](const auto& body) { return DecodeLogon(body, message); });
    case MessageType::HEARTBEAT:
    case MessageType::TEST_REQUEST:
      return DecodeHeartbeatOrTest(frame, message);
    case MessageType::LOGOUT:
      return With(frame.logout(), [&](const auto& body) { return DecodeLogout(body, message); });
    case MessageType::NEW_ORDER:
      return With(frame.new_order(),
                  [&](const auto& body) { return DecodeNewOrder(body, command); });
    case MessageType::CANCEL:
    case MessageType::ORDER_QUERY:
      return DecodeCancelOrQuery(frame, message);
    case MessageType::REPLACE:
      return With(frame.replace(), [&](const auto& body) { return DecodeReplace(body, command); });
    case MessageType::MASS_CANCEL:
      return With(frame.mass_cancel(),
                  [&](const auto& body) { return DecodeMassCancel(body, command); });
    case MessageType::ACCOUNT_QUERY:
      return With(frame.account_query(), [&](const auto& body) {
        *command = MakeCommand(CommandType::kAccountQuery);
        return body.reserved() == 0 ? ErrorCode::OK : ErrorCode::BAD_VALUE;
      });
    case MessageType::SUBSCRIBE:
    case MessageType::UNSUBSCRIBE:
      return With(message->type == MessageType::SUBSCRIBE ? frame.subscribe() : frame.unsubscribe(),
                  [&](const auto& body) { return DecodeSubscription(body, message); });
    case MessageType::DEPOSIT:
      return With(frame.deposit(), [&](const auto& body) {
        return DecodeTransfer(CommandType::kDeposit, body, command);
      });
    case MessageType::WITHDRAW:
      return With(frame.withdraw(), [&](const auto& body) {
        return DecodeTransfer(CommandType::kWithdraw, body, command);
      });
    case MessageType::BATCH_SETTLED:
      return With(frame.batch_settled(),
                  [&](const auto& body) { return DecodeBatchSettled(body, command); });
    case MessageType::NONE:
    case MessageType::HELLO:
    case MessageType::LOGON_ACK:
    case MessageType::SESSION_REJECT:
    case MessageType::ACCEPTED:
    case MessageType::REJECTED:
    case MessageType::FILL:
    case MessageType::CANCELED:
    case MessageType::REPLACED:
    case MessageType::CANCEL_REJECT:
    case MessageType::MASS_CANCEL_DONE:
    case MessageType::ORDER_STATE:
    case MessageType::BALANCE:
    case MessageType::TRADE:
    case MessageType::BBO:
    case MessageType::INSTRUMENT_DEF:
    case MessageType::COMMAND_DONE:
    case MessageType::COMMAND_REJECTED:
      break;
  }
  return ErrorCode::UNSUPPORTED_TYPE;  // Of the server, or a number that our schema does not have.
}

}  // namespace

bool IsCommand(MessageType type) {
  const auto raw = static_cast<uint16_t>(type);
  return (raw >= 10 && raw < 20) || (raw >= 60 && raw < 70);
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
