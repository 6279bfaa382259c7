#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "engine/journal/event_log.h"
#include "settlement/chain/abi.h"
#include "settlement/deploy.h"
#include "settlement/relayer/relayer.h"
#include "settlement/wallet.h"
#include "settlement/watch/reconciler.h"
#include "settlement/watch/watcher.h"
#include "tests/settlement/anvil_process.h"
#include "tests/settlement/fake_engine.h"

namespace tally::settlement {

using nlohmann::json;

inline constexpr uint64_t kChainId = 31337;
inline constexpr uint32_t kTraders = 4;          // Accounts 1 to 4, which sign their orders.
inline constexpr uint32_t kFees = kTraders + 1;  // Waived.
inline constexpr std::size_t kRich = kTraders + 1;
inline constexpr std::size_t kOperator = kTraders + 2;
inline constexpr std::size_t kChallenger = kTraders + 3;
inline constexpr int64_t kDeposit = 1'000'000'000;
inline constexpr uint32_t kArmedUntil = 4'000'000'000;

inline PrivateKey TraderKey(std::size_t index) { return PrivateKey::ForTest("trader", index); }
inline PrivateKey OperatorKey() { return PrivateKey::ForTest("operator", 7); }

// A venue on a node of its own, with the contracts: traders that sign, a fee account, a relayer
// with a justifier, and everything a watcher needs.
class WatchedVenue : public testing::Test {
 protected:
  void SetUp() override {
    auto node = AnvilProcess::Start(TALLY_ANVIL);
    ASSERT_TRUE(node.ok()) << node.status();
    node_.emplace(*std::move(node));
    auto chain = ConnectChain({.url = node_->url()});
    ASSERT_TRUE(chain.ok()) << chain.status();
    chain_ = *std::move(chain);
    directory_ = (std::filesystem::temp_directory_path() / "tally-watch-XXXXXX").string();
    ASSERT_NE(::mkdtemp(directory_.data()), nullptr);
    for (std::size_t i = 0; i < kTraders; ++i) {
      trader_keys_.push_back(TraderKey(i));
    }
    Deploy();
    OpenAccounts();
    engine_.DefineInstrument(1, 0, 1, kFees);
    engine_.SignOrders(OrderDomain(kChainId, deployment_.vault), [this](uint32_t account) {
      return account <= kTraders ? &trader_keys_[account - 1] : nullptr;
    });
    StartRelayer();
    RunUntilIdle();
    ASSERT_EQ(engine_.deposit_count(), 2 * kTraders) << log_;
  }
  void TearDown() override {
    relayer_.reset();
    store_.reset();
    if (!directory_.empty()) {
      std::filesystem::remove_all(directory_);
    }
  }

  void Deploy() {
    DeployOptions options;
    options.artifacts_directory = TALLY_CONTRACTS;
    options.vault_operator = OperatorKey().address();
    for (const char* symbol : {"BTC", "USD"}) {
      options.assets.push_back({.symbol = symbol, .token = std::nullopt, .units_per_quantum = 1});
    }
    auto deployment = DeployVenue(chain_.get(), *PrivateKey::FromHex(kRichKey), options);
    ASSERT_TRUE(deployment.ok()) << deployment.status();
    deployment_ = *deployment;
    const auto court = CourtReader(chain_.get(), deployment_.vault).Court();
    ASSERT_TRUE(court.ok() && court->has_value()) << court.status();
    court_ = **court;
  }

  void Send(const std::vector<WalletCall>& calls) {
    const auto sent = wallets_->SendAll(calls);
    ASSERT_TRUE(sent.ok()) << sent.status();
  }

  void OpenAccounts() {
    std::vector<PrivateKey> keys;
    for (std::size_t i = 0; i <= kTraders; ++i) {
      keys.push_back(TraderKey(i));
    }
    keys.push_back(*PrivateKey::FromHex(kRichKey));
    keys.push_back(OperatorKey());
    keys.push_back(PrivateKey::ForTest("challenger", 1));
    wallets_.emplace(chain_.get(), std::move(keys));
    std::vector<WalletCall> funding;
    for (std::size_t i = 0; i < wallets_->size(); ++i) {
      funding.push_back(calls::SendEther(kRich, wallets_->address(i), 20 * kEther));
    }
    funding.push_back(calls::SendEther(kRich, justifier_.address(), kEther));
    Send(funding);
    for (std::size_t i = 0; i <= kTraders; ++i) {  // One by one: the order gives the numbers.
      Send({calls::Register(i, deployment_.vault)});
    }
    std::vector<WalletCall> calls = {
        {.wallet = kTraders, .to = deployment_.vault, .data = Selector("waive()")}};
    for (std::size_t i = 0; i < kTraders; ++i) {
      for (const Deployment::Asset& asset : deployment_.assets) {
        const Uint256 units = kDeposit;
        calls.push_back(calls::MintTestToken(i, asset.token, wallets_->address(i), units));
        calls.push_back(calls::Approve(i, asset.token, deployment_.vault, units));
        calls.push_back(calls::Deposit(i, deployment_.vault, asset.asset, units));
      }
      calls.push_back({.wallet = i,
                       .to = deployment_.vault,
                       .data = AbiEncoder().Add(kArmedUntil).Call("arm(uint32)")});
    }
    Send(calls);
  }

  void StartRelayer() {
    relayer_.reset();
    store_.reset();
    auto store = OpenRocksStore(directory_ + "/relayer");
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
    RelayerConfig config;
    config.chain_id = kChainId;
    config.vault = deployment_.vault;
    config.start_block = deployment_.block;
    config.confirmations = 2;
    config.batch_fills_max = 20;
    config.batch_age_ns_max = 0;
    config.rebroadcast_ns = 100'000'000;
    config.log = [this](LogLevel, std::string_view text) { log_.append(text).append("\n"); };
    relayer_ = std::make_unique<Relayer>(config, Relayer::Dependencies{.store = store_.get(),
                                                                       .chain = chain_.get(),
                                                                       .engine = &engine_,
                                                                       .events = &engine_,
                                                                       .signer = &operator_,
                                                                       .clock = &clock_,
                                                                       .justifier = &justifier_});
    const absl::Status started = relayer_->Start();
    ASSERT_TRUE(started.ok()) << started;
  }

  void Mine(int blocks) {
    const auto mined = chain_->Request("anvil_mine", json::array({ToQuantity(blocks)}));
    ASSERT_TRUE(mined.ok()) << mined.status();
  }

  void RunUntilIdle() {
    for (int i = 0; i < 300; ++i) {
      const absl::Status status = relayer_->Step();
      ASSERT_TRUE(status.ok() || Relayer::IsTransient(status)) << status << "\n" << log_;
      Mine(1);
      if (relayer_->idle() && relayer_->position().last_event == engine_.event_count() &&
          engine_.deposit_count() == 2 * kTraders) {
        return;
      }
    }
    FAIL() << "not idle:\n" << log_;
  }

  void Trade(int count) {
    for (int i = 0; i < count; ++i) {
      const auto n = static_cast<uint32_t>(trades_++ * 7);
      ASSERT_TRUE(engine_.Execute({.instrument = 1,
                                   .buyer = 1 + n % kTraders,
                                   .seller = 1 + (n + 1 + n % 2) % kTraders,
                                   .ticks = 20 + n % 9,
                                   .lots = 100 + n % 50,
                                   .buyer_fee = 3,
                                   .seller_fee = -1}));
    }
  }

  // The operator's own key settles a batch that takes from account 2 what nobody sold.
  void Steal(int64_t quanta) {
    Trade(1);
    VaultReader vault(chain_.get(), deployment_.vault);
    const auto head = vault.Head();
    ASSERT_TRUE(head.ok()) << head.status();
    const std::vector<NettedEntry> entries = {
        {.account = AccountId{1}, .pair = PairId{0}, .even = quanta, .odd = 0},
        {.account = AccountId{2}, .pair = PairId{0}, .even = -quanta, .odd = 0}};
    const SettlementBatch batch = SealBatch(*head, entries, EventSequence{engine_.event_count()},
                                            static_cast<int64_t>(head->engine_time_ns) + 1);
    Send({{.wallet = kOperator,
           .to = deployment_.vault,
           .data = EncodeSettle(batch),
           .gas_limit = 1'000'000}});
    Mine(3);
  }

  // What batch `id` settled, as the chain and the log have it.
  SettlementBatch BatchOnChain(uint64_t id) {
    BatchFollower follower(
        {.chain_id = kChainId, .vault = deployment_.vault, .start_block = deployment_.block},
        chain_.get(), &engine_);
    const uint64_t latest = chain_->BlockByTag(BlockTag::kLatest)->number;
    for (;;) {
      auto batch = follower.Next(latest, /*must_wait=*/false);
      EXPECT_TRUE(batch.ok() && batch->has_value()) << batch.status();
      if (!batch.ok() || !batch->has_value() || (*batch)->on_chain.id == id) {
        return batch.ok() && batch->has_value() ? (*batch)->on_chain : SettlementBatch();
      }
    }
  }

  // Some debited trader of a batch, who is challenged by someone else.
  ChallengeKey ChallengeSomeone(uint64_t batch_id) {
    const SettlementBatch batch = BatchOnChain(batch_id);
    for (uint32_t account = 1; account <= kTraders; ++account) {
      if (EntriesOf(batch, AccountId{account}).is_debited) {
        const auto bond = CourtReader(chain_.get(), deployment_.vault).Bond(court_);
        EXPECT_TRUE(bond.ok());
        Send({{.wallet = kChallenger,
               .to = court_,
               .data = EncodeChallenge(batch, AccountId{account}),
               .value_wei = *bond,
               .gas_limit = 2'000'000}});
        return {.batch = batch_id, .account = AccountId{account}};
      }
    }
    ADD_FAILURE() << "nobody is debited";
    return {};
  }

  ChallengeStatus StatusOf(const ChallengeKey& key) {
    const auto status = CourtReader(chain_.get(), deployment_.vault).StatusOf(court_, key);
    EXPECT_TRUE(status.ok()) << status.status();
    return status.value_or(ChallengeStatus::kNone);
  }

  WatcherConfig WatcherFor(std::set<AccountId> accounts = {}) {
    WatcherConfig config;
    config.chain_id = kChainId;
    config.vault = deployment_.vault;
    config.start_block = deployment_.block;
    config.accounts = std::move(accounts);
    config.log = [this](LogLevel, std::string_view text) {
      log_.append("watch: ").append(text).append("\n");
    };
    return config;
  }

  std::vector<Finding> Watch(const WatcherConfig& config, EventSource* events, Signer* signer) {
    Watcher watcher(config,
                    {.chain = chain_.get(), .events = events, .signer = signer, .clock = &clock_});
    const absl::Status started = watcher.Start();
    EXPECT_TRUE(started.ok()) << started;
    for (int i = 0; i < 20; ++i) {
      const absl::Status status = watcher.Step();
      EXPECT_TRUE(status.ok()) << status;
      Mine(1);
      if (watcher.caught_up()) {
        judged_count_ = watcher.debits_judged();
        return watcher.findings();
      }
    }
    ADD_FAILURE() << "the watcher does not catch up\n" << log_;
    return {};
  }

  Reconciliation Reconcile() {
    Reconciler reconciler(
        {.chain_id = kChainId, .vault = deployment_.vault, .start_block = deployment_.block},
        chain_.get(), &engine_);
    auto result = reconciler.Check();
    EXPECT_TRUE(result.ok()) << result.status();
    return result.value_or(Reconciliation());
  }

  // The engine's events in an event log directory, as the venue publishes it.
  std::string PublishEvents() {
    const std::string directory = directory_ + "/events";
    auto writer = EventLogWriter::Open(directory);
    EXPECT_TRUE(writer.ok()) << writer.status();
    std::vector<Event> events(engine_.event_count(), MakeEvent(EventType::kTrade));
    const auto count = engine_.ReadFrom(EventSequence{1}, events);
    EXPECT_TRUE(count.ok() && *count == events.size());
    EXPECT_TRUE((*writer)->Append(events).ok());
    return directory;
  }

  std::optional<AnvilProcess> node_;
  std::unique_ptr<RpcChainClient> chain_;
  std::string directory_;
  KeySigner operator_{OperatorKey()};
  KeySigner justifier_{PrivateKey::ForTest("justifier", 1)};
  KeySigner watcher_{PrivateKey::ForTest("challenger", 1)};
  std::vector<PrivateKey> trader_keys_;
  Deployment deployment_;
  Address court_;
  std::optional<Wallets> wallets_;
  FaultPlan faults_;
  FakeEngine engine_{kChainId, &faults_};
  RealClock clock_;
  std::unique_ptr<KeyValueStore> store_;
  std::unique_ptr<Relayer> relayer_;
  std::string log_;
  uint64_t trades_ = 0;
  uint64_t judged_count_ = 0;
};

}  // namespace tally::settlement
