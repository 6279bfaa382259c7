// The messages of the full order, of market makers and of operators: every field arrives where it
// belongs, every enum, flag and reserved byte has its range.

#include "gtest/gtest.h"

#include "gateway/codec/client_message.h"
#include "gateway/codec/frame_encoder.h"
#include "sdk/internal/frame_codec.h"
#include "sdk/internal/request_codec.h"
#include "tests/gateway/wire_client.h"

namespace tally::gateway {
namespace {

using wire::ErrorCode;
using wire::MessageType;

template <typename Body>
Bytes FrameOf(MessageType type, void (wire::FrameBuilder::*add)(const Body*), const Body& body) {
  return MakeFrame(type, 1, [&](auto& frame) { (frame.*add)(&body); });
}

// What the gateway makes of what the client library sends.
template <typename Body>
Command Decoded(MessageType type, void (wire::FrameBuilder::*add)(const Body*), const Body& body) {
  ClientMessage message;
  EXPECT_EQ(Decode(FrameOf(type, add, body), &message), ErrorCode::OK);
  return message.command;
}

using Builder = wire::FrameBuilder;

TEST(FullOrderTest, EveryAttributeReachesTheCommand) {
  const sdk::NewOrderRequest request{.instrument = InstrumentId{3},
                                     .side = Side::kSell,
                                     .price = {101},
                                     .quantity = {102},
                                     .type = OrderType::kTrailingStop,
                                     .time_in_force = TimeInForce::kGtd,
                                     .self_trade_prevention = SelfTradePrevention::kCancelBoth,
                                     .post_only = true,
                                     .slide = true,
                                     .hidden = true,
                                     .all_or_none = true,
                                     .reduce_only = true,
                                     .display_quantity = {103},
                                     .min_quantity = {104},
                                     .trigger = TriggerSource::kBestPrice,
                                     .stop_price = {105},
                                     .peg = PegReference::kMid,
                                     .trail_unit = TrailUnit::kBasisPoints,
                                     .offset = -106,
                                     .slippage_ticks = 107,
                                     .expire_time_ns = 108,
                                     .algorithm_id = 109,
                                     .maker_group = 110,
                                     .contingency = Contingency::kOtoco,
                                     .group_leg = 3,
                                     .group_id = 111};
  EXPECT_FALSE(sdk::internal::IsPlain(request));
  const Command command = Decoded(MessageType::NEW_ORDER_FULL, &Builder::add_new_order_full,
                                  sdk::internal::ToWire(request, ClientOrderId{77}));
  Command expected = MakeCommand(CommandType::kNewOrder);
  expected.client_sequence = 1;
  expected.instrument = InstrumentId{3};
  expected.new_order = {.client_order_id = ClientOrderId{77},
                        .price = {101},
                        .quantity = {102},
                        .side = Side::kSell,
                        .type = OrderType::kTrailingStop,
                        .time_in_force = TimeInForce::kGtd,
                        .self_trade_prevention = SelfTradePrevention::kCancelBoth,
                        .flags = kOrderFlagsKnown,
                        .trigger = TriggerSource::kBestPrice,
                        .peg = PegReference::kMid,
                        .trail_unit = TrailUnit::kBasisPoints,
                        .display_quantity = {103},
                        .min_quantity = {104},
                        .stop_price = {105},
                        .expire_time_ns = 108,
                        .offset = -106,
                        .slippage_ticks = 107,
                        .algorithm_id = 109,
                        .group_id = 111,
                        .maker_group = 110,
                        .contingency = Contingency::kOtoco,
                        .group_leg = 3,
                        .reserved = {}};
  EXPECT_EQ(std::memcmp(&command, &expected, sizeof(command)), 0);
}

TEST(FullOrderTest, APlainOrderIsTheSameCommandInEitherMessage) {
  const sdk::NewOrderRequest request{.instrument = InstrumentId{3},
                                     .side = Side::kBuy,
                                     .price = {101},
                                     .quantity = {102},
                                     .post_only = true};
  EXPECT_TRUE(sdk::internal::IsPlain(request));
  const Command plain = Decoded(MessageType::NEW_ORDER, &Builder::add_new_order,
                                sdk::internal::ToPlainWire(request, ClientOrderId{5}));
  const Command full = Decoded(MessageType::NEW_ORDER_FULL, &Builder::add_new_order_full,
                               sdk::internal::ToWire(request, ClientOrderId{5}));
  EXPECT_EQ(std::memcmp(&plain, &full, sizeof(plain)), 0);
}

TEST(FullOrderTest, ReplaceMassCancelAndQuoteKeepTheirFields) {
  const Command replace =
      Decoded(MessageType::REPLACE_FULL, &Builder::add_replace_full,
              sdk::internal::ToWire(sdk::ReplaceRequest{.target = {OrderId{1}, ClientOrderId{2}},
                                                        .price = {4},
                                                        .quantity = {5},
                                                        .display_quantity = {6},
                                                        .stop_price = {7}},
                                    ClientOrderId{3}));
  EXPECT_EQ(replace.replace_order.new_client_order_id, ClientOrderId{3});
  EXPECT_EQ(replace.replace_order.display_quantity.value, 6);
  EXPECT_EQ(replace.replace_order.stop_price.value, 7);

  const Command mass =
      Decoded(MessageType::MASS_CANCEL_FULL, &Builder::add_mass_cancel_full,
              sdk::internal::ToWire(sdk::MassCancelRequest{.instrument = InstrumentId{6},
                                                           .scope = sdk::MassCancelScope::kAccount,
                                                           .buys = false,
                                                           .maker_group = 9,
                                                           .quotes_only = true}));
  EXPECT_EQ(mass.instrument, InstrumentId{6});
  EXPECT_EQ(mass.mass_cancel.scope, MassCancelScope::kAccount);
  EXPECT_EQ(mass.mass_cancel.side, Raw(Side::kSell));
  EXPECT_EQ(mass.mass_cancel.maker_group, 9);
  EXPECT_EQ(mass.mass_cancel.quotes_only, 1);

  const Command quote =
      Decoded(MessageType::QUOTE, &Builder::add_quote,
              sdk::internal::ToWire(sdk::QuoteRequest{.instrument = InstrumentId{2},
                                                      .entry = 4,
                                                      .maker_group = 5,
                                                      .bid_price = {10},
                                                      .bid_quantity = {11},
                                                      .ask_price = {12},
                                                      .ask_quantity = {13},
                                                      .post_only = true,
                                                      .slide = true,
                                                      .algorithm_id = 14},
                                    ClientOrderId{8}));
  Command expected = MakeCommand(CommandType::kQuote);
  expected.client_sequence = 1;
  expected.instrument = InstrumentId{2};
  expected.quote = {.client_order_id = ClientOrderId{8},
                    .bid_price = {10},
                    .bid_quantity = {11},
                    .ask_price = {12},
                    .ask_quantity = {13},
                    .algorithm_id = 14,
                    .entry = 4,
                    .maker_group = 5,
                    .self_trade_prevention = SelfTradePrevention::kCancelNewest,
                    .flags = kOrderFlagPostOnly | kOrderFlagSlide,
                    .reserved = {}};
  EXPECT_EQ(std::memcmp(&quote, &expected, sizeof(quote)), 0);
  EXPECT_EQ(Decoded(MessageType::RESET_PROTECTION, &Builder::add_reset_protection,
                    wire::ResetProtection(12))
                .reset_protection.maker_group,
            12);
}

TEST(OperatorMessageTest, PhaseRulesAndFeesKeepTheirFields) {
  const Command phase =
      Decoded(MessageType::SET_PHASE, &Builder::add_set_phase,
              sdk::internal::ToWire(sdk::SetPhaseRequest{.instrument = InstrumentId{1},
                                                         .phase = TradingPhase::kOpeningAuction,
                                                         .until_ns = 2,
                                                         .next = TradingPhase::kContinuous,
                                                         .reference_price = {3}}));
  EXPECT_EQ(phase.set_phase.phase, TradingPhase::kOpeningAuction);
  EXPECT_EQ(phase.set_phase.next, TradingPhase::kContinuous);
  EXPECT_EQ(phase.set_phase.until_ns, 2);
  EXPECT_EQ(phase.set_phase.reference_price.value, 3);

  const Command rules =
      Decoded(MessageType::DEFINE_RULES, &Builder::add_define_rules,
              sdk::internal::ToWire(sdk::RulesRequest{.instrument = InstrumentId{1},
                                                      .static_band_bp = 1,
                                                      .dynamic_band_bp = 2,
                                                      .fat_finger_bp = 3,
                                                      .breaker_bp = 4,
                                                      .breaker_window_ns = 5,
                                                      .breaker_halt_ns = 6,
                                                      .volatility_call_ns = 7,
                                                      .batch_interval_ns = 8,
                                                      .order_quantity_max = {9},
                                                      .order_notional_max = {10},
                                                      .hidden = true,
                                                      .book_deltas = true,
                                                      .batch_stops = true,
                                                      .auction_band_bp = 11,
                                                      .auction_extensions_max = 12,
                                                      .hold_auction = true}));
  DefineRulesCommand expected{.static_band_bp = 1,
                              .dynamic_band_bp = 2,
                              .fat_finger_bp = 3,
                              .breaker_bp = 4,
                              .breaker_window_ns = 5,
                              .breaker_halt_ns = 6,
                              .volatility_call_ns = 7,
                              .batch_interval_ns = 8,
                              .order_quantity_max = {9},
                              .order_notional_max = {10},
                              .flags = kRulesFlagsKnown,
                              .auction_extensions_max = 12,
                              .auction_band_bp = 11,
                              .reserved = {}};
  EXPECT_EQ(std::memcmp(&rules.define_rules, &expected, sizeof(expected)), 0);

  const Command fees = Decoded(MessageType::DEFINE_FEES, &Builder::add_define_fees,
                               sdk::internal::ToWire(sdk::FeesRequest{.instrument = InstrumentId{4},
                                                                      .fee_class = 2,
                                                                      .maker_fee_hundredths_bp = -5,
                                                                      .taker_fee_hundredths_bp = 7,
                                                                      .minimum_fee = {9},
                                                                      .remove = true}));
  EXPECT_EQ(fees.instrument, InstrumentId{4});
  EXPECT_EQ(fees.define_fees.fee_class, 2);
  EXPECT_EQ(fees.define_fees.maker_fee_hundredths_bp, -5);
  EXPECT_EQ(fees.define_fees.taker_fee_hundredths_bp, 7);
  EXPECT_EQ(fees.define_fees.minimum_fee.value, 9);
  EXPECT_EQ(fees.define_fees.remove, 1);
}

TEST(OperatorMessageTest, ProtectionAndKillSwitchKeepTheirFields) {
  const Command protection =
      Decoded(MessageType::DEFINE_PROTECTION, &Builder::add_define_protection,
              sdk::internal::ToWire(sdk::ProtectionRequest{.account = AccountId{4},
                                                           .maker_group = 5,
                                                           .window_ns = 6,
                                                           .quantity_max = {7},
                                                           .delta_max = {8},
                                                           .count_max = 9}));
  EXPECT_EQ(protection.account, AccountId{4});
  EXPECT_EQ(protection.define_protection.maker_group, 5);
  EXPECT_EQ(protection.define_protection.window_ns, 6);
  EXPECT_EQ(protection.define_protection.quantity_max.value, 7);
  EXPECT_EQ(protection.define_protection.delta_max.value, 8);
  EXPECT_EQ(protection.define_protection.count_max, 9u);

  ClientMessage message;
  const wire::KillSwitch kill =
      sdk::internal::ToWire(sdk::KillSwitchRequest{.scope = sdk::KillScope::kSession,
                                                   .account = AccountId{4},
                                                   .session_id = 88,
                                                   .engaged = true});
  ASSERT_EQ(Decode(FrameOf(MessageType::KILL_SWITCH, &Builder::add_kill_switch, kill), &message),
            ErrorCode::OK);
  EXPECT_EQ(message.kill_session_id, 88u);
  EXPECT_EQ(message.command.account, AccountId{4});
  EXPECT_EQ(message.command.kill_switch.scope, KillScope::kSession);
  EXPECT_EQ(message.command.kill_switch.engaged, 1);
}

TEST(OperatorMessageTest, AccountKeepsItsFields) {
  const sdk::AccountRequest request{.account = AccountId{4},
                                    .owner = {1, 2, 3},
                                    .enabled = true,
                                    .fee_class = 5,
                                    .owner_group = 6,
                                    .must_sign = true};
  const Command account = Decoded(MessageType::DEFINE_ACCOUNT, &Builder::add_define_account,
                                  sdk::internal::ToWire(request));
  EXPECT_EQ(account.type, CommandType::kDefineAccount);
  EXPECT_EQ(account.account, AccountId{4});
  EXPECT_EQ(account.define_account.owner, request.owner);
  EXPECT_EQ(account.define_account.enabled, 1);
  EXPECT_EQ(account.define_account.fee_class, 5);
  EXPECT_EQ(account.define_account.owner_group, 6u);
  EXPECT_EQ(account.define_account.must_sign, 1);
}

// A body of valid values, the same with one bad byte at a time.
struct RangeCase {
  const char* name;
  Bytes frame;
  std::size_t body_bytes;
  // Offsets in the body and the value that is out of range there.
  std::vector<std::pair<std::size_t, uint8_t>> bad;
};

std::vector<RangeCase> RangeCases() {
  const wire::NewOrderFull order(0x0807060504030201, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0,
                                 wire::Side::BUY, wire::OrderType::LIMIT, wire::TimeInForce::GTC,
                                 wire::SelfTradePrevention::NONE, 0, wire::TriggerSource::NONE,
                                 wire::PegReference::NONE, wire::TrailUnit::NONE,
                                 wire::Contingency::NONE, 0);
  const wire::Quote quote(0x0807060504030201, 1, 1, 1, 1, 1, 0, 0, 1,
                          wire::SelfTradePrevention::NONE, 0);
  const wire::MassCancelFull mass(0x04030201, 0x0605, wire::MassCancelScope::SESSION,
                                  wire::Side::NONE, 0);
  const wire::SetPhase phase(0x0807060504030201, 1, 1, wire::TradingPhase::HALT,
                             wire::TradingPhase::CONTINUOUS);
  const wire::DefineRules rules(0x0807060504030201, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0);
  const wire::DefineFees fees(0x0807060504030201, 1, 0, 0, 0, 0);
  const wire::DefineProtection protection(0x0807060504030201, 1, 1, 1, 1, 1);
  const wire::KillSwitch kill(0x0807060504030201, 1, wire::KillScope::VENUE, 1);
  const std::array<uint8_t, 20> owner{1, 2, 3, 4};
  const wire::DefineAccount account(flatbuffers::span<const uint8_t, 20>(owner), 1, 0, 1, 0, 0, 0);
  return {{"NewOrderFull",
           FrameOf(MessageType::NEW_ORDER_FULL, &Builder::add_new_order_full, order),
           sizeof(order),
           {{78, 0},
            {78, 3},
            {79, 0},
            {79, 7},
            {80, 0},
            {80, 5},
            {80, 9},
            {81, 0},
            {81, 6},
            {82, 32},
            {83, 3},
            {84, 4},
            {85, 3},
            {86, 4}}},
          {"Quote",
           FrameOf(MessageType::QUOTE, &Builder::add_quote, quote),
           sizeof(quote),
           {{52, 0}, {52, 6}, {53, 4}, {53, 8}, {54, 1}, {55, 1}}},
          {"MassCancelFull",
           FrameOf(MessageType::MASS_CANCEL_FULL, &Builder::add_mass_cancel_full, mass),
           sizeof(mass),
           {{6, 0}, {6, 3}, {7, 3}, {8, 2}, {9, 1}, {11, 1}}},
          {"SetPhase",
           FrameOf(MessageType::SET_PHASE, &Builder::add_set_phase, phase),
           sizeof(phase),
           {{20, 0}, {20, 9}, {21, 0}, {21, 9}, {22, 1}, {23, 1}}},
          {"DefineRules",
           FrameOf(MessageType::DEFINE_RULES, &Builder::add_define_rules, rules),
           sizeof(rules),
           {{68, 16}, {68, 128}}},
          {"DefineFees",
           FrameOf(MessageType::DEFINE_FEES, &Builder::add_define_fees, fees),
           sizeof(fees),
           {{21, 2}, {22, 1}, {23, 1}}},
          {"DefineProtection",
           FrameOf(MessageType::DEFINE_PROTECTION, &Builder::add_define_protection, protection),
           sizeof(protection),
           {{34, 1}, {39, 1}}},
          {"KillSwitch",
           FrameOf(MessageType::KILL_SWITCH, &Builder::add_kill_switch, kill),
           sizeof(kill),
           {{12, 0}, {12, 4}, {13, 2}, {14, 1}, {15, 1}}},
          {"DefineAccount",
           FrameOf(MessageType::DEFINE_ACCOUNT, &Builder::add_define_account, account),
           sizeof(account),
           {{28, 2}, {30, 2}, {31, 1}}}};
}

TEST(RangeTest, ABadByteInAnyFieldWithARangeIsRefused) {
  for (const RangeCase& row : RangeCases()) {
    ClientMessage message;
    ASSERT_EQ(Decode(row.frame, &message), ErrorCode::OK) << row.name;
    const std::array<uint8_t, 4> begin{1, 2, 3, 4};  // Every body starts with these.
    const auto body = std::search(row.frame.begin(), row.frame.end(), begin.begin(), begin.end());
    ASSERT_NE(body, row.frame.end()) << row.name;
    for (const auto& [offset, value] : row.bad) {
      ASSERT_LT(offset, row.body_bytes);
      Bytes bad = row.frame;
      bad[static_cast<std::size_t>(body - row.frame.begin()) + offset] = value;
      EXPECT_EQ(Decode(bad, &message), ErrorCode::BAD_VALUE)
          << row.name << " byte " << offset << " = " << int{value};
    }
  }
}

TEST(RangeTest, ANextPhaseIsNeededOnlyWithAnEnd) {
  ClientMessage message;
  const wire::SetPhase open_end(0, 0, 1, wire::TradingPhase::HALT, wire::TradingPhase::UNSET);
  EXPECT_EQ(Decode(FrameOf(MessageType::SET_PHASE, &Builder::add_set_phase, open_end), &message),
            ErrorCode::OK);
}

TEST(SnapshotTest, ComesInPartsOfALimitedSizeOfWhichTheLastIsMarked) {
  for (const std::size_t count :
       {std::size_t{0}, std::size_t{1}, kSnapshotPartEntries, 2 * kSnapshotPartEntries + 1}) {
    std::vector<wire::BookEntry> entries;
    for (std::size_t i = 0; i < count; ++i) {
      entries.emplace_back(i + 1, static_cast<int64_t>(i), 7, 1, wire::Side::SELL);
    }
    FrameEncoder encoder;
    Bytes bytes;
    encoder.BookSnapshot(
        {.instrument = InstrumentId{3}, .book_sequence = 9, .kind = wire::FeedKind::ORDERS},
        entries, 0, &bytes);
    const std::vector<Received> frames = TakeFrames(&bytes);
    sdk::BookSnapshot snapshot;
    for (const Received& frame : frames) {
      EXPECT_LE(frame.size_bytes, kServerFrameBytesMax);
      const bool last = (frame.hdr().flags() & static_cast<int>(wire::HdrFlag::LAST)) != 0;
      EXPECT_EQ(last, &frame == &frames.back());
      sdk::internal::DecodeSnapshotPart(frame.frame(), &snapshot);
    }
    EXPECT_TRUE(snapshot.orders);
    EXPECT_EQ(snapshot.book_sequence, 9u);
    ASSERT_EQ(snapshot.entries.size(), count);
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_EQ(snapshot.entries[i].order_id, OrderId{i + 1});
    }
  }
}

}  // namespace
}  // namespace tally::gateway
