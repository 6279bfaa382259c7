// The client library against the real gateway and a real core, over TCP.

#include <memory>
#include <random>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sdk/client.h"
#include "tests/sdk/gateway_venue.h"

namespace tally::sdk {
namespace {

using ::testing::SizeIs;

class Trader final : public Listener {
 public:
  Trader(const GatewayVenue& venue, uint64_t key, uint64_t session_id = 7) {
    client = *Client::Create({.port = venue.port(),
                              .key_id = key,
                              .key = GatewayVenue::Key(key),
                              .session_id = session_id,
                              .reconnect_ms_min = 1,
                              .reconnect_ms_max = 5},
                             this);
    EXPECT_TRUE(client->Start().ok());
    EXPECT_TRUE(Until([&] { return client->state() == ClientState::kLive; }));
  }

  template <typename Done>
  bool Until(Done&& done) {
    const absl::Status status = client->RunUntil(done, kPatienceMs);
    EXPECT_TRUE(status.ok()) << status;
    return status.ok();
  }
  bool UntilAnswered() {
    return Until([&] { return client->unanswered() == 0; });
  }
  CommandTicket Send(Side side, int64_t price, int64_t quantity) {
    const auto ticket = client->NewOrder({.instrument = gateway::kInstrument,
                                          .side = side,
                                          .price = {price},
                                          .quantity = {quantity}});
    EXPECT_TRUE(ticket.ok()) << ticket.status();
    return *ticket;
  }

  void OnReport(const Report& report) override {
    EXPECT_EQ(report.sequence, reports.size() + 1);
    if (report.answers) {
      EXPECT_EQ(report.client_sequence, ++answers);
    }
    reports.push_back(report);
  }
  void OnTrade(const MarketTrade& trade) override { trades.push_back(trade); }
  void OnBookTop(const BookTop& top) override { tops.push_back(top); }
  void OnInstrument(const Instrument& instrument) override { instruments.push_back(instrument); }

  std::unique_ptr<Client> client;
  std::vector<Report> reports;
  std::vector<MarketTrade> trades;
  std::vector<BookTop> tops;
  std::vector<Instrument> instruments;
  uint64_t answers = 0;
};

TEST(SdkGatewayTest, TwoTradersMeet) {
  GatewayVenue venue;
  Trader alice(venue, 1), bob(venue, 2);
  alice.Send(Side::kSell, 100, 10);
  ASSERT_TRUE(alice.UntilAnswered());
  bob.Send(Side::kBuy, 105, 4);
  ASSERT_TRUE(bob.Until([&] { return bob.reports.size() == 2; }));
  ASSERT_TRUE(alice.Until([&] { return alice.reports.size() == 2; }));
  EXPECT_EQ(bob.reports[1].type, ReportType::kFill);
  EXPECT_EQ(bob.reports[1].price.value, 100);
  EXPECT_EQ(bob.reports[1].liquidity, Liquidity::kTaker);
  EXPECT_EQ(alice.reports[1].type, ReportType::kFill);
  EXPECT_EQ(alice.reports[1].leaves.value, 6);

  ASSERT_TRUE(
      alice.client
          ->Replace(
              {.target = {.client_order_id = ClientOrderId{1}}, .price = {101}, .quantity = {9}})
          .ok());
  ASSERT_TRUE(alice.client->QueryOrder({.client_order_id = ClientOrderId{2}}).ok());
  ASSERT_TRUE(alice.client->Cancel({.client_order_id = ClientOrderId{2}}).ok());
  ASSERT_TRUE(alice.client->MassCancel({}).ok());
  ASSERT_TRUE(alice.client->QueryAccount().ok());
  ASSERT_TRUE(alice.UntilAnswered());
  ASSERT_THAT(alice.reports, SizeIs(8));
  EXPECT_EQ(alice.reports[2].type, ReportType::kReplaced);
  EXPECT_EQ(alice.reports[3].type, ReportType::kOrderState);
  EXPECT_EQ(alice.reports[3].leaves.value, 5);
  EXPECT_EQ(alice.reports[4].type, ReportType::kCanceled);
  EXPECT_EQ(alice.reports[5].type, ReportType::kMassCancelDone);
  EXPECT_EQ(alice.reports[6].available.value, 1'000'000'000'000 - 4);
  EXPECT_EQ(alice.reports[7].available.value, 1'000'000'000'000 + 400);
  EXPECT_TRUE(alice.reports[7].last);
}

TEST(SdkGatewayTest, CancelOfAnOrderOfAnotherSessionIsAnswered) {
  GatewayVenue venue;
  Trader one(venue, 1, 7), two(venue, 1, 8);
  one.Send(Side::kBuy, 100, 10);
  ASSERT_TRUE(one.UntilAnswered());
  ASSERT_TRUE(two.client->Cancel({.order_id = one.reports[0].order_id}).ok());
  ASSERT_TRUE(two.client->QueryAccount().ok());
  ASSERT_TRUE(two.UntilAnswered());
  EXPECT_EQ(two.reports[0].type, ReportType::kCommandDone);
  EXPECT_TRUE(two.reports[0].answers);
  ASSERT_TRUE(one.Until([&] { return one.reports.size() == 2; }));
  EXPECT_EQ(one.reports[1].type, ReportType::kCanceled);
  EXPECT_EQ(one.reports[1].client_sequence, 0u);
}

TEST(SdkGatewayTest, RejectsNameTheirCause) {
  GatewayVenue venue;
  Trader alice(venue, 1);
  alice.Send(Side::kBuy, 100, 0);
  alice.Send(Side::kBuy, 999'999, 999'999);
  ASSERT_TRUE(alice.client->Cancel({.order_id = OrderId{12345}}).ok());
  ASSERT_TRUE(alice.UntilAnswered());
  ASSERT_THAT(alice.reports, SizeIs(3));
  EXPECT_EQ(alice.reports[0].code, ErrorCode::kBadLot);
  EXPECT_EQ(alice.reports[1].type, ReportType::kAccepted);
  EXPECT_EQ(alice.reports[2].code, ErrorCode::kUnknownOrder);
}

TEST(SdkGatewayTest, MarketDataFollowsASubscription) {
  GatewayVenue venue;
  Trader alice(venue, 1), bob(venue, 2);
  ASSERT_TRUE(alice.client->Subscribe(InstrumentId{}, true, true).ok());
  ASSERT_TRUE(alice.Until([&] { return alice.instruments.size() == 1; }));
  bob.Send(Side::kSell, 100, 10);
  ASSERT_TRUE(bob.UntilAnswered());
  ASSERT_TRUE(alice.Until(
      [&] { return !alice.tops.empty() && alice.tops.back().ask_quantity.value == 10; }));
  alice.Send(Side::kBuy, 100, 3);
  ASSERT_TRUE(alice.Until([&] { return alice.trades.size() == 1; }));
  EXPECT_EQ(alice.trades[0].quantity.value, 3);
  EXPECT_EQ(alice.trades[0].aggressor, Side::kBuy);
}

TEST(SdkGatewayTest, OnlyTheRelayerMayDeposit) {
  GatewayVenue venue;
  Trader relayer(venue, GatewayVenue::kRelayerKey), alice(venue, 1);
  const ChainTransfer deposit{
      .index = 5, .chain_id = 1, .account = AccountId{1}, .asset = gateway::kBase, .amount = {50}};
  ASSERT_TRUE(relayer.client->Deposit(deposit).ok());
  ChainTransfer ahead = deposit;
  ahead.index = 7;
  ASSERT_TRUE(relayer.client->Deposit(ahead).ok());
  ASSERT_TRUE(relayer.UntilAnswered());
  ASSERT_THAT(relayer.reports, SizeIs(2));
  EXPECT_EQ(relayer.reports[0].type, ReportType::kCommandDone);
  EXPECT_EQ(relayer.reports[1].code, ErrorCode::kOutOfOrderTransfer);

  ASSERT_TRUE(alice.client->Deposit(deposit).ok());
  EXPECT_EQ(alice.client->RunUntil([] { return false; }, kPatienceMs).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(alice.client->state(), ClientState::kFailed);
}

TEST(SdkGatewayTest, AnotherKeyCannotHaveTheSession) {
  GatewayVenue venue;
  Trader alice(venue, 1);
  Trader* const listener = &alice;
  auto thief = Client::Create(
      {.port = venue.port(), .key_id = 1, .key = GatewayVenue::Key(2), .session_id = 7}, listener);
  ASSERT_TRUE((*thief)->Start().ok());
  EXPECT_EQ((*thief)->RunUntil([] { return false; }, kPatienceMs).code(),
            absl::StatusCode::kPermissionDenied);
  alice.Send(Side::kBuy, 100, 1);
  EXPECT_TRUE(alice.UntilAnswered());
}

// Sends `count` orders that cross now and then, losing the connection at random; `disturb` is
// called now and then.
template <typename Disturb>
void TradeThroughTrouble(GatewayVenue& venue, uint64_t count, Disturb&& disturb) {
  Trader alice(venue, 1), bob(venue, 2);
  std::mt19937_64 random(20'150'501);
  uint64_t sent = 0;
  uint64_t next_drop = 20;
  while (sent < count || alice.client->unanswered() + bob.client->unanswered() > 0) {
    for (Trader* trader : {&alice, &bob}) {
      for (uint64_t burst = random() % 8;
           burst > 0 && sent < count && trader->client->unanswered() < 64; --burst) {
        trader->Send(random() % 2 == 0 ? Side::kBuy : Side::kSell,
                     static_cast<int64_t>(95 + random() % 11),
                     1 + static_cast<int64_t>(random() % 9));
        ++sent;
      }
      trader->client->WaitAndPoll(sent < count ? 0 : 1);
      ASSERT_NE(trader->client->state(), ClientState::kFailed) << trader->client->status();
      if (sent >= next_drop && trader->client->unanswered() > 0) {
        next_drop = sent + 20 + random() % 40;
        trader->client->DropConnection();
      }
    }
    disturb(sent);
  }
  EXPECT_EQ(alice.client->stats().answers + bob.client->stats().answers, count);

  // Whatever is still on its way: fills of resting orders by the other's last commands.
  const auto expected = [&](const Trader& trader) {
    return trader.client->account() == gateway::kAlice ? SessionIndex{1} : SessionIndex{2};
  };
  ASSERT_TRUE(alice.client->QueryAccount().ok());
  ASSERT_TRUE(alice.UntilAnswered());
  ASSERT_TRUE(bob.client->QueryAccount().ok());
  ASSERT_TRUE(bob.UntilAnswered());
  venue.Stop();
  for (const Trader* trader : {&alice, &bob}) {
    const std::vector<Event> truth = venue.engine().ReportsOf(expected(*trader));
    ASSERT_EQ(trader->reports.size(), truth.size());
    for (std::size_t i = 0; i < truth.size(); ++i) {
      ASSERT_EQ(trader->reports[i].sequence, truth[i].report_sequence);
      ASSERT_EQ(trader->reports[i].client_sequence, truth[i].client_sequence);
      ASSERT_EQ(trader->reports[i].order_id, truth[i].order_id);
    }
  }
  // Which of the two loses how many connections is a matter of timing.
  EXPECT_GT(alice.client->stats().logons + bob.client->stats().logons, 6u);
}

TEST(SdkGatewayTest, EveryCommandIsAppliedAndAnsweredOnceThroughLostConnections) {
  GatewayVenue venue({.logons_per_second_max = 100'000});
  TradeThroughTrouble(venue, 3'000, [](uint64_t) {});
}

TEST(SdkGatewayTest, EveryCommandIsAppliedAndAnsweredOnceThroughThrottling) {
  GatewayVenue venue({.logons_per_second_max = 100'000, .messages_per_second = 2'000, .burst = 20});
  TradeThroughTrouble(venue, 1'000, [](uint64_t) {});
}

TEST(SdkGatewayTest, EveryCommandIsAppliedAndAnsweredOnceThroughRestartsOfTheGateway) {
  GatewayVenue venue({.logons_per_second_max = 100'000});
  uint64_t next = 200;
  TradeThroughTrouble(venue, 2'000, [&](uint64_t sent) {
    if (sent >= next) {
      next += 400;
      venue.Stop();
      venue.Start();
    }
  });
}

}  // namespace
}  // namespace tally::sdk
