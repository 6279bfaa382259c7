#include "settlement/relayer/relayer.h"

#include <cstdlib>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/settlement/relayer_world.h"

namespace tally::settlement {
namespace {

class RelayerTest : public testing::Test {
 protected:
  void Fund() {
    world_.Fund();
    world_.Run(8);
  }
  void Trade(int count) {
    for (int i = 0; i < count; ++i) {
      world_.Trade(++trades_);
    }
  }
  // The first job that is not yet mined, in the given state.
  void RunUntilSent() {
    for (int i = 0; i < 20 && world_.chain.pool_size() == 0; ++i) {
      ASSERT_TRUE(world_.StepRelayer().ok());
      world_.clock.Advance(11'000'000'000);
    }
    ASSERT_GT(world_.chain.pool_size(), 0u);
  }
  bool Logged(std::string_view text) const {
    return std::any_of(world_.log.begin(), world_.log.end(), [&](const std::string& line) {
      return line.find(text) != std::string::npos;
    });
  }

  RelayerWorld world_;
  uint64_t trades_ = 0;
};

TEST_F(RelayerTest, DepositsReachTheEngineAfterTheirConfirmations) {
  ASSERT_TRUE(world_.StepRelayer().ok());
  world_.chain.Deposit(1, 0, 500);
  world_.chain.Mine();
  world_.Run(3);
  EXPECT_EQ(world_.engine.deposit_count(), 0u);
  world_.Run(2);
  EXPECT_EQ(world_.engine.deposit_count(), 1u);
}

TEST_F(RelayerTest, FillsAreSettledAndReported) {
  Fund();
  Trade(40);
  world_.Settle();
  EXPECT_GT(world_.engine.settled_batches(), 3u);
  EXPECT_EQ(world_.chain.failed_count(), 0u);
}

TEST_F(RelayerTest, WithdrawalsAreFinalisedOrRejectedAsTheEngineSays) {
  Fund();
  Trade(20);
  world_.chain.RequestWithdraw(1, 0, 99'000);
  world_.chain.RequestWithdraw(1, 0, 99'000);
  world_.chain.RequestWithdraw(2, 1, 10);
  world_.Settle();
  ASSERT_EQ(world_.chain.vault().withdrawals.size(), 3u);
  EXPECT_EQ(world_.chain.vault().withdrawals[0].status, WithdrawalStatus::kFinalized);
  EXPECT_EQ(world_.chain.vault().withdrawals[1].status, WithdrawalStatus::kRejected);
  EXPECT_EQ(world_.chain.vault().withdrawals[2].status, WithdrawalStatus::kFinalized);
}

TEST_F(RelayerTest, ABatchWaitsForItsAgeOrItsSize) {
  Fund();
  world_.engine.Execute({.instrument = 1, .buyer = 1, .seller = 2});
  ASSERT_TRUE(world_.StepRelayer().ok());
  EXPECT_TRUE(world_.relayer->jobs().empty());
  world_.clock.Advance(world_.config.batch_age_ns_max);
  ASSERT_TRUE(world_.StepRelayer().ok());
  EXPECT_EQ(world_.relayer->jobs().size(), 1u);
  for (int i = 0; i < 4; ++i) {
    world_.engine.Execute({.instrument = 1, .buyer = 1, .seller = 2});
  }
  ASSERT_TRUE(world_.StepRelayer().ok());
  EXPECT_EQ(world_.relayer->jobs().size(), 2u);
}

TEST_F(RelayerTest, ABatchHasNoMoreSignedOrdersOfAnAccountThanOneJustificationTakes) {
  world_.config.batch_orders_per_account_max = 3;
  Fund();
  const PrivateKey key = PrivateKey::ForTest("trader", 1);
  world_.engine.SignOrders(OrderDomain(FakeChain::kChainId, RelayerWorld::VaultAddress()),
                           [&](uint32_t account) { return account == 1 ? &key : nullptr; });
  for (int i = 0; i < 7; ++i) {
    world_.engine.Execute({.instrument = 1, .buyer = 1, .seller = 2});
  }
  ASSERT_TRUE(world_.StepRelayer().ok());
  EXPECT_EQ(world_.relayer->jobs().size(), 2u);  // And one trade waits for more.
}

TEST_F(RelayerTest, FlushSealsAtOnce) {
  Fund();
  world_.engine.Execute({.instrument = 1, .buyer = 1, .seller = 2});
  ASSERT_TRUE(world_.StepRelayer().ok());
  ASSERT_TRUE(world_.relayer->Flush().ok());
  EXPECT_EQ(world_.relayer->jobs().size(), 1u);
}

TEST_F(RelayerTest, AStuckTransactionIsRepriced) {
  Fund();
  Trade(10);
  RunUntilSent();
  world_.chain.set_base_fee(50'000'000'000);
  world_.Run(40);
  world_.Settle();
  EXPECT_GE(world_.chain.broadcast_count(), 2u);
}

TEST_F(RelayerTest, AFeeAboveTheMaximumIsNotPaid) {
  Fund();
  Trade(10);
  world_.chain.set_base_fee(world_.config.fee_cap_wei_max);
  world_.clock.Advance(world_.config.batch_age_ns_max);
  absl::Status status;
  for (int i = 0; i < 3; ++i) {
    status = world_.StepRelayer();
    world_.clock.Advance(world_.config.batch_age_ns_max);
  }
  EXPECT_TRUE(Relayer::IsTransient(status)) << status;
  EXPECT_NE(std::string(status.message()).find("configured maximum"), std::string::npos) << status;
  world_.chain.set_base_fee(1);
  world_.Settle();
}

TEST_F(RelayerTest, TransactionsTheNodeForgotAreSentAgain) {
  Fund();
  Trade(10);
  RunUntilSent();
  world_.chain.DropPool();
  world_.Settle();
}

TEST_F(RelayerTest, AReorganisedReceiptGoesBackToThePool) {
  Fund();
  Trade(10);
  RunUntilSent();
  world_.chain.Mine();
  ASSERT_TRUE(world_.StepRelayer().ok());
  world_.chain.Reorganise(1, [](uint64_t) { return true; });
  ASSERT_TRUE(world_.StepRelayer().ok());
  EXPECT_TRUE(Logged("reorganisation took it back")) << world_.Tail();
  world_.Settle();
}

TEST_F(RelayerTest, AForeignTransactionMayTakeANonce) {
  Fund();
  Trade(30);
  RunUntilSent();
  world_.chain.DropPool();
  world_.chain.TakeNonce();
  world_.Settle();
  EXPECT_TRUE(Logged("goes back to the queue")) << world_.Tail();
}

TEST_F(RelayerTest, ALostStoreIsRebuiltFromTheVaultAndTheEventLog) {
  Fund();
  Trade(30);
  world_.chain.RequestWithdraw(1, 0, 10);
  world_.Settle();
  Trade(15);
  world_.Run(3);
  world_.store.Clear();
  world_.relayer.reset();
  Trade(15);
  world_.chain.RequestWithdraw(2, 0, 10);
  world_.Settle();
}

TEST_F(RelayerTest, AnOldCopyOfTheStoreIsRefused) {
  Fund();
  MemoryStore copy = world_.store;
  Trade(30);
  world_.Settle();
  world_.store = std::move(copy);
  const absl::Status status = world_.StartRelayer();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(std::string(status.message()).find("old copy"), std::string::npos) << status;
}

TEST_F(RelayerTest, TwoRelayersCannotSettleTwice) {
  Fund();
  MemoryStore other_store = world_.store;
  Relayer other(world_.config, {.store = &other_store,
                                .chain = &world_.chain,
                                .engine = &world_.engine,
                                .events = &world_.engine,
                                .signer = &world_.signer,
                                .clock = &world_.clock});
  ASSERT_TRUE(other.Start().ok());
  Trade(60);
  absl::Status first;
  absl::Status second;
  for (int i = 0; i < 100; ++i) {
    if (first.ok() || Relayer::IsTransient(first)) {
      first = world_.relayer->Step();
    }
    if (second.ok() || Relayer::IsTransient(second)) {
      second = other.Step();
    }
    if (i % 3 == 0) {
      world_.engine.Execute({.instrument = 1, .buyer = 1, .seller = 2});
    }
    world_.chain.Mine();
    world_.clock.Advance(2'000'000'000);
  }
  for (const auto& [id, count] : world_.chain.vault().settled_count) {
    EXPECT_EQ(count, 1);
  }
  EXPECT_GT(world_.engine.settled_batches(), 0u);
}

TEST_F(RelayerTest, APausedVaultIsWaitedFor) {
  Fund();
  Trade(10);
  world_.chain.SetPaused(true);
  world_.Run(20);
  EXPECT_EQ(world_.engine.settled_batches(), 0u);
  EXPECT_EQ(world_.chain.broadcast_count(), 0u);
  world_.chain.SetPaused(false);
  world_.Settle();
}

TEST_F(RelayerTest, ABatchIsSettledWithoutTheAccountThatTheVaultRefuses) {
  Fund();
  // The vault lost what the engine still counts: only a bug or a theft can do that.
  world_.engine.Execute({.instrument = 1, .buyer = 1, .seller = 2, .ticks = 1000, .lots = 90});
  world_.engine.Execute({.instrument = 1, .buyer = 3, .seller = 2, .ticks = 10, .lots = 9});
  const_cast<FakeVault&>(world_.chain.vault()).balances[{1, 1}] = 5;
  for (int i = 0; i < 100 && world_.engine.settled_batches() == 0; ++i) {
    const absl::Status status = world_.StepRelayer();
    ASSERT_TRUE(status.ok() || Relayer::IsTransient(status)) << status;
    world_.clock.Advance(5'000'000'000);
    world_.chain.Mine();
  }
  EXPECT_EQ(world_.engine.settled_batches(), 1u) << world_.Tail();
  EXPECT_TRUE(Logged("ALARM: the vault refuses batch 1")) << world_.Tail();
  EXPECT_TRUE(Logged("Overdraft: account 1, pair 0")) << world_.Tail();
  EXPECT_EQ((world_.chain.vault().balances.at({3, 0})), 100'009);
  const auto& owed = world_.relayer->quarantine().owed();
  ASSERT_EQ(owed.size(), 1u);
  const auto entries = DecodeEntries(owed.begin()->second.data);
  ASSERT_EQ(entries->size(), 2u);
  EXPECT_TRUE((*entries)[0].even == 90 && (*entries)[0].odd == -90'000);
  EXPECT_TRUE((*entries)[1].even == -90 && (*entries)[1].odd == 90'000);
}

// Signs, unless it is told to fail.
class MoodySigner final : public Signer {
 public:
  explicit MoodySigner(Signer* signer) : signer_(signer) {}
  const Address& address() const override { return signer_->address(); }
  absl::StatusOr<SignedTransaction> Sign(const Transaction& transaction) override {
    ++asked_count;
    return mood.ok() ? signer_->Sign(transaction) : mood;
  }

  absl::Status mood;
  int asked_count = 0;

 private:
  Signer* const signer_;
};

TEST_F(RelayerTest, ASignerThatIsAwayIsWaitedForAndOneThatRefusesEndsTheRelayer) {
  Fund();
  MoodySigner signer(&world_.signer);
  ASSERT_TRUE(world_.StartRelayerWith(&signer).ok());
  signer.mood = absl::UnavailableError("signer: connection refused");
  Trade(10);
  world_.Run(20);
  EXPECT_GT(signer.asked_count, 1);
  EXPECT_EQ(world_.chain.broadcast_count(), 0u);
  signer.mood = absl::OkStatus();
  world_.Settle();
  Trade(10);
  signer.mood = absl::PermissionDeniedError("selector 0x12345678 is not allowed");
  absl::Status status;
  for (int i = 0; i < 20 && (status.ok() || Relayer::IsTransient(status)); ++i) {
    status = world_.relayer->Step();
    world_.clock.Advance(2'000'000'000);
  }
  EXPECT_EQ(status, signer.mood);
}

// What is under way is not given up because a higher price cannot be signed now.
TEST_F(RelayerTest, WithoutASignerTheSameBytesAreSentAgain) {
  Fund();
  MoodySigner signer(&world_.signer);
  ASSERT_TRUE(world_.StartRelayerWith(&signer).ok());
  Trade(10);
  RunUntilSent();
  world_.chain.set_base_fee(100'000'000'000);  // More than it pays.
  const uint64_t sent = world_.chain.broadcast_count();
  const int asked = signer.asked_count;
  signer.mood = absl::ResourceExhaustedError("budget of the hour is spent");
  world_.Run(60);
  EXPECT_GT(signer.asked_count, asked);
  EXPECT_GT(world_.chain.broadcast_count(), sent);
}

struct StartCase {
  const char* message;
  void (*arrange)(RelayerWorld* world);
};

TEST(RelayerStartTest, EveryMismatchIsNamed) {
  const StartCase cases[] = {
      {"the node is on chain", [](RelayerWorld* world) { world->config.chain_id = 1; }},
      {"no contract at the vault's address",
       [](RelayerWorld* world) { world->config.vault = Address(); }},
      {"the key belongs to",
       [](RelayerWorld* world) { world->signer = KeySigner(PrivateKey::ForTest("stranger", 1)); }},
  };
  for (const StartCase& row : cases) {
    RelayerWorld world;
    row.arrange(&world);
    const absl::Status status = world.StartRelayer();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_NE(std::string(status.message()).find(row.message), std::string::npos) << status;
  }
}

class RocksStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = (std::filesystem::temp_directory_path() / "tally-relayer-XXXXXX").string();
    ASSERT_NE(::mkdtemp(directory_.data()), nullptr);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string directory_;
};

TEST_F(RocksStoreTest, KeepsWhatWasWritten) {
  {
    auto store = OpenRocksStore(directory_ + "/store");
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_TRUE(
        (*store)->Write({.puts = {{"a/2", "y"}, {"a/1", "x"}, {"b", "z"}}, .deletes = {}}).ok());
    ASSERT_TRUE((*store)->Write({.puts = {}, .deletes = {"a/2"}}).ok());
  }
  auto store = OpenRocksStore(directory_ + "/store");
  ASSERT_TRUE(store.ok()) << store.status();
  std::string seen;
  ASSERT_TRUE((*store)
                  ->Visit("a/",
                          [&](std::string_view key, std::string_view value) {
                            seen.append(key).append(value);
                            return absl::OkStatus();
                          })
                  .ok());
  EXPECT_EQ(seen, "a/1x");
}

TEST_F(RocksStoreTest, SecondRelayerOnTheSameStoreIsRefused) {
  auto first = OpenRocksStore(directory_);
  ASSERT_TRUE(first.ok());
  const auto second = OpenRocksStore(directory_);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(std::string(second.status().message()).find("another relayer"), std::string::npos);
}

TEST_F(RocksStoreTest, FolderThatCannotBeMadeIsNamed) {
  const auto store = OpenRocksStore("/dev/null/store");
  EXPECT_FALSE(store.ok());
  EXPECT_NE(std::string(store.status().message()).find("/dev/null/store"), std::string::npos);
}

TEST_F(RocksStoreTest, RecordsSurviveARoundTrip) {
  auto rocks = OpenRocksStore(directory_);
  ASSERT_TRUE(rocks.ok());
  RelayerStore store(rocks->get());
  Checkpoint checkpoint;
  checkpoint.last_event = 77;
  checkpoint.head.next_batch = 5;
  checkpoint.terms[InstrumentId{3}].lot_quanta = {9};
  checkpoint.terms[InstrumentId{3}].tick_quanta = {2};
  ASSERT_TRUE(store.SaveStart({.chain_id = 7, .vault = {}}, checkpoint, {}).ok());
  Job job;
  job.id = 4;
  job.batch.id = 4;
  job.batch.data = Bytes(28, 3);
  job.state = JobState::kAttempted;
  job.lane.bytes[19] = 8;
  job.deadline_ns = 99;
  job.attempts.push_back({.tip_wei = 1, .fee_cap_wei = 2, .raw = {1, 2}, .hash = {}});
  ASSERT_TRUE(store.SaveJob(job).ok());
  auto contents = store.Load();
  ASSERT_TRUE(contents.ok()) << contents.status();
  EXPECT_EQ(contents->checkpoint->last_event, 77u);
  EXPECT_EQ(contents->checkpoint->terms[InstrumentId{3}].lot_quanta.value, 9);
  ASSERT_EQ(contents->jobs.count(4), 1u);
  EXPECT_EQ(contents->jobs[4].attempts[0].raw, (Bytes{1, 2}));
  EXPECT_EQ(contents->jobs[4].batch.data, job.batch.data);
  EXPECT_EQ(contents->jobs[4].lane, job.lane);
  EXPECT_EQ(contents->jobs[4].deadline_ns, 99);
  job.state = JobState::kDone;
  ASSERT_TRUE(store.SaveJob(job).ok());
  contents = store.Load();
  ASSERT_TRUE(contents.ok());
  EXPECT_TRUE(contents->jobs.empty());
}

TEST_F(RocksStoreTest, RecordsFromBeforeThereWereLanesAreRead) {
  const std::string hash(64, '0');
  const std::string record =
      R"({"schema":2,"id":4,"kind":4,"state":3,"withdrawals":[],"gas_limit":21000,"nonce":7,)"
      R"("attempts":[],"abandoned":[],"mined_block":0,"mined_block_hash":"0x)" +
      hash + R"(","mined_transaction":"0x)" + hash + R"("})";
  auto rocks = OpenRocksStore(directory_);
  ASSERT_TRUE(rocks.ok());
  ASSERT_TRUE((*rocks)->Write({.puts = {{"job/4", record}}, .deletes = {}}).ok());
  const auto contents = RelayerStore(rocks->get()).Load();
  ASSERT_TRUE(contents.ok()) << contents.status();
  EXPECT_EQ(contents->jobs.at(4).nonce, 7u);
  EXPECT_EQ(contents->jobs.at(4).lane, Address());
  EXPECT_EQ(contents->jobs.at(4).deadline_ns, 0);
}

TEST_F(RocksStoreTest, DamagedRecordsAreNamed) {
  auto rocks = OpenRocksStore(directory_);
  ASSERT_TRUE(rocks.ok());
  ASSERT_TRUE((*rocks)->Write({.puts = {{"job/1", "{\"id\": true"}}, .deletes = {}}).ok());
  const auto contents = RelayerStore(rocks->get()).Load();
  EXPECT_EQ(contents.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(std::string(contents.status().message()).find("job/1"), std::string::npos);
}

}  // namespace
}  // namespace tally::settlement
