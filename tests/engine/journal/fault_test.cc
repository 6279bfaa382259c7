// Failing writes and syncs, a full disk, and power cuts, through a file system that RocksDB runs
// on.

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/env.h"

#include "tests/engine/journal/fault_file_system.h"
#include "tests/engine/journal/journal_fixture.h"

namespace tally {
namespace {

class FaultTest : public ::testing::Test {
 protected:
  // Opens a writer on a disk with that plan.
  absl::StatusOr<std::unique_ptr<JournalWriter>> Open(
      const FaultPlan& plan, JournalOptions options = TestJournalOptions()) {
    system_ = std::make_shared<FaultFileSystem>(plan);
    env_ = rocksdb::NewCompositeEnv(system_);
    options.env = env_.get();
    return JournalWriter::Open(directory_, options);
  }

  // Appends until an append fails; returns the last acknowledged sequence.
  uint64_t AppendUntilFailure(JournalWriter* writer, absl::Status* failure) {
    for (;;) {
      const uint64_t last = Raw(writer->last_sequence());
      *failure = writer->AppendFrame(TestCommands(last + 1, 5));
      if (!failure->ok() || last > 10'000) {
        EXPECT_FALSE(failure->ok()) << "the fault did not come";
        return last;
      }
    }
  }

  // The failed frame is in the journal whole, or not at all, and the journal goes on.
  void ExpectRecovers(uint64_t acknowledged) {
    const uint64_t recovered = ReadAll(directory_).value();
    EXPECT_TRUE(recovered == acknowledged || recovered == acknowledged + 5)
        << recovered << " after " << acknowledged;
    WriteFrames(directory_, {4});
    EXPECT_EQ(ReadAll(directory_).value(), recovered + 4);
  }

  TemporaryDirectory temporary_;
  const std::string directory_ = temporary_.Path("journal");
  std::shared_ptr<FaultFileSystem> system_;
  std::unique_ptr<rocksdb::Env> env_;
};

TEST_F(FaultTest, AFailedSyncPoisonsTheWriter) {
  for (const uint64_t nth : {1, 2, 7}) {
    std::filesystem::remove_all(directory_);
    absl::Status failure;
    uint64_t acknowledged = 0;
    {
      auto writer = Open({.fail_sync = nth});
      ASSERT_TRUE(writer.ok()) << writer.status();
      acknowledged = AppendUntilFailure(writer->get(), &failure);
      EXPECT_EQ(acknowledged, (nth - 1) * 5);
      EXPECT_EQ(failure.code(), absl::StatusCode::kInternal);
      const uint64_t syncs = system_->syncs();
      for (int i = 0; i < 3; ++i) {
        EXPECT_EQ((*writer)->Commit(), failure);
      }
      EXPECT_EQ(system_->syncs(), syncs) << "a failed sync was tried again";
      EXPECT_EQ((*writer)->Close(), failure);
    }
    ExpectRecovers(acknowledged);
  }
}

TEST_F(FaultTest, AFailedOrShortWritePoisonsTheWriter) {
  for (const bool no_space : {false, true}) {
    for (const bool is_short : {false, true}) {
      std::filesystem::remove_all(directory_);
      absl::Status failure;
      uint64_t acknowledged = 0;
      {
        auto writer =
            Open({.fail_append = 20, .append_no_space = no_space, .append_short = is_short});
        ASSERT_TRUE(writer.ok()) << writer.status();
        acknowledged = AppendUntilFailure(writer->get(), &failure);
        EXPECT_EQ(failure.code(),
                  no_space ? absl::StatusCode::kResourceExhausted : absl::StatusCode::kInternal);
        EXPECT_EQ((*writer)->Commit(), failure);
        EXPECT_EQ((*writer)->Close(), failure);
      }
      ExpectRecovers(acknowledged);
    }
  }
}

// Every crash is a power cut at a random sync, with random survivors among the unsynced sectors;
// the journal lives through all of them.
class PowerCutTest : public FaultTest {
 protected:
  static int Rounds() {
    const char* rounds = std::getenv("TALLY_POWER_CUTS");
    return rounds == nullptr ? 60 : std::atoi(rounds);
  }

  void Run(uint64_t seed, std::size_t memtable_bytes) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    uint64_t acknowledged = 0;
    uint64_t begun = 0;
    for (int round = 0; round < Rounds(); ++round) {
      JournalOptions options = TestJournalOptions();
      options.memtable_bytes = memtable_bytes;
      options.anchor_interval_ns = 1'000'000;
      auto writer = Open({.power_cut_sync = random() % 20 + 1, .seed = random()}, options);
      ASSERT_TRUE(writer.ok()) << "round " << round << ": " << writer.status();
      const uint64_t recovered = Raw((*writer)->last_sequence());
      ASSERT_GE(recovered, acknowledged) << "round " << round;
      ASSERT_TRUE(recovered == acknowledged || recovered == begun) << "round " << round;
      do {
        acknowledged = Raw((*writer)->last_sequence());
        ASSERT_LT(acknowledged, recovered + 100'000) << "the power cut did not come";
        begun = acknowledged + random() % (random() % 16 == 0 ? 1000 : 20) + 1;
      } while ((*writer)->AppendFrame(TestCommands(acknowledged + 1, begun - acknowledged)).ok());
      ASSERT_TRUE(system_->power_is_cut());
    }
    EXPECT_GE(ReadAll(directory_).value(), acknowledged);
  }
};

TEST_F(PowerCutTest, NothingAcknowledgedIsLost) { Run(20260101, std::size_t{64} << 20); }

TEST_F(PowerCutTest, NothingAcknowledgedIsLostWhileTablesAreWritten) {
  Run(20260102, std::size_t{64} << 10);
}

TEST_F(PowerCutTest, AsyncFramesAreLostFromTheEndOnly) {
  std::mt19937_64 random(20260103);
  for (int round = 0; round < 30; ++round) {
    JournalOptions options = TestJournalOptions();
    options.durability = Durability::kAsync;
    options.anchor_interval_ns = 1'000'000;
    auto writer = Open({.seed = random()}, options);
    ASSERT_TRUE(writer.ok()) << "round " << round << ": " << writer.status();
    for (uint64_t frames = random() % 300; frames > 0; --frames) {
      const uint64_t next = Raw((*writer)->last_sequence()) + 1;
      ASSERT_TRUE((*writer)->AppendFrame(TestCommands(next, random() % 20 + 1)).ok());
    }
    system_->CutPower();
    (*writer)->Close().IgnoreError();
    ASSERT_TRUE(ReadAll(directory_).ok()) << ReadAll(directory_).status();
  }
}

}  // namespace
}  // namespace tally
