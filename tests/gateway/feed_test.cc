// Market data beyond best prices and trades, and the operator's commands, through a hub.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/gateway/hub_fixture.h"

namespace tally::gateway {
namespace {

using ::testing::ElementsAre;
using wire::ErrorCode;
using wire::MessageType;

constexpr uint64_t kAdminKey = 6;
constexpr uint8_t kLevels = static_cast<uint8_t>(wire::FeedKind::LEVELS);
constexpr uint8_t kOrders = static_cast<uint8_t>(wire::FeedKind::ORDERS);
constexpr uint8_t kPhase = static_cast<uint8_t>(wire::FeedKind::PHASE);

template <typename Body>
Bytes FrameOf(MessageType type, uint64_t seq, void (wire::FrameBuilder::*add)(const Body*),
              const Body& body) {
  return MakeFrame(type, seq, [&](auto& frame) { (frame.*add)(&body); });
}

class FeedTest : public HubTest {
 protected:
  FeedTest() {
    keys.Add({.id = kAdminKey,
              .public_key = TestKey(kAdminKey).public_key,
              .account = {},
              .permissions = kPermissionAdmin,
              .enabled = true});
    Restart();
    admin = Session({.key_id = kAdminKey});
  }

  std::vector<Received> SetPhase(wire::TradingPhase phase) {
    const wire::SetPhase body(0, 0, 1, phase, wire::TradingPhase::UNSET);
    return Send(admin, FrameOf(MessageType::SET_PHASE, ++admin_seq,
                               &wire::FrameBuilder::add_set_phase, body));
  }
  std::vector<Received> PublishBook() {
    const wire::DefineRules body(0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, kRulesFlagBookDelta, 0, 0);
    return Send(admin, FrameOf(MessageType::DEFINE_RULES, ++admin_seq,
                               &wire::FrameBuilder::add_define_rules, body));
  }

  ConnectionId admin{};
  uint64_t admin_seq = 0;
};

TEST_F(FeedTest, ABookIsASnapshotAndTheDeltasThatFollow) {
  ASSERT_THAT(Types(PublishBook()), ElementsAre(MessageType::COMMAND_DONE));
  const ConnectionId alice = Session({.key_id = kAliceKey});
  Send(alice, NewOrderFrame(1, {.client_order_id = 1, .price = 100, .quantity = 10}));
  Send(alice, NewOrderFrame(2, {.client_order_id = 2, .price = 100, .quantity = 5}));
  const ConnectionId reader = Session({.key_id = kReaderKey, .session_id = 2});
  const auto state = Send(reader, SubscribeFrame(1, kLevels | kOrders));
  ASSERT_THAT(Types(state), ElementsAre(MessageType::INSTRUMENT_DEF, MessageType::BOOK_SNAPSHOT,
                                        MessageType::BOOK_SNAPSHOT));
  ASSERT_EQ(state[1].frame().book_entries()->size(), 1u);
  EXPECT_EQ(state[1].frame().book_entries()->Get(0)->quantity(), 15);
  EXPECT_EQ(state[1].frame().book_entries()->Get(0)->order_count(), 2u);
  ASSERT_EQ(state[2].frame().book_entries()->size(), 2u);
  EXPECT_EQ(state[2].frame().book_entries()->Get(0)->quantity(), 10);
  const uint64_t sequence = state[1].frame().book_snapshot()->book_sequence();

  Send(alice, NewOrderFrame(3, {.client_order_id = 3, .price = 99, .quantity = 4}));
  const auto deltas = Receive(reader);
  ASSERT_THAT(Types(deltas), ElementsAre(MessageType::BOOK_LEVEL, MessageType::BOOK_ORDER));
  EXPECT_EQ(deltas[0].frame().book_level()->book_sequence(), sequence + 1);
  EXPECT_EQ(deltas[0].frame().book_level()->quantity(), 4);
  EXPECT_EQ(deltas[1].frame().book_order()->action(), wire::BookAction::ADD);
  Send(alice, CancelFrame(4, 3));
  const auto removed = Receive(reader);
  ASSERT_THAT(Types(removed), ElementsAre(MessageType::BOOK_LEVEL, MessageType::BOOK_ORDER));
  EXPECT_EQ(removed[0].frame().book_level()->quantity(), 0);
  EXPECT_EQ(removed[1].frame().book_order()->action(), wire::BookAction::REMOVE);
}

TEST_F(FeedTest, ABookThatBecomesPublicLateIsWhole) {
  const ConnectionId alice = Session({.key_id = kAliceKey});
  Send(alice, NewOrderFrame(1, {.client_order_id = 1, .price = 100, .quantity = 10}));
  PublishBook();
  const ConnectionId reader = Session({.key_id = kReaderKey, .session_id = 2});
  const auto state = Send(reader, SubscribeFrame(1, kOrders));
  ASSERT_EQ(state.size(), 2u);
  EXPECT_EQ(state[1].frame().book_entries()->size(), 1u);
  // Asked again it says the state, not the book.
  EXPECT_THAT(Types(Send(reader, SubscribeFrame(1, kOrders))),
              ElementsAre(MessageType::INSTRUMENT_DEF));
}

TEST_F(FeedTest, ThePhaseIsToldAtOnceAndWithEveryChange) {
  const ConnectionId reader = Session({.key_id = kReaderKey, .session_id = 2});
  const auto state = Send(reader, SubscribeFrame(1, kPhase));
  ASSERT_THAT(Types(state), ElementsAre(MessageType::INSTRUMENT_DEF, MessageType::PHASE));
  EXPECT_EQ(state[1].frame().phase()->phase(), wire::TradingPhase::CONTINUOUS);
  ASSERT_THAT(Types(SetPhase(wire::TradingPhase::HALT)), ElementsAre(MessageType::COMMAND_DONE));
  const auto changed = Receive(reader);
  ASSERT_THAT(Types(changed), ElementsAre(MessageType::PHASE));
  EXPECT_EQ(changed[0].frame().phase()->phase(), wire::TradingPhase::HALT);
  EXPECT_EQ(changed[0].frame().phase()->previous(), wire::TradingPhase::CONTINUOUS);
}

TEST_F(FeedTest, IndicativePricesEndWithTheAuction) {
  constexpr uint8_t kIndicative = static_cast<uint8_t>(wire::FeedKind::INDICATIVE);
  SetPhase(wire::TradingPhase::OPENING_AUCTION);
  const ConnectionId alice = Session({.key_id = kAliceKey});
  const ConnectionId bob = Session({.key_id = kBobKey});
  Send(alice, NewOrderFrame(1, {.client_order_id = 1, .price = 101, .quantity = 10}));
  Send(bob, NewOrderFrame(
                1, {.client_order_id = 1, .side = wire::Side::SELL, .price = 99, .quantity = 10}));
  const ConnectionId reader = Session({.key_id = kReaderKey, .session_id = 2});
  const auto state = Send(reader, SubscribeFrame(1, kIndicative));
  ASSERT_THAT(Types(state), ElementsAre(MessageType::INSTRUMENT_DEF, MessageType::INDICATIVE));
  EXPECT_EQ(state[1].frame().indicative()->quantity(), 10);
  SetPhase(wire::TradingPhase::CONTINUOUS);
  Receive(reader);
  const ConnectionId late = Session({.key_id = kReaderKey, .session_id = 3});
  EXPECT_THAT(Types(Send(late, SubscribeFrame(1, kIndicative))),
              ElementsAre(MessageType::INSTRUMENT_DEF));
}

TEST_F(FeedTest, OnlyTheOperatorsKeyCommandsTheVenue) {
  const wire::KillSwitch body(0, 1, wire::KillScope::VENUE, 1);
  const auto frame = [&](uint64_t seq) {
    return FrameOf(MessageType::KILL_SWITCH, seq, &wire::FrameBuilder::add_kill_switch, body);
  };
  for (const uint64_t key : {kAliceKey, kReaderKey, kRelayerKey}) {
    const ConnectionId other = Session({.key_id = key, .session_id = 40 + key});
    EXPECT_EQ(Send(other, frame(1)).at(0).frame().session_reject()->code(), ErrorCode::PERMISSION);
  }
  EXPECT_THAT(Types(Send(admin, frame(++admin_seq))), ElementsAre(MessageType::COMMAND_DONE));
  EXPECT_EQ(Send(admin, NewOrderFrame(admin_seq + 1, {.client_order_id = 1}))
                .at(0)
                .frame()
                .session_reject()
                ->code(),
            ErrorCode::PERMISSION);
}

TEST_F(FeedTest, AKillSwitchNamesASessionAsItsClientDoes) {
  const ConnectionId alice = Session({.key_id = kAliceKey, .session_id = 77});
  const auto kill = [&](uint64_t session_id) {
    const wire::KillSwitch body(session_id, Raw(kAlice), wire::KillScope::SESSION, 1);
    return Send(admin, FrameOf(MessageType::KILL_SWITCH, ++admin_seq,
                               &wire::FrameBuilder::add_kill_switch, body));
  };
  const auto unknown = kill(78);
  ASSERT_THAT(Types(unknown), ElementsAre(MessageType::COMMAND_REJECTED));
  EXPECT_EQ(unknown[0].frame().command_rejected()->code(), ErrorCode::UNKNOWN_SESSION);
  EXPECT_THAT(Types(kill(77)), ElementsAre(MessageType::COMMAND_DONE));
  const auto refused = Send(alice, NewOrderFrame(1, {.client_order_id = 1}));
  ASSERT_THAT(Types(refused), ElementsAre(MessageType::REJECTED));
  EXPECT_EQ(refused[0].frame().rejected()->code(), ErrorCode::KILL_SWITCH);
}

}  // namespace
}  // namespace tally::gateway
