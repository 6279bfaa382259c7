#include "gtest/gtest.h"

#include "gateway/fix/message.h"
#include "gateway/fix/values.h"
#include "gateway/fix/writer.h"
#include "tests/fix/raw_message.h"
#include "tests/support/allocation_guard.h"

namespace tally::gateway::fix {
namespace {

constexpr int kRounds = 100;

TEST(FixCodecAllocationTest, AnOrderIsFramedParsedAndValidatedWithoutAllocation) {
  const std::string bytes = Framed(
      Header('D', 1234) + "11=ORD-0000000000012345|21=1|55=BTC/USD|54=1|" +
      "60=20240627-11:17:25.223456|38=0.25000000|40=2|44=61234.50|59=1|18=6 G|386=2|336=A|336=B|");
  Message message;
  const AllocationGuard guard;
  for (int i = 0; i < kRounds; ++i) {
    std::string_view cut;
    std::size_t consumed = 0;
    ASSERT_EQ(Framer::Next(bytes, &cut, &consumed), Framer::Result::kMessage);
    ASSERT_TRUE(message.Parse(cut));
    ASSERT_FALSE(Validate(message, *FindMessage(message.type())).has_value());
    ASSERT_TRUE(ParseFixDecimal(message.Get(tag::kPrice)).has_value());
    ASSERT_TRUE(ParseUtcTimestamp(message.Get(tag::kTransactTime)).has_value());
  }
  EXPECT_EQ(guard.count(), 0u);
}

TEST(FixCodecAllocationTest, WhatIsWrongWithAMessageIsFoundWithoutAllocation) {
  const std::string bytes = Framed(Header('D', 2) + "11=A|9999=1|");
  Message message;
  const AllocationGuard guard;
  for (int i = 0; i < kRounds; ++i) {
    ASSERT_TRUE(message.Parse(bytes));
    ASSERT_TRUE(Validate(message, *FindMessage(message.type())).has_value());
  }
  EXPECT_EQ(guard.count(), 0u);
}

TEST(FixCodecAllocationTest, AMessageIsWrittenWithoutAllocationOnceTheBuffersHaveGrown) {
  std::string body;
  std::vector<uint8_t> out;
  const auto write = [&] {
    body.clear();
    out.clear();
    FieldWriter(&body)
        .Count(tag::kOrderID, 123'456)
        .Add(tag::kClOrdID, "ORD-0000000000012345")
        .Number(tag::kOrdRejReason, -1)
        .Add(tag::kTransactTime, UtcText(1'719'487'045'223'456'000).view());
    AppendMessage({.type = "8", .sender = "ISLD", .target = "TW44", .sequence = 7}, body, &out);
  };
  write();
  const AllocationGuard guard;
  for (int i = 0; i < kRounds; ++i) {
    write();
  }
  EXPECT_EQ(guard.count(), 0u);
}

}  // namespace
}  // namespace tally::gateway::fix
