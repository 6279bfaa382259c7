#include "tools/flow/flow.h"

#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tools/flow/recorded_row.h"
#include "tools/flow/xz_file.h"

namespace tally::flow {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// The obvious price-time book: enough to see which trades the steps make.
class SlowBook {
 public:
  void Apply(const FlowStep& step) {
    switch (step.action) {
      case FlowAction::kNew:
        Add(step);
        return;
      case FlowAction::kCancel:
        Remove(step.order);
        return;
      case FlowAction::kReplace:
        ReduceTo(step.order, step.quantity);
        return;
    }
  }
  const std::vector<FlowTrade>& trades() const { return trades_; }
  std::size_t cancels_missed() const { return cancels_missed_; }

 private:
  struct Resting {
    uint64_t order;
    PriceTicks price;
    QuantityLots leaves;
    QuantityLots executed;
  };
  using Levels = std::map<int64_t, std::deque<Resting>>;  // Best first: bids by negative price.

  static int64_t Key(Side side, PriceTicks price) {
    return side == Side::kBuy ? -price.value : price.value;
  }

  void Add(const FlowStep& step) {
    Levels& others = step.side == Side::kBuy ? asks_ : bids_;
    QuantityLots leaves = step.quantity;
    while (leaves.value > 0 && !others.empty() &&
           others.begin()->first <= -Key(step.side, step.price)) {
      std::deque<Resting>& level = others.begin()->second;
      Resting& maker = level.front();
      const QuantityLots traded = std::min(leaves, maker.leaves);
      trades_.push_back({step.time_ms, 0, maker.price, traded, maker.order, step.order});
      leaves -= traded;
      maker.leaves -= traded;
      maker.executed += traded;
      if (maker.leaves.value == 0) {
        level.pop_front();
      }
      if (level.empty()) {
        others.erase(others.begin());
      }
    }
    if (leaves.value > 0) {
      Levels& own = step.side == Side::kBuy ? bids_ : asks_;
      own[Key(step.side, step.price)].push_back(
          {step.order, step.price, leaves, step.quantity - leaves});
    }
  }

  // The level and place of an order, or null.
  std::pair<Levels*, Levels::iterator> Find(uint64_t order, std::size_t* place) {
    for (Levels* levels : {&bids_, &asks_}) {
      for (auto level = levels->begin(); level != levels->end(); ++level) {
        for (*place = 0; *place < level->second.size(); ++*place) {
          if (level->second[*place].order == order) {
            return {levels, level};
          }
        }
      }
    }
    return {nullptr, {}};
  }

  void Remove(uint64_t order) {
    std::size_t place = 0;
    const auto [levels, level] = Find(order, &place);
    if (levels == nullptr) {
      ++cancels_missed_;
      return;
    }
    level->second.erase(level->second.begin() + static_cast<std::ptrdiff_t>(place));
    if (level->second.empty()) {
      levels->erase(level);
    }
  }

  void ReduceTo(uint64_t order, QuantityLots total) {
    std::size_t place = 0;
    const auto [levels, level] = Find(order, &place);
    if (levels != nullptr) {
      Resting& resting = level->second[place];
      resting.leaves = total - resting.executed;
    }
  }

  Levels bids_;
  Levels asks_;
  std::vector<FlowTrade> trades_;
  std::size_t cancels_missed_ = 0;
};

class FlowTest : public ::testing::Test {
 protected:
  static Flow FlowOf(const std::string& rows, FlowOptions options = {}) {
    const auto parsed = ParseRows("receive_ms,event,id,side,price_usd,amount_btc\n" + rows);
    EXPECT_TRUE(parsed.ok()) << parsed.status();
    const auto flow = BuildFlow(*parsed, options);
    EXPECT_TRUE(flow.ok()) << flow.status();
    return *flow;
  }
  static std::string Text(const Flow& flow) {
    std::string text;
    for (const FlowStep& step : flow.steps) {
      text += std::string(step.seed ? "seed " : "") + "?NCR"[static_cast<int>(step.action)] +
              std::to_string(step.order) + (step.side == Side::kBuy ? " buy " : " sell ") +
              std::to_string(step.quantity.value) + "@" + std::to_string(step.price.value) + "\n";
    }
    return text;
  }
};

TEST(ParseDecimalTest, TakesExactUnitsInPlainAndScientificNotation) {
  EXPECT_EQ(*ParseDecimal("236.47", 2), 23647);
  EXPECT_EQ(*ParseDecimal("236.3", 2), 23630);
  EXPECT_EQ(*ParseDecimal("236", 2), 23600);
  EXPECT_EQ(*ParseDecimal("1e-06", 8), 100);
  EXPECT_EQ(*ParseDecimal("3.61e-06", 8), 361);
  EXPECT_EQ(*ParseDecimal("0.00000000", 8), 0);
  EXPECT_EQ(*ParseDecimal("0.1000", 2), 10);
}

TEST(ParseDecimalTest, RefusesWhatIsNotAWholeNumberOfUnits) {
  for (const char* text : {"", ".", "1.005", "-1", "1e-9", "abc", "1.2.3", "1e", "9e18", " 1",
                           "99999999999999999999999999999999999999999999"}) {
    EXPECT_FALSE(ParseDecimal(text, 2).ok()) << text;
  }
}

TEST(ParseRowsTest, NamesTheLineOfABadRow) {
  const std::string header = "receive_ms,event,id,side,price_usd,amount_btc\n";
  EXPECT_FALSE(ParseRows("time,event\n").ok());
  EXPECT_THAT(std::string(ParseRows(header + "1,created,1,bid,1.00,1\n1,sold,1,bid,1.00,1\n")
                              .status()
                              .message()
                              .data()),
              HasSubstr("line 3"));
  EXPECT_FALSE(ParseRows(header + "1,created,1,buy,1.00,1\n").ok());
  EXPECT_FALSE(ParseRows(header + "1,created,1,bid,1.00\n").ok());
  EXPECT_FALSE(ParseRows(header + "1,created,1,bid,1.00,1,1\n").ok());
}

TEST_F(FlowTest, CreatedThenDeletedIsAnOrderAndItsCancel) {
  const Flow flow = FlowOf("1,created,7,bid,236.47,2\n5,deleted,7,bid,236.47,2\n");
  EXPECT_EQ(Text(flow), "N7 buy 200000000@23647\nC7 buy 0@23647\n");
  EXPECT_EQ(flow.steps[1].time_ms, 5);
}

TEST_F(FlowTest, ADecreaseThroughATradeIsNotSent) {
  const Flow flow = FlowOf(
      "1,created,7,bid,236.47,2\n"
      "2,created,8,ask,236.40,0.5\n"
      "3,deleted,8,ask,236.40,0\n"
      "3,changed,7,bid,236.47,1.5\n"
      "4,trade,1,,236.47,0.5\n"
      "9,deleted,7,bid,236.47,1.5\n");
  EXPECT_EQ(Text(flow), "N7 buy 200000000@23647\nN8 sell 50000000@23640\nC7 buy 0@23647\n");
  ASSERT_THAT(flow.trades, SizeIs(1));
  EXPECT_EQ(flow.trades[0].maker, 7u);
  EXPECT_EQ(flow.trades[0].taker, 8u);
}

TEST_F(FlowTest, ADecreaseWithoutATradeIsAReplace) {
  const Flow flow = FlowOf(
      "1,created,7,bid,236.47,2\n"
      "2,changed,7,bid,236.47,1.5\n"
      "9,deleted,7,bid,236.47,1.5\n");
  EXPECT_EQ(Text(flow), "N7 buy 200000000@23647\nR7 buy 150000000@23647\nC7 buy 0@23647\n");
}

TEST_F(FlowTest, AnOrderThatWasNeverCreatedIsSeededWithWhatItTraded) {
  const Flow flow = FlowOf(
      "1,created,8,ask,236.40,0.5\n"
      "3,deleted,8,ask,236.40,0\n"
      "3,changed,5,bid,236.47,1.5\n"
      "4,trade,1,,236.47,0.5\n"
      "9,deleted,6,bid,230.00,3\n");
  EXPECT_EQ(Text(flow),
            "seed N5 buy 200000000@23647\nseed N6 buy 300000000@23000\n"
            "N8 sell 50000000@23640\nC6 buy 0@23000\n");
  EXPECT_EQ(flow.seed_orders, 2u);
}

TEST_F(FlowTest, AMarketOrderIsSentAtItsWorstPrice) {
  const Flow flow = FlowOf(
      "1,created,5,bid,236.47,1\n"
      "1,created,6,bid,236.40,1\n"
      "2,created,8,ask,236.47,2\n"
      "3,deleted,5,bid,236.47,0\n"
      "3,changed,8,ask,236.47,1\n"
      "4,trade,1,,236.47,1\n"
      "5,changed,8,ask,236.40,1\n"
      "6,deleted,6,bid,236.40,0\n"
      "6,deleted,8,ask,236.40,0\n"
      "7,trade,2,,236.40,1\n");
  EXPECT_EQ(Text(flow),
            "N5 buy 100000000@23647\nN6 buy 100000000@23640\nN8 sell 200000000@23640\n");
  EXPECT_EQ(flow.market_orders, 1u);
}

TEST_F(FlowTest, TheRoundingRemainderOfAMoneySizedOrderIsDropped) {
  const Flow flow = FlowOf(
      "1,created,5,ask,236.68,2\n"
      "2,created,8,bid,236.68,1.34117796\n"
      "3,deleted,8,bid,236.68,1.34117796\n"
      "3,changed,5,ask,236.68,0.65886429\n"
      "4,trade,1,,236.68,1.34113571\n");
  EXPECT_EQ(Text(flow), "N5 sell 200000000@23668\nN8 buy 134113571@23668\n");
  EXPECT_EQ(flow.trades_unattributed, 0u);
}

TEST_F(FlowTest, ADeletionReceivedBeforeTheCreationIsPutInOrder) {
  const Flow flow = FlowOf("1,deleted,7,bid,236.47,2\n5,created,7,bid,236.47,2\n");
  EXPECT_EQ(Text(flow), "N7 buy 200000000@23647\nC7 buy 0@23647\n");
}

TEST_F(FlowTest, OrdersThatTradedNeverShareAnAccount) {
  std::string rows;
  for (int i = 0; i < 50; ++i) {
    const std::string maker = std::to_string(2 * i + 1), taker = std::to_string(2 * i + 2);
    rows += "1,created," + maker + ",bid,236.47,1\n1,created," + taker + ",ask,236.47,1\n" +
            "1,deleted," + maker + ",bid,236.47,0\n1,deleted," + taker + ",ask,236.47,0\n" +
            "1,trade," + std::to_string(i + 1) + ",,236.47,1\n";
  }
  const Flow flow = FlowOf(rows, {.account_count = 2});
  std::map<uint64_t, AccountId> accounts;
  for (const FlowStep& step : flow.steps) {
    accounts[step.order] = step.account;
  }
  ASSERT_THAT(flow.trades, SizeIs(50));
  for (const FlowTrade& trade : flow.trades) {
    EXPECT_NE(accounts[trade.maker], accounts[trade.taker]);
  }
}

TEST_F(FlowTest, DepositsCoverTheLargestHold) {
  const Flow flow =
      FlowOf("1,created,7,bid,100.00,1\n2,deleted,7,bid,100.00,1\n3,created,7000,bid,100.00,2\n",
             {.account_count = 2, .fee_hundredths_bp_max = 0});
  __int128 quote = 0;
  for (const FlowDeposit& deposit : flow.deposits) {
    EXPECT_EQ(deposit.base.value, 0);
    quote += deposit.quote.value;
  }
  // 2 BTC at 100 USD is 2e8 lots * 1e4 ticks; the first order may be another account's.
  EXPECT_GE(quote, __int128{2'000'000'000'000});
  EXPECT_LE(quote, __int128{3'000'010'000'000});
}

TEST(CompareTradesTest, CountsEachTradeOnce) {
  const FlowTrade a{1, 1, {100}, {5}, 1, 2};
  const FlowTrade b{1, 2, {100}, {5}, 1, 3};
  const TradeComparison result = CompareTrades(std::vector{a, a, a}, std::vector{a, b});
  EXPECT_EQ(result.matched, 2u);
  EXPECT_EQ(result.matched_orders, 1u);
  EXPECT_EQ(result.recorded_lots.value, 10);
  EXPECT_EQ(result.our_lots.value, 15);
}

TEST(XzFileTest, SaysWhatIsWrongWithAFile) {
  EXPECT_EQ(ReadXzFile("no-such-file.xz", 1000).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReadXzFile(TALLY_FLOW_FILE, 1000).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST(RecordedFlowTest, OurBookMakesTheRecordedTrades) {
  const auto rows = ReadRows(TALLY_FLOW_FILE);
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_THAT(*rows, SizeIs(50'989));
  const auto flow = BuildFlow(*rows, {});
  ASSERT_TRUE(flow.ok()) << flow.status();
  EXPECT_EQ(flow->trades_unattributed, 0u);
  EXPECT_THAT(flow->trades, SizeIs(575));

  SlowBook book;
  std::size_t trades_by_seed = 0;
  for (const FlowStep& step : flow->steps) {
    book.Apply(step);
    trades_by_seed += step.seed ? book.trades().size() : 0;
  }
  EXPECT_EQ(trades_by_seed, 0u);
  const TradeComparison result = CompareTrades(book.trades(), flow->trades);
  // 571 of 575 (99.3 %) with the same orders. The other four come of two market buys that took
  // seconds to walk the book while it moved.
  EXPECT_EQ(result.matched, 571u);
  EXPECT_EQ(result.matched_orders, 571u);
  EXPECT_EQ(result.recorded_lots.value, 84'765'711'841);
  EXPECT_EQ(result.our_lots, result.recorded_lots);
  EXPECT_LE(book.cancels_missed(), 2u);
  RecordProperty("steps", static_cast<int>(flow->steps.size()));
}

}  // namespace
}  // namespace tally::flow
