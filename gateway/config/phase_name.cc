#include "gateway/phase_name.h"

#include <utility>

namespace tally::gateway {

std::optional<TradingPhase> ParsePhaseName(std::string_view name) {
  static constexpr std::pair<std::string_view, TradingPhase> kNames[] = {
      {"pre_open", TradingPhase::kPreOpen},
      {"opening_auction", TradingPhase::kOpeningAuction},
      {"continuous", TradingPhase::kContinuous},
      {"volatility_auction", TradingPhase::kVolatilityAuction},
      {"halt", TradingPhase::kHalt},
      {"closing_auction", TradingPhase::kClosingAuction},
      {"closed", TradingPhase::kClosed},
      {"batch_auction", TradingPhase::kBatchAuction}};
  for (const auto& [known, phase] : kNames) {
    if (known == name) {
      return phase;
    }
  }
  return std::nullopt;
}

}  // namespace tally::gateway
