#pragma once

#include <string>
#include <string_view>

#include "engine/event.h"
#include "gateway/fix/session_records.h"

namespace tally::gateway::fix {

// OrdRejReason (103) and CxlRejReason (102) of the core's reasons; Text (58) has the reason's name.
int OrdRejReasonOf(RejectReason reason);
int CxlRejReasonOf(RejectReason reason);

// QuoteRejectReason (300) and QuoteEntryRejectReason (368).
int QuoteRejectReasonOf(RejectReason reason);

// OrdStatus (39) of an order by what is done of it.
char StatusOf(const OrderRecord& order);

// E.g. "DISCONNECT".
std::string_view CancelReasonName(CancelReason reason);
std::string_view RestateReasonName(RestateReason reason);
// ExecInst (18) of an accepted order, with a space between each; empty: none.
std::string ExecInstOf(const OrderAcceptedEvent& order);
// Whether it ended by itself: ExecType and OrdStatus C instead of 4.
bool IsExpiry(CancelReason reason);

}  // namespace tally::gateway::fix
