#pragma once

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "gtest/gtest.h"

#include "base/clock.h"
#include "gateway/session/hub.h"
#include "tests/gateway/sync_engine.h"
#include "tests/gateway/wire_client.h"

namespace tally::gateway {

inline constexpr uint64_t kAliceKey = 1;
inline constexpr uint64_t kBobKey = 2;
inline constexpr uint64_t kReaderKey = 3;   // Alice's, may only read.
inline constexpr uint64_t kRelayerKey = 4;  // Settlement, no account.
inline constexpr uint64_t kDisabledKey = 5;

// A hub on a synchronous engine, with a clock that only the test moves.
class HubFixture {
 public:
  HubFixture() {
    const auto add = [&](uint64_t id, AccountId account, uint8_t permissions, bool enabled) {
      keys.Add({.id = id,
                .public_key = TestKey(static_cast<uint8_t>(id)).public_key,
                .account = account,
                .permissions = permissions,
                .enabled = enabled});
    };
    add(kAliceKey, kAlice, kPermissionTrade, true);
    add(kBobKey, kBob, kPermissionTrade, true);
    add(kReaderKey, kAlice, kPermissionRead, true);
    add(kRelayerKey, AccountId{}, kPermissionSettlement, true);
    add(kDisabledKey, kAlice, kPermissionTrade, false);
    Restart();
  }

  // A new hub on the same engine: the gateway came back after a crash.
  void Restart() {
    engine.ReleaseAll();
    engine.ConsumeEvents(engine.PeekEvents(SIZE_MAX).size());
    streams.clear();
    const std::array<uint8_t, 16> bytes{};
    const flatbuffers::span<const uint8_t, 16> symbol(bytes);
    const std::array<uint8_t, 6> reserved{};
    const wire::InstrumentDef definition(symbol, symbol, symbol, 1, 1, 1'000'000, 1, 1'000'000, 1,
                                         1'000'000, 0, 0, 1, 0, 1, 0, 0,
                                         flatbuffers::span<const uint8_t, 6>(reserved));
    hub = std::make_unique<SessionHub>(HubConfig{
        .options = options,
        .keys = &keys,
        .engine = &engine,
        .reports = &engine,
        .verifier = verifier,
        .instruments = {definition},
        .recovered = engine.Recover(),
        .random = [this](std::span<uint8_t> out) { std::fill(out.begin(), out.end(), ++nonce); }});
  }

  void Advance(int64_t ms) {
    // In steps of the transport's tick.
    for (; ms > 0; ms -= 100) {
      const int64_t step = std::min<int64_t>(ms, 100) * kNsPerMs;
      now.mono_ns += step;
      now.wall_ns += step;
      hub->OnTimer(now);
    }
  }

  void Pump() {
    while (hub->PollEvents(1000, now) != 0) {
    }
    if (hub->NeedsRetry()) {
      hub->Retry(now);
      while (hub->PollEvents(1000, now) != 0) {
      }
    }
  }

  // Everything the server has for the connection.
  std::vector<Received> Receive(ConnectionId id) {
    Bytes& stream = streams[Raw(id)];
    for (auto bytes = hub->NextWrite(id); !bytes.empty(); bytes = hub->NextWrite(id)) {
      stream.insert(stream.end(), bytes.begin(), bytes.end());
      hub->OnWritten(id, bytes.size(), now);
    }
    return TakeFrames(&stream);
  }

  void SendRaw(ConnectionId id, const Bytes& bytes) {
    for (std::size_t sent = 0; sent < bytes.size() && hub->WantsRead(id);) {
      const std::span<uint8_t> space = hub->ReadSpace(id);
      const std::size_t count = std::min(space.size(), bytes.size() - sent);
      std::memcpy(space.data(), bytes.data() + sent, count);
      hub->OnRead(id, count, now);
      sent += count;
    }
  }
  std::vector<Received> Send(ConnectionId id, const Bytes& bytes) {
    SendRaw(id, bytes);
    Pump();
    return Receive(id);
  }

  ConnectionId Connect() {
    const ConnectionId id = hub->Accept(now);
    const auto received = Receive(id);
    CHECK(received.size() == 1 && received[0].type() == wire::MessageType::HELLO);
    std::memcpy(hello_nonce.data(), received[0].frame().hello()->nonce()->Data(), 32);
    return id;
  }
  std::vector<Received> LogOn(ConnectionId id, LogonSpec spec, int seed = 0) {
    spec.client_time_ns += now.wall_ns;
    const TestKey key(static_cast<uint8_t>(seed == 0 ? static_cast<int>(spec.key_id) : seed));
    return Send(id, LogonFrame(spec, hello_nonce, key));
  }
  // Connects and logs on; what came after the LogonAck is in `last`.
  ConnectionId Session(const LogonSpec& spec) {
    const ConnectionId id = Connect();
    last = LogOn(id, spec);
    CHECK(!last.empty() && last[0].type() == wire::MessageType::LOGON_ACK);
    ack = *last[0].frame().logon_ack();
    last.erase(last.begin());
    return id;
  }
  void Drop(ConnectionId id) {
    hub->OnDisconnected(id, now);
    streams.erase(Raw(id));
    Pump();
  }
  bool Closing(ConnectionId id) { return hub->ShouldClose(id, now); }

  GatewayOptions options;
  KeyDirectory keys;
  const OrderVerifier* verifier = nullptr;
  SyncEngine engine;
  std::unique_ptr<SessionHub> hub;
  Instant now{.wall_ns = 1'700'000'000'000'000'000, .mono_ns = 1'000'000'000};
  std::array<uint8_t, 32> hello_nonce{};
  uint8_t nonce = 0;
  std::map<uint64_t, Bytes> streams;
  std::vector<Received> last;
  wire::LogonAck ack;
};

class HubTest : public ::testing::Test, protected HubFixture {};

inline std::vector<wire::MessageType> Types(const std::vector<Received>& received) {
  std::vector<wire::MessageType> types;
  for (const Received& one : received) {
    types.push_back(one.type());
  }
  return types;
}

}  // namespace tally::gateway
