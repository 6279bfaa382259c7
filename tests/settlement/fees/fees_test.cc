// Base fees, caps, offers and timing, by hand-checkable tables.

#include <gtest/gtest.h>

#include "settlement/fees/base_fee.h"
#include "settlement/fees/fee_caps.h"
#include "settlement/fees/fee_offer.h"
#include "settlement/fees/fee_window.h"
#include "settlement/fees/settle_timing.h"

namespace tally::settlement {
namespace {

TEST(BaseFeeTest, FollowsEip1559ToTheWei) {
  struct Row {
    uint64_t base_fee_wei, gas_used, gas_limit, next_wei;
  };
  constexpr Row kRows[] = {
      {1'000'000'000, 15'000'000, 30'000'000, 1'000'000'000},  // At the target.
      {1'000'000'000, 30'000'000, 30'000'000, 1'125'000'000},  // Full.
      {1'000'000'000, 0, 30'000'000, 875'000'000},             // Empty.
      {7, 15'000'001, 30'000'000, 8},                          // Up by one at least.
      {7, 14'999'999, 30'000'000, 7},                          // Down by what rounds to nothing.
      {7, 0, 30'000'000, 7},                                   // 7 wei is the floor.
      {8, 0, 30'000'000, 7},
      {1'000'000'000, 30'025'257, 30'029'122, 1'124'967'822},  // The first block that had one.
      {~uint64_t{0} / 2, 30'000'000, 30'000'000, 10'376'293'541'461'622'782u},  // No overflow.
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(NextBaseFee({.gas_used = row.gas_used,
                           .gas_limit = row.gas_limit,
                           .base_fee_wei = row.base_fee_wei}),
              row.next_wei)
        << row.base_fee_wei << " " << row.gas_used;
  }
}

TEST(FeeCapsTest, TheSmallestHorizonThatReachesTheDeadlineCounts) {
  struct Row {
    uint64_t blocks;
    uint32_t permille;
  };
  constexpr CapStep kTable[] = {{2, 1200}, {10, 1400}, {75, 2000}};
  for (const Row& row : {Row{0, 1200}, Row{1, 1200}, Row{2, 1200}, Row{3, 1400}, Row{10, 1400},
                         Row{11, 2000}, Row{75, 2000}, Row{1'000, 2000}}) {
    EXPECT_EQ(CapPermille(kTable, row.blocks), row.permille) << row.blocks;
  }
}

TEST(FeeCapsTest, TheQuantileOfTheRatiosIsLearnedRoundedUp) {
  // Ratios over one block: 1100, 1000, 500, 3000, rounded up from 2999.x; over two: 1100, 500,
  // 1500.
  const std::vector<uint64_t> fees = {1'000, 1'100, 1'100, 550, 1'650};
  const std::vector<uint32_t> horizons = {1, 2, 9};
  EXPECT_EQ(LearnCaps(fees, horizons, 1000), (std::vector<CapStep>{{1, 3000}, {2, 1500}}));
  EXPECT_EQ(LearnCaps(fees, horizons, 500), (std::vector<CapStep>{{1, 1000}, {2, 1100}}));
  EXPECT_EQ(LearnCaps(std::vector<uint64_t>{3, 10}, horizons, 990),
            (std::vector<CapStep>{{1, 3334}}));
}

TEST(FeeOfferTest, FollowsTheMarketTheDeadlineAndTheBudget) {
  using Verdict = OfferDecision::Verdict;
  struct Row {
    const char* what;
    OfferRequest request;
    uint64_t budget_wei;
    Verdict verdict;
    FeeOffer offer;
  };
  const FeeQuote market{.base_fee_wei = 1'000, .tip_wei = 40, .tip_high_wei = 60};
  const Row rows[] = {
      {"within 5 blocks",
       {.market = market, .blocks_left = 5},
       9'000,
       Verdict::kOffer,
       {40, 1'356}},
      {"within 25", {.market = market, .blocks_left = 25}, 9'000, Verdict::kOffer, {40, 1'556}},
      {"the market rose above a bump",
       {.market = market, .blocks_left = 5, .last = FeeOffer{10, 900}},
       9'000,
       Verdict::kOffer,
       {40, 1'356}},
      {"a bump is above the market",
       {.market = market, .blocks_left = 5, .last = FeeOffer{48, 1'600}},
       9'000,
       Verdict::kOffer,
       {55, 1'801}},
      {"the tip is above most, the cap covers the next block",
       {.market = market, .blocks_left = 5, .last = FeeOffer{61, 1'061}},
       9'000,
       Verdict::kEnough,
       {61, 1'061}},
      {"... but a node said it is too low",
       {.market = market, .blocks_left = 5, .last = FeeOffer{61, 1'061}, .must_raise = true},
       9'000,
       Verdict::kOffer,
       {69, 1'385}},
      {"... but the cap does not",
       {.market = market, .blocks_left = 5, .last = FeeOffer{61, 1'060}},
       9'000,
       Verdict::kOffer,
       {69, 1'385}},
      {"what most pay is not known",
       {.market = {.base_fee_wei = 1'000, .tip_wei = 40}, .last = FeeOffer{500, 2'000}},
       9'000,
       Verdict::kOffer,
       {563, 2'251}},
      {"room for rising fees is given up at the budget",
       {.market = market, .blocks_left = 25},
       1'100,
       Verdict::kOffer,
       {40, 1'100}},
      {"the next block costs more than the budget",
       {.market = market, .blocks_left = 5},
       1'039,
       Verdict::kAboveBudget,
       {40, 1'356}},
      {"a bump would cost more than the budget",
       {.market = market, .blocks_left = 5, .last = FeeOffer{40, 1'300}},
       1'400,
       Verdict::kAboveBudget,
       {46, 1'463}},
  };
  for (const Row& row : rows) {
    const OfferDecision decision = NextOffer({.fee_cap_wei_max = row.budget_wei}, row.request);
    EXPECT_EQ(decision.verdict, row.verdict) << row.what;
    EXPECT_EQ(decision.offer.tip_wei, row.offer.tip_wei) << row.what;
    EXPECT_EQ(decision.offer.fee_cap_wei, row.offer.fee_cap_wei) << row.what;
  }
  EXPECT_EQ(NextOffer({.fee_cap_wei_max = 9'000, .caps_by_deadline = false},
                      {.market = market, .blocks_left = 5})
                .offer,
            (FeeOffer{40, 2'040}));
}

TEST(FeeOfferTest, EveryReplacementIsTakenByAPoolThatAsksForATenth) {
  for (uint64_t wei : {uint64_t{0}, uint64_t{1}, uint64_t{9}, uint64_t{10}, uint64_t{11},
                       uint64_t{999}, uint64_t{1'000'000'007}}) {
    EXPECT_GT(Bumped(wei), wei);
    EXPECT_GE(10 * Bumped(wei), 11 * wei);
  }
}

TEST(SettleTimingTest, UrgencyRisesFromHalfTheDeadlineOrTheLimitToOne) {
  const TimingPolicy policy{.deadline_blocks = 100};
  struct Row {
    OpenWork work;
    uint32_t urgency, quantile;
  };
  constexpr Row kRows[] = {
      {{.age_blocks = 0}, 0, 350},
      {{.age_blocks = 50}, 0, 350},
      {{.age_blocks = 75}, 500, 675},
      {{.age_blocks = 99}, 980, 987},
      {{.age_blocks = 100}, 1000, 1000},
      {{.age_blocks = 1'000}, 1000, 1000},
      {{.age_blocks = 10, .fullness_permille = 750}, 500, 675},
      {{.age_blocks = 10, .fullness_permille = 1000}, 1000, 1000},
      {{.age_blocks = 32, .has_withdrawals = true}, 938, 959},
      {{.age_blocks = 33, .has_withdrawals = true}, 1000, 1000},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(UrgencyPermille(policy, row.work), row.urgency) << row.work.age_blocks;
    EXPECT_EQ(QuantilePermille(policy, row.urgency), row.quantile) << row.urgency;
  }
}

// A window of 20 prices, 100 to 119, the next block's last.
std::vector<uint64_t> WindowEndingWith(uint64_t price) {
  std::vector<uint64_t> fees;
  for (uint64_t i = 0; i < 19; ++i) {
    fees.push_back(100 + i);
  }
  fees.push_back(price);
  return fees;
}

TEST(SettleTimingTest, ALowPriceOrUrgencySettles) {
  const TimingPolicy policy{.deadline_blocks = 5};
  struct Row {
    const char* what;
    uint64_t price;
    OpenWork work;
    bool settles;
  };
  constexpr Row kRows[] = {
      {"the seventh lowest of 20", 106, {.age_blocks = 0}, true},
      {"the eighth", 107, {.age_blocks = 0}, false},
      {"the highest", 200, {.age_blocks = 0}, false},
      {"the highest, at the deadline", 200, {.age_blocks = 5}, true},
      {"the highest, with a batch that is full", 200, {.fullness_permille = 1000}, true},
      {"the highest, with withdrawals at a third of the deadline",
       200,
       {.age_blocks = 1, .has_withdrawals = true},
       true},
      {"low, but a young batch saves more by waiting", 105, {.entries = 50}, false},
      {"low enough for a young batch too", 60, {.entries = 100}, true},
      {"low, and the batch is old", 105, {.age_blocks = 4, .entries = 50}, true},
      {"an old batch, but a high price", 119, {.age_blocks = 4, .entries = 50}, false},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(IsTimeToSettle(policy, WindowEndingWith(row.price), row.work), row.settles)
        << row.what;
  }
}

TEST(SettleTimingTest, WithoutADeadlineOrWithoutAPastItSettlesAtOnce) {
  const std::vector<uint64_t> fees = WindowEndingWith(500);
  EXPECT_TRUE(IsTimeToSettle({.deadline_blocks = 0}, fees, {}));
  EXPECT_TRUE(IsTimeToSettle({.deadline_blocks = 11}, fees, {}));  // 20 of 44 are known.
  EXPECT_FALSE(IsTimeToSettle({.deadline_blocks = 10}, fees, {}));
  EXPECT_TRUE(IsTimeToSettle({.deadline_blocks = 10}, {}, {}));
}

TEST(FeeWindowTest, GrowsForgetsAndTakesBackWhatWasReplaced) {
  FeeWindow window(5);
  EXPECT_EQ(window.MissingAt(100), 5u);
  window.Add({.first_block = 98, .base_fees_wei = {1, 2, 3, 4}});  // 101 is the next block's.
  EXPECT_EQ(window.Fees(), (std::vector<uint64_t>{1, 2, 3, 4}));
  window.Add({.first_block = 100, .base_fees_wei = {30, 40, 50, 60}});
  EXPECT_EQ(window.Fees(), (std::vector<uint64_t>{2, 30, 40, 50, 60}));
  window.Add({.first_block = 101, .base_fees_wei = {7}});  // A shorter branch.
  EXPECT_EQ(window.Fees(), (std::vector<uint64_t>{2, 30, 7}));
  window.Add({.first_block = 200, .base_fees_wei = {8, 9}});  // What is between is not known.
  EXPECT_EQ(window.Fees(), (std::vector<uint64_t>{8, 9}));
  window.Add({.first_block = 200, .base_fees_wei = {}});
  EXPECT_EQ(window.size(), 2u);
}

TEST(FeeWindowTest, AsksForWhatIsNewAndALittleMore) {
  FeeWindow window(300);
  window.Add({.first_block = 1'000, .base_fees_wei = std::vector<uint64_t>(300, 5)});
  EXPECT_EQ(window.MissingAt(1'298), 8u);  // 1,299 is the next block's.
  EXPECT_EQ(window.MissingAt(1'308), 18u);
  EXPECT_EQ(window.MissingAt(2'000), 300u);
  EXPECT_EQ(window.MissingAt(900), 300u);
}

}  // namespace
}  // namespace tally::settlement
