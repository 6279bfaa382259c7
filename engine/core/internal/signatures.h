#pragma once

// Orders that their owner signed; docs/semantics/signed-orders.md. The core checks no signature
// (the gateway does, and says so in Command::flags): it holds orders to what was signed.

#include "base/types.h"
#include "engine/core/internal/context.h"
#include "engine/core/internal/signed_terms.h"
#include "engine/core/internal/state_writer.h"
#include "engine/reject_reason.h"

namespace tally::core::internal {

// kSignOrder: kept for the session's next command, and published for whoever has to show one day
// what was signed.
void HandleSignOrder(Context context);

// kBadSignature, kSignatureRequired. Fills `terms` with what the session's last command allows this
// one; they stay as they are if it is not signed and need not be. Cost of an order that is neither:
// two tests.
RejectReason CheckSignature(const Context& context, AccountId account, ClientOrderId id,
                            SignedTerms* terms);

// kBadSignature unless a signed kReplaceOrder is of this order. An unsigned one says nothing of it.
RejectReason CheckSignedTarget(const Context& context, OrderHandle target,
                               const SignedTerms& terms);

// Signed terms of an open order that was replaced; none: it is not signed any more.
void Resign(State& state, OrderHandle handle, const SignedTerms& terms);

// The order nonces that accounts used, in the canonical state.
void PutNonces(const State& state, StateWriter& out);

// Authorizations that the next command of their session may still use, in the canonical state.
void PutAuthorizations(const State& state, StateWriter& out);

}  // namespace tally::core::internal
