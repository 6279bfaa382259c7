#include "settlement/fees/fee_offer.h"

#include <algorithm>
#include <limits>

#include "settlement/fees/fee_caps.h"

namespace tally::settlement {
namespace {

bool IsEnough(const FeeOffer& last, const FeeQuote& market) {
  return market.tip_high_wei != 0 && last.tip_wei > market.tip_high_wei &&
         last.fee_cap_wei >= market.base_fee_wei + last.tip_wei;
}

uint64_t CapFor(const OfferPolicy& policy, const OfferRequest& request) {
  const uint32_t permille =
      policy.caps_by_deadline ? CapPermille(kMainnetCaps, request.blocks_left) : 2000;
  const auto cap = static_cast<unsigned __int128>(request.market.base_fee_wei) * permille / 1000;
  return static_cast<uint64_t>(
      std::min<unsigned __int128>(cap, std::numeric_limits<uint64_t>::max() / 4));
}

}  // namespace

OfferDecision NextOffer(const OfferPolicy& policy, const OfferRequest& request) {
  const FeeQuote& market = request.market;
  if (request.last.has_value() && !request.must_raise && IsEnough(*request.last, market)) {
    return {.verdict = OfferDecision::Verdict::kEnough, .offer = *request.last};
  }
  const FeeOffer least = request.last.has_value()
                             ? FeeOffer{.tip_wei = Bumped(request.last->tip_wei),
                                        .fee_cap_wei = Bumped(request.last->fee_cap_wei)}
                             : FeeOffer{};
  FeeOffer offer;
  offer.tip_wei = std::max(market.tip_wei, least.tip_wei);
  offer.fee_cap_wei =
      std::max({CapFor(policy, request) + offer.tip_wei, least.fee_cap_wei, offer.tip_wei});
  const uint64_t needed = std::max(market.base_fee_wei + offer.tip_wei, least.fee_cap_wei);
  if (needed <= policy.fee_cap_wei_max) {
    offer.fee_cap_wei = std::min(offer.fee_cap_wei, policy.fee_cap_wei_max);
  }
  return {.verdict = offer.fee_cap_wei > policy.fee_cap_wei_max
                         ? OfferDecision::Verdict::kAboveBudget
                         : OfferDecision::Verdict::kOffer,
          .offer = offer};
}

}  // namespace tally::settlement
