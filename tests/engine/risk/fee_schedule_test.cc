#include "engine/risk/fee_schedule.h"

#include <gtest/gtest.h>

namespace tally::risk {
namespace {

constexpr InstrumentId kAll{0};

DefineFeesCommand Fees(uint8_t fee_class, int32_t maker, int32_t taker, int64_t minimum = 0) {
  return {.minimum_fee = {minimum},
          .maker_fee_hundredths_bp = maker,
          .taker_fee_hundredths_bp = taker,
          .fee_class = fee_class,
          .remove = 0,
          .reserved = {}};
}

DefineFeesCommand Removal(uint8_t fee_class) {
  DefineFeesCommand definition = Fees(fee_class, 0, 0);
  definition.remove = 1;
  return definition;
}

TEST(FeeScheduleTest, OwnRowThenTheClassThenTheInstrument) {
  FeeSchedule schedule(4);
  Instrument instrument;
  instrument.fees = {.maker = 1, .taker = 2};
  const auto taker_of = [&](uint32_t fee_class, uint32_t id) {
    return schedule.TermsOf(fee_class, InstrumentId{id}, instrument).rates.taker;
  };
  EXPECT_TRUE(schedule.empty());
  EXPECT_EQ(taker_of(1, 1), 2);
  EXPECT_EQ(schedule.Define(kAll, Fees(1, 0, 20, 7)), RejectReason::kNone);
  EXPECT_EQ(schedule.Define(InstrumentId{2}, Fees(1, 0, 30)), RejectReason::kNone);
  EXPECT_EQ(schedule.Define(InstrumentId{2}, Fees(0, 0, 40)), RejectReason::kNone);
  EXPECT_EQ(schedule.row_count(), 3u);
  EXPECT_EQ(taker_of(1, 1), 20);
  EXPECT_EQ(schedule.TermsOf(1, InstrumentId{1}, instrument).minimum_fee, Quanta{7});
  EXPECT_EQ(taker_of(1, 2), 30);
  EXPECT_EQ(taker_of(0, 1), 2);
  EXPECT_EQ(taker_of(0, 2), 40);
  EXPECT_EQ(taker_of(2, 2), 2);
  EXPECT_EQ(schedule.Define(InstrumentId{2}, Fees(1, 0, 31)), RejectReason::kNone);
  EXPECT_EQ(schedule.row_count(), 3u);
  EXPECT_EQ(schedule.Define(InstrumentId{2}, Removal(1)), RejectReason::kNone);
  EXPECT_EQ(taker_of(1, 2), 20);
  EXPECT_EQ(schedule.Define(kAll, Removal(1)), RejectReason::kNone);
  EXPECT_EQ(taker_of(1, 2), 2);
  EXPECT_EQ(schedule.row_count(), 1u);
}

TEST(FeeScheduleTest, UnsoundRowsAreRejected) {
  FeeSchedule schedule(4);
  const DefineFeesCommand bad[] = {
      Fees(kMaxFeeClasses, 0, 0), Fees(1, 0, -1),           Fees(1, -2, 1),
      Fees(1, 0, 100'001),        Fees(1, 100'001, 0),      Fees(1, INT32_MIN, INT32_MAX),
      Fees(1, 0, 0, -1),          Fees(1, 0, 0, INT64_MAX), Removal(1),
  };
  for (const DefineFeesCommand& definition : bad) {
    EXPECT_EQ(schedule.Define(kAll, definition), RejectReason::kBadDefinition);
  }
  EXPECT_EQ(schedule.Define(InstrumentId{5}, Fees(1, 0, 0)), RejectReason::kBadDefinition);
  DefineFeesCommand definition = Fees(1, 0, 0);
  definition.remove = 2;
  EXPECT_EQ(schedule.Define(kAll, definition), RejectReason::kBadDefinition);
  EXPECT_TRUE(schedule.empty());
}

}  // namespace
}  // namespace tally::risk
