#include "gtest/gtest.h"

#include "gateway/fix/dictionary.h"
#include "gateway/fix/message.h"
#include "gateway/fix/values.h"
#include "gateway/fix/writer.h"
#include "tests/fix/raw_message.h"

namespace tally::gateway::fix {
namespace {

const char kOrder[] = "11=A|55=BTC/USD|54=1|60=20240627-11:17:25|40=2|38=1|44=100|";

std::string Order(const std::string& fields) { return Framed(Header('D', 2) + fields); }

struct Expected {
  std::string body;
  char type;
  int reason;  // 373; -1: valid.
  int tag;
};

TEST(FixValidateTest, TheFirstFaultIsNamedWithItsReasonAndTag) {
  const Expected rows[] = {
      {kOrder, 'D', -1, 0},
      {"112=HI|", '0', -1, 0},
      {"999=HI|", '0', 0, 999},
      {"0=HI|", '0', 0, 0},
      {"-1=HI|", '0', 0, -1},
      {"5000=HI|", '0', 0, 5000},
      {"55=MSFT|", '0', 2, 55},
      {"112=|", '0', 4, 112},
      {"", '1', 1, 112},
      {"40=1|60=20240627-11:17:25|54=1|21=3|", 'D', 1, 11},
      {std::string(kOrder) + "21=4|", 'D', 5, 21},
      {std::string(kOrder) + "167=BOO|", 'D', 5, 167},
      {std::string(kOrder) + "110=+2|", 'D', 6, 110},
      {std::string(kOrder) + "110=.|", 'D', 6, 110},
      {std::string(kOrder) + "126=20040415|", 'D', 6, 126},
      {std::string(kOrder) + "44=100|", 'D', 13, 44},
      {std::string(kOrder) + "97=Y|", 'D', 14, 97},
      {std::string(kOrder) + "18=6 G|", 'D', -1, 0},
      {std::string(kOrder) + "18=6 X|", 'D', 5, 18},
      {std::string(kOrder) + "386=2|336=A|336=B|", 'D', -1, 0},
      {std::string(kOrder) + "386=3|336=A|336=B|", 'D', 16, 386},
      {std::string(kOrder) + "386=1|336=A|336=B|", 'D', 16, 386},
      {std::string(kOrder) + "386=0|", 'D', -1, 0},
      {std::string(kOrder) + "336=A|", 'D', 2, 336},
  };
  Message message;
  for (const Expected& row : rows) {
    const std::string bytes = Framed(Header(row.type, 2) + row.body);
    SCOPED_TRACE(Readable(bytes));
    ASSERT_TRUE(message.Parse(bytes));
    const auto fault = Validate(message, *FindMessage(message.type()));
    ASSERT_EQ(fault.has_value(), row.reason >= 0);
    if (fault.has_value()) {
      EXPECT_EQ(static_cast<int>(fault->reason), row.reason);
      EXPECT_EQ(fault->tag, row.tag);
    }
  }
}

TEST(FixMessageTest, WhatIsNotAMessageIsGarbled) {
  Message message;
  const std::string good = Order(kOrder);
  ASSERT_TRUE(message.Parse(good));
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] + 1);
    EXPECT_FALSE(message.Parse(bad)) << Readable(bad);
  }
  for (std::size_t length = 0; length < good.size(); ++length) {
    EXPECT_FALSE(message.Parse(std::string_view(good).substr(0, length)));
  }
  EXPECT_FALSE(message.Parse(Framed("34=2|35=0|49=A|52=X|56=B|")));
  EXPECT_FALSE(message.Parse(Framed("35=0|4x=2|")));
}

TEST(FixMessageTest, FieldsAreFoundByTag) {
  Message message;
  const std::string bytes = Order(kOrder);
  ASSERT_TRUE(message.Parse(bytes));
  EXPECT_EQ(message.type(), "D");
  EXPECT_EQ(message.Get(tag::kSymbol), "BTC/USD");
  EXPECT_EQ(message.Get(tag::kMsgSeqNum), "2");
  EXPECT_FALSE(message.Find(tag::kStopPx).has_value());
  const std::string other = Framed(Header('0', 3));
  ASSERT_TRUE(message.Parse(other));
  EXPECT_FALSE(message.Find(tag::kSymbol).has_value());
}

TEST(FixMessageTest, RawDataMayHaveTheSeparator) {
  Message message;
  const std::string bytes = Framed(Header('A', 1) + "98=0|108=30|95=5|96=a|b=c|553=x|");
  ASSERT_TRUE(message.Parse(bytes));
  EXPECT_EQ(message.Get(tag::kRawData), Soh("a|b=c"));
  EXPECT_EQ(message.Get(tag::kUsername), "x");
  EXPECT_FALSE(message.Parse(Framed(Header('A', 1) + "95=50|96=a|")));
}

std::vector<std::string> Cut(const std::string& stream, std::size_t chunk) {
  std::vector<std::string> messages;
  std::string buffer;
  for (std::size_t sent = 0; sent < stream.size(); sent += chunk) {
    buffer += stream.substr(sent, chunk);
    for (;;) {
      std::string_view message;
      std::size_t consumed = 0;
      const auto result = Framer::Next(buffer, &message, &consumed);
      if (result == Framer::Result::kMessage) {
        messages.emplace_back(message);
      }
      buffer.erase(0, consumed);
      if (result != Framer::Result::kMessage) {
        break;
      }
    }
  }
  return messages;
}

TEST(FixFramerTest, MessagesAreCutHoweverTheyArrive) {
  const std::string one = Order(kOrder);
  const std::string two = Framed(Header('0', 3));
  for (const std::size_t chunk : {1, 2, 7, 100, 10'000}) {
    EXPECT_EQ(Cut("garbage" + one + "58=FIX\x01" + two, chunk),
              (std::vector<std::string>{one, two}));
  }
}

TEST(FixFramerTest, AWrongBodyLengthTakesItsMessageAndWhatItSwallows) {
  const std::string one = Order(kOrder);
  const std::string two = Framed(Header('0', 3));
  const std::string three = Framed(Header('0', 4));
  const std::size_t at = one.find("9=") + 2;
  for (const std::size_t chunk : {std::size_t{1}, std::size_t{1000}}) {
    std::string low = one;
    low.replace(at, one.find(kSoh, at) - at, "30");
    EXPECT_EQ(Cut(low + two + three, chunk), (std::vector<std::string>{low, two, three}));
    std::string high = one;
    high.replace(at, one.find(kSoh, at) - at, std::to_string(one.size()));
    EXPECT_EQ(Cut(high + two + three, chunk), (std::vector<std::string>{high + two, three}));
  }
}

TEST(FixFramerTest, AnAbsurdBodyLengthEndsTheConnection) {
  std::string_view message;
  std::size_t consumed = 0;
  EXPECT_EQ(Framer::Next(Soh("8=FIX.4.4|9=2000000000|35=D|"), &message, &consumed),
            Framer::Result::kTooLarge);
  EXPECT_EQ(Framer::Next(Soh("8=FIX.4.4|9=99999999999999999999999|"), &message, &consumed),
            Framer::Result::kTooLarge);
  EXPECT_EQ(Framer::Next("8=FIX." + std::string(100, '4'), &message, &consumed),
            Framer::Result::kTooLarge);
}

TEST(FixWriterTest, WhatIsWrittenParses) {
  std::string body;
  FieldWriter(&body).Add(tag::kTestReqID, "HELLO").Number(tag::kRefSeqNum, -5);
  std::vector<uint8_t> out;
  AppendMessage({.type = "0",
                 .sender = "ISLD",
                 .target = "TW44",
                 .sequence = 7,
                 .sending_time_ns = 1'719'487'045'223'456'000,
                 .original_time_ns = 1'719'487'045'000'000'000},
                body, &out);
  const std::string bytes(out.begin(), out.end());
  Message message;
  ASSERT_TRUE(message.Parse(bytes)) << Readable(bytes);
  EXPECT_EQ(Readable(bytes).substr(0, Readable(bytes).size() - 7),
            "8=FIX.4.4|9=104|35=0|34=7|43=Y|49=ISLD|52=20240627-11:17:25.223456|56=TW44|"
            "122=20240627-11:17:25.000000|112=HELLO|45=-5|");
}

TEST(FixValuesTest, DecimalsAreExact) {
  const auto value = [](std::string_view text) {
    const auto decimal = ParseFixDecimal(text);
    return decimal.has_value() ? std::pair(decimal->mantissa, decimal->scale)
                               : std::pair(int64_t{-1}, -1);
  };
  EXPECT_EQ(value("002000.00"), (std::pair<int64_t, int>(2000, 0)));
  EXPECT_EQ(value("0.0150"), (std::pair<int64_t, int>(15, 3)));
  EXPECT_EQ(value("-1.5"), (std::pair<int64_t, int>(-15, 1)));
  EXPECT_EQ(value("1234567890123456789"), (std::pair<int64_t, int>(-1, -1)));
  EXPECT_EQ(value("1.2.3"), (std::pair<int64_t, int>(-1, -1)));
  EXPECT_EQ(DecimalText(10050, 2), "100.50");
  EXPECT_EQ(DecimalText(5, 3), "0.005");
  EXPECT_EQ(DecimalText(-5, 0), "-5");
  EXPECT_EQ(DecimalText(0, 2), "0.00");
}

TEST(FixValuesTest, TimesAreThoseOfUtc) {
  EXPECT_EQ(ParseUtcTimestamp("20240627-11:17:25.223"), 1'719'487'045'223'000'000);
  EXPECT_EQ(ParseUtcTimestamp("20240627-11:17:25"), 1'719'487'045'000'000'000);
  EXPECT_EQ(ParseUtcTimestamp("20240627-11:17:25.223456789"), 1'719'487'045'223'456'789);
  for (const char* bad : {"", "20240627", "20240627-11:17", "20240627-25:17:25",
                          "20241327-11:17:25", "20240627-11:17:25.", "20240627-11:17:25.1",
                          "20240627 11:17:25", "20240627-11:17:25Z", "20230229-00:00:00"}) {
    EXPECT_FALSE(ParseUtcTimestamp(bad).has_value()) << bad;
  }
  EXPECT_EQ(UtcText(1'719'487'045'223'456'789).view(), "20240627-11:17:25.223456");
}

TEST(FixDictionaryTest, TypesOfFixThatAreNotTakenAreKnown) {
  EXPECT_EQ(FindMessage("*"), nullptr);
  EXPECT_FALSE(IsFix44Type("*"));
  EXPECT_EQ(FindMessage("BH"), nullptr);
  EXPECT_TRUE(IsFix44Type("BH"));
  ASSERT_NE(FindMessage("8"), nullptr);
  EXPECT_FALSE(FindMessage("8")->inbound);
  EXPECT_TRUE(FindMessage("D")->inbound);
}

TEST(FixChecksumTest, IsTheSumOfTheBytesWhateverTheirNumberAndPlace) {
  std::string bytes(3'000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(i < 2'100 ? 0xff : i * 131 + i / 256);
  }
  for (std::size_t begin = 0; begin < 9; ++begin) {
    uint32_t sum = 0;
    for (std::size_t end = begin; end < bytes.size(); ++end) {
      ASSERT_EQ(Checksum(std::string_view(bytes).substr(begin, end - begin)), sum % 256);
      sum += static_cast<uint8_t>(bytes[end]);
    }
  }
}

TEST(FixTimestampTest, ADayThatIsNoneStaysOneBehindADayThatIsOne) {
  const auto day = ParseUtcTimestamp("20240229-00:00:00");
  ASSERT_TRUE(day.has_value());
  EXPECT_FALSE(ParseUtcTimestamp("20230229-00:00:00").has_value());
  EXPECT_FALSE(ParseUtcTimestamp("2024022x-00:00:00").has_value());
  EXPECT_EQ(ParseUtcTimestamp("20240229-00:00:00"), day);
  EXPECT_EQ(ParseUtcTimestamp("20240301-00:00:00"), *day + 86'400'000'000'000);
}

}  // namespace
}  // namespace tally::gateway::fix
