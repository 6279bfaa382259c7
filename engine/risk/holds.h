#pragma once

// What an order reserves and what a fill costs, in quanta. Pure arithmetic, no allocation; every
// function is exact in integers and, for terms that passed CheckTerms, cannot wrap.
//
// Why a hold always suffices. A buy order with limit P and L lots left holds
//     H(L) = N(P, L) + F(N(P, L)),  F(n) = floor(n * w / 10^6),  w = max(maker, taker) >= 0.
// A fill of q lots at price p <= P costs n + f, n = N(p, q) <= N(P, q), f <= F(n), as its rate is
// at most w. N is linear in lots, and floor(a) + floor(b) <= floor(a + b), hence
//     H(L) - H(L - q) = N(P, q) + F(N(P, L)) - F(N(P, L - q)) >= N(P, q) + F(N(P, q)) >= n + f.
// So what a fill frees covers what it costs, the difference is given back at once, and H(0) = 0
// leaves nothing behind. A sell order holds its base quanta, which a fill uses up exactly; its fee
// is at most 10 % of the proceeds and comes out of them.
//
// With a minimum fee M, the order has accrued R (the sum of the rate fees of its fills) and paid T
// so far. It should have paid max(M, R) once it has traded; a fill whose rate fee is r is charged
//     f = max(M, R + r) - T.
// A buy order then holds, as long as anything is left of it,
//     H(L, R, T) = N(P, L) + max(M, R + F(N(P, L))) - T.
// With r <= F(N(P, q)) as above, so that F(N(P, L)) >= F(N(P, L - q)) + r,
//     H(L, R, T) - H(L - q, R + r, T + f)
//         = N(P, q) + max(M, R + F(N(P, L))) - max(M, R + r + F(N(P, L - q))) + f >= n + f,
// whatever the charge f is, and of the last fill, as H(0, R, T) = 0, also for f <= max(M, R + r) -
// T. A sell order pays out of the proceeds n of each fill and never more than them: f = min(max(M,
// R + r) - T, n). A signed order pays at most the signed share s of what a fill trades, which is at
// least its rate: f = min(..., floor(n * s / 10^6)) and s >= max(maker, taker). What a cap leaves
// unpaid is charged to the next fills. Since max(M, .) grows by at most what its argument grows,
// f >= min(r, 0): a fill pays back at most its own rebate.

#include <algorithm>
#include <cstdint>

#include "base/types.h"
#include "engine/limits.h"
#include "engine/reject_reason.h"
#include "engine/risk/instrument_table.h"

namespace tally::risk {

// kBadTick, kBadLot, kMinNotional, kMaxNotional, in this order; kNone if the terms are within the
// limits of the instrument.
RejectReason CheckTerms(const Instrument& instrument, PriceTicks price, QuantityLots quantity);

// Quote quanta.
inline Quanta Notional(const Instrument& instrument, PriceTicks price, QuantityLots quantity) {
  return {price.value * quantity.value * instrument.tick_quanta.value};
}

// Base quanta.
inline Quanta BaseQuanta(const Instrument& instrument, QuantityLots quantity) {
  return {quantity.value * instrument.lot_quanta.value};
}

namespace internal {
// Fee() where the product needs more than 64 bits.
Quanta WideFee(Quanta notional, int32_t rate_hundredths_bp);
}  // namespace internal

// notional * |rate| / 10^6 rounded down, with the sign of the rate: a fee and a rebate are both
// rounded towards 0.
inline Quanta Fee(Quanta notional, int32_t rate_hundredths_bp) {
  int64_t product = 0;
  if (__builtin_mul_overflow(notional.value, int64_t{rate_hundredths_bp}, &product)) [[unlikely]] {
    return internal::WideFee(notional, rate_hundredths_bp);
  }
  return {product / kFeeDenominator};  // One multiplication by a constant.
}

inline constexpr int32_t kNoRateCap = INT32_MAX;

// The fee account of one order that has a minimum fee.
struct MinimumFee {
  Quanta minimum;
  Quanta accrued;  // Sum of the rate fees of its fills: R above. Saturates far above any minimum.
  Quanta paid;     // Sum of what they were charged: T.
  // The most that a fill is charged, s above.
  int32_t rate_cap_hundredths_bp = kNoRateCap;
};

struct HoldTerms {
  Side side;
  PriceTicks price;
  QuantityLots leaves;
  FeeRates fees;
  const MinimumFee* minimum_fee = nullptr;  // Null: it has none.
};

namespace internal {
// HoldAmount() of an order that has a minimum fee.
Quanta HoldWithMinimumFee(const Instrument& instrument, const HoldTerms& terms);
}  // namespace internal

// Quote quanta for a buy order, base quanta for a sell order. Works out both: a branch on the side
// is one that nobody can predict.
[[gnu::always_inline]] inline Quanta HoldAmount(const Instrument& instrument,
                                                const HoldTerms& terms) {
  if (terms.minimum_fee != nullptr) [[unlikely]] {
    return internal::HoldWithMinimumFee(instrument, terms);
  }
  const Quanta notional = Notional(instrument, terms.price, terms.leaves);
  const Quanta buy = notional + Fee(notional, terms.fees.Highest());
  const Quanta sell = BaseQuanta(instrument, terms.leaves);
  const int64_t is_sell = -int64_t{terms.side == Side::kSell};  // All bits or none.
  return {buy.value ^ ((buy.value ^ sell.value) & is_sell)};
}

constexpr AssetId HoldAsset(const Instrument& instrument, Side side) {
  return side == Side::kBuy ? instrument.quote_asset : instrument.base_asset;
}

struct FillFees {
  Quanta maker;
  Quanta taker;
};

// The fees of one fill. maker + taker >= 0 always: the two orders may have been accepted under
// different schedules, so a rebate is capped by what this taker pays.
FillFees FeesOfFill(Quanta notional, FeeRates maker_rates, FeeRates taker_rates);

// What a fill with this rate fee is charged; counts it.
Quanta ChargeFee(MinimumFee& account, Side side, Quanta notional, Quanta rate_fee);

// As FeesOfFill(), where at least one of the two orders has a minimum fee; null for one that has
// none. maker + taker >= 0 likewise: the rebate is capped by what this fill charges the taker.
struct FeeLeg {
  Side side;
  FeeRates rates;
  MinimumFee* minimum_fee;
};
FillFees FeesOfFill(Quanta notional, const FeeLeg& maker, const FeeLeg& taker);

}  // namespace tally::risk
