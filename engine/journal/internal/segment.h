#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "base/types.h"
#include "engine/event.h"
#include "engine/journal/internal/file.h"

namespace tally::internal {

inline constexpr uint32_t kSegmentMagic = 0x31534c54;     // "TLS1" in the file.
inline constexpr uint32_t kEventFrameMagic = 0x31454c54;  // "TLE1" in the file.
inline constexpr uint16_t kSegmentSchemaVersion = 1;
inline constexpr uint16_t kEventRecordVersion = 1;
inline constexpr uint32_t kEventFrameEventsMax = 4096;

// At the start of each segment file. docs/formats/event_log.md has the byte ruler.
struct SegmentHeader {
  uint32_t magic;
  uint16_t schema_version;
  uint16_t record_version;
  EventSequence first_sequence;
  uint32_t record_bytes;
  uint32_t reserved[2];
  uint32_t crc32c;  // Of the bytes before it.
};
static_assert(sizeof(SegmentHeader) == 32);
static_assert(std::has_unique_object_representations_v<SegmentHeader>);

// Before the events of each frame.
struct EventFrameHeader {
  uint32_t magic;
  uint32_t event_count;
  EventSequence first_sequence;
  uint64_t reserved;
  uint32_t body_crc32c;
  uint32_t header_crc32c;  // Of the bytes before it.
};
static_assert(sizeof(EventFrameHeader) == 32);
static_assert(std::has_unique_object_representations_v<EventFrameHeader>);

inline constexpr std::size_t kEventFrameBytesMax =
    sizeof(EventFrameHeader) + kEventFrameEventsMax * sizeof(Event);

// `<directory>/events-<first sequence, 20 digits>.seg`.
std::string SegmentPath(const std::string& directory, EventSequence first_sequence);

// First sequences of the segments in `directory`, ascending; empty if there is no directory.
absl::StatusOr<std::vector<EventSequence>> ListSegments(const std::string& directory);

std::string EncodeSegmentHeader(EventSequence first_sequence);

// Makes a frame of at most kEventFrameEventsMax events in `out`, replacing what it holds.
void EncodeEventFrame(std::span<const Event> events, std::string* out);

// A frame in a segment file: where it is and what it holds.
struct EventFrame {
  EventSequence first_sequence{};
  uint32_t event_count = 0;
  uint64_t offset = 0;
  std::string_view body;  // Events, unaligned; empty unless asked for.

  uint64_t end_offset() const {
    return offset + sizeof(EventFrameHeader) + event_count * sizeof(Event);
  }
  EventSequence next_sequence() const { return EventSequence{Raw(first_sequence) + event_count}; }
};

// Reads one segment file through a window of 1 MiB.
// Thread safety: none.
class SegmentFile {
 public:
  //   kNotFound       there is no such segment
  //   kDataLoss       the header is damaged
  //   kUnimplemented  written by a newer version of the software
  static absl::StatusOr<SegmentFile> Open(const std::string& directory,
                                          EventSequence first_sequence);

  enum class FrameState : uint8_t {
    kComplete = 1,
    kIncomplete = 2,  // The file ends before the frame does, or where it would begin.
    kBad = 3,         // The bytes are there and are not the frame.
  };

  // The frame at `offset`, which is to begin with `expected`. With `verify_body` its events are
  // checked and given, until the next call; otherwise only its header is. `frame` is set when it is
  // complete.
  absl::StatusOr<FrameState> ReadFrame(uint64_t offset, EventSequence expected, bool verify_body,
                                       EventFrame* frame);

  // Whether a valid frame header lies anywhere after `offset`: what is bad at `offset` is then not
  // the end of the log. Reads the rest of the file.
  absl::StatusOr<bool> HasFrameAfter(uint64_t offset);

  static constexpr uint64_t kFirstFrameOffset = sizeof(SegmentHeader);
  EventSequence first_sequence() const { return first_sequence_; }
  const std::string& path() const { return path_; }

 private:
  SegmentFile(File file, std::string path, EventSequence first_sequence);

  // Up to `size_bytes` bytes at `offset`, fewer at the end of the file. Bytes read before are not
  // read again unless `fresh`.
  absl::StatusOr<std::string_view> Window(uint64_t offset, std::size_t size_bytes, bool fresh);
  absl::StatusOr<FrameState> ReadFrameOnce(uint64_t offset, EventSequence expected,
                                           bool verify_body, bool fresh, EventFrame* frame);

  File file_;
  std::string path_;
  EventSequence first_sequence_;
  std::vector<char> window_;  // Of fixed size; window_bytes_ of it are the file's.
  std::size_t window_bytes_ = 0;
  uint64_t window_offset_ = 0;
};

}  // namespace tally::internal
