// A client that signs, against the real gateway and a real core, over TCP.

#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "sdk/client.h"
#include "tests/sdk/gateway_venue.h"

namespace tally::sdk {
namespace {

OrderSigning SigningOf(uint64_t account) {
  return {.chain_id = GatewayVenue::kChainId,
          .vault = {},
          .key = std::make_shared<const EvmKey>(GatewayVenue::Owner(account)),
          .max_fee_hundredths_bp = 100'000,
          .markets = {{.instrument = gateway::kInstrument,
                       .base = gateway::kBase,
                       .quote = gateway::kQuote,
                       .tick_quanta = {1},
                       .lot_quanta = {1}}}};
}

class Signer final : public Listener {
 public:
  Signer(const GatewayVenue& venue, uint64_t key, const OrderSigning& signing,
         std::size_t commands_unanswered_max = 100) {
    client = *Client::Create({.port = venue.port(),
                              .key_id = key,
                              .key = GatewayVenue::Key(key),
                              .session_id = 5,
                              .commands_unanswered_max = commands_unanswered_max,
                              .reconnect_ms_min = 1,
                              .reconnect_ms_max = 5,
                              .signing = signing},
                             this);
    EXPECT_TRUE(client->Start().ok());
    EXPECT_TRUE(Until([&] { return client->state() == ClientState::kLive; }));
  }

  template <typename Done>
  bool Until(Done&& done) {
    return client->RunUntil(done, kPatienceMs).ok();
  }
  absl::StatusOr<CommandTicket> Order(int64_t price, int64_t quantity) {
    return client->NewOrder({.instrument = gateway::kInstrument,
                             .side = Side::kBuy,
                             .price = {price},
                             .quantity = {quantity}});
  }
  void OnReport(const Report& report) override { reports.push_back(report); }

  std::unique_ptr<Client> client;
  std::vector<Report> reports;
};

TEST(SigningClientTest, OrdersGroupsAndReplacementsGoOutBehindTheirSignatures) {
  GatewayVenue venue;
  Signer signer(venue, 1, SigningOf(1));
  const auto order = signer.Order(100, 10);
  ASSERT_TRUE(order.ok()) << order.status();
  EXPECT_EQ(order->client_sequence, 2u);  // Its signature is 1.
  ASSERT_TRUE(signer.client
                  ->Replace({.target = {.client_order_id = order->client_order_id},
                             .price = {99},
                             .quantity = {12},
                             .instrument = gateway::kInstrument,
                             .side = Side::kBuy})
                  .ok());
  const NewOrderRequest leg = {
      .instrument = gateway::kInstrument, .side = Side::kBuy, .price = {90}, .quantity = {1}};
  const NewOrderRequest legs[] = {leg, leg};
  const auto group = signer.client->NewGroup(Contingency::kOto, legs);
  ASSERT_TRUE(group.ok()) << group.status();
  EXPECT_EQ((*group)[1].client_sequence, 8u);
  ASSERT_TRUE(signer.Until([&] { return signer.client->unanswered() == 0; }));
  ASSERT_EQ(signer.reports.size(), 4u);
  EXPECT_EQ(signer.reports[0].type, ReportType::kAccepted);
  EXPECT_TRUE(signer.reports[0].answers);
  EXPECT_EQ(signer.reports[1].type, ReportType::kReplaced);
  EXPECT_EQ(signer.reports[2].type, ReportType::kAccepted);
  EXPECT_EQ(signer.reports[3].type, ReportType::kAccepted);
  EXPECT_EQ(signer.client->stats().answers, 8u);
  signer.client->Close(true);
  EXPECT_TRUE(signer.Until([&] { return signer.client->state() == ClientState::kClosed; }));
}

TEST(SigningClientTest, SomebodyElsesKeyIsRefusedAndTheSessionGoesOn) {
  GatewayVenue venue;
  Signer signer(venue, 1, SigningOf(2));
  ASSERT_TRUE(signer.Order(100, 10).ok());
  ASSERT_TRUE(signer.client->QueryAccount().ok());
  ASSERT_TRUE(signer.Until([&] { return signer.client->unanswered() == 0; }));
  ASSERT_GE(signer.reports.size(), 3u);
  EXPECT_EQ(signer.reports[0].type, ReportType::kCommandRejected);
  EXPECT_EQ(signer.reports[0].code, ErrorCode::kBadSignature);
  EXPECT_EQ(signer.reports[1].type, ReportType::kRejected);
  EXPECT_EQ(signer.reports[1].code, ErrorCode::kBadSignature);
  EXPECT_EQ(signer.reports[2].type, ReportType::kBalance);
}

TEST(SigningClientTest, WhatCannotBeSignedIsNotSent) {
  GatewayVenue venue;
  OrderSigning signing = SigningOf(1);
  signing.markets.clear();
  Signer signer(venue, 1, signing, 3);
  EXPECT_EQ(signer.Order(100, 1).status().code(), absl::StatusCode::kFailedPrecondition);
  // The venue's description of the instrument will do.
  ASSERT_TRUE(signer.client->Subscribe(gateway::kInstrument, true, false).ok());
  ASSERT_TRUE(signer.Until([&] { return signer.Order(100, 1).ok(); }));
  EXPECT_EQ(signer.Order(0, 1).status().code(), absl::StatusCode::kInvalidArgument);
  // Order and signature go together or not at all.
  EXPECT_EQ(signer.Order(100, 1).status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(
      signer.client
          ->Replace(
              {.target = {.client_order_id = ClientOrderId{1}}, .price = {99}, .quantity = {1}})
          .status()
          .code(),
      absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(signer.Until([&] { return signer.client->unanswered() == 0; }));
}

TEST(SigningClientTest, EverySignedOrderIsAppliedOnceThoughTheGatewayComesAndGoes) {
  GatewayVenue venue;
  Signer signer(venue, 1, SigningOf(1), 1'000);
  constexpr int kOrders = 60;
  for (int i = 0; i < kOrders; ++i) {
    ASSERT_TRUE(signer.Order(100, 1).ok());
    if (i % 10 == 3) {
      signer.client->Poll();
      signer.client->DropConnection();
    }
    if (i % 20 == 15) {
      signer.client->Poll();
      venue.Stop();
      venue.Start();
    }
  }
  ASSERT_TRUE(signer.Until([&] { return signer.client->unanswered() == 0; }))
      << signer.client->status();
  int accepted = 0;
  for (const Report& report : signer.reports) {
    accepted += report.type == ReportType::kAccepted ? 1 : 0;
  }
  EXPECT_EQ(accepted, kOrders);
}

}  // namespace
}  // namespace tally::sdk
