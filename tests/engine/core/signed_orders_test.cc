// Orders that their owner signed, as the core sees them: what the signature allows, and nothing
// else. Notional of p ticks and q lots: 10 * p * q.

#include <cstring>
#include <string>

#include <gtest/gtest.h>

#include "tests/engine/core/test_venue.h"

namespace tally {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr uint32_t kNow = 1'700'000'000;  // Unix time of the first command.

class SignedOrdersTest : public ::testing::Test {
 protected:
  SignedOrdersTest() {
    venue.time_ns = int64_t{kNow} * kSecond;
    venue.SetUp();
    SetMustSign(1);
  }

  void SetMustSign(uint8_t must_sign) {
    Command command = MakeCommand(CommandType::kDefineAccount);
    command.account = kAlice;
    command.define_account.owner[0] = static_cast<uint8_t>(Raw(kAlice));
    command.define_account.enabled = 1;
    command.define_account.must_sign = must_sign;
    venue.Send(command);
  }

  struct Terms {
    uint64_t client_order_id = 0;  // 0: the next one.
    uint64_t nonce = 0;            // Likewise.
    uint32_t expiry_s = kNow + 100;
    uint32_t max_fee = 1'000;
    uint16_t flags = kCommandFlagSignatureValid;
  };

  void Sign(const Terms& terms) {
    Command command = venue.FromSession(venue.alice, CommandType::kSignOrder);
    command.flags = terms.flags;
    const uint64_t next = Raw(venue.core.session(venue.alice)->last_client_order_id) + 1;
    command.sign_order.client_order_id =
        ClientOrderId{terms.client_order_id == 0 ? next : terms.client_order_id};
    command.sign_order.nonce = terms.nonce == 0 ? next_nonce++ : terms.nonce;
    command.sign_order.expiry_s = terms.expiry_s;
    command.sign_order.max_fee_hundredths_bp = terms.max_fee;
    for (std::size_t i = 0; i < command.sign_order.signature.size(); ++i) {
      command.sign_order.signature[i] = static_cast<uint8_t>(i + 1);
    }
    venue.Send(command);
  }

  // What became of an order of Alice behind a kSignOrder.
  RejectReason Order(Side side, int64_t price, int64_t quantity, const OrderOptions& options = {}) {
    Command command = venue.OrderCommand(venue.alice, side, price, quantity, options);
    command.flags = kCommandFlagSignatureValid;
    venue.Send(command);
    return venue.reject_reason();
  }
  RejectReason SignedOrder(const Terms& terms, Side side, int64_t price, int64_t quantity,
                           const OrderOptions& options = {}) {
    Sign(terms);
    return Order(side, price, quantity, options);
  }

  RejectReason Replace(OrderId order, int64_t price, int64_t quantity, uint16_t flags) {
    Command command = venue.FromSession(venue.alice, CommandType::kReplaceOrder);
    const uint64_t last_id = Raw(venue.core.session(venue.alice)->last_client_order_id);
    command.flags = flags;
    command.instrument = flags == 0 ? InstrumentId{} : kBtcUsd;
    command.replace_order = {.target = {.order_id = order, .client_order_id = {}},
                             .new_client_order_id = ClientOrderId{last_id + 1},
                             .price = {price},
                             .quantity = {quantity},
                             .display_quantity = {},
                             .stop_price = {}};
    venue.Send(command);
    return venue.reject_reason();
  }

  void Tick(uint32_t time_s) {
    venue.time_ns = int64_t{time_s} * kSecond - 1;
    venue.Send(MakeCommand(CommandType::kTimer));
  }

  void SetFees(int32_t maker, int32_t taker, int64_t minimum) {
    Command command = MakeCommand(CommandType::kDefineFees);
    command.instrument = kBtcUsd;
    command.define_fees = {.minimum_fee = {minimum},
                           .maker_fee_hundredths_bp = maker,
                           .taker_fee_hundredths_bp = taker,
                           .fee_class = 0,
                           .remove = 0,
                           .reserved = {}};
    venue.Send(command);
  }

  int64_t FeeOfAlice() const {
    int64_t sum = 0;
    for (const Event& event : venue.events) {
      if (event.type == EventType::kOrderFilled && event.account == kAlice) {
        sum += event.filled.fee.value;
      }
    }
    return sum;
  }

  std::string StateBytes() const {
    class Sink final : public core::StateSink {
     public:
      void Append(const void* data, std::size_t size_bytes) override {
        bytes.append(static_cast<const char*>(data), size_bytes);
      }
      std::string bytes;
    } sink;
    venue.core.SerializeState(sink);
    return sink.bytes;
  }

  TestVenue venue;
  uint64_t next_nonce = 77;
};

TEST_F(SignedOrdersTest, AuthorizationIsPublishedWithItsSignatureAndGivesNoReport) {
  Sign({});
  EXPECT_EQ(venue.EventTypes(), "OrderSigned OrderSignature");
  const Event& said = venue.events[0];
  EXPECT_EQ(said.session, venue.alice);
  EXPECT_EQ(said.account, kAlice);
  EXPECT_EQ(said.report_sequence, 0u);
  EXPECT_EQ(said.client_sequence, venue.core.session(venue.alice)->last_client_sequence);
  EXPECT_EQ(said.client_order_id, ClientOrderId{1});
  EXPECT_EQ(said.order_signed.nonce, 77u);
  EXPECT_EQ(said.order_signed.expiry_s, kNow + 100);
  EXPECT_EQ(said.order_signed.max_fee_hundredths_bp, 1'000u);
  EXPECT_EQ(said.order_signed.signature_r[0], 1);
  EXPECT_EQ(said.order_signed.signature_r[31], 32);
  EXPECT_EQ(venue.events[1].order_signature.signature_vs[0], 33);
  EXPECT_EQ(venue.events[1].order_signature.signature_vs[31], 64);
  EXPECT_EQ(venue.events[1].client_order_id, ClientOrderId{1});
}

TEST_F(SignedOrdersTest, SignedOrderIsTakenAndRests) {
  EXPECT_EQ(SignedOrder({}, Side::kBuy, 5'000, 10), RejectReason::kNone);
  EXPECT_EQ(venue.EventTypes(), "Accepted BookTop");
  EXPECT_EQ(venue.core.open_order_count(), 1u);
}

TEST_F(SignedOrdersTest, ANonceOfAnAccountCountsOnce) {
  EXPECT_EQ(SignedOrder({.nonce = 500}, Side::kBuy, 5'000, 1), RejectReason::kNone);
  Sign({.nonce = 500});
  EXPECT_EQ(venue.reject_reason(), RejectReason::kNonceUsed);
  EXPECT_EQ(Order(Side::kBuy, 5'000, 1), RejectReason::kSignatureRequired);
  // Others sign beside it, in any order, as long as they are not far behind.
  for (uint64_t nonce = 462; nonce < 524; ++nonce) {
    Sign({.nonce = nonce ^ 1});
    EXPECT_EQ(venue.EventTypes() == "OrderSigned OrderSignature", (nonce ^ 1) != 500) << nonce;
  }
  Sign({.nonce = 3});  // The 63rd.
  EXPECT_EQ(venue.EventTypes(), "OrderSigned OrderSignature");
  Sign({.nonce = 600});
  EXPECT_EQ(venue.EventTypes(), "OrderSigned OrderSignature");
  for (const uint64_t used : {0, 2, 3, 462, 500, 600}) {
    Command command = venue.FromSession(venue.alice, CommandType::kSignOrder);
    command.flags = kCommandFlagSignatureValid;
    command.sign_order.nonce = used;
    venue.Send(command);
    EXPECT_EQ(venue.reject_reason(), RejectReason::kNonceUsed) << used;
  }
  Sign({.nonce = 4});
  EXPECT_EQ(venue.reject_reason(), RejectReason::kNonceUsed);
  Sign({.nonce = 470});
  EXPECT_EQ(venue.reject_reason(), RejectReason::kNonceUsed);
  Sign({.nonce = 530});
  EXPECT_EQ(venue.EventTypes(), "OrderSigned OrderSignature");
}

TEST_F(SignedOrdersTest, AccountThatMustSignTakesNothingUnsigned) {
  EXPECT_EQ(venue.Order(venue.alice, Side::kBuy, 5'000, 10), OrderId{});
  EXPECT_EQ(venue.reject_reason(), RejectReason::kSignatureRequired);
  // The flag alone is no authorization.
  EXPECT_EQ(Order(Side::kBuy, 5'000, 10), RejectReason::kSignatureRequired);
  EXPECT_NE(venue.Order(venue.bob, Side::kBuy, 5'000, 10), OrderId{});
}

TEST_F(SignedOrdersTest, AuthorizationNeedsTheGatewaysWordOnBothCommands) {
  Sign({.flags = 0});
  EXPECT_EQ(venue.EventTypes(), "CommandRejected");
  EXPECT_EQ(venue.reject_reason(), RejectReason::kBadSignature);
  EXPECT_EQ(Order(Side::kBuy, 5'000, 10), RejectReason::kSignatureRequired);

  Sign({.flags = kCommandFlagSignatureBad});
  EXPECT_EQ(venue.reject_reason(), RejectReason::kBadSignature);
  Command command = venue.OrderCommand(venue.alice, Side::kBuy, 5'000, 10);
  command.flags = kCommandFlagSignatureBad;
  venue.Send(command);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kBadSignature);

  // An order that a restarted gateway did not compare with what was signed before.
  Sign({});
  venue.Order(venue.alice, Side::kBuy, 5'000, 10);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kSignatureRequired);
}

TEST_F(SignedOrdersTest, AuthorizationHoldsForTheNextCommandOnly) {
  Sign({.client_order_id = 9});
  EXPECT_EQ(Order(Side::kBuy, 5'000, 10, {.client_order_id = 8}), RejectReason::kSignatureRequired);
  EXPECT_EQ(Order(Side::kBuy, 5'000, 10, {.client_order_id = 9}), RejectReason::kSignatureRequired);
  Sign({.client_order_id = 9});
  venue.Cancel(venue.alice, OrderId{1});
  EXPECT_EQ(Order(Side::kBuy, 5'000, 10, {.client_order_id = 9}), RejectReason::kSignatureRequired);
  EXPECT_EQ(SignedOrder({.client_order_id = 9}, Side::kBuy, 5'000, 10, {.client_order_id = 9}),
            RejectReason::kNone);
}

TEST_F(SignedOrdersTest, RepeatedAuthorizationIsADuplicate) {
  Sign({});
  Command again = venue.commands.back();
  again.timestamp_ns = 0;
  venue.Send(again);
  EXPECT_EQ(venue.EventTypes(), "DuplicateCommand");
  EXPECT_EQ(Order(Side::kBuy, 5'000, 10), RejectReason::kNone);
}

TEST_F(SignedOrdersTest, OrderEndsWhenItsSignatureDoes) {
  ASSERT_EQ(SignedOrder({.expiry_s = kNow + 50}, Side::kBuy, 5'000, 10), RejectReason::kNone);
  EXPECT_EQ(venue.core.next_deadline_ns(), (kNow + 50) * kSecond);
  Tick(kNow + 49);
  EXPECT_EQ(venue.core.open_order_count(), 1u);
  Tick(kNow + 50);
  ASSERT_NE(venue.FindEvent(EventType::kOrderCanceled), nullptr);
  EXPECT_EQ(venue.FindEvent(EventType::kOrderCanceled)->canceled.reason, CancelReason::kExpired);
  EXPECT_EQ(venue.core.open_order_count(), 0u);
  EXPECT_EQ(venue.core.next_deadline_ns(), 0);
}

TEST_F(SignedOrdersTest, EarlierOfTheTwoEndsCounts) {
  for (const uint32_t asked_s : {kNow + 30, kNow + 70}) {
    Sign({.expiry_s = kNow + 50});
    Command command = venue.OrderCommand(venue.alice, Side::kBuy, 5'000, 10);
    command.flags = kCommandFlagSignatureValid;
    command.new_order.time_in_force = TimeInForce::kGtd;
    command.new_order.expire_time_ns = asked_s * kSecond;
    venue.Send(command);
    ASSERT_EQ(venue.reject_reason(), RejectReason::kNone);
    EXPECT_EQ(venue.core.next_deadline_ns(), std::min(asked_s, kNow + 50) * kSecond);
    venue.Cancel(venue.alice, venue.last_order_id);
  }
}

TEST_F(SignedOrdersTest, ExpiredSignatureIsRefused) {
  EXPECT_EQ(SignedOrder({.expiry_s = kNow}, Side::kBuy, 5'000, 10), RejectReason::kBadExpireTime);
  EXPECT_EQ(SignedOrder({.expiry_s = 0}, Side::kBuy, 5'000, 10), RejectReason::kSignatureRequired);
  EXPECT_EQ(
      SignedOrder({.expiry_s = kNow}, Side::kBuy, 5'000, 10, {.time_in_force = TimeInForce::kIoc}),
      RejectReason::kBadExpireTime);
}

TEST_F(SignedOrdersTest, FeeRatesAboveTheSignedBoundAreRefused) {
  EXPECT_EQ(SignedOrder({.max_fee = 199}, Side::kBuy, 5'000, 10), RejectReason::kFeeAboveSigned);
  EXPECT_EQ(SignedOrder({.max_fee = 200}, Side::kBuy, 5'000, 10), RejectReason::kNone);
  SetFees(300, 100, 0);
  EXPECT_EQ(SignedOrder({.max_fee = 299}, Side::kBuy, 5'000, 10), RejectReason::kFeeAboveSigned);
  SetFees(-300, 300, 0);
  EXPECT_EQ(SignedOrder({.max_fee = 299}, Side::kBuy, 5'000, 10), RejectReason::kFeeAboveSigned);
  EXPECT_EQ(SignedOrder({.max_fee = 300}, Side::kBuy, 5'000, 10), RejectReason::kNone);
}

TEST_F(SignedOrdersTest, MinimumFeeIsChargedUpToTheSignedBoundOfEachFill) {
  SetFees(100, 200, 600);
  for (const Side side : {Side::kBuy, Side::kSell}) {
    // Of 100,000 quanta the minimum is 600 and the bound 500; the rest comes with the next fill.
    venue.Order(venue.bob, Opposite(side), 5'000, 2);
    venue.Order(venue.bob, Opposite(side), 5'000, 20);
    ASSERT_EQ(SignedOrder({.max_fee = 5'000}, side, 5'000, 2), RejectReason::kNone);
    EXPECT_EQ(FeeOfAlice(), 500);
    EXPECT_EQ(venue.held(kAlice, kUsd) + venue.held(kAlice, kBtc), 0);
    ASSERT_EQ(SignedOrder({.max_fee = 5'000}, side, 5'000, 20), RejectReason::kNone);
    EXPECT_EQ(FeeOfAlice(), 600);
    venue.MassCancel(venue.bob, MassCancelScope::kSession, MassCancelTrigger::kRequest);
  }
}

TEST_F(SignedOrdersTest, RestOfACappedMinimumIsChargedToLaterFills) {
  SetFees(100, 200, 600);
  ASSERT_EQ(SignedOrder({.max_fee = 5'000}, Side::kBuy, 5'000, 10), RejectReason::kNone);
  venue.Order(venue.bob, Side::kSell, 5'000, 2);
  EXPECT_EQ(FeeOfAlice(), 500);
  venue.Order(venue.bob, Side::kSell, 5'000, 2);
  EXPECT_EQ(FeeOfAlice(), 100);
  venue.Order(venue.bob, Side::kSell, 5'000, 6);
  EXPECT_EQ(FeeOfAlice(), 0);
  EXPECT_EQ(venue.held(kAlice, kUsd), 0);
}

TEST_F(SignedOrdersTest, ReplacementNeedsItsOwnSignatureAndTakesItsTerms) {
  ASSERT_EQ(SignedOrder({.expiry_s = kNow + 50}, Side::kBuy, 5'000, 10), RejectReason::kNone);
  const OrderId order = venue.last_order_id;
  EXPECT_EQ(Replace(order, 5'001, 10, 0), RejectReason::kSignatureRequired);
  Sign({.expiry_s = kNow + 80, .max_fee = 199});
  EXPECT_EQ(Replace(order, 5'001, 10, kCommandFlagSignatureValid), RejectReason::kFeeAboveSigned);
  Sign({.expiry_s = kNow});
  EXPECT_EQ(Replace(order, 5'001, 10, kCommandFlagSignatureValid), RejectReason::kBadExpireTime);
  EXPECT_EQ(venue.core.next_deadline_ns(), (kNow + 50) * kSecond);
  Sign({.expiry_s = kNow + 80});
  EXPECT_EQ(Replace(order, 5'001, 10, kCommandFlagSignatureValid), RejectReason::kNone);
  EXPECT_EQ(venue.core.next_deadline_ns(), (kNow + 80) * kSecond);
  Tick(kNow + 80);
  EXPECT_EQ(venue.core.open_order_count(), 0u);
}

TEST_F(SignedOrdersTest, ReplacementOfAnotherOrderThanTheSignedOneIsRefused) {
  constexpr uint16_t kSell = kCommandFlagSignatureValid | kCommandFlagSignedSell;
  ASSERT_EQ(SignedOrder({}, Side::kBuy, 5'000, 10), RejectReason::kNone);
  const OrderId order = venue.last_order_id;
  Sign({});
  EXPECT_EQ(Replace(order, 5'001, 10, kSell), RejectReason::kBadSignature);
  Sign({});
  EXPECT_EQ(Replace(order, 5'001, 10, kCommandFlagSignatureBad), RejectReason::kBadSignature);
  Sign({});
  Command command = venue.FromSession(venue.alice, CommandType::kReplaceOrder);
  command.flags = kCommandFlagSignatureValid;
  command.instrument = InstrumentId{2};
  command.replace_order.target.order_id = order;
  command.replace_order.new_client_order_id = ClientOrderId{2};
  venue.Send(command);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kBadSignature);

  ASSERT_EQ(SignedOrder({}, Side::kSell, 6'000, 10), RejectReason::kNone);
  Sign({});
  EXPECT_EQ(Replace(venue.last_order_id, 5'999, 10, kSell), RejectReason::kNone);
}

TEST_F(SignedOrdersTest, OrderCanBeSignedLaterAndAgainUnsignedWhereNothingMustBeSigned) {
  SetMustSign(0);
  const OrderId order =
      venue.Order(venue.alice, Side::kBuy, 5'000, 10, {.flags = kOrderFlagPostOnly});
  Sign({.expiry_s = kNow + 50});
  ASSERT_EQ(Replace(order, 5'001, 12, kCommandFlagSignatureValid), RejectReason::kNone);
  EXPECT_EQ(venue.core.next_deadline_ns(), (kNow + 50) * kSecond);
  ASSERT_EQ(Replace(order, 5'000, 12, 0), RejectReason::kNone);
  EXPECT_EQ(venue.core.next_deadline_ns(), 0);
  venue.Order(venue.bob, Side::kSell, 5'000, 12);
  EXPECT_EQ(venue.core.open_order_count(), 0u);
  // What is signed is held to its terms here too.
  EXPECT_EQ(SignedOrder({.max_fee = 10}, Side::kBuy, 5'000, 1), RejectReason::kFeeAboveSigned);
}

TEST_F(SignedOrdersTest, OrderWithoutItsWorstPriceCannotBeSigned) {
  Sign({});
  Command command =
      venue.OrderCommand(venue.alice, Side::kBuy, 0, 10,
                         {.type = OrderType::kMarket, .time_in_force = TimeInForce::kIoc});
  command.flags = kCommandFlagSignatureValid;
  command.new_order.slippage_ticks = 5;
  venue.Send(command);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kUnsupported);
}

TEST_F(SignedOrdersTest, SignedStopIsHeldToItsTermsOnceTriggered) {
  SetFees(100, 200, 600);
  venue.Order(venue.bob, Side::kSell, 5'000, 4);
  Sign({.max_fee = 5'000});
  Command command =
      venue.OrderCommand(venue.alice, Side::kBuy, 5'100, 2, {.type = OrderType::kStopLimit});
  command.flags = kCommandFlagSignatureValid;
  command.new_order.stop_price = {5'000};
  venue.Send(command);
  ASSERT_EQ(venue.reject_reason(), RejectReason::kNone);
  venue.Order(venue.bob, Side::kBuy, 5'000, 2);
  ASSERT_NE(venue.FindEvent(EventType::kOrderTriggered), nullptr);
  EXPECT_EQ(FeeOfAlice(), 500);
}

TEST_F(SignedOrdersTest, QuotesOfAnAccountThatMustSignAreRefused) {
  Command command = venue.FromSession(venue.alice, CommandType::kQuote);
  command.instrument = kBtcUsd;
  command.quote.client_order_id = ClientOrderId{1};
  command.quote.bid_price = {5'000};
  command.quote.bid_quantity = {1};
  command.quote.maker_group = 1;
  command.quote.self_trade_prevention = SelfTradePrevention::kNone;
  venue.Send(command);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kSignatureRequired);
}

TEST_F(SignedOrdersTest, MustSignIsZeroOrOne) {
  SetMustSign(2);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kBadDefinition);
  EXPECT_TRUE(venue.core.accounts().Find(kAlice)->must_sign);
}

// docs/formats/state.md: 2 in the row of the account, terms behind the order, and at the end the
// nonces and the authorizations that are still good.
TEST_F(SignedOrdersTest, StateHoldsWhatIsSigned) {
  SetMustSign(0);
  const std::string unsigned_state = StateBytes();
  SetMustSign(1);
  EXPECT_EQ(StateBytes().size(), unsigned_state.size());
  Sign({.expiry_s = kNow + 50, .max_fee = 300});
  const std::string authorized = StateBytes();
  ASSERT_EQ(authorized.size(), unsigned_state.size() + 16 + 24);
  const auto u32 = [&](const std::string& bytes, std::size_t from_end) {
    uint32_t value;
    std::memcpy(&value, &bytes[bytes.size() - from_end], sizeof(value));
    return value;
  };
  EXPECT_EQ(u32(authorized, 40), Raw(kAlice) + (1U << 31));
  EXPECT_EQ(u32(authorized, 36), 1u);  // One nonce:
  EXPECT_EQ(u32(authorized, 32), 77u);
  EXPECT_EQ(u32(authorized, 24), Raw(venue.alice));
  EXPECT_EQ(u32(authorized, 20), kNow + 50);
  EXPECT_EQ(u32(authorized, 16), 1u);  // Client order id.
  EXPECT_EQ(u32(authorized, 8), 300u);
  Order(Side::kBuy, 5'000, 10);
  EXPECT_EQ(StateBytes().size(), unsigned_state.size() + 84 + 50 + 8 + 16);
}

}  // namespace
}  // namespace tally
