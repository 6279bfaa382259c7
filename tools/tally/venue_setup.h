#pragma once

#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "engine/core/core.h"
#include "engine/pipeline/engine.h"
#include "gateway/venue_config.h"

namespace tally {

// The definitions of the configuration that the core does not have yet. kInvalidArgument if one
// contradicts what is journaled (an asset's scale, an instrument's assets, tick or lot, an
// account's owner): these never change.
absl::StatusOr<std::vector<Command>> DefinitionsToApply(const gateway::VenueConfig& config,
                                                        const core::Core& core);

// Publishes the definitions to a started engine and waits until they are durable and applied.
// kInvalidArgument names the first one that the core rejects. Consumes released events, `seen` gets
// them: only before the gateway does.
absl::Status ApplyDefinitions(const std::vector<Command>& definitions, Engine* engine,
                              const std::function<void(const Event&)>& seen);

}  // namespace tally
