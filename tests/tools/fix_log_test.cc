#include <algorithm>

#include "gtest/gtest.h"

#include "tools/tally/fix_log_filter.h"

namespace tally {
namespace {

std::string Line(const std::string& time, char arrow, std::string message) {
  std::replace(message.begin(), message.end(), '|', '\x01');
  return "20240627-" + time + ".000000 " + arrow + " " + message;
}

const std::string kOrder = Line("11:17:25", '<',
                                "8=FIX.4.4|9=99|35=D|34=2|49=KEEP|52=20240627-11:17:25|56=ISLD|11="
                                "A|55=BTC/USD|54=1|40=2|10=000|");

TEST(FixLogTest, AMessageIsShownWithNames) {
  EXPECT_EQ(ReadableFixMessage(*SplitFixLogLine(kOrder)),
            "20240627-11:17:25.000000 in  2 NewOrderSingle ClOrdID(11)=A Symbol(55)=BTC/USD "
            "Side(54)=1:BUY OrdType(40)=2:LIMIT");
  EXPECT_EQ(ReadableFixMessage(*SplitFixLogLine(
                Line("11:17:25", '>', "8=FIX.4.4|9=9|35=??|34=3|9999=x|garbage|10=000|"))),
            "20240627-11:17:25.000000 out 3 35=?? 9999=x garbage");
}

TEST(FixLogTest, WhatIsNoLineOfALogIsPassedOver) {
  for (const char* line : {"", "x", "20240627-11:17:25.000000", "20240627-11:17:25.000000 ? 8=FIX",
                           "20240627_11:17:25.000000 < 8=FIX"}) {
    EXPECT_FALSE(SplitFixLogLine(line).has_value()) << line;
  }
}

TEST(FixLogTest, EachFilterLetsThroughWhatItNames) {
  struct Row {
    FixLogFilter filter;
    bool passes;
  };
  const Row rows[] = {
      {{}, true},
      {{.types = {"D", "8"}}, true},
      {{.types = {"8"}}, false},
      {{.direction = "in"}, true},
      {{.direction = "out"}, false},
      {{.sequence_from = 2, .sequence_to = 2}, true},
      {{.sequence_from = 3}, false},
      {{.sequence_to = 1}, false},
      {{.since = "20240627-11:17", .until = "20240627-11:17"}, true},
      {{.since = "20240627-11:18"}, false},
      {{.until = "20240627-11:16"}, false},
      {{.until = "20240627-11:17:25.000000"}, true},
      {{.tags = {{55, "BTC/USD"}, {54, "1"}}}, true},
      {{.tags = {{55, "BTC/USD"}, {54, "2"}}}, false},
  };
  const FixLogMessage message = *SplitFixLogLine(kOrder);
  for (const Row& row : rows) {
    EXPECT_EQ(Passes(row.filter, message), row.passes) << &row - rows;
  }
}

TEST(FixLogTest, AnOrderIsFollowedThroughItsReplacesFromEitherEnd) {
  const std::string log[] = {
      Line("01:00:00", '<', "35=D|34=2|11=A|"),
      Line("01:00:01", '>', "35=8|34=2|37=7|11=A|150=0|"),
      Line("01:00:02", '<', "35=D|34=3|11=OTHER|"),
      Line("01:00:03", '<', "35=G|34=4|11=B|41=A|"),
      Line("01:00:04", '>', "35=8|34=3|37=7|11=B|41=A|150=5|"),
      Line("01:00:05", '>', "35=8|34=4|37=8|11=OTHER|150=0|"),
      Line("01:00:06", '>', "35=8|34=5|37=7|150=F|"),
      Line("01:00:07", '<', "35=F|34=5|11=C|41=B|"),
      Line("01:00:08", '>', "35=9|34=6|37=NONE|11=C|41=B|"),
      Line("01:00:09", '>', "35=9|34=7|37=NONE|11=D|41=OTHER|"),
      Line("01:00:10", '<', "35=E|34=8|66=L|11=A|11=Z|"),
  };
  for (const char* entry : {"A", "B", "C"}) {
    FixOrderChain chain(entry);
    for (std::size_t known = 0; known != chain.size();) {
      known = chain.size();
      for (const std::string& line : log) {
        chain.Learn(*SplitFixLogLine(line));
      }
    }
    std::string shown;
    for (const std::string& line : log) {
      shown += chain.Learn(*SplitFixLogLine(line)) ? 'x' : '.';
    }
    EXPECT_EQ(shown, "xx.xx.xxx.x") << entry;
  }
}

}  // namespace
}  // namespace tally
