#pragma once

#include <span>
#include <string_view>

#include "engine/command.h"

namespace tally::gateway::fix {

// The kind of group that a list with this ContingencyType (1385) and so many orders is; kNone if
// there is none.
Contingency ContingencyOf(std::string_view type, std::size_t count);

// Why these orders of one instrument are no such group (docs/semantics/groups.md); empty: they are.
// The core would refuse the order at fault and cancel those before it; here none is sent.
std::string_view FaultOfList(Contingency contingency, std::span<const NewOrderCommand> orders);

}  // namespace tally::gateway::fix
