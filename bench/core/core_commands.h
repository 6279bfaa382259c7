#pragma once

#include <cstddef>
#include <vector>

#include "bench/workloads/order_flow.h"
#include "engine/command.h"
#include "engine/limits.h"

namespace tally {

// A flow as the commands of a venue: definitions, one session per owner, every account rich, then
// the warm-up and the flow.
struct CoreCommands {
  std::vector<Command> commands;
  std::size_t warm_up_count = 0;  // With the definitions.
  CoreLimits limits;              // That fit it.
};

CoreCommands MakeCoreCommands(const OrderFlow& flow);

}  // namespace tally
