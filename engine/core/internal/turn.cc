#include "engine/core/internal/turn.h"

#include "engine/core/internal/auction.h"
#include "engine/core/internal/bands.h"
#include "engine/core/internal/match_listener.h"
#include "engine/core/internal/protection.h"

namespace tally::core::internal {

void EndTurn(Context& context, InstrumentId instrument) {
  if (context.state.maker_groups.has_due()) [[unlikely]] {
    CancelTripped(context, instrument);
  }
  if ((context.state.book(instrument).features & (kFeaturePhase | kFeatureRules)) != 0)
      [[unlikely]] {
    EnforceRules(context, instrument);
    PublishIndicative(context, instrument);
  }
  PublishBookTop(context, instrument);
}

}  // namespace tally::core::internal
