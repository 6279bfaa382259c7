#pragma once

#include "engine/command.h"
#include "engine/reject_reason.h"

namespace tally::core::internal {

// kUnsupported and kBadTimeInForce: whether the attributes of an order have a meaning together,
// whatever the state of the venue.
RejectReason CheckAttributes(const NewOrderCommand& order);

}  // namespace tally::core::internal
