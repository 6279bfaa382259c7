#include "engine/journal/frame.h"

#include <cstring>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "base/checksum.h"
#include "tests/engine/journal/journal_fixture.h"

namespace tally {
namespace {

std::string MakeFrame(uint64_t first, uint64_t count, const Sha256Digest& previous = {}) {
  FrameBuilder builder;
  for (const Command& command : TestCommands(first, count)) {
    builder.Add(command);
  }
  return std::string(builder.Finish(previous, Durability::kSync));
}

// Replaces a header field and makes the header's checksum right again.
template <typename T>
std::string WithField(std::string frame, std::size_t offset, T value) {
  std::memcpy(frame.data() + offset, &value, sizeof value);
  const uint32_t crc = Crc32c(frame.data(), offsetof(FrameHeader, header_crc32c));
  std::memcpy(frame.data() + offsetof(FrameHeader, header_crc32c), &crc, sizeof crc);
  return frame;
}

TEST(FrameTest, AFrameComesBackAsItWas) {
  std::vector<Command> commands;
  for (const uint64_t count : {uint64_t{1}, uint64_t{2}, uint64_t{100}, uint64_t{4096}}) {
    const auto header = DecodeFrame(MakeFrame(10, count), &commands);
    ASSERT_TRUE(header.ok()) << header.status();
    EXPECT_EQ(header->command_count, count);
    EXPECT_EQ(header->timestamp_ns, TestCommand(10 + count - 1).timestamp_ns);
    ASSERT_EQ(commands.size(), count);
    for (uint64_t i = 0; i < count; ++i) {
      EXPECT_TRUE(SameBytes(commands[i], TestCommand(10 + i)));
    }
  }
}

TEST(FrameTest, EveryFlippedBitIsDetected) {
  const std::string frame = MakeFrame(1, 2);
  std::vector<Command> commands;
  for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
    std::string damaged = frame;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(DecodeFrame(damaged, &commands).ok()) << "bit " << bit;
  }
}

TEST(FrameTest, EveryShorterFrameIsDetected) {
  const std::string frame = MakeFrame(1, 2);
  std::vector<Command> commands;
  for (std::size_t size = 0; size < frame.size(); ++size) {
    EXPECT_TRUE(absl::IsDataLoss(DecodeFrame(frame.substr(0, size), &commands).status())) << size;
  }
  EXPECT_TRUE(absl::IsDataLoss(DecodeFrame(frame + "x", &commands).status()));
}

TEST(FrameTest, ANewerVersionIsRefusedNotMisread) {
  const std::string frame = MakeFrame(1, 1);
  std::vector<Command> commands;
  const struct {
    std::size_t offset;
    uint16_t value;
  } rows[] = {
      {offsetof(FrameHeader, schema_version), 2},
      {offsetof(FrameHeader, record_version), 2},
      {offsetof(FrameHeader, flags), 2},
  };
  for (const auto& row : rows) {
    const auto header = DecodeFrame(WithField(frame, row.offset, row.value), &commands);
    EXPECT_TRUE(absl::IsUnimplemented(header.status())) << row.offset;
  }
}

TEST(FrameTest, InconsistentLengthsAreDetected) {
  const std::string frame = MakeFrame(1, 2);
  std::vector<Command> commands;
  for (const uint32_t count : {0U, 1U, 3U, 4097U, ~0U}) {
    const auto header =
        DecodeFrame(WithField(frame, offsetof(FrameHeader, command_count), count), &commands);
    EXPECT_TRUE(absl::IsDataLoss(header.status())) << count;
  }
}

TEST(FrameTest, TheHashCoversHeaderAndBodyAndTheFrameBefore) {
  Sha256 hasher;
  const Sha256Digest hash = FrameHash(MakeFrame(1, 2), &hasher);
  EXPECT_EQ(hash, FrameHash(MakeFrame(1, 2), &hasher));
  EXPECT_NE(hash, FrameHash(MakeFrame(1, 3), &hasher));
  EXPECT_NE(hash, FrameHash(MakeFrame(2, 2), &hasher));
  EXPECT_NE(hash, FrameHash(MakeFrame(1, 2, hash), &hasher));
}

TEST(FrameDeathTest, AFrameHasALimit) {
  FrameBuilder builder;
  for (uint64_t i = 1; i <= kMaxFrameCommands; ++i) {
    builder.Add(TestCommand(i));
  }
  EXPECT_DEATH(builder.Add(TestCommand(kMaxFrameCommands + 1)), "kMaxFrameCommands");
}

}  // namespace
}  // namespace tally
