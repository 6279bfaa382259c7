// FIX through the whole program: a session, its log as people see it, and a planned stop.

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "gateway/fix/values.h"
#include "tests/fix/raw_message.h"
#include "tests/fix/socket_client.h"
#include "tests/support/venue_process.h"

namespace tally {
namespace {

using gateway::fix::SocketClient;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kFix = R"(
[fix]
listen = "127.0.0.1:0"
comp_id = "VENUE"
stop_notice_s = 1
[[fix_sessions]]
comp_id = "MAKER"
account = 2
authentication = "none"
)";

class FixProgramTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(venue_.Start().ok()) << venue_.LogTail();
    std::ifstream ready(venue_.ready_path());
    port_ = nlohmann::json::parse(ready).at("fix").at("port").get<uint16_t>();
  }

  std::string Text(const std::string& type, const std::string& fields) {
    const gateway::fix::UtcText now(clock_.NowNs());
    return gateway::fix::Framed("35=" + type + "|34=" + std::to_string(++sequence_) +
                                "|49=MAKER|52=" + std::string(now.view()) + "|56=VENUE|" + fields);
  }
  std::string FixLog(const std::vector<std::string>& arguments) {
    std::vector<std::string> command = {TALLY_PROGRAM,        "fix-log",   "--config",
                                        venue_.config_path(), "--session", "MAKER"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const CommandResult result = RunCommand(command);
    EXPECT_EQ(result.exit_code, 0) << result.output;
    return result.output;
  }

  VenueProcess venue_{TALLY_PROGRAM, {.durability = "async", .market_lines = kFix}};
  const RealClock clock_;
  uint16_t port_ = 0;
  int sequence_ = 0;
};

TEST_F(FixProgramTest, ASessionIsShownAndAPlannedStopIsAnnounced) {
  SocketClient client(port_);
  const std::string order = "|55=BTC/USD|54=1|60=20240101-00:00:00|40=2|38=0.001|44=1.00|";
  // One after the other: each takes the next number.
  std::string sent = Text("A", "98=0|108=30|");
  sent += Text("D", "11=A" + order);
  sent += Text("D", "11=B" + order);
  client.Send(sent);
  EXPECT_THAT(client.Next().value_or(""), HasSubstr("|35=A|"));
  EXPECT_THAT(client.Next().value_or(""), HasSubstr("|11=A|"));
  EXPECT_THAT(client.Next().value_or(""), HasSubstr("|11=B|"));

  ASSERT_TRUE(venue_.Terminate().ok());
  EXPECT_THAT(client.Next().value_or(""), HasSubstr("|148=the venue stops in 1 s|"));
  EXPECT_THAT(client.Next().value_or(""), HasSubstr("|148=the venue stops now|"));
  EXPECT_THAT(client.Next().value_or(""), HasSubstr("|58=the venue shuts down|"));

  const std::string all = FixLog({});
  EXPECT_THAT(all, HasSubstr(" in  1 Logon EncryptMethod(98)=0:NONE HeartBtInt(108)=30\n"));
  EXPECT_THAT(all, HasSubstr(" in  2 NewOrderSingle ClOrdID(11)=A "));
  EXPECT_THAT(all, HasSubstr(" Logout Text(58)=the venue shuts down\n"));
  const std::string one = FixLog({"--order", "A", "--direction", "out"});
  EXPECT_THAT(one, HasSubstr(" ExecutionReport "));
  EXPECT_THAT(one, Not(HasSubstr("ClOrdID(11)=B")));
  EXPECT_THAT(one, Not(HasSubstr("NewOrderSingle")));
  EXPECT_THAT(FixLog({"--type", "5", "--raw"}), HasSubstr("\x01"
                                                          "35=5\x01"));
}

TEST_F(FixProgramTest, WhatFixLogIsAskedWronglyIsSaid) {
  const CommandResult nobody = RunCommand(
      {TALLY_PROGRAM, "fix-log", "--config", venue_.config_path(), "--session", "NOBODY"});
  EXPECT_EQ(nobody.exit_code, 2);
  EXPECT_THAT(nobody.output, HasSubstr("there are: MAKER"));
  const CommandResult silent = RunCommand(
      {TALLY_PROGRAM, "fix-log", "--config", venue_.config_path(), "--session", "MAKER"});
  EXPECT_EQ(silent.exit_code, 3);
  EXPECT_THAT(silent.output, HasSubstr("the session has said nothing yet"));
}

}  // namespace
}  // namespace tally
