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

#include "base/types.h"
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

// notional * |rate| / 10^6 rounded down, with the sign of the rate: a fee and a rebate are both
// rounded towards 0.
Quanta Fee(Quanta notional, int32_t rate_hundredths_bp);

struct HoldTerms {
  Side side;
  PriceTicks price;
  QuantityLots leaves;
  FeeRates fees;
};

// Quote quanta for a buy order, base quanta for a sell order.
Quanta HoldAmount(const Instrument& instrument, const HoldTerms& terms);

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

}  // namespace tally::risk
