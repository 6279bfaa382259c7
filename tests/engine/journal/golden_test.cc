// Journals of every schema version stay readable for ever: tests/golden/journal/vN.frames holds
// the frames of a journal one after the other, vN.txt what they mean. These files are never
// changed; a new version adds its own. TALLY_WRITE_GOLDEN=1 writes those that are missing.

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

#include "base/sha256.h"
#include "engine/journal/frame.h"
#include "engine/journal/internal/segment.h"
#include "tests/engine/journal/event_log_fixture.h"

namespace tally {
namespace {

const std::string kGolden = TALLY_GOLDEN_JOURNAL;

// One command of each kind with every field of its own value.
std::vector<Command> GoldenCommands() {
  std::vector<Command> commands = TestCommands(1, 5);
  Command deposit = MakeCommand(CommandType::kDeposit);
  deposit.sequence = CommandSequence{6};
  deposit.timestamp_ns = 1'700'000'000'000'006'000;
  deposit.account = AccountId{77};
  deposit.chain_transfer = {9, 31337, Quanta{123'456'789}, {0xab, 0xcd}, 4, AssetId{2}, {}};
  commands.push_back(deposit);
  Command mark = MakeCommand(CommandType::kStateHashMark);
  mark.sequence = CommandSequence{7};
  mark.timestamp_ns = 1'700'000'000'000'007'000;
  mark.state_hash_mark = {.at = CommandSequence{6},
                          .state_hash = {0x11, 0x22, 0x33},
                          .state_version = 0,
                          .reserved = {}};
  commands.push_back(mark);
  return commands;
}

// A line per command: the header's fields and the payload's bytes.
std::string Describe(const Command& command) {
  return absl::StrCat("command ", Raw(command.sequence), " time ", command.timestamp_ns, " client ",
                      command.client_sequence, " type ", static_cast<uint16_t>(command.type),
                      " flags ", command.flags, " session ", Raw(command.session), " account ",
                      Raw(command.account), " instrument ", Raw(command.instrument), " payload ",
                      ToHex(command.payload.data(), command.payload.size()), "\n");
}

std::string GoldenFrames() {
  std::string bytes;
  const std::vector<Command> commands = GoldenCommands();
  Sha256Digest previous{};
  Sha256 hasher;
  FrameBuilder builder;
  std::size_t at = 0;
  for (const std::size_t count : {std::size_t{1}, std::size_t{4}, std::size_t{2}}) {
    for (std::size_t i = 0; i < count; ++i) {
      builder.Add(commands[at++]);
    }
    const std::string_view frame = builder.Finish(previous, Durability::kSync);
    bytes.append(frame);
    previous = FrameHash(frame, &hasher);
    builder.Clear();
  }
  return bytes;
}

// Decodes frames that follow one another, checking the chain.
std::string DescribeFrames(std::string_view bytes) {
  std::string text;
  std::vector<Command> commands;
  Sha256Digest previous{};
  Sha256 hasher;
  while (!bytes.empty()) {
    const auto head = DecodeFrameHeader(bytes);
    EXPECT_TRUE(head.ok()) << head.status();
    if (!head.ok()) {
      return text;
    }
    const std::string_view frame = bytes.substr(0, head->frame_bytes);
    const auto header = DecodeFrame(frame, &commands);
    EXPECT_TRUE(header.ok()) << header.status();
    EXPECT_EQ(header->previous_hash, previous);
    for (const Command& command : commands) {
      text += Describe(command);
    }
    previous = FrameHash(frame, &hasher);
    absl::StrAppend(&text, "frame hash ", ToHex(previous), "\n");
    bytes.remove_prefix(frame.size());
  }
  return text;
}

void WriteIfAsked(const std::string& path, const std::string& bytes) {
  if (std::getenv("TALLY_WRITE_GOLDEN") != nullptr && !std::filesystem::exists(path)) {
    WriteFileBytes(path, bytes);
  }
}

TEST(GoldenJournalTest, Version1MeansWhatItMeant) {
  WriteIfAsked(kGolden + "/v1.frames", GoldenFrames());
  WriteIfAsked(kGolden + "/v1.txt", DescribeFrames(GoldenFrames()));
  const std::string bytes = ReadFileBytes(kGolden + "/v1.frames");
  ASSERT_FALSE(bytes.empty());
  EXPECT_EQ(DescribeFrames(bytes), ReadFileBytes(kGolden + "/v1.txt"));
}

TEST(GoldenJournalTest, TheCurrentVersionIsWrittenAsItsGoldenFile) {
  EXPECT_EQ(GoldenFrames(), ReadFileBytes(kGolden + "/v1.frames"));
}

TEST(GoldenEventLogTest, Version1SegmentsStayReadable) {
  std::string segment = internal::EncodeSegmentHeader(EventSequence{1});
  std::string frame;
  internal::EncodeEventFrame(TestEvents(1, 2), &frame);
  segment += frame;
  internal::EncodeEventFrame(TestEvents(3, 3), &frame);
  segment += frame;
  WriteIfAsked(kGolden + "/v1.seg", segment);
  ASSERT_EQ(ReadFileBytes(kGolden + "/v1.seg"), segment);

  const TemporaryDirectory temporary;
  WriteFileBytes(internal::SegmentPath(temporary.Path(""), EventSequence{1}), segment);
  EventLogReader reader(temporary.Path(""));
  EXPECT_EQ(FollowToEnd(&reader, 1), 6U);
}

}  // namespace
}  // namespace tally
