#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "settlement/fees/base_fee.h"

namespace tally {

// Reads recorded blocks from CSV, plain or compressed with gzip. The first line names the columns,
// in any order and with any others between them: block number, time, gas used, gas limit and base
// fee (wei). kInvalidArgument names the line that is wrong, kDataLoss a damaged file.
absl::StatusOr<std::vector<settlement::BlockFees>> ReadBlockFees(const std::string& path);

}  // namespace tally
