#include "settlement/netting/netting_window.h"

#include "absl/strings/str_cat.h"

#include "base/assert.h"

namespace tally::settlement {

absl::Status NettingWindow::Add(const Event& event) {
  if (event.type == EventType::kInstrumentDefined) {
    terms_[event.instrument] = event.instrument_defined;
  } else if (event.type == EventType::kOrderFilled) {
    return AddFill(event);
  }
  return absl::OkStatus();
}

absl::Status NettingWindow::AddFill(const Event& event) {
  const auto found = terms_.find(event.instrument);
  if (found == terms_.end() || found->second.lot_quanta.value <= 0 ||
      found->second.tick_quanta.value <= 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("event ", Raw(event.sequence), ": fill of instrument ", Raw(event.instrument),
                     " whose definition is not in the event log"));
  }
  const InstrumentDefinedEvent& terms = found->second;
  const OrderFilledEvent& fill = event.filled;
  const __int128 base = static_cast<__int128>(fill.quantity.value) * terms.lot_quanta.value;
  const __int128 notional =
      static_cast<__int128>(fill.quantity.value) * fill.price.value * terms.tick_quanta.value;
  const bool is_buy = event.side == static_cast<uint8_t>(Side::kBuy);
  AddDelta(event.account, terms.base_asset, is_buy ? base : -base);
  AddDelta(event.account, terms.quote_asset, (is_buy ? -notional : notional) - fill.fee.value);
  if (fill.fee.value != 0) {
    AddDelta(terms.fee_account, terms.quote_asset, fill.fee.value);
  }
  ++fill_count_;
  if (!half_trades_.insert(fill.trade_id).second) {
    half_trades_.erase(fill.trade_id);
  }
  return absl::OkStatus();
}

void NettingWindow::AddDelta(AccountId account, AssetId asset, __int128 quanta) {
  Delta& delta = deltas_[{account, PairOf(asset)}];
  (Raw(asset) % 2 == 0 ? delta.even : delta.odd) += quanta;
}

std::vector<NettedEntry> NettingWindow::Take() {
  CHECK(balanced());
  std::vector<NettedEntry> entries;
  std::map<PairId, Delta> sums;
  for (const auto& [key, delta] : deltas_) {
    sums[key.second].even += delta.even;
    sums[key.second].odd += delta.odd;
    if (delta.even != 0 || delta.odd != 0) {
      entries.push_back(
          {.account = key.first, .pair = key.second, .even = delta.even, .odd = delta.odd});
    }
  }
  for (const auto& [pair, sum] : sums) {
    CHECK(sum.even == 0 && sum.odd == 0);
  }
  deltas_.clear();
  fill_count_ = 0;
  return entries;
}

}  // namespace tally::settlement
