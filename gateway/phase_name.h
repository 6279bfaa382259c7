#pragma once

#include <optional>
#include <string_view>

#include "base/types.h"

namespace tally::gateway {

// The names of the phases in the configuration and on the command line.
inline constexpr const char* kPhaseNames =
    "pre_open, opening_auction, continuous, volatility_auction, halt, closing_auction, closed, "
    "batch_auction";

std::optional<TradingPhase> ParsePhaseName(std::string_view name);

}  // namespace tally::gateway
