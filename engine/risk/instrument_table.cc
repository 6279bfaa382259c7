#include "engine/risk/instrument_table.h"

namespace tally::risk {
namespace {

bool LimitsAreSound(const DefineInstrumentCommand& d) {
  if (d.price_max.value < 1 || d.price_max.value > kMaxPriceTicks) {
    return false;
  }
  if (d.quantity_min.value < 1 || d.quantity_max < d.quantity_min ||
      d.quantity_max.value > kMaxQuantityLots) {
    return false;
  }
  if (d.notional_min.value < 0 || d.notional_max.value < 1 || d.notional_max < d.notional_min ||
      d.notional_max.value > kMaxNotionalQuanta) {
    return false;
  }
  return static_cast<__int128>(d.lot_quanta.value) * d.quantity_max.value <= kMaxBalanceQuanta;
}

bool ContradictsKnown(const Instrument& known, const DefineInstrumentCommand& d) {
  return known.base_asset != d.base_asset || known.quote_asset != d.quote_asset ||
         known.tick_quanta != d.tick_quanta || known.lot_quanta != d.lot_quanta;
}

}  // namespace

bool FeesAreSound(FeeRates rates) {
  return rates.taker >= 0 && rates.taker <= kMaxFeeHundredthsBp &&
         rates.maker <= kMaxFeeHundredthsBp && int64_t{rates.maker} + rates.taker >= 0;
}

RejectReason InstrumentTable::Define(InstrumentId id, const DefineInstrumentCommand& definition,
                                     const AssetTable& assets, const AccountTable& accounts) {
  if (Raw(id) > capacity_) {
    return RejectReason::kCapacity;
  }
  if (assets.Find(definition.base_asset) == nullptr ||
      assets.Find(definition.quote_asset) == nullptr) {
    return RejectReason::kUnknownAsset;
  }
  if (accounts.Find(definition.fee_account) == nullptr) {
    return RejectReason::kUnknownAccount;
  }
  Instrument& instrument = instruments_[Raw(id)];
  if (Raw(id) == 0 || definition.symbol.view().empty() ||
      definition.base_asset == definition.quote_asset || definition.tick_quanta.value < 1 ||
      definition.lot_quanta.value < 1 || !LimitsAreSound(definition) ||
      !FeesAreSound({.maker = definition.maker_fee_hundredths_bp,
                     .taker = definition.taker_fee_hundredths_bp}) ||
      (instrument.defined && ContradictsKnown(instrument, definition))) {
    return RejectReason::kBadDefinition;
  }
  instrument = {.defined = true,
                .symbol = definition.symbol,
                .tick_quanta = definition.tick_quanta,
                .lot_quanta = definition.lot_quanta,
                .price_max = definition.price_max,
                .quantity_min = definition.quantity_min,
                .quantity_max = definition.quantity_max,
                .notional_min = definition.notional_min,
                .notional_max = definition.notional_max,
                .fees = {.maker = definition.maker_fee_hundredths_bp,
                         .taker = definition.taker_fee_hundredths_bp},
                .fee_account = definition.fee_account,
                .base_asset = definition.base_asset,
                .quote_asset = definition.quote_asset};
  return RejectReason::kNone;
}

}  // namespace tally::risk
