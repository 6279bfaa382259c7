#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "engine/journal/free_space.h"
#include "engine/journal/internal/anchor_file.h"
#include "engine/journal/internal/anchor_keeper.h"
#include "engine/journal/journal_reader.h"
#include "engine/journal/journal_writer.h"
#include "engine/limits.h"
#include "tests/engine/journal/file_size_limit.h"
#include "tests/engine/journal/journal_fixture.h"

namespace tally {
namespace {

using ::testing::HasSubstr;

class JournalTest : public ::testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<JournalWriter>> OpenWriter(
      const JournalOptions& options = TestJournalOptions()) {
    return JournalWriter::Open(directory_, options);
  }

  TemporaryDirectory temporary_;
  const std::string directory_ = temporary_.Path("journal");
};

TEST_F(JournalTest, ANewJournalIsEmpty) {
  const auto writer = OpenWriter();
  ASSERT_TRUE(writer.ok()) << writer.status();
  EXPECT_EQ((*writer)->last_sequence(), CommandSequence{0});
  EXPECT_EQ((*writer)->last_frame_hash(), Sha256Digest{});
  ASSERT_TRUE((*writer)->Close().ok());
  EXPECT_EQ(ReadAll(directory_).value(), 0U);
}

TEST_F(JournalTest, WhatIsCommittedComesBackInOrder) {
  WriteFrames(directory_, {1, 2, 3, 100, 1, kMaxFrameCommands});
  EXPECT_EQ(ReadAll(directory_).value(), 107U + kMaxFrameCommands);
}

TEST_F(JournalTest, OpeningVisitsEveryFrameAndContinuesTheChain) {
  Sha256Digest head{};
  for (uint64_t round = 0; round < 5; ++round) {
    uint64_t visited = 0;
    std::size_t frames = 0;
    auto writer = JournalWriter::Open(directory_, TestJournalOptions(),
                                      [&](std::span<const Command> commands) {
                                        ++frames;
                                        for (const Command& command : commands) {
                                          EXPECT_TRUE(SameBytes(command, TestCommand(++visited)));
                                        }
                                        return absl::OkStatus();
                                      });
    ASSERT_TRUE(writer.ok()) << writer.status();
    EXPECT_EQ(frames, round);
    EXPECT_EQ(visited, round * 10);
    EXPECT_EQ((*writer)->last_frame_hash(), head);
    ASSERT_TRUE((*writer)->AppendFrame(TestCommands(visited + 1, 10)).ok());
    head = (*writer)->last_frame_hash();
    ASSERT_TRUE((*writer)->Close().ok());
  }
}

TEST_F(JournalTest, TheVisitorsErrorIsTheResultOfOpening) {
  WriteFrames(directory_, {1});
  const auto writer = JournalWriter::Open(
      directory_, TestJournalOptions(),
      [](std::span<const Command>) { return absl::InternalError("state hash differs"); });
  EXPECT_THAT(writer.status().message(), HasSubstr("state hash differs"));
}

TEST_F(JournalTest, AnUncommittedFrameIsNotInTheJournal) {
  {
    auto writer = OpenWriter();
    (*writer)->Add(TestCommand(1));
    ASSERT_TRUE((*writer)->Commit().ok());
    (*writer)->Add(TestCommand(2));
    EXPECT_EQ((*writer)->pending_count(), 1U);
    ASSERT_TRUE((*writer)->Close().ok());
  }
  EXPECT_EQ(ReadAll(directory_).value(), 1U);
}

TEST_F(JournalTest, CommittingNothingDoesNothing) {
  auto writer = OpenWriter();
  ASSERT_TRUE((*writer)->Commit().ok());
  EXPECT_EQ((*writer)->last_sequence(), CommandSequence{0});
}

TEST_F(JournalTest, FramesMoveToTablesAndStayReadable) {
  JournalOptions options = TestJournalOptions();
  options.memtable_bytes = std::size_t{64} << 10;
  WriteFrames(directory_, std::vector<uint64_t>(100, 50), options);
  WriteFrames(directory_, std::vector<uint64_t>(100, 7), options);
  EXPECT_EQ(ReadAll(directory_).value(), 5700U);
  bool has_table = false;
  for (const auto& entry : std::filesystem::directory_iterator(directory_ + "/db")) {
    has_table = has_table || entry.path().extension() == ".sst";
  }
  EXPECT_TRUE(has_table);
}

TEST_F(JournalTest, AsyncFramesSurviveAClose) {
  JournalOptions options = TestJournalOptions();
  options.durability = Durability::kAsync;
  WriteFrames(directory_, {5, 5, 5}, options);
  EXPECT_EQ(ReadAll(directory_).value(), 15U);
}

TEST_F(JournalTest, TheReaderSeeksToAnyCommand) {
  WriteFrames(directory_, {10, 10, 10});
  auto reader = JournalReader::Open(directory_);
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_EQ((*reader)->last_sequence(), CommandSequence{30});
  for (const uint64_t sequence : {30, 1, 10, 11, 20, 21, 15}) {
    ASSERT_TRUE((*reader)->SeekTo(CommandSequence{sequence}).ok());
    const auto frame = (*reader)->Next();
    ASSERT_TRUE(frame.ok()) << frame.status();
    EXPECT_EQ(Raw(frame->commands.front().sequence), (sequence - 1) / 10 * 10 + 1);
  }
  EXPECT_TRUE(absl::IsOutOfRange((*reader)->SeekTo(CommandSequence{31})));
  EXPECT_TRUE(absl::IsOutOfRange((*reader)->SeekTo(CommandSequence{0})));
}

TEST_F(JournalTest, ASecondWriterIsRefused) {
  const auto writer = OpenWriter();
  const auto second = OpenWriter();
  EXPECT_TRUE(absl::IsFailedPrecondition(second.status())) << second.status();
  EXPECT_THAT(second.status().message(), HasSubstr("in use"));
}

TEST_F(JournalTest, AReaderIsRefusedWhileAWriterIsOpenButNotOnACopy) {
  auto writer = OpenWriter();
  ASSERT_TRUE((*writer)->AppendFrame(TestCommands(1, 5)).ok());
  const auto reader = JournalReader::Open(directory_);
  EXPECT_TRUE(absl::IsFailedPrecondition(reader.status())) << reader.status();
  EXPECT_THAT(reader.status().message(), HasSubstr("copy"));

  const std::string copy = temporary_.Path("copy");
  std::filesystem::copy(directory_, copy, std::filesystem::copy_options::recursive);
  EXPECT_EQ(ReadAll(copy, {.check_end = false}).value(), 5U);
}

TEST_F(JournalTest, ReadersShareADirectoryAndKeepAWriterOut) {
  WriteFrames(directory_, {5});
  const auto first = JournalReader::Open(directory_);
  const auto second = JournalReader::Open(directory_);
  EXPECT_TRUE(first.ok() && second.ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(OpenWriter().status()));
}

TEST_F(JournalTest, ReadingChangesNoByte) {
  WriteFrames(directory_, {5, 5});
  const auto snapshot = [this] {
    std::vector<std::pair<std::string, std::string>> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_)) {
      if (entry.is_regular_file()) {
        files.emplace_back(entry.path().string(), ReadFileBytes(entry.path().string()));
      }
    }
    std::sort(files.begin(), files.end());
    return files;
  };
  const auto before = snapshot();
  EXPECT_EQ(ReadAll(directory_).value(), 10U);
  EXPECT_EQ(snapshot(), before);
}

TEST_F(JournalTest, ThereIsNoJournalInAnEmptyOrMissingDirectory) {
  EXPECT_TRUE(absl::IsNotFound(JournalReader::Open(directory_).status()));
  std::filesystem::create_directories(directory_);
  EXPECT_TRUE(absl::IsNotFound(JournalReader::Open(directory_).status()));
}

TEST_F(JournalTest, TooLittleFreeSpaceIsRefused) {
  JournalOptions options = TestJournalOptions();
  options.free_bytes_min = ~uint64_t{0};
  EXPECT_TRUE(absl::IsResourceExhausted(OpenWriter(options).status()));
}

TEST_F(JournalTest, FreeSpaceOfAMissingDirectoryIsAnError) {
  EXPECT_TRUE(absl::IsNotFound(FreeSpace(directory_).status()));
  EXPECT_GT(FreeSpace(temporary_.Path("")).value(), 0U);
}

TEST_F(JournalTest, AClosedWriterRefusesFrames) {
  auto writer = OpenWriter();
  ASSERT_TRUE((*writer)->Close().ok());
  EXPECT_TRUE(absl::IsFailedPrecondition((*writer)->AppendFrame(TestCommands(1, 1))));
  EXPECT_TRUE(absl::IsFailedPrecondition((*writer)->Close()));
}

TEST_F(JournalTest, TheAnchorFollowsToTheEndWhenItIsStopped) {
  std::filesystem::create_directories(directory_);
  internal::AnchorKeeper keeper(internal::AnchorFile::Open(directory_).value(), 1'000'000'000'000,
                                nullptr);
  keeper.Publish({CommandSequence{7}, Sha256Digest{1}});
  keeper.Publish({CommandSequence{9}, Sha256Digest{2}});
  ASSERT_TRUE(keeper.Stop().ok());
  const auto anchor = internal::AnchorFile::Read(directory_).value();
  EXPECT_EQ(anchor->sequence, CommandSequence{9});
  EXPECT_EQ(anchor->frame_hash, Sha256Digest{2});
}

TEST_F(JournalTest, AnAnchorThatCannotBeWrittenIsAFailure) {
  std::filesystem::create_directories(directory_);
  internal::AnchorKeeper keeper(internal::AnchorFile::Open(directory_).value(), 1'000'000'000'000,
                                nullptr);
  const FileSizeLimit limit(0);
  keeper.Publish({CommandSequence{7}, Sha256Digest{1}});
  EXPECT_FALSE(keeper.failed());
  EXPECT_FALSE(keeper.Stop().ok());
  EXPECT_TRUE(keeper.failed());
}

TEST_F(JournalTest, AnAnchorIsNotWrittenWhenTheSyncBeforeItFails) {
  std::filesystem::create_directories(directory_);
  internal::AnchorKeeper keeper(internal::AnchorFile::Open(directory_).value(), 1'000'000'000'000,
                                [] { return absl::InternalError("sync failed"); });
  keeper.Publish({CommandSequence{7}, Sha256Digest{1}});
  EXPECT_THAT(keeper.Stop().message(), HasSubstr("sync failed"));
  EXPECT_EQ(internal::AnchorFile::Read(directory_).value()->sequence, CommandSequence{0});
}

TEST_F(JournalTest, AGapInTheSequenceIsAProgrammerError) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_DEATH(
      {
        auto writer = OpenWriter();
        (*writer)->Add(TestCommand(2));
      },
      "sequence");
}

}  // namespace
}  // namespace tally
