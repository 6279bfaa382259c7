#pragma once

#include <vector>

#include "gateway/venue_config.h"
#include "schemas/wire_generated.h"

namespace tally::gateway {

// The InstrumentDef messages of a venue, in its order.
std::vector<wire::InstrumentDef> MakeInstrumentDefs(const VenueConfig& venue);

}  // namespace tally::gateway
