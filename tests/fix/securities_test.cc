#include "tests/fix/data_fixture.h"

namespace tally::gateway::fix {
namespace {

class FixSecuritiesTest : public FixDataFixture {};

TEST_F(FixSecuritiesTest, TheListTellsTheTermsOfEveryInstrument) {
  LogOnAll();
  const auto received = Ask('x', "320=R|559=4|");
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(Get(received[0], "35"), "y");
  EXPECT_EQ(Get(received[0], "560"), "0");
  EXPECT_EQ(From(received[0], "393"),
            "393=1|893=Y|146=1|55=BTC/USD|15=USD|20042=BTC|969=0.01|1149=10000.00|561=0.01|"
            "562=0.01|1140=10000.00|20043=0.0001|20044=100000000.0000|20045=-1.00|20046=2.50|"
            "326=17|");
}

TEST_F(FixSecuritiesTest, OneOfTheListOrNone) {
  LogOnAll();
  EXPECT_EQ(Get(Ask('x', "320=R|559=0|55=BTC/USD|").at(0), "393"), "1");
  const auto received = Ask('x', "320=R|559=0|55=DOGE|");
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(Get(received[0], "560"), "2");
}

TEST_F(FixSecuritiesTest, ADefinitionIsThatOfTheList) {
  LogOnAll();
  auto received = Ask('c', "320=R|321=0|55=BTC/USD|");
  EXPECT_EQ(Get(received.at(0), "323"), "1");
  EXPECT_EQ(Get(received.at(0), "969"), "0.01");
  received = Ask('c', "320=R|321=0|55=DOGE|");
  EXPECT_EQ(Get(received.at(0), "323"), "5");
  EXPECT_EQ(Get(received.at(0), "58"), "UNKNOWN_SYMBOL");
  received = Ask('c', "320=R|321=2|55=BTC/USD|");
  EXPECT_EQ(Get(received.at(0), "323"), "5");
  EXPECT_EQ(Get(received.at(0), "58"), "UNSUPPORTED_REQUEST_TYPE");
}

TEST_F(FixSecuritiesTest, EveryPhaseHasAStatus) {
  LogOnAll();
  auto received = Ask('e', "324=R|55=BTC/USD|263=1|");
  ASSERT_EQ(received.size(), 1U);
  EXPECT_EQ(From(received[0], "324"), "324=R|55=BTC/USD|325=N|326=17|58=CONTINUOUS|");
  const std::vector<std::tuple<TradingPhase, const char*, const char*>> phases = {
      {TradingPhase::kPreOpen, "21", "PRE_OPEN"},
      {TradingPhase::kOpeningAuction, "22", "OPENING_AUCTION"},
      {TradingPhase::kContinuous, "17", "CONTINUOUS"},
      {TradingPhase::kHalt, "2", "HALT"},
      {TradingPhase::kClosingAuction, "5", "CLOSING_AUCTION"},
      {TradingPhase::kClosed, "18", "CLOSED"}};
  for (const auto& [phase, status, name] : phases) {
    SetPhase(phase);
    received = Receive(data_);
    ASSERT_EQ(received.size(), 1U) << name;
    EXPECT_EQ(Get(received[0], "325"), "Y");
    EXPECT_EQ(Get(received[0], "326"), status) << name;
    EXPECT_EQ(Get(received[0], "58"), name);
  }
  EXPECT_TRUE(Ask('e', "324=R|55=BTC/USD|263=2|").empty());
  SetPhase(TradingPhase::kPreOpen);
  EXPECT_TRUE(Receive(data_).empty());
}

TEST_F(FixSecuritiesTest, AnUnknownInstrumentHasAnUnknownStatus) {
  LogOnAll();
  const auto received = Ask('e', "324=R|55=DOGE|263=0|");
  EXPECT_EQ(Get(received.at(0), "326"), "20");
  EXPECT_EQ(Get(received.at(0), "58"), "UNKNOWN_SYMBOL");
}

TEST_F(FixSecuritiesTest, TheVenueIsWhatItsInstrumentsAre) {
  LogOnAll();
  auto received = Ask('g', "335=R|263=1|");
  EXPECT_EQ(From(received.at(0), "335"), "335=R|336=ISLD|325=N|340=2|");
  SetPhase(TradingPhase::kOpeningAuction);
  EXPECT_TRUE(Receive(data_).empty()) << "still open";
  SetPhase(TradingPhase::kClosed);
  EXPECT_EQ(From(Receive(data_).at(0), "335"), "335=R|336=ISLD|325=Y|340=3|");
  EXPECT_TRUE(Ask('g', "335=R|263=2|").empty());
  SetPhase(TradingPhase::kPreOpen);
  EXPECT_TRUE(Receive(data_).empty());
}

TEST_F(FixSecuritiesTest, SessionsOfOrdersMayAskToo) {
  LogOnAll();
  EXPECT_EQ(Get(Send(keep_, "KEEP", 'x', 2, "320=R|559=4|").at(0), "35"), "y");
  EXPECT_EQ(Get(Send(keep_, "KEEP", 'e', 3, "324=R|55=BTC/USD|263=1|").at(0), "35"), "f");
  SetPhase(TradingPhase::kHalt);
  EXPECT_EQ(Get(Receive(keep_).at(0), "326"), "2");
}

TEST_F(FixSecuritiesTest, QuestionsAreThrottled) {
  options_.burst = 2;
  options_.messages_per_second = 1;
  Restart();
  LogOnAll();
  EXPECT_EQ(Get(Ask('x', "320=R|559=4|").at(0), "35"), "y");
  EXPECT_EQ(Get(Ask('e', "324=R|55=BTC/USD|263=0|").at(0), "35"), "f");
  const auto received = Ask('g', "335=R|263=0|");
  EXPECT_EQ(Get(received.at(0), "35"), "j");
  EXPECT_EQ(Get(received.at(0), "58"), "THROTTLED");
}

TEST_F(FixSecuritiesTest, ThePhaseOutlivesTheGateway) {
  SetPhase(TradingPhase::kHalt);
  Restart();
  data_ = LogOn("DATA");
  EXPECT_EQ(Get(Ask('e', "324=R|55=BTC/USD|263=0|").at(0), "326"), "2");
  EXPECT_EQ(Get(Ask('g', "335=R|263=0|").at(0), "340"), "1");
}

}  // namespace
}  // namespace tally::gateway::fix
