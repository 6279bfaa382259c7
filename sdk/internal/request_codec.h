#pragma once

#include "absl/status/status.h"

#include "schemas/wire_generated.h"
#include "sdk/market_data.h"
#include "sdk/requests.h"

namespace tally::sdk::internal {

// Whether the order is one that NEW_ORDER can say.
bool IsPlain(const NewOrderRequest& request);

// kInvalidArgument for what is not a request at all; the rest is the venue's to judge.
absl::Status Check(const NewOrderRequest& request);
absl::Status Check(const MassCancelRequest& request);
// Of one of several that are sent together: the client numbers them, so that all go or none.
absl::Status CheckUnnamed(ClientOrderId id);

wire::NewOrder ToPlainWire(const NewOrderRequest& request, ClientOrderId id);
wire::NewOrderFull ToWire(const NewOrderRequest& request, ClientOrderId id);
wire::ReplaceFull ToWire(const ReplaceRequest& request, ClientOrderId id);
wire::MassCancelFull ToWire(const MassCancelRequest& request);
wire::Quote ToWire(const QuoteRequest& request, ClientOrderId id);
wire::ChainTransfer ToWire(const ChainTransfer& transfer);
wire::SetPhase ToWire(const SetPhaseRequest& request);
wire::DefineRules ToWire(const RulesRequest& request);
wire::DefineFees ToWire(const FeesRequest& request);
wire::DefineProtection ToWire(const ProtectionRequest& request);
wire::BatchStatus ToWire(const BatchStatusRequest& request);
wire::DisputeStep ToWire(const DisputeRequest& request);
wire::DefineExposure ToWire(const ExposureRequest& request);
wire::KillSwitch ToWire(const KillSwitchRequest& request);
wire::DefineAccount ToWire(const AccountRequest& request);
wire::Subscribe ToWire(InstrumentId instrument, const Feeds& feeds);

}  // namespace tally::sdk::internal
