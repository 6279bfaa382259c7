#pragma once

#include <algorithm>
#include <cstdint>

#include "base/types.h"
#include "engine/reject_reason.h"
#include "engine/risk/holds.h"

namespace tally::core::internal {

// What the signature of an order allows besides what the order says itself.
struct SignedTerms {
  uint32_t expiry_s = 0;  // Unix time; 0: the order is not signed.
  uint32_t max_fee_hundredths_bp = 0;

  bool present() const { return expiry_s != 0; }
  int64_t expiry_ns() const { return int64_t{expiry_s} * 1'000'000'000; }
  // Of risk::MinimumFee: what a fill may be charged at most.
  int32_t rate_cap() const {
    constexpr uint32_t kLargest = risk::kNoRateCap - 1;
    return present() ? static_cast<int32_t>(std::min(max_fee_hundredths_bp, kLargest))
                     : risk::kNoRateCap;
  }
  bool Allow(const risk::FeeRates& rates) const {
    return !present() || int64_t{std::max(rates.maker, rates.taker)} <= max_fee_hundredths_bp;
  }
};

// A kSignOrder that was applied: good for the session's next command.
struct Authorization {
  uint64_t client_sequence;  // Of the kSignOrder; 0: there was none.
  ClientOrderId client_order_id;
  uint32_t expiry_s;
  uint32_t max_fee_hundredths_bp;
};

}  // namespace tally::core::internal
