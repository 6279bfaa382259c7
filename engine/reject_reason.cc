#include "engine/reject_reason.h"

namespace tally {

// NOLINTNEXTLINE(readability-function-size): a line per reason, and the compiler misses none.
std::string_view RejectReasonName(RejectReason reason) {
  switch (reason) {
    case RejectReason::kNone:
      return "NONE";
    case RejectReason::kKillSwitch:
      return "KILL_SWITCH";
    case RejectReason::kPhaseForbids:
      return "PHASE_FORBIDS";
    case RejectReason::kHiddenNotAllowed:
      return "HIDDEN_NOT_ALLOWED";
    case RejectReason::kReduceOnly:
      return "REDUCE_ONLY";
    case RejectReason::kBadDisplayQuantity:
      return "BAD_DISPLAY_QTY";
    case RejectReason::kBadMinQuantity:
      return "BAD_MIN_QTY";
    case RejectReason::kBadStopPrice:
      return "BAD_STOP_PX";
    case RejectReason::kBadPeg:
      return "BAD_PEG";
    case RejectReason::kBadExpireTime:
      return "BAD_EXPIRE_TIME";
    case RejectReason::kBadGroup:
      return "BAD_GROUP";
    case RejectReason::kUnknownMakerGroup:
      return "UNKNOWN_MAKER_GROUP";
    case RejectReason::kNoReferencePrice:
      return "NO_REFERENCE_PRICE";
    case RejectReason::kFatFinger:
      return "FAT_FINGER";
    case RejectReason::kPriceBand:
      return "PRICE_BAND";
    case RejectReason::kProtectionTripped:
      return "PROTECTION_TRIPPED";
    case RejectReason::kMinQuantityUnfillable:
      return "MIN_QTY_UNFILLABLE";
    case RejectReason::kNotReplaceable:
      return "NOT_REPLACEABLE";
    case RejectReason::kUnknownInstrument:
      return "UNKNOWN_INSTRUMENT";
    case RejectReason::kMarketHalted:
      return "MARKET_HALTED";
    case RejectReason::kDuplicateClientOrderId:
      return "DUPLICATE_CL_ORD_ID";
    case RejectReason::kClientOrderIdNotIncreasing:
      return "CL_ORD_ID_NOT_INCREASING";
    case RejectReason::kBadTick:
      return "BAD_TICK";
    case RejectReason::kBadLot:
      return "BAD_LOT";
    case RejectReason::kMinNotional:
      return "MIN_NOTIONAL";
    case RejectReason::kMaxNotional:
      return "MAX_NOTIONAL";
    case RejectReason::kInsufficientBalance:
      return "INSUFFICIENT_BALANCE";
    case RejectReason::kAccountDisabled:
      return "ACCOUNT_DISABLED";
    case RejectReason::kUnknownAccount:
      return "UNKNOWN_ACCOUNT";
    case RejectReason::kPostOnlyWouldCross:
      return "POST_ONLY_WOULD_CROSS";
    case RejectReason::kFokUnfillable:
      return "FOK_UNFILLABLE";
    case RejectReason::kMarketNoLiquidity:
      return "MARKET_NO_LIQUIDITY";
    case RejectReason::kSelfTrade:
      return "SELF_TRADE";
    case RejectReason::kMaxOpenOrders:
      return "MAX_OPEN_ORDERS";
    case RejectReason::kUnsupported:
      return "UNSUPPORTED";
    case RejectReason::kBadTimeInForce:
      return "BAD_TIF";
    case RejectReason::kCapacity:
      return "CAPACITY";
    case RejectReason::kUnknownOrder:
      return "UNKNOWN_ORDER";
    case RejectReason::kBelowFilled:
      return "BELOW_FILLED";
    case RejectReason::kUnknownAsset:
      return "UNKNOWN_ASSET";
    case RejectReason::kBadAmount:
      return "BAD_AMOUNT";
    case RejectReason::kOutOfOrderTransfer:
      return "OUT_OF_ORDER_TRANSFER";
    case RejectReason::kBadDefinition:
      return "BAD_DEFINITION";
    case RejectReason::kUnknownSession:
      return "UNKNOWN_SESSION";
    case RejectReason::kOutOfOrderBatch:
      return "OUT_OF_ORDER_BATCH";
    case RejectReason::kSequenceGap:
      return "SEQUENCE_GAP";
  }
  return "UNKNOWN_REASON";
}

}  // namespace tally
