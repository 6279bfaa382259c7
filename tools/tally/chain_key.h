#pragma once

#include <string>

#include "absl/status/statusor.h"
#include <CLI/CLI.hpp>

#include "settlement/chain/private_key.h"
#include "tools/tally/passphrase.h"

namespace tally {

// Where a secp256k1 key comes from: never the command line itself.
struct ChainKeyOptions {
  std::string file;
  std::string environment;
  PassphraseOptions passphrase;  // If the file is a keystore.
};

// Adds --key-file, --key-env and the options of a passphrase; `what` begins their help, e.g. "Key
// of the deployer".
void AddChainKeyOptions(CLI::App* command, const std::string& what, ChainKeyOptions* options);

// kInvalidArgument unless exactly one of the two is given.
absl::StatusOr<settlement::PrivateKey> LoadChainKey(const ChainKeyOptions& options);

}  // namespace tally
