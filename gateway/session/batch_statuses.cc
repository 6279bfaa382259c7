#include "gateway/session/batch_statuses.h"

#include <algorithm>

namespace tally::gateway {
namespace {

bool IsFinal(const BatchStatusEvent& row) { return row.status == SettlementStatus::kFinal; }

}  // namespace

void BatchStatuses::Update(const BatchStatusEvent& status) {
  if (IsFinal(status)) {
    std::erase_if(statuses_, [&](const BatchStatusEvent& row) {
      return !IsFinal(row) && row.batch_id <= status.batch_id;
    });
  }
  if (status.trade_count == 0) {
    return;
  }
  const auto at =
      std::find_if(statuses_.begin(), statuses_.end(),
                   [&](const BatchStatusEvent& row) { return row.batch_id >= status.batch_id; });
  if (at != statuses_.end() && at->batch_id == status.batch_id) {
    *at = status;
  } else {
    statuses_.insert(at, status);
  }
  const auto finals = std::count_if(statuses_.begin(), statuses_.end(), IsFinal);
  if (static_cast<std::size_t>(finals) > finals_max_) {
    statuses_.erase(statuses_.begin());
  }
}

BatchStatusEvent BatchStatuses::Find(TradeId trade) const {
  BatchStatusEvent found{};
  found.status = SettlementStatus::kPending;
  // The first whose last trade is not before this one.
  const auto at = std::find_if(
      statuses_.begin(), statuses_.end(),
      [&](const BatchStatusEvent& row) { return row.trade_count != 0 && trade <= row.last_trade; });
  if (at == statuses_.end()) {
    return found;
  }
  if (Raw(trade) + at->trade_count > Raw(at->last_trade)) {
    return *at;
  }
  found.status = IsFinal(*at) ? SettlementStatus::kFinal : SettlementStatus::kPending;
  return found;
}

}  // namespace tally::gateway
