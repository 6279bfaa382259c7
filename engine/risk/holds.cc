#include "engine/risk/holds.h"

#include <algorithm>

#include "engine/limits.h"

namespace tally::risk {

RejectReason CheckTerms(const Instrument& instrument, PriceTicks price, QuantityLots quantity) {
  if (price.value < 1 || price > instrument.price_max) {
    return RejectReason::kBadTick;
  }
  if (quantity < instrument.quantity_min || quantity > instrument.quantity_max) {
    return RejectReason::kBadLot;
  }
  int64_t ticks_lots = 0;
  int64_t notional = 0;
  if (__builtin_mul_overflow(price.value, quantity.value, &ticks_lots) ||
      __builtin_mul_overflow(ticks_lots, instrument.tick_quanta.value, &notional) ||
      notional > instrument.notional_max.value) {
    return RejectReason::kMaxNotional;
  }
  return notional < instrument.notional_min.value ? RejectReason::kMinNotional
                                                  : RejectReason::kNone;
}

namespace {

// Far above any minimum and any sum of two minimums, far below what could wrap.
constexpr Quanta kAccruedMax{int64_t{1} << 62};

// The most that is still to be paid by an order that may accrue up to `rate_fee` more.
Quanta Outstanding(const MinimumFee& account, Quanta rate_fee) {
  return std::max(account.minimum, account.accrued + rate_fee) - account.paid;
}

}  // namespace

namespace internal {

Quanta WideFee(Quanta notional, int32_t rate_hundredths_bp) {
  const __int128 product = static_cast<__int128>(notional.value) * rate_hundredths_bp;
  return {static_cast<int64_t>(product / kFeeDenominator)};
}

Quanta HoldWithMinimumFee(const Instrument& instrument, const HoldTerms& terms) {
  if (terms.side == Side::kSell) {
    return BaseQuanta(instrument, terms.leaves);
  }
  const Quanta notional = Notional(instrument, terms.price, terms.leaves);
  const Quanta fee = Fee(notional, terms.fees.Highest());
  return terms.leaves.value == 0 ? Quanta{} : notional + Outstanding(*terms.minimum_fee, fee);
}

}  // namespace internal

FillFees FeesOfFill(Quanta notional, FeeRates maker_rates, FeeRates taker_rates) {
  const Quanta taker = Fee(notional, taker_rates.taker);
  const Quanta maker = Fee(notional, maker_rates.maker);
  return {.maker = std::max(maker, Quanta{-taker.value}), .taker = taker};
}

Quanta ChargeFee(MinimumFee& account, Side side, Quanta notional, Quanta rate_fee) {
  account.accrued = std::clamp(account.accrued + rate_fee, Quanta{-kAccruedMax.value}, kAccruedMax);
  Quanta charge = Outstanding(account, Quanta{});
  if (side == Side::kSell) {
    charge = std::min(charge, notional);
  }
  if (account.rate_cap_hundredths_bp != kNoRateCap) {
    charge = std::min(charge, Fee(notional, account.rate_cap_hundredths_bp));
  }
  account.paid += charge;
  return charge;
}

FillFees FeesOfFill(Quanta notional, const FeeLeg& maker, const FeeLeg& taker) {
  FillFees fees = {.maker = Fee(notional, maker.rates.maker),
                   .taker = Fee(notional, taker.rates.taker)};
  if (taker.minimum_fee != nullptr) {
    fees.taker = ChargeFee(*taker.minimum_fee, taker.side, notional, fees.taker);
  }
  fees.maker = std::max(fees.maker, Quanta{-fees.taker.value});
  if (maker.minimum_fee != nullptr) {
    fees.maker = ChargeFee(*maker.minimum_fee, maker.side, notional, fees.maker);
  }
  return fees;
}

}  // namespace tally::risk
