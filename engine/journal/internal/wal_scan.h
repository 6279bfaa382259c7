#pragma once

#include <string>

#include "absl/status/statusor.h"

#include "base/types.h"

namespace tally::internal {

// The greatest first sequence of any frame, appended in sync mode, whose header can be made out
// anywhere in the write-ahead logs of `<directory>/db`; 0 if there is none.
//
// RocksDB drops what follows damage in a log, in some cases without an error. A frame header found
// beyond the recovered end is the witness: the frame before it must have been synced, and so
// acknowledged, before this one was written.
//
// Cost: reads the logs once, about 2 GB/s; they hold what is not in tables yet (64 MiB or so).
absl::StatusOr<CommandSequence> LastFrameBegunInWal(const std::string& directory);

}  // namespace tally::internal
