#pragma once

#include <string>

#include "engine/event.h"

namespace tally {

// The name of an event type as the documentation has it, e.g. "order_filled".
std::string EventTypeName(EventType type);

// One event as one line of JSON, without the newline. Amounts are integers: ticks, lots, quanta.
std::string EventToJson(const Event& event);

}  // namespace tally
