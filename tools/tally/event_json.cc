#include "tools/tally/event_json.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "base/sha256.h"
#include "tools/tally/event_names.h"

namespace tally {
namespace {

using Json = nlohmann::ordered_json;

template <std::size_t N>
std::string Hex(const std::array<uint8_t, N>& bytes) {
  return ToHex(bytes.data(), bytes.size());
}

std::string SideName(uint8_t side) { return side == Raw(Side::kBuy) ? "buy" : "sell"; }

void AddFill(const OrderFilledEvent& fill, Json* json) {
  (*json)["trade_id"] = Raw(fill.trade_id);
  (*json)["price"] = fill.price.value;
  (*json)["quantity"] = fill.quantity.value;
  (*json)["leaves"] = fill.leaves.value;
  (*json)["cumulative"] = fill.cumulative.value;
  (*json)["fee"] = fill.fee.value;
  (*json)["liquidity"] = LiquidityName(fill.liquidity);
  (*json)["phase"] = TradingPhaseName(fill.phase);
}

void AddTransfer(const LedgerTransferEvent& transfer, Json* json) {
  (*json)["chain_id"] = transfer.chain_id;
  (*json)["index"] = transfer.index;
  (*json)["asset"] = Raw(transfer.asset);
  (*json)["amount"] = transfer.amount.value;
  (*json)["available"] = transfer.balance.value;
}

// A price or quantity that only some orders have.
void AddIfSet(const char* key, int64_t value, Json* json) {
  if (value != 0) {
    (*json)[key] = value;
  }
}

void AddAccepted(const OrderAcceptedEvent& order, Json* json) {
  (*json)["price"] = order.price.value;
  (*json)["quantity"] = order.quantity.value;
  (*json)["order_type"] = OrderTypeName(order.order_type);
  (*json)["time_in_force"] = TimeInForceName(order.time_in_force);
  (*json)["self_trade_prevention"] = SelfTradePreventionName(order.self_trade_prevention);
  (*json)["phase"] = TradingPhaseName(order.phase);
  const std::pair<uint8_t, const char*> flags[] = {{kOrderFlagPostOnly, "post_only"},
                                                   {kOrderFlagSlide, "slide"},
                                                   {kOrderFlagHidden, "hidden"},
                                                   {kOrderFlagAllOrNone, "all_or_none"},
                                                   {kOrderFlagReduceOnly, "reduce_only"}};
  for (const auto& [bit, name] : flags) {
    if ((order.order_flags & bit) != 0) {
      (*json)["flags"].push_back(name);
    }
  }
  AddIfSet("display_quantity", order.display_quantity.value, json);
  AddIfSet("min_quantity", order.min_quantity.value, json);
  AddIfSet("stop_price", order.stop_price.value, json);
  if (order.trigger != TriggerSource::kNone) {
    (*json)["trigger"] = TriggerSourceName(order.trigger);
  }
  if (order.peg != PegReference::kNone) {
    (*json)["peg"] = PegReferenceName(order.peg);
  }
  if (order.contingency != Contingency::kNone) {
    (*json)["contingency"] = ContingencyName(order.contingency);
    (*json)["group_id"] = order.group_id;
  }
  AddIfSet("algorithm_id", order.algorithm_id, json);
}

void AddRestated(const OrderRestatedEvent& order, Json* json) {
  (*json)["price"] = order.price.value;
  (*json)["leaves"] = order.leaves.value;
  (*json)["displayed"] = order.displayed.value;
  AddIfSet("stop_price", order.stop_price.value, json);
  (*json)["reason"] = RestateReasonName(order.reason);
  (*json)["kept_priority"] = order.kept_priority != 0;
}

void AddQuoteDone(const QuoteDoneEvent& quote, Json* json) {
  const auto side = [](OrderId order, QuantityLots leaves, RejectReason reason) {
    Json row = {{"order_id", Raw(order)}, {"leaves", leaves.value}};
    if (reason != RejectReason::kNone) {
      row["reason"] = RejectReasonName(reason);
    }
    return row;
  };
  (*json)["entry"] = quote.entry;
  (*json)["maker_group"] = quote.maker_group;
  (*json)["bid"] = side(quote.bid_order_id, quote.bid_leaves, quote.bid_reason);
  (*json)["ask"] = side(quote.ask_order_id, quote.ask_leaves, quote.ask_reason);
}

// Reports of orders that the venue changed by itself, and of market makers.
void AddMoreReports(const Event& event, Json* json) {
  switch (event.type) {
    case EventType::kOrderTriggered:
      (*json)["price"] = event.triggered.price.value;
      (*json)["leaves"] = event.triggered.leaves.value;
      (*json)["stop_price"] = event.triggered.stop_price.value;
      (*json)["trigger_price"] = event.triggered.trigger_price.value;
      (*json)["order_type"] = OrderTypeName(event.triggered.order_type);
      break;
    case EventType::kOrderRestated:
      AddRestated(event.restated, json);
      break;
    case EventType::kQuoteDone:
      AddQuoteDone(event.quote_done, json);
      break;
    case EventType::kProtectionTripped:
      (*json)["maker_group"] = event.protection_tripped.maker_group;
      (*json)["quantity"] = event.protection_tripped.quantity.value;
      (*json)["delta"] = event.protection_tripped.delta.value;
      (*json)["count"] = event.protection_tripped.count;
      (*json)["canceled_count"] = event.protection_tripped.canceled_count;
      break;
    default:  // Elsewhere.
      break;
  }
}

void AddReport(const Event& event, Json* json) {
  switch (event.type) {
    case EventType::kOrderAccepted:
      AddAccepted(event.accepted, json);
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

// Public events beyond trades and best prices, and what an operator did.
void AddMarketEvent(const Event& event, Json* json) {
  switch (event.type) {
    case EventType::kPhaseChanged:
      (*json)["phase"] = TradingPhaseName(event.phase_changed.phase);
      (*json)["previous"] = TradingPhaseName(event.phase_changed.previous);
      (*json)["reason"] = PhaseReasonName(event.phase_changed.reason);
      AddIfSet("until_ns", event.phase_changed.until_ns, json);
      AddIfSet("reference_price", event.phase_changed.reference_price.value, json);
      AddIfSet("last_price", event.phase_changed.last_price.value, json);
      break;
    case EventType::kIndicative:
      (*json)["price"] = event.indicative.price.value;
      (*json)["quantity"] = event.indicative.quantity.value;
      (*json)["surplus"] = event.indicative.surplus.value;
      if (event.indicative.surplus_side != 0) {
        (*json)["surplus_side"] = SideName(event.indicative.surplus_side);
      }
      break;
    case EventType::kBookDelta:
      (*json)["action"] = BookActionName(event.book_delta.action);
      (*json)["price"] = event.book_delta.price.value;
      (*json)["quantity"] = event.book_delta.quantity.value;
      (*json)["level_quantity"] = event.book_delta.level_quantity.value;
      (*json)["level_order_count"] = event.book_delta.level_order_count;
      (*json)["kept_priority"] = event.book_delta.kept_priority != 0;
      (*json)["book_sequence"] = event.book_delta.book_sequence;
      break;
    case EventType::kKillSwitched:
      (*json)["scope"] = KillScopeName(event.kill_switched.scope);
      (*json)["engaged"] = event.kill_switched.engaged != 0;
      (*json)["canceled_count"] = event.kill_switched.canceled_count;
      break;
    case EventType::kFeesDefined:
      (*json)["fee_class"] = event.fees_defined.fee_class;
      (*json)["maker_fee_hundredths_bp"] = event.fees_defined.maker_fee_hundredths_bp;
      (*json)["taker_fee_hundredths_bp"] = event.fees_defined.taker_fee_hundredths_bp;
      (*json)["minimum_fee"] = event.fees_defined.minimum_fee.value;
      (*json)["removed"] = event.fees_defined.removed != 0;
      break;
    case EventType::kProtectionDefined:
      (*json)["maker_group"] = event.protection_defined.maker_group;
      break;
    case EventType::kOrderSigned:
      (*json)["nonce"] = event.order_signed.nonce;
      (*json)["expiry_s"] = event.order_signed.expiry_s;
      (*json)["max_fee_hundredths_bp"] = event.order_signed.max_fee_hundredths_bp;
      (*json)["signature_r"] = "0x" + Hex(event.order_signed.signature_r);
      break;
    case EventType::kOrderSignature:
      (*json)["signature_vs"] = "0x" + Hex(event.order_signature.signature_vs);
      break;
    default:  // Elsewhere.
      break;
  }
}

void AddSettlementEvent(const Event& event, Json* json) {
  switch (event.type) {
    case EventType::kBatchStatus:
      (*json)["batch_id"] = event.batch_status.batch_id;
      (*json)["status"] = SettlementStatusName(event.batch_status.status);
      (*json)["last_trade"] = Raw(event.batch_status.last_trade);
      (*json)["trade_count"] = event.batch_status.trade_count;
      (*json)["transaction"] = "0x" + Hex(event.batch_status.transaction_hash);
      break;
    case EventType::kDispute:
      (*json)["batch_id"] = event.dispute.batch_id;
      (*json)["culprit"] = Raw(event.dispute.culprit);
      (*json)["steps"] = event.dispute.steps;
      (*json)["resolved"] = event.dispute.resolved != 0;
      if (event.account != AccountId{}) {
        (*json)["asset"] = Raw(event.dispute.asset);
        (*json)["amount"] = event.dispute.amount.value;
        (*json)["held"] = event.dispute.held.value;
      }
      break;
    case EventType::kTradeBroken:
      (*json)["batch_id"] = event.trade_broken.batch_id;
      (*json)["trade_id"] = Raw(event.trade_broken.trade_id);
      (*json)["price"] = event.trade_broken.price.value;
      (*json)["quantity"] = event.trade_broken.quantity.value;
      (*json)["culprit"] = Raw(event.trade_broken.culprit);
      break;
    case EventType::kExposureDefined:
      (*json)["asset"] = Raw(event.exposure_defined.asset);
      (*json)["limit"] = event.exposure_defined.limit.value;
      (*json)["removed"] = event.exposure_defined.removed != 0;
      break;
    default:  // Elsewhere.
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
  AddMoreReports(event, &json);
  AddVenueEvent(event, &json);
  AddMarketEvent(event, &json);
  AddSettlementEvent(event, &json);
  return json.dump();
}

}  // namespace tally
