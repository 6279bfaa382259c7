// What can go wrong between a relayer and a real node, one thing at a time: every disturbance at
// every stage of a transaction's life, with and without a restart of the relayer right after it.
// One node and one deployment for all; each scenario starts from a snapshot.

#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "settlement/chain/multi_chain_client.h"
#include "settlement/chain/transaction.h"
#include "settlement/deploy.h"
#include "settlement/relayer/relayer.h"
#include "settlement/wallet.h"
#include "tests/settlement/anvil_process.h"
#include "tests/settlement/fake_engine.h"
#include "tests/settlement/manual_clock.h"

namespace tally::settlement {
namespace {

using nlohmann::json;

constexpr uint32_t kScenarioTraders = 3;
constexpr uint32_t kFeeAccount = kScenarioTraders + 1;
constexpr std::size_t kScenarioRich =
    kScenarioTraders + 1;  // Its wallet, after those of the accounts.
constexpr uint64_t kConfirmations = 5;
constexpr char kGwei[] = "0x3b9aca00";

// A connection that fails as it is told.
class FlakyTransport final : public RpcTransport {
 public:
  struct Faults {
    bool is_down = false;
    int refuse_every = 0;  // 429 instead of asking.
    int lose_every = 0;    // Asks, and loses the answer.
  };

  FlakyTransport(std::unique_ptr<RpcTransport> inner, const Faults* faults)
      : inner_(std::move(inner)), faults_(faults) {}

  absl::StatusOr<std::string> Post(std::string_view body) override {
    ++count_;
    if (faults_->is_down) {
      return MakeChainStatus(ChainError::kTransport, "connection refused");
    }
    if (faults_->refuse_every != 0 && count_ % faults_->refuse_every == 0) {
      return MakeChainStatus(ChainError::kTransport, "HTTP status 429");
    }
    auto answer = inner_->Post(body);
    if (faults_->lose_every != 0 && count_ % faults_->lose_every == 0) {
      return MakeChainStatus(ChainError::kTransport, "answer timed out");
    }
    return answer;
  }

 private:
  const std::unique_ptr<RpcTransport> inner_;
  const Faults* const faults_;
  int count_ = 0;
};

// The node with a deployed vault and funded accounts, shared by all scenarios.
struct SharedNode {
  std::optional<AnvilProcess> process;
  std::unique_ptr<RpcChainClient> admin;
  KeySigner signer{PrivateKey::ForTest("operator", 7)};
  Deployment deployment;
  std::string snapshot;

  absl::StatusOr<json> Request(const std::string& method, const json& params) {
    return admin->Request(method, params);
  }
};

void OpenAccounts(SharedNode* node) {
  std::vector<PrivateKey> keys;
  for (std::size_t i = 0; i < kFeeAccount; ++i) {
    keys.push_back(PrivateKey::ForTest("trader", i));
  }
  keys.push_back(*PrivateKey::FromHex(kRichKey));
  Wallets wallets(node->admin.get(), std::move(keys));
  std::vector<WalletCall> funding = {
      calls::SendEther(kScenarioRich, node->signer.address(), 10 * kEther)};
  for (std::size_t i = 0; i < kFeeAccount; ++i) {
    funding.push_back(calls::SendEther(kScenarioRich, wallets.address(i), kEther));
  }
  ASSERT_TRUE(wallets.SendAll(funding).ok());
  for (std::size_t i = 0; i < kFeeAccount; ++i) {  // One by one: the order gives the numbers.
    const WalletCall open = i == kScenarioTraders ? calls::Waive(i, node->deployment.vault)
                                                  : calls::Arm(i, node->deployment.vault, kFarAway);
    ASSERT_TRUE(wallets.SendAll({calls::Register(i, node->deployment.vault), open}).ok());
  }
  std::vector<WalletCall> deposits;
  for (std::size_t i = 0; i < kScenarioTraders; ++i) {
    for (const Deployment::Asset& asset : node->deployment.assets) {
      const Uint256 units = 1'000 * kEther;
      deposits.push_back(calls::MintTestToken(i, asset.token, wallets.address(i), units));
      deposits.push_back(calls::Approve(i, asset.token, node->deployment.vault, units));
      deposits.push_back(calls::Deposit(i, node->deployment.vault, asset.asset, units));
    }
  }
  const auto sent = wallets.SendAll(deposits);
  ASSERT_TRUE(sent.ok()) << sent.status();
}

void StartSharedNode(SharedNode* node) {
  auto process = AnvilProcess::Start(TALLY_ANVIL);
  ASSERT_TRUE(process.ok()) << process.status();
  node->process.emplace(*std::move(process));
  auto admin = ConnectChain({.url = node->process->url()});
  ASSERT_TRUE(admin.ok());
  node->admin = *std::move(admin);
  DeployOptions options;
  options.artifacts_directory = TALLY_CONTRACTS;
  options.vault_operator = node->signer.address();
  for (const char* symbol : {"BTC", "USD"}) {
    options.assets.push_back(
        {.symbol = symbol, .token = std::nullopt, .units_per_quantum = kUnitsPerQuantum});
  }
  auto deployment = DeployVenue(node->admin.get(), *PrivateKey::FromHex(kRichKey), options);
  ASSERT_TRUE(deployment.ok()) << deployment.status();
  node->deployment = *deployment;
  OpenAccounts(node);
  ASSERT_TRUE(node->Request("evm_setAutomine", json::array({false})).ok());
  const auto snapshot = node->Request("evm_snapshot", json::array());
  ASSERT_TRUE(snapshot.ok());
  node->snapshot = snapshot->get<std::string>();
}

enum class Stage : uint8_t { kPooled, kMined, kSafe };

// A venue and its relayer on the shared node, from the snapshot on.
class Scenario {
 public:
  explicit Scenario(SharedNode* node) : node_(node) {
    config_.chain_id = node->deployment.chain_id;
    config_.vault = node->deployment.vault;
    config_.start_block = node->deployment.block;
    config_.confirmations = kConfirmations;
    config_.batch_fills_max = 12;
    config_.batch_age_ns_max = 0;
    config_.rebroadcast_ns = 10'000'000'000;
    config_.bump_ns = 30'000'000'000;
    config_.failure_pause_ns_max = config_.failure_pause_ns_min;
    config_.log = [this](LogLevel, std::string_view text) { log_.append(text).append("\n"); };
  }

  void Reset() {
    ASSERT_TRUE(node_->Request("evm_revert", json::array({node_->snapshot})).ok());
    const auto snapshot = node_->Request("evm_snapshot", json::array());
    ASSERT_TRUE(snapshot.ok());
    node_->snapshot = snapshot->get<std::string>();
    ASSERT_TRUE(node_->Request("anvil_dropAllTransactions", json::array()).ok());
    // Deep enough that no reorganisation reaches the snapshot: the node could not go back to it.
    ASSERT_TRUE(node_->Request("anvil_mine", json::array({ToQuantity(kConfirmations + 1)})).ok());
    SetBaseFee(kGwei);
    engine_.DefineInstrument(1, 0, 1, kFeeAccount);
    Start();
  }
  void Start() {
    relayer_.reset();
    clients_.clear();
    std::vector<MultiChainClient::Node> nodes;
    for (std::size_t i = 0; i < 2; ++i) {
      auto transport = MakeHttpTransport({.url = node_->process->url()});
      ASSERT_TRUE(transport.ok());
      clients_.push_back(std::make_unique<RpcChainClient>(
          std::make_unique<FlakyTransport>(*std::move(transport), &links_[i])));
      nodes.push_back({.name = absl::StrCat("link", i), .client = clients_.back().get()});
    }
    MultiChainOptions options;
    options.chain_id = config_.chain_id;
    client_ = std::make_unique<MultiChainClient>(std::move(nodes), &clock_, std::move(options));
    relayer_ = std::make_unique<Relayer>(config_, Dependencies(&store_));
    started_ = false;
  }
  Relayer::Dependencies Dependencies(MemoryStore* store) {
    return {.store = store,
            .chain = client_.get(),
            .engine = &engine_,
            .events = &engine_,
            .signer = &node_->signer,
            .clock = &clock_};
  }

  // A round of the relayer, started again if it died.
  void Step() {
    if (faults_.crashed()) {
      faults_.Restart();
      Start();
    }
    const absl::Status status = started_ ? relayer_->Step() : relayer_->Start();
    started_ = started_ || status.ok();
    ASSERT_TRUE(status.ok() || faults_.crashed() || Relayer::IsTransient(status)) << status << "\n"
                                                                                  << log_;
    clock_.Advance(5'000'000'000);
  }
  void Run(int blocks) {
    for (int i = 0; i < blocks; ++i) {
      Step();
      Mine();
    }
  }
  void Mine() { ASSERT_TRUE(node_->Request("evm_mine", json::array()).ok()); }
  void Trade(int count) {
    for (int i = 0; i < count; ++i) {
      const auto n = static_cast<uint32_t>(trades_++ * 7);
      engine_.Execute({.instrument = 1,
                       .buyer = 1 + n % kScenarioTraders,
                       .seller = 1 + (n + 1) % kScenarioTraders,
                       .ticks = 20 + n % 9,
                       .lots = 100 + n % 50,
                       .buyer_fee = 3,
                       .seller_fee = -1});
    }
  }
  bool AnyJobIn(JobState state) const {
    return std::any_of(relayer_->jobs().begin(), relayer_->jobs().end(),
                       [&](const auto& item) { return item.second.state == state; });
  }
  void RunUntil(Stage stage) {
    const JobState state = stage == Stage::kPooled  ? JobState::kPooled
                           : stage == Stage::kMined ? JobState::kMined
                                                    : JobState::kSafe;
    for (int i = 0; i < 40 && !AnyJobIn(state); ++i) {
      Step();
      if (stage != Stage::kPooled) {
        Mine();
      }
    }
    ASSERT_TRUE(AnyJobIn(state)) << log_;
  }
  void Finish() {
    for (int i = 0; i < 150; ++i) {
      Run(1);
      if (testing::Test::HasFatalFailure()) {
        return;
      }
      if (started_ && relayer_->idle() && engine_.deposit_count() == 2 * kScenarioTraders &&
          relayer_->position().last_event == engine_.event_count()) {
        ExpectAgreement();
        return;
      }
    }
    FAIL() << "not settled:\n" << log_;
  }
  void ExpectAgreement() {
    VaultReader vault(node_->admin.get(), config_.vault);
    for (uint32_t account = 1; account <= kFeeAccount; ++account) {
      for (const Deployment::Asset& asset : node_->deployment.assets) {
        const auto on_chain = vault.BalanceOf(AccountId{account}, asset.asset);
        ASSERT_TRUE(on_chain.ok()) << on_chain.status();
        const auto found = engine_.balances().find({account, Raw(asset.asset)});
        const __int128 expected = found == engine_.balances().end() ? 0 : found->second;
        EXPECT_EQ(static_cast<int64_t>(*on_chain), static_cast<int64_t>(expected)) << log_;
      }
    }
    const auto head = vault.Head();
    ASSERT_TRUE(head.ok());
    EXPECT_EQ(head->next_batch, engine_.settled_batches() + 1);
    EXPECT_GE(engine_.settled_batches(), 5u);
  }

  void SetBaseFee(const char* wei) {
    ASSERT_TRUE(node_->Request("anvil_setNextBlockBaseFeePerGas", json::array({wei})).ok());
  }
  void Reorganise(int depth) {
    const auto done = node_->Request("anvil_reorg", json::array({depth, json::array()}));
    ASSERT_TRUE(done.ok()) << done.status();
  }
  // Another transaction of the operator's key, at a price that replaces whatever is there.
  void TakeNonce() {
    const auto nonce = node_->admin->Nonce(node_->signer.address());
    ASSERT_TRUE(nonce.ok());
    const auto sent = node_->signer.Sign({.chain_id = config_.chain_id,
                                          .nonce = *nonce,
                                          .tip_wei = 90'000'000'000,
                                          .fee_cap_wei = 400'000'000'000,
                                          .gas_limit = 21'000,
                                          .to = node_->signer.address(),
                                          .value_wei = 0,
                                          .data = {}});
    ASSERT_TRUE(sent.ok() && node_->admin->SendRawTransaction(sent->raw).ok());
  }
  void SetFunds(const Uint256& wei) {
    ASSERT_TRUE(node_
                    ->Request("anvil_setBalance",
                              json::array({Hex(node_->signer.address()), ToQuantity(wei)}))
                    .ok());
  }
  void DropNewest() {
    for (const auto& [id, job] : relayer_->jobs()) {
      if (IsLive(job) && !job.attempts.empty()) {
        const auto dropped =
            node_->Request("anvil_dropTransaction", json::array({Hex(job.attempts.back().hash)}));
        ASSERT_TRUE(dropped.ok());
        return;
      }
    }
  }
  // A second relayer with a copy of the store works beside the first.
  void RunSecondRelayer() {
    MemoryStore copy = store_;
    Relayer other(config_, Dependencies(&copy));
    absl::Status status = other.Start();
    for (int i = 0; i < 6 && (status.ok() || Relayer::IsTransient(status)); ++i) {
      status = other.Step();
      Run(1);
    }
  }

  SharedNode* node_;
  RelayerConfig config_;
  FaultPlan faults_;
  ManualClock clock_;
  FakeEngine engine_{31337, &faults_};
  MemoryStore store_{&faults_};
  FlakyTransport::Faults links_[2];
  std::vector<std::unique_ptr<RpcChainClient>> clients_;
  std::unique_ptr<MultiChainClient> client_;
  std::unique_ptr<Relayer> relayer_;
  std::string log_;
  uint64_t trades_ = 0;
  bool started_ = false;
};

struct Disturbance {
  const char* name;
  void (*act)(Scenario* scenario);
};

constexpr Disturbance kDisturbances[] = {
    {"ReorgOfOneBlock", [](Scenario* s) { s->Reorganise(1); }},
    {"ReorgOfFourBlocks", [](Scenario* s) { s->Reorganise(4); }},
    {"TwoReorgs",
     [](Scenario* s) {
       s->Reorganise(2);
       s->Run(1);
       s->Reorganise(2);
     }},
    {"PoolDropped",
     [](Scenario* s) {
       ASSERT_TRUE(s->node_->Request("anvil_dropAllTransactions", json::array()).ok());
     }},
    {"TransactionDropped", [](Scenario* s) { s->DropNewest(); }},
    {"BaseFeeTenfold", [](Scenario* s) { s->SetBaseFee("0x2540be400"); }},
    {"BaseFeeAboveCeiling",
     [](Scenario* s) {
       s->SetBaseFee("0xba43b7400000");
       s->Run(3);
       s->SetBaseFee(kGwei);
     }},
    {"NonceTaken", [](Scenario* s) { s->TakeNonce(); }},
    {"NonceTakenAndReorg",
     [](Scenario* s) {
       s->TakeNonce();
       s->Run(2);
       s->Reorganise(2);
     }},
    {"NoFunds",
     [](Scenario* s) {
       s->SetFunds(0);
       s->Run(3);
       s->SetFunds(5 * kEther);
     }},
    {"NoBlocks",
     [](Scenario* s) {
       for (int i = 0; i < 20; ++i) {
         s->Step();
       }
     }},
    {"NodesDown",
     [](Scenario* s) {
       s->links_[0].is_down = s->links_[1].is_down = true;
       s->Run(6);
       s->links_[0].is_down = s->links_[1].is_down = false;
     }},
    {"FirstNodeDown", [](Scenario* s) { s->links_[0].is_down = true; }},
    {"AnswersLost",
     [](Scenario* s) {
       s->links_[0].lose_every = 3;
       s->links_[1].lose_every = 5;
     }},
    {"RequestsRefused",
     [](Scenario* s) {
       s->links_[0].refuse_every = 2;
       s->links_[1].refuse_every = 7;
     }},
    {"Crash", [](Scenario* s) { s->faults_.CrashAt(s->faults_.operation_count() + 3); }},
    {"StoreLost",
     [](Scenario* s) {
       s->store_.Clear();
       s->Start();
     }},
    {"SecondRelayer", [](Scenario* s) { s->RunSecondRelayer(); }},
};

struct ScenarioCase {
  Disturbance disturbance;
  Stage stage;
  bool restart;
};

class AnvilScenarioTest : public testing::TestWithParam<ScenarioCase> {
 protected:
  static void SetUpTestSuite() {
    node_ = new SharedNode;
    StartSharedNode(node_);
  }
  static void TearDownTestSuite() {
    delete node_;
    node_ = nullptr;
  }
  static SharedNode* node_;
};
SharedNode* AnvilScenarioTest::node_ = nullptr;

TEST_P(AnvilScenarioTest, SettlesEverythingOnce) {
  ASSERT_FALSE(node_->snapshot.empty());
  const ScenarioCase& row = GetParam();
  Scenario scenario(node_);
  scenario.Reset();
  if (HasFatalFailure()) {
    return;
  }
  for (int i = 0; i < 20 && scenario.engine_.deposit_count() < 2 * kScenarioTraders; ++i) {
    scenario.Step();
  }
  scenario.Trade(30);
  scenario.RunUntil(row.stage);
  if (HasFatalFailure()) {
    return;
  }
  row.disturbance.act(&scenario);
  if (row.restart && !HasFatalFailure()) {
    scenario.Start();
  }
  scenario.Trade(15);
  scenario.Finish();
}

std::vector<ScenarioCase> AllCases() {
  std::vector<ScenarioCase> cases;
  for (const Disturbance& disturbance : kDisturbances) {
    for (Stage stage : {Stage::kPooled, Stage::kMined, Stage::kSafe}) {
      // A restart where it matters most: while the outcome is open.
      cases.push_back({disturbance, stage, false});
      if (stage == Stage::kPooled) {
        cases.push_back({disturbance, stage, true});
      }
    }
  }
  return cases;
}

std::string NameOfCase(const testing::TestParamInfo<ScenarioCase>& each) {
  constexpr const char* kStages[] = {"WhilePooled", "WhenMined", "WhenSafe"};
  return absl::StrCat(each.param.disturbance.name,
                      kStages[static_cast<std::size_t>(each.param.stage)],
                      each.param.restart ? "AndRestarted" : "");
}

INSTANTIATE_TEST_SUITE_P(All, AnvilScenarioTest, testing::ValuesIn(AllCases()), NameOfCase);

}  // namespace
}  // namespace tally::settlement
