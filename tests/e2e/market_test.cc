// What a client and an operator can ask of a served venue: every kind of order, quotes, auctions by
// the operator's hand, time by the server's clock, kill switches; and all of it survives a crash.

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "sdk/client.h"
#include "sdk/orders.h"
#include "tests/support/venue_client.h"
#include "tests/support/venue_process.h"

namespace tally {
namespace {

using sdk::Report;
using sdk::ReportType;
using ::testing::HasSubstr;

constexpr InstrumentId kBtc{1};
constexpr int kPatienceMs = 30'000;
constexpr char kMarketLines[] = R"([instruments.rules]
hidden = true
book_deltas = true
[[protections]]
account = 4
maker_group = 1
window_ms = 60000
count_max = 1000
)";

// A client, and everything it was told.
class Member final : private sdk::Listener {
 public:
  Member(uint16_t port, uint64_t key_id) {
    auto created = sdk::Client::Create(TestClientOptions(port, key_id, 7), this);
    client = *std::move(created);
    EXPECT_TRUE(client->Start().ok());
    EXPECT_TRUE(Until([&] { return client->state() == sdk::ClientState::kLive; }));
  }

  bool Until(const std::function<bool()>& done) { return client->RunUntil(done, kPatienceMs).ok(); }
  // The report that answers a command.
  Report Answer(const absl::StatusOr<sdk::CommandTicket>& ticket) {
    EXPECT_TRUE(ticket.ok()) << ticket.status();
    const uint64_t sequence = ticket.ok() ? ticket->client_sequence : 0;
    const Report* found = nullptr;
    EXPECT_TRUE(Until([&] {
      found = Last([&](const Report& r) { return r.answers && r.client_sequence == sequence; });
      return found != nullptr;
    }));
    return found == nullptr ? Report{} : *found;
  }
  Report Await(const std::function<bool(const Report&)>& matches) {
    const Report* found = nullptr;
    EXPECT_TRUE(Until([&] { return (found = Last(matches)) != nullptr; }));
    return found == nullptr ? Report{} : *found;
  }
  Report Await(ReportType type, OrderId order) {
    return Await([=](const Report& r) { return r.type == type && r.order_id == order; });
  }
  const Report* Last(const std::function<bool(const Report&)>& matches) const {
    const auto found = std::find_if(reports.rbegin(), reports.rend(), matches);
    return found == reports.rend() ? nullptr : &*found;
  }
  Report Limit(Side side, int64_t price, int64_t quantity) {
    return Answer(client->NewOrder(sdk::LimitOrder({kBtc, side, {quantity}}, PriceTicks{price})));
  }

  std::unique_ptr<sdk::Client> client;
  std::vector<Report> reports;
  std::vector<sdk::PhaseChange> phases;
  std::vector<sdk::Indicative> indicatives;
  std::vector<sdk::BookSnapshot> snapshots;
  std::vector<sdk::BookLevel> levels;

 private:
  void OnReport(const Report& report) override { reports.push_back(report); }
  void OnPhase(const sdk::PhaseChange& change) override { phases.push_back(change); }
  void OnIndicative(const sdk::Indicative& indicative) override {
    indicatives.push_back(indicative);
  }
  void OnBookSnapshot(const sdk::BookSnapshot& snapshot) override { snapshots.push_back(snapshot); }
  void OnBookLevel(const sdk::BookLevel& level) override { levels.push_back(level); }
};

class MarketTest : public ::testing::Test {
 protected:
  MarketTest() : venue_(TALLY_PROGRAM, {.market_lines = kMarketLines}) {}

  void SetUp() override {
    ASSERT_TRUE(venue_.Start().ok()) << venue_.LogTail();
    SettlementClient settlement(venue_.port());
    ASSERT_TRUE(settlement.Fund({2, 3, 4}));
    ASSERT_TRUE(VenueKey(kVenueAdminKey).Save(KeyPath()).ok());
  }

  // The journal replays to the same events and hashes, also after a crash.
  void TearDown() override {
    venue_.Kill();
    ASSERT_TRUE(venue_.Start().ok()) << venue_.LogTail();
    ASSERT_EQ(venue_.Terminate().value_or(-1), 0) << venue_.LogTail();
    const CommandResult replay = venue_.Replay({"--json"});
    EXPECT_EQ(replay.exit_code, 0) << replay.output;
    const auto json = nlohmann::json::parse(replay.output, nullptr, false);
    ASSERT_FALSE(json.is_discarded()) << replay.output;
    EXPECT_TRUE(json["identical"].get<bool>());
    EXPECT_THAT(venue_.LogTail(), HasSubstr(json["state_hash"].get<std::string>()));
  }

  std::string KeyPath() const { return venue_.directory() + "/admin.key"; }

  // `tally venue ...` as the operator.
  CommandResult Operate(std::vector<std::string> arguments) {
    std::vector<std::string> all = {TALLY_PROGRAM, "venue"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    for (const std::string& more :
         {std::string("--config"), venue_.config_path(), std::string("--port"),
          absl::StrCat(venue_.port()), std::string("--key"), KeyPath(), std::string("--key-id"),
          absl::StrCat(kVenueAdminKey)}) {
      all.push_back(more);
    }
    return RunCommand(all);
  }

  VenueProcess venue_;
};

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

TEST_F(MarketTest, OperatorRunsAnAuction) {
  Member buyer(venue_.port(), 2);
  Member seller(venue_.port(), 3);
  ASSERT_TRUE(buyer.client->Subscribe(kBtc, {.phase = true, .indicative = true}).ok());
  CommandResult result =
      Operate({"phase", "--instrument", "BTC/USD", "--phase", "opening_auction"});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  ASSERT_TRUE(buyer.Until([&] { return !buyer.phases.empty(); }));
  const Report bid = buyer.Limit(Side::kBuy, 1'010, 10);
  const Report offer = seller.Limit(Side::kSell, 990, 10);
  EXPECT_EQ(offer.phase, TradingPhase::kOpeningAuction);
  ASSERT_TRUE(buyer.Until(
      [&] { return !buyer.indicatives.empty() && buyer.indicatives.back().quantity.value == 10; }));
  EXPECT_EQ(buyer.Last([](const Report& r) { return r.type == ReportType::kFill; }), nullptr);
  result = Operate({"phase", "--instrument", "all", "--phase", "continuous"});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  const Report fill = buyer.Await(ReportType::kFill, bid.order_id);
  EXPECT_EQ(fill.liquidity, Liquidity::kAuction);
  EXPECT_EQ(fill.quantity.value, 10);
  EXPECT_EQ(seller.Await(ReportType::kFill, offer.order_id).price, fill.price);
}

TEST_F(MarketTest, PhaseWithAnEndIsEndedByTheServersClock) {
  Member member(venue_.port(), 2);
  ASSERT_TRUE(member.client->Subscribe(kBtc, {.phase = true}).ok());
  const CommandResult result = Operate(
      {"phase", "--instrument", "1", "--phase", "halt", "--for-ms", "300", "--next", "continuous"});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  ASSERT_TRUE(member.Until([&] {
    return !member.phases.empty() && member.phases.back().phase == TradingPhase::kContinuous &&
           member.phases.back().reason == sdk::PhaseReason::kSchedule;
  }));
  EXPECT_EQ(member.Limit(Side::kBuy, 900, 1).type, ReportType::kAccepted);
}

TEST_F(MarketTest, KillSwitchCancelsAndRefusesUntilReleased) {
  Member member(venue_.port(), 2);
  const Report order = member.Limit(Side::kBuy, 900, 1);
  ASSERT_EQ(order.type, ReportType::kAccepted);
  CommandResult result = Operate({"kill", "--scope", "account", "--account", "2"});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_EQ(member.Await(ReportType::kCanceled, order.order_id).cancel_reason,
            sdk::CancelReason::kKillSwitch);
  EXPECT_EQ(member.Limit(Side::kBuy, 900, 1).code, sdk::ErrorCode::kKillSwitch);
  result = Operate({"kill", "--scope", "account", "--account", "2", "--release"});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_EQ(member.Limit(Side::kBuy, 900, 1).type, ReportType::kAccepted);
  // One session alone, named by the number it logged on with.
  result = Operate({"kill", "--scope", "session", "--account", "2", "--target-session", "7"});
  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_EQ(member.Limit(Side::kBuy, 900, 1).code, sdk::ErrorCode::kKillSwitch);
}

TEST_F(MarketTest, OperatorCommandsHaveStableExitStatuses) {
  EXPECT_EQ(Operate({"fees", "--class", "1", "--maker", "-100", "--taker", "300"}).exit_code, 0);
  EXPECT_EQ(Operate({"protection", "--account", "2", "--maker-group", "5", "--window-ms", "1000",
                     "--count-max", "10"})
                .exit_code,
            0);
  EXPECT_EQ(Operate({"rules", "--instrument", "BTC/USD", "--fat-finger-bp", "500"}).exit_code, 0);
  const CommandResult refused = Operate({"kill", "--scope", "account", "--account", "60"});
  EXPECT_EQ(refused.exit_code, 1) << refused.output;
  EXPECT_THAT(refused.output, HasSubstr("UNKNOWN_ACCOUNT"));
  const CommandResult unknown = Operate({"phase", "--instrument", "DOGE", "--phase", "halt"});
  EXPECT_EQ(unknown.exit_code, 2) << unknown.output;
  EXPECT_THAT(unknown.output, HasSubstr("DOGE"));
  EXPECT_EQ(Operate({"phase", "--instrument", "1", "--phase", "open"}).exit_code, 2);
  EXPECT_EQ(Operate({"explode"}).exit_code, 2);
}

TEST_F(MarketTest, TradersHaveNoOperatorCommands) {
  Member member(venue_.port(), 2);
  ASSERT_TRUE(member.client->KillSwitch({.scope = sdk::KillScope::kVenue}).ok());
  EXPECT_FALSE(member.Until([] { return false; }));
  EXPECT_EQ(member.client->state(), sdk::ClientState::kFailed);
  EXPECT_THAT(std::string(member.client->status().message()), HasSubstr("PERMISSION"));
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
