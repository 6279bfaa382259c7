#include "engine/risk/holds.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "engine/limits.h"

namespace tally::risk {
namespace {

Instrument TestInstrument() {
  Instrument instrument;
  instrument.tick_quanta = {10};
  instrument.lot_quanta = {1000};
  instrument.price_max = {1'000'000};
  instrument.quantity_min = {2};
  instrument.quantity_max = {10'000};
  instrument.notional_min = {1'000};
  instrument.notional_max = {1'000'000'000};
  return instrument;
}

struct TermsCase {
  int64_t price;
  int64_t quantity;
  RejectReason reason;
};

TEST(HoldsTest, TermsAreCheckedInPrecedence) {
  const TermsCase cases[] = {
      {0, 0, RejectReason::kBadTick},
      {-1, 2, RejectReason::kBadTick},
      {1'000'001, 1, RejectReason::kBadTick},
      {INT64_MAX, INT64_MAX, RejectReason::kBadTick},
      {INT64_MIN, 2, RejectReason::kBadTick},
      {1, 1, RejectReason::kBadLot},
      {1, 10'001, RejectReason::kBadLot},
      {1, INT64_MAX, RejectReason::kBadLot},
      {1, INT64_MIN, RejectReason::kBadLot},
      {49, 2, RejectReason::kMinNotional},
      {50, 2, RejectReason::kNone},
      {10'000, 10'000, RejectReason::kNone},
      {10'001, 10'000, RejectReason::kMaxNotional},
      {1'000'000, 10'000, RejectReason::kMaxNotional},
  };
  for (const TermsCase& row : cases) {
    EXPECT_EQ(CheckTerms(TestInstrument(), {row.price}, {row.quantity}), row.reason)
        << row.price << " x " << row.quantity;
  }
}

TEST(HoldsTest, TermsAtTheLimitsOfTheEngineDoNotWrap) {
  Instrument instrument = TestInstrument();
  instrument.price_max = {kMaxPriceTicks};
  instrument.quantity_max = {kMaxQuantityLots};
  instrument.tick_quanta = {kMaxBalanceQuanta};
  instrument.notional_max = {kMaxNotionalQuanta};
  EXPECT_EQ(CheckTerms(instrument, {kMaxPriceTicks}, {kMaxQuantityLots}),
            RejectReason::kMaxNotional);
  EXPECT_EQ(CheckTerms(instrument, {1}, {2}), RejectReason::kMaxNotional);
}

struct FeeCase {
  int64_t notional;
  int32_t rate;
  int64_t fee;
};

TEST(HoldsTest, FeesAndRebatesRoundTowardsZero) {
  const FeeCase cases[] = {
      {0, 200, 0},
      {4'999, 200, 0},
      {5'000, 200, 1},
      {9'999, 200, 1},
      {5'000, -200, -1},
      {9'999, -200, -1},
      {4'999, -200, 0},
      {1'000'000, 100'000, 100'000},
      {int64_t{1} << 61, 100'000, 230'584'300'921'369'395},
      {int64_t{1} << 61, -100'000, -230'584'300'921'369'395},
  };
  for (const FeeCase& row : cases) {
    EXPECT_EQ(Fee({row.notional}, row.rate).value, row.fee) << row.notional << " * " << row.rate;
  }
}

TEST(HoldsTest, RebateNeverExceedsTheTakersFee) {
  EXPECT_EQ(FeesOfFill({1'000'000}, {.maker = -150, .taker = 200}, {.maker = -150, .taker = 200})
                .maker.value,
            -150);
  EXPECT_EQ(
      FeesOfFill({1'000'000}, {.maker = -150, .taker = 200}, {.maker = 0, .taker = 10}).maker.value,
      -10);
}

// The claim of holds.h, on random orders cut into random fills at random better prices.
TEST(HoldsTest, HoldCoversEverySequenceOfFillsAndEndsAtZero) {
  std::mt19937_64 random(20240607);
  const Instrument instrument = TestInstrument();
  for (int round = 0; round < 20'000; ++round) {
    HoldTerms terms = {.side = Side::kBuy,
                       .price = {static_cast<int64_t>(random() % 9'999 + 1)},
                       .leaves = {static_cast<int64_t>(random() % 5'000 + 1)},
                       .fees = {}};
    terms.fees.taker = static_cast<int32_t>(random() % (kMaxFeeHundredthsBp + 1));
    terms.fees.maker =
        static_cast<int32_t>(random() % (2 * kMaxFeeHundredthsBp + 1)) - kMaxFeeHundredthsBp;
    terms.fees.maker = std::max(terms.fees.maker, -terms.fees.taker);
    Quanta held = HoldAmount(instrument, terms);
    while (terms.leaves.value > 0) {
      const QuantityLots fill{static_cast<int64_t>(random()) % terms.leaves.value};
      const QuantityLots lots{std::clamp<int64_t>(fill.value, 1, terms.leaves.value)};
      const PriceTicks price{terms.price.value -
                             static_cast<int64_t>(random() % 2) * (terms.price.value / 3)};
      const Quanta notional = Notional(instrument, price, lots);
      const int32_t rate = random() % 2 == 0 ? terms.fees.maker : terms.fees.taker;
      terms.leaves -= lots;
      const Quanta next = HoldAmount(instrument, terms);
      ASSERT_GE(held - next, notional + Fee(notional, rate));
      held = next;
    }
    ASSERT_EQ(held, Quanta{});
  }
}

// The claim about orders with a minimum fee: as above, and what is charged in total is the minimum
// or the sum of the rate fees, whichever is more.
TEST(HoldsTest, HoldCoversEverySequenceOfFillsWithAMinimumFee) {
  std::mt19937_64 random(7);
  const auto uniform = [&](int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random() % static_cast<uint64_t>(high - low + 1));
  };
  const Instrument instrument = TestInstrument();
  for (int round = 0; round < 20'000; ++round) {
    MinimumFee account = {.minimum = {uniform(1, 200'000)}, .accrued = {}, .paid = {}};
    HoldTerms terms = {.side = Side::kBuy,
                       .price = {uniform(1, 9'999)},
                       .leaves = {uniform(1, 5'000)},
                       .fees = {},
                       .minimum_fee = &account};
    terms.fees.taker = static_cast<int32_t>(uniform(0, kMaxFeeHundredthsBp));
    terms.fees.maker = static_cast<int32_t>(uniform(-terms.fees.taker, kMaxFeeHundredthsBp));
    Quanta held = HoldAmount(instrument, terms);
    Quanta rate_fees{};
    Quanta charged{};
    while (terms.leaves.value > 0) {
      const QuantityLots lots{uniform(1, terms.leaves.value)};
      const PriceTicks price{
          uniform(std::max<int64_t>(1, terms.price.value / 2), terms.price.value)};
      const Quanta notional = Notional(instrument, price, lots);
      const Quanta rate_fee =
          Fee(notional, random() % 2 == 0 ? terms.fees.maker : terms.fees.taker);
      const Quanta fee = ChargeFee(account, terms.side, notional, rate_fee);
      rate_fees += rate_fee;
      charged += fee;
      ASSERT_EQ(charged, std::max(account.minimum, rate_fees));
      ASSERT_GE(fee, std::min(rate_fee, Quanta{}));
      terms.leaves -= lots;
      const Quanta next = HoldAmount(instrument, terms);
      ASSERT_GE(held - next, notional + fee);
      held = next;
      if (uniform(0, 3) == 0 && terms.leaves.value > 1) {  // Part of it is canceled.
        terms.leaves.value -= 1;
        ASSERT_LE(HoldAmount(instrument, terms), held);
        held = HoldAmount(instrument, terms);
      }
    }
    ASSERT_EQ(held, Quanta{});
  }
}

TEST(HoldsTest, MinimumFeeOfASellOrderIsCappedByItsProceeds) {
  MinimumFee account = {.minimum = {100}, .accrued = {}, .paid = {}};
  EXPECT_EQ(ChargeFee(account, Side::kSell, {60}, {1}), Quanta{60});
  EXPECT_EQ(ChargeFee(account, Side::kSell, {60}, {1}), Quanta{40});
  EXPECT_EQ(ChargeFee(account, Side::kSell, {60}, {1}), Quanta{0});
  EXPECT_EQ(ChargeFee(account, Side::kSell, {60'000}, {99}), Quanta{2});  // 102 accrued.
}

TEST(HoldsTest, CanceledOrderHoldsNothingForItsMinimumFee) {
  const MinimumFee account = {.minimum = {100}, .accrued = {}, .paid = {}};
  HoldTerms terms = {
      .side = Side::kBuy, .price = {10}, .leaves = {1}, .fees = {}, .minimum_fee = &account};
  EXPECT_EQ(HoldAmount(TestInstrument(), terms), Quanta{200});
  terms.leaves = {0};
  EXPECT_EQ(HoldAmount(TestInstrument(), terms), Quanta{0});
}

TEST(HoldsTest, AccruedFeesSaturate) {
  MinimumFee account = {.minimum = {100}, .accrued = {}, .paid = {}};
  for (int i = 0; i < 100; ++i) {
    EXPECT_GE(ChargeFee(account, Side::kBuy, {kMaxNotionalQuanta}, {kMaxNotionalQuanta / 10}),
              Quanta{});
  }
  EXPECT_EQ(ChargeFee(account, Side::kBuy, {kMaxNotionalQuanta}, {5}), Quanta{});
}

struct MinimumCase {
  const char* what;
  int64_t maker_minimum;  // 0: none.
  int64_t taker_minimum;
  FeeRates maker;
  FeeRates taker;
  FillFees fees;  // Of a first fill with a notional of 1,000,000.
};

TEST(HoldsTest, MinimumsAndRebatesTogetherNeverCostTheFeeAccount) {
  const MinimumCase cases[] = {
      {"none", 0, 0, {100, 200}, {100, 200}, {{100}, {200}}},
      {"taker", 0, 500, {100, 200}, {100, 200}, {{100}, {500}}},
      {"maker", 500, 0, {100, 200}, {100, 200}, {{500}, {200}}},
      {"below the rate", 50, 50, {100, 200}, {100, 200}, {{100}, {200}}},
      {"rebate", 0, 0, {-150, 200}, {-150, 200}, {{-150}, {200}}},
      {"rebate capped", 0, 0, {-150, 200}, {0, 10}, {{-10}, {10}}},
      {"rebate out of a minimum", 0, 100, {-150, 200}, {0, 10}, {{-100}, {100}}},
      {"a minimum eats the rebate", 70, 0, {-150, 200}, {0, 200}, {{70}, {200}}},
  };
  for (const MinimumCase& row : cases) {
    SCOPED_TRACE(row.what);
    MinimumFee maker = {.minimum = {row.maker_minimum}, .accrued = {}, .paid = {}};
    MinimumFee taker = {.minimum = {row.taker_minimum}, .accrued = {}, .paid = {}};
    const FillFees fees = FeesOfFill({1'000'000},
                                     {.side = Side::kSell,
                                      .rates = row.maker,
                                      .minimum_fee = row.maker_minimum == 0 ? nullptr : &maker},
                                     {.side = Side::kBuy,
                                      .rates = row.taker,
                                      .minimum_fee = row.taker_minimum == 0 ? nullptr : &taker});
    EXPECT_EQ(fees.maker, row.fees.maker);
    EXPECT_EQ(fees.taker, row.fees.taker);
  }
}

}  // namespace
}  // namespace tally::risk
