#include "tools/tally/chain_key.h"

namespace tally {

void AddChainKeyOptions(CLI::App* command, const std::string& what, ChainKeyOptions* options) {
  command->add_option("--key-file", options->file,
                      what + ": a keystore or 64 hexadecimal digits, mode 0600");
  command->add_option("--key-env", options->environment,
                      "Environment variable with that key in hexadecimal digits");
  AddPassphraseOptions(command, &options->passphrase);
}

absl::StatusOr<settlement::PrivateKey> LoadChainKey(const ChainKeyOptions& options) {
  if (options.file.empty() == options.environment.empty()) {
    return absl::InvalidArgumentError("give exactly one of --key-file and --key-env");
  }
  return options.file.empty() ? settlement::PrivateKey::FromEnvironment(options.environment)
                              : evm::LoadKeyFile(options.file, PassphraseFrom(options.passphrase));
}

}  // namespace tally
