#include "gateway/fix/report_text.h"

namespace tally::gateway::fix {

int OrdRejReasonOf(RejectReason reason) {
  switch (reason) {
    case RejectReason::kUnknownInstrument:
      return 1;
    case RejectReason::kAccountDisabled:
    case RejectReason::kKillSwitch:
      return 0;
    case RejectReason::kMarketHalted:
    case RejectReason::kPhaseForbids:
      return 2;
    case RejectReason::kInsufficientBalance:
    case RejectReason::kMaxNotional:
    case RejectReason::kMaxOpenOrders:
    case RejectReason::kExposureLimit:
      return 3;
    case RejectReason::kUnknownOrder:
      return 5;
    case RejectReason::kDuplicateClientOrderId:
      return 6;
    case RejectReason::kUnsupported:
    case RejectReason::kBadTimeInForce:
    case RejectReason::kHiddenNotAllowed:
    case RejectReason::kReduceOnly:
      return 11;
    case RejectReason::kBadLot:
    case RejectReason::kBadDisplayQuantity:
    case RejectReason::kBadMinQuantity:
      return 13;
    case RejectReason::kUnknownAccount:
      return 15;
    default:  // The reasons of FIX 4.4 are few; the name in Text says which it was.
      return 99;
  }
}

int CxlRejReasonOf(RejectReason reason) {
  switch (reason) {
    case RejectReason::kUnknownOrder:
      return 1;
    case RejectReason::kDuplicateClientOrderId:
      return 6;
    default:  // As above.
      return 99;
  }
}

int QuoteRejectReasonOf(RejectReason reason) {
  switch (reason) {
    case RejectReason::kUnknownInstrument:
      return 1;
    case RejectReason::kMarketHalted:
    case RejectReason::kPhaseForbids:
      return 2;
    case RejectReason::kInsufficientBalance:
    case RejectReason::kMaxNotional:
    case RejectReason::kMaxOpenOrders:
      return 3;
    case RejectReason::kDuplicateClientOrderId:
      return 6;
    case RejectReason::kSelfTrade:
      return 7;
    case RejectReason::kBadTick:
    case RejectReason::kPriceBand:
    case RejectReason::kFatFinger:
      return 8;
    case RejectReason::kUnknownAccount:
    case RejectReason::kAccountDisabled:
    case RejectReason::kKillSwitch:
    case RejectReason::kSignatureRequired:
      return 9;
    default:  // As above.
      return 99;
  }
}

char StatusOf(const OrderRecord& order) {
  if (order.cumulative.value != 0 && order.leaves.value == 0 &&
      order.cumulative >= order.quantity) {
    return '2';
  }
  if (order.closed == kClosedExpired) {
    return 'C';
  }
  if (order.closed != 0) {
    return Raw(order.order_id) == 0 ? '8' : '4';
  }
  return order.cumulative.value != 0 ? '1' : '0';
}

std::string_view CancelReasonName(CancelReason reason) {
  switch (reason) {
    case CancelReason::kRequest:
      return "REQUEST";
    case CancelReason::kMassCancel:
      return "MASS_CANCEL";
    case CancelReason::kDisconnect:
      return "DISCONNECT";
    case CancelReason::kImmediateOrCancel:
      return "IMMEDIATE_OR_CANCEL";
    case CancelReason::kSelfTradeNewest:
    case CancelReason::kSelfTradeOldest:
    case CancelReason::kSelfTradeBoth:
    case CancelReason::kSelfTradeDecrement:
      return "SELF_TRADE_PREVENTION";
    case CancelReason::kReplaced:
      return "REPLACED";
    case CancelReason::kExpired:
      return "EXPIRED";
    case CancelReason::kEndOfDay:
      return "END_OF_DAY";
    case CancelReason::kAuctionOnly:
      return "AUCTION_ONLY";
    case CancelReason::kGroup:
      return "ORDER_GROUP";
    case CancelReason::kKillSwitch:
      return "KILL_SWITCH";
    case CancelReason::kProtection:
      return "MARKET_MAKER_PROTECTION";
    case CancelReason::kPriceBand:
      return "PRICE_BAND";
    case CancelReason::kQuoteReplaced:
      return "QUOTE_REPLACED";
    case CancelReason::kVenue:
      return "VENUE";
  }
  return "UNKNOWN";
}

std::string_view RestateReasonName(RestateReason reason) {
  switch (reason) {
    case RestateReason::kRefresh:
      return "REFRESH";
    case RestateReason::kPeg:
      return "PEG";
    case RestateReason::kTrail:
      return "TRAIL";
    case RestateReason::kSlide:
      return "SLIDE";
  }
  return "UNKNOWN";
}

std::string ExecInstOf(const OrderAcceptedEvent& order) {
  std::string text;
  const auto add = [&text](bool has, char instruction) {
    if (has) {
      text += text.empty() ? "" : " ";
      text += instruction;
    }
  };
  add((order.order_flags & kOrderFlagPostOnly) != 0, '6');
  add((order.order_flags & kOrderFlagAllOrNone) != 0, 'G');
  add(order.peg == PegReference::kPrimary, 'R');
  add(order.peg == PegReference::kMarket, 'P');
  add(order.peg == PegReference::kMid, 'M');
  add(order.order_type == OrderType::kTrailingStop, 'a');
  return text;
}

bool IsExpiry(CancelReason reason) {
  return reason == CancelReason::kExpired || reason == CancelReason::kEndOfDay ||
         reason == CancelReason::kAuctionOnly;
}

}  // namespace tally::gateway::fix
