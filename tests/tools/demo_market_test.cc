// The demo's view of the market: what it may send in parallel and what it draws depend on it.

#include <gtest/gtest.h>

#include "tools/demo_venue/market.h"

namespace tally::demo {
namespace {

flow::FlowStep NewStep(uint64_t order, Side side, int64_t price, int64_t lots) {
  return {.action = flow::FlowAction::kNew,
          .order = order,
          .side = side,
          .price = {price},
          .quantity = {lots}};
}

sdk::Report Fill(OrderId order, Liquidity liquidity, int64_t lots, int64_t leaves) {
  sdk::Report report;
  report.type = sdk::ReportType::kFill;
  report.order_id = order;
  report.trade_id = TradeId{1};
  report.price = {100};
  report.quantity = {lots};
  report.leaves = {leaves};
  report.liquidity = liquidity;
  return report;
}

TEST(DemoMarketTest, AnOrderMightTradeFromTheMomentItsCounterpartIsSent) {
  Market market;
  EXPECT_FALSE(market.MightTrade(Side::kBuy, {100}));
  market.Send(NewStep(7, Side::kSell, 100, 5));
  EXPECT_TRUE(market.MightTrade(Side::kBuy, {100}));
  EXPECT_FALSE(market.MightTrade(Side::kBuy, {99}));
  EXPECT_FALSE(market.MightTrade(Side::kSell, {1}));
}

TEST(DemoMarketTest, ARejectedOrCanceledOrderLeaves) {
  Market market;
  market.Send(NewStep(7, Side::kSell, 100, 5));
  market.Reject(7);
  EXPECT_FALSE(market.MightTrade(Side::kBuy, {100}));
  market.Send(NewStep(8, Side::kBuy, 90, 5));
  market.Accept(8, OrderId{2});
  EXPECT_EQ(market.best_bid(), PriceTicks{90});
  sdk::Report canceled;
  canceled.type = sdk::ReportType::kCanceled;
  canceled.order_id = OrderId{2};
  market.OnReport(canceled);
  EXPECT_EQ(market.best_bid(), std::nullopt);
}

TEST(DemoMarketTest, ATradeNamesBothRecordedOrdersWhicheverReportIsReadFirst) {
  Market market;
  market.Send(NewStep(7, Side::kSell, 100, 5));
  market.Accept(7, OrderId{1});
  market.Send(NewStep(9, Side::kBuy, 101, 2));
  market.Accept(9, OrderId{2});
  market.OnReport(Fill(OrderId{2}, Liquidity::kTaker, 2, 0));
  market.OnReport(Fill(OrderId{1}, Liquidity::kMaker, 2, 3));
  const std::vector<flow::FlowTrade> trades = market.Trades();
  ASSERT_EQ(trades.size(), 1u);
  EXPECT_EQ(trades[0].maker, 7u);
  EXPECT_EQ(trades[0].taker, 9u);
  EXPECT_EQ(trades[0].quantity, QuantityLots{2});
  EXPECT_EQ(market.best_bid(), std::nullopt);
  EXPECT_EQ(market.best_ask(), PriceTicks{100});
}

TEST(DemoMarketTest, DepthCountsBitcoinByRowAndSide) {
  Market market;
  market.Send(NewStep(1, Side::kBuy, 100, 200'000'000));
  market.Send(NewStep(2, Side::kBuy, 101, 100'000'000));
  market.Send(NewStep(3, Side::kSell, 110, 50'000'000));
  market.Send(NewStep(4, Side::kSell, 9'999, 50'000'000));  // Outside.
  DepthMap depth{.price_low = 100, .price_step = 5, .rows = 3};
  market.SetTime(42);
  market.SampleDepth(&depth);
  EXPECT_EQ(depth.times_ms, std::vector<int64_t>{42});
  EXPECT_EQ(depth.bids[0], (std::vector<double>{3, 0, 0}));
  EXPECT_EQ(depth.asks[0], (std::vector<double>{0, 0, 0.5}));
}

}  // namespace
}  // namespace tally::demo
