#pragma once

#include "engine/core/internal/context.h"

namespace tally::core::internal {

// Sessions, definitions, the chain's transfers and the hash marks. context.command.session may be
// 0 (the venue itself); if it is not, that session is known and gets one answer.
void HandleOpenSession(Context context);
void HandleDefineAsset(Context context);
void HandleDefineInstrument(Context context);
void HandleDefineAccount(Context context);
void HandleStateHashMark(Context context);
void HandleDeposit(Context context);
void HandleWithdraw(Context context);

}  // namespace tally::core::internal
