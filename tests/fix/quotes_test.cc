// Mass quotes, their cancellation, and market-maker protection.

#include "tests/fix/hub_fixture.h"

namespace tally::gateway::fix {
namespace {

struct EntryOf {
  std::string level;
  std::string bid_price;
  std::string bid_size;
  std::string ask_price;
  std::string ask_size;
};

class FixQuoteTest : public FixHubFixture {
 protected:
  FixQuoteTest() {
    Protect({});
    id_ = LogOn("KEEP");
    bob_ = LogOn("BOB");
  }

  void Protect(QuantityLots quantity_max) {
    Command command = MakeCommand(CommandType::kDefineProtection);
    command.account = kAlice;
    command.define_protection.maker_group = 7;
    command.define_protection.quantity_max = quantity_max;
    EXPECT_TRUE(engine_.TryPublish(command));
    Pump();
  }

  static std::string Quote(const std::string& quote_id, const std::vector<EntryOf>& entries,
                           const std::string& more = "") {
    const std::string count = std::to_string(entries.size());
    std::string text = "117=" + quote_id + "|20010=7|" + more + "296=1|302=S1|304=" + count +
                       "|295=" + count + "|";
    for (const EntryOf& entry : entries) {
      text += "299=" + entry.level + "|55=BTC/USD|132=" + entry.bid_price +
              "|134=" + entry.bid_size + "|133=" + entry.ask_price + "|135=" + entry.ask_size + "|";
    }
    return text;
  }
  std::vector<std::string> Say(char type, const std::string& fields) {
    return Send(id_, "KEEP", type, sequence_++, fields);
  }
  std::vector<std::string> Reset(const std::string& group) {
    SendRaw(id_, Framed("35=MZ|34=" + std::to_string(sequence_++) +
                        "|49=KEEP|52=" + std::string(UtcText(now_.wall_ns).view()) +
                        "|56=ISLD|20020=R|20010=" + group + "|"));
    return Receive(id_);
  }
  // What the maker hears of an order of BOB.
  std::vector<std::string> FromBob(const std::string& fields) {
    ++bob_sequence_;
    Send(bob_, "BOB", 'D', bob_sequence_,
         "11=B" + std::to_string(bob_sequence_) + "|55=BTC/USD|60=20240101-00:00:00|40=2|59=3|" +
             fields);
    return Receive(id_);
  }
  static std::string Kinds(const std::vector<std::string>& messages) {
    std::string kinds;
    for (const std::string& message : messages) {
      const std::string type = Get(message, "35");
      kinds += (kinds.empty() ? "" : " ") + type;
      kinds += ":" + Get(message, type == "b" ? "297" : type == "MR" ? "20021" : "150");
    }
    return kinds;
  }

  const std::vector<EntryOf> ladder_ = {{"0", "99.00", "1", "101.00", "1"},
                                        {"1", "98.00", "2", "102.00", "2"}};
  ConnectionId id_{};
  ConnectionId bob_{};
  int sequence_ = 2;
  int bob_sequence_ = 1;
};

TEST_F(FixQuoteTest, AMassQuoteIsAcknowledgedOnceWithAllItsEntries) {
  const auto received = Say('i', Quote("Q1", ladder_, "131=REQ|"));
  ASSERT_EQ(Kinds(received), "b:0");
  EXPECT_EQ(Get(received[0], "117"), "Q1");
  EXPECT_EQ(Get(received[0], "131"), "REQ");
  EXPECT_EQ(Get(received[0], "295"), "2");
  EXPECT_NE(received[0].find("|299=1|55=BTC/USD|134=2.00|135=2.00|"), std::string::npos);
}

TEST_F(FixQuoteTest, AFillOfAQuoteNamesIt) {
  Say('i', Quote("Q1", ladder_));
  const auto received = FromBob("54=1|38=0.50|44=101.00|");
  ASSERT_EQ(Kinds(received), "8:F");
  EXPECT_EQ(Get(received[0], "11"), "");
  EXPECT_EQ(Get(received[0], "117"), "Q1");
  EXPECT_EQ(Get(received[0], "302"), "S1");
  EXPECT_EQ(Get(received[0], "299"), "0");
  EXPECT_EQ(Get(received[0], "54"), "2");
  EXPECT_EQ(Get(received[0], "151"), "0.50");
  EXPECT_EQ(Get(received[0], "6"), "101.0000000000");
}

TEST_F(FixQuoteTest, TheNextQuoteReplacesTheEntryInPlace) {
  const std::string first = Get(Say('i', Quote("Q1", ladder_)).at(0), "20027");
  FromBob("54=2|38=0.25|44=99.00|");
  const auto received = Say('i', Quote("Q2", {{"0", "99.00", "0.50", "100.50", "3"}}));
  ASSERT_EQ(Kinds(received), "b:0");
  EXPECT_EQ(Get(received[0], "20027"), first);  // The same order.
  const auto fill = FromBob("54=2|38=0.50|44=99.00|");
  ASSERT_EQ(Kinds(fill), "8:F");
  EXPECT_EQ(Get(fill[0], "117"), "Q2");
  EXPECT_EQ(Get(fill[0], "37"), first);
  EXPECT_EQ(Get(fill[0], "14"), "0.75");
  EXPECT_EQ(Get(fill[0], "151"), "0.00");
}

TEST_F(FixQuoteTest, AQuoteThatTradesAtOnceSaysWhichEntryItWas) {
  Send(bob_, "BOB", 'D', ++bob_sequence_, Order("REST", '2', "98.50"));
  const auto received = Say('i', Quote("Q1", ladder_));
  ASSERT_EQ(Kinds(received), "8:F b:0");
  EXPECT_EQ(Get(received[0], "117"), "Q1");
  EXPECT_EQ(Get(received[0], "299"), "0");
  EXPECT_EQ(Get(received[0], "32"), "1.00");
}

TEST_F(FixQuoteTest, SidesFailForThemselvesAndSidesAreWithdrawn) {
  auto received = Say('i', Quote("Q1", {{"0", "99.00", "1", "90000.00", "1"}}));
  ASSERT_EQ(Kinds(received), "b:0");
  EXPECT_EQ(Get(received[0], "20026"), "BAD_TICK");
  EXPECT_EQ(Get(received[0], "368"), "8");
  EXPECT_EQ(Get(received[0], "134"), "1.00");
  EXPECT_EQ(Get(received[0], "135"), "0.00");
  received = Say('i', Quote("Q2", {{"0", "99.00", "0", "101.00", "1"}}));
  ASSERT_EQ(Kinds(received), "8:4 b:0");
  EXPECT_EQ(Get(received[0], "117"), "Q1");
  EXPECT_EQ(Get(received[0], "58"), "QUOTE_REPLACED");
}

TEST_F(FixQuoteTest, WhatIsNoQuoteReachesTheCoreNotAtAll) {
  struct Row {
    std::string fields;
    std::string reason;
    std::string text;
  };
  const Row rows[] = {
      {Quote("Q", {{"32", "99.00", "1", "101.00", "1"}}), "99",
       "QUOTE_ENTRY_ID_IS_NO_LEVEL BTC/USD 32"},
      {Quote("Q", {{"0", "99.00", "1", "101.00", "1"}, {"0", "98.00", "1", "102.00", "1"}}), "6",
       "DUPLICATE_QUOTE_ENTRY BTC/USD 0"},
      {Quote("Q", {{"0", "99.001", "1", "101.00", "1"}}), "8",
       "PRICE_IS_NO_WHOLE_NUMBER_OF_TICKS BTC/USD 0"},
      {Quote("Q", {{"0", "99.00", "0.001", "101.00", "1"}}), "99",
       "SIZE_IS_NO_WHOLE_NUMBER_OF_LOTS BTC/USD 0"},
      {"117=Q|20010=7|296=1|302=S|304=1|295=1|299=0|55=BTC/USD|132=1|", "99",
       "SIZE_MISSING BTC/USD 0"},
      {"117=Q|20010=7|296=1|302=S|304=1|295=1|299=0|55=BTC/USD|134=1|", "8",
       "PRICE_MISSING BTC/USD 0"},
      {"117=Q|20010=7|296=1|302=S|304=1|295=1|299=0|55=ETH/USD|132=1|134=1|", "1",
       "UNKNOWN_SYMBOL ETH/USD 0"},
      {"117=Q|20010=7|296=1|302=S|304=2|295=1|299=0|55=BTC/USD|132=1|134=1|", "99",
       "TOT_NO_QUOTE_ENTRIES_IS_ANOTHER_NUMBER"},
      {Quote("Q", ladder_, "18=G|"), "99", "A_QUOTE_IS_POST_ONLY_OR_PLAIN"},
      {"97=Y|" + Quote("Q", ladder_), "99", "POSS_RESEND"},
      {Quote("Q", ladder_, "62=20240101-00:00:00|"), "4", "STALE"},
  };
  const std::size_t commands = engine_.commands().size();
  for (const Row& row : rows) {
    SCOPED_TRACE(row.text);
    const auto received = Say('i', row.fields);
    ASSERT_EQ(Kinds(received), "b:5");
    EXPECT_EQ(Get(received[0], "300"), row.reason);
    EXPECT_EQ(Get(received[0], "58"), row.text);
    EXPECT_EQ(engine_.commands().size(), commands);
  }
}

TEST_F(FixQuoteTest, WhatTheCoreRefusesAsAWholeHasItsReason) {
  const auto received = Say('i', Quote("Q", {{"0", "101.00", "1", "99.00", "1"}}));
  ASSERT_EQ(Kinds(received), "b:5");
  EXPECT_EQ(Get(received[0], "300"), "7");
  EXPECT_EQ(Get(received[0], "58"), "SELF_TRADE");
}

TEST_F(FixQuoteTest, TheClientSaysHowMuchItWantsToHear) {
  EXPECT_TRUE(Say('i', Quote("Q1", ladder_, "301=0|")).empty());
  EXPECT_TRUE(Say('i', Quote("Q2", ladder_, "301=1|")).empty());
  const auto received =
      Say('i', Quote("Q3", {{"0", "99.00", "1", "90000.00", "1"}, ladder_[1]}, "301=1|"));
  ASSERT_EQ(Kinds(received), "b:0");
  EXPECT_EQ(Get(received[0], "295"), "1");
}

TEST_F(FixQuoteTest, QuotesAreCanceledByThemselves) {
  Say('D', Order("A", '1', "97.00"));
  Say('i', Quote("Q1", ladder_));
  auto received = Say('Z', "117=C1|298=1|295=1|55=BTC/USD|");
  ASSERT_EQ(Kinds(received), "8:4 8:4 8:4 8:4 b:1");
  EXPECT_EQ(Get(received[4], "117"), "C1");
  EXPECT_EQ(Get(received[4], "533"), "4");
  EXPECT_EQ(Get(received[0], "117"), "Q1");
  Say('i', Quote("Q2", ladder_));
  received = Say('Z', "117=C2|298=4|");
  EXPECT_EQ(Kinds(received), "8:4 8:4 8:4 8:4 b:4");
  received = Say('Z', "117=C3|298=1|295=1|55=ETH/USD|");
  ASSERT_EQ(Kinds(received), "b:5");
  EXPECT_EQ(Get(received[0], "58"), "UNKNOWN_SYMBOL ETH/USD");
  received = Say('Z', "117=C4|298=1|");
  EXPECT_EQ(Kinds(received), "b:5");
  EXPECT_EQ(Kinds(Say('F', "11=X|41=A|")), "8:4");  // The order was no quote.
}

TEST_F(FixQuoteTest, AGroupThatTripsIsFrozenUntilItIsReset) {
  Protect({100});
  Say('i', Quote("Q1", ladder_));
  auto received = FromBob("54=1|38=1|44=101.00|");
  ASSERT_EQ(Kinds(received), "8:F 8:4 8:4 8:4 MR:2");
  EXPECT_EQ(Get(received[1], "58"), "MARKET_MAKER_PROTECTION");
  EXPECT_EQ(Get(received[4], "20010"), "7");
  EXPECT_EQ(Get(received[4], "20022"), "100");
  EXPECT_EQ(Get(received[4], "20023"), "-100");
  EXPECT_EQ(Get(received[4], "20024"), "1");
  EXPECT_EQ(Get(received[4], "533"), "3");
  received = Say('i', Quote("Q2", ladder_));
  ASSERT_EQ(Kinds(received), "b:5");
  EXPECT_EQ(Get(received[0], "58"), "PROTECTION_TRIPPED");
  received = Say('D', Order("A", '1', "97.00", "20010=7|"));
  ASSERT_EQ(Kinds(received), "8:8");
  EXPECT_EQ(Get(received[0], "58"), "PROTECTION_TRIPPED");
  received = Reset("8");
  ASSERT_EQ(Kinds(received), "MR:1");
  EXPECT_EQ(Get(received[0], "58"), "UNKNOWN_MAKER_GROUP");
  received = Reset("7");
  ASSERT_EQ(Kinds(received), "MR:0");
  EXPECT_EQ(Get(received[0], "20020"), "R");
  EXPECT_EQ(Kinds(Say('i', Quote("Q3", ladder_))), "b:0");
}

TEST_F(FixQuoteTest, AnAccountThatMustSignDoesNotQuote) {
  Command command = MakeCommand(CommandType::kDefineAccount);
  command.account = kAlice;
  command.define_account.enabled = 1;
  command.define_account.must_sign = 1;
  ASSERT_TRUE(engine_.TryPublish(command));
  const auto received = Say('i', Quote("Q", ladder_));
  ASSERT_EQ(Kinds(received), "b:5");
  EXPECT_EQ(Get(received[0], "58"), "SIGNATURE_REQUIRED");
}

// However much of it the core had when the gateway died, it gets all of it; what is known of the
// quotes survives.
TEST_F(FixQuoteTest, ACrashInTheMiddleOfAMassQuoteLeavesNoHalfOfIt) {
  engine_.room = 1;
  EXPECT_TRUE(Say('i', Quote("Q1", ladder_)).empty());
  engine_.room = SIZE_MAX;
  Restart();
  id_ = LogOn("KEEP", sequence_++);
  ASSERT_EQ(logon_.size(), 2U);
  EXPECT_EQ(Get(logon_[1], "297"), "0");
  EXPECT_EQ(Get(logon_[1], "295"), "2");
  Restart();
  id_ = LogOn("KEEP", sequence_++);
  bob_ = LogOn("BOB", ++bob_sequence_);
  const auto received = FromBob("54=1|38=0.50|44=101.00|");
  ASSERT_EQ(Kinds(received), "8:F");
  EXPECT_EQ(Get(received[0], "117"), "Q1");
}

// The answer to the first entry was taken before the gateway died, the one to the second after it.
TEST_F(FixQuoteTest, AnAcknowledgementIsWholeAfterACrashBetweenTheAnswers) {
  engine_.release_at_once = false;
  Say('i', Quote("Q1", ladder_));
  const auto before = engine_.events().size();
  engine_.ReleaseOne();
  Pump();
  EXPECT_TRUE(Receive(id_).empty());
  EXPECT_EQ(engine_.events().size(), before);
  engine_.release_at_once = true;
  Restart();
  id_ = LogOn("KEEP", sequence_++);
  ASSERT_EQ(logon_.size(), 2U);
  EXPECT_EQ(Get(logon_[1], "35"), "b");
  EXPECT_EQ(Get(logon_[1], "295"), "2");
  EXPECT_NE(logon_[1].find("|299=0|55=BTC/USD|134=1.00|"), std::string::npos);
}

TEST_F(FixQuoteTest, AQuoteCostsATokenForEachEntryAndItsCancelNone) {
  options_.messages_per_second = 1;
  options_.burst = 2;
  Restart();
  id_ = LogOn("KEEP", sequence_++);
  EXPECT_EQ(Kinds(Say('i', Quote("Q1", ladder_))), "b:0");
  const auto received = Say('i', Quote("Q2", ladder_));
  ASSERT_EQ(Kinds(received), "b:5");
  EXPECT_EQ(Get(received[0], "58"), "THROTTLED");
  EXPECT_EQ(Kinds(Say('Z', "117=C|298=4|")), "8:4 8:4 8:4 8:4 b:4");
}

}  // namespace
}  // namespace tally::gateway::fix
