// The node is down for minutes: trading goes on, accounts stop at their exposure limits, and
// settlement catches up by itself. A real core, the relayer, a simulated chain and clock.

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "settlement/relayer/relayer.h"
#include "tests/engine/core/test_venue.h"
#include "tests/settlement/fake_chain.h"
#include "tests/settlement/fake_engine.h"
#include "tests/settlement/manual_clock.h"

namespace tally::settlement {
namespace {

// The core as the relayer sees it: commands in, the event log out.
class CoreLink final : public EngineLink, public EventSource {
 public:
  explicit CoreLink(TestVenue* venue) : venue_(*venue) {}

  absl::Status Submit(const Command& command) override {
    venue_.Send(command);
    EXPECT_EQ(venue_.reject_reason(), RejectReason::kNone);
    return absl::OkStatus();
  }
  std::vector<Rejection> Poll() override { return {}; }
  absl::StatusOr<std::size_t> ReadFrom(EventSequence from, std::span<Event> events) override {
    const std::vector<Event>& log = venue_.all_events;
    const std::size_t start = std::min<std::size_t>(Raw(from) - 1, log.size());
    const std::size_t count = std::min(events.size(), log.size() - start);
    std::copy_n(log.begin() + static_cast<std::ptrdiff_t>(start), count, events.begin());
    return count;
  }

 private:
  TestVenue& venue_;
};

class OutageTest : public testing::Test {
 protected:
  OutageTest()
      : signer(PrivateKey::ForTest("operator", 1)),
        chain(*ParseAddress("5fbdb2315678afecb367f032d93f642f64180aa3"), signer.address(), &faults),
        link(&venue),
        store(&faults) {
    venue.DefineAsset(kBtc, "BTC");
    venue.DefineAsset(kUsd, "USD");
    for (const AccountId account : {kAlice, kBob, kFees}) {
      venue.DefineAccount(account);
    }
    venue.DefineInstrument(kBtcUsd, BtcUsdTerms());
    venue.alice = venue.Open(kAlice, 11);
    venue.bob = venue.Open(kBob, 22);
    config.chain_id = FakeChain::kChainId;
    config.vault = *ParseAddress("5fbdb2315678afecb367f032d93f642f64180aa3");
    config.confirmations = 3;
    config.log = [this](LogLevel, std::string_view text) { log.emplace_back(text); };
    relayer = std::make_unique<Relayer>(config, Relayer::Dependencies{.store = &store,
                                                                      .chain = &chain,
                                                                      .engine = &link,
                                                                      .events = &link,
                                                                      .signer = &signer,
                                                                      .clock = &clock});
    EXPECT_TRUE(relayer->Start().ok());
    for (const uint32_t account : {1U, 2U}) {
      chain.Deposit(account, 0, 1'000'000'000);
      chain.Deposit(account, 1, 1'000'000'000);
    }
    Run(8);
  }

  // A block and a step every two seconds; nothing but transient trouble.
  void Run(int count) {
    for (int i = 0; i < count; ++i) {
      const absl::Status status = relayer->Step();
      ASSERT_TRUE(status.ok() || Relayer::IsTransient(status)) << status << "\n" << log.back();
      chain.Mine();
      clock.Advance(2'000'000'000);
    }
  }
  void Limit(AccountId account, AssetId asset, int64_t limit) {
    Command command = MakeCommand(CommandType::kDefineExposure);
    command.account = account;
    command.define_exposure.asset = asset;
    command.define_exposure.limit = {limit};
    venue.Send(command);
  }
  // Bob sells to Alice: she gives 1'000 quanta of USD a lot, and a fee.
  RejectReason Trade(int64_t quantity) {
    venue.Order(venue.bob, Side::kSell, 100, quantity);
    EXPECT_EQ(venue.reject_reason(), RejectReason::kNone);
    venue.Order(venue.alice, Side::kBuy, 100, quantity, {.time_in_force = TimeInForce::kIoc});
    return venue.reject_reason();
  }
  void ExpectAgreement() {
    for (const AccountId account : {kAlice, kBob, kFees}) {
      for (const AssetId asset : {kBtc, kUsd}) {
        const auto& balances = chain.vault().balances;
        const auto on_chain = balances.find({Raw(account), Raw(asset)});
        EXPECT_TRUE((on_chain == balances.end() ? 0 : on_chain->second) ==
                    venue.available(account, asset) + venue.held(account, asset))
            << "account " << Raw(account) << " asset " << Raw(asset);
      }
    }
  }

  FaultPlan faults;
  KeySigner signer;
  FakeChain chain;
  TestVenue venue;
  CoreLink link;
  MemoryStore store;
  ManualClock clock;
  RelayerConfig config;
  std::vector<std::string> log;
  std::unique_ptr<Relayer> relayer;
};

TEST_F(OutageTest, TradingGoesOnWithinTheLimitsAndSettlementCatchesUp) {
  Limit(kAlice, kUsd, 100'100);  // A hundred lots, with their fees.
  ASSERT_EQ(Trade(10), RejectReason::kNone);
  Run(20);
  ASSERT_EQ(venue.core.last_settled_batch(), 1u);

  chain.SetDown(true);
  int trades = 0;
  while (Trade(10) == RejectReason::kNone) {
    ++trades;
    Run(10);  // 20 seconds.
    ASSERT_LT(trades, 100);
  }
  EXPECT_EQ(trades, 10);  // What was settled before does not count; 200 seconds without a node.
  EXPECT_EQ(venue.core.last_settled_batch(), 1u);
  venue.Order(venue.alice, Side::kBuy, 100, 1);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kExposureLimit);
  // Her other assets and other accounts are free.
  venue.Order(venue.alice, Side::kSell, 200, 10);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kNone);
  venue.Order(venue.bob, Side::kBuy, 90, 500);
  EXPECT_EQ(venue.reject_reason(), RejectReason::kNone);

  chain.SetDown(false);
  for (int i = 0; i < 60 && !relayer->idle(); ++i) {
    Run(1);
  }
  EXPECT_TRUE(relayer->idle());
  EXPECT_GT(venue.core.last_settled_batch(), 1u);
  EXPECT_EQ(venue.core.UnsettledDebit(kAlice, kUsd), Quanta{0});
  EXPECT_EQ(Trade(10), RejectReason::kNone);
  for (int i = 0; i < 60 && !relayer->idle(); ++i) {
    Run(1);
  }
  Run(20);
  ExpectAgreement();
}

}  // namespace
}  // namespace tally::settlement
