#pragma once

#include "engine/event.h"
#include "schemas/wire_generated.h"

namespace tally::gateway {

// The body of the message that a report or public event becomes: pure functions of the event.
wire::Accepted MakeAccepted(const Event& event);
wire::AcceptedDetails MakeAcceptedDetails(const Event& event);
wire::Rejected MakeRejected(const Event& event);
wire::Fill MakeFill(const Event& event);
wire::FillDetails MakeFillDetails(const Event& event);
wire::Canceled MakeCanceled(const Event& event);
wire::Replaced MakeReplaced(const Event& event);
wire::CancelReject MakeCancelReject(const Event& event);
wire::OrderState MakeOrderState(const Event& event);
wire::CommandRejected MakeCommandRejected(const Event& event);
wire::Triggered MakeTriggered(const Event& event);
wire::Restated MakeRestated(const Event& event);
wire::QuoteDone MakeQuoteDone(const Event& event);
wire::ProtectionTripped MakeProtectionTripped(const Event& event);
wire::TradeBroken MakeTradeBroken(const Event& event);
wire::TradesStatus MakeTradesStatus(const BatchStatusEvent& status, int64_t engine_ns);
wire::DisputeStatus MakeDisputeStatus(const Event& event);

wire::Trade MakeTrade(const Event& event);
wire::Phase MakePhase(const Event& event);
wire::Indicative MakeIndicative(const Event& event);
wire::BookLevel MakeBookLevel(const Event& event);
wire::BookOrder MakeBookOrder(const Event& event);

}  // namespace tally::gateway
