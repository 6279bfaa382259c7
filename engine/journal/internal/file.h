#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tally::internal {

// A file descriptor that closes itself. Thread safety: that of the descriptor.
class File {
 public:
  File() = default;
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() { Reset(); }
  File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  File& operator=(File&& other) noexcept {
    if (this != &other) {
      Reset();
      descriptor_ = std::exchange(other.descriptor_, -1);
    }
    return *this;
  }

  // open(2), always with O_CLOEXEC; mode 0640.
  static absl::StatusOr<File> Open(const std::string& path, int flags);

  int descriptor() const { return descriptor_; }
  bool valid() const { return descriptor_ >= 0; }
  void Reset();

 private:
  int descriptor_ = -1;
};

// Writes all bytes at the file's end (or position), going on after short writes.
absl::Status WriteFully(const File& file, std::string_view bytes, std::string_view name);
// The same at `offset`.
absl::Status WriteFullyAt(const File& file, std::string_view bytes, uint64_t offset,
                          std::string_view name);
// Reads up to `size_bytes` at `offset`; fewer only at the end of the file.
absl::StatusOr<std::size_t> ReadAt(const File& file, char* out, std::size_t size_bytes,
                                   uint64_t offset, std::string_view name);
absl::StatusOr<uint64_t> FileSize(const File& file, std::string_view name);

// Makes the directory and its missing parents; it may exist.
absl::Status MakeDirectories(const std::string& path);
// Makes the entries of the directory durable.
absl::Status SyncDirectory(const std::string& path);

// Takes the lock file `<directory>/lock`, shared or exclusive, without waiting; released when the
// File goes. kFailedPrecondition when another holder, in this or another process, is in the way.
enum class LockMode : uint8_t { kShared = 1, kExclusive = 2 };
absl::StatusOr<File> LockDirectory(const std::string& directory, LockMode mode);

}  // namespace tally::internal
