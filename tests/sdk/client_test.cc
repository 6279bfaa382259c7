#include "sdk/client.h"

#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sdk/internal/frame_codec.h"
#include "tests/sdk/fake_venue.h"

namespace tally::sdk {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using wire::FrameBuilder;
using wire::MessageType;

constexpr int64_t kSecondNs = 1'000'000'000;
constexpr InstrumentId kBtc{1};

class FakeClock final : public Clock {
 public:
  int64_t NowNs() const override { return now_ns; }
  int64_t now_ns = 1'700'000'000 * kSecondNs;
};

class Recorder final : public Listener {
 public:
  void OnReport(const Report& report) override { reports.push_back(report); }
  void OnTrade(const MarketTrade& trade) override { trades.push_back(trade); }
  void OnBookTop(const BookTop& top) override { tops.push_back(top); }
  void OnInstrument(const Instrument& instrument) override { instruments.push_back(instrument); }
  void OnSubscriptionRefused(ErrorCode code) override { refused.push_back(code); }
  void OnDisconnected(const absl::Status& why) override {
    disconnects.push_back(std::string(why.message().data(), why.message().size()));
  }
  std::vector<uint64_t> sequences() const {
    std::vector<uint64_t> result;
    for (const Report& report : reports) {
      result.push_back(report.sequence);
    }
    return result;
  }

  std::vector<Report> reports;
  std::vector<MarketTrade> trades;
  std::vector<BookTop> tops;
  std::vector<Instrument> instruments;
  std::vector<ErrorCode> refused;
  std::vector<std::string> disconnects;
};

class ClientTest : public ::testing::Test {
 protected:
  ClientTest() : key_(*SigningKey::FromHex(std::string(64, '7'))) {}

  ClientOptions Options() {
    return {.port = venue_.port(),
            .key_id = 42,
            .key = key_,
            .session_id = 9,
            .reconnect_ms_min = 100,
            .reconnect_ms_max = 1'000,
            .clock = &clock_};
  }

  void StartClient(const ClientOptions& options) {
    auto client = Client::Create(options, &listener_);
    ASSERT_TRUE(client.ok()) << client.status();
    client_ = std::move(*client);
    ASSERT_TRUE(client_->Start().ok());
  }

  // Runs both sides until it holds; sockets need some rounds, never a long time.
  template <typename Condition>
  bool Until(Condition&& condition) {
    for (int round = 0; round < 5'000; ++round) {
      if (condition()) {
        return true;
      }
      client_->WaitAndPoll(1);
      venue_.Step();
    }
    return condition();
  }
  bool UntilInbox(std::size_t count) {
    return Until([&] { return venue_.inbox().size() >= count; });
  }
  bool UntilState(ClientState state) {
    return Until([&] { return client_->state() == state; });
  }
  bool UntilReports(std::size_t count) {
    return Until([&] { return listener_.reports.size() >= count; });
  }

  // ---- What the venue says.
  void SendHello(uint16_t version = 1) {
    std::array<uint8_t, 32> nonce;
    nonce.fill(0xab);
    const std::array<uint8_t, 6> reserved{};
    venue_.Send(MessageType::HELLO, &FrameBuilder::add_hello,
                wire::Hello(flatbuffers::span<const uint8_t, 32>(nonce), clock_.NowNs(), 1, version,
                            flatbuffers::span<const uint8_t, 6>(reserved)),
                {});
  }
  struct Ack {
    uint64_t next_report = 1;
    uint64_t last_command = 0;
    uint64_t last_client_order = 0;
    wire::ErrorCode code = wire::ErrorCode::OK;
  };
  void SendLogonAck(const Ack& ack) {
    venue_.Send(MessageType::LOGON_ACK, &FrameBuilder::add_logon_ack,
                wire::LogonAck(ack.next_report, ack.last_command, ack.last_client_order, 1,
                               /*heartbeat_ms=*/1'000, 0, 0, 4096, /*account=*/77, ack.code),
                {});
  }
  void SendAccepted(uint64_t sequence, uint64_t command, uint16_t flags = 0) {
    venue_.Send(MessageType::ACCEPTED, &FrameBuilder::add_accepted,
                wire::Accepted(command, 1000 + command, 5, 6, 7, 1, wire::Side::BUY,
                               wire::OrderType::LIMIT, wire::TimeInForce::GTC, 0),
                {.seq = sequence, .ack = command, .flags = flags});
  }
  void SendReject(uint64_t sequence, wire::ErrorCode code, uint32_t detail, bool fatal) {
    venue_.Send(MessageType::SESSION_REJECT, &FrameBuilder::add_session_reject,
                wire::SessionReject(sequence, detail, code, MessageType::NEW_ORDER,
                                    wire::Outcome::NOT_APPLIED, fatal ? 1 : 0),
                {});
  }
  void SendLogout(wire::ErrorCode code) {
    venue_.Send(MessageType::LOGOUT, &FrameBuilder::add_logout, wire::Logout(code, 0), {});
  }

  // Accepts the connection and answers the logon; the Logon is left for the caller.
  ClientMessage LogOn(const Ack& ack) {
    EXPECT_TRUE(Until([&] { return venue_.connected(); }));
    SendHello();
    EXPECT_TRUE(UntilInbox(1));
    ClientMessage logon = venue_.Take();
    EXPECT_EQ(logon.type(), MessageType::LOGON);
    SendLogonAck(ack);
    EXPECT_TRUE(
        UntilState(ack.code == wire::ErrorCode::OK ? ClientState::kLive : client_->state()));
    return logon;
  }
  void StartLive() {
    StartClient(Options());
    LogOn({});
  }
  // Lets the back-off pass and logs on again.
  ClientMessage LogOnAgain(const Ack& ack) {
    EXPECT_TRUE(UntilState(ClientState::kBackingOff));
    venue_.Hang();
    venue_.inbox().clear();
    clock_.now_ns += 100'000'000;
    return LogOn(ack);
  }
  CommandTicket Order() {
    const auto ticket = client_->NewOrder(
        {.instrument = kBtc, .side = Side::kBuy, .price = {23'647}, .quantity = {10}});
    EXPECT_TRUE(ticket.ok()) << ticket.status();
    return ticket.ok() ? *ticket : CommandTicket{};
  }
  std::vector<uint64_t> InboxSequences() {
    std::vector<uint64_t> result;
    for (const ClientMessage& message : venue_.inbox()) {
      result.push_back(message.sequence());
    }
    return result;
  }

  FakeVenue venue_;
  FakeClock clock_;
  Recorder listener_;
  SigningKey key_;
  std::unique_ptr<Client> client_;
};

TEST_F(ClientTest, OptionsOutOfRangeAreRefused) {
  ClientOptions options = Options();
  options.key.reset();
  EXPECT_EQ(Client::Create(options, &listener_).status().code(),
            absl::StatusCode::kInvalidArgument);
  options = Options();
  options.session_id = 0;
  EXPECT_FALSE(Client::Create(options, &listener_).ok());
  options = Options();
  options.reconnect_ms_max = 1;
  EXPECT_FALSE(Client::Create(options, &listener_).ok());
}

TEST_F(ClientTest, TheLogonSignsTheNonceAndWhatItAsksFor) {
  StartClient(Options());
  const ClientMessage message = LogOn({});
  const wire::Logon& logon = *message.frame().logon();
  EXPECT_EQ(logon.key_id(), 42u);
  EXPECT_EQ(logon.session_id(), 9u);
  EXPECT_EQ(logon.resume_from(), 1u);
  std::array<uint8_t, 32> nonce;
  nonce.fill(0xab);
  const auto statement = internal::LogonBytes({.nonce = nonce,
                                               .key_id = 42,
                                               .session_id = 9,
                                               .resume_from = 1,
                                               .client_time_ns = logon.client_time_ns()});
  Signature signature;
  std::copy_n(logon.signature()->data(), signature.size(), signature.begin());
  EXPECT_TRUE(VerifySignature(key_.public_key(), statement, signature));
  EXPECT_EQ(client_->account(), AccountId{77});
}

TEST_F(ClientTest, CommandsBeforeTheFirstLogonAreRefused) {
  StartClient(Options());
  EXPECT_EQ(client_->QueryAccount().status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(ClientTest, CommandsAreNumberedFromOneAndCarryTheirFields) {
  StartLive();
  EXPECT_EQ(Order().client_sequence, 1u);
  ASSERT_TRUE(client_->Cancel({.client_order_id = ClientOrderId{1}}).ok());
  ASSERT_TRUE(
      client_->Replace({.target = {.order_id = OrderId{5}}, .price = {3}, .quantity = {4}}).ok());
  ASSERT_TRUE(client_->MassCancel({.instrument = kBtc, .sells = false}).ok());
  ASSERT_TRUE(client_->QueryOrder({.order_id = OrderId{5}}).ok());
  ASSERT_TRUE(client_->QueryAccount().ok());
  ASSERT_TRUE(client_->Deposit({.index = 1, .account = AccountId{3}, .amount = {100}}).ok());
  ASSERT_TRUE(client_->Withdraw({.index = 2, .account = AccountId{3}, .amount = {50}}).ok());
  ASSERT_TRUE(client_->BatchSettled({.batch_id = 8, .last_event = EventSequence{99}}).ok());
  ASSERT_TRUE(UntilInbox(9));
  EXPECT_THAT(InboxSequences(), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9));
  const ClientMessage order = venue_.Take();
  EXPECT_EQ(order.frame().new_order()->price(), 23'647);
  EXPECT_EQ(order.frame().new_order()->client_order_id(), 1u);
  EXPECT_EQ(venue_.Take().frame().cancel()->client_order_id(), 1u);
  const ClientMessage replace = venue_.Take();
  EXPECT_EQ(replace.frame().replace()->order_id(), 5u);
  EXPECT_EQ(replace.frame().replace()->new_client_order_id(), 2u);
  EXPECT_EQ(venue_.Take().frame().mass_cancel()->side(), wire::Side::BUY);
  EXPECT_EQ(venue_.Take().frame().order_query()->order_id(), 5u);
  EXPECT_EQ(venue_.Take().type(), MessageType::ACCOUNT_QUERY);
  EXPECT_EQ(venue_.Take().frame().deposit()->amount(), 100);
  EXPECT_EQ(venue_.Take().frame().withdraw()->index(), 2u);
  EXPECT_EQ(venue_.Take().frame().batch_settled()->last_event(), 99u);
}

TEST_F(ClientTest, ClientOrderIdsGoOnFromThoseTheSessionUsed) {
  StartClient(Options());
  LogOn({.last_command = 12, .last_client_order = 500});
  const CommandTicket ticket = Order();
  EXPECT_EQ(ticket.client_sequence, 13u);
  EXPECT_EQ(ticket.client_order_id, ClientOrderId{501});
  EXPECT_EQ(client_
                ->NewOrder(
                    {.client_order_id = ClientOrderId{501}, .instrument = kBtc, .side = Side::kBuy})
                .status()
                .code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(ClientTest, AReportCompletesTheCommandItAnswersOnce) {
  StartLive();
  Order();
  SendAccepted(1, 1);
  venue_.Send(MessageType::FILL, &FrameBuilder::add_fill,
              wire::Fill(1, 1001, 3, 44, 23'600, 4, 6, 4, -2, 7, 1, wire::Side::BUY,
                         wire::Liquidity::TAKER),
              {.seq = 2, .ack = 1});
  ASSERT_TRUE(UntilReports(2));
  EXPECT_TRUE(listener_.reports[0].answers);
  EXPECT_EQ(listener_.reports[0].order_id, OrderId{1001});
  const Report& fill = listener_.reports[1];
  EXPECT_FALSE(fill.answers);
  EXPECT_EQ(fill.type, ReportType::kFill);
  EXPECT_EQ(fill.price.value, 23'600);
  EXPECT_EQ(fill.leaves.value, 6);
  EXPECT_EQ(fill.fee.value, -2);
  EXPECT_EQ(fill.liquidity, Liquidity::kTaker);
  EXPECT_EQ(fill.event_sequence, EventSequence{44});
  EXPECT_THAT(ToString(fill), HasSubstr("FILL"));
  EXPECT_EQ(client_->unanswered(), 0u);
}

TEST_F(ClientTest, AMassCancelIsAnsweredByItsLastReport) {
  StartLive();
  ASSERT_TRUE(client_->MassCancel({}).ok());
  venue_.Send(
      MessageType::CANCELED, &FrameBuilder::add_canceled,
      wire::Canceled(1, 1001, 5, 0, 0, 7, 1, wire::Side::BUY, wire::CancelReason::MASS_CANCEL),
      {.seq = 1, .ack = 1});
  ASSERT_TRUE(UntilReports(1));
  EXPECT_EQ(client_->unanswered(), 1u);
  venue_.Send(MessageType::MASS_CANCEL_DONE, &FrameBuilder::add_mass_cancel_done,
              wire::MassCancelDone(7, 1, 0), {.seq = 2, .ack = 1});
  ASSERT_TRUE(UntilReports(2));
  EXPECT_TRUE(listener_.reports[1].answers);
  EXPECT_EQ(client_->unanswered(), 0u);
}

TEST_F(ClientTest, AnAccountQueryIsAnsweredByTheLastBalance) {
  StartLive();
  ASSERT_TRUE(client_->QueryAccount().ok());
  for (uint64_t i = 1; i <= 2; ++i) {
    const auto flags = i == 2 ? static_cast<uint16_t>(wire::HdrFlag::LAST) : uint16_t{0};
    venue_.Send(MessageType::BALANCE, &FrameBuilder::add_balance,
                wire::Balance(100, 20, 7, 77, static_cast<uint16_t>(i)),
                {.seq = i, .ack = 1, .flags = flags});
  }
  ASSERT_TRUE(UntilReports(2));
  EXPECT_FALSE(listener_.reports[0].answers);
  EXPECT_TRUE(listener_.reports[1].answers);
  EXPECT_EQ(listener_.reports[1].held.value, 20);
}

TEST_F(ClientTest, AfterALossOnlyWhatTheVenueHasNotTakenIsSentAgain) {
  StartLive();
  for (int i = 0; i < 4; ++i) {
    Order();
  }
  ASSERT_TRUE(UntilInbox(4));
  SendAccepted(1, 1);
  ASSERT_TRUE(UntilReports(1));
  venue_.Hang();
  const ClientMessage logon = LogOnAgain({.next_report = 3, .last_command = 2});
  EXPECT_EQ(logon.frame().logon()->resume_from(), 2u);
  ASSERT_TRUE(UntilInbox(2));
  EXPECT_THAT(InboxSequences(), ElementsAre(3, 4));
  SendAccepted(2, 2, static_cast<uint16_t>(wire::HdrFlag::REPLAY));
  SendAccepted(3, 3);
  SendAccepted(4, 4);
  ASSERT_TRUE(UntilReports(4));
  EXPECT_THAT(listener_.sequences(), ElementsAre(1, 2, 3, 4));
  EXPECT_TRUE(listener_.reports[1].replayed);
  EXPECT_EQ(client_->unanswered(), 0u);
  EXPECT_EQ(client_->stats().commands_resent, 2u);
}

TEST_F(ClientTest, CommandsGivenWhileDisconnectedAreSentAfterTheLogon) {
  StartLive();
  venue_.Hang();
  ASSERT_TRUE(UntilState(ClientState::kBackingOff));
  Order();
  LogOnAgain({});
  ASSERT_TRUE(UntilInbox(1));
  EXPECT_THAT(InboxSequences(), ElementsAre(1));
  EXPECT_EQ(client_->stats().commands_resent, 0u);
}

TEST_F(ClientTest, AReportSeenBeforeIsDropped) {
  StartLive();
  Order();
  SendAccepted(1, 1);
  SendAccepted(1, 1, static_cast<uint16_t>(wire::HdrFlag::REPLAY));
  Order();
  SendAccepted(2, 2);
  ASSERT_TRUE(UntilReports(2));
  EXPECT_THAT(listener_.sequences(), ElementsAre(1, 2));
  EXPECT_EQ(client_->stats().reports_duplicate, 1u);
}

TEST_F(ClientTest, AGapInTheReportsIsFetchedByReconnecting) {
  StartLive();
  Order();
  Order();
  SendAccepted(2, 2);
  ASSERT_TRUE(UntilState(ClientState::kBackingOff));
  EXPECT_THAT(listener_.reports, SizeIs(0));
  EXPECT_EQ(client_->stats().reports_missing, 1u);
  const ClientMessage logon = LogOnAgain({.next_report = 3, .last_command = 2});
  EXPECT_EQ(logon.frame().logon()->resume_from(), 1u);
  SendAccepted(1, 1);
  SendAccepted(2, 2);
  ASSERT_TRUE(UntilReports(2));
  EXPECT_EQ(client_->unanswered(), 0u);
}

TEST_F(ClientTest, ASkippedAnswerFailsTheSession) {
  StartLive();
  Order();
  Order();
  SendAccepted(1, 2);
  ASSERT_TRUE(UntilState(ClientState::kFailed));
  EXPECT_EQ(client_->status().code(), absl::StatusCode::kInternal);
}

TEST_F(ClientTest, ResumeFromZeroTakesOnlyWhatComesNow) {
  ClientOptions options = Options();
  options.resume_from = 0;
  StartClient(options);
  LogOn({.next_report = 100, .last_command = 50});
  EXPECT_EQ(client_->next_report_sequence(), 100u);
  Order();
  SendAccepted(100, 51);
  ASSERT_TRUE(UntilReports(1));
  EXPECT_TRUE(listener_.reports[0].answers);
}

TEST_F(ClientTest, AThrottledCommandAndThoseBehindItAreSentAgainLater) {
  StartLive();
  for (int i = 0; i < 3; ++i) {
    Order();
  }
  ASSERT_TRUE(UntilInbox(3));
  venue_.inbox().clear();
  SendAccepted(1, 1);
  SendReject(2, wire::ErrorCode::THROTTLED, 50, false);
  SendReject(3, wire::ErrorCode::THROTTLED, 50, false);
  ASSERT_TRUE(Until([&] { return client_->stats().throttled == 2; }));
  Order();  // Waits behind the others.
  client_->Poll();
  venue_.Step();
  EXPECT_THAT(venue_.inbox(), SizeIs(0));
  clock_.now_ns += 50'000'000;
  // The second reject names 3, but 2 was not taken either.
  ASSERT_TRUE(UntilInbox(3));
  EXPECT_THAT(InboxSequences(), ElementsAre(2, 3, 4));
}

TEST_F(ClientTest, TheQueueOfUnansweredCommandsIsBounded) {
  ClientOptions options = Options();
  options.commands_unanswered_max = 2;
  StartClient(options);
  LogOn({});
  Order();
  Order();
  EXPECT_EQ(client_->QueryAccount().status().code(), absl::StatusCode::kResourceExhausted);
  SendAccepted(1, 1);
  ASSERT_TRUE(UntilReports(1));
  EXPECT_TRUE(client_->QueryAccount().ok());
}

TEST_F(ClientTest, ARefusedLogonIsFinalUnlessTheVenueMayRecover) {
  StartClient(Options());
  LogOn({.code = wire::ErrorCode::ENGINE_DOWN});
  ASSERT_TRUE(UntilState(ClientState::kBackingOff));
  LogOnAgain({.code = wire::ErrorCode::AUTH_FAILED});
  ASSERT_TRUE(UntilState(ClientState::kFailed));
  EXPECT_THAT(std::string(client_->status().message().data()), HasSubstr("AUTH_FAILED"));
  EXPECT_EQ(client_->QueryAccount().status().code(), absl::StatusCode::kPermissionDenied);
}

struct FatalCase {
  const char* name;
  wire::ErrorCode code;
  ClientState state;
};

TEST_F(ClientTest, ALogoutByTheVenueIsFollowedByAReconnectUnlessItWouldNeverEnd) {
  const FatalCase cases[] = {
      {"shutdown", wire::ErrorCode::SHUTDOWN, ClientState::kBackingOff},
      {"slow", wire::ErrorCode::SLOW_CONSUMER, ClientState::kBackingOff},
      {"silent", wire::ErrorCode::HEARTBEAT_TIMEOUT, ClientState::kBackingOff},
      {"taken over", wire::ErrorCode::DUPLICATE_SESSION, ClientState::kFailed},
      {"disabled", wire::ErrorCode::KEY_DISABLED, ClientState::kFailed},
  };
  for (const FatalCase& test : cases) {
    SCOPED_TRACE(test.name);
    StartLive();
    SendLogout(test.code);
    EXPECT_TRUE(UntilState(test.state));
    client_.reset();
    venue_.Hang();
    venue_.inbox().clear();
  }
}

TEST_F(ClientTest, ARejectOfACommandThatCanNeverBeTakenIsFinal) {
  const FatalCase cases[] = {
      {"permission", wire::ErrorCode::PERMISSION, ClientState::kFailed},
      {"value", wire::ErrorCode::BAD_VALUE, ClientState::kFailed},
      {"gap", wire::ErrorCode::SEQ_GAP, ClientState::kBackingOff},
  };
  for (const FatalCase& test : cases) {
    SCOPED_TRACE(test.name);
    StartLive();
    Order();
    SendReject(1, test.code, 0, test.code != wire::ErrorCode::PERMISSION);
    EXPECT_TRUE(UntilState(test.state));
    client_.reset();
    venue_.Hang();
    venue_.inbox().clear();
  }
}

TEST_F(ClientTest, AVenueThatLostWhatItSaidIsNotTrusted) {
  StartClient(Options());
  LogOn({.code = wire::ErrorCode::RESUME_TOO_NEW});
  ASSERT_TRUE(UntilState(ClientState::kFailed));
  EXPECT_EQ(client_->status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(ClientTest, AVenueThatLostAnAnsweredCommandIsNotTrusted) {
  StartLive();
  Order();
  SendAccepted(1, 1);
  ASSERT_TRUE(UntilReports(1));
  venue_.Hang();
  ASSERT_TRUE(UntilState(ClientState::kBackingOff));
  clock_.now_ns += kSecondNs / 10;
  ASSERT_TRUE(Until([&] { return venue_.connected(); }));
  SendHello();
  SendLogonAck({.last_command = 0});
  ASSERT_TRUE(UntilState(ClientState::kFailed));
  EXPECT_EQ(client_->status().code(), absl::StatusCode::kDataLoss);
}

TEST_F(ClientTest, ASessionThatSomebodyElseUsedIsGivenUp) {
  StartLive();
  venue_.Hang();
  ASSERT_TRUE(UntilState(ClientState::kBackingOff));
  clock_.now_ns += kSecondNs / 10;
  ASSERT_TRUE(Until([&] { return venue_.connected(); }));
  SendHello();
  SendLogonAck({.last_command = 5});
  ASSERT_TRUE(UntilState(ClientState::kFailed));
  EXPECT_EQ(client_->status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(ClientTest, AnUnknownProtocolVersionIsFinal) {
  StartClient(Options());
  ASSERT_TRUE(Until([&] { return venue_.connected(); }));
  SendHello(2);
  ASSERT_TRUE(UntilState(ClientState::kFailed));
  EXPECT_EQ(client_->status().code(), absl::StatusCode::kUnimplemented);
}

TEST_F(ClientTest, AnIdleSessionSendsHeartbeats) {
  StartLive();
  clock_.now_ns += kSecondNs;
  ASSERT_TRUE(UntilInbox(1));
  EXPECT_EQ(venue_.Take().type(), MessageType::HEARTBEAT);
}

TEST_F(ClientTest, ATestRequestIsAnsweredWithItsCorrelation) {
  StartLive();
  venue_.Send(MessageType::TEST_REQUEST, &FrameBuilder::add_test_request, wire::TestRequest(321),
              {});
  ASSERT_TRUE(UntilInbox(1));
  const ClientMessage heartbeat = venue_.Take();
  ASSERT_EQ(heartbeat.type(), MessageType::HEARTBEAT);
  EXPECT_EQ(heartbeat.frame().heartbeat()->correlation(), 321u);
}

TEST_F(ClientTest, ASilentVenueIsAskedThenLeft) {
  StartLive();
  clock_.now_ns += 2 * kSecondNs;
  ASSERT_TRUE(UntilInbox(1));
  EXPECT_EQ(venue_.Take().type(), MessageType::TEST_REQUEST);
  clock_.now_ns += kSecondNs;
  EXPECT_TRUE(UntilState(ClientState::kBackingOff));
  EXPECT_THAT(listener_.disconnects, ElementsAre(HasSubstr("silent")));
}

TEST_F(ClientTest, ALogonThatIsNotAnsweredTimesOut) {
  StartClient(Options());
  ASSERT_TRUE(UntilState(ClientState::kLoggingOn));
  clock_.now_ns += 10 * kSecondNs;
  EXPECT_TRUE(UntilState(ClientState::kBackingOff));
}

TEST_F(ClientTest, FramesInAnyPiecesAreTheSame) {
  StartLive();
  Order();
  const auto bytes =
      FakeVenue::Encode(MessageType::ACCEPTED, &FrameBuilder::add_accepted,
                        wire::Accepted(1, 1001, 5, 6, 7, 1, wire::Side::BUY, wire::OrderType::LIMIT,
                                       wire::TimeInForce::GTC, 0),
                        {.seq = 1, .ack = 1});
  for (const uint8_t byte : bytes) {
    venue_.SendBytes({&byte, 1});
    client_->Poll();
  }
  EXPECT_TRUE(UntilReports(1));
}

TEST_F(ClientTest, MalformedBytesEndTheConnectionAndNothingElse) {
  const std::vector<std::vector<uint8_t>> cases = {
      {8, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8},  // Not a frame.
      {0, 0, 1, 0},                          // Largest length, then nothing: waits.
      {255, 255, 255, 255},                  // Longer than a frame may be.
      {0, 0, 0, 0},                          // Empty.
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(i);
    StartLive();
    venue_.SendBytes(cases[i]);
    if (i == 1) {
      for (int round = 0; round < 20; ++round) {
        client_->WaitAndPoll(1);
      }
      EXPECT_EQ(client_->state(), ClientState::kLive);
    } else {
      EXPECT_TRUE(UntilState(ClientState::kBackingOff));
    }
    client_.reset();
    venue_.Hang();
    venue_.inbox().clear();
  }
}

TEST_F(ClientTest, ClosingSaysGoodByeAndWaitsForTheAnswer) {
  StartLive();
  client_->Close(/*keep_orders=*/true);
  EXPECT_EQ(client_->state(), ClientState::kClosing);
  ASSERT_TRUE(UntilInbox(1));
  const ClientMessage logout = venue_.Take();
  ASSERT_EQ(logout.type(), MessageType::LOGOUT);
  EXPECT_EQ(logout.frame().logout()->keep_orders(), 1);
  SendLogout(wire::ErrorCode::OK);
  EXPECT_TRUE(UntilState(ClientState::kClosed));
}

TEST_F(ClientTest, ReconnectsAreSpacedFurtherAndFurtherApart) {
  StartLive();
  venue_.Hang();
  for (int64_t wait_ms : {100, 200, 400, 800, 1'000, 1'000}) {
    ASSERT_TRUE(UntilState(ClientState::kBackingOff)) << wait_ms;
    clock_.now_ns += (wait_ms - 1) * 1'000'000;
    client_->Poll();
    EXPECT_EQ(client_->state(), ClientState::kBackingOff) << wait_ms;
    clock_.now_ns += 1'000'000;
    client_->Poll();
    ASSERT_TRUE(Until([&] { return venue_.connected(); })) << wait_ms;
    venue_.Hang();
  }
}

TEST_F(ClientTest, SubscriptionsSurviveAReconnect) {
  StartLive();
  ASSERT_TRUE(client_->Subscribe(kBtc, /*book_top=*/true, /*trades=*/true).ok());
  ASSERT_TRUE(client_->Unsubscribe(kBtc, /*book_top=*/false, /*trades=*/true).ok());
  ASSERT_TRUE(UntilInbox(2));
  EXPECT_EQ(venue_.Take().frame().subscribe()->kinds(), 3);
  EXPECT_EQ(venue_.Take().frame().unsubscribe()->kinds(), 2);
  venue_.Hang();
  LogOnAgain({});
  ASSERT_TRUE(UntilInbox(1));
  EXPECT_EQ(venue_.Take().frame().subscribe()->kinds(), 1);
  venue_.Send(MessageType::BBO, &FrameBuilder::add_bbo, wire::Bbo(1, 2, 3, 4, 5, 6, 1, 0), {});
  venue_.Send(MessageType::TRADE, &FrameBuilder::add_trade,
              wire::Trade(9, 10, 11, 12, 1, wire::Side::SELL), {});
  SendReject(0, wire::ErrorCode::TOO_MANY_SUBSCRIPTIONS, 0, false);
  ASSERT_TRUE(Until([&] { return !listener_.refused.empty(); }));
  ASSERT_THAT(listener_.tops, SizeIs(1));
  EXPECT_EQ(listener_.tops[0].ask_price.value, 3);
  ASSERT_THAT(listener_.trades, SizeIs(1));
  EXPECT_EQ(listener_.trades[0].aggressor, Side::kSell);
}

TEST(ErrorCodeTest, EveryCodeHasAName) {
  EXPECT_EQ(ErrorCodeName(ErrorCode::kInsufficientBalance), "INSUFFICIENT_BALANCE");
  EXPECT_EQ(ErrorCodeName(static_cast<ErrorCode>(9999)), "UNKNOWN_CODE");
  for (const wire::ErrorCode code : wire::EnumValuesErrorCode()) {
    EXPECT_NE(ErrorCodeName(static_cast<ErrorCode>(code)), "UNKNOWN_CODE");
  }
}

}  // namespace
}  // namespace tally::sdk
