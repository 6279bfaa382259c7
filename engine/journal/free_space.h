#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tally {

// Bytes an unprivileged process may still write to the file system of `directory`. About 2 us.
absl::StatusOr<uint64_t> FreeSpace(const std::string& directory);

// kResourceExhausted, with both figures, when fewer than `bytes_min` bytes are free. Checked before
// a journal is opened, and from time to time by the operator's metrics: order entry is to stop
// before the disk is full, because a full disk stops the core.
absl::Status CheckFreeSpace(const std::string& directory, uint64_t bytes_min);

}  // namespace tally
