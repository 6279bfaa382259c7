#include "tools/tally/event_json.h"

#include <nlohmann/json.hpp>

#include "base/sha256.h"

namespace tally {
namespace {

using Json = nlohmann::ordered_json;

template <std::size_t N>
std::string Hex(const std::array<uint8_t, N>& bytes) {
  return ToHex(bytes.data(), bytes.size());
}

std::string SideName(uint8_t side) { return side == Raw(Side::kBuy) ? "buy" : "sell"; }

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

void AddFill(const OrderFilledEvent& fill, Json* json) {
  (*json)["trade_id"] = Raw(fill.trade_id);
  (*json)["price"] = fill.price.value;
  (*json)["quantity"] = fill.quantity.value;
  (*json)["leaves"] = fill.leaves.value;
  (*json)["cumulative"] = fill.cumulative.value;
  (*json)["fee"] = fill.fee.value;
  (*json)["liquidity"] = fill.liquidity == Liquidity::kMaker ? "maker" : "taker";
}

void AddTransfer(const LedgerTransferEvent& transfer, Json* json) {
  (*json)["chain_id"] = transfer.chain_id;
  (*json)["index"] = transfer.index;
  (*json)["asset"] = Raw(transfer.asset);
  (*json)["amount"] = transfer.amount.value;
  (*json)["available"] = transfer.balance.value;
}

void AddReport(const Event& event, Json* json) {
  switch (event.type) {
    case EventType::kOrderAccepted:
      (*json)["price"] = event.accepted.price.value;
      (*json)["quantity"] = event.accepted.quantity.value;
      break;
    case EventType::kOrderFilled:
      AddFill(event.filled, json);
      break;
    case EventType::kOrderCanceled:
      (*json)["canceled"] = event.canceled.canceled.value;
      (*json)["leaves"] = event.canceled.leaves.value;
      (*json)["reason"] = CancelReasonName(event.canceled.reason);
      break;
    case EventType::kOrderReplaced:
      (*json)["original_client_order_id"] = Raw(event.replaced.original_client_order_id);
      (*json)["price"] = event.replaced.price.value;
      (*json)["quantity"] = event.replaced.quantity.value;
      (*json)["leaves"] = event.replaced.leaves.value;
      (*json)["kept_priority"] = event.replaced.kept_priority != 0;
      break;
    case EventType::kOrderRejected:
    case EventType::kCancelRejected:
    case EventType::kCommandRejected:
      (*json)["reason"] = RejectReasonName(event.rejected.reason);
      break;
    case EventType::kMassCancelDone:
      (*json)["canceled_count"] = event.mass_cancel_done.canceled_count;
      break;
    case EventType::kOrderState:
      (*json)["price"] = event.order_state.price.value;
      (*json)["quantity"] = event.order_state.quantity.value;
      (*json)["leaves"] = event.order_state.leaves.value;
      break;
    case EventType::kBalance:
      (*json)["asset"] = Raw(event.balance.asset);
      (*json)["available"] = event.balance.available.value;
      (*json)["held"] = event.balance.held.value;
      break;
    default:  // Not reports.
      break;
  }
}

void AddVenueEvent(const Event& event, Json* json) {
  switch (event.type) {
    case EventType::kTrade:
      (*json)["trade_id"] = Raw(event.trade.trade_id);
      (*json)["price"] = event.trade.price.value;
      (*json)["quantity"] = event.trade.quantity.value;
      break;
    case EventType::kBookTop:
      (*json)["bid_price"] = event.book_top.bid_price.value;
      (*json)["bid_quantity"] = event.book_top.bid_quantity.value;
      (*json)["ask_price"] = event.book_top.ask_price.value;
      (*json)["ask_quantity"] = event.book_top.ask_quantity.value;
      (*json)["book_sequence"] = event.book_top.book_sequence;
      break;
    case EventType::kSessionOpened:
      (*json)["session_id"] = event.session_opened.session_id;
      (*json)["public_key"] = Hex(event.session_opened.public_key);
      break;
    case EventType::kDeposited:
    case EventType::kWithdrawn:
    case EventType::kWithdrawRefused:
      AddTransfer(event.transfer, json);
      break;
    case EventType::kBatchSettled:
      (*json)["batch_id"] = event.batch_settled.batch_id;
      (*json)["last_event"] = Raw(event.batch_settled.last_event);
      (*json)["transaction"] = "0x" + Hex(event.batch_settled.transaction_hash);
      break;
    case EventType::kStateHash:
      (*json)["state_hash"] = Hex(event.state_hash.state_hash);
      break;
    default:  // Reports, and definitions without a payload to show.
      break;
  }
}

}  // namespace

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
  }
  return "unknown";
}

std::string EventToJson(const Event& event) {
  Json json;
  json["event"] = Raw(event.sequence);
  json["command"] = Raw(event.command_sequence);
  json["time_ns"] = event.timestamp_ns;
  json["type"] = EventTypeName(event.type);
  const auto add_if_set = [&json](const char* key, uint64_t value) {
    if (value != 0) {
      json[key] = value;
    }
  };
  add_if_set("session", Raw(event.session));
  add_if_set("report", event.report_sequence);
  add_if_set("client_sequence", event.client_sequence);
  add_if_set("account", Raw(event.account));
  add_if_set("instrument", Raw(event.instrument));
  add_if_set("order_id", Raw(event.order_id));
  add_if_set("client_order_id", Raw(event.client_order_id));
  if (event.side != 0) {
    json["side"] = SideName(event.side);
  }
  AddReport(event, &json);
  AddVenueEvent(event, &json);
  return json.dump();
}

}  // namespace tally
