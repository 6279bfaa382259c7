#include <fstream>
#include <map>
#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "engine/reject_reason.h"
#include "gateway/codec/client_message.h"
#include "gateway/codec/frame_buffer.h"
#include "gateway/codec/frame_encoder.h"
#include "tests/gateway/wire_client.h"

namespace tally::gateway {
namespace {

using wire::ErrorCode;
using wire::MessageType;

TEST(ClientMessageTest, NewOrderBecomesItsCommand) {
  ClientMessage message;
  ASSERT_EQ(Decode(NewOrderFrame(9, {.client_order_id = 77,
                                     .side = wire::Side::SELL,
                                     .price = 123,
                                     .quantity = 456,
                                     .instrument = 3,
                                     .time_in_force = wire::TimeInForce::IOC,
                                     .stp = wire::SelfTradePrevention::CANCEL_BOTH,
                                     .flags = 1}),
                   &message),
            ErrorCode::OK);
  const Command& command = message.command;
  EXPECT_EQ(command.type, CommandType::kNewOrder);
  EXPECT_EQ(command.client_sequence, 9u);
  EXPECT_EQ(command.instrument, InstrumentId{3});
  EXPECT_EQ(command.new_order.client_order_id, ClientOrderId{77});
  EXPECT_EQ(command.new_order.side, Side::kSell);
  EXPECT_EQ(command.new_order.price.value, 123);
  EXPECT_EQ(command.new_order.quantity.value, 456);
  EXPECT_EQ(command.new_order.time_in_force, TimeInForce::kIoc);
  EXPECT_EQ(command.new_order.self_trade_prevention, SelfTradePrevention::kCancelBoth);
  EXPECT_EQ(command.new_order.flags, kOrderFlagPostOnly);
}

TEST(ClientMessageTest, EveryOtherCommandKeepsItsFields) {
  ClientMessage message;
  const wire::Replace replace(1, 2, 3, 4, 5);
  ASSERT_EQ(Decode(MakeFrame(MessageType::REPLACE, 1, [&](auto& f) { f.add_replace(&replace); }),
                   &message),
            ErrorCode::OK);
  EXPECT_EQ(message.command.replace_order.target.order_id, OrderId{1});
  EXPECT_EQ(message.command.replace_order.target.client_order_id, ClientOrderId{2});
  EXPECT_EQ(message.command.replace_order.new_client_order_id, ClientOrderId{3});
  EXPECT_EQ(message.command.replace_order.price.value, 4);
  EXPECT_EQ(message.command.replace_order.quantity.value, 5);

  const wire::MassCancel mass(6, wire::MassCancelScope::ACCOUNT, wire::Side::SELL);
  ASSERT_EQ(
      Decode(MakeFrame(MessageType::MASS_CANCEL, 1, [&](auto& f) { f.add_mass_cancel(&mass); }),
             &message),
      ErrorCode::OK);
  EXPECT_EQ(message.command.instrument, InstrumentId{6});
  EXPECT_EQ(message.command.mass_cancel.scope, MassCancelScope::kAccount);
  EXPECT_EQ(message.command.mass_cancel.trigger, MassCancelTrigger::kRequest);
  EXPECT_EQ(message.command.mass_cancel.side, 2);

  std::array<uint8_t, 32> hash;
  hash.fill(0xab);
  const std::array<uint8_t, 6> reserved{};
  const wire::ChainTransfer transfer(1, 2, 3, flatbuffers::span<const uint8_t, 32>(hash), 4, 5, 6,
                                     flatbuffers::span<const uint8_t, 6>(reserved));
  ASSERT_EQ(Decode(MakeFrame(MessageType::WITHDRAW, 1, [&](auto& f) { f.add_withdraw(&transfer); }),
                   &message),
            ErrorCode::OK);
  EXPECT_EQ(message.command.type, CommandType::kWithdraw);
  EXPECT_EQ(message.command.account, AccountId{5});
  EXPECT_EQ(message.command.chain_transfer.index, 1u);
  EXPECT_EQ(message.command.chain_transfer.chain_id, 2u);
  EXPECT_EQ(message.command.chain_transfer.amount.value, 3);
  EXPECT_EQ(message.command.chain_transfer.transaction_hash, hash);
  EXPECT_EQ(message.command.chain_transfer.log_index, 4u);
  EXPECT_EQ(message.command.chain_transfer.asset, AssetId{6});

  const wire::BatchSettled batch(1, 2, 3, flatbuffers::span<const uint8_t, 32>(hash));
  ASSERT_EQ(Decode(MakeFrame(MessageType::BATCH_SETTLED, 1,
                             [&](auto& f) { f.add_batch_settled(&batch); }),
                   &message),
            ErrorCode::OK);
  EXPECT_EQ(message.command.batch_settled.batch_id, 1u);
  EXPECT_EQ(message.command.batch_settled.last_event, EventSequence{2});
  EXPECT_EQ(message.command.batch_settled.block_number, 3u);
}

TEST(ClientMessageTest, UnusedBytesOfACommandAreZero) {
  ClientMessage message;
  std::memset(static_cast<void*>(&message.command), 0xff, sizeof(message.command));
  ASSERT_EQ(Decode(CancelFrame(3, 4), &message), ErrorCode::OK);
  Command expected = MakeCommand(CommandType::kCancelOrder);
  expected.client_sequence = 3;
  expected.cancel_order.target.client_order_id = ClientOrderId{4};
  EXPECT_EQ(std::memcmp(&message.command, &expected, sizeof(expected)), 0);
}

struct MalformedCase {
  const char* name;
  Bytes bytes;
  ErrorCode code;
};

Bytes Patched(Bytes bytes, std::size_t offset, uint8_t value) {
  bytes.at(offset) = value;
  return bytes;
}
// The offset of the bytes of `part`, which occurs once in the frame.
std::size_t OffsetOf(const Bytes& frame, const void* part, std::size_t size) {
  const auto* const begin = static_cast<const uint8_t*>(part);
  const auto found = std::search(frame.begin(), frame.end(), begin, begin + size);
  CHECK(found != frame.end());
  return static_cast<std::size_t>(found - frame.begin());
}
Bytes Order() { return NewOrderFrame(1, {.client_order_id = 0x0102030405060708}); }
std::size_t OrderOffset() {
  const uint64_t id = 0x0102030405060708;
  return OffsetOf(Order(), &id, sizeof(id));
}

// A table whose first field points to another table, and so on.
Bytes DepthBomb() {
  Bytes bytes(1024, 0);
  const uint32_t length = 1020;
  std::memcpy(bytes.data(), &length, 4);
  const uint32_t root = 8;
  std::memcpy(bytes.data() + 4, &root, 4);
  std::memcpy(bytes.data() + 8, "TLY1", 4);
  for (std::size_t at = 12; at + 16 < bytes.size(); at += 16) {
    const int32_t vtable = -8;
    std::memcpy(bytes.data() + at, &vtable, 4);
    const uint32_t next = 12;
    std::memcpy(bytes.data() + at + 4, &next, 4);
    const std::array<uint16_t, 3> table{6, 8, 4};
    std::memcpy(bytes.data() + at + 8, table.data(), 6);
  }
  return bytes;
}

std::vector<MalformedCase> MalformedCases() {
  std::vector<MalformedCase> cases;
  const Bytes order = Order();
  const std::size_t body = OrderOffset();
  const std::size_t hdr = body + 40;  // The builder writes backwards: the header behind the body.
  const wire::Heartbeat heartbeat(1);
  const wire::Cancel cancel(1, 1);
  const wire::NewOrder new_order;
  cases.push_back({"Empty", {}, ErrorCode::BAD_FRAME});
  cases.push_back({"PrefixOnly", {0, 0, 0, 0}, ErrorCode::BAD_FRAME});
  cases.push_back({"Truncated", Bytes(order.begin(), order.end() - 1), ErrorCode::BAD_FRAME});
  Bytes longer = order;
  longer.resize(longer.size() + 8);
  cases.push_back({"TrailingBytes", longer, ErrorCode::BAD_FRAME});
  cases.push_back(
      {"PrefixShort", Patched(order, 0, static_cast<uint8_t>(order[0] - 4)), ErrorCode::BAD_FRAME});
  cases.push_back(
      {"PrefixLong", Patched(order, 0, static_cast<uint8_t>(order[0] + 4)), ErrorCode::BAD_FRAME});
  cases.push_back({"Identifier", Patched(order, 8, 'X'), ErrorCode::BAD_FRAME});
  cases.push_back({"RootOutside", Patched(order, 5, 0x7f), ErrorCode::BAD_FRAME});
  cases.push_back({"VtableOutside", Patched(order, 4 + order[4] + 1, 0x7f), ErrorCode::BAD_FRAME});
  cases.push_back({"DepthBomb", DepthBomb(), ErrorCode::BAD_FRAME});
  cases.push_back({"Zeros", Patched(Bytes(64, 0), 0, 60), ErrorCode::BAD_FRAME});
  cases.push_back(
      {"NoBody", MakeFrame(MessageType::NEW_ORDER, 1, [](auto&) {}), ErrorCode::BAD_FRAME});
  cases.push_back({"TwoBodies",
                   MakeFrame(MessageType::NEW_ORDER, 1,
                             [&](auto& f) {
                               f.add_new_order(&new_order);
                               f.add_cancel(&cancel);
                             }),
                   ErrorCode::BAD_FRAME});
  cases.push_back({"BodyOfAnotherType",
                   MakeFrame(MessageType::NEW_ORDER, 1, [&](auto& f) { f.add_cancel(&cancel); }),
                   ErrorCode::BAD_FRAME});
  cases.push_back({"NoHeader",
                   [&] {
                     flatbuffers::FlatBufferBuilder builder;
                     wire::FrameBuilder frame(builder);
                     frame.add_heartbeat(&heartbeat);
                     wire::FinishSizePrefixedFrameBuffer(builder, frame.Finish());
                     return Bytes(builder.GetBufferPointer(),
                                  builder.GetBufferPointer() + builder.GetSize());
                   }(),
                   ErrorCode::BAD_FRAME});
  cases.push_back({"ServerMessage",
                   MakeFrame(MessageType::ACCEPTED, 1,
                             [&](auto& f) {
                               const wire::Accepted accepted;
                               f.add_accepted(&accepted);
                             }),
                   ErrorCode::UNSUPPORTED_TYPE});
  cases.push_back(
      {"UnknownType",
       MakeFrame(static_cast<MessageType>(999), 0, [&](auto& f) { f.add_heartbeat(&heartbeat); }),
       ErrorCode::UNSUPPORTED_TYPE});
  for (const auto& [name, offset] : {std::pair("SideZero", 28), std::pair("TypeZero", 29),
                                     std::pair("TimeInForceZero", 30), std::pair("StpZero", 31)}) {
    cases.push_back(
        {name, Patched(order, body + static_cast<std::size_t>(offset), 0), ErrorCode::BAD_VALUE});
  }
  for (const auto& [name, offset] :
       {std::pair("SideLarge", 28), std::pair("TypeLarge", 29), std::pair("TimeInForceLarge", 30),
        std::pair("StpLarge", 31), std::pair("UnknownFlag", 32), std::pair("Reserved", 33)}) {
    cases.push_back(
        {name, Patched(order, body + static_cast<std::size_t>(offset), 200), ErrorCode::BAD_VALUE});
  }
  cases.push_back({"TimeInForceHole", Patched(order, body + 30, 2), ErrorCode::BAD_VALUE});
  cases.push_back({"HeaderFlags", Patched(order, hdr + 26, 1), ErrorCode::BAD_VALUE});
  cases.push_back({"HeaderReserved", Patched(order, hdr + 28, 1), ErrorCode::BAD_VALUE});
  cases.push_back({"CommandWithoutSeq", NewOrderFrame(0, {}), ErrorCode::BAD_VALUE});
  cases.push_back(
      {"SeqOnASessionMessage",
       MakeFrame(MessageType::HEARTBEAT, 5, [&](auto& f) { f.add_heartbeat(&heartbeat); }),
       ErrorCode::BAD_VALUE});
  cases.push_back({"NoFeedKind", SubscribeFrame(1, 0), ErrorCode::BAD_VALUE});
  cases.push_back({"UnknownFeedKind", SubscribeFrame(1, 64), ErrorCode::BAD_VALUE});
  return cases;
}

class MalformedTest : public ::testing::TestWithParam<MalformedCase> {};

TEST_P(MalformedTest, IsRefused) {
  ClientMessage message;
  EXPECT_EQ(Decode(GetParam().bytes, &message), GetParam().code);
}

INSTANTIATE_TEST_SUITE_P(All, MalformedTest, ::testing::ValuesIn(MalformedCases()),
                         [](const auto& row) { return row.param.name; });

TEST(ClientMessageTest, EveryCutOfAFrameIsRefused) {
  const Bytes order = Order();
  for (std::size_t size = 0; size < order.size(); ++size) {
    ClientMessage message;
    EXPECT_NE(
        Decode(Bytes(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(size)), &message),
        ErrorCode::OK);
  }
}

TEST(FrameBufferTest, FramesComeOutWhateverThePieces) {
  for (const std::size_t piece : {1u, 3u, 7u, 111u, 4096u}) {
    Bytes stream;
    for (uint64_t seq = 1; seq <= 300; ++seq) {
      const Bytes one = NewOrderFrame(seq, {.client_order_id = seq});
      stream.insert(stream.end(), one.begin(), one.end());
    }
    FrameBuffer buffer;
    uint64_t seen = 0;
    for (std::size_t sent = 0; sent < stream.size();) {
      const auto space = buffer.WritableSpace();
      ASSERT_FALSE(space.empty());
      const std::size_t count = std::min({piece, space.size(), stream.size() - sent});
      std::memcpy(space.data(), stream.data() + sent, count);
      buffer.Commit(count);
      sent += count;
      std::span<const uint8_t> frame;
      while (buffer.Next(&frame) == FrameBuffer::Result::kFrame) {
        ClientMessage message;
        ASSERT_EQ(DecodeClientFrame(frame, &message), ErrorCode::OK);
        EXPECT_EQ(message.seq, ++seen);
      }
    }
    EXPECT_EQ(seen, 300u);
    EXPECT_EQ(buffer.partial_bytes(), 0u);
  }
}

TEST(FrameBufferTest, LargestFrameFits) {
  FrameBuffer buffer;
  Bytes frame(4 + kClientFrameBytesMax);
  const uint32_t length = kClientFrameBytesMax;
  std::memcpy(frame.data(), &length, 4);
  for (std::size_t sent = 0; sent < frame.size(); ++sent) {
    const auto space = buffer.WritableSpace();
    ASSERT_FALSE(space.empty());
    space[0] = frame[sent];
    buffer.Commit(1);
    std::span<const uint8_t> out;
    EXPECT_EQ(buffer.Next(&out), sent + 1 == frame.size() ? FrameBuffer::Result::kFrame
                                                          : FrameBuffer::Result::kNeedMore);
  }
}

TEST(FrameBufferTest, LengthIsCheckedFromThePrefixAlone) {
  for (const auto& [length, result] :
       {std::pair(kClientFrameBytesMax + 1, FrameBuffer::Result::kTooLarge),
        std::pair(0xffffffffu, FrameBuffer::Result::kTooLarge),
        std::pair(0u, FrameBuffer::Result::kTooSmall),
        std::pair(7u, FrameBuffer::Result::kTooSmall)}) {
    FrameBuffer buffer;
    std::memcpy(buffer.WritableSpace().data(), &length, 4);
    buffer.Commit(4);
    std::span<const uint8_t> frame;
    EXPECT_EQ(buffer.Next(&frame), result);
  }
}

TEST(FrameEncoderTest, ReplayDiffersOnlyInFlagAndSendTime) {
  FrameEncoder encoder;
  Event event = MakeEvent(EventType::kOrderFilled);
  event.report_sequence = 5;
  event.client_sequence = 3;
  event.filled.fee = {-7};
  Bytes live;
  Bytes replay;
  encoder.Report(event, false, 1000, &live);
  encoder.Report(event, true, 2000, &replay);
  ASSERT_EQ(live.size(), replay.size());
  auto frames = TakeFrames(&live);
  auto replayed = TakeFrames(&replay);
  EXPECT_EQ(frames[0].frame().fill()->fee(), -7);
  EXPECT_EQ(frames[0].hdr().ack(), 3u);
  std::size_t different = 0;
  for (std::size_t i = 0; i < frames[0].words.size(); ++i) {
    different += frames[0].words[i] != replayed[0].words[i] ? 1 : 0;
  }
  EXPECT_EQ(different, 2u);  // The word of send_ns and that of the flags.
}

TEST(FrameEncoderTest, EveryReportHasItsType) {
  const std::vector<std::pair<EventType, MessageType>> types = {
      {EventType::kOrderAccepted, MessageType::ACCEPTED},
      {EventType::kOrderRejected, MessageType::REJECTED},
      {EventType::kOrderFilled, MessageType::FILL},
      {EventType::kOrderCanceled, MessageType::CANCELED},
      {EventType::kOrderReplaced, MessageType::REPLACED},
      {EventType::kCancelRejected, MessageType::CANCEL_REJECT},
      {EventType::kMassCancelDone, MessageType::MASS_CANCEL_DONE},
      {EventType::kOrderState, MessageType::ORDER_STATE},
      {EventType::kBalance, MessageType::BALANCE},
      {EventType::kCommandRejected, MessageType::COMMAND_REJECTED},
      {EventType::kCommandDone, MessageType::COMMAND_DONE},
      {EventType::kOrderTriggered, MessageType::TRIGGERED},
      {EventType::kOrderRestated, MessageType::RESTATED},
      {EventType::kQuoteDone, MessageType::QUOTE_DONE},
      {EventType::kProtectionTripped, MessageType::PROTECTION_TRIPPED}};
  FrameEncoder encoder;
  for (const auto& [event_type, message_type] : types) {
    Event event = MakeEvent(event_type);
    event.report_sequence = 1;
    Bytes bytes;
    encoder.Report(event, false, 0, &bytes);
    EXPECT_EQ(TakeFrames(&bytes)[0].type(), message_type);
  }
}

TEST(ErrorCodeTest, EveryRejectReasonIsACodeOfTheSameName) {
  for (int number = 200; number < 500; ++number) {
    const auto reason = static_cast<RejectReason>(number);
    const std::string_view name = RejectReasonName(reason);
    const bool has_code = *wire::EnumNameErrorCode(static_cast<ErrorCode>(number)) != '\0';
    if (name != "UNKNOWN_REASON") {
      EXPECT_TRUE(has_code) << number << " " << name;
    }
  }
}

// The cells of the rows of every table in a document.
std::vector<std::vector<std::string>> TableRows(const std::string& path) {
  std::ifstream file(std::string(TALLY_SOURCE_DIR) + path);
  CHECK(file.is_open());
  std::vector<std::vector<std::string>> rows;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("| ")) {
      rows.push_back(absl::StrSplit(line, " | "));
      rows.back()[0].erase(0, 2);
    }
  }
  return rows;
}

TEST(ErrorCodeTest, DocumentListsExactlyTheEnum) {
  std::map<int, std::string> documented;
  for (const auto& row : TableRows("/docs/error-codes.md")) {
    int code = 0;
    if (absl::SimpleAtoi(row[0], &code)) {
      ASSERT_GE(row.size(), 4u);
      EXPECT_TRUE(documented.emplace(code, row[1]).second) << code;
      EXPECT_TRUE(row[2] == "N" || row[2] == "U" || row[2] == "-") << code;
    }
  }
  std::map<int, std::string> declared;
  for (const ErrorCode code : wire::EnumValuesErrorCode()) {
    declared.emplace(static_cast<int>(code), wire::EnumNameErrorCode(code));
  }
  EXPECT_EQ(documented, declared);
}

// A first cell is like "1 Hello" or "40 Subscribe / 41 Unsubscribe".
TEST(MessageTypeTest, DocumentListsExactlyTheEnum) {
  std::set<int> documented{0};
  for (const auto& row : TableRows("/docs/formats/wire.md")) {
    for (const absl::string_view word : absl::StrSplit(row[0], ' ')) {
      int number = 0;
      if (absl::SimpleAtoi(word, &number)) {
        documented.insert(number);
      }
    }
  }
  std::set<int> declared;
  for (const MessageType type : wire::EnumValuesMessageType()) {
    declared.insert(static_cast<int>(type));
  }
  EXPECT_EQ(documented, declared);
}

}  // namespace
}  // namespace tally::gateway
