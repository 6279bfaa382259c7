#include "tools/tally/chain_signers.h"

#include <utility>

#include "base/status.h"
#include "evm/key_file.h"
#include "settlement/signing/remote_signer.h"
#include "tools/tally/passphrase.h"

namespace tally {
namespace {

absl::StatusOr<std::unique_ptr<settlement::Signer>> MakeSigner(
    const gateway::SigningConfig::Key& config, const std::string& key_file,
    const std::string& token_file) {
  if (config.url.empty()) {
    ASSIGN_OR_RETURN(settlement::PrivateKey key,
                     evm::LoadKeyFile(key_file, PassphraseFrom({.file = config.passphrase_file,
                                                                .environment = {}})));
    return std::make_unique<settlement::KeySigner>(std::move(key));
  }
  settlement::RemoteSignerOptions options;
  options.url = config.url;
  ASSIGN_OR_RETURN(options.address, settlement::ParseAddress(config.address));
  if (!token_file.empty()) {
    ASSIGN_OR_RETURN(options.bearer_token, evm::ReadSecretLine(token_file));
  }
  return settlement::MakeRemoteSigner(std::move(options));
}

}  // namespace

absl::StatusOr<ChainSigners> MakeChainSigners(const gateway::SettlementConfig& config) {
  const gateway::SigningConfig& signing = config.signing;
  ChainSigners signers;
  ASSIGN_OR_RETURN(
      signers.vault_operator,
      MakeSigner(signing.vault_operator, config.operator_key_file, signing.token_file));
  if (config.justifier_key_file.empty() && signing.justifier.url.empty()) {
    return signers;
  }
  ASSIGN_OR_RETURN(signers.justifier,
                   MakeSigner(signing.justifier, config.justifier_key_file, signing.token_file));
  if (signers.justifier->address() == signers.vault_operator->address()) {
    return absl::InvalidArgumentError(
        "the justifier must not have the operator's key: their transactions would get in each "
        "other's way");
  }
  return signers;
}

absl::StatusOr<settlement::Address> OperatorAddress(const gateway::SettlementConfig& config) {
  ASSIGN_OR_RETURN(const auto signer,
                   MakeSigner(config.signing.vault_operator, config.operator_key_file, {}));
  return signer->address();
}

settlement::SigningLimits LimitsFrom(const gateway::SigningConfig& config) {
  constexpr uint64_t kWeiPerGwei = 1'000'000'000;
  settlement::SigningLimits limits;
  limits.fee_cap_wei_max = config.fee_cap_gwei_max * kWeiPerGwei;
  limits.transaction_gwei_max = config.transaction_gwei_max;
  limits.hour_gwei_max = config.hour_gwei_max;
  limits.day_gwei_max = config.day_gwei_max;
  return limits;
}

}  // namespace tally
