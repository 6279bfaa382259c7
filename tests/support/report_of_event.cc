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

void FillIn(const Event& event, Report* report) {
  switch (event.type) {
    case EventType::kOrderAccepted:
      report->type = ReportType::kAccepted;
      report->price = event.accepted.price;
      report->quantity = report->leaves = event.accepted.quantity;
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
    case EventType::kOrderTriggered:
    case EventType::kOrderRestated:
    case EventType::kQuoteDone:
    case EventType::kProtectionTripped:
    case EventType::kPhaseChanged:
    case EventType::kIndicative:
    case EventType::kBookDelta:
    case EventType::kRulesDefined:
    case EventType::kFeesDefined:
    case EventType::kProtectionDefined:
    case EventType::kKillSwitched:
      return;
  }
}

using Fields = std::array<int64_t, 24>;

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
          report.held.value};
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
