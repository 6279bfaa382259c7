#include "engine/core/internal/turn.h"

#include "engine/core/internal/match_listener.h"

namespace tally::core::internal {

void EndTurn(Context& context, InstrumentId instrument) { PublishBookTop(context, instrument); }

}  // namespace tally::core::internal
