// What a client can ask of a served venue: every kind of order, groups, quotes, time by the
// server's clock; and all of it survives a crash.

#include <vector>

#include "base/clock.h"
#include "tests/e2e/market_venue.h"

namespace tally {
namespace {

TEST_F(MarketTest, IcebergShowsItsPartsAndTheBookFeedFollows) {
  Member maker(venue_.port(), 2);
  Member taker(venue_.port(), 3);
  ASSERT_TRUE(taker.client->Subscribe(kBtc, {.levels = true}).ok());
  ASSERT_TRUE(taker.Until([&] { return taker.snapshots.size() == 1; }));
  EXPECT_TRUE(taker.snapshots[0].entries.empty());
  const Report iceberg = maker.Answer(maker.client->NewOrder(
      sdk::IcebergOrder({kBtc, Side::kSell, {100}}, PriceTicks{1'000}, QuantityLots{10})));
  ASSERT_EQ(iceberg.type, ReportType::kAccepted) << ToString(iceberg);
  EXPECT_EQ(iceberg.displayed.value, 10);
  EXPECT_EQ(iceberg.phase, TradingPhase::kContinuous);
  ASSERT_TRUE(taker.Until([&] { return !taker.levels.empty(); }));
  EXPECT_EQ(taker.levels[0].quantity.value, 10);
  EXPECT_EQ(taker.levels[0].book_sequence, taker.snapshots[0].book_sequence + 1);
  taker.Limit(Side::kBuy, 1'000, 10);
  const Report refreshed = maker.Await(ReportType::kRestated, iceberg.order_id);
  EXPECT_EQ(refreshed.restate_reason, sdk::RestateReason::kRefresh);
  EXPECT_EQ(refreshed.displayed.value, 10);
  EXPECT_EQ(refreshed.leaves.value, 90);
}

TEST_F(MarketTest, StopIsTriggeredByATrade) {
  Member maker(venue_.port(), 2);
  Member taker(venue_.port(), 3);
  const Report stop = taker.Answer(taker.client->NewOrder(sdk::StopOrder(
      {kBtc, Side::kBuy, {5}}, {.stop_price = {1'001}}, /*worst=*/PriceTicks{1'100})));
  ASSERT_EQ(stop.type, ReportType::kAccepted) << ToString(stop);
  EXPECT_EQ(stop.stop_price.value, 1'001);
  maker.Limit(Side::kSell, 1'001, 20);
  taker.Limit(Side::kBuy, 1'001, 1);
  const Report triggered = taker.Await(ReportType::kTriggered, stop.order_id);
  EXPECT_EQ(triggered.order_type, OrderType::kMarket);
  EXPECT_EQ(triggered.trigger_price.value, 1'001);
  EXPECT_EQ(taker.Await(ReportType::kFill, stop.order_id).quantity.value, 5);
}

TEST_F(MarketTest, FilledLegOfAnOcoCancelsTheOther) {
  Member owner(venue_.port(), 2);
  Member other(venue_.port(), 3);
  const sdk::OrderBasics sell{kBtc, Side::kSell, {5}};
  const std::vector<sdk::NewOrderRequest> legs = {
      sdk::LimitOrder(sell, PriceTicks{1'200}),
      sdk::StopOrder(sell, {.stop_price = {900}}, /*worst=*/PriceTicks{800})};
  const auto tickets = owner.client->NewGroup(Contingency::kOco, legs);
  ASSERT_TRUE(tickets.ok()) << tickets.status();
  const Report limit = owner.Answer(tickets->at(0));
  const Report stop = owner.Answer(tickets->at(1));
  ASSERT_EQ(limit.type, ReportType::kAccepted) << ToString(limit);
  ASSERT_EQ(stop.type, ReportType::kAccepted) << ToString(stop);
  EXPECT_EQ(limit.contingency, Contingency::kOco);
  EXPECT_EQ(limit.group_id, stop.group_id);
  other.Limit(Side::kBuy, 1'200, 5);
  EXPECT_EQ(owner.Await(ReportType::kFill, limit.order_id).quantity.value, 5);
  EXPECT_EQ(owner.Await(ReportType::kCanceled, stop.order_id).cancel_reason,
            sdk::CancelReason::kGroup);
}

TEST_F(MarketTest, FilledEntryOfABracketStartsItsExits) {
  Member owner(venue_.port(), 2);
  Member other(venue_.port(), 3);
  const sdk::OrderBasics sell{kBtc, Side::kSell, {5}};
  const std::vector<sdk::NewOrderRequest> legs = {
      sdk::LimitOrder({kBtc, Side::kBuy, {5}}, PriceTicks{1'000}),
      sdk::LimitOrder(sell, PriceTicks{1'200}),
      sdk::StopOrder(sell, {.stop_price = {900}}, /*worst=*/PriceTicks{800})};
  const auto tickets = owner.client->NewGroup(Contingency::kOtoco, legs);
  ASSERT_TRUE(tickets.ok()) << tickets.status();
  const Report entry = owner.Answer(tickets->at(0));
  const Report profit = owner.Answer(tickets->at(1));
  const Report stop = owner.Answer(tickets->at(2));
  ASSERT_EQ(stop.type, ReportType::kAccepted) << ToString(stop);
  EXPECT_EQ(entry.contingency, Contingency::kOtoco);
  // The exits wait for the entry: nobody can trade with them yet.
  sdk::NewOrderRequest early = sdk::LimitOrder({kBtc, Side::kBuy, {5}}, PriceTicks{1'200});
  early.time_in_force = TimeInForce::kIoc;
  const OrderId taker = other.Answer(other.client->NewOrder(early)).order_id;
  EXPECT_EQ(other.Await(ReportType::kCanceled, taker).cumulative.value, 0);
  other.Limit(Side::kSell, 1'000, 5);
  EXPECT_EQ(owner.Await(ReportType::kFill, entry.order_id).quantity.value, 5);
  other.Limit(Side::kBuy, 1'200, 5);
  EXPECT_EQ(owner.Await(ReportType::kFill, profit.order_id).quantity.value, 5);
  EXPECT_EQ(owner.Await(ReportType::kCanceled, stop.order_id).cancel_reason,
            sdk::CancelReason::kGroup);
}

TEST_F(MarketTest, AnOrderStartsTheNextWhenItIsFilledCompletely) {
  Member owner(venue_.port(), 2);
  Member other(venue_.port(), 3);
  const std::vector<sdk::NewOrderRequest> legs = {
      sdk::LimitOrder({kBtc, Side::kBuy, {5}}, PriceTicks{1'000}),
      sdk::LimitOrder({kBtc, Side::kSell, {5}}, PriceTicks{1'200})};
  const auto tickets = owner.client->NewGroup(Contingency::kOto, legs);
  ASSERT_TRUE(tickets.ok()) << tickets.status();
  const Report first = owner.Answer(tickets->at(0));
  const Report second = owner.Answer(tickets->at(1));
  ASSERT_EQ(second.type, ReportType::kAccepted) << ToString(second);
  EXPECT_EQ(second.contingency, Contingency::kOto);
  ASSERT_TRUE(other.client->Subscribe(kBtc, {.orders = true}).ok());
  ASSERT_TRUE(other.Until([&] { return other.snapshots.size() == 1; }));
  ASSERT_EQ(other.snapshots[0].entries.size(), 1u);
  EXPECT_EQ(other.snapshots[0].entries[0].order_id, first.order_id);
  other.Limit(Side::kSell, 1'000, 4);
  EXPECT_EQ(owner.Await(ReportType::kFill, first.order_id).leaves.value, 1);
  other.Limit(Side::kSell, 1'000, 1);
  other.Limit(Side::kBuy, 1'200, 5);
  EXPECT_EQ(owner.Await(ReportType::kFill, second.order_id).quantity.value, 5);
}

// The entry's cancel ends what waited for it.
TEST_F(MarketTest, ACanceledEntryEndsItsBracket) {
  Member owner(venue_.port(), 2);
  const sdk::OrderBasics sell{kBtc, Side::kSell, {5}};
  const std::vector<sdk::NewOrderRequest> legs = {
      sdk::LimitOrder({kBtc, Side::kBuy, {5}}, PriceTicks{1'000}),
      sdk::LimitOrder(sell, PriceTicks{1'200}),
      sdk::StopOrder(sell, {.stop_price = {900}}, /*worst=*/PriceTicks{800})};
  const auto tickets = owner.client->NewGroup(Contingency::kOtoco, legs);
  ASSERT_TRUE(tickets.ok()) << tickets.status();
  const Report entry = owner.Answer(tickets->at(0));
  const Report profit = owner.Answer(tickets->at(1));
  const Report stop = owner.Answer(tickets->at(2));
  owner.Answer(owner.client->Cancel({.order_id = entry.order_id}));
  for (const Report& leg : {profit, stop}) {
    EXPECT_EQ(owner.Await(ReportType::kCanceled, leg.order_id).cancel_reason,
              sdk::CancelReason::kGroup);
  }
}

TEST_F(MarketTest, OrderWithATimeEndsByTheServersClock) {
  Member maker(venue_.port(), 2);
  const int64_t soon_ns = RealClock().NowNs() + 300'000'000;
  const Report order = maker.Answer(maker.client->NewOrder(
      sdk::Until(sdk::LimitOrder({kBtc, Side::kBuy, {5}}, PriceTicks{900}), soon_ns)));
  ASSERT_EQ(order.type, ReportType::kAccepted) << ToString(order);
  const Report ended = maker.Await(ReportType::kCanceled, order.order_id);
  EXPECT_EQ(ended.cancel_reason, sdk::CancelReason::kExpired);
  EXPECT_GE(ended.engine_ns, soon_ns);
}

TEST_F(MarketTest, QuotesReplaceInPlaceAndAreCanceledAlone) {
  Member quoter(venue_.port(), 4);
  const auto ladder = sdk::MakeLadder({.instrument = kBtc,
                                       .maker_group = 1,
                                       .bid = {990},
                                       .ask = {1'010},
                                       .step = {5},
                                       .quantity = {7},
                                       .levels = 3});
  const auto tickets = quoter.client->QuoteLadder(ladder);
  ASSERT_TRUE(tickets.ok()) << tickets.status();
  for (const sdk::CommandTicket& ticket : *tickets) {
    const Report done = quoter.Answer(ticket);
    EXPECT_EQ(done.type, ReportType::kQuoteDone) << ToString(done);
    EXPECT_EQ(done.bid.leaves.value, 7);
    EXPECT_EQ(done.ask.code, sdk::ErrorCode::kOk);
  }
  const Report order = quoter.Limit(Side::kBuy, 900, 1);
  const Report canceled = quoter.Answer(quoter.client->MassCancel({.quotes_only = true}));
  EXPECT_EQ(canceled.canceled_count, 6u);
  EXPECT_EQ(quoter.Answer(quoter.client->QueryOrder({.order_id = order.order_id})).type,
            ReportType::kOrderState);
}

TEST_F(MarketTest, BookSnapshotAfterARestartIsTheBookBeforeIt) {
  {
    Member maker(venue_.port(), 2);
    maker.Limit(Side::kBuy, 900, 3);
    maker.Limit(Side::kBuy, 900, 4);
    maker.Limit(Side::kSell, 1'000, 5);
  }
  const auto snapshot = [&] {
    Member reader(venue_.port(), 3);
    EXPECT_TRUE(reader.client->Subscribe(kBtc, {.orders = true}).ok());
    EXPECT_TRUE(reader.Until([&] { return reader.snapshots.size() == 1; }));
    return reader.snapshots.at(0);
  };
  const sdk::BookSnapshot before = snapshot();
  venue_.Kill();
  ASSERT_TRUE(venue_.Start().ok()) << venue_.LogTail();
  const sdk::BookSnapshot after = snapshot();
  EXPECT_EQ(before.book_sequence, after.book_sequence);
  ASSERT_EQ(before.entries.size(), 3u);
  ASSERT_EQ(after.entries.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(before.entries[i].order_id, after.entries[i].order_id);
    EXPECT_EQ(before.entries[i].quantity, after.entries[i].quantity);
  }
}

}  // namespace
}  // namespace tally
