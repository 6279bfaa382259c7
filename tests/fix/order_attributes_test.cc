// Every type and attribute of order that the core has is reached by a message, and what is refused
// says why.

#include <functional>

#include "tests/fix/hub_fixture.h"

namespace tally::gateway::fix {
namespace {

// The fields, and when they were said.
std::string Timed(std::string fields) {
  fields += fields.ends_with('|') ? "" : "|";
  return fields + "60=20240101-00:00:00|";
}

class FixOrderAttributesTest : public FixHubFixture {
 protected:
  FixOrderAttributesTest() {
    Command rules = MakeCommand(CommandType::kDefineRules);
    rules.instrument = kInstrument;
    rules.define_rules.flags = kRulesFlagHidden;
    EXPECT_TRUE(engine_.TryPublish(rules));
    Command group = MakeCommand(CommandType::kDefineProtection);
    group.account = kAlice;
    group.define_protection.maker_group = 7;
    EXPECT_TRUE(engine_.TryPublish(group));
    Pump();
    // A market of 90.00 to 110.00, and a last trade at 100.00.
    bob_ = LogOn("BOB");
    int sequence = 2;
    for (const char* fields : {"54=1|38=1|44=90.00", "54=2|38=99|44=110.00", "54=1|38=1|44=100.00",
                               "54=2|38=1|44=100.00"}) {
      Send(bob_, "BOB", 'D', sequence,
           Timed("11=B" + std::to_string(sequence) + "|55=BTC/USD|40=2|59=1|25001=1|" + fields));
      ++sequence;
    }
    id_ = LogOn("KEEP");
  }

  // The new order that the fields became, without what every order has.
  const NewOrderCommand& Sent(const std::string& fields) {
    received_ = Send(id_, "KEEP", 'D', sequence_,
                     Timed("11=A" + std::to_string(sequence_) + "|55=BTC/USD|" + fields));
    ++sequence_;
    EXPECT_FALSE(received_.empty());
    return engine_.commands().back().new_order;
  }

  ConnectionId bob_{};
  ConnectionId id_{};
  int sequence_ = 2;
  std::vector<std::string> received_;
};

struct Reached {
  std::string name;
  std::string fields;
  std::function<bool(const NewOrderCommand&)> holds;
};

TEST_F(FixOrderAttributesTest, EveryTypeAndAttributeIsReached) {
  using Order = const NewOrderCommand&;
  const std::string buy = "54=1|38=2|";
  const std::string limit = buy + "40=2|44=95.00|";
  const Reached rows[] = {
      {"market", buy + "40=1",
       [](Order o) {
         return o.type == OrderType::kMarket && o.time_in_force == TimeInForce::kIoc &&
                o.slippage_ticks != 0;
       }},
      {"market with a bound", buy + "40=1|20013=5", [](Order o) { return o.slippage_ticks == 5; }},
      {"limit", limit,
       [](Order o) { return o.type == OrderType::kLimit && o.time_in_force == TimeInForce::kDay; }},
      {"GTC", limit + "59=1", [](Order o) { return o.time_in_force == TimeInForce::kGtc; }},
      {"IOC", limit + "59=3", [](Order o) { return o.time_in_force == TimeInForce::kIoc; }},
      {"FOK", buy + "40=2|44=80.00|59=4",
       [](Order o) { return o.time_in_force == TimeInForce::kFok; }},
      {"GTD", limit + "59=6|126=20300101-00:00:00",
       [](Order o) { return o.time_in_force == TimeInForce::kGtd && o.expire_time_ns != 0; }},
      {"at the open", limit + "59=2",
       [](Order o) { return o.time_in_force == TimeInForce::kAtTheOpen; }},
      {"at the close", limit + "59=7",
       [](Order o) { return o.time_in_force == TimeInForce::kAtTheClose; }},
      {"stop on the last trade", buy + "40=3|99=120.00|20013=9",
       [](Order o) {
         return o.type == OrderType::kStop && o.trigger == TriggerSource::kLastTrade;
       }},
      {"stop on the best price", buy + "40=3|99=120.00|20012=2|44=125.00",
       [](Order o) { return o.trigger == TriggerSource::kBestPrice && o.price.value == 12'500; }},
      {"stop limit", buy + "40=4|99=120.00|44=121.00",
       [](Order o) { return o.type == OrderType::kStopLimit && o.stop_price.value == 12'000; }},
      {"trailing stop", buy + "40=P|18=a|211=1.00|20013=9",
       [](Order o) {
         return o.type == OrderType::kTrailingStop && o.trail_unit == TrailUnit::kTicks &&
                o.offset == 100;
       }},
      {"trailing stop in ticks", buy + "40=P|18=a|211=150|836=2|20013=9",
       [](Order o) { return o.trail_unit == TrailUnit::kTicks && o.offset == 150; }},
      {"trailing stop in basis points", buy + "40=P|18=a|211=250|836=1|20013=9|99=120.00",
       [](Order o) { return o.trail_unit == TrailUnit::kBasisPoints && o.offset == 250; }},
      {"primary peg", buy + "40=P|18=R|211=-0.05|44=99.00",
       [](Order o) {
         return o.type == OrderType::kPegged && o.peg == PegReference::kPrimary && o.offset == -5;
       }},
      {"market peg", buy + "40=P|18=P|211=-1.00|44=99.00",
       [](Order o) { return o.peg == PegReference::kMarket; }},
      {"mid peg", buy + "40=P|18=M|44=99.00", [](Order o) { return o.peg == PegReference::kMid; }},
      {"post-only", limit + "18=6", [](Order o) { return o.flags == kOrderFlagPostOnly; }},
      {"post-only with slide", buy + "40=2|44=115.00|18=6|20011=Y",
       [](Order o) { return o.flags == (kOrderFlagPostOnly | kOrderFlagSlide); }},
      {"all or none", limit + "18=G", [](Order o) { return o.flags == kOrderFlagAllOrNone; }},
      {"hidden", limit + "111=0", [](Order o) { return o.flags == kOrderFlagHidden; }},
      {"iceberg", limit + "111=0.50", [](Order o) { return o.display_quantity.value == 50; }},
      {"minimum quantity", buy + "40=2|44=110.00|110=0.10",
       [](Order o) { return o.min_quantity.value == 10; }},
      {"no prevention", limit + "25001=1",
       [](Order o) { return o.self_trade_prevention == SelfTradePrevention::kNone; }},
      {"cancel newest", limit + "25001=2",
       [](Order o) { return o.self_trade_prevention == SelfTradePrevention::kCancelNewest; }},
      {"cancel oldest", limit + "25001=3",
       [](Order o) { return o.self_trade_prevention == SelfTradePrevention::kCancelOldest; }},
      {"cancel both", limit + "25001=4",
       [](Order o) { return o.self_trade_prevention == SelfTradePrevention::kCancelBoth; }},
      {"decrement", limit + "25001=5",
       [](Order o) { return o.self_trade_prevention == SelfTradePrevention::kDecrementAndCancel; }},
      {"market-maker group", limit + "20010=7", [](Order o) { return o.maker_group == 7; }},
      {"algorithm", limit + "20014=9", [](Order o) { return o.algorithm_id == 9; }},
      {"its own account", limit + "1=1", [](Order o) { return o.quantity.value == 200; }},
      {"valid for a while", limit + "62=20300101-00:00:00|25000=1000",
       [](Order o) { return o.quantity.value == 200; }},
  };
  for (const Reached& row : rows) {
    SCOPED_TRACE(row.name);
    EXPECT_TRUE(row.holds(Sent(row.fields)));
    const std::string refused = Get(received_[0], "150") == "8" ? Get(received_[0], "58") : "";
    // These got as far as the core, too.
    EXPECT_EQ(refused, row.name == "FOK"           ? "FOK_UNFILLABLE"
                       : row.name == "at the open" ? "PHASE_FORBIDS"
                                                   : "");
  }
}

TEST_F(FixOrderAttributesTest, AnAcceptedOrderSaysWhatItMayDo) {
  Sent("54=1|38=2|40=2|44=95.00|59=1|111=0.50");
  EXPECT_EQ(Get(received_[0], "111"), "0.50");
  Sent("54=1|38=2|40=2|44=95.00|59=1|111=0");
  EXPECT_EQ(Get(received_[0], "111"), "0");
  Sent("54=1|38=2|40=2|44=95.00|59=1|18=6");
  EXPECT_EQ(Get(received_[0], "18"), "6");
  Sent("54=1|38=2|40=2|44=110.00|59=1|110=0.10");
  EXPECT_EQ(Get(received_[0], "110"), "0.10");
}

TEST_F(FixOrderAttributesTest, RefusalsHaveTheReasonOfFix) {
  struct Row {
    std::string fields;
    std::string reason;
    std::string text;
  };
  const std::string limit = "54=1|38=2|40=2|44=95.00|";
  const Row rows[] = {
      {"54=1|152=100|40=1", "11", "CASH_ORDER_QTY_IS_NOT_SUPPORTED"},
      {limit + "1=2", "15", "UNKNOWN_ACCOUNT"},
      {limit + "1=alice", "15", "UNKNOWN_ACCOUNT"},
      {limit + "62=20240101-00:00:00", "8", "STALE"},
      {limit + "20015=Y", "11", "REDUCE_ONLY"},
      {"54=1|38=2|40=1|59=1", "11", "BAD_TIF"},
      {limit + "18=6 G", "11", "UNSUPPORTED"},
      {limit + "111=3", "13", "BAD_DISPLAY_QTY"},
      {limit + "110=3", "13", "BAD_MIN_QTY"},
      {"54=1|38=2|40=2|44=110.00|18=6", "99", "POST_ONLY_WOULD_CROSS"},
      {limit + "20010=8", "99", "UNKNOWN_MAKER_GROUP"},
      {"54=1|38=2|40=P|18=R|211=5|836=1|44=99.00", "11", "BASIS_POINTS_ARE_FOR_TRAILING_STOPS"},
      {"54=1|38=2|40=P|18=a|211=0.5|836=1|20013=9", "99",
       "PEG_OFFSET_IS_NO_WHOLE_NUMBER_OF_BASIS_POINTS"},
      {"54=1|38=9000|40=2|44=90000.00", "99", "BAD_TICK"},
      {limit + "59=6", "99", "EXPIRE_TIME_GOES_WITH_GTD"},
      {limit + "59=6|126=19700101-00:00:00", "99", "BAD_EXPIRE_TIME"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.fields);
    Sent(row.fields);
    EXPECT_EQ(Get(received_[0], "150"), "8");
    EXPECT_EQ(Get(received_[0], "58"), row.text);
    EXPECT_EQ(Get(received_[0], "103"), row.reason);
  }
}

TEST_F(FixOrderAttributesTest, AReplacementMayOnlyChangeItsTerms) {
  struct Row {
    std::string fields;
    std::string text;
  };
  Sent("54=1|38=2|40=2|44=95.00|59=1");
  const std::string same = "|55=BTC/USD|54=1|40=2|44=95.00|38=2";
  const Row rows[] = {
      {"41=A2|55=NO/NE|54=1|40=2|44=95.00|38=2", "UNKNOWN_SYMBOL"},
      {"41=A2|55=BTC/USD|54=2|40=2|44=95.00|38=2", "SIDE_CANNOT_CHANGE"},
      {"41=A2|55=BTC/USD|54=1|40=4|44=95.00|38=2", "ORD_TYPE_CANNOT_CHANGE"},
      {"41=A2" + same + "|59=3", "TIME_IN_FORCE_CANNOT_CHANGE"},
      {"41=A2" + same + "|62=20240101-00:00:00", "STALE"},
      {"41=A2" + same + "|1=9", "UNKNOWN_ACCOUNT"},
  };
  int id = 0;
  for (const Row& row : rows) {
    SCOPED_TRACE(row.fields);
    const auto received = Send(id_, "KEEP", 'G', sequence_++,
                               Timed("11=R" + std::to_string(++id) + "|" + row.fields));
    ASSERT_EQ(received.size(), 1U);
    EXPECT_EQ(Get(received[0], "35"), "9");
    EXPECT_EQ(Get(received[0], "58"), row.text);
    EXPECT_EQ(Get(received[0], "102"), "99");
    EXPECT_EQ(Get(received[0], "39"), "0");
  }
}

TEST_F(FixOrderAttributesTest, AnOrderThatIsDoneIsKnownByBothOfItsNames) {
  Sent("54=1|38=2|40=2|44=95.00|59=1");
  const std::string order_id = Get(received_[0], "37");
  Send(id_, "KEEP", 'F', sequence_++, "11=C|37=" + order_id + "|");
  for (const std::string& name : {std::string("11=A2|"), "37=" + order_id + "|"}) {
    const auto received = Send(id_, "KEEP", 'H', sequence_++, name);
    ASSERT_EQ(received.size(), 1U);
    EXPECT_EQ(Get(received[0], "150"), "I");
    EXPECT_EQ(Get(received[0], "39"), "4");
    EXPECT_EQ(Get(received[0], "11"), "A2");
    EXPECT_EQ(Get(received[0], "103"), "");
  }
  const auto late = Send(id_, "KEEP", 'F', sequence_++, "11=D|37=" + order_id + "|");
  ASSERT_EQ(late.size(), 1U);
  EXPECT_EQ(Get(late[0], "102"), "0");
  EXPECT_EQ(Get(late[0], "41"), "A2");
}

TEST_F(FixOrderAttributesTest, WhatWasRefusedStaysRefused) {
  Sent("54=1|38=2|40=2|44=110.00|18=6");
  EXPECT_EQ(Get(received_[0], "39"), "8");
  const auto refused = Send(id_, "KEEP", 'H', sequence_++, "11=A2|");
  ASSERT_EQ(refused.size(), 1U);
  EXPECT_EQ(Get(refused[0], "39"), "8");
}

}  // namespace
}  // namespace tally::gateway::fix
