#include <memory>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <arpa/inet.h>
#include <netinet/in.h>

#include "gateway/gateway_server.h"
#include "tests/gateway/sync_engine.h"
#include "tests/gateway/wire_client.h"

namespace tally::gateway {
namespace {

using ::testing::HasSubstr;
using wire::ErrorCode;
using wire::MessageType;

constexpr int64_t kWallNs = 1'700'000'000'000'000'000;

class FixedClock final : public Clock {
 public:
  int64_t NowNs() const override { return kWallNs; }
};

// A blocking client on a real socket.
class SocketClient {
 public:
  explicit SocketClient(uint16_t port, int receive_buffer_bytes = 0) {
    fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
    CHECK(fd_ >= 0);
    if (receive_buffer_bytes != 0) {
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof(int));
    }
    // Only so that a failing test ends.
    const timeval timeout{.tv_sec = 30, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  }
  ~SocketClient() { ::close(fd_); }
  SocketClient(const SocketClient&) = delete;
  SocketClient& operator=(const SocketClient&) = delete;

  void Send(const Bytes& bytes, std::size_t piece = 1 << 20) {
    for (std::size_t sent = 0; sent < bytes.size();) {
      const ssize_t count =
          ::send(fd_, bytes.data() + sent, std::min(piece, bytes.size() - sent), MSG_NOSIGNAL);
      if (count <= 0) {
        return;  // The server has closed.
      }
      sent += static_cast<std::size_t>(count);
    }
  }

  // The next message; a HEARTBEAT is passed over. Null at the end of the stream.
  std::unique_ptr<Received> Next() {
    while (true) {
      while (next_ < frames_.size()) {
        auto one = std::make_unique<Received>(frames_[next_++]);
        if (one->type() != MessageType::HEARTBEAT) {
          return one;
        }
      }
      frames_.clear();
      next_ = 0;
      Bytes piece(65'536);
      const ssize_t count = ::recv(fd_, piece.data(), piece.size(), 0);
      if (count <= 0) {
        return nullptr;
      }
      stream_.insert(stream_.end(), piece.begin(), piece.begin() + count);
      frames_ = TakeFrames(&stream_);
    }
  }
  MessageType NextType() {
    const auto next = Next();
    return next == nullptr ? MessageType::NONE : next->type();
  }

  wire::LogonAck LogOn(uint64_t key_id, LogonSpec spec = {}) {
    const auto hello = Next();
    CHECK(hello != nullptr && hello->type() == MessageType::HELLO);
    std::array<uint8_t, 32> nonce;
    std::memcpy(nonce.data(), hello->frame().hello()->nonce()->Data(), 32);
    spec.key_id = key_id;
    spec.client_time_ns = kWallNs;
    Send(LogonFrame(spec, nonce, TestKey(static_cast<uint8_t>(key_id))));
    const auto ack = Next();
    CHECK(ack != nullptr && ack->type() == MessageType::LOGON_ACK);
    return *ack->frame().logon_ack();
  }

 private:
  int fd_;
  Bytes stream_;
  std::vector<Received> frames_;
  std::size_t next_ = 0;
};

class GatewayServerTest : public ::testing::Test {
 protected:
  void Start(GatewayOptions options = {}) {
    venue_.assets = {{.asset = kBase, .symbol = Symbol::From("BTC")},
                     {.asset = kQuote, .symbol = Symbol::From("USD")}};
    InstrumentConfig& instrument = venue_.instruments.emplace_back();
    instrument.instrument = kInstrument;
    instrument.definition.symbol = Symbol::From("BTC/USD");
    instrument.definition.base_asset = kBase;
    instrument.definition.quote_asset = kQuote;
    for (const uint64_t id : {1u, 2u}) {
      venue_.keys.push_back({.id = id,
                             .public_key = TestKey(static_cast<uint8_t>(id)).public_key,
                             .account = id == 1 ? kAlice : kBob,
                             .permissions = kPermissionTrade});
    }
    server_ = std::make_unique<GatewayServer>(
        options, venue_,
        GatewayServer::Dependencies{.clock = &clock_, .engine = &engine_, .reports = &engine_},
        engine_.Recover());
    const auto port = server_->Start();
    ASSERT_TRUE(port.ok()) << port.status();
    port_ = *port;
  }

  FixedClock clock_;
  SyncEngine engine_;
  VenueConfig venue_;
  std::unique_ptr<GatewayServer> server_;
  uint16_t port_ = 0;
};

TEST_F(GatewayServerTest, TwoClientsTrade) {
  Start();
  SocketClient alice(port_);
  SocketClient bob(port_);
  EXPECT_EQ(alice.LogOn(1).code(), ErrorCode::OK);
  EXPECT_EQ(bob.LogOn(2).code(), ErrorCode::OK);
  alice.Send(NewOrderFrame(1, {.client_order_id = 1, .side = wire::Side::SELL}));
  EXPECT_EQ(alice.NextType(), MessageType::ACCEPTED);
  bob.Send(SubscribeFrame(0));
  const auto definition = bob.Next();
  ASSERT_EQ(definition->type(), MessageType::INSTRUMENT_DEF);
  EXPECT_EQ(0, std::memcmp(definition->frame().instrument_def()->symbol()->Data(), "BTC/USD", 8));
  EXPECT_EQ(bob.NextType(), MessageType::BBO);
  bob.Send(NewOrderFrame(1, {.client_order_id = 1}));
  EXPECT_EQ(bob.NextType(), MessageType::ACCEPTED);
  EXPECT_EQ(bob.NextType(), MessageType::FILL);
  EXPECT_EQ(bob.NextType(), MessageType::TRADE);
  EXPECT_EQ(bob.NextType(), MessageType::BBO);
  EXPECT_EQ(alice.NextType(), MessageType::FILL);
  EXPECT_EQ(server_->metrics().connections_open, 2u);
  EXPECT_EQ(server_->metrics().commands_published, 2u);
}

TEST_F(GatewayServerTest, BytesMayComeOneByOne) {
  Start();
  SocketClient client(port_);
  client.LogOn(1);
  client.Send(NewOrderFrame(1, {.client_order_id = 1}), /*piece=*/1);
  EXPECT_EQ(client.NextType(), MessageType::ACCEPTED);
}

TEST_F(GatewayServerTest, BadBytesCloseOnlyTheirConnection) {
  Start();
  SocketClient good(port_);
  good.LogOn(1);
  const std::vector<std::pair<Bytes, ErrorCode>> cases = {
      {{0xff, 0xff, 0xff, 0x7f}, ErrorCode::FRAME_TOO_LARGE},
      {{0x01, 0x10, 0, 0}, ErrorCode::FRAME_TOO_LARGE},
      {{0, 0, 0, 0}, ErrorCode::BAD_FRAME},
      {Bytes(64, 0x20), ErrorCode::FRAME_TOO_LARGE},
      {NewOrderFrame(1, {.side = static_cast<wire::Side>(9)}), ErrorCode::BAD_VALUE}};
  uint64_t seq = 0;
  for (const auto& [bytes, code] : cases) {
    SocketClient bad(port_);
    bad.LogOn(2);
    bad.Send(bytes);
    const auto reject = bad.Next();
    ASSERT_NE(reject, nullptr);
    ASSERT_EQ(reject->type(), MessageType::SESSION_REJECT);
    EXPECT_EQ(reject->frame().session_reject()->code(), code);
    EXPECT_EQ(bad.Next(), nullptr);
    ++seq;
    good.Send(NewOrderFrame(seq, {.client_order_id = seq}));
    EXPECT_EQ(good.NextType(), MessageType::ACCEPTED);
  }
}

TEST_F(GatewayServerTest, StopLogsEveryClientOut) {
  Start();
  SocketClient client(port_);
  client.LogOn(1);
  server_->Stop();
  const auto logout = client.Next();
  ASSERT_NE(logout, nullptr);
  EXPECT_EQ(logout->frame().logout()->code(), ErrorCode::SHUTDOWN);
  EXPECT_EQ(client.Next(), nullptr);
  server_->Stop();
}

TEST_F(GatewayServerTest, StopWithoutClientsEnds) {
  Start();
  server_->Stop();
}

TEST_F(GatewayServerTest, LargeReplayToASlowReaderIsComplete) {
  // A session with many reports, before there is a gateway.
  constexpr uint64_t kOrders = 20'000;
  Command open = MakeCommand(CommandType::kOpenSession);
  open.account = kAlice;
  open.open_session = {.session_id = 1, .public_key = TestKey(1).public_key};
  ASSERT_TRUE(engine_.TryPublish(open));
  for (uint64_t seq = 1; seq <= kOrders; ++seq) {
    Command order = MakeCommand(CommandType::kNewOrder);
    order.session = SessionIndex{1};
    order.account = kAlice;
    order.instrument = kInstrument;
    order.client_sequence = seq;
    order.new_order = MakeOrder({.client_order_id = ClientOrderId{seq},
                                 .price = {100},
                                 .quantity = {1},
                                 .side = Side::kBuy,
                                 .type = OrderType::kLimit,
                                 .time_in_force = TimeInForce::kIoc,
                                 .self_trade_prevention = SelfTradePrevention::kNone,
                                 .flags = 0});
    ASSERT_TRUE(engine_.TryPublish(order));
  }
  const uint64_t reports = engine_.core().session(SessionIndex{1})->next_report_sequence - 1;
  ASSERT_GT(reports, kOrders);
  engine_.ConsumeEvents(engine_.PeekEvents(SIZE_MAX).size());
  GatewayOptions options;
  options.replay_chunk_reports = 4'096;
  Start(options);
  SocketClient client(port_, /*receive_buffer_bytes=*/4'096);
  const wire::LogonAck ack = client.LogOn(1, {.resume_from = 1});
  EXPECT_EQ(ack.next_server_seq(), reports + 1);
  EXPECT_EQ(ack.last_client_seq(), kOrders);
  for (uint64_t seq = 1; seq <= reports; ++seq) {
    const auto report = client.Next();
    ASSERT_NE(report, nullptr);
    ASSERT_EQ(report->seq(), seq);
    ASSERT_TRUE(report->replay());
  }
  client.Send(NewOrderFrame(kOrders + 1, {.client_order_id = kOrders + 1}));
  const auto live = client.Next();
  EXPECT_EQ(live->seq(), reports + 1);
  EXPECT_FALSE(live->replay());
}

TEST_F(GatewayServerTest, AddressInUseIsNamed) {
  Start();
  GatewayOptions options;
  options.port = port_;
  GatewayServer second(
      options, venue_,
      GatewayServer::Dependencies{.clock = &clock_, .engine = &engine_, .reports = &engine_}, {});
  const auto port = second.Start();
  EXPECT_EQ(port.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(port.status().message()), HasSubstr("127.0.0.1"));
}

TEST_F(GatewayServerTest, HostNameIsRefused) {
  GatewayServer server(
      {.host = "localhost"}, venue_,
      GatewayServer::Dependencies{.clock = &clock_, .engine = &engine_, .reports = &engine_}, {});
  EXPECT_EQ(server.Start().status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace tally::gateway
