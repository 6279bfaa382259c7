// How far trades are settled, and disputes, as clients of the binary protocol see them.

#include <array>

#include "gmock/gmock.h"

#include "tests/gateway/hub_fixture.h"

namespace tally::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using wire::ErrorCode;
using wire::MessageType;

class SettlementTest : public testing::Test, protected HubFixture {
 protected:
  SettlementTest() : alice(Session({.key_id = kAliceKey})), bob(Session({.key_id = kBobKey})) {
    relayer = Session({.key_id = kRelayerKey});
  }
  void Trade() {
    Send(bob, NewOrderFrame(1, {.client_order_id = 1, .side = wire::Side::SELL, .price = 100}));
    Send(alice, NewOrderFrame(1, {.client_order_id = 1, .price = 100}));
    Receive(bob);
    Receive(alice);
  }
  std::vector<Received> Tell(wire::SettlementStatus status, uint8_t hash) {
    std::array<uint8_t, 32> bytes{hash};
    constexpr std::array<uint8_t, 3> kReserved{};
    const wire::BatchStatus body(1, engine.events().size(), 1, 7,
                                 flatbuffers::span<const uint8_t, 32>(bytes), 1, status,
                                 flatbuffers::span<const uint8_t, 3>(kReserved));
    return Send(relayer, MakeFrame(MessageType::BATCH_STATUS, ++relayer_seq,
                                   [&](auto& frame) { frame.add_batch_status(&body); }));
  }
  std::vector<Received> Dispute(ConnectionId from, uint64_t seq, const wire::DisputeStep& body) {
    return Send(
        from, MakeFrame(MessageType::DISPUTE, seq, [&](auto& frame) { frame.add_dispute(&body); }));
  }

  ConnectionId alice;
  ConnectionId bob;
  ConnectionId relayer{};
  uint64_t relayer_seq = 0;
};

TEST_F(SettlementTest, EverybodyIsToldOfABatchAndWhoComesLaterToo) {
  Trade();
  EXPECT_THAT(Types(Tell(wire::SettlementStatus::MINED, 5)),
              ElementsAre(MessageType::TRADES_STATUS, MessageType::COMMAND_DONE));
  for (const ConnectionId client : {alice, bob}) {
    const auto told = Receive(client);
    ASSERT_THAT(Types(told), ElementsAre(MessageType::TRADES_STATUS));
    const wire::TradesStatus& status = *told[0].frame().trades_status();
    EXPECT_EQ(status.batch_id(), 1u);
    EXPECT_EQ(status.first_trade(), 1u);
    EXPECT_EQ(status.last_trade(), 1u);
    EXPECT_EQ(status.status(), wire::SettlementStatus::MINED);
    EXPECT_EQ(status.transaction_hash()->Get(0), 5);
    EXPECT_NE(status.engine_ns(), 0);
  }
  Session({.key_id = kReaderKey, .session_id = 9});
  ASSERT_THAT(Types(last), ElementsAre(MessageType::TRADES_STATUS));
  EXPECT_EQ(last[0].frame().trades_status()->engine_ns(), 0);
  Tell(wire::SettlementStatus::FINAL, 6);
  Restart();
  Session({.key_id = kReaderKey, .session_id = 9});
  ASSERT_THAT(Types(last), ElementsAre(MessageType::TRADES_STATUS));
  EXPECT_EQ(last[0].frame().trades_status()->status(), wire::SettlementStatus::FINAL);
}

TEST_F(SettlementTest, ADisputeIsTheAccountsAndABrokenTradeTheSessionsOwn) {
  Trade();
  const uint32_t session = Raw(engine.core().FindSession(kAlice, 1)->index);
  const wire::DisputeStep hold(1, 1, 0, 0, 0, 0, 0, Raw(kBob), 1, 0, Raw(kAlice), 0, Raw(kBase),
                               wire::DisputeAction::HOLD, wire::Side::NONE);
  EXPECT_THAT(Types(Dispute(relayer, ++relayer_seq, hold)), ElementsAre(MessageType::COMMAND_DONE));
  const auto held = Receive(alice);
  ASSERT_THAT(Types(held), ElementsAre(MessageType::DISPUTE_STATUS));
  EXPECT_EQ(held[0].frame().dispute_status()->amount(), 1);
  EXPECT_EQ(held[0].frame().dispute_status()->held(), 1);
  const wire::DisputeStep broken(1, 0, 1, 2, 1, 100, 1, Raw(kBob), 2, session, Raw(kAlice), 1, 0,
                                 wire::DisputeAction::BREAK_TRADE, wire::Side::BUY);
  Dispute(relayer, ++relayer_seq, broken);
  const auto told = Receive(alice);
  ASSERT_THAT(Types(told), ElementsAre(MessageType::TRADE_BROKEN));
  EXPECT_EQ(told[0].frame().trade_broken()->trade_id(), 1u);
  EXPECT_EQ(told[0].frame().trade_broken()->order_id(), 2u);
  EXPECT_NE(told[0].frame().hdr()->seq(), 0u);  // A report: it can be fetched again.
  EXPECT_THAT(Types(Receive(bob)), IsEmpty());
}

TEST_F(SettlementTest, OnlyTheRelayerAndTheOperatorSpeakOfSettlement) {
  const wire::DisputeStep resolve(1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0,
                                  wire::DisputeAction::RESOLVE, wire::Side::NONE);
  EXPECT_EQ(Dispute(alice, 1, resolve).at(0).frame().session_reject()->code(),
            ErrorCode::PERMISSION);
  EXPECT_EQ(Dispute(relayer, 1, resolve).at(0).frame().command_rejected()->code(),
            ErrorCode::OUT_OF_ORDER_DISPUTE);
}

}  // namespace
}  // namespace tally::gateway
