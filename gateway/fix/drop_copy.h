#pragma once

#include <string>
#include <string_view>

#include "engine/event.h"
#include "gateway/fix/instruments.h"
#include "gateway/fix/session.h"

namespace tally::gateway::fix {

// Where an order came from.
struct CopyOrigin {
  std::string session;                 // CompID; of a binary session its number.
  std::string cl_ord_id;               // Empty: no longer known.
  const OrderRecord* order = nullptr;  // As the FIX session knows it.
};

// Whether the event is an execution report.
bool IsExecution(const Event& event);

// Brings the orders of a drop-copy session up to an execution report of any session, and writes
// the ExecutionReport that tells of it.
void WriteCopy(const FixInstruments& instruments, const Event& event, const CopyOrigin& origin,
               FixSession* session, std::string* body);

}  // namespace tally::gateway::fix
