#pragma once

#include <string>

#include "engine/event.h"

namespace tally {

// The names of our enums in JSON; "unknown" for a number that is none of them.
std::string CancelReasonName(CancelReason reason);
std::string OrderTypeName(OrderType value);
std::string TimeInForceName(TimeInForce value);
std::string TriggerSourceName(TriggerSource value);
std::string PegReferenceName(PegReference value);
std::string ContingencyName(Contingency value);
std::string TradingPhaseName(TradingPhase value);
std::string PhaseReasonName(PhaseReason value);
std::string RestateReasonName(RestateReason value);
std::string SelfTradePreventionName(SelfTradePrevention value);
std::string LiquidityName(Liquidity value);
std::string BookActionName(BookAction value);
std::string SettlementStatusName(SettlementStatus value);
std::string KillScopeName(KillScope value);

}  // namespace tally
