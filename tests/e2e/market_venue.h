#pragma once

// A served venue, clients that keep everything they are told, and the operator's command line.

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sdk/client.h"
#include "sdk/orders.h"
#include "tests/support/venue_client.h"
#include "tests/support/venue_process.h"

namespace tally {

using sdk::Report;
using sdk::ReportType;

inline constexpr InstrumentId kBtc{1};
inline constexpr char kMarketLines[] = R"([instruments.rules]
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

  bool Until(const std::function<bool()>& done) {
    constexpr int kPatienceMs = 30'000;
    return client->RunUntil(done, kPatienceMs).ok();
  }
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
    EXPECT_THAT(venue_.LogTail(), ::testing::HasSubstr(json["state_hash"].get<std::string>()));
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

}  // namespace tally
