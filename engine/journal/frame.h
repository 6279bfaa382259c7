#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "base/sha256.h"
#include "engine/command.h"
#include "engine/journal/journal_options.h"
#include "engine/limits.h"

namespace tally {

inline constexpr uint32_t kFrameMagic = 0x314a4c54;  // "TLJ1" in the file.
inline constexpr uint16_t kFrameSchemaVersion = 1;
inline constexpr uint16_t kCommandRecordVersion = 1;

// FrameHeader::flags: the frame was appended in async mode, so that its loss is no damage.
inline constexpr uint32_t kFrameFlagAsync = 1;

// The header of a group-commit frame; the commands follow it. docs/formats/journal.md has the
// byte ruler.
struct FrameHeader {
  uint32_t magic;
  uint16_t schema_version;
  uint16_t header_bytes;
  uint32_t frame_bytes;  // Header included.
  uint32_t command_count;
  CommandSequence first_sequence;
  int64_t timestamp_ns;  // Of the last command.
  uint16_t record_version;
  uint16_t record_bytes;
  uint32_t flags;
  uint64_t reserved_epoch;     // For a replicated journal: 0.
  Sha256Digest previous_hash;  // Of the frame before; zero bytes for the first one.
  std::array<uint8_t, 40> reserved;
  uint32_t body_crc32c;
  uint32_t header_crc32c;  // Of the bytes before it.
};
static_assert(sizeof(FrameHeader) == 128);
static_assert(std::has_unique_object_representations_v<FrameHeader>);

inline constexpr std::size_t kFrameHeaderBytes = sizeof(FrameHeader);
inline constexpr std::size_t kFrameBytesMax =
    kFrameHeaderBytes + kMaxFrameCommands * sizeof(Command);

// Builds frames in one buffer, allocated once.
// Thread safety: none.
// Invariants: the commands of a frame are contiguous; the caller adds at most kMaxFrameCommands.
class FrameBuilder {
 public:
  FrameBuilder();

  void Add(const Command& command);
  // Fills in the header. The bytes are valid until Clear; there is at least one command.
  std::string_view Finish(const Sha256Digest& previous_hash, Durability durability);
  void Clear() { command_count_ = 0; }

  uint32_t command_count() const { return command_count_; }
  CommandSequence first_sequence() const;

 private:
  Command CommandAt(uint32_t index) const;

  std::vector<char> buffer_;
  uint32_t command_count_ = 0;
};

// SHA-256 of the frame without its two checksums: the next frame's previous_hash.
Sha256Digest FrameHash(std::string_view frame, Sha256* hasher);

// The header at the start of `bytes`, its checksum verified; not its place in the chain.
//   kDataLoss             too short, no frame, or damaged
//   kUnimplemented        written by a newer version of the software
absl::StatusOr<FrameHeader> DecodeFrameHeader(std::string_view bytes);

// Verifies the whole frame and copies its commands, at most kMaxFrameCommands, to `commands`.
// Errors as above; sequences within the frame that are not contiguous are kDataLoss.
absl::StatusOr<FrameHeader> DecodeFrame(std::string_view frame, std::vector<Command>* commands);

}  // namespace tally
