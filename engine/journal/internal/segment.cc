#include "engine/journal/internal/segment.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

#include "base/assert.h"
#include "base/checksum.h"
#include "base/status.h"

namespace tally::internal {
namespace {

constexpr std::size_t kWindowBytes = std::size_t{1} << 20;
static_assert(kEventFrameBytesMax <= kWindowBytes, "a frame is checked within one window");

std::optional<EventFrameHeader> DecodeHeader(std::string_view bytes) {
  EventFrameHeader header;
  if (bytes.size() < sizeof header) {
    return std::nullopt;
  }
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.magic != kEventFrameMagic || header.event_count == 0 ||
      header.event_count > kEventFrameEventsMax ||
      header.header_crc32c != Crc32c(&header, offsetof(EventFrameHeader, header_crc32c))) {
    return std::nullopt;
  }
  return header;
}

}  // namespace

std::string SegmentPath(const std::string& directory, EventSequence first_sequence) {
  char name[48];
  std::snprintf(name, sizeof name, "/events-%020llu.seg",
                static_cast<unsigned long long>(Raw(first_sequence)));
  return directory + name;
}

absl::StatusOr<std::vector<EventSequence>> ListSegments(const std::string& directory) {
  std::vector<EventSequence> result;
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(directory.c_str()), &::closedir);
  if (entries == nullptr) {
    if (errno == ENOENT) {
      return result;
    }
    return ErrnoStatus("opendir", directory);
  }
  while (const dirent* entry = ::readdir(entries.get())) {
    absl::string_view name = entry->d_name;
    uint64_t first_sequence = 0;
    if (absl::ConsumePrefix(&name, "events-") && absl::ConsumeSuffix(&name, ".seg") &&
        absl::SimpleAtoi(name, &first_sequence)) {
      result.push_back(EventSequence{first_sequence});
    }
  }
  std::sort(result.begin(), result.end());
  return result;
}

std::string EncodeSegmentHeader(EventSequence first_sequence) {
  SegmentHeader header{};
  header.magic = kSegmentMagic;
  header.schema_version = kSegmentSchemaVersion;
  header.record_version = kEventRecordVersion;
  header.first_sequence = first_sequence;
  header.record_bytes = sizeof(Event);
  header.crc32c = Crc32c(&header, offsetof(SegmentHeader, crc32c));
  return {reinterpret_cast<const char*>(&header), sizeof header};
}

void EncodeEventFrame(std::span<const Event> events, std::string* out) {
  CHECK(!events.empty() && events.size() <= kEventFrameEventsMax);
  EventFrameHeader header{};
  header.magic = kEventFrameMagic;
  header.event_count = static_cast<uint32_t>(events.size());
  header.first_sequence = events.front().sequence;
  header.body_crc32c = Crc32c(events.data(), events.size_bytes());
  header.header_crc32c = Crc32c(&header, offsetof(EventFrameHeader, header_crc32c));
  out->assign(reinterpret_cast<const char*>(&header), sizeof header);
  out->append(reinterpret_cast<const char*>(events.data()), events.size_bytes());
}

SegmentFile::SegmentFile(File file, std::string path, EventSequence first_sequence)
    : file_(std::move(file)),
      path_(std::move(path)),
      first_sequence_(first_sequence),
      window_(kWindowBytes) {}

absl::StatusOr<SegmentFile> SegmentFile::Open(const std::string& directory,
                                              EventSequence first_sequence) {
  const std::string path = SegmentPath(directory, first_sequence);
  ASSIGN_OR_RETURN(File file, File::Open(path, O_RDONLY));
  SegmentHeader header{};
  ASSIGN_OR_RETURN(const std::size_t got,
                   ReadAt(file, reinterpret_cast<char*>(&header), sizeof header, 0, path));
  if (got != sizeof header || header.magic != kSegmentMagic ||
      header.crc32c != Crc32c(&header, offsetof(SegmentHeader, crc32c)) ||
      header.first_sequence != first_sequence) {
    return absl::DataLossError(absl::StrCat(path, " has a damaged header"));
  }
  if (header.schema_version != kSegmentSchemaVersion ||
      header.record_version != kEventRecordVersion || header.record_bytes != sizeof(Event)) {
    return absl::UnimplementedError(absl::StrCat(path, " has schema version ",
                                                 header.schema_version, ", record version ",
                                                 header.record_version, ": not known here"));
  }
  return SegmentFile(std::move(file), path, first_sequence);
}

absl::StatusOr<std::string_view> SegmentFile::Window(uint64_t offset, std::size_t size_bytes,
                                                     bool fresh) {
  const bool inside =
      offset >= window_offset_ && offset + size_bytes <= window_offset_ + window_bytes_;
  if (fresh || !inside) {
    window_offset_ = offset;
    window_bytes_ = 0;
    ASSIGN_OR_RETURN(window_bytes_, ReadAt(file_, window_.data(), window_.size(), offset, path_));
  }
  return std::string_view(window_.data(), window_bytes_)
      .substr(offset - window_offset_, size_bytes);
}

absl::StatusOr<SegmentFile::FrameState> SegmentFile::ReadFrameOnce(uint64_t offset,
                                                                   EventSequence expected,
                                                                   bool verify_body, bool fresh,
                                                                   EventFrame* frame) {
  ASSIGN_OR_RETURN(const std::string_view head, Window(offset, sizeof(EventFrameHeader), fresh));
  if (head.size() < sizeof(EventFrameHeader)) {
    return FrameState::kIncomplete;
  }
  const std::optional<EventFrameHeader> header = DecodeHeader(head);
  if (!header || header->first_sequence != expected) {
    return FrameState::kBad;
  }
  EventFrame result{header->first_sequence, header->event_count, offset, {}};
  const std::size_t frame_bytes = result.end_offset() - offset;
  ASSIGN_OR_RETURN(const std::string_view bytes, Window(offset, frame_bytes, false));
  if (bytes.size() < frame_bytes) {
    return FrameState::kIncomplete;
  }
  if (verify_body) {
    result.body = bytes.substr(sizeof(EventFrameHeader));
    if (header->body_crc32c != Crc32c(result.body.data(), result.body.size())) {
      return FrameState::kBad;
    }
  }
  *frame = result;
  return FrameState::kComplete;
}

absl::StatusOr<SegmentFile::FrameState> SegmentFile::ReadFrame(uint64_t offset,
                                                               EventSequence expected,
                                                               bool verify_body,
                                                               EventFrame* frame) {
  ASSIGN_OR_RETURN(const FrameState state,
                   ReadFrameOnce(offset, expected, verify_body, false, frame));
  if (state == FrameState::kComplete) {
    return state;
  }
  // The window may be older than the file: the writer has gone on, or has cut a torn tail.
  return ReadFrameOnce(offset, expected, verify_body, true, frame);
}

absl::StatusOr<bool> SegmentFile::HasFrameAfter(uint64_t offset) {
  constexpr std::size_t kHeaderBytes = sizeof(EventFrameHeader);
  const std::string_view needle(reinterpret_cast<const char*>(&kEventFrameMagic),
                                sizeof kEventFrameMagic);
  for (uint64_t start = offset + 1;;) {
    ASSIGN_OR_RETURN(const std::string_view window, Window(start, kWindowBytes, true));
    if (window.size() < kHeaderBytes) {
      return false;
    }
    for (std::size_t at = window.find(needle); at != std::string_view::npos;
         at = window.find(needle, at + 1)) {
      if (DecodeHeader(window.substr(at))) {
        return true;
      }
    }
    start += window.size() - kHeaderBytes + 1;
  }
}

}  // namespace tally::internal
