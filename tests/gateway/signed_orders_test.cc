// SignOrder: held until its order comes, compared with it, and published with what was found.

#include "gtest/gtest.h"

#include "base/clock.h"
#include "evm/keccak.h"
#include "evm/private_key.h"
#include "gateway/order_verifier.h"
#include "tests/gateway/hub_fixture.h"

namespace tally::gateway {
namespace {

using wire::ErrorCode;
using wire::MessageType;

constexpr uint64_t kChainId = 31'337;
constexpr uint32_t kExpiry = 1'700'000'100;  // The fixture's clock begins 100 s before.

std::array<uint8_t, 20> Vault() {
  std::array<uint8_t, 20> vault{};
  vault[19] = 7;
  return vault;
}

class SignedOrdersTest : public HubTest {
 protected:
  SignedOrdersTest()
      : owner(evm::PrivateKey::ForTest("owner", 1)),
        session_key(evm::PrivateKey::ForTest("session key", 1)),
        stranger(evm::PrivateKey::ForTest("stranger", 1)),
        made(kChainId, Vault()) {
    DefineInstrumentCommand market{};
    market.base_asset = kBase;
    market.quote_asset = kQuote;
    market.tick_quanta = {1};
    market.lot_quanta = {1};
    made.AddInstrument(kInstrument, market);
    made.AddSigner({.account = kAlice, .address = owner.address().bytes});
    made.AddSigner({.account = kAlice,
                    .address = session_key.address().bytes,
                    .valid_from_s = 1'700'000'010,
                    .valid_until_s = 1'700'000'050});
    verifier = &made;
    Restart();
    alice = Session({.key_id = kAliceKey, .session_id = 1});
  }

  struct Spec {
    const evm::PrivateKey* key = nullptr;  // Null: the owner's.
    uint64_t client_order_id = 1;
    wire::Side side = wire::Side::BUY;
    int64_t price = 100;
    int64_t quantity = 10;
    uint32_t max_fee = 100'000;
    uint32_t account = Raw(kAlice);
    uint64_t chain_id = kChainId;
  };

  Bytes SignFrame(uint64_t seq, const Spec& spec) const {
    const evm::SignedOrder order = {
        .account = AccountId{spec.account},
        .venue = 0,
        .base = kBase,
        .quote = kQuote,
        .side = static_cast<Side>(spec.side),
        .quantity = static_cast<unsigned __int128>(spec.quantity),
        .notional = static_cast<unsigned __int128>(spec.quantity * spec.price),
        .nonce = seq,
        .expiry_s = kExpiry,
        .max_fee_hundredths_bp = spec.max_fee,
        .signature = {}};
    const evm::OrderDomain domain(spec.chain_id, evm::Address{Vault()});
    const evm::PrivateKey& key = spec.key == nullptr ? owner : *spec.key;
    const auto signature = evm::CompactSignature(key.Sign(domain.HashOf(order)));
    const wire::SignOrder body(spec.client_order_id, seq, kExpiry, spec.max_fee, 1, spec.side,
                               flatbuffers::span<const uint8_t, 3>(std::array<uint8_t, 3>{}),
                               flatbuffers::span<const uint8_t, 64>(signature));
    return MakeFrame(MessageType::SIGN_ORDER, seq, [&](auto& f) { f.add_sign_order(&body); });
  }

  static Bytes ReplaceFrame(uint64_t seq, uint64_t from, uint64_t to, int64_t price) {
    const wire::Replace body(0, from, to, price, 10);
    return MakeFrame(MessageType::REPLACE, seq, [&](auto& f) { f.add_replace(&body); });
  }

  // The answers to a pair of messages.
  std::vector<Received> SendPair(uint64_t seq, const Spec& spec, const OrderSpec& order) {
    EXPECT_TRUE(Send(alice, SignFrame(seq, spec)).empty());
    return Send(alice, NewOrderFrame(seq + 1, order));
  }

  static ErrorCode Rejection(const Received& one) {
    return one.type() == MessageType::REJECTED           ? one.frame().rejected()->code()
           : one.type() == MessageType::CANCEL_REJECT    ? one.frame().cancel_reject()->code()
           : one.type() == MessageType::COMMAND_REJECTED ? one.frame().command_rejected()->code()
                                                         : ErrorCode::OK;
  }

  const evm::PrivateKey owner;
  const evm::PrivateKey session_key;
  const evm::PrivateKey stranger;
  OrderVerifier made;
  ConnectionId alice{};
};

TEST_F(SignedOrdersTest, OwnersOrderIsTakenAndTheSignatureJournaled) {
  const auto received = SendPair(1, {}, {.client_order_id = 1});
  ASSERT_EQ(Types(received), std::vector{MessageType::ACCEPTED});
  EXPECT_EQ(received[0].hdr().ack(), 2u);
  const std::size_t count = engine.commands().size();
  const Command& sign = engine.commands()[count - 2];
  EXPECT_EQ(sign.type, CommandType::kSignOrder);
  EXPECT_EQ(sign.flags, kCommandFlagSignatureValid);
  EXPECT_EQ(sign.account, kAlice);
  EXPECT_EQ(engine.commands()[count - 1].flags, kCommandFlagSignatureValid);
}

TEST_F(SignedOrdersTest, AnythingElseThanWhatWasSignedIsRefused) {
  struct Row {
    const char* what;
    Spec spec;
    OrderSpec order;
  };
  const Row rows[] = {
      {"a stranger's key", {.key = &stranger}, {}},
      {"a session key before its time", {.key = &session_key}, {}},
      {"another price", {}, {.price = 101}},
      {"another quantity", {}, {.quantity = 11}},
      {"another side", {}, {.side = wire::Side::SELL}},
      {"another instrument", {}, {.instrument = 2}},
      {"another account", {.account = Raw(kBob)}, {}},
      {"another chain", {.chain_id = 1}, {}},
      {"no price", {.price = 0}, {.price = 0}},
      {"a price beyond all limits", {.price = INT64_MAX / 10}, {.price = INT64_MAX / 10}},
  };
  uint64_t seq = 1;
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    Spec spec = row.spec;
    OrderSpec order = row.order;
    spec.client_order_id = order.client_order_id = seq;
    const auto received = SendPair(seq, spec, order);
    ASSERT_EQ(Types(received), (std::vector{MessageType::COMMAND_REJECTED, MessageType::REJECTED}));
    EXPECT_EQ(Rejection(received[0]), ErrorCode::BAD_SIGNATURE);
    EXPECT_EQ(Rejection(received[1]),
              order.instrument == 1 ? ErrorCode::BAD_SIGNATURE : ErrorCode::UNKNOWN_INSTRUMENT);
    seq += 2;
  }
}

TEST_F(SignedOrdersTest, SessionKeySignsInItsTimeOnly) {
  const Spec spec{.key = &session_key};
  now.wall_ns += 10'000 * kNsPerMs;
  EXPECT_EQ(Types(SendPair(1, spec, {.client_order_id = 1})), std::vector{MessageType::ACCEPTED});
  now.wall_ns += 39'000 * kNsPerMs;
  Spec second = spec;
  second.client_order_id = 2;
  EXPECT_EQ(Rejection(SendPair(3, second, {.client_order_id = 2}).back()), ErrorCode::OK);
  now.wall_ns += 1'000 * kNsPerMs;
  second.client_order_id = 3;
  EXPECT_EQ(Rejection(SendPair(5, second, {.client_order_id = 3}).back()),
            ErrorCode::BAD_SIGNATURE);
}

TEST_F(SignedOrdersTest, ReplacementIsComparedWithWhatItReplaces) {
  SendPair(1, {}, {.client_order_id = 1});
  EXPECT_TRUE(Send(alice, SignFrame(3, {.client_order_id = 2, .price = 99})).empty());
  EXPECT_EQ(Types(Send(alice, ReplaceFrame(4, 1, 2, 99))), std::vector{MessageType::REPLACED});
  // A sell order was signed, and the target buys.
  EXPECT_TRUE(
      Send(alice, SignFrame(5, {.client_order_id = 3, .side = wire::Side::SELL, .price = 98}))
          .empty());
  const auto received = Send(alice, ReplaceFrame(6, 2, 3, 98));
  ASSERT_EQ(received.size(), 1u);
  EXPECT_EQ(Rejection(received[0]), ErrorCode::BAD_SIGNATURE);
}

TEST_F(SignedOrdersTest, SignatureWithoutItsOrderIsRefusedAndTheNextMessageStands) {
  Send(alice, SignFrame(1, {}));
  const auto received = Send(alice, AccountQueryFrame(2));
  ASSERT_GE(received.size(), 2u);
  EXPECT_EQ(Rejection(received[0]), ErrorCode::BAD_SIGNATURE);
  EXPECT_EQ(received[0].hdr().ack(), 1u);
  EXPECT_EQ(received[1].type(), MessageType::BALANCE);
  // One SignOrder behind another: the second is good.
  Send(alice, SignFrame(3, {.client_order_id = 8}));
  EXPECT_EQ(Rejection(Send(alice, SignFrame(4, {.client_order_id = 9})).at(0)),
            ErrorCode::BAD_SIGNATURE);
  EXPECT_EQ(Types(Send(alice, NewOrderFrame(5, {.client_order_id = 9}))),
            std::vector{MessageType::ACCEPTED});
}

TEST_F(SignedOrdersTest, WithoutAChainNoSignatureIsGood) {
  verifier = nullptr;
  Drop(alice);
  Restart();
  alice = Session({.key_id = kAliceKey, .session_id = 1});
  EXPECT_EQ(Rejection(SendPair(1, {}, {.client_order_id = 1}).back()), ErrorCode::BAD_SIGNATURE);
}

TEST_F(SignedOrdersTest, LostConnectionLosesTheHeldSignatureAndBothAreSentAgain) {
  Send(alice, SignFrame(1, {}));
  Drop(alice);
  alice = Session({.key_id = kAliceKey, .session_id = 1});
  EXPECT_EQ(ack.last_client_seq(), 0u);
  EXPECT_EQ(Types(SendPair(1, {}, {.client_order_id = 1})), std::vector{MessageType::ACCEPTED});
  // Repeated messages: the order's answer comes again, the signature has none.
  EXPECT_TRUE(Send(alice, SignFrame(1, {})).empty());
  EXPECT_EQ(Types(Send(alice, NewOrderFrame(2, {.client_order_id = 1}))),
            std::vector{MessageType::ACCEPTED});
  EXPECT_EQ(Types(Send(alice, AccountQueryFrame(3))).back(), MessageType::BALANCE);
}

TEST_F(SignedOrdersTest, FullRingDelaysTheRestOfThePair) {
  for (const std::size_t room : {std::size_t{0}, std::size_t{1}}) {
    const uint64_t seq = 1 + 2 * room;
    engine.room = room;
    EXPECT_TRUE(SendPair(seq, {.client_order_id = seq}, {.client_order_id = seq}).empty());
    EXPECT_FALSE(hub->WantsRead(alice));
    engine.room = 10;
    Pump();
    EXPECT_EQ(Types(Receive(alice)), std::vector{MessageType::ACCEPTED});
  }
}

TEST_F(SignedOrdersTest, GatewayThatDiedBetweenThePairLeavesNothingToUse) {
  engine.room = 1;
  SendPair(1, {}, {.client_order_id = 1});
  engine.room = 10;
  Drop(alice);
  Restart();
  alice = Session({.key_id = kAliceKey, .session_id = 1});
  EXPECT_EQ(ack.last_client_seq(), 1u);  // The signature was taken, the order was not.
  EXPECT_EQ(Types(Send(alice, NewOrderFrame(2, {.client_order_id = 1}))),
            std::vector{MessageType::ACCEPTED});  // Unsigned, which this account may.
  EXPECT_EQ(engine.commands().back().flags, 0);
}

TEST_F(SignedOrdersTest, ReservedBytesAndSideAreChecked) {
  const std::array<uint8_t, 64> signature{};
  const wire::SignOrder body(1, 5, kExpiry, 0, 1, wire::Side::NONE,
                             flatbuffers::span<const uint8_t, 3>(std::array<uint8_t, 3>{}),
                             flatbuffers::span<const uint8_t, 64>(signature));
  const auto received =
      Send(alice, MakeFrame(MessageType::SIGN_ORDER, 1, [&](auto& f) { f.add_sign_order(&body); }));
  ASSERT_EQ(Types(received), std::vector{MessageType::SESSION_REJECT});
  EXPECT_EQ(received[0].frame().session_reject()->code(), ErrorCode::BAD_VALUE);
}

}  // namespace
}  // namespace tally::gateway
