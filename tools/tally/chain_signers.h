#pragma once

#include <memory>

#include "absl/status/statusor.h"

#include "gateway/venue_config.h"
#include "settlement/chain/signer.h"
#include "settlement/signing/signing_policy.h"

namespace tally {

// Who signs for the relayer, as the configuration says: keys in files or remote signers.
struct ChainSigners {
  std::unique_ptr<settlement::Signer> vault_operator;
  std::unique_ptr<settlement::Signer> justifier;  // Null: nobody answers challenges.
};

// kInvalidArgument if both are one account: their transactions would get in each other's way. A
// remote signer is not asked yet.
absl::StatusOr<ChainSigners> MakeChainSigners(const gateway::SettlementConfig& config);

// Of the operator, without its key if a remote signer has it.
absl::StatusOr<settlement::Address> OperatorAddress(const gateway::SettlementConfig& config);

settlement::SigningLimits LimitsFrom(const gateway::SigningConfig& config);

}  // namespace tally
