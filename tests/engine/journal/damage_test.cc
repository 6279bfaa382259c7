// Damages the files of a journal, byte by byte, and checks what recovery makes of it: the journal
// as it was, a prefix that misses only what was never acknowledged, or kDataLoss. Never a hole,
// never silence.

#include <algorithm>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "engine/journal/frame.h"
#include "engine/journal/internal/anchor_file.h"
#include "engine/journal/internal/rocks.h"
#include "tests/engine/journal/journal_fixture.h"
#include "tests/support/sanitized.h"

namespace tally {
namespace {

constexpr int64_t kHourNs = 3'600'000'000'000;

class DamageTest : public ::testing::Test {
 protected:
  // Leaves in `image_` what a killed writer leaves: frames of two commands, the anchor not beyond
  // command `anchored`. wal_ends_ has the length of the write-ahead log after each frame.
  void MakeCrashImage(int frames, uint64_t anchored = 0, int commands_per_frame = 2) {
    std::filesystem::remove_all(directory_);
    JournalOptions options = TestJournalOptions();
    options.anchor_interval_ns = kHourNs;
    auto writer = JournalWriter::Open(directory_, options);
    ASSERT_TRUE(writer.ok()) << writer.status();
    wal_ends_.clear();
    frame_count_ = frames;
    commands_per_frame_ = static_cast<uint64_t>(commands_per_frame);
    for (int i = 0; i < frames; ++i) {
      const uint64_t next = Raw((*writer)->last_sequence()) + 1;
      ASSERT_TRUE((*writer)->AppendFrame(TestCommands(next, commands_per_frame_)).ok());
      wal_ends_.push_back(std::filesystem::file_size(FindFile(directory_, ".log")));
      if (Raw((*writer)->last_sequence()) == anchored) {
        auto anchor = internal::AnchorFile::Open(directory_);
        ASSERT_TRUE(anchor->Write({(*writer)->last_sequence(), (*writer)->last_frame_hash()}).ok());
      }
    }
    std::filesystem::remove_all(image_);
    std::filesystem::copy(directory_, image_, std::filesystem::copy_options::recursive);
    wal_ = FindFile(image_, ".log");
    bytes_ = ReadFileBytes(wal_);
    ASSERT_EQ(bytes_.size(), wal_ends_.back());
  }

  static std::string FindFile(const std::string& directory, const std::string& extension) {
    std::string path;
    for (const auto& entry : std::filesystem::directory_iterator(directory + "/db")) {
      if (entry.path().extension() == extension) {
        path = std::max(path, entry.path().string());
      }
    }
    return path;
  }

  uint64_t AllCommands() const { return static_cast<uint64_t>(frame_count_) * commands_per_frame_; }

  // Commands of the frames that lie wholly within the first `size` bytes of the log.
  uint64_t CommandsWithin(std::size_t size) const {
    const auto after = std::upper_bound(wal_ends_.begin(), wal_ends_.end(), size);
    return static_cast<uint64_t>(after - wal_ends_.begin()) * commands_per_frame_;
  }

  std::size_t FrameBegin(int frame) const { return wal_ends_[static_cast<std::size_t>(frame - 1)]; }

  absl::StatusOr<uint64_t> ReadDamaged(const std::string& bytes) {
    WriteFileBytes(wal_, bytes);
    return ReadAll(image_);
  }

  // A writer must come to the same conclusion, go on from there, and be readable afterwards.
  void ExpectWriterContinues(const std::string& bytes, uint64_t expected) {
    const std::string copy = temporary_.Path("writable");
    std::filesystem::remove_all(copy);
    WriteFileBytes(wal_, bytes);
    std::filesystem::copy(image_, copy, std::filesystem::copy_options::recursive);
    for (uint64_t round = 0; round < 3; ++round) {
      ASSERT_EQ(ReadAll(copy).value(), expected + round * 3);
      WriteFrames(copy, {1, 2});
    }
    ASSERT_EQ(ReadAll(copy).value(), expected + 9);
  }

  TemporaryDirectory temporary_;
  const std::string directory_ = temporary_.Path("journal");
  const std::string image_ = temporary_.Path("image");
  int frame_count_ = 0;
  uint64_t commands_per_frame_ = 2;
  std::vector<std::size_t> wal_ends_;
  std::string wal_;
  std::string bytes_;
};

TEST_F(DamageTest, ACutAtAnyByteOfTheLastTwoFramesLeavesThePrefix) {
  MakeCrashImage(8);
  for (std::size_t size = FrameBegin(6); size <= bytes_.size(); size += kByteStride) {
    const auto read = ReadDamaged(bytes_.substr(0, size));
    ASSERT_TRUE(read.ok()) << size << read.status();
    ASSERT_EQ(*read, CommandsWithin(size)) << size;
  }
  for (std::size_t size = FrameBegin(6); size <= bytes_.size(); size += 97) {
    ExpectWriterContinues(bytes_.substr(0, size), CommandsWithin(size));
  }
}

TEST_F(DamageTest, ACutBeforeTheAnchorIsDataLoss) {
  MakeCrashImage(8, /*anchored=*/14);
  for (std::size_t size = FrameBegin(6); size <= bytes_.size(); size += 3 * kByteStride) {
    const auto read = ReadDamaged(bytes_.substr(0, size));
    if (size < FrameBegin(7)) {
      ASSERT_TRUE(absl::IsDataLoss(read.status())) << size << read.status();
    } else {
      ASSERT_EQ(read.value(), CommandsWithin(size)) << size;
    }
  }
}

TEST_F(DamageTest, AFlippedByteInAnAcknowledgedFrameIsNeverSkippedOrCut) {
  MakeCrashImage(8);
  for (std::size_t at = FrameBegin(6); at < bytes_.size(); at += kByteStride) {
    std::string damaged = bytes_;
    damaged[at] = static_cast<char>(~damaged[at]);
    const auto read = ReadDamaged(damaged);
    if (!read.ok()) {
      ASSERT_TRUE(absl::IsDataLoss(read.status())) << at << read.status();
    } else if (at >= FrameBegin(7)) {
      // The last frame may not have been acknowledged; without an anchor nothing tells.
      ASSERT_GE(*read, AllCommands() - 2) << at;
    } else {
      ASSERT_EQ(*read, AllCommands()) << at;
    }
  }
}

TEST_F(DamageTest, AFlippedByteInTheAnchoredLastFrameIsDataLoss) {
  MakeCrashImage(8, /*anchored=*/16);
  for (std::size_t at = FrameBegin(7); at < bytes_.size(); at += kByteStride) {
    std::string damaged = bytes_;
    damaged[at] = static_cast<char>(~damaged[at]);
    ASSERT_TRUE(absl::IsDataLoss(ReadDamaged(damaged).status())) << at;
  }
}

TEST_F(DamageTest, AFlippedBitAnywhereInTheLogIsNeverSkippedOrCut) {
  MakeCrashImage(300, 0, 5);  // Several blocks of the log.
  std::mt19937_64 random(5);
  for (int i = 0; i < 300; ++i) {
    const std::size_t at = random() % FrameBegin(299);
    std::string damaged = bytes_;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (random() % 8)));
    const auto read = ReadDamaged(damaged);
    ASSERT_TRUE(absl::IsDataLoss(read.status()) || read.value() == AllCommands()) << at;
  }
}

TEST_F(DamageTest, LargeFramesThatSpanBlocksOfTheLogAreNoException) {
  MakeCrashImage(6, 0, 900);
  std::mt19937_64 random(6);
  for (int i = 0; i < 100; ++i) {
    const std::size_t at = random() % FrameBegin(5);
    std::string damaged = bytes_;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (random() % 8)));
    const auto read = ReadDamaged(damaged);
    ASSERT_TRUE(absl::IsDataLoss(read.status()) || read.value() == AllCommands()) << at;
    const std::size_t size = FrameBegin(4) + random() % (bytes_.size() - FrameBegin(4));
    const auto cut = ReadDamaged(bytes_.substr(0, size));
    ASSERT_EQ(cut.value(), CommandsWithin(size)) << size;
  }
}

TEST_F(DamageTest, AZeroedSectorBeforeTheLastFrameIsDataLoss) {
  MakeCrashImage(40);
  for (int frame = 1; frame < 39; ++frame) {
    for (const std::size_t length : {std::size_t{7}, std::size_t{64}, std::size_t{512}}) {
      std::string damaged = bytes_;
      const auto begin = damaged.begin() + static_cast<std::ptrdiff_t>(FrameBegin(frame));
      const std::size_t within = std::min(length, bytes_.size() - FrameBegin(frame));
      std::fill(begin, begin + static_cast<std::ptrdiff_t>(within), '\0');
      const auto read = ReadDamaged(damaged);
      if (FrameBegin(frame) + within <= FrameBegin(39)) {
        ASSERT_TRUE(absl::IsDataLoss(read.status())) << frame << " " << length;
      }
    }
  }
}

TEST_F(DamageTest, AZeroedTailIsATornFrame) {
  MakeCrashImage(8);
  for (std::size_t size = FrameBegin(7) + 1; size < bytes_.size(); size += kByteStride) {
    std::string damaged = bytes_;
    std::fill(damaged.begin() + static_cast<std::ptrdiff_t>(size), damaged.end(), '\0');
    const auto read = ReadDamaged(damaged);
    ASSERT_TRUE(read.ok()) << size << read.status();
    ASSERT_GE(*read, AllCommands() - 2);
  }
  for (std::size_t size = FrameBegin(7) + 1; size < bytes_.size(); size += 50) {
    std::string damaged = bytes_;
    std::fill(damaged.begin() + static_cast<std::ptrdiff_t>(size), damaged.end(), '\0');
    ExpectWriterContinues(damaged, ReadDamaged(damaged).value());
  }
}

TEST_F(DamageTest, ZerosOrGarbageAfterTheLastFrameLoseNothing) {
  MakeCrashImage(8);
  EXPECT_EQ(ReadDamaged(bytes_ + std::string(8192, '\0')).value(), AllCommands());
  ExpectWriterContinues(bytes_ + std::string(8192, '\0'), AllCommands());
  std::mt19937_64 random(8);
  for (int i = 0; i < 50; ++i) {
    std::string garbage(random() % 5000 + 1, '\0');
    std::generate(garbage.begin(), garbage.end(), [&] { return static_cast<char>(random()); });
    EXPECT_EQ(ReadDamaged(bytes_ + garbage).value(), AllCommands());
  }
}

TEST_F(DamageTest, ADeletedLogIsNoticedByTheAnchor) {
  MakeCrashImage(8, /*anchored=*/10);
  std::filesystem::remove(wal_);
  const auto reader = JournalReader::Open(image_);
  EXPECT_TRUE(absl::IsDataLoss(reader.status())) << reader.status();
  const auto writer = JournalWriter::Open(image_, TestJournalOptions());
  EXPECT_TRUE(absl::IsDataLoss(writer.status())) << writer.status();
  EXPECT_NE(writer.status().message().find("command 10"), std::string::npos) << writer.status();
}

TEST_F(DamageTest, ADeletedDatabaseIsNoticedByTheAnchor) {
  MakeCrashImage(8, /*anchored=*/10);
  std::filesystem::remove_all(image_ + "/db");
  EXPECT_TRUE(absl::IsDataLoss(JournalWriter::Open(image_, TestJournalOptions()).status()));
}

TEST_F(DamageTest, ADamagedAnchorSlotFallsBackOnTheOtherAndTwoAreRefused) {
  MakeCrashImage(8, /*anchored=*/10);
  const std::string path = image_ + "/anchor";
  const std::string anchor = ReadFileBytes(path);
  for (std::size_t at = 0; at < 64; ++at) {
    for (const std::size_t slot : {std::size_t{0}, std::size_t{4096}}) {
      std::string damaged = anchor;
      damaged[slot + at] = static_cast<char>(~damaged[slot + at]);
      WriteFileBytes(path, damaged);
      ASSERT_EQ(ReadAll(image_).value(), AllCommands()) << at;
    }
    std::string damaged = anchor;
    damaged[at] = static_cast<char>(~damaged[at]);
    damaged[4096 + at] = static_cast<char>(~damaged[4096 + at]);
    WriteFileBytes(path, damaged);
    ASSERT_TRUE(absl::IsDataLoss(ReadAll(image_).status())) << at;
  }
}

TEST_F(DamageTest, AnAnchorOfAnotherJournalIsRefused) {
  MakeCrashImage(8);
  auto anchor = internal::AnchorFile::Open(image_);
  ASSERT_TRUE(anchor->Write({CommandSequence{10}, Sha256Digest{1, 2, 3}}).ok());
  EXPECT_TRUE(absl::IsDataLoss(ReadAll(image_).status()));
}

TEST_F(DamageTest, AFlippedBitInATableIsDataLoss) {
  JournalOptions options = TestJournalOptions();
  options.memtable_bytes = std::size_t{64} << 10;
  WriteFrames(directory_, std::vector<uint64_t>(60, 50), options);
  std::mt19937_64 random(9);
  int refused = 0;
  for (const std::string extension : {".sst", "MANIFEST"}) {
    for (int i = 0; i < 60; ++i) {
      std::filesystem::remove_all(image_);
      std::filesystem::copy(directory_, image_, std::filesystem::copy_options::recursive);
      std::vector<std::string> files;
      for (const auto& entry : std::filesystem::directory_iterator(image_ + "/db")) {
        if (entry.path().string().find(extension) != std::string::npos) {
          files.push_back(entry.path().string());
        }
      }
      ASSERT_FALSE(files.empty());
      const std::string path = files[random() % files.size()];
      std::string bytes = ReadFileBytes(path);
      const std::size_t at = random() % bytes.size();
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << (random() % 8)));
      WriteFileBytes(path, bytes);
      const auto read = ReadAll(image_);
      ASSERT_TRUE(!read.ok() || *read == 3000) << path << " " << at;
      refused += read.ok() ? 0 : 1;
    }
  }
  EXPECT_GT(refused, 60);
}

// Changes frames through RocksDB itself, so that only the journal's own checks can notice.
class ForgedFrameTest : public DamageTest {
 protected:
  void SetUp() override {
    WriteFrames(directory_, {2, 2, 2, 2});
    auto db = internal::OpenDbForWriting(directory_, TestJournalOptions(),
                                         internal::WalRecovery::kTolerateTornTail);
    ASSERT_TRUE(db.ok()) << db.status();
    db_ = *std::move(db);
  }

  std::string Get(uint64_t sequence) {
    std::string frame;
    EXPECT_TRUE(db_->Get({}, internal::FrameKey(CommandSequence{sequence}), &frame).ok());
    return frame;
  }
  void Put(uint64_t sequence, const std::string& frame) {
    ASSERT_TRUE(db_->Put({}, internal::FrameKey(CommandSequence{sequence}), frame).ok());
  }
  void Delete(uint64_t sequence) {
    ASSERT_TRUE(db_->Delete({}, internal::FrameKey(CommandSequence{sequence})).ok());
  }
  void ExpectDataLoss() {
    db_.reset();
    // The visitor sees what precedes the damage; the end of it is the error.
    const auto writer = JournalWriter::Open(directory_, TestJournalOptions());
    EXPECT_TRUE(absl::IsDataLoss(writer.status())) << writer.status();
    const auto reader = JournalReader::Open(directory_);
    absl::Status status = reader.status();
    while (status.ok()) {
      const auto frame = (*reader)->Next();
      status = frame.status();
      ASSERT_FALSE(frame.ok() && frame->commands.empty()) << "read to the end";
    }
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  }

  std::unique_ptr<rocksdb::DB> db_;
};

TEST_F(ForgedFrameTest, ExchangedFramesAreNoticed) {
  const std::string third = Get(3);
  const std::string fifth = Get(5);
  Put(3, fifth);
  Put(5, third);
  ExpectDataLoss();
}

TEST_F(ForgedFrameTest, ARepeatedFrameIsNoticed) {
  Put(5, Get(3));
  ExpectDataLoss();
}

TEST_F(ForgedFrameTest, AMissingFrameIsNoticed) {
  Delete(3);
  ExpectDataLoss();
}

TEST_F(ForgedFrameTest, AMissingFirstFrameIsNoticed) {
  Delete(1);
  ExpectDataLoss();
}

TEST_F(ForgedFrameTest, AMissingLastFrameIsNoticed) {
  Delete(7);
  ExpectDataLoss();
}

TEST_F(ForgedFrameTest, AnEditedFrameWithRightChecksumsIsNoticed) {
  Command edited[] = {TestCommand(3), TestCommand(4)};
  edited[1].new_order.price.value += 1;
  FrameHeader header;
  const std::string original = Get(3);
  std::memcpy(&header, original.data(), sizeof header);
  FrameBuilder builder;
  builder.Add(edited[0]);
  builder.Add(edited[1]);
  Put(3, std::string(builder.Finish(header.previous_hash, Durability::kSync)));
  ExpectDataLoss();
}

TEST_F(ForgedFrameTest, AnEditedLastFrameIsNoticedByTheAnchor) {
  FrameHeader header;
  const std::string original = Get(7);
  std::memcpy(&header, original.data(), sizeof header);
  FrameBuilder builder;
  builder.Add(TestCommand(7));
  Command edited = TestCommand(8);
  edited.timestamp_ns += 1;
  builder.Add(edited);
  Put(7, std::string(builder.Finish(header.previous_hash, Durability::kSync)));
  ExpectDataLoss();
}

}  // namespace
}  // namespace tally
