#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

#include "engine/command.h"
#include "engine/event.h"
#include "engine/journal/journal_reader.h"
#include "engine/journal/journal_writer.h"

namespace tally {

// A directory for temporary files that goes with the object.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = testing::TempDir() + "journal_test.XXXXXX";
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    path_ = pattern;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  std::string Path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline std::string ReadFileBytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline void OverwriteFileBytes(const std::string& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

// A new file in the place of the old one: ext4 writes a file that is truncated and rewritten to
// disk when it is closed, which is slow some thousand times.
inline void WriteFileBytes(const std::string& path, const std::string& bytes) {
  std::filesystem::remove(path);
  OverwriteFileBytes(path, bytes);
}

// Command `sequence`, every field of it a function of the sequence.
inline Command TestCommand(uint64_t sequence) {
  Command command = MakeCommand(CommandType::kNewOrder);
  command.sequence = CommandSequence{sequence};
  command.timestamp_ns = static_cast<int64_t>(1'700'000'000'000'000'000 + sequence * 1000);
  command.client_sequence = sequence * 3;
  command.session = SessionIndex{static_cast<uint32_t>(sequence % 7 + 1)};
  command.account = AccountId{static_cast<uint32_t>(sequence % 5 + 1)};
  command.instrument = InstrumentId{1};
  command.new_order.client_order_id = ClientOrderId{sequence};
  command.new_order.price = PriceTicks{static_cast<int64_t>(sequence * 17 % 1000 + 1)};
  command.new_order.quantity = QuantityLots{static_cast<int64_t>(sequence % 100 + 1)};
  command.new_order.side = sequence % 2 == 0 ? Side::kBuy : Side::kSell;
  command.new_order.type = OrderType::kLimit;
  command.new_order.time_in_force = TimeInForce::kGtc;
  command.new_order.self_trade_prevention = SelfTradePrevention::kNone;
  return command;
}

inline std::vector<Command> TestCommands(uint64_t first, uint64_t count) {
  std::vector<Command> commands;
  for (uint64_t i = 0; i < count; ++i) {
    commands.push_back(TestCommand(first + i));
  }
  return commands;
}

inline bool SameBytes(const Command& a, const Command& b) {
  return std::memcmp(&a, &b, sizeof a) == 0;
}

// No limit of free space: a test machine may have little.
inline JournalOptions TestJournalOptions() {
  JournalOptions options;
  options.free_bytes_min = 0;
  return options;
}

// Appends commands in frames of the given sizes, continuing the journal, and closes it.
inline void WriteFrames(const std::string& directory, const std::vector<uint64_t>& frame_counts,
                        const JournalOptions& options = TestJournalOptions()) {
  auto writer = JournalWriter::Open(directory, options);
  ASSERT_TRUE(writer.ok()) << writer.status();
  for (const uint64_t count : frame_counts) {
    const std::vector<Command> frame = TestCommands(Raw((*writer)->last_sequence()) + 1, count);
    ASSERT_TRUE((*writer)->AppendFrame(frame).ok());
  }
  ASSERT_TRUE((*writer)->Close().ok());
}

// Reads the whole journal and returns its last sequence, checking that the commands are
// TestCommands from 1 on.
inline absl::StatusOr<uint64_t> ReadAll(const std::string& directory,
                                        const JournalReaderOptions& options = {}) {
  auto reader = JournalReader::Open(directory, options);
  if (!reader.ok()) {
    return reader.status();
  }
  uint64_t last = 0;
  for (;;) {
    const auto frame = (*reader)->Next();
    if (!frame.ok()) {
      return frame.status();
    }
    if (frame->commands.empty()) {
      return last;
    }
    for (const Command& command : frame->commands) {
      if (!SameBytes(command, TestCommand(++last))) {
        return absl::InternalError("a command came back changed");
      }
    }
  }
}

}  // namespace tally
