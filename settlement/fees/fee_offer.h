#pragma once

#include <cstdint>
#include <optional>

#include "settlement/fees/fee_quote.h"

namespace tally::settlement {

// What a transaction offers. Wei per gas.
struct FeeOffer {
  uint64_t tip_wei = 0;
  uint64_t fee_cap_wei = 0;
  friend bool operator==(const FeeOffer&, const FeeOffer&) = default;
};

struct OfferPolicy {
  uint64_t fee_cap_wei_max = 0;  // The budget: nothing is ever offered above it.
  // Caps by what the base fee may do until the deadline (kMainnetCaps); else twice the base fee.
  bool caps_by_deadline = true;
};

// The circumstances of an offer.
struct OfferRequest {
  FeeQuote market{};
  uint64_t blocks_left = 1;        // Until the transaction should be in a block.
  std::optional<FeeOffer> last{};  // What the one to be replaced offers.
  bool must_raise = false;         // A node refused the last one as too low.
};

struct OfferDecision {
  enum class Verdict : uint8_t {
    kOffer,
    kAboveBudget,  // `offer` is what it would take.
    kEnough,       // The last offer is good for the next block and tips more than most: what
                   // keeps it out is not its price but a node or a predecessor.
  };
  Verdict verdict = Verdict::kOffer;
  FeeOffer offer{};
};

// 12.5 %: what every client accepts as a replacement (geth asks for 10 %).
constexpr uint64_t Bumped(uint64_t wei) { return wei + wei / 8 + 1; }

// The next offer: the market's tip, a cap that lasts until the deadline, both at least a bump above
// the last one. Near the budget, room for rising fees is given up before the next block's price is.
OfferDecision NextOffer(const OfferPolicy& policy, const OfferRequest& request);

}  // namespace tally::settlement
