#include "engine/journal/free_space.h"

#include <sys/statvfs.h>

#include "absl/strings/str_cat.h"

#include "base/status.h"

namespace tally {

absl::StatusOr<uint64_t> FreeSpace(const std::string& directory) {
  struct statvfs info {};
  if (statvfs(directory.c_str(), &info) != 0) {
    return ErrnoStatus("statvfs", directory);
  }
  return uint64_t{info.f_bavail} * uint64_t{info.f_frsize};
}

absl::Status CheckFreeSpace(const std::string& directory, uint64_t bytes_min) {
  ASSIGN_OR_RETURN(const uint64_t free_bytes, FreeSpace(directory));
  if (free_bytes < bytes_min) {
    return absl::ResourceExhaustedError(absl::StrCat("only ", free_bytes, " bytes are free in ",
                                                     directory, ", ", bytes_min, " are required"));
  }
  return absl::OkStatus();
}

}  // namespace tally
