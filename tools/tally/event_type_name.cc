#include "tools/tally/event_json.h"

namespace tally {

// NOLINTNEXTLINE(readability-function-size): a line per type.
std::string EventTypeName(EventType type) {
  switch (type) {
    case EventType::kOrderAccepted:
      return "order_accepted";
    case EventType::kOrderRejected:
      return "order_rejected";
    case EventType::kOrderFilled:
      return "order_filled";
    case EventType::kOrderCanceled:
      return "order_canceled";
    case EventType::kOrderReplaced:
      return "order_replaced";
    case EventType::kCancelRejected:
      return "cancel_rejected";
    case EventType::kMassCancelDone:
      return "mass_cancel_done";
    case EventType::kOrderState:
      return "order_state";
    case EventType::kBalance:
      return "balance";
    case EventType::kCommandRejected:
      return "command_rejected";
    case EventType::kCommandDone:
      return "command_done";
    case EventType::kTrade:
      return "trade";
    case EventType::kBookTop:
      return "book_top";
    case EventType::kSessionOpened:
      return "session_opened";
    case EventType::kAssetDefined:
      return "asset_defined";
    case EventType::kInstrumentDefined:
      return "instrument_defined";
    case EventType::kAccountDefined:
      return "account_defined";
    case EventType::kDeposited:
      return "deposited";
    case EventType::kWithdrawn:
      return "withdrawn";
    case EventType::kBatchSettled:
      return "batch_settled";
    case EventType::kWithdrawRefused:
      return "withdraw_refused";
    case EventType::kStateHash:
      return "state_hash";
    case EventType::kDuplicateCommand:
      return "duplicate_command";
    case EventType::kOrderSigned:
      return "order_signed";
    case EventType::kOrderSignature:
      return "order_signature";
    case EventType::kOrderTriggered:
      return "order_triggered";
    case EventType::kOrderRestated:
      return "order_restated";
    case EventType::kQuoteDone:
      return "quote_done";
    case EventType::kProtectionTripped:
      return "protection_tripped";
    case EventType::kPhaseChanged:
      return "phase_changed";
    case EventType::kIndicative:
      return "indicative";
    case EventType::kBookDelta:
      return "book_delta";
    case EventType::kRulesDefined:
      return "rules_defined";
    case EventType::kFeesDefined:
      return "fees_defined";
    case EventType::kProtectionDefined:
      return "protection_defined";
    case EventType::kKillSwitched:
      return "kill_switched";
    case EventType::kTradeBroken:
      return "trade_broken";
    case EventType::kExposureDefined:
      return "exposure_defined";
    case EventType::kBatchStatus:
      return "batch_status";
    case EventType::kDispute:
      return "dispute";
  }
  return "unknown";
}

}  // namespace tally
