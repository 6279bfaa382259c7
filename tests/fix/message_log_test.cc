#include "gateway/fix/message_log.h"

#include <fstream>

#include "gmock/gmock.h"

#include "gateway/fix_log.h"
#include "tests/fix/hub_fixture.h"

namespace tally::gateway::fix {
namespace {

using testing::HasSubstr;

std::vector<std::string> LinesOf(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(Readable(line));
  }
  return lines;
}

class FixMessageLogTest : public FixHubFixture {
 protected:
  std::vector<std::string> Log(const char* comp_id) {
    Advance(100);  // Written by the timer.
    return LinesOf(FixMessageLogPath(options_, comp_id));
  }
};

TEST_F(FixMessageLogTest, BothDirectionsAreKeptWithGarbledMessages) {
  const ConnectionId id = LogOn("KEEP");
  Send(id, "KEEP", 'D', 2, Order("A", '1', "1.00"));
  SendRaw(id, Soh("8=FIX.4.4|9=5|35=0|10=999|"));
  const auto lines = Log("KEEP");
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_THAT(lines[0], HasSubstr("20240627-11:17:25.223000 < 8=FIX.4.4|"));
  EXPECT_THAT(lines[1], HasSubstr(" > 8=FIX.4.4|"));
  EXPECT_THAT(lines[2], HasSubstr("|35=D|"));
  EXPECT_THAT(lines[3], HasSubstr("|35=8|"));
  EXPECT_THAT(lines[4], HasSubstr(" < 8=FIX.4.4|9=5|35=0|10=999|"));
  EXPECT_TRUE(ParseFixLogLine(lines[4]).has_value());
}

TEST_F(FixMessageLogTest, SecretsAreStarred) {
  LogOn("SECRET", 1, "553=user|554=pass|");
  const auto lines = Log("SECRET");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_THAT(lines[0], HasSubstr("|553=user|554=****|"));
}

TEST_F(FixMessageLogTest, ALogonThatIsRefusedLeavesNothing) {
  LogOn("SECRET", 1, "553=user|554=wrong|");
  EXPECT_TRUE(Log("SECRET").empty());
}

TEST_F(FixMessageLogTest, TheNewestMegabytesAreKept) {
  const std::string path = directory_ + "/small.messages";
  const std::string message(1'000, 'x');
  {
    MessageLog log(path, 100'000);
    for (int i = 0; i < 1'000; ++i) {
      log.Add(now_.wall_ns, true, message);
      log.Flush();
    }
    EXPECT_TRUE(log.health().ok());
  }
  const auto newer = LinesOf(path);
  const auto older = LinesOf(path + ".1");
  EXPECT_LE(newer.size(), 50U);
  EXPECT_GE(older.size(), 48U);
  EXPECT_LE(older.size(), 50U);
}

TEST_F(FixMessageLogTest, ALineThatWasNotFinishedEndsWhereItDid) {
  const std::string path = directory_ + "/torn.messages";
  std::ofstream(path) << "20240627-11:17:25.223000 < 8=FI";
  {
    MessageLog log(path, 1'000'000);
    log.Add(now_.wall_ns, true, "8=FIX.4.4");
  }
  EXPECT_THAT(LinesOf(path), testing::ElementsAre("20240627-11:17:25.223000 < 8=FI",
                                                  "20240627-11:17:25.223000 < 8=FIX.4.4"));
}

}  // namespace
}  // namespace tally::gateway::fix
