#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "tests/support/session_view.h"

namespace tally {
namespace {

using sdk::Report;
using sdk::ReportType;

// The report that a client must see for an event, made from the event alone.
Report ReportOf(const Event& event) {
  Report report;
  report.sequence = event.report_sequence;
  report.client_sequence = event.client_sequence;
  report.engine_ns = event.timestamp_ns;
  report.client_order_id = event.client_order_id;
  report.order_id = event.order_id;
  report.instrument = event.instrument;
  report.side = static_cast<Side>(event.side);
  report.last = (event.flags & kEventFlagLast) != 0;
  return report;
}

sdk::QuoteSide SideOf(OrderId order_id, QuantityLots leaves, RejectReason reason) {
  return {.order_id = order_id, .leaves = leaves, .code = static_cast<sdk::ErrorCode>(reason)};
}

void FillIn(const Event& event, Report* report) {
  switch (event.type) {
    case EventType::kOrderAccepted:
      report->type = ReportType::kAccepted;
      report->price = event.accepted.price;
      report->quantity = report->leaves = event.accepted.quantity;
      report->order_type = event.accepted.order_type;
      report->time_in_force = event.accepted.time_in_force;
      report->order_flags = event.accepted.order_flags;
      report->self_trade_prevention = event.accepted.self_trade_prevention;
      report->phase = event.accepted.phase;
      report->trigger = event.accepted.trigger;
      report->peg = event.accepted.peg;
      report->contingency = event.accepted.contingency;
      report->displayed = event.accepted.display_quantity;
      report->min_quantity = event.accepted.min_quantity;
      report->stop_price = event.accepted.stop_price;
      report->algorithm_id = event.accepted.algorithm_id;
      report->group_id = event.accepted.group_id;
      return;
    case EventType::kOrderFilled:
      report->type = ReportType::kFill;
      report->price = event.filled.price;
      report->quantity = event.filled.quantity;
      report->leaves = event.filled.leaves;
      report->cumulative = event.filled.cumulative;
      report->trade_id = event.filled.trade_id;
      report->event_sequence = event.sequence;
      report->fee = event.filled.fee;
      report->liquidity = event.filled.liquidity;
      report->phase = event.filled.phase;
      return;
    case EventType::kOrderCanceled:
      report->type = ReportType::kCanceled;
      report->quantity = event.canceled.canceled;
      report->leaves = event.canceled.leaves;
      report->cumulative = event.canceled.cumulative;
      report->cancel_reason = static_cast<sdk::CancelReason>(event.canceled.reason);
      return;
    case EventType::kOrderReplaced:
      report->type = ReportType::kReplaced;
      report->original_client_order_id = event.replaced.original_client_order_id;
      report->price = event.replaced.price;
      report->quantity = event.replaced.quantity;
      report->leaves = event.replaced.leaves;
      report->kept_priority = event.replaced.kept_priority != 0;
      return;
    case EventType::kOrderState:
      report->type = ReportType::kOrderState;
      report->price = event.order_state.price;
      report->quantity = event.order_state.quantity;
      report->leaves = event.order_state.leaves;
      report->cumulative = event.order_state.cumulative;
      return;
    case EventType::kBalance:
      report->type = ReportType::kBalance;
      report->account = event.account;
      report->asset = event.balance.asset;
      report->available = event.balance.available;
      report->held = event.balance.held;
      return;
    case EventType::kMassCancelDone:
      report->type = ReportType::kMassCancelDone;
      report->canceled_count = event.mass_cancel_done.canceled_count;
      report->side = Side{};  // Not on the wire.
      return;
    case EventType::kCommandDone:
      report->type = ReportType::kCommandDone;
      report->instrument = InstrumentId{};  // Not on the wire.
      return;
    case EventType::kOrderRejected:
      report->type = ReportType::kRejected;
      report->code = static_cast<sdk::ErrorCode>(event.rejected.reason);
      return;
    case EventType::kCancelRejected:
      report->type = ReportType::kCancelReject;
      report->code = static_cast<sdk::ErrorCode>(event.rejected.reason);
      report->instrument = InstrumentId{};  // Not on the wire.
      return;
    case EventType::kCommandRejected:
      report->type = ReportType::kCommandRejected;
      report->code = static_cast<sdk::ErrorCode>(event.rejected.reason);
      report->instrument = InstrumentId{};  // Not on the wire.
      return;
    case EventType::kOrderTriggered:
      report->type = ReportType::kTriggered;
      report->price = event.triggered.price;
      report->leaves = event.triggered.leaves;
      report->stop_price = event.triggered.stop_price;
      report->trigger_price = event.triggered.trigger_price;
      report->order_type = event.triggered.order_type;
      return;
    case EventType::kOrderRestated:
      report->type = ReportType::kRestated;
      report->price = event.restated.price;
      report->leaves = event.restated.leaves;
      report->displayed = event.restated.displayed;
      report->stop_price = event.restated.stop_price;
      report->restate_reason = static_cast<sdk::RestateReason>(event.restated.reason);
      report->kept_priority = event.restated.kept_priority != 0;
      return;
    case EventType::kQuoteDone:
      report->type = ReportType::kQuoteDone;
      report->entry = event.quote_done.entry;
      report->maker_group = event.quote_done.maker_group;
      report->bid = SideOf(event.quote_done.bid_order_id, event.quote_done.bid_leaves,
                           event.quote_done.bid_reason);
      report->ask = SideOf(event.quote_done.ask_order_id, event.quote_done.ask_leaves,
                           event.quote_done.ask_reason);
      report->side = Side{};         // Not on the wire.
      report->order_id = OrderId{};  // Likewise.
      return;
    case EventType::kProtectionTripped:
      report->type = ReportType::kProtectionTripped;
      report->quantity = event.protection_tripped.quantity;
      report->delta = event.protection_tripped.delta;
      report->fill_count = event.protection_tripped.count;
      report->canceled_count = event.protection_tripped.canceled_count;
      report->maker_group = event.protection_tripped.maker_group;
      report->side = Side{};                      // Not on the wire.
      report->order_id = OrderId{};               // Likewise.
      report->client_order_id = ClientOrderId{};  // Likewise.
      return;
    case EventType::kTradeBroken:
      report->type = ReportType::kTradeBroken;
      report->batch_id = event.trade_broken.batch_id;
      report->trade_id = event.trade_broken.trade_id;
      report->price = event.trade_broken.price;
      report->quantity = event.trade_broken.quantity;
      return;
    case EventType::kTrade:
    case EventType::kBookTop:
    case EventType::kSessionOpened:
    case EventType::kAssetDefined:
    case EventType::kInstrumentDefined:
    case EventType::kAccountDefined:
    case EventType::kDeposited:
    case EventType::kWithdrawn:
    case EventType::kBatchSettled:
    case EventType::kWithdrawRefused:
    case EventType::kStateHash:
    case EventType::kDuplicateCommand:
    case EventType::kOrderSigned:
    case EventType::kOrderSignature:
    case EventType::kPhaseChanged:
    case EventType::kIndicative:
    case EventType::kBookDelta:
    case EventType::kRulesDefined:
    case EventType::kFeesDefined:
    case EventType::kProtectionDefined:
    case EventType::kKillSwitched:
    case EventType::kExposureDefined:
    case EventType::kBatchStatus:
    case EventType::kDispute:
      return;
  }
}

using Fields = std::array<int64_t, 49>;

// Every field that a client reads off the wire, and what ToString does not show.
Fields FieldsOf(const Report& report) {
  return {static_cast<int64_t>(report.type),
          static_cast<int64_t>(report.sequence),
          static_cast<int64_t>(report.client_sequence),
          report.last,
          report.engine_ns,
          static_cast<int64_t>(report.client_order_id),
          static_cast<int64_t>(report.original_client_order_id),
          static_cast<int64_t>(report.order_id),
          static_cast<int64_t>(report.instrument),
          static_cast<int64_t>(report.side),
          report.price.value,
          report.quantity.value,
          report.leaves.value,
          report.cumulative.value,
          static_cast<int64_t>(report.trade_id),
          static_cast<int64_t>(report.event_sequence),
          report.fee.value,
          static_cast<int64_t>(report.liquidity) * 256 + static_cast<int64_t>(report.cancel_reason),
          static_cast<int64_t>(report.code),
          report.kept_priority,
          report.canceled_count,
          Raw(report.account) * int64_t{65'536} + Raw(report.asset),
          report.available.value,
          report.held.value,
          static_cast<int64_t>(report.order_type),
          static_cast<int64_t>(report.time_in_force),
          report.order_flags,
          static_cast<int64_t>(report.self_trade_prevention),
          static_cast<int64_t>(report.phase),
          static_cast<int64_t>(report.trigger),
          static_cast<int64_t>(report.peg),
          static_cast<int64_t>(report.contingency),
          report.group_id,
          report.algorithm_id,
          report.displayed.value,
          report.min_quantity.value,
          report.stop_price.value,
          report.trigger_price.value,
          static_cast<int64_t>(report.restate_reason),
          report.entry,
          report.maker_group,
          static_cast<int64_t>(report.bid.order_id),
          report.bid.leaves.value,
          static_cast<int64_t>(report.bid.code),
          static_cast<int64_t>(report.ask.order_id),
          report.ask.leaves.value,
          static_cast<int64_t>(report.ask.code),
          report.delta.value * 65'536 + report.fill_count,
          static_cast<int64_t>(report.batch_id)};
}

}  // namespace

std::string DifferenceFrom(const Event& event, const Report& report) {
  Report expected = ReportOf(event);
  FillIn(event, &expected);
  const Fields in_log = FieldsOf(expected);
  const Fields seen = FieldsOf(report);
  if (in_log == seen) {
    return "";
  }
  return absl::StrCat("\n  log:    ", absl::StrJoin(in_log, " "),
                      "\n  client: ", absl::StrJoin(seen, " "));
}

}  // namespace tally
