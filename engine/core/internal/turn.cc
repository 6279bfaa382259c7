#include "engine/core/internal/turn.h"

#include "engine/core/internal/match_listener.h"
#include "engine/core/internal/protection.h"

namespace tally::core::internal {

void EndTurn(Context& context, InstrumentId instrument) {
  CancelTripped(context, instrument);
  PublishBookTop(context, instrument);
}

}  // namespace tally::core::internal
