#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <sodium.h>
#include <string>
#include <vector>

#include "base/assert.h"
#include "gateway/codec/client_message.h"
#include "gateway/key_directory.h"
#include "schemas/wire_generated.h"

namespace tally::gateway {

using Bytes = std::vector<uint8_t>;

inline wire::ErrorCode Decode(const Bytes& bytes, ClientMessage* message) {
  std::vector<uint64_t> aligned((bytes.size() + 7) / 8);
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<uint8_t*>(aligned.data()));
  return DecodeClientFrame({reinterpret_cast<const uint8_t*>(aligned.data()), bytes.size()},
                           message);
}

// One message of the server, at an aligned address.
struct Received {
  explicit Received(std::span<const uint8_t> frame) : words((frame.size() + 7) / 8) {
    std::memcpy(words.data(), frame.data(), frame.size());
    size_bytes = frame.size();
  }
  const wire::Frame& frame() const { return *wire::GetSizePrefixedFrame(words.data()); }
  const wire::Hdr& hdr() const { return *frame().hdr(); }
  wire::MessageType type() const { return hdr().type(); }
  uint64_t seq() const { return hdr().seq(); }
  bool replay() const { return (hdr().flags() & 1) != 0; }

  std::vector<uint64_t> words;
  std::size_t size_bytes = 0;
};

// Cuts whole frames off the front of a stream.
inline std::vector<Received> TakeFrames(Bytes* stream) {
  std::vector<Received> frames;
  std::size_t begin = 0;
  while (stream->size() - begin >= 4) {
    uint32_t length = 0;
    std::memcpy(&length, stream->data() + begin, 4);
    if (stream->size() - begin < 4 + length) {
      break;
    }
    frames.emplace_back(std::span<const uint8_t>(*stream).subspan(begin, 4 + length));
    flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t*>(frames.back().words.data()),
                                   frames.back().size_bytes);
    CHECK(wire::VerifySizePrefixedFrameBuffer(verifier));
    begin += 4 + length;
  }
  stream->erase(stream->begin(), stream->begin() + static_cast<std::ptrdiff_t>(begin));
  return frames;
}

template <typename Add>
Bytes MakeFrame(wire::MessageType type, uint64_t seq, Add&& add) {
  flatbuffers::FlatBufferBuilder builder;
  const wire::Hdr hdr(seq, 0, 0, type, 0, 0);
  wire::FrameBuilder frame(builder);
  frame.add_hdr(&hdr);
  add(frame);
  wire::FinishSizePrefixedFrameBuffer(builder, frame.Finish());
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

struct OrderSpec {
  uint64_t client_order_id = 0;
  wire::Side side = wire::Side::BUY;
  int64_t price = 100;
  int64_t quantity = 10;
  uint32_t instrument = 1;
  wire::OrderType order_type = wire::OrderType::LIMIT;
  wire::TimeInForce time_in_force = wire::TimeInForce::GTC;
  wire::SelfTradePrevention stp = wire::SelfTradePrevention::NONE;
  uint8_t flags = 0;
};

inline Bytes NewOrderFrame(uint64_t seq, const OrderSpec& spec) {
  const wire::NewOrder body(spec.client_order_id, spec.price, spec.quantity, spec.instrument,
                            spec.side, spec.order_type, spec.time_in_force, spec.stp, spec.flags);
  return MakeFrame(wire::MessageType::NEW_ORDER, seq, [&](auto& f) { f.add_new_order(&body); });
}
inline Bytes CancelFrame(uint64_t seq, uint64_t client_order_id) {
  const wire::Cancel body(0, client_order_id);
  return MakeFrame(wire::MessageType::CANCEL, seq, [&](auto& f) { f.add_cancel(&body); });
}
inline Bytes AccountQueryFrame(uint64_t seq) {
  const wire::AccountQuery body(0);
  return MakeFrame(wire::MessageType::ACCOUNT_QUERY, seq,
                   [&](auto& f) { f.add_account_query(&body); });
}
inline Bytes HeartbeatFrame() {
  const wire::Heartbeat body(0);
  return MakeFrame(wire::MessageType::HEARTBEAT, 0, [&](auto& f) { f.add_heartbeat(&body); });
}
inline Bytes TestRequestFrame(uint64_t correlation) {
  const wire::TestRequest body(correlation);
  return MakeFrame(wire::MessageType::TEST_REQUEST, 0, [&](auto& f) { f.add_test_request(&body); });
}
inline Bytes LogoutFrame(bool keep_orders) {
  const wire::Logout body(wire::ErrorCode::OK, keep_orders ? 1 : 0);
  return MakeFrame(wire::MessageType::LOGOUT, 0, [&](auto& f) { f.add_logout(&body); });
}
inline Bytes SubscribeFrame(uint32_t instrument, uint8_t kinds = 3) {
  const wire::Subscribe body(instrument, kinds);
  return MakeFrame(wire::MessageType::SUBSCRIBE, 0, [&](auto& f) { f.add_subscribe(&body); });
}

// A key pair made from one byte.
struct TestKey {
  explicit TestKey(uint8_t seed_byte) {
    CHECK(sodium_init() >= 0);
    std::array<uint8_t, 32> seed;
    seed.fill(seed_byte);
    CHECK(crypto_sign_seed_keypair(public_key.data(), secret_key.data(), seed.data()) == 0);
  }
  std::array<uint8_t, 32> public_key;
  std::array<uint8_t, 64> secret_key;
};

struct LogonSpec {
  uint64_t key_id = 1;
  uint64_t session_id = 1;
  uint64_t resume_from = 1;
  int64_t client_time_ns = 0;
  uint32_t heartbeat_ms = 0;
  uint32_t cancel_grace_ms = 0;
  uint16_t version = kProtocolVersion;
  wire::CancelOnDisconnect cancel_on_disconnect = wire::CancelOnDisconnect::NONE;
};

inline Bytes LogonFrame(const LogonSpec& spec, std::span<const uint8_t, 32> nonce,
                        const TestKey& key) {
  std::array<uint8_t, 64> signature{};
  const auto make = [&] {
    return wire::Logon(spec.key_id, spec.session_id, spec.resume_from, spec.client_time_ns,
                       flatbuffers::span<const uint8_t, 64>(signature), spec.heartbeat_ms,
                       spec.cancel_grace_ms, spec.version, spec.cancel_on_disconnect,
                       flatbuffers::span<const uint8_t, 5>(std::array<uint8_t, 5>{}));
  };
  const auto bytes = LogonSignedBytes(nonce, make());
  CHECK(crypto_sign_detached(signature.data(), nullptr, bytes.data(), bytes.size(),
                             key.secret_key.data()) == 0);
  const wire::Logon body = make();
  return MakeFrame(wire::MessageType::LOGON, 0, [&](auto& f) { f.add_logon(&body); });
}

}  // namespace tally::gateway
