#include "sdk/report.h"

#include "absl/strings/str_cat.h"

#include "base/status.h"
#include "schemas/wire_generated.h"

namespace tally::sdk {

std::string_view ErrorCodeName(ErrorCode code) {
  const char* name = wire::EnumNameErrorCode(static_cast<wire::ErrorCode>(code));
  return *name != '\0' ? name : "UNKNOWN_CODE";
}

std::string_view ReportTypeName(ReportType type) {
  const char* name = wire::EnumNameMessageType(static_cast<wire::MessageType>(type));
  return *name != '\0' ? name : "UNKNOWN_TYPE";
}

std::string ToString(const Report& report) {
  std::string text = absl::StrCat(report.sequence, " ", ToAbsl(ReportTypeName(report.type)));
  if (report.client_sequence != 0) {
    absl::StrAppend(&text, " command=", report.client_sequence);
  }
  if (Raw(report.client_order_id) != 0) {
    absl::StrAppend(&text, " client_order=", Raw(report.client_order_id));
  }
  if (Raw(report.order_id) != 0) {
    absl::StrAppend(&text, " order=", Raw(report.order_id));
  }
  if (report.side == Side::kBuy || report.side == Side::kSell) {
    absl::StrAppend(&text, report.side == Side::kBuy ? " buy " : " sell ", report.quantity.value);
    if (report.price.value != 0) {
      absl::StrAppend(&text, " at ", report.price.value);
    }
    absl::StrAppend(&text, " leaves=", report.leaves.value);
  }
  if (report.type == ReportType::kFill) {
    absl::StrAppend(&text, " trade=", Raw(report.trade_id), " fee=", report.fee.value);
  }
  if (report.type == ReportType::kBalance) {
    absl::StrAppend(&text, " asset=", Raw(report.asset), " available=", report.available.value,
                    " held=", report.held.value);
  }
  if (report.code != ErrorCode::kOk) {
    absl::StrAppend(&text, " ", ToAbsl(ErrorCodeName(report.code)));
  }
  return absl::StrCat(text, report.replayed ? " replayed" : "");
}

}  // namespace tally::sdk
