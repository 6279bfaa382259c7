#pragma once

#include "absl/status/statusor.h"

#include "bench/workloads/order_flow.h"

namespace tally {

// The recorded flow of tools/flow as commands of a book: the orders that stood before the recording
// are the warm-up. Reads the recording of the source tree.
absl::StatusOr<OrderFlow> MakeRecordedFlow();

}  // namespace tally
