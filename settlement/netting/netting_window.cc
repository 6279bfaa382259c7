#include "settlement/netting/netting_window.h"

#include <algorithm>

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
  if (const auto [half, is_new] = half_trades_.insert(Raw(fill.trade_id)); !is_new) {
    half_trades_.erase(half);
  }
  return absl::OkStatus();
}

void NettingWindow::AddDelta(AccountId account, AssetId asset, __int128 quanta) {
  Delta& delta = deltas_[uint64_t{Raw(account)} << 16 | Raw(PairOf(asset))];
  (Raw(asset) % 2 == 0 ? delta.even : delta.odd) += quanta;
}

bool NettingWindow::IsConserved() const {
  absl::flat_hash_map<uint16_t, Delta> sums;  // By pair.
  for (const auto& [key, delta] : deltas_) {
    Delta& sum = sums[static_cast<uint16_t>(key)];
    sum.even += delta.even;
    sum.odd += delta.odd;
  }
  return std::all_of(sums.begin(), sums.end(), [](const auto& item) {
    return item.second.even == 0 && item.second.odd == 0;
  });
}

__int128 NettingWindow::OpenValue(AssetId asset) const {
  __int128 value = 0;
  for (const auto& [key, delta] : deltas_) {
    const __int128 quanta = Raw(asset) % 2 == 0 ? delta.even : delta.odd;
    value += static_cast<uint16_t>(key) == Raw(PairOf(asset)) && quanta > 0 ? quanta : 0;
  }
  return value;
}

std::vector<NettedEntry> NettingWindow::Take() {
  CHECK(balanced());
  const bool sums_are_zero = IsConserved();
  CHECK(sums_are_zero);
  std::vector<NettedEntry> entries;
  for (const auto& [key, delta] : deltas_) {
    if (delta.even != 0 || delta.odd != 0) {
      entries.push_back({.account = AccountId{static_cast<uint32_t>(key >> 16)},
                         .pair = PairId{static_cast<uint16_t>(key)},
                         .even = delta.even,
                         .odd = delta.odd});
    }
  }
  std::sort(entries.begin(), entries.end(), [](const NettedEntry& a, const NettedEntry& b) {
    return std::pair(a.account, a.pair) < std::pair(b.account, b.pair);
  });
  deltas_.clear();
  fill_count_ = 0;
  return entries;
}

}  // namespace tally::settlement
