// The whole chain side against a real EVM node and the compiled contracts: deployment, accounts,
// deposits, settled trades, withdrawals, a reorganisation, a restart.

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <unistd.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "settlement/chain/abi.h"
#include "settlement/chain/transaction.h"
#include "settlement/deploy.h"
#include "settlement/relayer/relayer.h"
#include "settlement/wallet.h"
#include "tests/settlement/anvil_process.h"
#include "tests/settlement/fake_engine.h"

namespace tally::settlement {
namespace {

using nlohmann::json;

constexpr uint32_t kTraders = 20;
constexpr std::size_t kFeeWallet = kTraders;  // Account 21.
constexpr std::size_t kRich = kTraders + 1;

class AnvilTest : public testing::Test {
 protected:
  void SetUp() override {
    if (std::string_view(TALLY_ANVIL).empty() || !std::filesystem::exists(TALLY_ANVIL)) {
      FAIL() << "no EVM node installed; run tools/setup";
    }
    auto node = AnvilProcess::Start(TALLY_ANVIL);
    ASSERT_TRUE(node.ok()) << node.status();
    node_.emplace(*std::move(node));
    auto chain = ConnectChain({.url = node_->url()});
    ASSERT_TRUE(chain.ok()) << chain.status();
    chain_ = *std::move(chain);
    directory_ = (std::filesystem::temp_directory_path() / "tally-anvil-XXXXXX").string();
    ASSERT_NE(::mkdtemp(directory_.data()), nullptr);
    Deploy();
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
    options.vault_operator = operator_.address();
    options.challenge_window_s = 0;  // Withdrawals are paid at once.
    for (const char* symbol : {"BTC", "USD"}) {
      options.assets.push_back(
          {.symbol = symbol, .token = std::nullopt, .units_per_quantum = kUnitsPerQuantum});
    }
    auto deployment = DeployVenue(chain_.get(), *PrivateKey::FromHex(kRichKey), options);
    ASSERT_TRUE(deployment.ok()) << deployment.status();
    deployment_ = *deployment;
    ASSERT_EQ(json::parse(deployment_.ToJson())["assets"].size(), 2u);
  }

  // Accounts 1 to kTraders and the fee account, with gas money and 1,000 of each token deposited.
  void OpenAccounts() {
    std::vector<PrivateKey> keys;
    for (std::size_t i = 0; i <= kTraders; ++i) {
      keys.push_back(PrivateKey::ForTest("trader", i));
    }
    keys.push_back(*PrivateKey::FromHex(kRichKey));
    wallets_.emplace(chain_.get(), std::move(keys));
    std::vector<WalletCall> funding = {calls::SendEther(kRich, operator_.address(), 10 * kEther)};
    for (std::size_t i = 0; i <= kTraders; ++i) {
      funding.push_back(calls::SendEther(kRich, wallets_->address(i), kEther));
    }
    auto sent = wallets_->SendAll(funding);
    ASSERT_TRUE(sent.ok()) << sent.status();
    for (std::size_t i = 0; i <= kTraders; ++i) {  // One by one: the order gives the numbers.
      const WalletCall open = i == kTraders ? calls::Waive(i, deployment_.vault)
                                            : calls::Arm(i, deployment_.vault, kFarAway);
      sent = wallets_->SendAll({calls::Register(i, deployment_.vault), open});
      ASSERT_TRUE(sent.ok()) << sent.status();
    }
    std::vector<WalletCall> deposits;
    for (std::size_t i = 0; i < kTraders; ++i) {
      for (const Deployment::Asset& asset : deployment_.assets) {
        const Uint256 units = 1'000 * kEther;
        deposits.push_back(calls::MintTestToken(i, asset.token, wallets_->address(i), units));
        deposits.push_back(calls::Approve(i, asset.token, deployment_.vault, units));
        deposits.push_back(calls::Deposit(i, deployment_.vault, asset.asset, units));
      }
    }
    const int64_t start_ns = MonotonicNs();
    sent = wallets_->SendAll(deposits);
    ASSERT_TRUE(sent.ok()) << sent.status();
    std::printf(
        "%zu calls of %zu accounts: %.0f a second\n", deposits.size(), std::size_t{kTraders},
        static_cast<double>(deposits.size()) * 1e9 / static_cast<double>(MonotonicNs() - start_ns));
  }

  void StartRelayer() {
    relayer_.reset();
    store_.reset();
    auto store = OpenRocksStore(directory_ + "/relayer");
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
    RelayerConfig config;
    config.chain_id = deployment_.chain_id;
    config.vault = deployment_.vault;
    config.start_block = deployment_.block;
    config.confirmations = 2;
    config.batch_fills_max = 100;
    config.batch_age_ns_max = 0;
    config.rebroadcast_ns = 100'000'000;
    config.lane_retry_ns = 100'000'000;
    config.log = [this](LogLevel, std::string_view text) { log_.append(text).append("\n"); };
    relayer_ = std::make_unique<Relayer>(config, Relayer::Dependencies{.store = store_.get(),
                                                                       .chain = chain_.get(),
                                                                       .engine = &engine_,
                                                                       .events = &engine_,
                                                                       .signer = &operator_,
                                                                       .clock = &clock_,
                                                                       .senders = senders_});
    const absl::Status started = relayer_->Start();
    ASSERT_TRUE(started.ok()) << started;
  }

  void Mine(int blocks) {
    const auto mined = chain_->Request("anvil_mine", json::array({ToQuantity(blocks)}));
    ASSERT_TRUE(mined.ok()) << mined.status();
  }

  // As `tally relay` steps: a transient error is tried again.
  void Step() {
    const absl::Status status = relayer_->Step();
    ASSERT_TRUE(status.ok() || Relayer::IsTransient(status)) << status << "\n" << log_;
  }

  void RunUntilIdle(uint64_t deposits) {
    for (int i = 0; i < 300; ++i) {
      ASSERT_NO_FATAL_FAILURE(Step());
      Mine(1);
      if (relayer_->idle() && engine_.deposit_count() == deposits &&
          relayer_->position().last_event == engine_.event_count()) {
        return;
      }
    }
    FAIL() << "not idle:\n" << log_;
  }

  void Trade(int count) {
    for (int i = 0; i < count; ++i) {
      const auto n = static_cast<uint32_t>(trades_++ * 7);
      engine_.Execute({.instrument = 1,
                       .buyer = 1 + n % kTraders,
                       .seller = 1 + (n + 1 + n % 5) % kTraders,
                       .ticks = 20 + n % 9,
                       .lots = 100 + n % 50,
                       .buyer_fee = 3,
                       .seller_fee = -1});
    }
  }

  void ExpectAgreement() {
    VaultReader vault(chain_.get(), deployment_.vault);
    for (uint32_t account = 1; account <= kTraders + 1; ++account) {
      for (const Deployment::Asset& asset : deployment_.assets) {
        const auto on_chain = vault.BalanceOf(AccountId{account}, asset.asset);
        ASSERT_TRUE(on_chain.ok()) << on_chain.status();
        const auto found = engine_.balances().find({account, Raw(asset.asset)});
        const __int128 expected = found == engine_.balances().end() ? 0 : found->second;
        EXPECT_EQ(static_cast<int64_t>(*on_chain), static_cast<int64_t>(expected))
            << "account " << account << " asset " << asset.symbol;
      }
    }
    const auto head = vault.Head();
    ASSERT_TRUE(head.ok());
    EXPECT_EQ(head->next_batch, engine_.settled_batches() + 1);
  }

  std::optional<AnvilProcess> node_;
  std::unique_ptr<RpcChainClient> chain_;
  std::string directory_;
  KeySigner operator_{PrivateKey::ForTest("operator", 7)};
  std::vector<Signer*> senders_;  // Further lanes.
  Deployment deployment_;
  std::optional<Wallets> wallets_;
  FaultPlan faults_;
  FakeEngine engine_{31337, &faults_};
  RealClock clock_;
  std::unique_ptr<KeyValueStore> store_;
  std::unique_ptr<Relayer> relayer_;
  std::string log_;
  uint64_t trades_ = 0;
};

TEST_F(AnvilTest, SettlesAVenue) {
  OpenAccounts();
  engine_.DefineInstrument(1, 0, 1, kTraders + 1);
  StartRelayer();
  RunUntilIdle(2 * kTraders);
  ASSERT_EQ(engine_.deposit_count(), 2 * kTraders);

  Trade(300);
  RunUntilIdle(2 * kTraders);
  ExpectAgreement();
  const uint64_t settled = engine_.settled_batches();
  EXPECT_GE(settled, 6u);

  // One request the engine approves, one it refuses.
  const Address to = wallets_->address(0);
  const auto asked = wallets_->SendAll(
      {calls::RequestWithdraw(0, deployment_.vault, AssetId{1}, Quanta{500'000'000}, to),
       calls::RequestWithdraw(0, deployment_.vault, AssetId{1}, Quanta{int64_t{1} << 60}, to)});
  ASSERT_TRUE(asked.ok()) << asked.status();
  Mine(3);
  Trade(50);
  for (int i = 0; i < 200 && engine_.withdraw_count() < 2; ++i) {
    ASSERT_NO_FATAL_FAILURE(Step());
    Mine(1);
  }
  StartRelayer();  // A restart in the middle of it.
  RunUntilIdle(2 * kTraders);
  ExpectAgreement();
  VaultReader vault(chain_.get(), deployment_.vault);
  EXPECT_EQ(*vault.StatusOfWithdrawal(1), WithdrawalStatus::kFinalized);
  EXPECT_EQ(*vault.StatusOfWithdrawal(2), WithdrawalStatus::kRejected);

  // The block with a settlement is replaced by others without it.
  Trade(20);
  const auto height = [&] { return chain_->BlockByTag(BlockTag::kLatest)->number; };
  const auto is_mined = [&] {
    return std::any_of(relayer_->jobs().begin(), relayer_->jobs().end(),
                       [](const auto& item) { return item.second.state == JobState::kMined; });
  };
  const uint64_t before = height();
  for (int i = 0; i < 200 && !is_mined(); ++i) {
    ASSERT_NO_FATAL_FAILURE(Step());
  }
  ASSERT_TRUE(is_mined()) << log_;
  const auto depth = static_cast<int64_t>(height() - before);
  ASSERT_GT(depth, 0);
  const auto reorganised = chain_->Request("anvil_reorg", json::array({depth, json::array()}));
  ASSERT_TRUE(reorganised.ok()) << reorganised.status();
  RunUntilIdle(2 * kTraders);
  ExpectAgreement();
  EXPECT_NE(log_.find("reorganisation took it back"), std::string::npos) << log_;
}

// The operator's key runs out of money with work to do; another sender that the vault knows goes
// on.
TEST_F(AnvilTest, AnotherLaneSettlesWhenTheFirstCannotPay) {
  OpenAccounts();
  KeySigner second(PrivateKey::ForTest("sender", 1));
  senders_ = {&second};
  ASSERT_TRUE(wallets_->SendAll({calls::SendEther(kRich, second.address(), kEther)}).ok());
  std::vector<PrivateKey> operator_key;
  operator_key.push_back(PrivateKey::ForTest("operator", 7));
  Wallets operator_wallet(chain_.get(), std::move(operator_key));
  const auto allowed = operator_wallet.SendAll(
      {{.to = deployment_.vault,
        .data =
            AbiEncoder().Add(second.address()).Add(uint64_t{1}).Call("setSender(address,bool)")}});
  ASSERT_TRUE(allowed.ok()) << allowed.status();
  engine_.DefineInstrument(1, 0, 1, kTraders + 1);
  StartRelayer();
  RunUntilIdle(2 * kTraders);
  Trade(150);
  RunUntilIdle(2 * kTraders);
  ASSERT_EQ(chain_->Nonce(second.address()).value(), 0u);
  const uint64_t spent = chain_->Nonce(operator_.address()).value();

  const auto set_balance = [&](const Uint256& wei) {
    const auto set = chain_->Request("anvil_setBalance",
                                     json::array({Hex(operator_.address()), ToQuantity(wei)}));
    ASSERT_TRUE(set.ok()) << set.status();
  };
  set_balance(0);
  const uint64_t batches = engine_.settled_batches();
  Trade(150);
  for (int i = 0; i < 200 && engine_.settled_batches() < batches + 3; ++i) {
    ASSERT_NO_FATAL_FAILURE(Step());
    Mine(1);
  }
  ExpectAgreement();
  EXPECT_EQ(chain_->Nonce(second.address()).value(), 3u) << log_;
  EXPECT_EQ(chain_->Nonce(operator_.address()).value(), spent) << log_;

  // With money again, the nonce that the first lane had given away is filled, and work goes on.
  set_balance(kEther);
  Trade(50);
  RunUntilIdle(2 * kTraders);
  ExpectAgreement();
}

TEST_F(AnvilTest, TheContractsRefusalNamesTheEntry) {
  std::vector<PrivateKey> rich;
  rich.push_back(*PrivateKey::FromHex(kRichKey));
  Wallets funder(chain_.get(), std::move(rich));
  ASSERT_TRUE(funder.SendAll({calls::SendEther(0, operator_.address(), kEther)}).ok());
  const std::vector<NettedEntry> entries = {
      {.account = AccountId{1}, .pair = PairId{0}, .even = 5, .odd = 0}};
  VaultHead head;
  head.chain = VaultGenesis(deployment_.chain_id, deployment_.vault);
  const SettlementBatch batch = SealBatch(head, entries, EventSequence{1}, 1);
  const auto result = chain_->Call({.from = operator_.address(),
                                    .to = deployment_.vault,
                                    .data = EncodeSettle(batch),
                                    .value_wei = 0});
  EXPECT_EQ(ChainErrorOf(result.status()), ChainError::kRevert) << result.status();
  EXPECT_EQ(DescribeVaultRevert(RevertData(result.status())), "UnknownAccount: account 1");
}

TEST_F(AnvilTest, NodeErrorsAreClassified) {
  std::vector<PrivateKey> rich;
  rich.push_back(*PrivateKey::FromHex(kRichKey));
  const PrivateKey& key = rich[0];
  ASSERT_TRUE(chain_->Request("evm_setAutomine", json::array({false})).ok());
  const uint64_t nonce = *chain_->Nonce(key.address());
  Transaction transaction{.chain_id = deployment_.chain_id,
                          .nonce = nonce,
                          .tip_wei = 1'000'000'000,
                          .fee_cap_wei = 5'000'000'000,
                          .gas_limit = 21'000,
                          .to = operator_.address(),
                          .value_wei = 1,
                          .data = {}};
  const auto send = [&](const PrivateKey& from) {
    return ChainErrorOf(
        chain_->SendRawTransaction(SignTransaction(transaction, from).raw).status());
  };
  EXPECT_EQ(send(key), ChainError::kNone);
  EXPECT_EQ(send(key), ChainError::kAlreadyKnown);
  transaction.value_wei = 2;
  EXPECT_EQ(send(key), ChainError::kReplaceUnderpriced);
  EXPECT_EQ(send(PrivateKey::ForTest("poor", 1)), ChainError::kFunds);
  transaction.nonce = nonce - 1;
  EXPECT_EQ(send(key), ChainError::kNonceLow);
  transaction.nonce = nonce;
  transaction.fee_cap_wei = 1;
  transaction.tip_wei = 1;
  EXPECT_EQ(send(key), ChainError::kUnderpriced);
  transaction.chain_id = 1;
  EXPECT_EQ(send(key), ChainError::kChainMismatch);
}

}  // namespace
}  // namespace tally::settlement
