#include "engine/journal/event_log.h"

#include <atomic>
#include <filesystem>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/engine/journal/event_log_fixture.h"
#include "tests/engine/journal/file_size_limit.h"
#include "tests/support/sanitized.h"

namespace tally {
namespace {

class EventLogTest : public ::testing::Test {
 protected:
  std::unique_ptr<EventLogWriter> Open(uint64_t segment_bytes_max = uint64_t{256} << 20) {
    auto writer = EventLogWriter::Open(directory_, {.segment_bytes_max = segment_bytes_max});
    EXPECT_TRUE(writer.ok()) << writer.status();
    return *std::move(writer);
  }

  void Write(const std::vector<uint64_t>& frame_counts,
             uint64_t segment_bytes_max = uint64_t{256} << 20) {
    const auto writer = Open(segment_bytes_max);
    for (const uint64_t count : frame_counts) {
      const uint64_t next = Raw(writer->last_sequence()) + 1;
      ASSERT_TRUE(writer->Append(TestEvents(next, count)).ok());
    }
  }

  std::string LastSegment() const { return Segments().back(); }

  std::vector<std::string> Segments() const {
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
      if (entry.path().extension() == ".seg") {
        paths.push_back(entry.path().string());
      }
    }
    std::sort(paths.begin(), paths.end());
    return paths;
  }

  absl::Status ReadStatus(EventLogReader* reader, uint64_t from) {
    std::vector<Event> events(16, Event{});
    return reader->ReadFrom(EventSequence{from}, events).status();
  }

  TemporaryDirectory temporary_;
  const std::string directory_ = temporary_.Path("events");
};

TEST_F(EventLogTest, AMissingDirectoryIsNotThereYet) {
  EventLogReader reader(directory_);
  EXPECT_EQ(FollowToEnd(&reader, 1), 1U);
  Write({3});
  EXPECT_EQ(FollowToEnd(&reader, 1), 4U);
}

TEST_F(EventLogTest, EveryEventComesBackWhateverTheFramesAndTheLimit) {
  Write({1, 2, 3, 4096, 5000, 1, 700});
  for (const std::size_t limit : {1, 7, 1000, 100'000}) {
    EventLogReader reader(directory_);
    EXPECT_EQ(FollowToEnd(&reader, 1, limit), 1U + 1 + 2 + 3 + 4096 + 5000 + 1 + 700);
  }
}

TEST_F(EventLogTest, ReopeningContinuesTheLog) {
  for (uint64_t i = 0; i < 10; ++i) {
    Write({i + 1});
  }
  EXPECT_EQ(Raw(Open()->last_sequence()), 55U);
  EventLogReader reader(directory_);
  EXPECT_EQ(FollowToEnd(&reader, 1), 56U);
}

TEST_F(EventLogTest, SegmentsRotateAndAreReadAsOneLog) {
  Write(std::vector<uint64_t>(100, 10), /*segment_bytes_max=*/10'000);
  EXPECT_GT(Segments().size(), 10U);
  EventLogReader reader(directory_);
  EXPECT_EQ(FollowToEnd(&reader, 1), 1001U);
  Write(std::vector<uint64_t>(100, 10), 10'000);
  EXPECT_EQ(FollowToEnd(&reader, 1001), 2001U);
}

TEST_F(EventLogTest, AReaderStartsAnywhere) {
  Write(std::vector<uint64_t>(400, 100), 2'500'000);
  EventLogReader reader(directory_);
  std::mt19937_64 random(7);
  std::vector<Event> events(50, Event{});
  for (int i = 0; i < 300; ++i) {
    const uint64_t from = random() % 40'000 + 1;
    const auto count = reader.ReadFrom(EventSequence{from}, events);
    ASSERT_TRUE(count.ok()) << count.status();
    ASSERT_EQ(*count, std::min<uint64_t>(50, 40'000 - from + 1));
    ASSERT_EQ(CountExpected(std::span(events).first(*count), from), *count);
  }
  EXPECT_EQ(reader.ReadFrom(EventSequence{40'001}, events).value(), 0U);
  EXPECT_EQ(reader.ReadFrom(EventSequence{90'000}, events).value(), 0U);
}

TEST_F(EventLogTest, EventsBeforeTheOldestSegmentAreOutOfRange) {
  Write(std::vector<uint64_t>(20, 10), 5'000);
  std::filesystem::remove(Segments().front());
  EventLogReader reader(directory_);
  EXPECT_TRUE(absl::IsOutOfRange(ReadStatus(&reader, 1)));
}

TEST_F(EventLogTest, ReplayedEventsAreNotWrittenAgain) {
  Write({10, 10});
  const auto size = std::filesystem::file_size(LastSegment());
  {
    const auto writer = Open();
    ASSERT_TRUE(writer->Append(TestEvents(1, 5)).ok());
    ASSERT_TRUE(writer->Append(TestEvents(6, 15)).ok());
    EXPECT_EQ(std::filesystem::file_size(LastSegment()), size);
    ASSERT_TRUE(writer->Append(TestEvents(18, 8)).ok());
    EXPECT_EQ(Raw(writer->last_sequence()), 25U);
  }
  EventLogReader reader(directory_);
  EXPECT_EQ(FollowToEnd(&reader, 1), 26U);
}

TEST_F(EventLogTest, ASecondWriterIsRefused) {
  const auto writer = Open();
  EXPECT_TRUE(absl::IsFailedPrecondition(EventLogWriter::Open(directory_).status()));
}

TEST_F(EventLogTest, ATornTailOfAnyLengthIsCutAndRewritten) {
  Write({3, 2, 4});
  const std::string whole = ReadFileBytes(LastSegment());
  const std::string path = LastSegment();
  const std::size_t frame_ends[] = {32, 32 + 32 + 3 * 128, 32 + 64 + 5 * 128, whole.size()};
  const uint64_t events_before[] = {0, 3, 5, 9};
  for (std::size_t size = 0; size <= whole.size(); size += kByteStride) {
    WriteFileBytes(path, whole.substr(0, size));
    std::size_t frames = 0;
    while (frames < 3 && frame_ends[frames + 1] <= size) {
      ++frames;
    }
    // Write continues with other frames than were there before.
    {
      const auto writer = Open();
      ASSERT_EQ(Raw(writer->last_sequence()), events_before[frames]) << size;
      ASSERT_TRUE(writer->Append(TestEvents(events_before[frames] + 1, 7)).ok());
    }
    EventLogReader reader(directory_);
    ASSERT_EQ(FollowToEnd(&reader, 1), events_before[frames] + 8) << size;
  }
}

TEST_F(EventLogTest, ATornTailIsNotThereYetForAFollower) {
  Write({3, 2, 4});
  const std::string whole = ReadFileBytes(LastSegment());
  for (std::size_t size = 32 + 64 + 5 * 128; size < whole.size(); size += 7) {
    OverwriteFileBytes(LastSegment(), whole.substr(0, size));
    EventLogReader reader(directory_);
    ASSERT_EQ(FollowToEnd(&reader, 1), 6U) << size;
    OverwriteFileBytes(LastSegment(), whole);
    ASSERT_EQ(FollowToEnd(&reader, 6), 10U) << size;
  }
}

TEST_F(EventLogTest, AZeroedTailIsNotThereYetForAFollower) {
  Write({3, 2, 4});
  std::string bytes = ReadFileBytes(LastSegment());
  std::fill(bytes.end() - 200, bytes.end(), '\0');
  OverwriteFileBytes(LastSegment(), bytes);
  EventLogReader reader(directory_);
  EXPECT_EQ(FollowToEnd(&reader, 1), 6U);
  Write({10});  // The writer cuts it; the follower goes on.
  EXPECT_EQ(FollowToEnd(&reader, 6), 16U);
}

TEST_F(EventLogTest, EveryFlippedByteIsNoticedAndNeverRead) {
  Write({3, 2, 4});
  const std::string whole = ReadFileBytes(LastSegment());
  for (std::size_t at = 0; at < whole.size(); at += kByteStride) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(~damaged[at]);
    WriteFileBytes(LastSegment(), damaged);
    EventLogReader reader(directory_);
    std::vector<Event> events(16, Event{});
    const auto count = reader.ReadFrom(EventSequence{1}, events);
    const std::size_t last_frame = 32 + 64 + 5 * 128;
    if (at >= last_frame) {
      ASSERT_EQ(count.value(), 5U) << at;  // As good as a torn tail.
    } else {
      ASSERT_TRUE(count.status().code() == absl::StatusCode::kDataLoss) << at << count.status();
    }
  }
}

TEST_F(EventLogTest, DamageBeforeTheLastSegmentIsDataLoss) {
  Write(std::vector<uint64_t>(20, 10), 5'000);
  const std::string path = Segments()[1];
  std::string bytes = ReadFileBytes(path);
  WriteFileBytes(path, bytes.substr(0, bytes.size() - 1));
  EventLogReader reader(directory_);
  std::vector<Event> events(1000, Event{});
  uint64_t next = 1;
  absl::StatusOr<std::size_t> count = reader.ReadFrom(EventSequence{next}, events);
  // Looks like an end at first; found out after some polls.
  for (int poll = 0; poll < 1000 && count.ok(); ++poll) {
    next += *count;
    count = reader.ReadFrom(EventSequence{next}, events);
  }
  EXPECT_TRUE(absl::IsDataLoss(count.status()));
  EXPECT_LT(next, 200U);
}

TEST_F(EventLogTest, AGapBetweenTheLastSegmentsIsRefusedByTheWriter) {
  Write(std::vector<uint64_t>(20, 10), 5'000);
  const std::string path = Segments()[Segments().size() - 2];
  WriteFileBytes(path, ReadFileBytes(path).substr(0, 1000));
  EXPECT_TRUE(absl::IsDataLoss(EventLogWriter::Open(directory_).status()));
}

TEST_F(EventLogTest, CuttingForgetsExactlyWhatIsAfter) {
  for (const uint64_t last : {0, 1, 9, 10, 11, 55, 99, 100, 150}) {
    std::filesystem::remove_all(directory_);
    Write(std::vector<uint64_t>(10, 10), 3'000);
    {
      const auto writer = Open(3'000);
      ASSERT_TRUE(writer->CutAfter(EventSequence{last}).ok());
      const uint64_t expected = std::min<uint64_t>(last, 100);
      ASSERT_EQ(Raw(writer->last_sequence()), expected);
      EventLogReader reader(directory_);
      ASSERT_EQ(FollowToEnd(&reader, 1), expected + 1);
      ASSERT_TRUE(writer->Append(TestEvents(expected + 1, 30)).ok());
      ASSERT_EQ(FollowToEnd(&reader, expected + 1), expected + 31);
    }
    EventLogReader reader(directory_);
    ASSERT_EQ(FollowToEnd(&reader, 1), std::min<uint64_t>(last, 100) + 31);
  }
}

TEST_F(EventLogTest, AFollowerSurvivesAWriterThatCutsAndRewrites) {
  Write({10, 10});
  EventLogReader reader(directory_);
  EXPECT_EQ(FollowToEnd(&reader, 1), 21U);
  // The last frame is lost in a crash and comes back, after the restart, in other frames.
  std::string bytes = ReadFileBytes(LastSegment());
  OverwriteFileBytes(LastSegment(), bytes.substr(0, bytes.size() - 300));
  Write({3, 4, 5, 6, 7});
  EXPECT_EQ(FollowToEnd(&reader, 21), 36U);
}

TEST_F(EventLogTest, AFollowerFindsALogThatWasMovedAwayAndRebuilt) {
  Write({10, 10});
  EventLogReader reader(directory_);
  EXPECT_EQ(FollowToEnd(&reader, 1), 21U);
  std::filesystem::rename(directory_, temporary_.Path("away"));
  Write({7, 7, 7, 7});
  uint64_t next = 21;
  for (int poll = 0; poll < 1000 && next == 21; ++poll) {
    next = FollowToEnd(&reader, next);
  }
  EXPECT_EQ(next, 29U);
}

TEST_F(EventLogTest, AShortWritePoisonsTheWriterAndIsCutLater) {
  Write({10});
  {
    const auto writer = Open();
    const FileSizeLimit limit(32 + 32 + 10 * 128 + 300);  // Part of the next frame fits.
    const absl::Status failure = writer->Append(TestEvents(11, 5));
    EXPECT_FALSE(failure.ok());
    EXPECT_EQ(writer->Append(TestEvents(11, 1)), failure);
    EXPECT_EQ(std::filesystem::file_size(LastSegment()), 32U + 32 + 10 * 128 + 300);
    EventLogReader reader(directory_);
    EXPECT_EQ(FollowToEnd(&reader, 1), 11U);
  }
  Write({7});
  EventLogReader reader(directory_);
  EXPECT_EQ(FollowToEnd(&reader, 1), 18U);
}

TEST_F(EventLogTest, FollowersInOtherThreadsSeeEveryEventOnce) {
  constexpr uint64_t kEvents = 60'000;
  std::atomic<bool> failed = false;
  const auto follow = [&](EventLogReader* reader) {
    std::vector<Event> events(333, Event{});
    uint64_t next = 1;
    while (next <= kEvents && !failed) {
      const auto count = reader->ReadFrom(EventSequence{next}, events);
      if (!count.ok() || CountExpected(std::span(events).first(*count), next) != *count) {
        ADD_FAILURE() << "at " << next << ": " << count.status();
        failed = true;
        return;
      }
      next += *count;
    }
  };
  EventLogReader shared(directory_);
  EventLogReader own(directory_);
  std::thread first(follow, &shared);
  std::thread second(follow, &shared);
  std::thread third(follow, &own);
  std::mt19937_64 random(3);
  const auto writer = Open(/*segment_bytes_max=*/300'000);
  for (uint64_t next = 1; next <= kEvents;) {
    const uint64_t count = std::min<uint64_t>(random() % 200 + 1, kEvents - next + 1);
    ASSERT_TRUE(writer->Append(TestEvents(next, count)).ok());
    next += count;
  }
  first.join();
  second.join();
  third.join();
}

}  // namespace
}  // namespace tally
