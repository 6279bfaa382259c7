#include "engine/journal/frame.h"

#include <cstring>

#include "absl/strings/str_cat.h"

#include "base/assert.h"
#include "base/checksum.h"

namespace tally {
namespace {

constexpr std::size_t kHeaderCrcBytes = offsetof(FrameHeader, header_crc32c);
constexpr std::size_t kHashedHeaderBytes = offsetof(FrameHeader, body_crc32c);

}  // namespace

FrameBuilder::FrameBuilder() : buffer_(kFrameBytesMax) {}

Command FrameBuilder::CommandAt(uint32_t index) const {
  Command command{};
  std::memcpy(&command, buffer_.data() + kFrameHeaderBytes + index * sizeof(Command),
              sizeof command);
  return command;
}

CommandSequence FrameBuilder::first_sequence() const {
  CHECK(command_count_ > 0);
  return CommandAt(0).sequence;
}

void FrameBuilder::Add(const Command& command) {
  CHECK(command_count_ < kMaxFrameCommands);
  std::memcpy(buffer_.data() + kFrameHeaderBytes + command_count_ * sizeof(Command), &command,
              sizeof command);
  ++command_count_;
}

std::string_view FrameBuilder::Finish(const Sha256Digest& previous_hash, Durability durability) {
  CHECK(command_count_ > 0);
  const std::size_t body_bytes = command_count_ * sizeof(Command);
  FrameHeader header{};
  header.magic = kFrameMagic;
  header.schema_version = kFrameSchemaVersion;
  header.header_bytes = kFrameHeaderBytes;
  header.frame_bytes = static_cast<uint32_t>(kFrameHeaderBytes + body_bytes);
  header.command_count = command_count_;
  header.first_sequence = first_sequence();
  header.timestamp_ns = CommandAt(command_count_ - 1).timestamp_ns;
  header.record_version = kCommandRecordVersion;
  header.record_bytes = sizeof(Command);
  header.flags = durability == Durability::kAsync ? kFrameFlagAsync : 0;
  header.previous_hash = previous_hash;
  header.body_crc32c = Crc32c(buffer_.data() + kFrameHeaderBytes, body_bytes);
  header.header_crc32c = Crc32c(&header, kHeaderCrcBytes);
  std::memcpy(buffer_.data(), &header, sizeof header);
  return {buffer_.data(), header.frame_bytes};
}

Sha256Digest FrameHash(std::string_view frame, Sha256* hasher) {
  CHECK(frame.size() >= kFrameHeaderBytes);
  hasher->Update(frame.data(), kHashedHeaderBytes);
  hasher->Update(frame.data() + kFrameHeaderBytes, frame.size() - kFrameHeaderBytes);
  return hasher->Finish();
}

absl::StatusOr<FrameHeader> DecodeFrameHeader(std::string_view bytes) {
  if (bytes.size() < kFrameHeaderBytes) {
    return absl::DataLossError(absl::StrCat("frame of ", bytes.size(), " bytes is too short"));
  }
  FrameHeader header;
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.magic != kFrameMagic) {
    return absl::DataLossError("not a journal frame: bad magic number");
  }
  if (header.header_crc32c != Crc32c(bytes.data(), kHeaderCrcBytes)) {
    return absl::DataLossError("frame header checksum does not match");
  }
  if (header.schema_version != kFrameSchemaVersion ||
      header.record_version != kCommandRecordVersion || (header.flags & ~kFrameFlagAsync) != 0) {
    return absl::UnimplementedError(
        absl::StrCat("frame of schema version ", header.schema_version, ", record version ",
                     header.record_version, ", flags ", header.flags,
                     " is not known here; read it with the version that wrote it"));
  }
  if (header.header_bytes != kFrameHeaderBytes || header.record_bytes != sizeof(Command) ||
      header.command_count == 0 || header.command_count > kMaxFrameCommands ||
      header.frame_bytes != kFrameHeaderBytes + header.command_count * sizeof(Command)) {
    return absl::DataLossError("frame header has inconsistent lengths");
  }
  return header;
}

absl::StatusOr<FrameHeader> DecodeFrame(std::string_view frame, std::vector<Command>* commands) {
  absl::StatusOr<FrameHeader> header = DecodeFrameHeader(frame);
  if (!header.ok()) {
    return header.status();
  }
  if (frame.size() != header->frame_bytes) {
    return absl::DataLossError(
        absl::StrCat("frame has ", frame.size(), " bytes, its header says ", header->frame_bytes));
  }
  const std::string_view body = frame.substr(kFrameHeaderBytes);
  if (header->body_crc32c != Crc32c(body.data(), body.size())) {
    return absl::DataLossError("frame body checksum does not match");
  }
  commands->resize(header->command_count, Command{});
  std::memcpy(commands->data(), body.data(), body.size());
  uint64_t expected = Raw(header->first_sequence);
  for (const Command& command : *commands) {
    if (Raw(command.sequence) != expected++) {
      return absl::DataLossError("commands within a frame are not contiguous");
    }
  }
  return header;
}

}  // namespace tally
