#include "engine/journal/internal/file.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"

#include "base/status.h"

namespace tally::internal {

absl::StatusOr<File> File::Open(const std::string& path, int flags) {
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0640);
  if (descriptor < 0) {
    return ErrnoStatus("open", path);
  }
  return File(descriptor);
}

void File::Reset() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
    descriptor_ = -1;
  }
}

absl::Status WriteFully(const File& file, std::string_view bytes, std::string_view name) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file.descriptor(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      return ErrnoStatus("write", name);
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return absl::OkStatus();
}

absl::Status WriteFullyAt(const File& file, std::string_view bytes, uint64_t offset,
                          std::string_view name) {
  while (!bytes.empty()) {
    const ssize_t written =
        ::pwrite(file.descriptor(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written < 0) {
      return ErrnoStatus("pwrite", name);
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<uint64_t>(written);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::size_t> ReadAt(const File& file, char* out, std::size_t size_bytes,
                                   uint64_t offset, std::string_view name) {
  std::size_t total = 0;
  while (total < size_bytes) {
    const ssize_t got = ::pread(file.descriptor(), out + total, size_bytes - total,
                                static_cast<off_t>(offset + total));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return ErrnoStatus("pread", name);
    }
    if (got == 0) {
      break;
    }
    total += static_cast<std::size_t>(got);
  }
  return total;
}

absl::StatusOr<uint64_t> FileSize(const File& file, std::string_view name) {
  struct stat info {};
  if (::fstat(file.descriptor(), &info) != 0) {
    return ErrnoStatus("fstat", name);
  }
  return static_cast<uint64_t>(info.st_size);
}

absl::Status MakeDirectories(const std::string& path) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string prefix = path.substr(0, end);
    if (::mkdir(prefix.c_str(), 0750) != 0 && errno != EEXIST) {
      return ErrnoStatus("mkdir", prefix);
    }
    if (end == std::string::npos) {
      return absl::OkStatus();
    }
  }
}

absl::Status SyncDirectory(const std::string& path) {
  ASSIGN_OR_RETURN(const File directory, File::Open(path, O_RDONLY | O_DIRECTORY));
  if (::fsync(directory.descriptor()) != 0) {
    return ErrnoStatus("fsync", path);
  }
  return absl::OkStatus();
}

absl::StatusOr<File> LockDirectory(const std::string& directory, LockMode mode) {
  const std::string path = directory + "/lock";
  const int flags = mode == LockMode::kExclusive ? O_RDWR | O_CREAT : O_RDONLY;
  ASSIGN_OR_RETURN(File file, File::Open(path, flags));
  const int operation = mode == LockMode::kExclusive ? LOCK_EX : LOCK_SH;
  if (::flock(file.descriptor(), operation | LOCK_NB) == 0) {
    return file;
  }
  if (errno == EWOULDBLOCK) {
    return absl::FailedPreconditionError(
        absl::StrCat(directory,
                     " is in use by a running process; stop it, or copy the directory and open the "
                     "copy"));
  }
  return ErrnoStatus("flock", path);
}

}  // namespace tally::internal
