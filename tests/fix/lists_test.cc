// Order lists: one message, all orders of a group of the core or none.

#include "tests/fix/hub_fixture.h"

namespace tally::gateway::fix {
namespace {

struct LegOf {
  std::string cl_ord_id;
  std::string fields;
};

class FixListTest : public FixHubFixture {
 protected:
  FixListTest() { id_ = LogOn("KEEP"); }

  static std::string List(const std::string& list_id, char contingency,
                          const std::vector<LegOf>& legs, const std::string& more = "") {
    std::string text = "66=" + list_id + "|394=3|1385=" + contingency +
                       "|68=" + std::to_string(legs.size()) + "|" + more +
                       "73=" + std::to_string(legs.size()) + "|";
    for (std::size_t i = 0; i < legs.size(); ++i) {
      text += "11=" + legs[i].cl_ord_id + "|67=" + std::to_string(i + 1) + "|55=BTC/USD|" +
              legs[i].fields + "|";
    }
    return text;
  }
  std::vector<std::string> SendList(const std::string& fields) {
    return Send(id_, "KEEP", 'E', sequence_++, fields);
  }
  // What the types of the messages are, and of reports what they report: "8:0 8:0 N:3".
  static std::string Kinds(const std::vector<std::string>& messages) {
    std::string kinds;
    for (const std::string& message : messages) {
      const std::string type = Get(message, "35");
      kinds += kinds.empty() ? "" : " ";
      kinds += type + ":" + Get(message, type == "N" ? "431" : "150");
    }
    return kinds;
  }
  std::vector<std::string> FromBob(const std::string& fields) {
    if (bob_ == ConnectionId{}) {
      bob_ = LogOn("BOB");
    }
    ++bob_sequence_;
    Send(
        bob_, "BOB", 'D', bob_sequence_,
        "11=B" + std::to_string(bob_sequence_) + "|55=BTC/USD|60=20240101-00:00:00|40=2|" + fields);
    return Receive(id_);
  }

  const std::string profit_ = "54=2|38=1|40=2|44=110.00|59=1";
  const std::string loss_ = "54=2|38=1|40=4|99=90.00|44=89.00|59=1";
  const std::string entry_ = "54=1|38=1|40=2|44=100.00|59=1";
  ConnectionId id_{};
  ConnectionId bob_{};
  int sequence_ = 2;
  int bob_sequence_ = 1;
};

TEST_F(FixListTest, OfAnOcoOneCancelsTheOther) {
  auto received = SendList(List("L", '1', {{"TP", profit_}, {"SL", loss_}}));
  EXPECT_EQ(Kinds(received), "8:0 8:0 N:3");
  EXPECT_EQ(Get(received[0], "66"), "L");
  EXPECT_EQ(Get(received[2], "66"), "L");
  received = FromBob("54=1|38=1|44=110.00|59=3|");
  EXPECT_EQ(Kinds(received), "8:F 8:4 N:6");
  EXPECT_EQ(Get(received[0], "11"), "TP");
  EXPECT_EQ(Get(received[1], "11"), "SL");
  EXPECT_EQ(Get(received[1], "58"), "ORDER_GROUP");
  EXPECT_EQ(Get(received[2], "429"), "5");
}

TEST_F(FixListTest, AnOtoStartsTheSecondOrderWhenTheFirstIsFilled) {
  EXPECT_EQ(Kinds(SendList(List("L", '2', {{"IN", entry_}, {"OUT", profit_}}))), "8:0 8:0 N:3");
  EXPECT_EQ(Kinds(FromBob("54=1|38=1|44=110.00|59=3|")), "");  // The second is not there yet.
  EXPECT_EQ(Kinds(FromBob("54=2|38=1|44=100.00|59=3|")), "8:F");
  const auto received = FromBob("54=1|38=1|44=110.00|59=3|");
  EXPECT_EQ(Kinds(received), "8:F N:6");
  EXPECT_EQ(Get(received[0], "11"), "OUT");
}

TEST_F(FixListTest, AnOtocoIsABracket) {
  EXPECT_EQ(Kinds(SendList(List("L", '2', {{"IN", entry_}, {"TP", profit_}, {"SL", loss_}}))),
            "8:0 8:0 8:0 N:3");
  EXPECT_EQ(Kinds(FromBob("54=2|38=1|44=100.00|59=3|")), "8:F");
  EXPECT_EQ(Kinds(FromBob("54=1|38=1|44=110.00|59=3|")), "8:F 8:4 N:6");
}

TEST_F(FixListTest, AListThatIsNoneReachesTheCoreNotAtAll) {
  struct Row {
    std::string fields;
    std::string text;
    std::string reason = "99";
  };
  const std::string high_buy = "54=1|38=1|40=2|44=120.00|59=1";
  const Row rows[] = {
      {List("L", '1', {{"A", profit_}, {"B", profit_}}), "OCO_NEEDS_A_STOP_ON_ONE_SIDE"},
      {List("L", '1', {{"A", profit_}, {"B", high_buy}}), "OCO_ORDERS_CROSS"},
      {List("L", '1', {{"A", profit_}}), "CONTINGENCY_TAKES_ANOTHER_NUMBER_OF_ORDERS"},
      {List("L", '1', {{"A", entry_}, {"B", profit_}, {"C", loss_}}),
       "CONTINGENCY_TAKES_ANOTHER_NUMBER_OF_ORDERS"},
      {List("L", '2', {{"A", entry_}, {"B", profit_}, {"C", profit_}}),
       "OCO_NEEDS_A_STOP_ON_ONE_SIDE"},
      {List("L", '1', {{"A", profit_}, {"A", loss_}}), "DUPLICATE_CL_ORD_ID"},
      {List("L", '1', {{"KNOWN", profit_}, {"B", loss_}}), "DUPLICATE_CL_ORD_ID", "6"},
      {List("KNOWN-LIST", '1', {{"A", profit_}, {"B", loss_}}), "DUPLICATE_LIST_ID"},
      {List("L", '1', {{"A", "54=2|38=1|40=1"}, {"B", loss_}}), "LIST_TAKES_LIMIT_AND_STOP_ORDERS"},
      {List("L", '1', {{"A", "54=2|38=1|40=2|44=110.00|59=3"}, {"B", loss_}}),
       "LIST_TAKES_DAY_GTC_AND_GTD"},
      {List("L", '1', {{"A", "54=2|38=1|40=2|44=110.00|110=0.5"}, {"B", loss_}}),
       "LIST_TAKES_NO_MIN_QTY"},
      {List("L", '1', {{"A", "54=2|40=2|44=110.00"}, {"B", loss_}}), "ORDER_QTY_MISSING", "13"},
      {List("L", '1', {{"A", profit_}, {"B", loss_}}, "62=20200101-00:00:00|"), "STALE", "8"},
      {"66=L|394=3|1385=1|68=3|73=2|11=A|67=1|55=BTC/USD|" + profit_ + "|11=B|67=2|55=BTC/USD|" +
           loss_ + "|",
       "TOT_NO_ORDERS_IS_ANOTHER_NUMBER"},
      {"66=L|394=3|1385=1|68=2|73=2|11=A|67=2|55=BTC/USD|" + profit_ + "|11=B|67=1|55=BTC/USD|" +
           loss_ + "|",
       "LIST_SEQ_NO_OUT_OF_ORDER"},
      {"66=L|394=3|1385=1|68=2|73=2|11=A|67=1|55=BTC/USD|" + profit_ + "|11=B|67=2|55=ETH/USD|" +
           loss_ + "|",
       "UNKNOWN_SYMBOL", "1"},
  };
  Send(id_, "KEEP", 'D', sequence_++, Order("KNOWN", '1', "1.00"));
  SendList(List("KNOWN-LIST", '1', {{"X", profit_}, {"Y", loss_}}));
  const std::size_t commands = engine_.commands().size();
  for (const Row& row : rows) {
    SCOPED_TRACE(row.fields);
    const auto received = SendList(row.fields);
    ASSERT_EQ(Kinds(received), "N:7");
    EXPECT_EQ(Get(received[0], "444"), row.text);
    EXPECT_EQ(Get(received[0], "39"), "8");
    EXPECT_EQ(Get(received[0], "103"), row.reason);
    EXPECT_EQ(engine_.commands().size(), commands);
  }
}

TEST_F(FixListTest, AnOrderThatTheCoreRefusesEndsTheList) {
  const std::string dear = "54=2|38=9000000000|40=4|99=90.00|44=89.00|59=1";
  const auto received = SendList(List("L", '1', {{"TP", profit_}, {"SL", dear}}));
  EXPECT_EQ(Kinds(received), "8:0 8:8 8:4 N:7");
  EXPECT_EQ(Get(received[3], "429"), "2");
}

TEST_F(FixListTest, AListIsCanceledAsAWhole) {
  SendList(List("L", '2', {{"IN", entry_}, {"TP", profit_}, {"SL", loss_}}));
  auto received = Send(id_, "KEEP", 'K', sequence_++, "66=L|60=20240101-00:00:00|");
  EXPECT_EQ(Kinds(received), "8:4 8:4 8:4 N:6");
  received = Send(id_, "KEEP", 'K', sequence_++, "66=L|60=20240101-00:00:00|");
  EXPECT_EQ(Kinds(received), "N:6");
  received = Send(id_, "KEEP", 'K', sequence_++, "66=NONE|60=20240101-00:00:00|");
  ASSERT_EQ(Kinds(received), "N:7");
  EXPECT_EQ(Get(received[0], "444"), "UNKNOWN_LIST");
}

TEST_F(FixListTest, AListSaysHowItIsOverRestarts) {
  SendList(List("L", '2', {{"IN", entry_}, {"OUT", profit_}}));
  FromBob("54=2|38=0.25|44=100.00|59=3|");
  Restart();
  id_ = LogOn("KEEP", sequence_);
  auto received = Send(id_, "KEEP", 'M', ++sequence_, "66=L|");
  ASSERT_EQ(Kinds(received), "N:3");
  EXPECT_EQ(Get(received[0], "14"), "0.25");
  EXPECT_EQ(Get(received[0], "39"), "1");
  received = Send(id_, "KEEP", 'E', ++sequence_, List("L", '2', {{"A", entry_}, {"B", profit_}}));
  ASSERT_EQ(Kinds(received), "N:7");
  EXPECT_EQ(Get(received[0], "444"), "DUPLICATE_LIST_ID");
}

TEST_F(FixListTest, APossResendOfAKnownListIsDropped) {
  const std::string list = List("L", '1', {{"TP", profit_}, {"SL", loss_}});
  SendList(list);
  EXPECT_TRUE(SendList("97=Y|" + list).empty());
}

// However much of the list the core had when the gateway died: all of it, or nothing.
TEST_F(FixListTest, ACrashBetweenTheOrdersOfAListLeavesNoHalfList) {
  for (std::size_t taken = 0; taken <= 3; ++taken) {
    SCOPED_TRACE(taken);
    const std::string n = std::to_string(taken);
    const std::string list =
        List("L" + n, '2', {{"I" + n, entry_}, {"T" + n, profit_}, {"S" + n, loss_}});
    const std::size_t before = engine_.commands().size();
    engine_.room = taken;
    SendList(list);
    engine_.room = SIZE_MAX;
    Restart();
    EXPECT_EQ(engine_.commands().size(), before + (taken == 0 ? 0 : 3));
    id_ = LogOn("KEEP", sequence_);
    ++sequence_;
    if (taken == 0) {  // It is asked for, and taken as if nothing had been.
      ASSERT_EQ(logon_.size(), 2U);
      EXPECT_EQ(Get(logon_[1], "35"), "2");
      SendRaw(id_, Text("KEEP", 'E', sequence_ - 2, "43=Y|122=20240101-00:00:00|" + list));
      EXPECT_EQ(Kinds(Receive(id_)), "8:0 8:0 8:0 N:3");
    }
    const auto received = Send(id_, "KEEP", 'M', sequence_++, "66=L" + n + "|");
    EXPECT_EQ(Kinds(received), "N:3");
  }
}

TEST_F(FixListTest, AListCostsATokenForEachOrder) {
  options_.messages_per_second = 1;
  options_.burst = 2;
  Restart();
  id_ = LogOn("KEEP", 2);
  auto received =
      Send(id_, "KEEP", 'E', 3, List("L", '2', {{"IN", entry_}, {"TP", profit_}, {"SL", loss_}}));
  ASSERT_EQ(Kinds(received), "N:7");
  EXPECT_EQ(Get(received[0], "444"), "THROTTLED");
  received = Send(id_, "KEEP", 'E', 4, List("M", '2', {{"IN", entry_}, {"TP", profit_}}));
  EXPECT_EQ(Kinds(received), "8:0 8:0 N:3");
}

}  // namespace
}  // namespace tally::gateway::fix
