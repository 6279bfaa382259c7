// Rejects: one row per cause, and pairs of causes for the precedence of reject_reason.h.

#include <functional>

#include <gtest/gtest.h>

#include "tests/engine/core/test_venue.h"

namespace tally {
namespace {

using R = RejectReason;

class RejectTest : public ::testing::Test {
 protected:
  RejectTest() {
    venue.SetUp();
    venue.Order(venue.bob, Side::kSell, 5'000, 10);
    venue.Order(venue.bob, Side::kBuy, 4'000, 10);
    // Alice: client order id 3 is her last, 2 was canceled, 1 is open.
    alice_order = venue.Order(venue.alice, Side::kBuy, 1'000, 10);
    venue.Cancel(venue.alice, venue.Order(venue.alice, Side::kBuy, 1'000, 10));
    venue.Cancel(venue.alice, venue.Order(venue.alice, Side::kBuy, 1'000, 10));
  }

  // Sends the command and expects `reason`, one report, and nothing else changed.
  void ExpectReject(const Command& command, R reason, EventType type, const char* what) {
    SCOPED_TRACE(what);
    const Sha256Digest before = WithoutCounters();
    venue.Send(command);
    ASSERT_EQ(venue.events.size(), 1u) << venue.EventTypes();
    EXPECT_EQ(venue.events[0].type, type);
    EXPECT_EQ(RejectReasonName(venue.reject_reason()), RejectReasonName(reason));
    EXPECT_EQ(venue.events[0].rejected.rejected_type, command.type);
    EXPECT_EQ(venue.events[0].client_sequence, command.client_sequence);
    EXPECT_NE(venue.events[0].report_sequence, 0u);
    EXPECT_EQ(WithoutCounters(), before);
  }

  // What a reject must not change: everything but Alice's session and the global counters.
  Sha256Digest WithoutCounters() const {
    Sha256 hash;
    for (AccountId account : {kAlice, kBob, kFees}) {
      for (AssetId asset : {kBtc, kUsd}) {
        const risk::Balance& balance = venue.core.ledger().balance(account, asset);
        hash.Update(&balance, sizeof(balance));
      }
    }
    const uint64_t numbers[] = {venue.core.open_order_count(),
                                Raw(venue.core.session(venue.alice)->last_client_order_id),
                                venue.core.book_top(kBtcUsd).book_sequence};
    hash.Update(numbers, sizeof(numbers));
    return hash.Finish();
  }

  TestVenue venue;
  OrderId alice_order{};
};

struct OrderCase {
  const char* what;
  R reason;
  std::function<void(Command&)> change;
};

// In the order of precedence: every change makes the order fail for its reason alone.
const OrderCase kOrderCases[] = {
    {"unknown account", R::kUnknownAccount, [](Command& c) { c.account = AccountId{7}; }},
    {"unknown instrument", R::kUnknownInstrument,
     [](Command& c) { c.instrument = InstrumentId{2}; }},
    {"post only IOC", R::kUnsupported,
     [](Command& c) {
       c.new_order.flags = kOrderFlagPostOnly;
       c.new_order.time_in_force = TimeInForce::kIoc;
     }},
    {"time in force", R::kBadTimeInForce,
     [](Command& c) { c.new_order.time_in_force = TimeInForce{5}; }},
    {"duplicate id", R::kDuplicateClientOrderId,
     [](Command& c) { c.new_order.client_order_id = ClientOrderId{1}; }},
    {"price 0", R::kBadTick, [](Command& c) { c.new_order.price = {0}; }},
    {"quantity 0", R::kBadLot, [](Command& c) { c.new_order.quantity = {0}; }},
};

TEST_F(RejectTest, EveryPairOfCausesFollowsThePrecedence) {
  for (std::size_t first = 0; first < std::size(kOrderCases); ++first) {
    for (std::size_t second = first; second < std::size(kOrderCases); ++second) {
      Command command = venue.OrderCommand(venue.alice, Side::kBuy, 1'000, 10);
      kOrderCases[second].change(command);
      kOrderCases[first].change(command);
      if (kOrderCases[first].reason == R::kUnsupported &&
          kOrderCases[second].reason == R::kBadTimeInForce) {
        continue;  // Both are about the time in force.
      }
      ExpectReject(command, kOrderCases[first].reason, EventType::kOrderRejected,
                   kOrderCases[first].what);
    }
  }
}

TEST_F(RejectTest, EachCauseOfANewOrderHasItsReason) {
  const OrderCase cases[] = {
      {"account of another", R::kUnknownAccount, [](Command& c) { c.account = kBob; }},
      {"instrument 0", R::kUnknownInstrument, [](Command& c) { c.instrument = InstrumentId{0}; }},
      {"instrument high", R::kUnknownInstrument,
       [](Command& c) { c.instrument = InstrumentId{UINT32_MAX}; }},
      {"side", R::kUnsupported, [](Command& c) { c.new_order.side = Side{3}; }},
      {"type", R::kUnsupported, [](Command& c) { c.new_order.type = OrderType{0}; }},
      {"self-trade mode", R::kUnsupported,
       [](Command& c) { c.new_order.self_trade_prevention = SelfTradePrevention{6}; }},
      {"flags", R::kUnsupported, [](Command& c) { c.new_order.flags = 2; }},
      {"post-only market", R::kUnsupported,
       [](Command& c) {
         c.new_order.flags = kOrderFlagPostOnly;
         c.new_order.type = OrderType::kMarket;
       }},
      {"market GTC", R::kBadTimeInForce, [](Command& c) { c.new_order.type = OrderType::kMarket; }},
      {"last id again", R::kDuplicateClientOrderId,
       [](Command& c) { c.new_order.client_order_id = ClientOrderId{3}; }},
      {"closed id", R::kClientOrderIdNotIncreasing,
       [](Command& c) { c.new_order.client_order_id = ClientOrderId{2}; }},
      {"id 0", R::kClientOrderIdNotIncreasing,
       [](Command& c) { c.new_order.client_order_id = ClientOrderId{0}; }},
      {"price high", R::kBadTick, [](Command& c) { c.new_order.price = {1'000'001}; }},
      {"quantity high", R::kBadLot, [](Command& c) { c.new_order.quantity = {10'001}; }},
      {"small", R::kMinNotional,
       [](Command& c) {
         c.new_order.price = {1};
         c.new_order.quantity = {9};
       }},
      {"large", R::kMaxNotional,
       [](Command& c) {
         c.new_order.price = {10'001};
         c.new_order.quantity = {10'000};
       }},
      {"balance", R::kInsufficientBalance,
       [](Command& c) {
         c.new_order.price = {10'000};
         c.new_order.quantity = {10'000};  // The notional fits, the fee does not.
       }},
      {"post-only crosses", R::kPostOnlyWouldCross,
       [](Command& c) {
         c.new_order.flags = kOrderFlagPostOnly;
         c.new_order.price = {5'000};
       }},
      {"FOK", R::kFokUnfillable,
       [](Command& c) {
         c.new_order.time_in_force = TimeInForce::kFok;
         c.new_order.price = {5'000};
         c.new_order.quantity = {11};
       }},
      {"market below the book", R::kMarketNoLiquidity,
       [](Command& c) {
         c.new_order.type = OrderType::kMarket;
         c.new_order.time_in_force = TimeInForce::kIoc;
         c.new_order.price = {4'999};
       }},
  };
  for (const OrderCase& row : cases) {
    Command command = venue.OrderCommand(venue.alice, Side::kBuy, 1'000, 10);
    row.change(command);
    ExpectReject(command, row.reason, EventType::kOrderRejected, row.what);
  }
}

TEST_F(RejectTest, DisabledAccountMayOnlyCancel) {
  venue.DefineAccount(kAlice, /*enabled=*/false);
  Command command = venue.OrderCommand(venue.alice, Side::kBuy, 1'000, 10);
  command.instrument = InstrumentId{2};
  ExpectReject(command, R::kAccountDisabled, EventType::kOrderRejected, "new");
  venue.Replace(venue.alice, alice_order, 1'001, 10);
  EXPECT_EQ(venue.reject_reason(), R::kAccountDisabled);
  venue.Cancel(venue.alice, alice_order);
  EXPECT_EQ(venue.EventTypes(), "Canceled");
}

TEST_F(RejectTest, OpenOrdersOfAnAccountAreLimited) {
  for (int i = 1; i < 20; ++i) {
    EXPECT_NE(venue.Order(venue.alice, Side::kBuy, 1'000, 10), OrderId{});
  }
  Command command = venue.OrderCommand(venue.alice, Side::kBuy, 10'000, 10'000);
  ExpectReject(command, R::kMaxOpenOrders, EventType::kOrderRejected, "before the balance");
  venue.Order(venue.alice, Side::kBuy, 5'000, 1, {.time_in_force = TimeInForce::kIoc});
  EXPECT_EQ(venue.reject_reason(), R::kNone);  // Never rests.
}

TEST_F(RejectTest, FullPoolIsCapacity) {
  CoreLimits limits = SmallLimits();
  limits.open_orders = 2;
  TestVenue small(limits);
  small.SetUp();
  small.Order(small.alice, Side::kBuy, 1'000, 10);
  small.Order(small.alice, Side::kBuy, 1'000, 10);
  small.Order(small.alice, Side::kBuy, 10'000, 10'000);
  EXPECT_EQ(small.reject_reason(), R::kCapacity);
}

struct OrderReplaceCase {
  const char* what;
  R reason;
  std::function<void(ReplaceOrderCommand&)> change;
};

TEST_F(RejectTest, EachCauseOfAReplaceHasItsReason) {
  using C = ReplaceOrderCommand;
  const OrderId order = venue.Order(venue.alice, Side::kBuy, 4'900, 10);  // Client order id 4.
  venue.Order(venue.bob, Side::kSell, 4'900, 4);
  const OrderReplaceCase cases[] = {
      {"no target", R::kUnknownOrder, [](C& c) { c.target = {}; }},
      {"never issued", R::kUnknownOrder, [](C& c) { c.target.order_id = OrderId{999}; }},
      {"of another", R::kUnknownOrder, [](C& c) { c.target.order_id = OrderId{2}; }},
      {"same id", R::kDuplicateClientOrderId,
       [](C& c) { c.new_client_order_id = ClientOrderId{4}; }},
      {"old id", R::kClientOrderIdNotIncreasing,
       [](C& c) { c.new_client_order_id = ClientOrderId{2}; }},
      {"price", R::kBadTick, [](C& c) { c.price = {0}; }},
      {"quantity", R::kBadLot, [](C& c) { c.quantity = {0}; }},
      {"small", R::kMinNotional, [](C& c) { c.price = {1}, c.quantity = {9}; }},
      {"large", R::kMaxNotional, [](C& c) { c.price = {10'001}, c.quantity = {10'000}; }},
      {"executed", R::kBelowFilled, [](C& c) { c.quantity = {4}; }},
      {"balance", R::kInsufficientBalance, [](C& c) { c.price = {10'000}, c.quantity = {10'000}; }},
  };
  for (const OrderReplaceCase& row : cases) {
    Command command = venue.FromSession(venue.alice, CommandType::kReplaceOrder);
    command.replace_order = {.target = {.order_id = order, .client_order_id = {}},
                             .new_client_order_id = ClientOrderId{5},
                             .price = {4'900},
                             .quantity = {8},
                             .display_quantity = {},
                             .stop_price = {}};
    row.change(command.replace_order);
    ExpectReject(command, row.reason, EventType::kCancelRejected, row.what);
  }
}

TEST_F(RejectTest, PostOnlyStaysWithAReplacedOrder) {
  const OrderId order =
      venue.Order(venue.alice, Side::kBuy, 1'000, 10, {.flags = kOrderFlagPostOnly});
  venue.Replace(venue.alice, order, 5'000, 10);
  EXPECT_EQ(venue.reject_reason(), R::kPostOnlyWouldCross);
  EXPECT_EQ(venue.events[0].order_id, order);
}

TEST_F(RejectTest, OrdersOfOthersAreUnknown) {
  venue.Cancel(venue.bob, alice_order);
  EXPECT_EQ(venue.reject_reason(), R::kUnknownOrder);
  Command query = venue.FromSession(venue.bob, CommandType::kOrderQuery);
  query.order_query.target.order_id = alice_order;
  ExpectReject(query, R::kUnknownOrder, EventType::kCancelRejected, "query");
}

TEST_F(RejectTest, UnknownCommandTypesAreUnsupported) {
  Command command = venue.FromSession(venue.alice, CommandType{99});
  ExpectReject(command, R::kUnsupported, EventType::kCommandRejected, "of a session");
  venue.Send(MakeCommand(CommandType{1000}));
  EXPECT_EQ(venue.EventTypes(), "CommandRejected");
  EXPECT_EQ(venue.events[0].report_sequence, 0u);
}

TEST_F(RejectTest, MassCancelIsChecked) {
  Command command = venue.FromSession(venue.alice, CommandType::kMassCancel);
  command.mass_cancel = {.scope = MassCancelScope::kSession,
                         .trigger = MassCancelTrigger::kRequest,
                         .side = 3,
                         .quotes_only = 0,
                         .maker_group = 0,
                         .reserved = {}};
  ExpectReject(command, R::kUnsupported, EventType::kCommandRejected, "side");
  command = venue.FromSession(venue.alice, CommandType::kMassCancel);
  command.mass_cancel = {.scope = MassCancelScope::kSession,
                         .trigger = MassCancelTrigger::kRequest,
                         .side = 0,
                         .quotes_only = 0,
                         .maker_group = 0,
                         .reserved = {}};
  command.instrument = InstrumentId{3};
  ExpectReject(command, R::kUnknownInstrument, EventType::kCommandRejected, "instrument");
}

}  // namespace
}  // namespace tally
