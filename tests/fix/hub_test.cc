#include "absl/strings/escaping.h"

#include "tests/fix/hub_fixture.h"

namespace tally::gateway::fix {
namespace {

class FixSessionTest : public FixHubFixture {};

TEST_F(FixSessionTest, LogonIsAnswered) {
  LogOn("KEEP");
  ASSERT_EQ(logon_.size(), 1U);
  EXPECT_EQ(Get(logon_[0], "35"), "A");
  EXPECT_EQ(Get(logon_[0], "34"), "1");
  EXPECT_EQ(Get(logon_[0], "108"), "30");
}

TEST_F(FixSessionTest, ALogonAheadOfTheFirstOpeningOfItsSessionWaits) {
  AddSession("LATE", kBob);
  Start();
  const ConnectionId id = LogOn("LATE");
  ASSERT_EQ(logon_.size(), 1u);
  EXPECT_EQ(Get(logon_[0], "35"), "A");
  EXPECT_FALSE(Closed(id));
}

TEST_F(FixSessionTest, WhoIsUnknownGetsNoAnswer) {
  for (const char* sender : {"NOBODY", "SECRET", "SIGNED"}) {
    const ConnectionId id = LogOn(sender);
    EXPECT_TRUE(logon_.empty());
    EXPECT_TRUE(Closed(id));
  }
}

TEST_F(FixSessionTest, APasswordLogsOn) {
  LogOn("SECRET", 1, "553=user|554=wrong|");
  EXPECT_TRUE(logon_.empty());
  LogOn("SECRET", 1, "553=user|554=pass|");
  ASSERT_EQ(logon_.size(), 1U);
  EXPECT_EQ(Get(logon_[0], "554"), "");
}

TEST_F(FixSessionTest, ASignatureLogsOn) {
  const std::string time(UtcText(now_.wall_ns).view());
  const std::string text = Soh("A|SIGNED|ISLD|1|" + time);
  const auto signature = key_->Sign({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
  const std::string encoded = absl::Base64Escape(
      absl::string_view(reinterpret_cast<const char*>(signature.data()), signature.size()));
  LogOn("SIGNED", 2, "95=88|96=" + encoded + "|");  // Another MsgSeqNum than the signed one.
  EXPECT_TRUE(logon_.empty());
  LogOn("SIGNED", 1, "95=88|96=" + encoded + "|553=7|");
  EXPECT_EQ(logon_.size(), 1U);
}

// The vector in Binance's documentation of its FIX API.
TEST(FixLogonSignatureTest, ThePublishedVectorVerifies) {
  InitSignatures();
  const std::string bytes = Framed(
      "35=A|34=1|49=EXAMPLE|52=20240627-11:17:25.223|56=SPOT|95=88|96="
      "4MHXelVVcpkdwuLbl6n73HQUXUf1dse2PCgT1DYqW9w8AVZ1RACFGM+5UdlGPrQHrgtS3CvsRURC1oj73j8gCA==|"
      "98=0|108=30|141=Y|553=sBRXrJx2DsOraMXOaUovEhgVRcjOvCtQwnWj8VxkOh1xqboS02SPGfKi2h8spZJb|");
  Message message;
  ASSERT_TRUE(message.Parse(bytes));
  const std::string key =
      absl::HexStringToBytes("19420abfd752a565c15625e9da6eaf0086fc40c14960183214442c14996a800d");
  std::array<uint8_t, 32> public_key;
  std::copy(key.begin(), key.end(), public_key.begin());
  EXPECT_TRUE(LogonSignatureIsGood(message, public_key));
  public_key[0] = static_cast<uint8_t>(public_key[0] ^ 1);
  EXPECT_FALSE(LogonSignatureIsGood(message, public_key));
}

TEST_F(FixSessionTest, MessagesBehindTheLogonInOneSegmentAreTaken) {
  const ConnectionId id = Connect();
  SendRaw(id, Text("KEEP", 'A', 1, "98=0|108=30|") + Text("KEEP", '1', 2, "112=X|"));
  const auto received = Receive(id);
  ASSERT_EQ(received.size(), 2U);
  EXPECT_EQ(Get(received[1], "112"), "X");
}

TEST_F(FixSessionTest, EachByteMayArriveAlone) {
  const ConnectionId id = Connect();
  for (const char c :
       Text("KEEP", 'A', 1, "98=0|108=30|") + "junk" + Text("KEEP", '1', 2, "112=X|")) {
    SendRaw(id, std::string_view(&c, 1));
  }
  EXPECT_EQ(Receive(id).size(), 2U);
}

TEST_F(FixSessionTest, NumbersGoOnAfterAReconnect) {
  ConnectionId id = LogOn("KEEP");
  Send(id, "KEEP", '1', 2, "112=X|");
  hub_->OnDisconnected(id, now_);
  id = LogOn("KEEP", 3);
  EXPECT_EQ(Get(logon_.at(0), "34"), "3");
  hub_->OnDisconnected(id, now_);
  id = LogOn("KEEP", 2);
  EXPECT_EQ(Get(logon_.at(0), "35"), "5");
  EXPECT_NE(Get(logon_.at(0), "58").find("expecting 4"), std::string::npos);
}

TEST_F(FixSessionTest, NumbersGoOnAfterTheGatewayWasKilled) {
  ConnectionId id = LogOn("KEEP");
  Send(id, "KEEP", '1', 2, "112=X|");
  Restart();
  id = LogOn("KEEP", 3);
  EXPECT_EQ(Get(logon_.at(0), "34"), "3");
  EXPECT_EQ(Get(logon_.at(0), "35"), "A");
}

TEST_F(FixSessionTest, AGapIsAskedForOnceAndWhatWaitsIsTakenInOrder) {
  const ConnectionId id = LogOn("KEEP");
  auto received = Send(id, "KEEP", '1', 4, "112=FOUR|");
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(Get(received[0], "7"), "2");
  EXPECT_TRUE(Send(id, "KEEP", '1', 5, "112=FIVE|").empty());
  received = Send(id, "KEEP", '4', 2, "43=Y|122=20240101-00:00:00|123=Y|36=4|");
  ASSERT_EQ(received.size(), 2U);
  EXPECT_EQ(Get(received[0], "112"), "FOUR");
  EXPECT_EQ(Get(received[1], "112"), "FIVE");
}

TEST_F(FixSessionTest, AReportOfAnOrderIsSentAgainByteForByte) {
  ConnectionId id = LogOn("KEEP");
  const auto first = Send(id, "KEEP", 'D', 2, Order("A", '1', "100.00"));
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(Get(first[0], "150"), "0");
  EXPECT_EQ(Get(first[0], "38"), "1.50");
  EXPECT_EQ(Get(first[0], "44"), "100.00");
  Restart();
  id = LogOn("KEEP", 3);
  const auto again = Send(id, "KEEP", '2', 4, "7=1|16=0|");
  ASSERT_EQ(again.size(), 3U);
  EXPECT_EQ(Get(again[0], "36"), "2");
  EXPECT_EQ(Get(again[1], "43"), "Y");
  EXPECT_EQ(Get(again[1], "34"), "2");
  const auto body = [](const std::string& text) {
    const std::size_t begin = text.find("|37=");
    return text.substr(begin, text.find("|10=") - begin);
  };
  EXPECT_EQ(body(again[1]), body(first[0]));
  EXPECT_EQ(Get(again[2], "36"), "4");
}

TEST_F(FixSessionTest, FillsWhileAwayComeAtTheNextLogonOnce) {
  ConnectionId maker = LogOn("KEEP");
  Send(maker, "KEEP", 'D', 2, Order("A", '2', "100.00"));
  hub_->OnDisconnected(maker, now_);
  const ConnectionId taker = LogOn("BOB");
  const auto fills = Send(taker, "BOB", 'D', 2, Order("B", '1', "100.00"));
  ASSERT_EQ(fills.size(), 2U);
  EXPECT_EQ(Get(fills[1], "150"), "F");
  EXPECT_EQ(Get(fills[1], "39"), "2");
  EXPECT_EQ(Get(fills[1], "6"), "100.0000000000");
  Restart();
  maker = LogOn("KEEP", 3);
  ASSERT_EQ(logon_.size(), 2U);
  EXPECT_EQ(Get(logon_[1], "150"), "F");
  EXPECT_EQ(Get(logon_[1], "11"), "A");
  EXPECT_EQ(Get(logon_[1], "43"), "");
  hub_->OnDisconnected(maker, now_);
  LogOn("KEEP", 4);
  EXPECT_EQ(logon_.size(), 1U);
}

TEST_F(FixSessionTest, AnOrderThatTheRingNeverGotIsExpectedAgain) {
  ConnectionId id = LogOn("KEEP");
  engine_.room = 0;
  EXPECT_TRUE(Send(id, "KEEP", 'D', 2, Order("A", '1', "100.00")).empty());
  engine_.room = SIZE_MAX;
  Restart();
  id = LogOn("KEEP", 3);  // The client's next one.
  ASSERT_EQ(logon_.size(), 2U);
  EXPECT_EQ(Get(logon_[1], "35"), "2");
  EXPECT_EQ(Get(logon_[1], "7"), "2");
  const auto received =
      Send(id, "KEEP", 'D', 2, "43=Y|122=20240101-00:00:00|" + Order("A", '1', "100.00"));
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(Get(received[0], "150"), "0");
  EXPECT_TRUE(Send(id, "KEEP", '0', 4).empty());
}

TEST_F(FixSessionTest, DisconnectCancelsAndTheCancelsComeAtTheNextLogon) {
  ConnectionId id = LogOn("KEEP", 1, "8013=S|");
  Send(id, "KEEP", 'D', 2, Order("A", '1', "100.00"));
  hub_->OnDisconnected(id, now_);
  Pump();
  id = LogOn("KEEP", 3);
  ASSERT_EQ(logon_.size(), 2U);
  EXPECT_EQ(Get(logon_[1], "150"), "4");
  EXPECT_EQ(Get(logon_[1], "58"), "DISCONNECT");
}

TEST_F(FixSessionTest, AClientThatIsSilentIsAskedAndThenLoggedOut) {
  const ConnectionId id = Connect();
  Send(id, "KEEP", 'A', 1, "98=0|108=2|");
  Advance(2'100);
  auto received = Receive(id);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(Get(received[0], "35"), "0");
  Advance(400);
  received = Receive(id);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(Get(received[0], "35"), "1");
  Advance(2'400);
  received = Receive(id);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(Get(received[0], "35"), "5");
  EXPECT_TRUE(Closed(id));
}

TEST_F(FixSessionTest, WhoDoesNotLogOnIsClosed) {
  const ConnectionId id = Connect();
  Advance(5'000);
  EXPECT_TRUE(Closed(id));
}

TEST_F(FixSessionTest, NextExpectedAsksForWhatIsMissing) {
  ConnectionId id = LogOn("KEEP");
  Send(id, "KEEP", 'D', 2, Order("A", '1', "100.00"));
  hub_->OnDisconnected(id, now_);
  LogOn("KEEP", 3, "789=2|");
  ASSERT_EQ(logon_.size(), 2U);
  EXPECT_EQ(Get(logon_[0], "789"), "4");
  EXPECT_EQ(Get(logon_[1], "34"), "2");
  EXPECT_EQ(Get(logon_[1], "43"), "Y");
}

TEST_F(FixSessionTest, WhoDoesNotReadGetsItAllLaterInOrder) {
  options_.send_queue_bytes_soft = 4'096;
  Restart();
  const ConnectionId id = LogOn("KEEP");
  for (int i = 0; i < 200; ++i) {
    SendRaw(id, Text("KEEP", 'D', 2 + i, Order("A" + std::to_string(i), '1', "1.00")));
  }
  EXPECT_LT(hub_->NextWrite(id).size(), 10'000U);
  const auto received = Receive(id);
  ASSERT_EQ(received.size(), 200U);
  for (std::size_t i = 0; i < received.size(); ++i) {
    EXPECT_EQ(Get(received[i], "34"), std::to_string(2 + i));
    EXPECT_EQ(Get(received[i], "11"), "A" + std::to_string(i));
  }
  // And again, as far as the client reads.
  SendRaw(id, Text("KEEP", '2', 202, "7=1|16=0|"));
  EXPECT_LT(hub_->NextWrite(id).size(), 10'000U);
  const auto again = Receive(id);
  ASSERT_EQ(again.size(), 201U);
  EXPECT_EQ(Get(again[0], "36"), "2");
  EXPECT_EQ(Get(again[200], "34"), "201");
  EXPECT_EQ(Get(again[200], "43"), "Y");
}

TEST_F(FixSessionTest, WhoNeverReadsIsClosedAndLosesNothing) {
  ConnectionId id = LogOn("KEEP");
  SendRaw(id, Text("KEEP", 'D', 2, Order("A", '1', "1.00")));
  Advance(6'000);
  EXPECT_TRUE(Closed(id));
  hub_->OnDisconnected(id, now_);
  LogOn("KEEP", 3, "789=2|");
  ASSERT_EQ(logon_.size(), 2U);
  EXPECT_EQ(Get(logon_[1], "11"), "A");
}

TEST_F(FixSessionTest, TheFirstConnectionStays) {
  const ConnectionId first = LogOn("KEEP");
  const ConnectionId second = LogOn("KEEP", 2);
  EXPECT_TRUE(logon_.empty());
  EXPECT_TRUE(Closed(second));
  EXPECT_EQ(Send(first, "KEEP", '1', 2, "112=X|").size(), 1U);
}

TEST_F(FixSessionTest, AnAbsurdBodyLengthEndsTheConnection) {
  const ConnectionId id = LogOn("KEEP");
  SendRaw(id, Soh("8=FIX.4.4|9=2000000000|35=D|"));
  const auto received = Receive(id);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(Get(received[0], "35"), "5");
  EXPECT_TRUE(Closed(id));
}

TEST_F(FixSessionTest, ANumberThatIsMissingIsALogout) {
  const ConnectionId id = LogOn("KEEP");
  SendRaw(id, Framed("35=0|49=KEEP|52=" + std::string(UtcText(now_.wall_ns).view()) + "|56=ISLD|"));
  const auto received = Receive(id);
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(Get(received[0], "35"), "5");
}

TEST_F(FixSessionTest, AResetKeepsWhatWasNotDelivered) {
  ConnectionId id = LogOn("KEEP", 1, "8013=S|");
  Send(id, "KEEP", 'D', 2, Order("A", '1', "100.00"));
  hub_->OnDisconnected(id, now_);
  Pump();
  Restart();
  LogOn("KEEP", 1, "141=Y|");
  ASSERT_EQ(logon_.size(), 2U);
  EXPECT_EQ(Get(logon_[0], "34"), "1");
  EXPECT_EQ(Get(logon_[1], "34"), "2");
  EXPECT_EQ(Get(logon_[1], "150"), "4");
  EXPECT_EQ(Get(logon_[1], "11"), "A");
}

class FixOrderTest : public FixHubFixture {};

TEST_F(FixOrderTest, CancelAndReplaceNameTheirOrder) {
  const ConnectionId id = LogOn("KEEP");
  Send(id, "KEEP", 'D', 2, Order("A", '1', "100.00"));
  auto received = Send(id, "KEEP", 'G', 3, "41=A|" + Order("B", '1', "101.00"));
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(Get(received[0], "150"), "5");
  EXPECT_EQ(Get(received[0], "11"), "B");
  EXPECT_EQ(Get(received[0], "41"), "A");
  received = Send(id, "KEEP", 'H', 4, "11=B|790=Q|");
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(Get(received[0], "150"), "I");
  EXPECT_EQ(Get(received[0], "790"), "Q");
  received = Send(id, "KEEP", 'F', 5, "11=C|41=B|55=BTC/USD|54=1|60=20240101-00:00:00|");
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(Get(received[0], "150"), "4");
  EXPECT_EQ(Get(received[0], "11"), "C");
  EXPECT_EQ(Get(received[0], "41"), "B");
  received = Send(id, "KEEP", 'F', 6, "11=D|41=B|");
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(Get(received[0], "35"), "9");
  EXPECT_EQ(Get(received[0], "102"), "0");
  received = Send(id, "KEEP", 'F', 7, "11=E|41=NONE|");
  EXPECT_EQ(Get(received.at(0), "102"), "1");
}

TEST_F(FixOrderTest, RefusalsNameTheirReason) {
  struct Row {
    std::string fields;
    std::string reason;
    std::string text;
  };
  const std::string time = "|60=20240101-00:00:00|";
  const Row rows[] = {
      {"11=X|55=NO/NE|54=1|40=1" + time, "1", "UNKNOWN_SYMBOL"},
      {"11=X|55=BTC/USD|54=1|40=2|44=1" + time, "13", "ORDER_QTY_MISSING"},
      {"11=X|55=BTC/USD|54=1|40=2|38=1" + time, "99", "PRICE_MISSING"},
      {"11=X|55=BTC/USD|54=1|40=2|38=1|44=1.001" + time, "99", "PRICE_IS_NO_WHOLE_NUMBER_OF_TICKS"},
      {"11=X|55=BTC/USD|54=1|40=2|38=0.001|44=1" + time, "13",
       "QUANTITY_IS_NO_WHOLE_NUMBER_OF_LOTS"},
      {"11=A|55=BTC/USD|54=1|40=2|38=1|44=1" + time, "6", "DUPLICATE_CL_ORD_ID"},
      {"11=Y|55=BTC/USD|54=1|40=2|38=1|44=100000" + time, "99", "BAD_TICK"},
      {"11=Z|55=BTC/USD|54=1|40=1|38=1" + time, "99", "NO_REFERENCE_PRICE"},
  };
  const ConnectionId id = LogOn("KEEP");
  Send(id, "KEEP", 'D', 2, Order("A", '1', "1.00"));
  int sequence = 3;
  for (const Row& row : rows) {
    const auto received = Send(id, "KEEP", 'D', sequence++, row.fields);
    ASSERT_EQ(received.size(), 1U) << row.text;
    EXPECT_EQ(Get(received[0], "150"), "8");
    EXPECT_EQ(Get(received[0], "103"), row.reason) << row.text;
    EXPECT_EQ(Get(received[0], "58"), row.text);
  }
}

TEST_F(FixOrderTest, MassCancelReportsEachOrderAndTheCount) {
  const ConnectionId id = LogOn("KEEP");
  Send(id, "KEEP", 'D', 2, Order("A", '1', "1.00"));
  Send(id, "KEEP", 'D', 3, Order("B", '1', "2.00"));
  const auto received = Send(id, "KEEP", 'q', 4, "11=Q|530=7|60=20240101-00:00:00|");
  ASSERT_EQ(received.size(), 3U);
  EXPECT_EQ(Get(received[0], "150"), "4");
  EXPECT_EQ(Get(received[2], "35"), "r");
  EXPECT_EQ(Get(received[2], "533"), "2");
  EXPECT_EQ(Get(received[2], "531"), "7");
}

TEST_F(FixOrderTest, MassStatusTellsEveryOpenOrder) {
  const ConnectionId id = LogOn("KEEP");
  Send(id, "KEEP", 'D', 2, Order("A", '1', "1.00"));
  Send(id, "KEEP", 'D', 3, Order("B", '2', "2.00"));
  const auto ask = [&](int sequence, const std::string& fields) {
    SendRaw(id, Framed("35=AF|34=" + std::to_string(sequence) + "|49=KEEP|52=" +
                       std::string(UtcText(now_.wall_ns).view()) + "|56=ISLD|584=M|" + fields));
    return Receive(id);
  };
  auto received = ask(4, "585=7|");
  ASSERT_EQ(received.size(), 2U);
  EXPECT_EQ(Get(received[0], "911"), "2");
  EXPECT_EQ(Get(received[0], "912"), "N");
  EXPECT_EQ(Get(received[1], "912"), "Y");
  received = ask(5, "585=7|54=2|");
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(Get(received[0], "11"), "B");
  received = ask(6, "585=1|55=NO/NE|");
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(Get(received[0], "911"), "0");
}

TEST_F(FixOrderTest, WhatIsThrottledIsRejectedAndCancelsAreNot) {
  options_.messages_per_second = 1;
  options_.burst = 1;
  Restart();
  const ConnectionId id = LogOn("KEEP");
  Send(id, "KEEP", 'D', 2, Order("A", '1', "1.00"));
  auto received = Send(id, "KEEP", 'D', 3, Order("B", '1', "1.00"));
  EXPECT_EQ(Get(received.at(0), "58"), "THROTTLED");
  received = Send(id, "KEEP", 'F', 4, "11=C|41=A|");
  EXPECT_EQ(Get(received.at(0), "150"), "4");
}

TEST_F(FixOrderTest, PossResendOfAKnownOrderIsDropped) {
  const ConnectionId id = LogOn("KEEP");
  EXPECT_EQ(Send(id, "KEEP", 'D', 2, Order("A", '1', "1.00")).size(), 1U);
  EXPECT_EQ(Send(id, "KEEP", 'D', 3, "97=Y|" + Order("A", '1', "1.00")).size(), 0U);
  EXPECT_EQ(Send(id, "KEEP", 'D', 4, "97=Y|" + Order("B", '1', "1.00")).size(), 1U);
}

}  // namespace
}  // namespace tally::gateway::fix
