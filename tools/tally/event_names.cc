#include "tools/tally/event_names.h"

namespace tally {

std::string CancelReasonName(CancelReason reason) {
  switch (reason) {
    case CancelReason::kRequest:
      return "request";
    case CancelReason::kMassCancel:
      return "mass_cancel";
    case CancelReason::kDisconnect:
      return "disconnect";
    case CancelReason::kImmediateOrCancel:
      return "immediate_or_cancel";
    case CancelReason::kSelfTradeNewest:
      return "self_trade_newest";
    case CancelReason::kSelfTradeOldest:
      return "self_trade_oldest";
    case CancelReason::kSelfTradeBoth:
      return "self_trade_both";
    case CancelReason::kSelfTradeDecrement:
      return "self_trade_decrement";
    case CancelReason::kReplaced:
      return "replaced";
    case CancelReason::kExpired:
      return "expired";
    case CancelReason::kEndOfDay:
      return "end_of_day";
    case CancelReason::kAuctionOnly:
      return "auction_only";
    case CancelReason::kGroup:
      return "group";
    case CancelReason::kKillSwitch:
      return "kill_switch";
    case CancelReason::kProtection:
      return "protection";
    case CancelReason::kPriceBand:
      return "price_band";
    case CancelReason::kQuoteReplaced:
      return "quote_replaced";
    case CancelReason::kVenue:
      return "venue";
  }
  return "unknown";
}

std::string OrderTypeName(OrderType value) {
  switch (value) {
    case OrderType::kMarket:
      return "market";
    case OrderType::kLimit:
      return "limit";
    case OrderType::kStop:
      return "stop";
    case OrderType::kStopLimit:
      return "stop_limit";
    case OrderType::kTrailingStop:
      return "trailing_stop";
    case OrderType::kPegged:
      return "pegged";
  }
  return "unknown";
}

std::string TimeInForceName(TimeInForce value) {
  switch (value) {
    case TimeInForce::kGtc:
      return "gtc";
    case TimeInForce::kAtTheOpen:
      return "at_the_open";
    case TimeInForce::kIoc:
      return "ioc";
    case TimeInForce::kFok:
      return "fok";
    case TimeInForce::kGtd:
      return "gtd";
    case TimeInForce::kAtTheClose:
      return "at_the_close";
    case TimeInForce::kDay:
      return "day";
  }
  return "unknown";
}

std::string TriggerSourceName(TriggerSource value) {
  switch (value) {
    case TriggerSource::kNone:
      return "none";
    case TriggerSource::kLastTrade:
      return "last_trade";
    case TriggerSource::kBestPrice:
      return "best_price";
  }
  return "unknown";
}

std::string PegReferenceName(PegReference value) {
  switch (value) {
    case PegReference::kNone:
      return "none";
    case PegReference::kPrimary:
      return "primary";
    case PegReference::kMarket:
      return "market";
    case PegReference::kMid:
      return "mid";
  }
  return "unknown";
}

std::string ContingencyName(Contingency value) {
  switch (value) {
    case Contingency::kNone:
      return "none";
    case Contingency::kOco:
      return "oco";
    case Contingency::kOto:
      return "oto";
    case Contingency::kOtoco:
      return "otoco";
  }
  return "unknown";
}

std::string TradingPhaseName(TradingPhase value) {
  switch (value) {
    case TradingPhase::kPreOpen:
      return "pre_open";
    case TradingPhase::kOpeningAuction:
      return "opening_auction";
    case TradingPhase::kContinuous:
      return "continuous";
    case TradingPhase::kVolatilityAuction:
      return "volatility_auction";
    case TradingPhase::kHalt:
      return "halt";
    case TradingPhase::kClosingAuction:
      return "closing_auction";
    case TradingPhase::kClosed:
      return "closed";
    case TradingPhase::kBatchAuction:
      return "batch_auction";
  }
  return "unknown";
}

std::string PhaseReasonName(PhaseReason value) {
  switch (value) {
    case PhaseReason::kCommand:
      return "command";
    case PhaseReason::kSchedule:
      return "schedule";
    case PhaseReason::kStaticBand:
      return "static_band";
    case PhaseReason::kDynamicBand:
      return "dynamic_band";
    case PhaseReason::kBreaker:
      return "breaker";
    case PhaseReason::kExtension:
      return "extension";
  }
  return "unknown";
}

std::string RestateReasonName(RestateReason value) {
  switch (value) {
    case RestateReason::kRefresh:
      return "refresh";
    case RestateReason::kPeg:
      return "peg";
    case RestateReason::kTrail:
      return "trail";
    case RestateReason::kSlide:
      return "slide";
  }
  return "unknown";
}

std::string SelfTradePreventionName(SelfTradePrevention value) {
  switch (value) {
    case SelfTradePrevention::kNone:
      return "none";
    case SelfTradePrevention::kCancelNewest:
      return "cancel_newest";
    case SelfTradePrevention::kCancelOldest:
      return "cancel_oldest";
    case SelfTradePrevention::kCancelBoth:
      return "cancel_both";
    case SelfTradePrevention::kDecrementAndCancel:
      return "decrement_and_cancel";
  }
  return "unknown";
}

std::string LiquidityName(Liquidity value) {
  switch (value) {
    case Liquidity::kMaker:
      return "maker";
    case Liquidity::kTaker:
      return "taker";
    case Liquidity::kAuction:
      return "auction";
  }
  return "unknown";
}

std::string BookActionName(BookAction value) {
  switch (value) {
    case BookAction::kAdd:
      return "add";
    case BookAction::kChange:
      return "change";
    case BookAction::kRemove:
      return "remove";
  }
  return "unknown";
}

std::string SettlementStatusName(SettlementStatus value) {
  switch (value) {
    case SettlementStatus::kPending:
      return "pending";
    case SettlementStatus::kMined:
      return "mined";
    case SettlementStatus::kFinal:
      return "final";
    case SettlementStatus::kFailed:
      return "failed";
  }
  return "unknown";
}

std::string KillScopeName(KillScope value) {
  switch (value) {
    case KillScope::kAccount:
      return "account";
    case KillScope::kSession:
      return "session";
    case KillScope::kVenue:
      return "venue";
  }
  return "unknown";
}

}  // namespace tally
