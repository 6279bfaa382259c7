#pragma once

// Call auctions: the book finds price and trades, this moves the money. docs/semantics/auctions.md.

#include "engine/core/internal/context.h"

namespace tally::core::internal {

// Uncrosses the book of an instrument, which is in a call or not crossed. If something trades the
// price becomes the reference price. Returns whether it does.
bool RunAuction(Context& context, InstrumentId instrument);

// Whether what the auction would do now has a price outside of the instrument's auction band.
bool AuctionIsOutOfBand(const State& state, InstrumentId instrument);

// Publishes kIndicative if what the auction would do now is not what was last published. Nothing
// outside a call. O(levels in the crossed range).
void PublishIndicative(Context& context, InstrumentId instrument);

}  // namespace tally::core::internal
