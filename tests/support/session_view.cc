#include "tests/support/session_view.h"

#include "absl/strings/str_cat.h"

#include "tests/support/venue_process.h"

namespace tally {
namespace {

using sdk::Report;
using sdk::ReportType;

std::size_t BaseAsset(InstrumentId instrument) { return Raw(instrument); }
constexpr std::size_t kQuote = Raw(kVenueQuote);

int64_t Notional(int64_t price, int64_t quantity) { return price * quantity * kVenueTickQuanta; }

}  // namespace

void SessionView::Expect(bool condition, const char* what, const Report& report) {
  if (!condition && fault_.empty()) {
    fault_ = absl::StrCat(name_, ": ", what, ": ", ToString(report));
  }
}

void SessionView::OnReport(const Report& report) {
  Expect(report.sequence == reports_.size() + 1, "the report is not the next one", report);
  reports_.push_back(report);
  if (what_ == ViewOf::kWholeSession) {
    CheckTurn(report);
  }
  switch (report.type) {
    case ReportType::kAccepted:
      return OnAccepted(report);
    case ReportType::kFill:
      return OnFill(report);
    case ReportType::kCanceled:
      return OnCanceled(report);
    case ReportType::kReplaced:
      return OnReplaced(report);
    case ReportType::kOrderState:
      return OnOrderState(report);
    case ReportType::kBalance:
      return OnBalance(report);
    case ReportType::kCancelReject:
      Expect(report.code != sdk::ErrorCode::kUnknownOrder || !open_.contains(report.order_id),
             "an open order is unknown", report);
      return;
    case ReportType::kRejected:
    case ReportType::kMassCancelDone:
    case ReportType::kTriggered:
    case ReportType::kRestated:
    case ReportType::kQuoteDone:
    case ReportType::kProtectionTripped:
    case ReportType::kCommandDone:
    case ReportType::kTradeBroken:
      return;
    case ReportType::kCommandRejected:
      Expect(false, "a command was rejected", report);
      return;
  }
}

void SessionView::CheckTurn(const Report& report) {
  if (report.answers) {
    Expect(report.client_sequence == last_answered_ + 1, "not the answer that was due", report);
    last_answered_ = report.client_sequence;
  }
  Expect(report.client_sequence <= last_answered_ + 1, "of a command that is not due", report);
}

void SessionView::OnAccepted(const Report& report) {
  const bool is_new =
      open_
          .emplace(report.order_id, OpenOrder{.client_order_id = report.client_order_id,
                                              .instrument = report.instrument,
                                              .side = report.side,
                                              .price = report.price.value,
                                              .leaves = report.quantity.value,
                                              .cumulative = 0})
          .second;
  Expect(is_new, "accepted twice", report);
}

// That the report is about an open order and names it as we know it.
void SessionView::CheckOrder(const Report& report) {
  const auto found = open_.find(report.order_id);
  Expect(found != open_.end() && found->second.client_order_id == report.client_order_id &&
             found->second.side == report.side && found->second.instrument == report.instrument,
         "of an order that is not open", report);
}

void SessionView::CloseIfDone(OrderId id) {
  if (open_.at(id).leaves == 0) {
    open_.erase(id);
    closed_.push_back(id);
  }
}

void SessionView::OnFill(const Report& report) {
  CheckOrder(report);
  if (!fault_.empty()) {
    return;
  }
  OpenOrder& order = open_.at(report.order_id);
  order.leaves -= report.quantity.value;
  order.cumulative += report.quantity.value;
  Expect(order.leaves == report.leaves.value && order.cumulative == report.cumulative.value,
         "quantities do not add up", report);
  const int64_t sign = report.side == Side::kBuy ? 1 : -1;
  filled_[BaseAsset(report.instrument)] += sign * report.quantity.value * kVenueLotQuanta;
  filled_[kQuote] -= sign * Notional(report.price.value, report.quantity.value) + report.fee.value;
  fees_paid_ += report.fee.value;
  ++fills_;
  CloseIfDone(report.order_id);
}

void SessionView::OnCanceled(const Report& report) {
  CheckOrder(report);
  if (!fault_.empty()) {
    return;
  }
  OpenOrder& order = open_.at(report.order_id);
  order.leaves -= report.quantity.value;
  Expect(order.leaves == report.leaves.value && order.cumulative == report.cumulative.value,
         "quantities do not add up", report);
  CloseIfDone(report.order_id);
}

void SessionView::OnReplaced(const Report& report) {
  const auto found = open_.find(report.order_id);
  Expect(found != open_.end() && found->second.client_order_id == report.original_client_order_id &&
             found->second.cumulative + report.leaves.value == report.quantity.value,
         "of an order that is not open", report);
  if (fault_.empty()) {
    found->second.client_order_id = report.client_order_id;
    found->second.price = report.price.value;
    found->second.leaves = report.leaves.value;
  }
}

void SessionView::OnOrderState(const Report& report) {
  const auto found = open_.find(report.order_id);
  if (found == open_.end()) {
    Expect(false, "the venue has an order open that is not", report);
    return;
  }
  const OpenOrder& order = found->second;
  Expect(order.client_order_id == report.client_order_id && order.price == report.price.value &&
             order.side == report.side && order.instrument == report.instrument &&
             order.leaves == report.leaves.value && order.cumulative == report.cumulative.value &&
             report.quantity == report.leaves + report.cumulative,
         "the venue has the order otherwise", report);
}

void SessionView::OnBalance(const Report& report) {
  if (!in_balances_) {
    available_ = held_ = {};
  }
  in_balances_ = !report.last;
  available_.at(Raw(report.asset)) = report.available.value;
  held_.at(Raw(report.asset)) = report.held.value;
}

AssetTotals SessionView::Held() const {
  AssetTotals held{};
  for (const auto& [id, order] : open_) {
    if (order.side == Side::kSell) {
      held[BaseAsset(order.instrument)] += order.leaves * kVenueLotQuanta;
    } else {
      const int64_t notional = Notional(order.price, order.leaves);
      held[kQuote] += notional + notional * kVenueTakerFee / 1'000'000;
    }
  }
  return held;
}

}  // namespace tally
