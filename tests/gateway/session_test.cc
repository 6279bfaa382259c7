#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/gateway/hub_fixture.h"

namespace tally::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using wire::ErrorCode;
using wire::MessageType;

TEST_F(HubTest, FirstLogonOpensTheSessionInTheCore) {
  const ConnectionId id = Session({.session_id = 7});
  EXPECT_EQ(ack.code(), ErrorCode::OK);
  EXPECT_EQ(ack.next_server_seq(), 1u);
  EXPECT_EQ(ack.last_client_seq(), 0u);
  EXPECT_EQ(ack.account(), Raw(kAlice));
  EXPECT_EQ(engine.commands().back().type, CommandType::kOpenSession);
  EXPECT_EQ(engine.core().FindSession(kAlice, 7)->public_key, TestKey(1).public_key);
  EXPECT_FALSE(Closing(id));
}

TEST_F(HubTest, LogonAckWaitsUntilTheOpeningIsReleased) {
  engine.release_at_once = false;
  const ConnectionId id = Connect();
  EXPECT_THAT(LogOn(id, {}), IsEmpty());
  engine.ReleaseAll();
  Pump();
  EXPECT_THAT(Types(Receive(id)), ElementsAre(MessageType::LOGON_ACK));
}

TEST_F(HubTest, SecondLogonDoesNotAskTheCore) {
  Drop(Session({}));
  const std::size_t commands = engine.commands().size();
  Session({});
  EXPECT_EQ(engine.commands().size(), commands);
}

struct RefusedLogon {
  const char* name;
  LogonSpec spec;
  int seed;  // Of the key that signs; 0: the right one.
  ErrorCode code;
};

class RefusedLogonTest : public HubTest, public ::testing::WithParamInterface<RefusedLogon> {};

TEST_P(RefusedLogonTest, IsAnsweredAndClosed) {
  const ConnectionId id = Connect();
  const auto received = LogOn(id, GetParam().spec, GetParam().seed);
  ASSERT_THAT(Types(received), ElementsAre(MessageType::LOGON_ACK));
  EXPECT_EQ(received[0].frame().logon_ack()->code(), GetParam().code);
  EXPECT_TRUE(Closing(id));
  EXPECT_EQ(hub->counters().Snapshot().logons_failed, 1u);
}

INSTANTIATE_TEST_SUITE_P(
    All, RefusedLogonTest,
    ::testing::Values(
        RefusedLogon{"UnknownKey", {.key_id = 99}, 9, ErrorCode::AUTH_FAILED},
        RefusedLogon{"WrongSignature", {}, 9, ErrorCode::AUTH_FAILED},
        RefusedLogon{"DisabledKey", {.key_id = kDisabledKey}, 0, ErrorCode::KEY_DISABLED},
        RefusedLogon{"OldClock", {.client_time_ns = -31'000'000'000}, 0, ErrorCode::CLOCK_SKEW},
        RefusedLogon{"FastClock", {.client_time_ns = 31'000'000'000}, 0, ErrorCode::CLOCK_SKEW},
        RefusedLogon{"OtherVersion", {.version = 2}, 0, ErrorCode::BAD_SCHEMA_VERSION},
        RefusedLogon{"ReportsNobodySent", {.resume_from = 2}, 0, ErrorCode::RESUME_TOO_NEW}),
    [](const auto& row) { return row.param.name; });

TEST_F(HubTest, SignatureOfAnotherNonceIsRefused) {
  Connect();
  const auto old_nonce = hello_nonce;
  const ConnectionId id = Connect();
  hello_nonce = old_nonce;
  EXPECT_EQ(LogOn(id, {})[0].frame().logon_ack()->code(), ErrorCode::AUTH_FAILED);
}

TEST_F(HubTest, SessionKeepsItsKey) {
  Drop(Session({.key_id = kAliceKey}));
  const ConnectionId id = Connect();
  EXPECT_EQ(LogOn(id, {.key_id = kReaderKey})[0].frame().logon_ack()->code(),
            ErrorCode::AUTH_FAILED);
}

TEST_F(HubTest, TwoAccountsMayUseTheSameSessionId) {
  Session({.key_id = kAliceKey, .session_id = 5});
  Session({.key_id = kBobKey, .session_id = 5});
  EXPECT_EQ(engine.core().session_count(), 2u);
}

TEST_F(HubTest, NoLogonWithinTheDeadlineIsClosed) {
  const ConnectionId id = Connect();
  Advance(4'900);
  EXPECT_THAT(Receive(id), IsEmpty());
  Advance(100);
  const auto received = Receive(id);
  ASSERT_THAT(Types(received), ElementsAre(MessageType::LOGOUT));
  EXPECT_EQ(received[0].frame().logout()->code(), ErrorCode::LOGON_TIMEOUT);
  EXPECT_TRUE(Closing(id));
}

TEST_F(HubTest, OrderBeforeLogonIsClosed) {
  const ConnectionId id = Connect();
  const auto received = Send(id, NewOrderFrame(1, {.client_order_id = 1}));
  ASSERT_THAT(Types(received), ElementsAre(MessageType::SESSION_REJECT));
  EXPECT_EQ(received[0].frame().session_reject()->code(), ErrorCode::NOT_LOGGED_IN);
  EXPECT_TRUE(Closing(id));
}

TEST_F(HubTest, SecondLogonOnOneConnectionIsClosed) {
  const ConnectionId id = Session({});
  EXPECT_EQ(LogOn(id, {})[0].frame().session_reject()->code(), ErrorCode::ALREADY_LOGGED_IN);
  EXPECT_TRUE(Closing(id));
}

TEST_F(HubTest, OrderIsAcceptedAndItsReportNamesTheCommand) {
  const ConnectionId id = Session({});
  const auto received = Send(id, NewOrderFrame(1, {.client_order_id = 11, .price = 50}));
  ASSERT_THAT(Types(received), ElementsAre(MessageType::ACCEPTED));
  EXPECT_EQ(received[0].seq(), 1u);
  EXPECT_EQ(received[0].hdr().ack(), 1u);
  EXPECT_EQ(received[0].frame().accepted()->client_order_id(), 11u);
  EXPECT_EQ(received[0].frame().accepted()->price(), 50);
  EXPECT_FALSE(received[0].replay());
}

TEST_F(HubTest, ReportWaitsForItsRelease) {
  const ConnectionId id = Session({});
  engine.release_at_once = false;
  EXPECT_THAT(Send(id, NewOrderFrame(1, {.client_order_id = 1})), IsEmpty());
  engine.ReleaseAll();
  Pump();
  EXPECT_THAT(Types(Receive(id)), ElementsAre(MessageType::ACCEPTED));
}

TEST_F(HubTest, BothSidesOfATradeAreTold) {
  const ConnectionId alice = Session({.key_id = kAliceKey});
  const ConnectionId bob = Session({.key_id = kBobKey});
  Send(alice, NewOrderFrame(1, {.client_order_id = 1, .side = wire::Side::SELL, .quantity = 10}));
  const auto taker = Send(bob, NewOrderFrame(1, {.client_order_id = 1, .quantity = 4}));
  ASSERT_THAT(Types(taker), ElementsAre(MessageType::ACCEPTED, MessageType::FILL));
  EXPECT_EQ(taker[1].frame().fill()->liquidity(), wire::Liquidity::TAKER);
  EXPECT_EQ(taker[1].hdr().ack(), 1u);
  const auto maker = Receive(alice);
  ASSERT_THAT(Types(maker), ElementsAre(MessageType::FILL));
  EXPECT_EQ(maker[0].frame().fill()->leaves(), 6);
  EXPECT_EQ(maker[0].hdr().ack(), 0u);
  EXPECT_EQ(maker[0].seq(), 2u);
}

TEST_F(HubTest, CommandsBehindTheLogonAreTaken) {
  const ConnectionId id = Connect();
  Bytes both = LogonFrame({.client_time_ns = now.wall_ns}, hello_nonce, TestKey(1));
  const Bytes order = NewOrderFrame(1, {.client_order_id = 1});
  both.insert(both.end(), order.begin(), order.end());
  EXPECT_THAT(Types(Send(id, both)), ElementsAre(MessageType::LOGON_ACK, MessageType::ACCEPTED));
}

TEST_F(HubTest, SequenceGapIsClosedWithoutEffect) {
  const ConnectionId id = Session({});
  const std::size_t commands = engine.commands().size();
  const auto received = Send(id, NewOrderFrame(2, {.client_order_id = 1}));
  ASSERT_THAT(Types(received), ElementsAre(MessageType::SESSION_REJECT));
  EXPECT_EQ(received[0].frame().session_reject()->code(), ErrorCode::SEQ_GAP);
  EXPECT_EQ(received[0].frame().session_reject()->detail(), 1u);
  EXPECT_EQ(engine.commands().size(), commands);
  EXPECT_TRUE(Closing(id));
}

TEST_F(HubTest, RepeatedCommandGetsItsStoredOutcome) {
  const ConnectionId id = Session({});
  const auto first = Send(id, NewOrderFrame(1, {.client_order_id = 1}));
  const std::size_t commands = engine.commands().size();
  const auto again = Send(id, NewOrderFrame(1, {.client_order_id = 1}));
  ASSERT_THAT(Types(again), ElementsAre(MessageType::ACCEPTED));
  EXPECT_TRUE(again[0].replay());
  EXPECT_EQ(again[0].seq(), first[0].seq());
  EXPECT_EQ(again[0].frame().accepted()->order_id(), first[0].frame().accepted()->order_id());
  EXPECT_EQ(engine.commands().size(), commands);
}

TEST_F(HubTest, RepeatedCommandInFlightIsAnsweredOnce) {
  const ConnectionId id = Session({});
  engine.release_at_once = false;
  Send(id, NewOrderFrame(1, {.client_order_id = 1}));
  EXPECT_THAT(Send(id, NewOrderFrame(1, {.client_order_id = 1})), IsEmpty());
  engine.ReleaseAll();
  Pump();
  EXPECT_EQ(Receive(id).size(), 1u);
}

TEST_F(HubTest, StoredOutcomeMayHaveToWaitForTheLog) {
  const ConnectionId id = Session({});
  Send(id, NewOrderFrame(1, {.client_order_id = 1}));
  engine.log_lag = 1'000;
  EXPECT_THAT(Send(id, NewOrderFrame(1, {.client_order_id = 1})), IsEmpty());
  EXPECT_FALSE(hub->WantsRead(id));
  engine.log_lag = 0;
  Pump();
  EXPECT_EQ(Receive(id).size(), 1u);
  EXPECT_TRUE(hub->WantsRead(id));
}

TEST_F(HubTest, SessionsOfOneAccountAreLimited) {
  options.sessions_per_account_max = 2;
  Restart();
  Drop(Session({.session_id = 1}));
  Drop(Session({.session_id = 2}));
  EXPECT_EQ(LogOn(Connect(), {.session_id = 3})[0].frame().logon_ack()->code(),
            ErrorCode::CAPACITY);
  Session({.session_id = 2});
  Session({.key_id = kBobKey, .session_id = 3});
}

TEST_F(HubTest, GatewayRestartKeepsTheCountOfCommands) {
  const ConnectionId id = Session({});
  Send(id, NewOrderFrame(1, {.client_order_id = 41}));
  Restart();
  const ConnectionId back = Session({.resume_from = 2});
  EXPECT_EQ(ack.last_client_seq(), 1u);
  EXPECT_EQ(ack.last_client_order_id(), 41u);
  EXPECT_EQ(ack.next_server_seq(), 2u);
  const auto again = Send(back, NewOrderFrame(1, {.client_order_id = 41}));
  ASSERT_EQ(again.size(), 1u);
  EXPECT_TRUE(again[0].replay());
  EXPECT_THAT(Types(Send(back, NewOrderFrame(2, {.client_order_id = 42}))),
              ElementsAre(MessageType::ACCEPTED));
}

TEST_F(HubTest, NewestConnectionWinsAndKeepsTheOrders) {
  const LogonSpec spec{.cancel_on_disconnect = wire::CancelOnDisconnect::SESSION};
  const ConnectionId old = Session(spec);
  Send(old, NewOrderFrame(1, {.client_order_id = 1}));
  LogonSpec again = spec;
  again.resume_from = 2;
  const ConnectionId young = Session(again);
  const auto received = Receive(old);
  ASSERT_THAT(Types(received), ElementsAre(MessageType::LOGOUT));
  EXPECT_EQ(received[0].frame().logout()->code(), ErrorCode::DUPLICATE_SESSION);
  EXPECT_TRUE(Closing(old));
  Drop(old);
  EXPECT_EQ(engine.core().open_order_count(), 1u);
  EXPECT_THAT(Types(Send(young, NewOrderFrame(2, {.client_order_id = 2}))),
              ElementsAre(MessageType::ACCEPTED));
}

TEST_F(HubTest, NewestConnectionWinsWhileTheSessionIsOpening) {
  engine.release_at_once = false;
  const ConnectionId old = Connect();
  LogOn(old, {});
  const ConnectionId young = Connect();
  LogOn(young, {});
  EXPECT_EQ(Receive(old)[0].frame().logout()->code(), ErrorCode::DUPLICATE_SESSION);
  engine.ReleaseAll();
  Pump();
  EXPECT_THAT(Types(Receive(young)), ElementsAre(MessageType::LOGON_ACK));
}

TEST_F(HubTest, TestRequestIsAnsweredWithItsCorrelation) {
  const ConnectionId id = Session({});
  const auto received = Send(id, TestRequestFrame(77));
  ASSERT_THAT(Types(received), ElementsAre(MessageType::HEARTBEAT));
  EXPECT_EQ(received[0].frame().heartbeat()->correlation(), 77u);
  EXPECT_EQ(received[0].seq(), 0u);
}

TEST_F(HubTest, SilentClientIsAskedAndThenClosed) {
  const ConnectionId id = Session({.heartbeat_ms = 1000});
  Advance(1000);
  EXPECT_THAT(Types(Receive(id)), ElementsAre(MessageType::HEARTBEAT));
  Advance(1000);
  EXPECT_THAT(Types(Receive(id)), ElementsAre(MessageType::TEST_REQUEST));
  Advance(900);
  EXPECT_FALSE(Closing(id));
  Advance(100);
  const auto received = Receive(id);
  EXPECT_EQ(received.back().frame().logout()->code(), ErrorCode::HEARTBEAT_TIMEOUT);
  EXPECT_TRUE(Closing(id));
}

TEST_F(HubTest, AnsweringClientStays) {
  const ConnectionId id = Session({.heartbeat_ms = 1000});
  for (int i = 0; i < 20; ++i) {
    Advance(900);
    Send(id, HeartbeatFrame());
  }
  EXPECT_FALSE(Closing(id));
}

TEST_F(HubTest, HeartbeatIntervalIsKeptInRange) {
  Session({.session_id = 1, .heartbeat_ms = 1});
  EXPECT_EQ(ack.heartbeat_ms(), options.heartbeat_ms_min);
  Session({.session_id = 2, .heartbeat_ms = 10'000'000});
  EXPECT_EQ(ack.heartbeat_ms(), options.heartbeat_ms_max);
  Session({.session_id = 3});
  EXPECT_EQ(ack.heartbeat_ms(), options.heartbeat_ms_default);
}

TEST_F(HubTest, LostConnectionCancelsAfterItsGrace) {
  const ConnectionId id =
      Session({.cancel_grace_ms = 2000, .cancel_on_disconnect = wire::CancelOnDisconnect::SESSION});
  Send(id, NewOrderFrame(1, {.client_order_id = 1}));
  Drop(id);
  Advance(1900);
  EXPECT_EQ(engine.core().open_order_count(), 1u);
  Advance(100);
  Pump();
  EXPECT_EQ(engine.core().open_order_count(), 0u);
  Session({.resume_from = 2});
  ASSERT_THAT(Types(last), ElementsAre(MessageType::CANCELED));
  EXPECT_EQ(last[0].frame().canceled()->reason(), wire::CancelReason::DISCONNECT);
  EXPECT_EQ(ack.last_client_seq(), 1u);  // The cancel has no number of the client's.
}

TEST_F(HubTest, ReturnWithinTheGraceKeepsTheOrders) {
  const LogonSpec spec{.cancel_grace_ms = 2000,
                       .cancel_on_disconnect = wire::CancelOnDisconnect::SESSION};
  const ConnectionId id = Session(spec);
  Send(id, NewOrderFrame(1, {.client_order_id = 1}));
  Drop(id);
  Advance(1900);
  Session(spec);
  Advance(5000);
  EXPECT_EQ(engine.core().open_order_count(), 1u);
}

TEST_F(HubTest, DisconnectCancelWaitsForRoomInTheRing) {
  const ConnectionId id = Session({.cancel_on_disconnect = wire::CancelOnDisconnect::SESSION});
  Send(id, NewOrderFrame(1, {.client_order_id = 1}));
  engine.room = 0;
  Drop(id);
  EXPECT_EQ(engine.core().open_order_count(), 1u);
  engine.room = 10;
  Pump();
  EXPECT_EQ(engine.core().open_order_count(), 0u);
}

TEST_F(HubTest, LogoutCancelsUnlessWaived) {
  const LogonSpec spec{.cancel_on_disconnect = wire::CancelOnDisconnect::SESSION};
  ConnectionId id = Session(spec);
  Send(id, NewOrderFrame(1, {.client_order_id = 1}));
  EXPECT_THAT(Types(Send(id, LogoutFrame(/*keep_orders=*/true))), ElementsAre(MessageType::LOGOUT));
  EXPECT_TRUE(Closing(id));
  Drop(id);
  EXPECT_EQ(engine.core().open_order_count(), 1u);
  id = Session(spec);
  Send(id, LogoutFrame(/*keep_orders=*/false));
  EXPECT_EQ(engine.core().open_order_count(), 0u);
}

TEST_F(HubTest, ShutdownLogsOutAndKeepsTheOrders) {
  const ConnectionId id = Session({.cancel_on_disconnect = wire::CancelOnDisconnect::SESSION});
  Send(id, NewOrderFrame(1, {.client_order_id = 1}));
  hub->Shutdown(now);
  EXPECT_EQ(Receive(id)[0].frame().logout()->code(), ErrorCode::SHUTDOWN);
  Drop(id);
  EXPECT_EQ(engine.core().open_order_count(), 1u);
}

TEST_F(HubTest, EngineFailureClosesEveryConnection) {
  const ConnectionId id = Session({});
  engine.status = absl::DataLossError("disk");
  Advance(100);
  EXPECT_EQ(Receive(id)[0].frame().logout()->code(), ErrorCode::ENGINE_DOWN);
}

TEST_F(HubTest, FullInputRingStopsReadingAndLosesNothing) {
  const ConnectionId id = Session({});
  engine.room = 2;
  Bytes four;
  for (uint64_t seq = 1; seq <= 4; ++seq) {
    const Bytes one = NewOrderFrame(seq, {.client_order_id = seq});
    four.insert(four.end(), one.begin(), one.end());
  }
  SendRaw(id, four);
  EXPECT_FALSE(hub->WantsRead(id));
  Pump();
  EXPECT_EQ(Receive(id).size(), 2u);
  engine.room = 10;
  hub->Retry(now);
  Pump();
  EXPECT_TRUE(hub->WantsRead(id));
  EXPECT_EQ(Receive(id).size(), 2u);
}

TEST_F(HubTest, StalledCommandOfALostConnectionIsNotTaken) {
  const ConnectionId id = Session({});
  engine.room = 0;
  SendRaw(id, NewOrderFrame(1, {.client_order_id = 1}));
  Drop(id);
  engine.room = 10;
  Pump();
  Session({});
  EXPECT_EQ(ack.last_client_seq(), 0u);
}

TEST_F(HubTest, ReaderMayAskButNotTrade) {
  const ConnectionId id = Session({.key_id = kReaderKey});
  auto received = Send(id, NewOrderFrame(1, {.client_order_id = 1}));
  ASSERT_THAT(Types(received), ElementsAre(MessageType::SESSION_REJECT));
  EXPECT_EQ(received[0].frame().session_reject()->code(), ErrorCode::PERMISSION);
  EXPECT_EQ(received[0].frame().session_reject()->fatal(), 0);
  // The refused command did not use up its number.
  received = Send(id, AccountQueryFrame(1));
  ASSERT_FALSE(received.empty());
  EXPECT_EQ(received.back().type(), MessageType::BALANCE);
  EXPECT_NE(received.back().hdr().flags() & 2, 0);
}

TEST_F(HubTest, OnlySettlementKeysDeposit) {
  const std::array<uint8_t, 32> hash{};
  const wire::ChainTransfer body(5, 1, 1000, flatbuffers::span<const uint8_t, 32>(hash), 0,
                                 Raw(kBob), 0,
                                 flatbuffers::span<const uint8_t, 6>(std::array<uint8_t, 6>{}));
  const Bytes frame = MakeFrame(MessageType::DEPOSIT, 1, [&](auto& f) { f.add_deposit(&body); });
  const ConnectionId trader = Session({.key_id = kAliceKey});
  EXPECT_EQ(Send(trader, frame)[0].frame().session_reject()->code(), ErrorCode::PERMISSION);
  const ConnectionId relayer = Session({.key_id = kRelayerKey});
  EXPECT_THAT(Types(Send(relayer, frame)), ElementsAre(MessageType::COMMAND_DONE));
  EXPECT_EQ(engine.commands().back().account, kBob);
}

class ThrottleTest : public HubTest {
 protected:
  ThrottleTest() {
    options.messages_per_second = 10;
    options.burst = 2;
    Restart();
  }
};

TEST_F(ThrottleTest, RefusedCommandsKeepTheirNumbers) {
  const ConnectionId id = Session({});
  Bytes four;
  for (uint64_t seq = 1; seq <= 4; ++seq) {
    const Bytes one = NewOrderFrame(seq, {.client_order_id = seq});
    four.insert(four.end(), one.begin(), one.end());
  }
  // Two go through, and the two behind the limit are refused, one each. Both refusals come first:
  // they do not wait for the engine.
  const auto received = Send(id, four);
  ASSERT_THAT(Types(received), ElementsAre(MessageType::SESSION_REJECT, MessageType::SESSION_REJECT,
                                           MessageType::ACCEPTED, MessageType::ACCEPTED));
  for (const uint64_t i : {0u, 1u}) {
    const wire::SessionReject& reject = *received[i].frame().session_reject();
    EXPECT_EQ(reject.code(), ErrorCode::THROTTLED);
    EXPECT_EQ(reject.ref_seq(), 3 + i);
    EXPECT_EQ(reject.outcome(), wire::Outcome::NOT_APPLIED);
    EXPECT_EQ(reject.fatal(), 0);
  }
  EXPECT_EQ(received[0].frame().session_reject()->detail(), 100u);
  Advance(100);
  EXPECT_THAT(Types(Send(id, NewOrderFrame(3, {.client_order_id = 3}))),
              ElementsAre(MessageType::ACCEPTED));
}

TEST_F(ThrottleTest, CancelsAreExempt) {
  const ConnectionId id = Session({});
  Send(id, NewOrderFrame(1, {.client_order_id = 1}));
  Send(id, NewOrderFrame(2, {.client_order_id = 2}));
  EXPECT_THAT(Types(Send(id, NewOrderFrame(3, {.client_order_id = 3}))),
              ElementsAre(MessageType::SESSION_REJECT));
  EXPECT_THAT(Types(Send(id, CancelFrame(3, 1))), ElementsAre(MessageType::CANCELED));
  EXPECT_THAT(Types(Send(id, CancelFrame(4, 2))), ElementsAre(MessageType::CANCELED));
}

TEST_F(ThrottleTest, StubbornFloodIsDisconnected) {
  options.refused_in_row_max = 5;
  Restart();
  const ConnectionId id = Session({});
  for (int i = 0; i < 8; ++i) {
    Send(id, TestRequestFrame(1));
  }
  EXPECT_TRUE(Closing(id));
}

TEST_F(HubTest, SlowConsumerIsClosedByBytes) {
  options.send_queue_bytes_max = 2'000;
  Restart();
  const ConnectionId id = Session({});
  for (uint64_t seq = 1; seq <= 40 && !hub->ShouldClose(id, now) && hub->WantsRead(id); ++seq) {
    SendRaw(id, NewOrderFrame(seq, {.client_order_id = seq}));
    Pump();
  }
  const auto received = Receive(id);
  EXPECT_EQ(received.back().frame().logout()->code(), ErrorCode::SLOW_CONSUMER);
  EXPECT_TRUE(Closing(id));
  EXPECT_EQ(hub->counters().Snapshot().slow_consumers, 1u);
}

TEST_F(HubTest, SlowConsumerIsClosedByAge) {
  options.heartbeat_ms_default = 60'000;
  Restart();
  const ConnectionId id = Session({});
  SendRaw(id, NewOrderFrame(1, {.client_order_id = 1}));
  Pump();
  Advance(options.send_queue_age_ms_max + 100);
  EXPECT_EQ(Receive(id).back().frame().logout()->code(), ErrorCode::SLOW_CONSUMER);
}

TEST_F(HubTest, PartialFrameHasADeadline) {
  const ConnectionId id = Session({.heartbeat_ms = 60'000});
  const Bytes frame = NewOrderFrame(1, {.client_order_id = 1});
  SendRaw(id, Bytes(frame.begin(), frame.begin() + 20));
  for (int i = 20; i < 30; ++i) {  // A byte a second does not help.
    Advance(1000);
    SendRaw(id, Bytes(frame.begin() + i, frame.begin() + i + 1));
    Receive(id);
  }
  Advance(100);
  EXPECT_TRUE(Closing(id));
}

TEST_F(HubTest, ConnectionsAreLimited) {
  options.connections_max = 2;
  Restart();
  Connect();
  Connect();
  const ConnectionId id = hub->Accept(now);
  EXPECT_EQ(Receive(id)[0].frame().logout()->code(), ErrorCode::TOO_MANY_CONNECTIONS);
  EXPECT_TRUE(Closing(id));
}

TEST_F(HubTest, ConnectionsOfOneKeyAreLimited) {
  options.connections_per_key_max = 2;
  Restart();
  Session({.session_id = 1});
  Session({.session_id = 2});
  EXPECT_EQ(LogOn(Connect(), {.session_id = 3})[0].frame().logon_ack()->code(),
            ErrorCode::TOO_MANY_CONNECTIONS);
  Session({.session_id = 2});  // Taking one over is no new one.
}

TEST_F(HubTest, SubscriberGetsDefinitionLastBboAndWhatFollows) {
  const ConnectionId maker = Session({.key_id = kAliceKey});
  Send(maker, NewOrderFrame(1, {.client_order_id = 1, .price = 90}));
  const ConnectionId reader = Session({.key_id = kReaderKey, .session_id = 9});
  auto received = Send(reader, SubscribeFrame(1));
  ASSERT_THAT(Types(received), ElementsAre(MessageType::INSTRUMENT_DEF, MessageType::BBO));
  EXPECT_EQ(received[1].frame().bbo()->bid_price(), 90);
  const ConnectionId taker = Session({.key_id = kBobKey});
  Send(taker, NewOrderFrame(
                  1, {.client_order_id = 1, .side = wire::Side::SELL, .price = 90, .quantity = 3}));
  received = Receive(reader);
  ASSERT_THAT(Types(received), ElementsAre(MessageType::TRADE, MessageType::BBO));
  EXPECT_EQ(received[0].frame().trade()->quantity(), 3);
  EXPECT_EQ(received[0].frame().trade()->aggressor(), wire::Side::SELL);
  EXPECT_EQ(received[1].frame().bbo()->bid_quantity(), 7);
}

TEST_F(HubTest, UnknownInstrumentIsNotSubscribed) {
  const ConnectionId id = Session({});
  const auto received = Send(id, SubscribeFrame(9));
  ASSERT_THAT(Types(received), ElementsAre(MessageType::SESSION_REJECT));
  EXPECT_EQ(received[0].frame().session_reject()->code(), ErrorCode::UNKNOWN_INSTRUMENT);
  EXPECT_FALSE(Closing(id));
}

TEST_F(HubTest, SlowReaderGetsOnlyTheNewestBbo) {
  options.send_queue_bytes_soft = 500;
  Restart();
  const ConnectionId reader = Session({.key_id = kReaderKey, .session_id = 9});
  Send(reader, SubscribeFrame(1, static_cast<uint8_t>(wire::FeedKind::BBO)));
  const ConnectionId maker = Session({.key_id = kAliceKey});
  for (uint64_t seq = 1; seq <= 50; ++seq) {
    Send(maker,
         NewOrderFrame(seq, {.client_order_id = seq, .price = 100 + static_cast<int64_t>(seq)}));
  }
  const auto received = Receive(reader);
  EXPECT_LT(received.size(), 10u);
  EXPECT_EQ(received.back().frame().bbo()->bid_price(), 150);
  EXPECT_GT(hub->counters().Snapshot().bbos_conflated, 30u);
}

}  // namespace
}  // namespace tally::gateway
