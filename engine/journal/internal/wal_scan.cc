#include "engine/journal/internal/wal_scan.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/strings/match.h"

#include "base/status.h"
#include "engine/journal/frame.h"
#include "engine/journal/internal/file.h"

namespace tally::internal {
namespace {

// RocksDB cuts a log into blocks; a record that does not fit is split, and each part has a header
// of its own in front. (rocksdb db/log_format.h; without recycled logs.)
constexpr uint64_t kWalBlockBytes = 32'768;
constexpr uint64_t kWalPartHeaderBytes = 7;

absl::StatusOr<std::vector<std::string>> WalFiles(const std::string& directory) {
  const std::string path = directory + "/db";
  std::vector<std::string> files;
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(path.c_str()), &::closedir);
  if (entries == nullptr) {
    if (errno == ENOENT) {
      return files;
    }
    return ErrnoStatus("opendir", path);
  }
  while (const dirent* entry = ::readdir(entries.get())) {
    if (absl::EndsWith(entry->d_name, ".log")) {
      files.push_back(path + "/" + entry->d_name);
    }
  }
  return files;
}

// `size_bytes` logical bytes of a log from `offset` on: the part headers at the beginning of
// blocks are left out. False if the log ends before.
bool Gather(std::string_view wal, uint64_t offset, char* out, std::size_t size_bytes) {
  while (size_bytes > 0) {
    const uint64_t block_end = (offset / kWalBlockBytes + 1) * kWalBlockBytes;
    const std::size_t part = std::min<std::size_t>(size_bytes, block_end - offset);
    if (offset + part > wal.size()) {
      return false;
    }
    std::memcpy(out, wal.data() + offset, part);
    out += part;
    size_bytes -= part;
    offset = block_end + kWalPartHeaderBytes;
  }
  return true;
}

// The header of a sync frame at `offset`, if there is one.
std::optional<FrameHeader> HeaderAt(std::string_view wal, uint64_t offset) {
  std::array<char, kFrameHeaderBytes> bytes;
  if (!Gather(wal, offset, bytes.data(), bytes.size())) {
    return std::nullopt;
  }
  const absl::StatusOr<FrameHeader> header = DecodeFrameHeader({bytes.data(), bytes.size()});
  if (!header.ok() || (header->flags & kFrameFlagAsync) != 0) {
    return std::nullopt;
  }
  return *header;
}

CommandSequence LastFrameBegun(std::string_view wal) {
  CommandSequence last{};
  const auto consider = [&](uint64_t offset) {
    if (const std::optional<FrameHeader> header = HeaderAt(wal, offset)) {
      last = std::max(last, header->first_sequence);
    }
  };
  std::array<char, sizeof kFrameMagic> magic;
  std::memcpy(magic.data(), &kFrameMagic, sizeof kFrameMagic);
  const std::string_view needle(magic.data(), magic.size());
  for (std::size_t at = wal.find(needle); at != std::string_view::npos;
       at = wal.find(needle, at + 1)) {
    consider(at);
  }
  // The magic number itself may be split between two blocks.
  for (uint64_t block = kWalBlockBytes; block < wal.size(); block += kWalBlockBytes) {
    for (uint64_t before = 1; before < sizeof kFrameMagic; ++before) {
      consider(block - before);
    }
  }
  return last;
}

}  // namespace

absl::StatusOr<CommandSequence> LastFrameBegunInWal(const std::string& directory) {
  ASSIGN_OR_RETURN(const std::vector<std::string> files, WalFiles(directory));
  CommandSequence last{};
  std::string wal;
  for (const std::string& path : files) {
    ASSIGN_OR_RETURN(const File file, File::Open(path, O_RDONLY));
    ASSIGN_OR_RETURN(const uint64_t size_bytes, FileSize(file, path));
    wal.resize(size_bytes);
    ASSIGN_OR_RETURN(const std::size_t got, ReadAt(file, wal.data(), wal.size(), 0, path));
    last = std::max(last, LastFrameBegun(std::string_view(wal).substr(0, got)));
  }
  return last;
}

}  // namespace tally::internal
