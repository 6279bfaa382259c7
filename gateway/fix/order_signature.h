#pragma once

#include <optional>
#include <string_view>

#include "engine/command.h"
#include "gateway/fix/message.h"

namespace tally::gateway::fix {

// What an order says of its signature (docs/semantics/signed-orders.md), or why that is none.
struct DecodedSignature {
  std::optional<SignOrderCommand> sign;  // Nothing: the order is not signed.
  std::string_view refusal;              // Not empty: half a signature, or none at all.
};

// Reads SignatureNonce, SignatureExpiry, SignatureMaxFee and OrderSignature of an order, a
// replacement or an order of a list.
DecodedSignature DecodeSignature(const Message& message);

}  // namespace tally::gateway::fix
